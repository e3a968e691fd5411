//! Where in a document something stands, as a JSON Pointer.
//! It never says a name in which something stands that was found, and reads a document once.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use credenza_event::layout::Range;

// Limit: documents of people are some ten levels deep; what is deeper is where its 32nd level is.
const DEPTH_MAX: usize = 32;

// Limit: an exemption names at most 127 bytes; what is longer is cut.
const POINTER_BYTES_MAX: usize = 256;

/// What leads to the byte that is read.
enum Step {
    /// The name of a member, between its quotes; empty before the first.
    Member(Range),
    /// An element, and how many are before it.
    Element(usize),
}

/// The pointers to what begins at these offsets, which come in their order; empty where the text is
/// no document. `hidden` are spans of which no name says a byte.
pub(super) fn pointers(text: &[u8], offsets: &[usize], hidden: &[(usize, usize)]) -> Vec<String> {
    let mut pointers = Vec::with_capacity(offsets.len());
    let mut steps: Vec<Step> = Vec::new();
    let mut too_deep = 0_usize;
    let (mut at, mut wanted) = (0, offsets.iter().copied().peekable());
    // The string that was read last, which may turn out to be a name.
    let mut last: Range = 0..0;
    while let (Some(byte), Some(offset)) = (text.get(at), wanted.peek().copied()) {
        let end = match byte {
            b'"' => {
                let start = at.saturating_add(1);
                let rest = text.get(start..).unwrap_or_default();
                let end = start.saturating_add(end_of_string(rest));
                last = start..end;
                end.saturating_add(1)
            }
            _ => at.saturating_add(1),
        };
        if offset < end {
            pointers.push(pointer(text, &steps, hidden));
            wanted.next();
            continue;
        }
        match byte {
            b'{' | b'[' if steps.len() >= DEPTH_MAX => too_deep = too_deep.saturating_add(1),
            b'{' => steps.push(Step::Member(0..0)),
            b'[' => steps.push(Step::Element(0)),
            b'}' | b']' if too_deep > 0 => too_deep = too_deep.saturating_sub(1),
            b'}' | b']' => _ = steps.pop(),
            b':' if too_deep == 0 => {
                if let Some(Step::Member(name)) = steps.last_mut() {
                    *name = last.clone();
                }
            }
            b',' if too_deep == 0 => match steps.last_mut() {
                // The next name is not known yet.
                Some(Step::Member(name)) => *name = 0..0,
                Some(Step::Element(before)) => *before = before.saturating_add(1),
                None => {}
            },
            _ => {}
        }
        at = end;
    }
    pointers.resize(offsets.len(), String::new());
    pointers
}

/// Where a string ends that begins before the first byte.
fn end_of_string(text: &[u8]) -> usize {
    let mut is_escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    end.unwrap_or(text.len())
}

fn pointer(text: &[u8], steps: &[Step], hidden: &[(usize, usize)]) -> String {
    let mut pointer = String::new();
    for step in steps {
        match step {
            Step::Element(before) => {
                let _ = write!(pointer, "/{before}");
            }
            // Its name is what was found, or is not there.
            Step::Member(name) if name.is_empty() => break,
            Step::Member(name) => {
                pointer.push('/');
                let is_hidden =
                    |(start, end): &(usize, usize)| *start < name.end && name.start < *end;
                if hidden.iter().any(is_hidden) {
                    pointer.push('?');
                    continue;
                }
                let name = text.get(name.clone()).unwrap_or_default();
                for letter in String::from_utf8_lossy(name).chars() {
                    match letter {
                        '~' => pointer.push_str("~0"),
                        '/' => pointer.push_str("~1"),
                        letter => pointer.push(letter),
                    }
                }
            }
        }
        if pointer.len() > POINTER_BYTES_MAX {
            break;
        }
    }
    let mut end = pointer.len().min(POINTER_BYTES_MAX);
    while !pointer.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    pointer.truncate(end);
    pointer
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::pointers;

    #[test]
    fn what_stands_in_a_document_has_a_pointer() {
        let text = br#"{"a":{"b/c":[1,{"d":"SECRET"}]},"KEY":2, "e" : "x\"y","":7}"#;
        let at = |word: &str| {
            let text = core::str::from_utf8(text).unwrap();
            text.find(word).unwrap()
        };
        for (word, expected) in [
            ("SECRET", "/a/b~1c/1/d"),
            ("1,", "/a/b~1c/0"),
            // What is in a name is told as being in its object.
            ("KEY", ""),
            ("b/c", "/a"),
            ("2,", "/KEY"),
            ("y\",", "/e"),
        ] {
            let offset = at(word);
            assert_eq!(pointers(text, &[offset], &[]), [expected], "{word}");
        }
        let all = [at("SECRET"), at("KEY"), at("y\",")];
        assert_eq!(pointers(text, &all, &[]), ["/a/b~1c/1/d", "", "/e"]);
        let hidden = [(at("b/c"), at("b/c") + 2)];
        assert_eq!(pointers(text, &[at("SECRET")], &hidden), ["/a/?/1/d"]);
    }

    #[test]
    fn no_text_panics_and_every_offset_has_an_answer() {
        bolero::check!().for_each(|text: &[u8]| {
            let offsets = vec![0, 1, text.len() / 2, text.len(), usize::MAX];
            assert_eq!(pointers(text, &offsets, &[(0, 3)]).len(), offsets.len());
        });
        let deep = "[".repeat(100_000);
        assert_eq!(pointers(deep.as_bytes(), &[99_999], &[])[0].len(), 64);
    }
}
