//! A pattern of names: letters as they are, `*` for what stands between two slashes, `**` for all.
//! It never takes more than a step a letter and element, whatever it is asked.
use alloc::{string::String, vec::Vec};

/// What names a route, a place in an event, a function or a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    elements: Vec<Element>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Byte(u8),
    /// Any bytes but a slash.
    Step,
    /// Any bytes.
    Rest,
}

// Limit: the longest name is an S3 bucket and key prefix that somebody wrote down, some 100 bytes;
// with 127 elements all states of a search stand in one number.
const ELEMENTS_MAX: usize = 127;

impl Pattern {
    /// Reads a pattern; `None` if it is empty or longer than 127 elements.
    pub fn parse(text: &str) -> Option<Self> {
        let mut elements = Vec::new();
        let mut bytes = text.bytes().peekable();
        while let Some(byte) = bytes.next() {
            elements.push(match byte {
                b'*' if bytes.next_if_eq(&b'*').is_some() => Element::Rest,
                b'*' => Element::Step,
                byte => Element::Byte(byte),
            });
        }
        (!elements.is_empty() && elements.len() <= ELEMENTS_MAX).then(|| Self {
            text: text.into(),
            elements,
        })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True if all of `text` has this form.
    pub fn matches(&self, text: &str) -> bool {
        let mut states = self.closure(1);
        for byte in text.bytes() {
            let mut next = 0_u128;
            for (at, element) in self.elements.iter().enumerate() {
                if states >> at & 1 == 0 {
                    continue;
                }
                next |= match element {
                    Element::Byte(own) if *own == byte => 2 << at,
                    Element::Step if byte != b'/' => 1 << at,
                    Element::Rest => 1 << at,
                    Element::Byte(_) | Element::Step => 0,
                };
            }
            states = self.closure(next);
            if states == 0 {
                return false;
            }
        }
        states >> self.elements.len() & 1 == 1
    }

    /// True if all of a path has this form, and it is a path that every reader reads in one way:
    /// what climbs or hides a slash is never meant by a pattern that leaves something open.
    pub fn matches_route(&self, route: &str) -> bool {
        let is_open = self.elements.iter().any(|e| !matches!(e, Element::Byte(_)));
        self.matches(route) && !(is_open && is_crooked(route))
    }

    /// The states reached without a byte: stars may stand for nothing.
    fn closure(&self, states: u128) -> u128 {
        let mut states = states;
        for (at, element) in self.elements.iter().enumerate() {
            if states >> at & 1 == 1 && !matches!(element, Element::Byte(_)) {
                states |= 2 << at;
            }
        }
        states
    }
}

/// True for a path that two readers may read as two paths.
fn is_crooked(path: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "..", "//", "/./", "\\", "%2e", "%2f", "%5c", "%25", "%00", ";",
    ];
    let lower = path.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::Pattern;

    fn fits(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches_route(text)
    }

    #[test]
    fn a_star_stands_for_one_step_and_two_for_the_rest() {
        for (pattern, text, expected) in [
            ("GET /items/*", "GET /items/7", true),
            ("GET /items/*", "GET /items/", true),
            ("GET /items/*", "GET /items/7/parts", false),
            ("GET /items/**", "GET /items/7/parts", true),
            ("GET /items/*/parts", "GET /items/7/parts", true),
            ("* /items", "POST /items", true),
            ("POST /items", "POST /item", false),
            ("orders-*", "orders-eu-1", true),
            ("orders-*", "my-orders-eu", false),
            ("**", "", true),
            ("uploads/in/**", "uploads/in/a/b.csv", true),
            ("*a*b*", "xaxbx", true),
            ("a", "aa", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_path_that_climbs_is_meant_by_no_open_pattern() {
        for path in [
            "GET /a/../admin",
            "GET /a//b",
            "GET /a/%2E%2e/admin",
            "GET /a/x%2fy",
            "GET /a\\b",
            "GET /a/..;/b",
            "GET /a/./b",
        ] {
            assert!(!fits("GET /a/**", path), "{path}");
            assert!(!fits("GET **", path), "{path}");
        }
        assert!(fits("GET /a/../b", "GET /a/../b"));
    }

    #[test]
    fn patterns_have_bounds() {
        assert_eq!(Pattern::parse(""), None);
        assert!(Pattern::parse(&"a".repeat(127)).is_some());
        assert_eq!(Pattern::parse(&"a".repeat(128)), None);
        // What makes others take forever takes a step a letter and element here.
        let worst = Pattern::parse(&"*a".repeat(63)).unwrap();
        assert!(!worst.matches(&"a".repeat(10_000).replace("aaaaaaaaaa", "aaaaaaaaab")));
    }

    #[test]
    fn every_text_without_a_star_matches_itself_alone() {
        bolero::check!()
            .with_type::<(String, String)>()
            .for_each(|(own, other)| {
                if own.contains('*') {
                    return;
                }
                if let Some(pattern) = Pattern::parse(own) {
                    assert!(pattern.matches(own));
                    assert_eq!(pattern.matches(other), own == other);
                }
            });
    }
}
