//! Characters: JSON unescaping and code units to UTF-8.
//! It never refuses: what it cannot read stays as it is.
use alloc::{borrow::Cow, string::String, vec::Vec};

use memchr::memchr;

use crate::scan::block;

/// Appends `text` with its JSON escapes undone; an escape that JSON does not know stays.
///
/// A lone surrogate is kept as its three bytes, the way Python and Node keep it as a code unit.
pub(crate) fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        rest = one_escape(escape, out);
    }
    out.extend_from_slice(rest);
}

/// What a JSON string says whose quotes were taken off; what is not UTF-8 is replaced.
pub fn unescaped(text: &[u8]) -> Cow<'_, str> {
    if memchr(b'\\', text).is_none() {
        return String::from_utf8_lossy(text);
    }
    let mut plain = Vec::new();
    unescape(text, &mut plain);
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

/// Appends the string in which `start` stands with its JSON escapes undone; gives the offset of its
/// closing quote, or the length of `text`. `None` if the string has more than `bytes_max` bytes.
pub(crate) fn unescape_string(
    text: &[u8],
    start: usize,
    bytes_max: usize,
    out: &mut Vec<u8>,
) -> Option<usize> {
    // The quote may stand right behind.
    let text_max = start.saturating_add(bytes_max).saturating_add(1);
    let window = text.get(..text_max).unwrap_or(text);
    let begin = out.len();
    let (mut at, mut filled) = (start, begin);
    let mut rune = Vec::new();
    while let Some(area) = window.get(at..).and_then(|rest| rest.first_chunk()) {
        let Some(room) = out
            .get_mut(filled..)
            .and_then(|rest| rest.first_chunk_mut())
        else {
            // Doubled, so that all growth together is linear in the string, not in the text.
            let more = filled.saturating_sub(begin).max(AREA_BYTES);
            out.resize(filled.saturating_add(AREA_BYTES).saturating_add(more), 0);
            continue;
        };
        let block = unescape_block(area, room);
        at = at.saturating_add(block.read);
        filled = filled.saturating_add(block.written);
        match block.stop {
            None => {}
            Some(b'"') => {
                out.truncate(filled);
                return Some(at);
            }
            Some(_) => {
                rune.clear();
                let behind = one_escape(window.get(at..).unwrap_or(&[]), &mut rune);
                at = window.len().saturating_sub(behind.len());
                // A block leaves the room of a piece behind it, and no rune is longer.
                if let Some(char) = joined(out.get(begin..filled).unwrap_or(&[]), &rune) {
                    filled = filled.saturating_sub(SURROGATE_BYTES);
                    rune.clear();
                    push_code(char, &mut rune);
                }
                let end = filled.saturating_add(rune.len());
                if let Some(place) = out.get_mut(filled..end) {
                    place.copy_from_slice(&rune);
                }
                filled = end;
            }
        }
    }
    out.truncate(filled);
    unescape_tail(window, at, out).filter(|end| end.saturating_sub(start) <= bytes_max)
}

/// Bytes that move at once: more than stand between most escapes.
const PIECE_BYTES: usize = 16;
/// A block, and what a piece at its last byte overhangs.
const AREA_BYTES: usize = block::BYTES + PIECE_BYTES;

/// What became of a block.
struct Unescaped {
    /// Bytes read: up to two more than a block.
    read: usize,
    /// Bytes written, never more than were read.
    written: usize,
    /// The byte that ended it early: a quote, or a backslash of another escape than the usual.
    stop: Option<u8>,
}

/// Moves one block with its usual escapes undone: a quote, a backslash, a slash.
#[inline]
fn unescape_block(area: &[u8; AREA_BYTES], room: &mut [u8; AREA_BYTES]) -> Unescaped {
    const LAST: usize = block::BYTES - 1;
    let (mut read, mut written) = (0_usize, 0_usize);
    let mut stops = area.first_chunk().map_or(0, block::stops);
    while stops != 0 {
        let at = block::first(stops) & LAST;
        move_piece(area, read, room, written, at.saturating_sub(read));
        written = written.wrapping_add(at.saturating_sub(read));
        read = at;
        let next = area.get(at + 1).copied().unwrap_or(0);
        let byte = area.get(at).copied().unwrap_or(0);
        if byte == b'"' || !matches!(next, b'"' | b'\\' | b'/') {
            let stop = Some(byte);
            return Unescaped {
                read,
                written,
                stop,
            };
        }
        if let Some(place) = room.get_mut(written & LAST) {
            *place = next;
        }
        written = written.wrapping_add(1);
        read = at.wrapping_add(2);
        stops = block::without_pair(stops);
    }
    let rest = block::BYTES.saturating_sub(read);
    move_piece(area, read, room, written, rest);
    Unescaped {
        read: read.wrapping_add(rest),
        written: written.wrapping_add(rest),
        stop: None,
    }
}

/// Moves `bytes` bytes, and what follows them up to a whole piece.
#[inline]
fn move_piece(
    area: &[u8; AREA_BYTES],
    from: usize,
    room: &mut [u8; AREA_BYTES],
    to: usize,
    bytes: usize,
) {
    const LAST: usize = block::BYTES - 1;
    let (mut from, mut to, mut left) = (from, to, bytes);
    while left > 0 {
        let source = area.get(from & LAST..).and_then(|rest| rest.first_chunk());
        let target = room
            .get_mut(to & LAST..)
            .and_then(|rest| rest.first_chunk_mut());
        if let (Some(source), Some(target)) = (source, target) {
            let piece: &[u8; PIECE_BYTES] = source;
            *target = *piece;
        }
        from = from.wrapping_add(PIECE_BYTES);
        to = to.wrapping_add(PIECE_BYTES);
        left = left.saturating_sub(PIECE_BYTES);
    }
}

/// The last bytes of a text, one by one.
fn unescape_tail(text: &[u8], start: usize, out: &mut Vec<u8>) -> Option<usize> {
    let mut rest = text.get(start..)?;
    while let Some((byte, behind)) = rest.split_first() {
        match byte {
            b'"' => return text.len().checked_sub(rest.len()),
            b'\\' => rest = one_escape(rest, out),
            _ => {
                out.push(*byte);
                rest = behind;
            }
        }
    }
    Some(text.len())
}

/// Undoes the escape at the start of `text` and gives what stands behind it.
fn one_escape<'t>(text: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    let plain = match text.get(1) {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
        Some(b'u') => {
            if let Some((unit, rest)) = unit(text) {
                return push_unit(unit, rest, out);
            }
            out.push(b'\\');
            return text.get(1..).unwrap_or(&[]);
        }
        _ => {
            out.push(b'\\');
            return text.get(1..).unwrap_or(&[]);
        }
    };
    out.push(plain);
    text.get(2..).unwrap_or(&[])
}

/// The code unit of `\uXXXX` at the start of `text`, and what stands behind it.
pub(crate) fn unit(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.strip_prefix(b"\\u")?;
    Some((hex(digits.get(..4)?)?, digits.get(4..)?))
}

/// Appends a code unit, with the low half of a surrogate pair from `rest` where there is one; gives
/// what stands behind.
pub(crate) fn push_unit<'t>(high: u32, rest: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    if (0xd800..0xdc00).contains(&high)
        && let Some((low @ 0xdc00..0xe000, behind)) = unit(rest)
    {
        push_code(pair(high, low), out);
        return behind;
    }
    let before = out.len();
    push_code(high, out);
    let (text, rune) = out.split_at_checked(before).unwrap_or((&[], &[]));
    if let Some(char) = joined(text, rune) {
        out.truncate(before.saturating_sub(SURROGATE_BYTES));
        push_code(char, out);
    }
    rest
}

/// The bytes of a lone surrogate.
const SURROGATE_BYTES: usize = 3;

/// The character of two surrogates that came to stand side by side, one kept from an escape of the
/// document around this one: Node joins them, whoever wrote them.
fn joined(text: &[u8], rune: &[u8]) -> Option<u32> {
    let [0xed, low @ 0xb0..=0xbf, low_end @ 0x80..=0xbf] = *rune else {
        return None;
    };
    let [.., 0xed, high @ 0xa0..=0xaf, high_end @ 0x80..=0xbf] = *text else {
        return None;
    };
    let unit =
        |middle: u8, last: u8| 0xd000 | u32::from(middle & 0x3f) << 6 | u32::from(last & 0x3f);
    Some(pair(unit(high, high_end), unit(low, low_end)))
}

/// The code point of a surrogate pair.
pub(crate) fn pair(high: u32, low: u32) -> u32 {
    0x1_0000 + (((high - 0xd800) << 10) | (low - 0xdc00))
}

/// Appends a code point as UTF-8; surrogates as their three bytes, what is no code point as U+FFFD.
pub(crate) fn push_code(code: u32, out: &mut Vec<u8>) {
    if let Some(char) = char::from_u32(code) {
        let mut buffer = [0; 4];
        out.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
    } else if (0xd800..0xe000).contains(&code) {
        let low = |shift: u32| 0x80 | u8::try_from((code >> shift) & 0x3f).unwrap_or(0);
        out.extend_from_slice(&[0xed, low(6), low(0)]);
    } else {
        out.extend_from_slice("\u{fffd}".as_bytes());
    }
}

/// The value of hexadecimal digits; `None` for none, for more than eight, and for other bytes.
pub(crate) fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let mut value = 0;
    for &digit in digits {
        value = (value << 4) | u32::from(nibble(digit)?);
    }
    Some(value)
}

/// The value of one hexadecimal digit.
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// True if at least 95 % of a text is printable UTF-8, not counting zero bytes, which cut names
/// short in attacks and may be a third of the text.
pub(crate) fn is_mostly_text(text: &[u8]) -> bool {
    let mut zeros = 0;
    let mut odd = 0;
    let mut note = |valid: &[u8], invalid: usize| {
        odd += invalid + count(valid, |byte| byte != 0 && is_control(byte));
        zeros += count(valid, |byte| byte == 0);
        odd * 20 <= text.len()
    };
    let is_text = if text.is_ascii() {
        note(text, 0)
    } else {
        let mut parts = text.utf8_chunks();
        parts.all(|part| note(part.valid().as_bytes(), part.invalid().len()))
    };
    is_text && !text.is_empty() && zeros * 3 <= text.len()
}

/// How many bytes of a text are of a kind, counted in lanes of one byte each.
#[inline]
fn count(text: &[u8], kind: impl Fn(u8) -> bool) -> usize {
    // Limit: as many bytes as one byte counts.
    let blocks = text.chunks(255).map(|block| {
        let bytes = block.iter().map(|byte| u8::from(kind(*byte)));
        usize::from(bytes.fold(0_u8, u8::wrapping_add))
    });
    blocks.sum()
}

/// A control character other than white space.
pub(crate) fn is_control(byte: u8) -> bool {
    byte == 0x7f || (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{is_control, is_mostly_text, unescape, unescape_string};

    fn plain(text: &[u8]) -> Vec<u8> {
        let (mut plain, mut string) = (Vec::new(), Vec::new());
        unescape(text, &mut plain);
        unescape_string(text, 0, usize::MAX, &mut string);
        assert_eq!(plain, string, "{}", text.escape_ascii());
        plain
    }

    #[test]
    fn a_text_is_told_from_bytes_as_one_by_one() {
        bolero::check!().for_each(|text: &[u8]| {
            let mut odd = 0;
            for part in text.utf8_chunks() {
                let valid = part.valid().bytes();
                odd += valid.filter(|byte| *byte != 0 && is_control(*byte)).count();
                odd += part.invalid().len();
            }
            let zeros = text.len() - text.iter().filter(|byte| **byte != 0).count();
            let zeros = zeros * 3 <= text.len();
            let twin = !text.is_empty() && zeros && odd * 20 <= text.len();
            assert_eq!(is_mostly_text(text), twin, "{}", text.escape_ascii());
        });
        for len in [254, 255, 256, 600] {
            let mut text = alloc::vec![b'a'; len];
            assert!(is_mostly_text(&text));
            text[..len / 20].fill(7);
            assert!(is_mostly_text(&text));
            text[len / 20] = 7;
            assert!(!is_mostly_text(&text));
        }
    }

    #[test]
    fn two_surrogates_side_by_side_are_one_character() {
        for (text, expected) in [
            (&b"\\ud83d\\ude00"[..], "\u{1f600}".as_bytes()),
            (b"\xed\xa0\xbd\\ude00", "\u{1f600}".as_bytes()),
            (b"\\ude00\\ud83d", b"\xed\xb8\x80\xed\xa0\xbd"),
            (b"\xed\xa0@\\ude00", b"\xed\xa0@\xed\xb8\x80"),
            (b"\\ud83dx\\ude00", b"\xed\xa0\xbdx\xed\xb8\x80"),
        ] {
            assert_eq!(plain(text), expected, "{}", text.escape_ascii());
        }
    }
}
