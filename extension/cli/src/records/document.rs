//! The elements of JSON documents of any size, one at a time.
//! It never holds more of a document than one element of it.
use std::io::{self, BufRead};

// Limit: an event of CloudWatch Logs has at most 256 KB, of which escapes make at most six times
// as much; a subscription's document holds up to 1 MB of them in one element.
const ELEMENT_BYTES_MAX: usize = 8 << 20;

// Limit: deeper than any envelope; what stands deeper is read over.
const DEPTH_MAX: usize = 64;

/// Reads JSON values that follow one another, and hands over what their lists hold: the elements
/// of a list at the top, or of the lists that are members of an object at the top. A value without
/// such elements is handed over whole.
///
/// `take` is asked whether to go on. Returns how many elements were too large to be read.
pub(crate) fn each_element(
    input: &mut dyn BufRead,
    take: &mut dyn FnMut(&[u8]) -> anyhow::Result<bool>,
) -> anyhow::Result<u64> {
    let mut scanner = Scanner::default();
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if chunk.is_empty() {
            return Ok(scanner.oversized);
        }
        let read = chunk.len();
        for byte in chunk {
            if scanner.step(*byte) {
                let on = take(&scanner.held);
                scanner.held.clear();
                if !on? {
                    return Ok(scanner.oversized);
                }
            }
        }
        input.consume(read);
    }
}

/// Where in a document the next byte stands.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing to know of the place"
)]
struct Scanner {
    /// What is open, from the outside; brackets only.
    open: Vec<u8>,
    /// Brackets open beyond those that are kept.
    deeper: usize,
    in_string: bool,
    escaped: bool,
    /// The bytes of the element, or of the whole value until its first element.
    held: Vec<u8>,
    /// Whether `held` is an element.
    in_element: bool,
    /// Whether the value at the top has had an element.
    had_elements: bool,
    too_large: bool,
    oversized: u64,
}

impl Scanner {
    /// Takes a byte; true if `held` is now whole and to be handed over.
    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            self.hold(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => (),
            }
            return false;
        }
        match byte {
            b'"' if !self.open.is_empty() => {
                self.in_string = true;
                self.hold(byte);
                false
            }
            b'{' | b'[' => {
                self.opens(byte);
                false
            }
            b'}' | b']' => self.closes(byte),
            _ => {
                self.hold(byte);
                false
            }
        }
    }

    fn opens(&mut self, byte: u8) {
        // An element stands in a list at the top, or in a list that an object at the top has.
        let is_element = !self.in_element
            && matches!(self.open.as_slice(), [b'['] | [b'{', b'['])
            && self.deeper == 0;
        if is_element {
            self.in_element = true;
            self.had_elements = true;
            self.held.clear();
            self.too_large = false;
        }
        if self.open.len() < DEPTH_MAX {
            self.open.push(byte);
        } else {
            self.deeper += 1;
        }
        self.hold(byte);
    }

    fn closes(&mut self, byte: u8) -> bool {
        self.hold(byte);
        if self.deeper > 0 {
            self.deeper -= 1;
            return false;
        }
        self.open.pop();
        let of_list = matches!(self.open.as_slice(), [b'['] | [b'{', b'[']);
        let is_whole = if self.in_element && of_list {
            self.in_element = false;
            true
        } else if self.open.is_empty() {
            let is_whole = !self.had_elements;
            self.had_elements = false;
            is_whole
        } else {
            return false;
        };
        let fits = !std::mem::take(&mut self.too_large);
        if is_whole && !fits {
            self.oversized += 1;
        }
        if !(is_whole && fits) {
            self.held.clear();
        }
        is_whole && fits
    }

    fn hold(&mut self, byte: u8) {
        // Between the elements nothing is worth holding.
        if self.open.is_empty() || (self.had_elements && !self.in_element) {
            return;
        }
        if self.held.len() < ELEMENT_BYTES_MAX {
            self.held.push(byte);
        } else {
            self.too_large = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        for capacity in [1, 3, 64] {
            let mut input = io::BufReader::with_capacity(capacity, text.as_bytes());
            let mut elements = Vec::new();
            let mut take = |element: &[u8]| {
                elements.push(String::from_utf8(element.to_vec()).unwrap());
                Ok(true)
            };
            each_element(&mut input, &mut take).unwrap();
            assert_eq!(elements, expected, "{text}");
        }
    }

    #[test]
    fn elements_of_lists_at_the_top_are_handed_over() {
        check(r#"[{"a":1}, {"b":[{}]}]"#, &[r#"{"a":1}"#, r#"{"b":[{}]}"#]);
        check(
            r#"{"events": [ {"m":"}]"}, {"n":"\"]"} ], "next": {"x":[{}]}, "more":[[{"f":1}]]}"#,
            &[r#"{"m":"}]"}"#, r#"{"n":"\"]"}"#, r#"[{"f":1}]"#],
        );
    }

    #[test]
    fn values_without_elements_are_handed_over_whole() {
        check(
            "{\"a\":{\"b\":\"c\"}}{\"d\":[1,2]}\n {\"e\":[{}]}",
            &[r#"{"a":{"b":"c"}}"#, r#"{"d":[1,2]}"#, "{}"],
        );
    }

    #[test]
    fn what_is_no_document_hands_over_nothing() {
        for text in ["", "]]]}}", "[\"a\"", "null", "{\"a\":", "[1,2", "\"{}\" "] {
            let mut input = text.as_bytes();
            let mut take = |_: &[u8]| Ok(true);
            assert_eq!(each_element(&mut input, &mut take).unwrap(), 0, "{text}");
        }
    }

    #[test]
    fn an_element_that_is_too_large_is_counted_and_the_next_is_read() {
        let large = format!("[\"{}\"]", "x".repeat(ELEMENT_BYTES_MAX));
        let text = format!("[{large},{{\"a\":1}}]");
        let mut seen = Vec::new();
        let mut take = |element: &[u8]| {
            seen.push(element.len());
            Ok(true)
        };
        let oversized = each_element(&mut text.as_bytes(), &mut take).unwrap();
        assert_eq!((oversized, seen), (1, vec![7]));
    }

    #[test]
    fn depth_does_not_matter() {
        let deep = format!("[{}{}]", "[".repeat(300), "]".repeat(300));
        let mut count = 0;
        let mut take = |_: &[u8]| {
            count += 1;
            Ok(true)
        };
        each_element(&mut deep.as_bytes(), &mut take).unwrap();
        assert_eq!(count, 1);
    }
}
