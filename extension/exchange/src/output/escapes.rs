//! What stands in a JSON string: undone piece by piece, and where each byte of it came from.
//! It never fails: what is no escape stands for itself.
use alloc::vec::Vec;

use credenza_event::sorted;
use wide::u8x16;

/// One byte or escape of a string: how many bytes it takes there, and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) raw: usize,
    /// In UTF-8.
    bytes: [u8; 4],
    pub(super) len: usize,
}

impl Unit {
    fn of_byte(byte: u8, raw: usize) -> Self {
        Self {
            raw,
            bytes: [byte, 0, 0, 0],
            len: 1,
        }
    }

    fn of_char(char: char, raw: usize) -> Self {
        let mut bytes = [0; 4];
        let len = char.encode_utf8(&mut bytes).len();
        Self { raw, bytes, len }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The unit that begins a text.
#[inline]
pub(super) fn unit(text: &[u8]) -> Option<Unit> {
    let (first, rest) = text.split_first()?;
    if *first != b'\\' {
        return Some(Unit::of_byte(*first, 1));
    }
    let plain = |byte| Some(Unit::of_byte(byte, 2));
    match rest.first() {
        Some(b'n') => plain(b'\n'),
        Some(b't') => plain(b'\t'),
        Some(b'r') => plain(b'\r'),
        Some(b'b') => plain(8),
        Some(b'f') => plain(12),
        Some(b'u') => Some(by_number(text).unwrap_or_else(|| Unit::of_byte(b'\\', 1))),
        Some(other) => plain(*other),
        None => Some(Unit::of_byte(b'\\', 1)),
    }
}

/// An escape by number, or two that are one character.
fn by_number(text: &[u8]) -> Option<Unit> {
    let high = number(text)?;
    if let Some(char) = char::from_u32(high) {
        return Some(Unit::of_char(char, 6));
    }
    let low = text.get(6..).and_then(number);
    let pair = low.filter(|low| (0xdc00..0xe000).contains(low) && high < 0xdc00);
    let char = pair.and_then(|low| {
        let bits = (high & 0x3ff) << 10 | (low & 0x3ff);
        char::from_u32(bits.checked_add(0x1_0000)?)
    });
    Some(match char {
        Some(char) => Unit::of_char(char, 12),
        None => Unit::of_char(char::REPLACEMENT_CHARACTER, 6),
    })
}

/// The number of `\uXXXX`.
fn number(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits
        .iter()
        .try_fold(0, |number, byte| Some(number << 4 | digit(byte)?))
}

/// Bytes that are looked at together.
const BLOCK_BYTES: usize = 32;

// Limit: what is read for a block: it, the sign of an escape that is its last byte, and as many
// bytes behind that, which move as a whole.
const READ_BYTES: usize = 2 * BLOCK_BYTES + 1;

/// Undoes escapes until a piece is large enough; what it comes to is added to `out`, and told is
/// how many bytes were read.
pub(super) fn undo(text: &[u8], piece_bytes: usize, out: &mut Vec<u8>) -> usize {
    let mut at = undo_blocks(text, piece_bytes, out);
    while out.len() < piece_bytes
        && let Some(rest) = text.get(at..)
        && !rest.is_empty()
    {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        let (plain, rest) = rest.split_at_checked(plain).unwrap_or_default();
        out.extend_from_slice(plain);
        at = at.saturating_add(plain.len());
        if let Some(unit) = unit(rest) {
            out.extend_from_slice(unit.text());
            at = at.saturating_add(unit.raw);
        }
    }
    at
}

/// The same as far as there are whole blocks.
fn undo_blocks(text: &[u8], piece_bytes: usize, out: &mut Vec<u8>) -> usize {
    // Room for all at once: nothing is longer than what it is spelled as.
    let begin = out.len();
    let most = text.len().min(piece_bytes.saturating_sub(begin));
    out.resize(begin.saturating_add(most).saturating_add(READ_BYTES), 0);
    let (mut at, mut filled) = (0_usize, begin);
    while filled < piece_bytes
        && let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk)
        && let Some(room) = out.get_mut(filled..).and_then(<[u8]>::first_chunk_mut)
    {
        let (read, made) = undo_block(block, room);
        (at, filled) = (at.wrapping_add(read), filled.wrapping_add(made));
        if read < BLOCK_BYTES {
            (at, filled) = undo_one(text, at, filled, out);
        }
    }
    out.truncate(filled);
    at
}

/// Undoes the escapes of a block that are pairs of signs; gives how many bytes were read and made.
/// Fewer than a block were read if an escape by number is next.
#[inline]
fn undo_block(block: &[u8; READ_BYTES], room: &mut [u8; READ_BYTES]) -> (usize, usize) {
    // All of it moves, and what stands behind an escape moves again, to one place before.
    let bytes: [u8; BLOCK_BYTES] = block.first_chunk().copied().unwrap_or_default();
    if let Some(room) = room.first_chunk_mut() {
        *room = bytes;
    }
    let mut escapes = escapes(bytes);
    let (mut behind, mut gone) = (0, 0_usize);
    while escapes != 0 {
        let place = usize::try_from(escapes.trailing_zeros()).unwrap_or(0) % BLOCK_BYTES;
        let sign = block.get(place.wrapping_add(1)).copied().unwrap_or(0);
        if sign == b'u' {
            return (place, place.wrapping_sub(gone));
        }
        behind = place.wrapping_add(2);
        if let Some([first, rest @ ..]) = room.get_mut(place.wrapping_sub(gone)..)
            && let Some(rest) = rest.first_chunk_mut::<BLOCK_BYTES>()
            && let Some(bytes) = block.get(behind..).and_then(<[u8]>::first_chunk)
        {
            *first = PAIRS.get(usize::from(sign)).copied().unwrap_or(sign);
            *rest = *bytes;
        }
        gone = gone.wrapping_add(1);
        escapes &= escapes.wrapping_sub(1);
    }
    let read = behind.max(BLOCK_BYTES);
    (read, read.wrapping_sub(gone))
}

/// A bit for each backslash that begins an escape, where the block begins in none.
#[inline]
fn escapes(bytes: [u8; BLOCK_BYTES]) -> u32 {
    let (halves, _) = bytes.as_chunks::<{ BLOCK_BYTES / 2 }>();
    let mask = |half: &[u8; BLOCK_BYTES / 2]| {
        let escapes = u8x16::new(*half).simd_eq(u8x16::splat(b'\\'));
        escapes.to_bitmask()
    };
    let all = match halves {
        [low, high] => mask(low) | mask(high) << (BLOCK_BYTES / 2),
        _ => 0,
    };
    if all & all << 1 == 0 {
        return all;
    }
    without_escaped(all)
}

/// Of backslashes in a row every other one is escaped, and begins nothing.
fn without_escaped(all: u32) -> u32 {
    let (mut rest, mut escapes) = (all, 0);
    while rest != 0 {
        let first = rest & rest.wrapping_neg();
        escapes |= first;
        rest &= !(first | first << 1);
    }
    escapes
}

/// Undoes the escape that begins at an offset; gives where both go on.
#[cold]
fn undo_one(text: &[u8], at: usize, filled: usize, out: &mut [u8]) -> (usize, usize) {
    let Some(unit) = text.get(at..).and_then(unit) else {
        return (at, filled);
    };
    let end = filled.saturating_add(unit.len);
    if let Some(place) = out.get_mut(filled..end) {
        place.copy_from_slice(unit.text());
    }
    (at.saturating_add(unit.raw), end)
}

/// What a backslash and a sign stand for, of a number apart.
const PAIRS: [u8; 256] = pairs();

const fn pairs() -> [u8; 256] {
    let mut pairs = [0; 256];
    let mut sign = 0_u8;
    loop {
        let Some((place, _)) = pairs.split_at_mut(sign as usize).1.split_first_mut() else {
            return pairs;
        };
        *place = match sign {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            other => other,
        };
        sign = match sign.checked_add(1) {
            Some(next) => next,
            None => return pairs,
        };
    }
}

/// Turns spans of what a string stands for into spans of the string; they come in the order of
/// their starts.
pub(super) fn map(text: &[u8], spans: &mut [(usize, usize)]) {
    // Starts come before ends: a span may begin in the character in which another one ends.
    let mut edges: Vec<(usize, bool, usize)> = Vec::with_capacity(spans.len().saturating_mul(2));
    for (number, (start, end)) in spans.iter().enumerate() {
        edges.push((*start, false, number));
        edges.push((*end, true, number));
    }
    sorted::sort(&mut edges);
    let (mut raw, mut made) = (0_usize, 0_usize);
    for (edge, is_end, number) in edges {
        while made < edge {
            let Some(unit) = text.get(raw..).and_then(unit) else {
                break;
            };
            // A span that begins within a character begins with it.
            if !is_end && made.saturating_add(unit.len) > edge {
                break;
            }
            raw = raw.saturating_add(unit.raw);
            made = made.saturating_add(unit.len);
        }
        if let Some((start, end)) = spans.get_mut(number) {
            *(if is_end { end } else { start }) = raw;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{map, undo};

    fn undone(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        assert_eq!(undo(text.as_bytes(), usize::MAX, &mut out), text.len());
        out
    }

    #[test]
    fn escapes_are_undone_and_everything_else_stands_for_itself() {
        for (text, expected) in [
            ("plain", "plain"),
            (r#"a\"b\\c\/d"#, r#"a"b\c/d"#),
            (r"\n\t\r\b\f", "\n\t\r\u{8}\u{c}"),
            (r"\u003cb\u003E", "<b>"),
            (r"\u00e9 \ud83d\ude00 \ud83d", "é 😀 \u{fffd}"),
            (r"\u12 \q \", r"\u12 q \"),
            (
                r"sixteen bytes and more without any, then \u002F",
                "sixteen bytes and more without any, then /",
            ),
        ] {
            assert_eq!(undone(text), expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_text_is_undone_in_pieces_as_it_is_at_once() {
        let text =
            r#"{\"id\":1,\"name\":\"\u00e9\",\"x\":\"yyyyyyyyyyyyyyyyyyyyyyyyyyy\"}"#.repeat(9);
        for piece in [1, 7, 100] {
            let (mut whole, mut at) = (Vec::new(), 0);
            while at < text.len() {
                let mut out = Vec::new();
                at += undo(&text.as_bytes()[at..], piece, &mut out);
                whole.extend(out);
            }
            assert_eq!(whole, undone(&text));
        }
    }

    #[test]
    fn a_text_is_undone_as_it_is_unit_by_unit() {
        bolero::check!().for_each(|bytes: &[u8]| {
            // Half of the bytes are drawn from what escapes are made of.
            let signs = br#"\\\"/nutbfrx0dD8cC9e"#;
            let sign = |byte: u8| signs[usize::from(byte) % signs.len()];
            let mixed = |byte: &u8| if *byte < 128 { sign(*byte) } else { *byte };
            let text: Vec<u8> = bytes.iter().map(mixed).collect();
            let (mut plainly, mut at) = (Vec::new(), 0);
            while let Some(unit) = super::unit(&text[at..]) {
                plainly.extend_from_slice(unit.text());
                at += unit.raw;
            }
            for piece in [3, 20, usize::MAX] {
                let (mut whole, mut at) = (Vec::new(), 0);
                while at < text.len() {
                    let mut out = Vec::new();
                    at += undo(&text[at..], piece, &mut out);
                    whole.extend(out);
                }
                assert_eq!(whole, plainly, "{piece} of {}", text.escape_ascii());
            }
        });
    }

    #[test]
    fn spans_are_found_again_in_the_string() {
        let text = r"ab\ncd\u00e9ef";
        let mut spans = [(0, 2), (2, 3), (3, 6), (6, 9), (5, 5)];
        map(text.as_bytes(), &mut spans);
        assert_eq!(spans, [(0, 2), (2, 4), (4, 12), (6, 14), (6, 6)]);
    }
}
