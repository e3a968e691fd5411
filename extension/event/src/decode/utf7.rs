//! UTF-7: `+ADw-` for `<`, as mail gateways and old browsers read it.
//! It never touches a `+` that starts no ASCII character.
use alloc::vec::Vec;

use memchr::memchr;

use super::rewrite::rewrite;
use crate::text;

/// How many characters of base64 hold two units of UTF-16.
const UNITS_OF_TWO: usize = 6;

/// True if a shifted sequence may start at some plus sign.
pub(super) fn may_be(text: &[u8]) -> bool {
    memchr::memchr_iter(b'+', text).any(|at| text.get(at.saturating_add(1)) == Some(&b'A'))
}

/// Appends `input` with its shifted sequences undone; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    rewrite(input, |text| memchr(b'+', text), one, out)
}

/// One shifted sequence: base64 of UTF-16, read as far as its units are ASCII text.
fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let packed = text.get(1..)?;
    let mut bits = 0_u32;
    let mut count = 0_u32;
    let mut read = 0;
    for (at, char) in packed.iter().enumerate() {
        let Some(six) = six_bits(*char) else { break };
        bits = bits << 6 | six;
        count += 6;
        if count >= 16 {
            count -= 16;
            let unit = bits >> count;
            let is_text = unit == 0 || !text::is_control(u8::try_from(unit).unwrap_or(0));
            if unit > 0x7f || !is_text {
                break;
            }
            text::push_code(unit, out);
            bits &= (1 << count) - 1;
            read = at.saturating_add(1);
        }
    }
    let rest = packed.get(read..)?;
    // One sign out of a row that goes on with something else is chance, of which base64 is full.
    let goes_on = rest.first().is_some_and(|char| six_bits(*char).is_some());
    if read == 0 || read < UNITS_OF_TWO && goes_on {
        return None;
    }
    Some(rest.strip_prefix(b"-").unwrap_or(rest))
}

fn six_bits(char: u8) -> Option<u32> {
    let six = match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(six))
}
