//! How the few plain texts begin that mean something: a bit for each of their first three bytes.
//! It never says no to a text that begins as one of its words does.
use crate::form::Part;

// Limit: 4096 places for some hundred words, so that one text in forty is looked at in vain.
const PLACES_BITS: u32 = 12;

/// Texts that mean something though they are plain: letters, digits and `-_.,:/` in one run, no two
/// of `./:_` side by side.
///
/// They begin with one of its words, with a slash, or with a digit and an `e`, or they are long
/// names; the case of letters does not matter. 512 bytes.
#[derive(Debug)]
pub struct Heads {
    starts: [u32; 1 << (PLACES_BITS - 5)],
}

impl Heads {
    // Limit: `constructor.prototype`, which may stand anywhere in a name.
    pub(super) const LONG_NAME_BYTES: usize = 21;

    /// The table of words of three bytes each, with spaces between them; made at build time.
    #[expect(
        clippy::indexing_slicing,
        reason = "runs at build time only: a wrong index fails the build"
    )]
    pub const fn of(words: &str) -> Self {
        let words = words.as_bytes();
        let mut starts = [0_u32; 1 << (PLACES_BITS - 5)];
        let mut at = 0;
        while at + 2 < words.len() {
            if words[at] == b' ' {
                at += 1;
                continue;
            }
            let head = u32::from_le_bytes([words[at], words[at + 1], words[at + 2], 0]);
            let place = place(head);
            starts[place >> 5] |= 1 << (place & 31);
            at += 3;
        }
        Self { starts }
    }

    /// A glance at a plain text that spares most of them the closer look.
    #[inline]
    pub fn may_mean(&self, text: &[u8], part: Part) -> bool {
        match text {
            [b'/', ..] | [b'0'..=b'9', b'e' | b'E', ..] => true,
            [one, two, three, ..] => {
                self.may_begin(u32::from_le_bytes([*one, *two, *three, 0]))
                    || part == Part::Key && text.len() >= Self::LONG_NAME_BYTES
            }
            _ => false,
        }
    }

    /// The same for its first three bytes, the first one lowest; what stands behind a shorter text
    /// does no harm.
    #[inline]
    pub(super) fn may_begin(&self, head: u32) -> bool {
        let [one, two, ..] = head.to_le_bytes();
        if one <= b'9' && (one == b'/' || two | 0x20 == b'e') {
            return true;
        }
        let place = place(head);
        let bits = self.starts.get(place >> 5).copied().unwrap_or(0);
        bits >> (place & 31) & 1 == 1
    }
}

/// The place of three bytes in the table; their case does not matter.
#[inline]
const fn place(head: u32) -> usize {
    let folded = (head | 0x20_2020) & 0xff_ffff;
    (folded.wrapping_mul(0x9e37_79b1) >> (u32::BITS - PLACES_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::{Heads, Part};

    static HEADS: Heads = Heads::of("key org 169 py/");

    #[test]
    fn texts_that_begin_as_a_word_does_in_any_case_may_mean_something() {
        for text in [
            "key",
            "Keys",
            "ORG.x",
            "169.254",
            "py/object",
            "/",
            "/a",
            "1e",
            "9E99",
        ] {
            assert!(HEADS.may_mean(text.as_bytes(), Part::Value), "{text}");
        }
        for text in ["", "k", "ke", "1", "12e", "name", "e9"] {
            assert!(!HEADS.may_mean(text.as_bytes(), Part::Value), "{text}");
        }
        let long = "x".repeat(Heads::LONG_NAME_BYTES);
        assert!(HEADS.may_mean(long.as_bytes(), Part::Key));
        assert!(!HEADS.may_mean(long.as_bytes(), Part::Value));
    }

    #[test]
    fn what_stands_behind_a_short_text_does_no_harm() {
        bolero::check!().for_each(|text: &[u8]| {
            let head = |at: usize| text.get(at).copied().unwrap_or(b'"');
            let head = u32::from_le_bytes([head(0), head(1), head(2), 0]);
            if HEADS.may_mean(text, Part::Value) {
                assert!(HEADS.may_begin(head), "{}", text.escape_ascii());
            }
        });
    }
}
