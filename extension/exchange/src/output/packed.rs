//! Secrets in what is packed inside of a text; where that may be is told from its bytes.
//! It never unpacks a text that has neither escapes nor long runs of base64.
use credenza_engine::leak::{OwnLeak, OwnSecrets};
use credenza_event::{Classes, Decoder, Form, Part, Role, Steps, Visitor};

/// The first leak in what decoders make of a text: what stands there as it is was looked at before.
pub(super) fn leak(text: &[u8], own: &OwnSecrets) -> Option<OwnLeak> {
    let mut inside = Inside { own, leak: None };
    let mut steps = Steps::for_bytes(text.len());
    if is_escaped(text) {
        credenza_event::walk(text, &mut steps, &mut inside);
    } else {
        for run in runs(text) {
            let (role, part) = (Role::Body, Part::Value);
            credenza_event::walk_text(run, role, part, &mut steps, &mut inside);
        }
    }
    inside.leak
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

    fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
        let is_made = form
            .decoded
            .iter()
            .any(|step| !matches!(step, Decoder::Json | Decoder::Form));
        if is_made && self.leak.is_none() {
            self.leak = self.own.leaks(form.text).next();
        }
    }
}

// Limit: a secret of 16 bytes takes 31 in base64 of base64, and more where it is compressed; of so
// many bytes of one kind one block of 16 is always whole.
const PACKED_BYTES_MIN: usize = 31;

/// Bytes that are looked at together.
const BLOCK_BYTES: usize = 16;

/// The runs of a text that may be base64: long, without a gap, in letters of both cases.
fn runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    core::iter::from_fn(move || {
        loop {
            let rest = text.get(from..)?;
            let (blocks, _) = rest.as_chunks::<BLOCK_BYTES>();
            let block = blocks.iter().position(is_base64_block)?;
            let inside = from.saturating_add(block.saturating_mul(BLOCK_BYTES));
            let before = text.get(from..inside)?.iter().rev();
            let before = before.take_while(|byte| is_base64(**byte)).count();
            let behind = text.get(inside..)?.iter();
            let behind = behind.take_while(|byte| is_base64(**byte)).count();
            from = inside.saturating_add(behind);
            let run = text.get(inside.saturating_sub(before)..from)?;
            if run.len() >= PACKED_BYTES_MIN && is_mixed(run) {
                return Some(run);
            }
        }
    })
}

/// True if a text may hold escapes that no spelling of a secret has.
fn is_escaped(text: &[u8]) -> bool {
    let is_number = |at: usize| {
        let next = |offset: usize| text.get(at.saturating_add(offset));
        match next(0) {
            Some(b'&') => next(1) == Some(&b'#'),
            Some(b'%') => {
                let digits = [next(1), next(2)];
                let is_digit = |digit: Option<&u8>| digit.is_some_and(u8::is_ascii_hexdigit);
                digits.into_iter().all(is_digit)
            }
            _ => false,
        }
    };
    let mut signs = memchr::memchr2_iter(b'&', b'%', text);
    signs.any(is_number)
}

fn is_base64(byte: u8) -> bool {
    not_base64(byte) == 0
}

/// One for a byte that is no digit of base64, in either alphabet.
#[inline]
fn not_base64(byte: u8) -> u8 {
    let letter = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
    let digit = u8::from(byte.wrapping_sub(b'0') < 10);
    let signs = [b'+', b'/', b'-', b'_'].map(|sign| u8::from(byte == sign));
    let sign = signs.iter().fold(0, |any, sign| any | sign);
    (letter | digit | sign) ^ 1
}

/// Without a branch for each byte, so that all of them are looked at in one go.
#[inline]
fn is_base64_block(block: &[u8; BLOCK_BYTES]) -> bool {
    block.iter().fold(0, |any, byte| any | not_base64(*byte)) == 0
}

/// What is packed has letters of both cases; paths, names and identifiers have mostly one.
fn is_mixed(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_uppercase) && run.iter().any(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{is_escaped, runs};

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
        for (text, expected) in [
            ("a & b, 100 % of c", false),
            ("&amp; %zz %", false),
            ("a&#47;b", true),
            ("a%2Fb", true),
        ] {
            assert_eq!(is_escaped(text.as_bytes()), expected, "{text}");
        }
    }
}
