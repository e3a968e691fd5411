//! What is out of the ordinary in the shape of a document, a form or packed data: how deep, how
//! broad, how much of nothing.
//! It never holds a byte of it, and it is never told of what is ordinary.

/// The figures of one document, one form or one piece of packed data; zero where they mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The most containers open at once while the text still was a document.
    pub depth: u32,
    /// Members of all containers.
    pub members: u32,
    /// Members of the broadest list.
    pub items: u32,
    /// Members of the broadest object.
    pub names: u32,
    /// Containers with nothing in them.
    pub hollow: u32,
    /// Names that stand twice in a row in one object.
    pub doubled: u32,
    /// Digits of the longest number.
    pub digits: u32,
    /// Digits of the longest exponent.
    pub exponent: u32,
    /// Fields of a form, or parts of a multipart body.
    pub fields: u32,
    /// How many times its size packed data had grown to when it was left alone.
    pub ratio: u32,
    /// How often what was packed is packed again.
    pub packings: u32,
}

// Limit: what an ordinary event has. 64 levels are what the strictest reader takes (.NET); 10,000
// members are 60 KB at least; the exponents of doubles have 3 digits, and numbers of 64 digits
// carry 212 bits; a hundred fields are a long form.
const DEPTH_ORDINARY: u32 = 64;
const MEMBERS_ORDINARY: u32 = 10_000;
const DIGITS_ORDINARY: u32 = 64;
const EXPONENT_ORDINARY: u32 = 3;
const FIELDS_ORDINARY: u32 = 100;

impl Shape {
    /// True if a figure is worth telling.
    pub(crate) fn is_remarkable(&self) -> bool {
        self.depth > DEPTH_ORDINARY
            || self.members > MEMBERS_ORDINARY
            || self.doubled > 0
            || self.digits > DIGITS_ORDINARY
            || self.exponent > EXPONENT_ORDINARY
            || self.fields > FIELDS_ORDINARY
            || self.ratio > 0
            || self.packings > 2
    }

    /// Notes a number as it stands in the text.
    pub(crate) fn note_number(&mut self, token: &[u8]) {
        let (number, exponent) = match memchr::memchr2(b'e', b'E', token) {
            Some(at) => token.split_at(at),
            None => (token, &[][..]),
        };
        let digits = |text: &[u8]| {
            let digits = text.iter().filter(|byte| byte.is_ascii_digit());
            u32::try_from(digits.count()).unwrap_or(u32::MAX)
        };
        self.digits = self.digits.max(digits(number));
        self.exponent = self.exponent.max(digits(exponent));
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use super::Shape;
    use crate::{Form, Steps, Visitor, walk};

    /// What was told of an event, and of where.
    #[derive(Default)]
    struct Told(Vec<(alloc::string::String, Shape)>);

    impl Visitor for Told {
        fn form(&mut self, _: &Form<'_>, _: &mut Steps) {}

        fn shape(&mut self, form: &Form<'_>, shape: &Shape) {
            self.0.push((form.pointer(), *shape));
        }
    }

    fn told(event: &str) -> Vec<(alloc::string::String, Shape)> {
        let mut told = Told::default();
        walk(
            event.as_bytes(),
            &mut Steps::for_bytes(event.len()),
            &mut told,
        );
        told.0
    }

    /// The figure of the only text that was told of.
    fn figure(event: &str, place: &str, of: fn(&Shape) -> u32) -> u32 {
        let told = told(event);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, place);
        of(&told[0].1)
    }

    #[test]
    fn nothing_is_told_of_an_ordinary_event() {
        for event in [
            "{}",
            r#"{"a":[1,2.5,{"b":null}],"body":"{\"c\":[[[]]]}","d":"x=1&y=2"}"#,
            &format!("{}{}", "[".repeat(64), "]".repeat(64)),
        ] {
            assert_eq!(told(event), [], "{event}");
        }
    }

    #[test]
    fn each_figure_is_told_with_the_place_of_its_text() {
        let deep = format!("{}1{}", "[".repeat(90), "]".repeat(90));
        let quoted = |text: &str| format!("{{\"body\":\"{text}\"}}");
        assert_eq!(figure(&deep, "", |shape| shape.depth), 90);
        assert_eq!(figure(&quoted(&deep), "/body", |shape| shape.depth), 90);
        let list = format!("[{}0]", "[],".repeat(10_100));
        assert_eq!(figure(&list, "", |shape| shape.hollow), 10_100);
        assert_eq!(figure(&list, "", |shape| shape.items), 10_101);
        let names = format!("{{{}\"b\":0}}", "\"a\":1,".repeat(3));
        assert_eq!(figure(&names, "", |shape| shape.doubled), 2);
        assert_eq!(figure("[1e123456]", "", |shape| shape.exponent), 6);
        let digits = format!("[-{}.5]", "7".repeat(80));
        assert_eq!(figure(&digits, "", |shape| shape.digits), 81);
        let form = quoted(&format!("{}b=2", "a=1&".repeat(150)));
        assert_eq!(figure(&form, "/body", |shape| shape.fields), 151);
    }

    #[test]
    fn what_stands_behind_the_end_of_a_document_is_not_counted() {
        let event = format!("[[1]] x {}", "[".repeat(900));
        assert_eq!(told(&event), []);
    }
}
