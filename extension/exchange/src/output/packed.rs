//! Secrets in what is packed inside of a text; where that may be is told from its bytes.
//! It never unpacks a text that has neither escapes nor long runs of base64.
use alloc::borrow::Cow;
use alloc::vec::Vec;

use credenza_engine::leak::{OwnLeak, OwnSecrets};
use credenza_event::{Classes, Coverage, Decoder, Form, Gap, Part, Role, Steps, Visitor};
use wide::u8x16;

use super::escapes;

// Limit: a document in a document in a document in a document; each level doubles its backslashes.
const DOCUMENTS_MAX: usize = 4;

/// The first leak in what decoders make of a text, and whether they could read all of it: what
/// stands there as it is was looked at before.
pub(super) fn leak(text: &[u8], own: &OwnSecrets, steps: &mut Steps) -> (Option<OwnLeak>, bool) {
    let mut text = Cow::Borrowed(text);
    let mut escapes = Escapes::of(&text);
    for _ in 0..DOCUMENTS_MAX {
        if !escapes.has_letters {
            break;
        }
        // Undone, looked at for the secret, and looked at for further escapes.
        if !steps.take(text.len().saturating_mul(2)) {
            return (None, false);
        }
        let mut undone = Vec::with_capacity(text.len());
        escapes::undo(&text, usize::MAX, &mut undone);
        text = Cow::Owned(undone);
        if let Some(leak) = own.leaks(&text).next() {
            return (Some(leak), true);
        }
        escapes = Escapes::of(&text);
    }
    let mut inside = Inside { own, leak: None };
    let coverage = if escapes.has_numbers {
        credenza_event::walk(&text, steps, &mut inside)
    } else {
        let mut runs = runs(&text).peekable();
        if runs.peek().is_none() {
            return (None, true);
        }
        credenza_event::walk_texts(runs, Role::Body, Part::Value, steps, &mut inside)
    };
    (inside.leak, !is_cut(coverage))
}

/// True if work ended before the text did; damaged data is none that anybody packed.
fn is_cut(coverage: Coverage) -> bool {
    let mut gaps = coverage.gaps();
    gaps.any(|gap| matches!(gap, Gap::Budget | Gap::Ratio))
}

/// The steps that may be taken to look into what is packed in a text, all its pieces together.
// Limit: 8 steps a byte: packed data takes 2 to 4 where it is one picture, 6 where it is a list of
// keys of 64 characters; 1 MiB more, a millisecond, lets a small answer be what it likes.
pub(super) fn steps(bytes: usize) -> Steps {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Steps::new(bytes.saturating_mul(8).saturating_add(1024 * 1024))
}

/// Looks at what decoders make of a text.
struct Inside<'o> {
    own: &'o OwnSecrets,
    leak: Option<OwnLeak>,
}

impl Visitor for Inside<'_> {
    fn ignores(&self, _: &[u8], _: Classes, _: Part) -> bool {
        true
    }

    fn form(&mut self, form: &Form<'_>, steps: &mut Steps) {
        let is_made = form
            .decoded
            .iter()
            .any(|step| !matches!(step, Decoder::Json | Decoder::Form));
        if is_made && self.leak.is_none() && steps.take(form.text.len()) {
            self.leak = self.own.leaks(form.text).next();
        }
    }
}

// Limit: a secret of 16 bytes takes 31 in base64 of base64, and more where it is compressed; of so
// many bytes of one kind one block of 16 is always whole.
const PACKED_BYTES_MIN: usize = 31;

/// Bytes that are looked at together.
const BLOCK_BYTES: usize = 16;
const ALL_BYTES: u32 = 0xffff;

/// The runs of a text that may be base64: long, without a gap, in letters of both cases.
fn runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0_usize;
    core::iter::from_fn(move || {
        loop {
            let rest = text.get(from..)?;
            let (blocks, _) = rest.as_chunks::<BLOCK_BYTES>();
            let block = blocks.iter().position(|block| others(block) == 0)?;
            let inside = from.saturating_add(block.saturating_mul(BLOCK_BYTES));
            let start = inside.saturating_sub(digits_before(text, from, inside));
            from = run_end(text, inside.saturating_add(BLOCK_BYTES));
            let run = text.get(start..from)?;
            if run.len() >= PACKED_BYTES_MIN && is_mixed(run) {
                return Some(run);
            }
        }
    })
}

/// How many digits of base64 stand before an offset, but not before `from`: fewer than a block,
/// because the block before was no run.
fn digits_before(text: &[u8], from: usize, at: usize) -> usize {
    let before = text.get(from..at).unwrap_or_default().iter().rev();
    before.take_while(|byte| is_base64(**byte)).count()
}

/// Where the run ends that goes on at an offset.
fn run_end(text: &[u8], at: usize) -> usize {
    let mut at = at;
    while let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let others = others(block);
        if others != 0 {
            let count = usize::try_from(others.trailing_zeros());
            return at.saturating_add(count.unwrap_or(BLOCK_BYTES));
        }
        at = at.saturating_add(BLOCK_BYTES);
    }
    let rest = text.get(at..).unwrap_or_default().iter();
    at.saturating_add(rest.take_while(|byte| is_base64(**byte)).count())
}

/// The escapes of a text that no spelling of a secret has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Escapes {
    /// Of HTML or of addresses.
    has_numbers: bool,
    /// Of JSON, where they stand for letters or digits, which nobody has to escape.
    has_letters: bool,
}

impl Escapes {
    fn of(text: &[u8]) -> Self {
        let (mut escapes, mut at) = (Self::default(), 0_usize);
        while let Some(blocks) = text.get(at..).and_then(<[u8]>::first_chunk) {
            if may_begin(blocks) {
                for at in (at..at.saturating_add(BLOCKS_BYTES)).step_by(BLOCK_BYTES) {
                    escapes.meet_block(text.get(at..).unwrap_or_default());
                }
                if escapes.has_numbers && escapes.has_letters {
                    return escapes;
                }
            }
            at = at.saturating_add(BLOCKS_BYTES);
        }
        while let Some(rest) = text.get(at..).filter(|rest| rest.len() > BLOCK_BYTES) {
            escapes.meet_block(rest);
            at = at.saturating_add(BLOCK_BYTES);
        }
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            escapes.meet(rest);
            at = at.saturating_add(1);
        }
        escapes
    }

    /// Notes the escapes that begin in the first block of a text.
    fn meet_block(&mut self, rest: &[u8]) {
        let mut begun = rest.first_chunk().map_or(0, begun);
        while begun != 0 {
            let place = usize::try_from(begun.trailing_zeros()).unwrap_or(BLOCK_BYTES);
            self.meet(rest.get(place..).unwrap_or_default());
            begun &= begun.wrapping_sub(1);
        }
    }

    /// Notes the escape that begins a text, if one does.
    fn meet(&mut self, rest: &[u8]) {
        match rest {
            [b'&', b'#', ..] => self.has_numbers = true,
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                self.has_numbers = true;
            }
            [b'\\', b'u', b'0', b'0', b'3'..=b'7', ..] => {
                let is_letter = |unit: escapes::Unit| match unit.text() {
                    [letter] => letter.is_ascii_alphanumeric(),
                    _ => false,
                };
                self.has_letters |= escapes::unit(rest).is_some_and(is_letter);
            }
            _ => {}
        }
    }
}

/// Most text has none of the signs that begin escapes; blocks are looked at together for that.
const BLOCKS_BYTES: usize = 4 * BLOCK_BYTES;

/// True if one of the blocks has such a sign.
#[inline]
fn may_begin(blocks: &[u8; BLOCKS_BYTES + 1]) -> bool {
    let (blocks, _) = blocks.as_chunks::<BLOCK_BYTES>();
    let mut any = u8x16::splat(0);
    for block in blocks {
        let bytes = u8x16::new(*block);
        let is = |sign: u8| bytes.simd_eq(u8x16::splat(sign));
        any |= is(b'&') | is(b'\\') | is(b'%');
    }
    any.to_bitmask() != 0
}

/// A bit for each byte of a block with which an escape may begin, as far as the next one tells:
/// documents in documents are full of escaped quotes, which are none of these.
#[inline]
fn begun(block: &[u8; BLOCK_BYTES + 1]) -> u32 {
    let ones = block.first_chunk().copied().unwrap_or_default();
    let others = block.last_chunk().copied().unwrap_or_default();
    let (one, other) = (u8x16::new(ones), u8x16::new(others));
    let pair = |first: u8, second: u8| {
        one.simd_eq(u8x16::splat(first)) & other.simd_eq(u8x16::splat(second))
    };
    let begun = pair(b'&', b'#') | pair(b'\\', b'u') | one.simd_eq(u8x16::splat(b'%'));
    begun.to_bitmask()
}

/// True for a digit of base64, in either alphabet.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// A bit for each byte of a block that is no digit of base64.
#[inline]
fn others(block: &[u8; BLOCK_BYTES]) -> u32 {
    let bytes = u8x16::new(*block);
    let is = |sign: u8| bytes.simd_eq(u8x16::splat(sign));
    let letters = within(bytes | u8x16::splat(0x20), b'a', 25);
    // `/` stands before the digits.
    let digits = within(bytes, b'/', 10);
    let all = letters | digits | is(b'+') | is(b'-') | is(b'_');
    !all.to_bitmask() & ALL_BYTES
}

/// What is packed has letters of both cases; paths, names and identifiers have mostly one.
fn is_mixed(run: &[u8]) -> bool {
    let (blocks, _) = run.as_chunks::<BLOCK_BYTES>();
    // The last block overlaps, because a run ends anywhere.
    let mut blocks = blocks.iter().chain(run.last_chunk());
    let (mut capitals, mut small) = (0, 0);
    blocks.any(|block| {
        let bytes = u8x16::new(*block);
        capitals |= within(bytes, b'A', 25).to_bitmask();
        small |= within(bytes, b'a', 25).to_bitmask();
        capitals != 0 && small != 0
    })
}

/// Which bytes are one of a range.
#[inline]
fn within(bytes: u8x16, first: u8, count: u8) -> u8x16 {
    // Below the first of them the difference wraps, so that one comparison tells both bounds.
    let places = bytes - u8x16::splat(first);
    places.min(u8x16::splat(count)).simd_eq(places)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{BLOCK_BYTES, Escapes, is_base64, others, runs};

    #[test]
    fn runs_are_found_wherever_they_stand_and_whole() {
        let run = ["aGVsbG8gd29ybGQh", "aGVsbG8gd29ybGQ"].concat();
        for before in 0..40 {
            for behind in [0, 1, 40] {
                let text = [&".".repeat(before), run.as_str(), &"=".repeat(behind)].concat();
                let found: Vec<&[u8]> = runs(text.as_bytes()).collect();
                assert_eq!(found, [run.as_bytes()], "{text}");
            }
        }
    }

    #[test]
    fn a_block_tells_of_each_byte_what_a_look_at_it_tells() {
        for byte in 0..=u8::MAX {
            for place in 0..BLOCK_BYTES {
                let mut block = [b'a'; BLOCK_BYTES];
                block[place] = byte;
                assert_eq!(others(&block) == 0, is_base64(byte), "{byte}");
                assert!([0, 1 << place].contains(&others(&block)));
            }
        }
    }

    #[test]
    fn words_paths_and_identifiers_are_no_runs() {
        for text in [
            "",
            "The quick brown fox jumps over the lazy dog, and then it sleeps.",
            "/a/path/of/many/words/in/lower/case/that/goes/on-and-on",
            "123e4567-e89b-12d3-a456-426614174000-123e4567",
            "isBase64Encoded,multiValueQueryStringPars",
        ] {
            assert_eq!(runs(text.as_bytes()).next(), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_told_from_signs() {
        for (text, has_numbers, has_letters) in [
            ("a & b, 100 % of c", false, false),
            ("&amp; %zz %", false, false),
            ("a&#47;b", true, false),
            ("a%2Fb", true, false),
            (r"\u00e4 \u003c \u002b \u2028 \n \u00", false, false),
            (r"\u006b", false, true),
            (r"\\u0039", false, true),
            (r"\u0041 %41", true, true),
        ] {
            let expected = Escapes {
                has_numbers,
                has_letters,
            };
            assert_eq!(Escapes::of(text.as_bytes()), expected, "{text}");
        }
    }
    #[test]
    fn escapes_are_found_in_blocks_as_they_are_at_each_place() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let signs = br#"&#%\u00467aF"\u006"#;
            let sign = |byte: &u8| signs[usize::from(*byte) % signs.len()];
            let text: Vec<u8> = bytes.iter().map(sign).collect();
            let mut each = Escapes::default();
            for at in 0..text.len() {
                each.meet(&text[at..]);
            }
            assert_eq!(Escapes::of(&text), each, "{}", text.escape_ascii());
        });
    }
}
