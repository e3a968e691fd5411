//! The one pass of the gate over a text: sixteen bytes at once, of which spaces and digits are
//! never looked at one by one.
//! It never knows what a word or a sign means.
use wide::u8x16;

use super::around::{Around, is_apostrophe};
use super::{LETTER, PAIR, Signals, begins_pair, kind, pair, word};
use crate::sought::{short, within};

/// Bytes of a block.
const BYTES: usize = 16;
/// A bit for each of them.
const ALL: u32 = 0xffff;

/// What is known of each byte of a block: one bit a byte, the first byte lowest.
#[derive(Clone, Copy)]
struct Block {
    letters: u32,
    /// What is neither a letter nor a digit nor a space.
    signs: u32,
    has_digits: bool,
}

impl Block {
    /// The block at the start of a text; what stands behind the text is nothing.
    #[inline]
    fn of(text: &[u8]) -> Self {
        let bytes = match text.first_chunk::<BYTES>() {
            Some(bytes) => *bytes,
            None => short(text).to_le_bytes(),
        };
        let bytes = u8x16::new(bytes);
        let letters = within(bytes | u8x16::splat(0x20), b'a', b'z').to_bitmask();
        let digits = within(bytes, b'0', b'9').to_bitmask();
        let spaces = bytes.simd_eq(u8x16::splat(b' ')).to_bitmask();
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let inside = ALL.wrapping_shr(u32::BITS / 2 - len.min(u32::BITS / 2));
        Self {
            letters,
            signs: !(letters | digits | spaces) & inside,
            has_digits: digits != 0,
        }
    }
}

/// The signals of a text, in one pass.
pub fn signals(text: &[u8]) -> Signals {
    let mut seen = 0_u64;
    let mut doubtful = 0_u64;
    let mut at = 0_usize;
    while let Some(rest @ [_, ..]) = text.get(at..) {
        let block = Block::of(rest);
        if block.has_digits {
            seen |= kind(b'0');
        }
        let mut left = block.letters | block.signs;
        let mut behind = BYTES;
        while left != 0 {
            let place = left.trailing_zeros();
            let offset = place as usize;
            let letters = block.letters.wrapping_shr(place);
            if letters & 1 == 0 {
                seen |= sign(text, at.saturating_add(offset));
                left &= left.wrapping_sub(1);
                continue;
            }
            let run = letters.trailing_ones();
            let mut end = offset.saturating_add(run as usize);
            left &= u32::MAX.wrapping_shl(place.saturating_add(run));
            if end == BYTES {
                end = end.saturating_add(run_of_letters(rest.get(end..).unwrap_or_default()));
                behind = end;
            }
            let found = word(rest.get(offset..end).unwrap_or_default());
            if found & VERB == 0 {
                seen |= found;
            } else {
                match Around::of(text.get(..at.saturating_add(offset)).unwrap_or_default()) {
                    Around::Words => seen |= found & !VERB,
                    Around::Number => doubtful |= found,
                    Around::Signs => seen |= found,
                }
            }
        }
        at = at.saturating_add(behind);
    }
    // MySQL reads what stands behind a number in a comment.
    if seen & Signals::COMMENT.0 == 0 {
        doubtful &= !VERB;
    }
    Signals(seen | doubtful)
}

/// A verb that begins a statement behind a semicolon, and so not behind a word.
const VERB: u64 = Signals::MARKED_VERB.0;

/// The signals of the sign at an offset, and of the pair that it may end.
#[inline]
fn sign(text: &[u8], at: usize) -> u64 {
    let Some(&byte) = text.get(at) else { return 0 };
    let alone = kind(byte);
    if alone & PAIR == 0 {
        return alone;
    }
    let alone = alone ^ PAIR;
    if alone & Signals::QUOTE.0 != 0 {
        let is_letter = |at: Option<usize>| {
            let byte = at.and_then(|at| text.get(at));
            byte.is_some_and(u8::is_ascii_alphabetic)
        };
        let is_inside = is_letter(at.checked_sub(1)) && is_letter(at.checked_add(1));
        if byte == b'\'' && is_inside && is_apostrophe(text, at) {
            return Signals::QUOTE.0;
        }
        return alone | Signals::BREAK_OUT.0;
    }
    let before = at.checked_sub(1).and_then(|at| text.get(at)).copied();
    // Behind a letter nothing is the second of a pair.
    let before = before.filter(|byte| kind(*byte) & LETTER == 0).unwrap_or(0);
    if begins_pair(before) {
        alone | pair(before, byte)
    } else {
        alone
    }
}

/// The length of the run of letters at the start of a text.
fn run_of_letters(text: &[u8]) -> usize {
    let mut len = 0_usize;
    while let Some(rest @ [_, ..]) = text.get(len..) {
        let run = Block::of(rest).letters.trailing_ones() as usize;
        len = len.saturating_add(run);
        if run < BYTES {
            break;
        }
    }
    len
}

#[cfg(test)]
mod tests {
    use super::{
        Around, LETTER, PAIR, Signals, VERB, begins_pair, is_apostrophe, kind, pair, signals, word,
    };

    /// The same, byte by byte.
    fn twin(text: &[u8]) -> Signals {
        let (mut seen, mut doubtful) = (0, 0);
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let letters = text[at..].iter().take_while(|b| b.is_ascii_alphabetic());
            let len = letters.count();
            if len > 0 {
                let found = word(&text[at..at + len]);
                match Around::of(&text[..at]) {
                    Around::Words => seen |= found & !VERB,
                    Around::Number => {
                        seen |= found & !VERB;
                        doubtful |= found & VERB;
                    }
                    Around::Signs => seen |= found,
                }
                at += len;
                continue;
            }
            let alone = kind(*byte);
            assert!(alone & LETTER == 0);
            if alone & Signals::QUOTE.0 != 0 {
                // An apostrophe is no constant.
                seen |= if *byte == b'\'' && is_apostrophe(text, at) {
                    Signals::QUOTE.0
                } else {
                    alone & !PAIR | Signals::BREAK_OUT.0
                };
            } else {
                seen |= alone & !PAIR;
                let before = at.checked_sub(1).map(|before| text[before]);
                let before = before.filter(|byte| !byte.is_ascii_alphabetic());
                let before = before.unwrap_or(0);
                if alone & PAIR != 0 && begins_pair(before) {
                    seen |= pair(before, *byte);
                }
            }
            at += 1;
        }
        if seen & Signals::COMMENT.0 != 0 {
            seen |= doubtful;
        }
        Signals(seen)
    }

    #[test]
    fn a_text_shows_the_same_sixteen_bytes_at_once_as_one_by_one() {
        for text in [
            "",
            "a",
            "select",
            "1 union select 'a', b from c--",
            "O'Brien; if you do, /*!50000do it's done",
            "0123456789abcde(--",
            "aaaaaaaaaaaaaaaaunion",
            "               union",
            "          prototype-pollution of __proto__",
            "((\u{ff07}\0\u{1b}%2%f",
        ] {
            for cut in 0..=text.len() {
                let text = &text.as_bytes()[cut..];
                assert_eq!(signals(text), twin(text), "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn any_bytes_show_the_same_sixteen_at_once_as_one_by_one() {
        bolero::check!().for_each(|text: &[u8]| {
            assert_eq!(signals(text), twin(text));
            // Nearly all of words and signs.
            let signs = b"selctunio if do; (['\"-/*|&@.:_%25{}<>$#!=+\0\xff\xac\xed 019";
            let text: alloc::vec::Vec<u8> = text
                .iter()
                .map(|byte| signs[usize::from(*byte) % signs.len()])
                .collect();
            assert_eq!(signals(&text), twin(&text), "{}", text.escape_ascii());
        });
    }
}
