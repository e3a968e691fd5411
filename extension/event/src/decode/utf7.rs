//! UTF-7: `+ADw-` for `<`, as mail gateways and old browsers read it.
//! It never touches a `+` that starts no ASCII character.
use alloc::vec::Vec;

use memchr::memchr;

use super::rewrite;
use crate::text;

/// True if a shifted sequence may start at some plus sign.
pub(super) fn may_be(text: &[u8]) -> bool {
    memchr::memchr_iter(b'+', text).any(|at| text.get(at.saturating_add(1)) == Some(&b'A'))
}

/// Appends `input` with its shifted sequences undone; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    rewrite(input, |text| memchr(b'+', text), one, out)
}

/// One shifted sequence: base64 of UTF-16, whose first unit is ASCII and so starts with `A`.
fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let packed = text.get(1..)?;
    if packed.first() != Some(&b'A') {
        return None;
    }
    let len = packed.iter().take_while(|byte| is_base64(**byte)).count();
    // Three characters carry one unit; what a unit does not fill must be zero bits.
    if len < 3 {
        return None;
    }
    let start = out.len();
    let mut bits = 0_u32;
    let mut count = 0_u32;
    for &char in packed.get(..len)? {
        bits = bits << 6 | six_bits(char);
        count += 6;
        if count >= 16 {
            count -= 16;
            let unit = bits >> count & 0xffff;
            if unit == 0 || unit > 0x7f {
                out.truncate(start);
                return None;
            }
            text::push_code(unit, out);
            bits &= (1 << count) - 1;
        }
    }
    if bits != 0 {
        out.truncate(start);
        return None;
    }
    let rest = packed.get(len..)?;
    Some(rest.strip_prefix(b"-").unwrap_or(rest))
}

fn is_base64(char: u8) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, b'+' | b'/')
}

fn six_bits(char: u8) -> u32 {
    u32::from(match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' => 62,
        _ => 63,
    })
}
