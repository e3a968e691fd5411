//! The parts of an answer over HTTP, by their bytes: its headers, its cookies, its body.
//! It never reads a body, and takes nothing for such an answer that has no status code.
use alloc::vec::Vec;

use credenza_engine::leak::Media;
use credenza_event::layout::{self, Member, Range};

// Limit: gateways take some 10 KiB of headers; what is larger is data, and so no such answer.
const HEADERS_BYTES_MAX: usize = 64 * 1024;

/// Where the parts of an answer stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// The value of `headers`, an object.
    pub(super) headers: Option<Range>,
    /// The value of `headers` that is no object.
    pub(super) no_headers: Option<Range>,
    /// The value of `cookies`.
    pub(super) cookies: Option<Range>,
    /// The value of `multiValueHeaders`, an object.
    pub(super) multi: Option<Range>,
    /// What stands between the quotes of `body`.
    pub(super) body: Option<Range>,
    /// The body is base64.
    pub(super) is_base64: bool,
    has_status: bool,
}

/// The parts of an output, if it is an answer over HTTP.
pub(super) fn of(output: &[u8]) -> Option<Parts> {
    let parts = members_of(output);
    parts.has_status.then_some(parts)
}

/// The parts of what is such an answer for another reason.
pub(super) fn members_of(output: &[u8]) -> Parts {
    let mut parts = Parts::default();
    for member in layout::members_within(output, 0, HEADERS_BYTES_MAX) {
        let Member { name, value } = member;
        let is_object = output.get(value.start) == Some(&b'{');
        let at = value.clone();
        let text = output.get(at).unwrap_or_default();
        match output.get(name).unwrap_or_default() {
            b"statusCode" => parts.has_status = true,
            b"headers" => {
                parts.headers = is_object.then_some(value.clone());
                parts.no_headers = (!is_object).then_some(value);
            }
            b"multiValueHeaders" => parts.multi = is_object.then_some(value),
            b"cookies" => parts.cookies = Some(value),
            b"isBase64Encoded" => parts.is_base64 = text == b"true",
            b"body" => parts.body = inside(output, value),
            _ => {}
        }
    }
    parts
}

/// What stands between the quotes of a string.
fn inside(output: &[u8], value: Range) -> Option<Range> {
    let text = output.get(value.clone())?;
    let is_string = text.len() >= 2 && text.starts_with(b"\"") && text.ends_with(b"\"");
    is_string.then(|| value.start.saturating_add(1)..value.end.saturating_sub(1))
}

impl Parts {
    /// The value of a header, from either place, between its quotes.
    pub(super) fn header<'o>(&self, output: &'o [u8], name: &[u8]) -> Option<&'o [u8]> {
        let objects = [&self.headers, &self.multi];
        let mut found = objects.into_iter().flatten().flat_map(|object| {
            let members = layout::members(output, object.start);
            let named = members.filter(|member| is_named(output, member, name));
            named.map(|member| member.value)
        });
        let value = found.next()?;
        let value = match output.get(value.start)? {
            b'[' => layout::elements(output, value.start).next()?,
            _ => value,
        };
        output.get(inside(output, value)?)
    }

    /// Every field of the headers: its name, and where its value stands between its quotes.
    pub(super) fn fields<'o>(&self, output: &'o [u8]) -> Vec<(&'o [u8], Range)> {
        let mut fields = Vec::new();
        let mut add = |name: &'o [u8], value: &Range| match output.get(value.start) {
            Some(b'[') => {
                let each = layout::elements(output, value.start);
                fields.extend(each.filter_map(|value| Some((name, inside(output, value)?))));
            }
            _ => fields.extend(inside(output, value.clone()).map(|value| (name, value))),
        };
        for object in [&self.headers, &self.multi].into_iter().flatten() {
            for member in layout::members(output, object.start) {
                add(output.get(member.name).unwrap_or_default(), &member.value);
            }
        }
        if let Some(cookies) = &self.cookies {
            add(b"set-cookie", cookies);
        }
        fields
    }

    /// What the body is read as.
    pub(super) fn media(&self, output: &[u8]) -> Media {
        let kind = self.header(output, b"content-type").unwrap_or_default();
        media(kind)
    }

    /// How the body is packed.
    pub(super) fn coding(&self, output: &[u8]) -> Coding {
        let coding = self.header(output, b"content-encoding");
        Coding::named(coding.unwrap_or_default())
    }
}

/// True if a member has a name, in any case.
pub(super) fn is_named(output: &[u8], member: &Member, name: &[u8]) -> bool {
    let found = output.get(member.name.clone());
    found.is_some_and(|found| found.eq_ignore_ascii_case(name))
}

/// What a content type says of a body.
pub(super) fn media(content_type: &[u8]) -> Media {
    let essence = content_type.split(|byte| *byte == b';').next();
    // A slash may be escaped in JSON.
    let is = |ends: &[&[u8]]| {
        let essence = essence.unwrap_or_default().trim_ascii();
        let ends_in = |end: &&[u8]| {
            let start = essence.len().checked_sub(end.len());
            let tail = start.and_then(|start| essence.get(start..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        ends.iter().any(ends_in)
    };
    if is(&[b"/html", b"/xhtml+xml", b"/svg+xml"]) {
        Media::Html
    } else if is(&[b"/json", b"+json"]) {
        Media::Json
    } else if is(&[b"/javascript", b"/ecmascript", b"/x-javascript"]) {
        Media::Script
    } else {
        Media::Text
    }
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Not at all.
    None,
    Gzip,
    /// zlib, or what some servers take for it: deflate alone.
    Deflate,
    /// In a way that is not undone here, and what that is called in records.
    Other(&'static str),
}

impl Coding {
    pub(super) fn named(name: &[u8]) -> Self {
        let name = name.trim_ascii();
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if name.is_empty() || is("identity") {
            Self::None
        } else if is("gzip") || is("x-gzip") {
            Self::Gzip
        } else if is("deflate") {
            Self::Deflate
        } else if is("br") {
            Self::Other("br")
        } else if is("zstd") {
            Self::Other("zstd")
        } else {
            Self::Other("encoded")
        }
    }
}

#[cfg(test)]
mod tests {
    use credenza_engine::leak::Media;

    use super::{Coding, of};

    #[test]
    fn an_answer_is_taken_apart_by_its_bytes() {
        let output = br#"{ "headers":{"Content-Type":"text\/html; charset=utf-8"},
            "body" : "a\"b", "isBase64Encoded":true,"statusCode":200,
            "multiValueHeaders":{"content-encoding":["gzip"]}}"#;
        let parts = of(output).unwrap();
        assert_eq!(output.get(parts.body.clone().unwrap()).unwrap(), br#"a\"b"#);
        assert!(parts.is_base64);
        assert_eq!(parts.media(output), Media::Html);
        assert_eq!(parts.coding(output), Coding::Gzip);
    }

    #[test]
    fn what_has_no_status_or_large_members_is_no_such_answer() {
        let large = alloc::format!(
            "{{\"items\":[{}1],\"statusCode\":200}}",
            "1,".repeat(40_000)
        );
        for output in ["", "null", "[]", "\"a\"", "{\"body\":\"a\"}", &large] {
            assert_eq!(
                of(output.as_bytes()),
                None,
                "{}",
                &output[..output.len().min(40)]
            );
        }
        let long = alloc::format!(
            "{{\"body\":\"{}\",\"statusCode\":200}}",
            "x".repeat(200_000)
        );
        assert_eq!(of(long.as_bytes()).unwrap().body, Some(9..200_009));
    }

    #[test]
    fn no_output_panics() {
        bolero::check!().for_each(|output: &[u8]| {
            if let Some(parts) = of(output) {
                parts.media(output);
                parts.coding(output);
            }
        });
    }
}
