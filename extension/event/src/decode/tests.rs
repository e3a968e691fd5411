//! Tests of the lattice: whatever is encoded is shown decoded, alone, in pairs, at every length.
//! They never look at time: work is counted in steps.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

use crate::walk::tests::Lines;
use crate::{Coverage, Form, Part, Role, Steps, Visitor, walk_text};

const ATTACK: &str = "' or 1=1 union select a, b from \"users\" where x<2; -- ";

/// Whether some form is exactly this text, or ends with it.
struct Shown<'t> {
    text: &'t [u8],
    at_end: bool,
    found: bool,
}

impl Visitor for Shown<'_> {
    fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
        self.found |= form.text == self.text || self.at_end && form.text.ends_with(self.text);
    }
}

fn shows(input: &[u8], text: &[u8], role: Role) -> bool {
    is_shown(input, text, role, false)
}

fn is_shown(input: &[u8], text: &[u8], role: Role, at_end: bool) -> bool {
    let mut shown = Shown {
        text,
        at_end,
        found: false,
    };
    let mut steps = Steps::for_bytes(input.len());
    walk_text(input, role, Part::Value, &mut steps, &mut shown);
    shown.found
}

/// A text with each of its bytes spelled in some way.
pub(super) fn spelled(text: &[u8], spell: impl Fn(u8) -> String) -> String {
    text.iter().map(|byte| spell(*byte)).collect()
}

fn each(text: &[u8], spell: impl Fn(u8) -> String) -> Vec<u8> {
    spelled(text, spell).into_bytes()
}

fn each_char(text: &[u8], spell: impl Fn(u32) -> String) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.chars()
        .map(|char| spell(u32::from(char)))
        .collect::<String>()
        .into_bytes()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut file = Vec::from(*b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    file.extend(compress_to_vec(text, 6));
    file.extend([0; 8]);
    file
}

fn wrapped(text: &[u8]) -> Vec<u8> {
    let lines = STANDARD.encode(text);
    let lines: Vec<_> = lines.as_bytes().chunks(19).collect();
    lines.join(&b"\r\n"[..])
}

fn wide(text: &[u8], mark: &[u8], spell: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::from(mark);
    let text = String::from_utf8_lossy(text);
    bytes.extend(text.chars().flat_map(|char| spell(u32::from(char))));
    STANDARD.encode(bytes).into_bytes()
}

fn utf7(text: &[u8]) -> Vec<u8> {
    each_char(text, |code| {
        let packed = STANDARD_NO_PAD.encode(&code.to_be_bytes()[2..]);
        format!("+{packed}-")
    })
}

/// The spelling of a text in some encoding.
type Encoder = fn(&[u8]) -> Vec<u8>;

/// Encodings of printable ASCII that is short or long.
const ENCODERS: [(&str, Encoder); 29] = [
    ("percent", |text| each(text, |byte| format!("%{byte:02x}"))),
    ("%u", |text| each_char(text, |code| format!("%u{code:04X}"))),
    ("\\x", |text| each(text, |byte| format!("\\x{byte:02x}"))),
    ("\\u", |text| {
        each_char(text, |code| format!("\\u{code:04x}"))
    }),
    ("\\u{}", |text| {
        each_char(text, |code| format!("\\u{{{code:x}}}"))
    }),
    ("\\U", |text| {
        each_char(text, |code| format!("\\U{code:08X}"))
    }),
    ("octal", |text| each(text, |byte| format!("\\{byte:03o}"))),
    ("CSS", |text| each(text, |byte| format!("\\{byte:06x} "))),
    ("entities", |text| {
        each_char(text, |code| format!("&#{code};"))
    }),
    ("hexadecimal entities", |text| {
        each_char(text, |code| format!("&#x{code:x};"))
    }),
    ("entities with zeros", |text| {
        each_char(text, |code| format!("&#{code:032};"))
    }),
    ("entities without semicolon", |text| {
        each_char(text, |code| format!("&#x{code:x}"))
            .iter()
            .copied()
            .chain(*b"\n")
            .collect()
    }),
    ("full width", |text| {
        each_char(text, |code| {
            let is_wide = (0x21..0x7f).contains(&code);
            let wide = char::from_u32(if is_wide { code + 0xfee0 } else { code });
            wide.unwrap_or_default().into()
        })
    }),
    ("zero width", |text| {
        each_char(text, |code| {
            let char = char::from_u32(code).unwrap_or_default();
            format!("{char}\u{200b}")
        })
    }),
    ("NUL", |text| {
        text.iter().flat_map(|byte| [*byte, 0]).collect()
    }),
    ("overlong", |text| {
        let sign = |code: u32| format!("%{:02x}%{:02x}", 0xc0 | code >> 6, 0x80 | code & 0x3f);
        each_char(text, sign)
    }),
    ("UTF-7", utf7),
    ("char codes", |text| {
        let codes = each_char(text, |code| format!(",{code}"));
        [b"CHAR(", codes.get(1..).unwrap_or(&[]), b")"].concat()
    }),
    ("base64", |text| STANDARD.encode(text).into_bytes()),
    ("base64 without padding", |text| {
        STANDARD_NO_PAD.encode(text).into_bytes()
    }),
    ("base64url", |text| URL_SAFE.encode(text).into_bytes()),
    ("base64 in lines", wrapped),
    ("hexadecimal", |text| {
        each(text, |byte| format!("{byte:02x}"))
    }),
    ("0x", |text| {
        [b"0x".to_vec(), each(text, |byte| format!("{byte:02X}"))].concat()
    }),
    ("data URL", |text| [b"data:text/plain,", text].concat()),
    ("data URL in base64", |text| {
        format!("data:;base64,{}", URL_SAFE_NO_PAD.encode(text)).into_bytes()
    }),
    ("UTF-16", |text| {
        wide(text, b"\xff\xfe", |code| code.to_le_bytes()[..2].into())
    }),
    ("UTF-16 without a mark", |text| {
        wide(text, b"", |code| code.to_be_bytes()[2..].into())
    }),
    ("UTF-32", |text| {
        wide(text, b"\0\0\xfe\xff", |code| code.to_be_bytes().into())
    }),
];

/// How texts are packed, which no other decoder undoes before base64 is undone.
const PACKERS: [(&str, Encoder); 3] = [
    ("gzip", gzip),
    ("zlib", |text| compress_to_vec_zlib(text, 6)),
    ("deflate", |text| compress_to_vec(text, 6)),
];

/// Texts shorter than this are not looked for: what they carry is no attack, and much of what looks
/// like an encoding of them is an ordinary value.
fn bytes_min(name: &str) -> usize {
    match name {
        _ if name.contains("base64") => 9,
        "hexadecimal" | "0x" | "UTF-16 without a mark" => 6,
        "UTF-16" | "UTF-32" => 5,
        "char codes" => 2,
        _ => 1,
    }
}

/// What a decoder of the encoding gives.
fn expected<'t>(name: &str, text: &'t [u8], buffer: &'t mut Vec<u8>) -> &'t [u8] {
    if name != "entities without semicolon" {
        return text;
    }
    buffer.extend_from_slice(text);
    buffer.push(b'\n');
    buffer
}

#[test]
fn every_encoding_is_undone_at_every_length() {
    let mut missed = Vec::new();
    let letters: Vec<u8> = b"'or\"x<(y)z;".iter().copied().cycle().take(64).collect();
    for (name, encode) in ENCODERS {
        for len in bytes_min(name)..=64 {
            let text = &letters[..len];
            let mut buffer = Vec::new();
            let expected = expected(name, text, &mut buffer);
            if !shows(&encode(text), expected, Role::Body) {
                missed.push(format!("{name} of {len} bytes"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Whether an encoding can spell all characters of another one.
fn knows(outer: &str, inner: &str) -> bool {
    let is_ascii = !matches!(inner, "full width" | "zero width");
    match outer {
        // Digits would run into the text behind them.
        "entities without semicolon" => false,
        "CSS" => is_ascii && inner != "NUL",
        "UTF-16 without a mark" | "overlong" | "UTF-7" => is_ascii,
        _ => true,
    }
}

#[test]
fn every_encoding_is_undone_in_every_encoding() {
    let mut missed = Vec::new();
    for (outer, encode_outer) in ENCODERS {
        for (inner, encode_inner) in ENCODERS {
            let mut buffer = Vec::new();
            let text = expected(inner, ATTACK.as_bytes(), &mut buffer);
            let input = encode_outer(&encode_inner(ATTACK.as_bytes()));
            if knows(outer, inner) && !shows(&input, text, Role::Body) {
                missed.push(format!("{inner} in {outer}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_is_packed_is_unpacked_at_every_length() {
    let text: Vec<u8> = ATTACK.bytes().cycle().take(64).collect();
    let mut missed = Vec::new();
    for (name, pack) in PACKERS {
        let min = if name == "deflate" { 18 } else { 1 };
        for len in min..=64 {
            let input = STANDARD.encode(pack(&text[..len]));
            // Deflate stores short texts as they are, behind a header of five bytes.
            if !is_shown(input.as_bytes(), &text[..len], Role::Body, true) {
                missed.push(format!("{name} of {len} bytes: {input}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn any_text_is_read_again_in_any_encoding() {
    bolero::check!()
        .with_type::<(u8, Vec<u8>)>()
        .for_each(|(pick, text)| {
            // Full width knows no character below the exclamation mark, and no control at all.
            let text: Vec<u8> = text.iter().map(|byte| byte % 94 + 33).collect();
            let (name, encode) = ENCODERS[usize::from(*pick) % ENCODERS.len()];
            // A single `&` or a digit behind an escape has readers of its own.
            if text.len() < bytes_min(name) {
                return;
            }
            let mut buffer = Vec::new();
            let expected = expected(name, &text, &mut buffer);
            let input = encode(&text);
            let is_shown = shows(&input, expected, Role::Other);
            assert!(is_shown, "{name}: {}", input.escape_ascii());
        });
}

fn lines(input: &[u8], role: Role) -> (Vec<String>, Coverage) {
    let mut lines = Lines::default();
    let mut steps = Steps::for_bytes(input.len());
    let coverage = walk_text(input, role, Part::Value, &mut steps, &mut lines);
    (lines.0, coverage)
}

/// Whether a form has this place, part and text, and came by this chain.
fn has(input: &str, role: Role, line: &str) {
    let (lines, coverage) = lines(input.as_bytes(), role);
    assert!(coverage.is_complete(), "{input}");
    let is_there = lines.iter().any(|found| found.trim_end() == line);
    assert!(is_there, "{input}: no {line}\n{}", lines.concat());
}

#[test]
fn containers_show_their_leaves_with_their_names() {
    for (input, line) in [
        (
            "<order><q>x &lt; y</q></order>",
            "/order/q value Body x < y [xml html]",
        ),
        (
            "<?xml version='1.0'?><a b='1 or 2'>c</a>",
            "/a/b value Body 1 or 2 [xml]",
        ),
        ("<a><![CDATA[<b> or]]></a>", "/a value Body <b> or [xml]"),
        (
            "<a>un<!-- -->ion <![CDATA[select (]]>1)</a>",
            "/a value Body union select (1) [xml]",
        ),
        (
            "<!DOCTYPE r [<!ENTITY x \"' or 1\">]><r>&x;</r>",
            "/x value Body \\' or 1 [xml]",
        ),
        ("<div><q>(x)</q></div>", "/div/q value Body (x) [xml]"),
        (
            "{ user(name: \"' or 1\") { id } }",
            "/name value Body \\' or 1 [graphql]",
        ),
        (
            r#"{"query":"mutation M { f(a: \"x\\u0027 (y)\") }"}"#,
            "/query/a value Body x\\' (y) [json graphql]",
        ),
        (
            "query { f(a: \"\"\"x (y)\"\"\") }",
            "/a value Body x (y) [graphql]",
        ),
        ("a=1&b=x&a=(2)", "/a value Body 1,(2) [form joined]"),
        (
            "a=1+or%20&a=(2)",
            "/a value Body 1 or ,(2) [form joined url]",
        ),
    ] {
        has(input, Role::Body, line);
    }
}

#[test]
fn pages_and_plain_braces_are_no_documents() {
    for input in [
        "<p>Run <code>x (y)</code></p>",
        "<!DOCTYPE html><html><q>x (y)</q></html>",
        "{ color: red; content: \"(x)\" }",
        "a < b \"(x)\" > c",
        "query the {database} gently",
    ] {
        let (lines, _) = lines(input.as_bytes(), Role::Other);
        assert_eq!(lines.len(), 1, "{input}: {lines:#?}");
    }
}

#[test]
fn each_part_of_a_multipart_body_is_shown_with_its_names() {
    let body = "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"; \
        filename=\"x\\\"(1).php\"; filename*=UTF-8''%2e%2e%2fy\r\n\r\n(1)\r\n--b\r\n\
        content-transfer-encoding: quoted-printable\r\nContent-Disposition: form-data; \
        NAME=c\r\n\r\n=27 or=\r\n 1\r\n--b\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n\
        --d\r\nContent-Disposition: attachment; name=e\r\n\r\n(2)\r\n--d--\r\n--b--\r\n";
    for line in [
        "/a value Body (1) [multipart]",
        "/a value Body x\\\\\\\"(1).php [multipart]",
        "/a value Body ../y [multipart url]",
        "/c key Body c [multipart]",
        "/c value Body \\' or 1 [multipart quoted-printable]",
        "//e value Body (2) [multipart multipart]",
    ] {
        has(body, Role::Body, line);
    }
}

#[test]
fn an_aggregate_of_kinesis_shows_each_record() {
    let member = |number: u8, content: &[u8]| {
        let mut bytes = std::vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend(content);
        bytes
    };
    let record = |data: &[u8]| {
        let mut bytes = std::vec![8, 0];
        bytes.extend(member(3, data));
        member(3, &bytes)
    };
    let mut aggregate = Vec::from(*b"\xf3\x89\x9a\xc2");
    aggregate.extend(member(1, b"customer (1)"));
    aggregate.extend(record(b"' or 1=1"));
    aggregate.extend(record(br#"{"q":"(2)"}"#));
    aggregate.extend([0xee; 16]);
    for line in [
        "/0 value Body customer (1) [base64 aggregate]",
        "/0 value Body \\' or 1=1 [base64 aggregate]",
        "/1/q value Body (2) [base64 aggregate json]",
    ] {
        has(&STANDARD.encode(&aggregate), Role::Body, line);
    }
    // Cut anywhere, it ends where it is cut.
    for len in 4..aggregate.len() {
        lines(STANDARD.encode(&aggregate[..len]).as_bytes(), Role::Body);
    }
}

#[test]
fn an_archive_shows_the_names_of_its_members() {
    let mut zip = Vec::from(*b"PK\x03\x04");
    zip.extend([0; 22]);
    zip.extend([16, 0, 0, 0]);
    zip.extend(*b"../../etc/passwd(data)PK\x01\x02");
    zip.extend([0; 24]);
    zip.extend([6, 0]);
    zip.extend([0; 16]);
    zip.extend(*b"../(b)");
    let mut tar = Vec::from([0; 512]);
    tar[..9].copy_from_slice(b"../../(c)");
    tar[257..262].copy_from_slice(b"ustar");
    for (file, line) in [
        (
            zip.clone(),
            "/filename value Body ../../etc/passwd [base64 archive]",
        ),
        (zip, "/filename value Body ../(b) [base64 archive]"),
        (
            gzip(&tar),
            "/filename value Body ../../(c) [base64 gzip archive]",
        ),
    ] {
        has(&STANDARD.encode(file), Role::Body, line);
    }
}

#[test]
fn nothing_that_is_damaged_stops_a_decoder() {
    bolero::check!()
        .with_type::<(u8, u8, Vec<u8>)>()
        .for_each(|(pick, cut, noise)| {
            let all: Vec<_> = ENCODERS.iter().chain(&PACKERS).collect();
            let (_, encode) = all[usize::from(*pick) % all.len()];
            let mut input = encode(ATTACK.as_bytes());
            input.truncate(usize::from(*cut));
            input.extend_from_slice(noise);
            let packed = STANDARD.encode(&input);
            for input in [&input, packed.as_bytes()] {
                for role in [Role::Body, Role::Path, Role::Cookie, Role::Query] {
                    let steps = Steps::for_bytes(input.len());
                    let mut left = steps;
                    let mut lines = Lines::default();
                    walk_text(input, role, Part::Value, &mut left, &mut lines);
                    assert!(left.spent() <= steps.left());
                }
            }
        });
}

/// A container of some kind whose leaves and ends are drawn.
fn container(kind: u8, noise: &[u8]) -> Vec<u8> {
    const WHOLE: [&str; 8] = [
        "<r><q a='",
        "'>",
        "</q><![CDATA[",
        "]]><!--",
        "--></r><!DOCTYPE a [",
        "]>",
        "<?x",
        "/>",
    ];
    const GRAPH: [&str; 8] = ["query {", "(a:\"", "\")", "\"\"\"", "#", "\n", "}", "$"];
    const PARTS: [&str; 8] = [
        "--b\r\n",
        "Content-Disposition: form-data; name=",
        "\"",
        "; filename*=UTF-8''",
        "\r\n\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "=3D",
        "--b--",
    ];
    const FORM: [&str; 8] = ["a=", "&", "a", "=", "%26", "+", ";", "[b]="];
    const FILES: [&str; 8] = [
        "PK\u{3}\u{4}",
        "PK\u{1}\u{2}",
        "\0\0\0\0",
        "\u{10}\0",
        "../",
        "ustar",
        "0000000",
        "P",
    ];
    let pieces = [WHOLE, GRAPH, PARTS, FORM, FILES][usize::from(kind) % 5];
    let mut text = Vec::from(pieces[0]);
    for byte in noise {
        match byte {
            0..32 => text.extend_from_slice(pieces[usize::from(byte % 8)].as_bytes()),
            byte => text.push(*byte),
        }
    }
    text
}

#[test]
fn any_container_is_opened_within_its_steps() {
    bolero::check!()
        .with_type::<(u8, Vec<u8>)>()
        .for_each(|(kind, noise)| {
            let text = container(*kind, noise);
            let packed = STANDARD.encode(&text);
            for input in [text.as_slice(), packed.as_bytes()] {
                let steps = Steps::for_bytes(input.len());
                let mut left = steps;
                walk_text(
                    input,
                    Role::Body,
                    Part::Value,
                    &mut left,
                    &mut Lines::default(),
                );
                assert!(left.spent() <= steps.left());
            }
        });
}

#[test]
fn zlib_is_read_with_any_window_and_any_level() {
    let packed = compress_to_vec(ATTACK.as_bytes(), 6);
    for method in (0x08_u8..=0x78).step_by(0x10) {
        for level in [0x00_u8, 0x40, 0x80, 0xc0] {
            let rest = u16::from_be_bytes([method, level]) % 31;
            let check = u8::try_from((31 - rest) % 31).unwrap_or(0);
            let mut zlib = alloc::vec![method, level | check];
            zlib.extend_from_slice(&packed);
            zlib.extend_from_slice(&[0; 4]);
            let text = STANDARD.encode(&zlib);
            assert!(
                shows(text.as_bytes(), ATTACK.as_bytes(), Role::Body),
                "{method:x} {level:x}"
            );
        }
    }
}

#[test]
fn zeros_between_the_members_of_a_gzip_file_are_passed() {
    let member = |text: &[u8]| {
        let mut member = Vec::from(&b"\x1f\x8b\x08\0\0\0\0\0\0\xff"[..]);
        member.extend_from_slice(&compress_to_vec(text, 6));
        member.extend_from_slice(&[0; 8]);
        member
    };
    let mut file = member(b"x");
    file.extend_from_slice(&[0; 9]);
    file.extend_from_slice(&member(ATTACK.as_bytes()));
    let text = format!("x{ATTACK}");
    assert!(shows(
        STANDARD.encode(&file).as_bytes(),
        text.as_bytes(),
        Role::Body
    ));
}

#[test]
fn a_text_that_begins_like_a_binary_format_is_decoded_like_any_other() {
    for head in ["PK\x03\x04", "x^", "\x04\x08", "HK"] {
        let body =
            format!("{head}=1&é=2&q=%27%20or%201%3D1%20--%20and%20some%20more%20words%20%41%42%43");
        let text = b"' or 1=1 -- and some more words ABC";
        assert!(is_shown(body.as_bytes(), text, Role::Body, true), "{head}");
    }
}

#[test]
fn a_part_of_a_multipart_body_may_begin_with_any_header_behind_any_boundary() {
    let content = STANDARD.encode(ATTACK);
    let disposition = "Content-Disposition: form-data; name=\"x\"";
    for (boundary, header) in [
        ("B", "X_A: 1"),
        ("B", "X!#$%&'*+.^_`|~: 1"),
        ("B", "X : 1"),
        (&"B".repeat(300), disposition),
        ("B", &format!("{}: 1", "X".repeat(300))),
    ] {
        let body = format!(
            "--{boundary}\r\n{header}\r\n{disposition}\r\n\r\n{content}\r\n--{boundary}--\r\n"
        );
        assert!(
            shows(body.as_bytes(), ATTACK.as_bytes(), Role::Body),
            "{header}"
        );
    }
}
