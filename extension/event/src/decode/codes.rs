//! Texts that a language builds of numbers: `CHAR(39,32)`, `chr(39)||chr(32)`, `[char]39+[char]32`,
//! `String.fromCharCode(60,33)`.
//! It never touches a single number, which is a length in `CHAR(10)` as often as a character.
use alloc::vec::Vec;

use crate::scan::pairs::{self, CodeCall};
use crate::text;

// Limit: `fromCodePoint`, the longest name, has 13 letters.
const NAME_BYTES_MAX: usize = 13;
/// Functions that make characters of numbers, in lower case.
const NAMES: [&[u8]; 6] = [
    b"chr",
    b"char",
    b"nchar",
    b"chrw",
    b"fromcharcode",
    b"fromcodepoint",
];
// Limit: a text of one character is no attack; two numbers are the least that builds one.
const CODES_MIN: usize = 2;

/// True if a call may stand somewhere.
#[inline]
pub(super) fn may_be(text: &[u8]) -> bool {
    pairs::any::<CodeCall>(text)
}

/// Appends `input` with each row of calls replaced by what it builds; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let mut copied = 0;
    let mut built = Vec::new();
    for last in pairs::all::<CodeCall>(input) {
        let opening = last.saturating_add(1);
        let Some(start) = name_start(input, opening).filter(|start| *start >= copied) else {
            continue;
        };
        built.clear();
        if let Some(end) = row(input, opening, &mut built) {
            out.extend_from_slice(input.get(copied..start).unwrap_or(&[]));
            out.extend_from_slice(&built);
            copied = end;
        }
    }
    if copied == 0 {
        return false;
    }
    out.extend_from_slice(input.get(copied..).unwrap_or(&[]));
    true
}

/// Where the name begins that ends before the bracket at `opening`, if it makes characters of
/// numbers.
fn name_start(text: &[u8], opening: usize) -> Option<usize> {
    let before = text.get(..opening)?;
    let letters = before.iter().rev().take(NAME_BYTES_MAX + 1);
    let len = letters
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'$')
        .count();
    let start = opening.checked_sub(len)?;
    let name = before.get(start..)?;
    if text.get(opening) == Some(&b']') {
        let bracket = start.checked_sub(1)?;
        let is_cast = name.eq_ignore_ascii_case(b"char") && text.get(bracket) == Some(&b'[');
        return is_cast.then_some(bracket);
    }
    NAMES
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
        .then(|| behind_string(text, start))
}

/// The start of `String.` before a name, or of the name itself.
fn behind_string(text: &[u8], start: usize) -> usize {
    const OBJECT: &[u8] = b"String.";
    let before = text.get(..start).unwrap_or(&[]);
    if before.ends_with(OBJECT) {
        start.saturating_sub(OBJECT.len())
    } else {
        start
    }
}

/// Appends what a row of calls builds, the first of which opens at `opening`; gives its end.
fn row(text: &[u8], opening: usize, out: &mut Vec<u8>) -> Option<usize> {
    let mut count = 0_usize;
    let mut end = operands(text, opening, &mut count, out)?;
    while let Some(next) = behind_joint(text, end).and_then(|at| opening_of_call(text, at)) {
        let before = out.len();
        let Some(behind) = operands(text, next, &mut count, out) else {
            out.truncate(before);
            break;
        };
        end = behind;
    }
    (count >= CODES_MIN).then_some(end)
}

/// Appends the characters of one call; gives the offset behind it.
fn operands(text: &[u8], opening: usize, count: &mut usize, out: &mut Vec<u8>) -> Option<usize> {
    let is_cast = text.get(opening) == Some(&b']');
    let mut at = opening.saturating_add(1);
    loop {
        at = behind_space(text, at);
        let (code, behind) = number(text, at)?;
        push(code, out)?;
        *count = count.saturating_add(1);
        if is_cast {
            return Some(behind);
        }
        at = behind_space(text, behind);
        match text.get(at)? {
            b',' => at = at.saturating_add(1),
            b')' => return Some(at.saturating_add(1)),
            // `CHAR(39 USING utf8)`
            b'u' | b'U' => {
                let rest = text.get(at..)?;
                let close = rest.iter().take(32).position(|byte| *byte == b')')?;
                return Some(at.saturating_add(close).saturating_add(1));
            }
            _ => return None,
        }
    }
}

fn push(code: u32, out: &mut Vec<u8>) -> Option<()> {
    match u8::try_from(code) {
        Ok(byte) if byte != 0 && text::is_control(byte) => return None,
        _ => text::push_code(code, out),
    }
    Some(())
}

/// A number of a few digits, decimal or hexadecimal, and the offset behind it.
fn number(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let rest = text.get(at..)?;
    if let [b'0', b'x' | b'X', digits @ ..] = rest {
        let len = digits
            .iter()
            .take(9)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let code = text::hex(digits.get(..len)?)?;
        return Some((code, at.saturating_add(2).saturating_add(len)));
    }
    let len = rest
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let digits = rest.get(..len).filter(|digits| !digits.is_empty())?;
    let code = digits.iter().fold(0_u32, |code, digit| {
        code.saturating_mul(10)
            .saturating_add(u32::from(digit.saturating_sub(b'0')))
    });
    Some((code, at.saturating_add(len)))
}

fn behind_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    let len = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
    at.saturating_add(len.count())
}

/// The offset behind what joins two texts: `+`, `||`, `.`, `&` or a comma.
fn behind_joint(text: &[u8], at: usize) -> Option<usize> {
    let at = behind_space(text, at);
    let len = match text.get(at..)? {
        [b'|', b'|', ..] => 2,
        [b'+' | b'.' | b'&' | b',', ..] => 1,
        _ => return None,
    };
    Some(behind_space(text, at.saturating_add(len)))
}

/// The offset of the bracket of a call whose name begins at `at`.
fn opening_of_call(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let head = rest.get(..32).unwrap_or(rest);
    let len = head.iter().position(|byte| matches!(byte, b'(' | b']'))?;
    let opening = at.saturating_add(len);
    (name_start(text, opening)? == at).then_some(opening)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::decode;

    fn decoded(text: &str) -> Option<String> {
        let mut out = Vec::new();
        let found = decode(text.as_bytes(), &mut out);
        assert!(found || out.is_empty(), "{text}");
        found.then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn numbers_become_the_text_that_they_build() {
        for (text, expected) in [
            ("CHAR(39,32,111,114)", "' or"),
            ("x=chr(39)||chr(0x20)||CHR(111) z", "x=' o z"),
            ("chr(39).chr( 32 ) . chr(111)", "' o"),
            ("NCHAR(39)+NCHAR(59)", "';"),
            ("concat(char(39),char(59))", "concat(';)"),
            ("eval(String.fromCharCode(97,108))", "eval(al)"),
            ("String.fromCodePoint(128512, 33)", "\u{1f600}!"),
            ("[char]39+[char]0x3b", "';"),
            ("char(39 using utf8),char(59)", "';"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn lengths_and_other_calls_stay_as_they_are() {
        for text in [
            "name CHAR(40), code VARCHAR(39)",
            "for (a in b) chr(x)",
            "char(1,2)",
            "char(39,",
            "chr(39",
            "chr()",
            "arr[i] or(39,40)",
            "",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn whatever_text_is_built_of_numbers_is_read_again() {
        bolero::check!().for_each(|text: &[u8]| {
            let text: String = text.iter().map(|byte| char::from(byte % 95 + 32)).collect();
            if text.len() < 2 {
                return;
            }
            let codes: Vec<_> = text.bytes().map(|byte| format!("{byte}")).collect();
            let calls: Vec<_> = codes.iter().map(|code| format!("chr({code})")).collect();
            for built in [
                format!("CHAR({})", codes.join(",")),
                calls.join("||"),
                calls.join(" + "),
            ] {
                assert_eq!(decoded(&built).as_deref(), Some(text.as_str()));
            }
        });
    }
}
