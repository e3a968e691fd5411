//! JSON as parsers disagree on it: duplicate names, lone surrogates, numbers beyond all bounds,
//! other encodings, bytes that are no text, and damage. It never makes the same document for two
//! numbers, and the same one twice for one.
use crate::dice::Dice;

/// Which encodings and spellings a document has; each input draws its own, so that most are read by
/// some parser.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a taste of its own, drawn for itself"
)]
struct Taste {
    /// Raw control characters, single quotes, trailing commas, comments: what no parser reads.
    is_wild: bool,
    /// Bytes that are no UTF-8, which Node reads.
    is_raw: bool,
    /// `NaN`, `Infinity`, which Python reads.
    has_names: bool,
    /// White space between all tokens.
    is_spaced: bool,
}

// Limit: Node reads a million levels; 100,000 are 200 KB, as many as once ended a whole process.
const DEPTH_MAX: usize = 100_000;

/// The document of a number.
pub(crate) fn document(dice: &mut Dice) -> Vec<u8> {
    let taste = Taste {
        is_wild: dice.once_in(12),
        is_raw: dice.once_in(4),
        has_names: dice.once_in(5),
        is_spaced: dice.once_in(3),
    };
    let mut text = Vec::new();
    space(dice, taste, &mut text);
    match dice.below(4000) {
        0 => deep(dice, DEPTH_MAX, taste, &mut text),
        1..=60 => deep(dice, 1200, taste, &mut text),
        61..=1060 => event(dice, taste, &mut text),
        _ => value(dice, 0, taste, &mut text),
    }
    space(dice, taste, &mut text);
    damage(dice, &mut text);
    encoded(dice, text)
}

/// Containers inside of each other, with a string in the innermost.
fn deep(dice: &mut Dice, depth_max: usize, taste: Taste, out: &mut Vec<u8>) {
    let depth = dice.below(depth_max);
    let mut ends = Vec::new();
    let only_lists = dice.once_in(2);
    for _ in 0..depth {
        if only_lists || dice.once_in(2) {
            out.push(b'[');
            ends.push(b']');
        } else {
            out.extend_from_slice(b"{\"k\":");
            ends.push(b'}');
        }
    }
    string(dice, taste, out);
    ends.reverse();
    out.append(&mut ends);
}

/// Something like an event of a service, with a document in its body.
fn event(dice: &mut Dice, taste: Taste, out: &mut Vec<u8>) {
    const HEADS: [&str; 6] = [
        "{\"version\":\"2.0\",\"rawPath\":\"/a\",\"body\":",
        "{\"headers\":{\"Cookie\":\"a=b; c=d\",\"x\":\"y\"},\"body\":",
        "{\"queryStringParameters\":{\"a\":\"b+c\"},\"isBase64Encoded\":false,\"body\":",
        "{\"multiValueQueryStringParameters\":{\"a\":[\"1\",\"(2)\"]},\"body\":",
        "{\"Records\":[{\"s3\":{\"object\":{\"key\":\"a+b%20c\"}}}],\"body\":",
        "{\"Records\":[{\"Sns\":{\"Message\":\"{\\\"a\\\":\\\"b\\\"}\"}}],\"body\":",
    ];
    out.extend_from_slice(dice.pick(&HEADS).unwrap_or("{\"body\":").as_bytes());
    nested(dice, taste, out);
    out.push(b'}');
}

fn value(dice: &mut Dice, depth: usize, taste: Taste, out: &mut Vec<u8>) {
    let kinds = if depth > 5 { 6 } else { 10 };
    match dice.below(kinds) {
        0 => number(dice, taste, out),
        1 => literal(dice, taste, out),
        2 if depth < 3 => nested(dice, taste, out),
        2..=5 => string(dice, taste, out),
        6 | 7 => list(dice, depth, taste, out),
        _ => object(dice, depth, taste, out),
    }
}

fn list(dice: &mut Dice, depth: usize, taste: Taste, out: &mut Vec<u8>) {
    out.push(b'[');
    for member in 0..dice.below(4) {
        if member > 0 {
            out.push(b',');
        }
        space(dice, taste, out);
        value(dice, depth + 1, taste, out);
        space(dice, taste, out);
    }
    end(dice, taste, b']', out);
}

fn object(dice: &mut Dice, depth: usize, taste: Taste, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut last = Vec::new();
    for member in 0..dice.below(4) {
        if member > 0 {
            out.push(b',');
        }
        space(dice, taste, out);
        if dice.once_in(5) && !last.is_empty() {
            // The same name again: readers keep the last value.
            out.extend_from_slice(&last);
        } else {
            let start = out.len();
            string(dice, taste, out);
            last = out.get(start..).unwrap_or_default().to_vec();
        }
        space(dice, taste, out);
        out.push(b':');
        space(dice, taste, out);
        value(dice, depth + 1, taste, out);
        space(dice, taste, out);
    }
    end(dice, taste, b'}', out);
}

/// The end of a container; wild ones have a comma before it, or no end.
fn end(dice: &mut Dice, taste: Taste, sign: u8, out: &mut Vec<u8>) {
    if taste.is_wild && dice.once_in(6) {
        out.push(b',');
    }
    if !(taste.is_wild && dice.once_in(9)) {
        out.push(sign);
    }
}

fn literal(dice: &mut Dice, taste: Taste, out: &mut Vec<u8>) {
    const ALL: [&str; 8] = [
        "true",
        "false",
        "null",
        "true",
        "NaN",
        "Infinity",
        "-Infinity",
        "undefined",
    ];
    let end = match (taste.is_wild, taste.has_names) {
        (true, _) => 8,
        (false, true) => 7,
        (false, false) => 4,
    };
    let at = dice.below(end);
    out.extend_from_slice(ALL.get(at).unwrap_or(&"null").as_bytes());
}

fn number(dice: &mut Dice, taste: Taste, out: &mut Vec<u8>) {
    const SOME: [&str; 10] = [
        "0",
        "-0",
        "1.5",
        "1e999",
        "-1E-400",
        "9007199254740993",
        "0.1e+5",
        "01",
        "+1",
        "1.",
    ];
    match dice.below(4) {
        // Python refuses integers of more than 4,300 digits.
        0 => out.extend(std::iter::repeat_n(b'7', 1 + dice.below(500))),
        1 => out.extend(dice.below(1000).to_string().bytes()),
        _ => {
            let end = if taste.is_wild { 10 } else { 7 };
            let at = dice.below(end);
            out.extend_from_slice(SOME.get(at).unwrap_or(&"0").as_bytes());
        }
    }
}

/// White space; wild documents have what only looks like it.
fn space(dice: &mut Dice, taste: Taste, out: &mut Vec<u8>) {
    const SPACES: [&str; 9] = [
        " ", "\n", "\t", "\r\n", "  \n\t", "\u{b}", "\u{a0}", "\u{feff}", "/* x */",
    ];
    if !taste.is_spaced && !dice.once_in(12) {
        return;
    }
    let end = if taste.is_wild { 9 } else { 5 };
    let at = dice.below(end);
    out.extend_from_slice(SPACES.get(at).unwrap_or(&" ").as_bytes());
}

/// A document inside a string.
fn nested(dice: &mut Dice, taste: Taste, out: &mut Vec<u8>) {
    let mut inner = Vec::new();
    value(dice, 4, taste, &mut inner);
    quoted(dice, &inner, out);
}

/// Appends a string that holds these bytes, escaped in one of the usual ways.
fn quoted(dice: &mut Dice, bytes: &[u8], out: &mut Vec<u8>) {
    let is_spelled = dice.once_in(20);
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' if !is_spelled => out.extend_from_slice(&[b'\\', byte]),
            b'\n' if !is_spelled => out.extend_from_slice(b"\\n"),
            b'/' if is_spelled => out.extend_from_slice(b"\\/"),
            0..0x20 | b'"' | b'\\' => out.extend(format!("\\u{byte:04x}").bytes()),
            byte if is_spelled && byte < 0x80 => out.extend(format!("\\u{byte:04X}").bytes()),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}

fn string(dice: &mut Dice, taste: Taste, out: &mut Vec<u8>) {
    let quote = if taste.is_wild && dice.once_in(8) {
        b'\''
    } else {
        b'"'
    };
    out.push(quote);
    for _ in 0..dice.below(5) {
        piece(dice, taste, out);
    }
    if dice.once_in(200) {
        // Over the edges of blocks, buffers and limits.
        out.extend(std::iter::repeat_n(b'x', dice.below(9000)));
        piece(dice, taste, out);
    }
    if !(taste.is_wild && dice.once_in(20)) {
        out.push(quote);
    }
}

/// What strings are made of.
const PIECES: [&str; 34] = [
    "a",
    "key",
    "hello world",
    "' or 1=1 -- ",
    "<script>",
    "../..",
    "${jndi:ldap}",
    "a=1&b=2",
    "%27%20",
    "JyBvciAxPTEgLS0g",
    "+ADw-",
    "é",
    "日本",
    "\u{1f600}",
    "\u{feff}",
    "\\n",
    "\\t",
    "\\\"",
    "\\\\",
    "\\/",
    "\\b",
    "\\f",
    "\\r",
    "\\u0027",
    "\\u0000",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\udc00",
    "\\udc00\\ud800",
    "\\uD83D\\u0041",
    "\\uffff",
    "{\\\"a\\\":1}",
    "[1]",
    "  ",
];

fn piece(dice: &mut Dice, taste: Taste, out: &mut Vec<u8>) {
    match dice.below(12) {
        // Each byte and each unit there is, as an escape.
        0 => out.extend(format!("\\u00{:02x}", dice.byte()).bytes()),
        1 => out.extend(format!("\\u{:02x}{:02X}", dice.byte(), dice.byte()).bytes()),
        2 if taste.is_raw => {
            const RAW: [&[u8]; 8] = [
                b"\xff",
                b"\xc0\xa7",
                b"\xe0\x80\xa7",
                b"\xed\xa0\x80",
                b"\xe2\x82",
                b"\xf8\x88\x80\x80\x80",
                b"\x80",
                b"\xf4\x90\x80\x80",
            ];
            out.extend_from_slice(dice.pick(&RAW).unwrap_or_default());
        }
        3 if taste.is_raw => out.push(dice.byte() | 0x80),
        4 if taste.is_wild => {
            // Raw control characters, and escapes that are none.
            const WRONG: [&str; 7] = ["\n", "\0", "\t", "\\x27", "\\'", "\\u12", "\\U0041"];
            out.extend_from_slice(dice.pick(&WRONG).unwrap_or_default().as_bytes());
        }
        5 => match 0x20 + dice.byte() % 0x5f {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            byte => out.push(byte),
        },
        _ => out.extend_from_slice(dice.pick(&PIECES).unwrap_or_default().as_bytes()),
    }
}

/// Cuts, doubles or changes a few bytes of some documents, and puts junk behind others.
fn damage(dice: &mut Dice, text: &mut Vec<u8>) {
    match dice.below(40) {
        0 => text.truncate(dice.below(text.len() + 1)),
        1 => {
            let at = dice.below(text.len());
            let byte = dice.byte();
            if let Some(place) = text.get_mut(at) {
                *place = byte;
            }
        }
        2 => text.extend_from_slice(b" ' or 1=1 -- "),
        3 => text.extend_from_slice(b"\0{\"after\":\"nul\"}"),
        4 => {
            let at = dice.below(text.len() + 1);
            text.insert(at, dice.byte());
        }
        _ => {}
    }
}

/// The document in one of the encodings that Python tells by its first bytes.
fn encoded(dice: &mut Dice, text: Vec<u8>) -> Vec<u8> {
    let wide = |mark: &[u8], spell: fn(u16) -> [u8; 2]| {
        let mut bytes = mark.to_vec();
        let text = String::from_utf8_lossy(&text);
        bytes.extend(text.encode_utf16().flat_map(spell));
        bytes
    };
    let wider = |mark: &[u8], spell: fn(u32) -> [u8; 4]| {
        let mut bytes = mark.to_vec();
        let text = String::from_utf8_lossy(&text);
        bytes.extend(text.chars().flat_map(|char| spell(u32::from(char))));
        bytes
    };
    match dice.below(80) {
        0 => wide(b"\xff\xfe", u16::to_le_bytes),
        1 => wide(b"\xfe\xff", u16::to_be_bytes),
        2 => wide(b"", u16::to_le_bytes),
        3 => wide(b"", u16::to_be_bytes),
        4 => wider(b"\xff\xfe\0\0", u32::to_le_bytes),
        5 => wider(b"\0\0\xfe\xff", u32::to_be_bytes),
        6 => wider(b"", u32::to_le_bytes),
        7 => wider(b"", u32::to_be_bytes),
        8..=10 => [b"\xef\xbb\xbf", text.as_slice()].concat(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::document;
    use crate::dice::Dice;

    #[test]
    fn a_number_has_one_document_and_its_neighbour_another() {
        let made = |number| document(&mut Dice::of(1, number));
        assert_eq!(made(5), made(5));
        assert!(
            (0..100)
                .filter(|number| made(*number) == made(*number + 1))
                .count()
                < 10
        );
    }

    #[test]
    fn documents_are_of_every_kind() {
        let all: Vec<_> = (0..20_000)
            .map(|number| document(&mut Dice::of(1, number)))
            .collect();
        for sign in ["NaN", "\\ud800", "1e999", "{\\\"", "' or 1=1", "\"body\""] {
            let has = |text: &Vec<u8>| text.windows(sign.len()).any(|part| part == sign.as_bytes());
            assert!(all.iter().any(has), "{sign}");
        }
        assert!(all.iter().any(|text| text.starts_with(b"\xff\xfe")));
        assert!(all.iter().any(|text| text.len() > 50_000));
        assert!(all.iter().any(|text| std::str::from_utf8(text).is_err()));
    }
}
