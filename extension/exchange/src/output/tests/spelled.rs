//! Every way of writing a secret in every part of an answer: what is found, and what is not.
//! They never hold a secret that opens anything: all are made from parts.
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use credenza_engine::leak::OwnSecrets;
use credenza_event::Source;
use credenza_policy::Mode;

use super::super::OutputStream;
use super::{Coding, Guard, OutputStep, base64, key, masking, packing, policy, seen, seen_under};

/// Ways of writing a text, each with a name.
type Spellings = Vec<(&'static str, String)>;

fn each(text: &str, spell: impl Fn(u8) -> String) -> String {
    text.bytes().map(spell).collect()
}

fn in_base64(bytes: &[u8]) -> String {
    String::from_utf8(base64::encode(bytes)).unwrap()
}

fn packed(text: &str, coding: Coding, like: &[u8]) -> Vec<u8> {
    packing::pack(text.as_bytes(), like, coding).unwrap()
}

/// Ways of writing signs, as replacements of `+` and `/`.
const SIGNS: [(&str, &str, &str); 11] = [
    ("plain", "+", "/"),
    ("json slashes", "+", r"\/"),
    ("json signs", r"\u002b", r"\/"),
    ("json capitals", r"\u002B", r"\u002F"),
    ("url", "%2B", "%2F"),
    ("url small", "%2b", "%2f"),
    ("url twice", "%252B", "%252F"),
    ("html names", "&plus;", "&sol;"),
    ("html hex", "&#x2B;", "&#x2F;"),
    ("html decimal", "&#43;", "&#47;"),
    ("html zeros", "&#x0002b;", "&#0047;"),
];

/// How each byte of a text is written.
type Spell = fn(u8) -> String;

/// Escapes of languages.
fn escaped(text: &str) -> Spellings {
    let signs = SIGNS
        .into_iter()
        .map(|(how, plus, slash)| (how, text.replace('+', plus).replace('/', slash)));
    let all: [(&str, Spell); 13] = [
        ("json all", |byte| format!("\\u{byte:04x}")),
        ("json all capitals", |byte| format!("\\u{byte:04X}")),
        ("url all", |byte| format!("%{byte:02X}")),
        ("html all", |byte| format!("&#{byte};")),
        ("html all hex", |byte| format!("&#x{byte:x};")),
        ("html all zeros", |byte| format!("&#000{byte};")),
        ("hex", |byte| format!("{byte:02x}")),
        ("hex capitals", |byte| format!("{byte:02X}")),
        ("hex spaces", |byte| format!("{byte:02x} ")),
        ("hex colons", |byte| format!("{byte:02X}:")),
        ("hex escapes", |byte| format!("\\x{byte:02x}")),
        ("hex 0x", |byte| format!("0x{byte:02x},")),
        ("numbers", |byte| format!("{byte},")),
    ];
    let all = all.into_iter().map(|(how, spell)| (how, each(text, spell)));
    let reversed = ("reversed", text.chars().rev().collect());
    signs.chain(all).chain([reversed]).collect()
}

/// Base64 and what may be in it.
fn coded(text: &str) -> Spellings {
    let wide: Vec<u8> = text.bytes().flat_map(|byte| [byte, 0]).collect();
    let twice = in_base64(in_base64(text.as_bytes()).as_bytes());
    let lines = |text: &str, end: &str| {
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(76)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        lines.join(end)
    };
    let long = in_base64(format!("{}{text}", "The beginning, ".repeat(3)).as_bytes());
    Vec::from([
        ("base64", in_base64(text.as_bytes())),
        (
            "base64 behind one",
            in_base64(format!("a{text}").as_bytes()),
        ),
        (
            "base64 behind two",
            in_base64(format!("ab{text}").as_bytes()),
        ),
        (
            "base64 for urls",
            in_base64(text.as_bytes())
                .replace('+', "-")
                .replace('/', "_"),
        ),
        ("base64 in lines", lines(&long, "\n")),
        ("base64 in crlf lines", lines(&long, "\r\n")),
        ("base64 in base64", twice),
        (
            "base64 of hex",
            in_base64(each(text, |byte| format!("{byte:02x}")).as_bytes()),
        ),
        (
            "base64 of base64 of base64",
            in_base64(in_base64(in_base64(text.as_bytes()).as_bytes()).as_bytes()),
        ),
        (
            "base64 of json",
            in_base64(format!(r#"{{"k":"{}"}}"#, text.replace('/', r"\/")).as_bytes()),
        ),
        ("base64 of utf-16", in_base64(&wide)),
        (
            "base64 of gzip",
            in_base64(&packed(text, Coding::Gzip, b"")),
        ),
        (
            "base64 of zlib",
            in_base64(&packed(text, Coding::Deflate, b"\x78\x9c")),
        ),
        (
            "base64 backwards",
            in_base64(text.as_bytes()).chars().rev().collect(),
        ),
        (
            "hex of base64",
            each(&in_base64(text.as_bytes()), |byte| format!("{byte:02x}")),
        ),
        (
            "url of base64",
            in_base64(text.as_bytes())
                .replace('+', "%2B")
                .replace('/', "%2F")
                .replace('=', "%3D"),
        ),
        ("utf-16", String::from_utf8(wide).unwrap()),
    ])
}

/// A text as a string in JSON.
fn quoted(text: &str) -> String {
    let each = text.chars().map(|sign| match sign {
        '"' | '\\' => format!("\\{sign}"),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        sign if sign < ' ' => format!("\\u{:04x}", u32::from(sign)),
        sign => sign.into(),
    });
    format!("\"{}\"", each.collect::<String>())
}

/// Parts of an answer: what is written in capitals is the text, quoted, in a document, packed.
const PARTS: [(&str, &str); 29] = [
    ("text", r#"TEXT"#),
    ("string", r#"ONE"#),
    ("document", r#"TWO"#),
    ("document in a document", r#"{"deep":[QUOTED]}"#),
    ("three documents", r#"{"deep":THREE}"#),
    ("key of a document", r#"{ONE:1}"#),
    (
        "batch answer",
        r#"{"batchItemFailures":[{"itemIdentifier":ONE}]}"#,
    ),
    ("body", r#"{"statusCode":200,"body":ONE}"#),
    (
        "page",
        r#"{"statusCode":200,"headers":{"content-type":"text/html"},"body":ONE}"#,
    ),
    (
        "script",
        r#"{"statusCode":200,"headers":{"Content-Type":"text/javascript"},"body":ONE}"#,
    ),
    (
        "json body",
        r#"{"statusCode":200,"headers":{"content-type":"application/json"},"body":QUOTED}"#,
    ),
    ("json in json body", r#"{"statusCode":200,"body":THREE}"#),
    ("body that is no string", r#"{"statusCode":200,"body":TWO}"#),
    ("body without a status", r#"{"body":QUOTED}"#),
    (
        "body in base64",
        r#"{"statusCode":200,"isBase64Encoded":true,"body":"BASED"}"#,
    ),
    (
        "body said to be base64",
        r#"{"statusCode":200,"isBase64Encoded":true,"body":ONE}"#,
    ),
    (
        "base64 body in lines",
        r#"{"statusCode":200,"isBase64Encoded":true,"body":"YWIg\r\nBASED"}"#,
    ),
    (
        "gzip",
        r#"{"statusCode":200,"headers":{"Content-Encoding":"gzip"},"isBase64Encoded":true,"body":"ZIPPED"}"#,
    ),
    (
        "gzip of many values",
        r#"{"statusCode":200,"multiValueHeaders":{"content-encoding":["gzip"]},"isBase64Encoded":true,"body":"ZIPPED"}"#,
    ),
    (
        "deflate",
        r#"{"statusCode":200,"headers":{"content-encoding":"deflate"},"isBase64Encoded":true,"body":"DEFLATED"}"#,
    ),
    (
        "deflate alone",
        r#"{"statusCode":200,"headers":{"content-encoding":"deflate"},"isBase64Encoded":true,"body":"ALONE"}"#,
    ),
    (
        "file that is gzip",
        r#"{"statusCode":200,"headers":{"content-type":"application/gzip"},"isBase64Encoded":true,"body":"ZIPPED"}"#,
    ),
    (
        "header",
        r#"{"statusCode":200,"headers":{"x":ONE},"body":"a"}"#,
    ),
    (
        "name of a header",
        r#"{"statusCode":200,"headers":{ONE:"x"},"body":"a"}"#,
    ),
    (
        "header of many values",
        r#"{"statusCode":200,"multiValueHeaders":{"x":["a",ONE]}}"#,
    ),
    ("cookie", r#"{"statusCode":200,"cookies":["a=b",ONE]}"#),
    (
        "status text",
        r#"{"statusCode":200,"statusDescription":ONE}"#,
    ),
    ("second body", r#"{"statusCode":200,"body":ONE,"body":"b"}"#),
    (
        "context of an authorizer",
        r#"{"principalId":"a","context":{"k":ONE}}"#,
    ),
];

/// A text in each part of an answer.
fn answers(text: &str) -> Spellings {
    let two = format!("{{\"key\":{}}}", quoted(text));
    let three = quoted(&format!("{{\"again\":{}}}", quoted(&two)));
    let deflated = |like: &[u8]| in_base64(&packed(text, Coding::Deflate, like));
    let fill = |(part, answer): (&'static str, &str)| {
        let answer = answer
            .replace("BASED", &in_base64(text.as_bytes()))
            .replace("ZIPPED", &in_base64(&packed(text, Coding::Gzip, b"")))
            .replace("DEFLATED", &deflated(b"\x78\x9c"))
            .replace("ALONE", &deflated(b"\x01"))
            .replace("QUOTED", &quoted(&two))
            .replace("THREE", &three)
            .replace("TWO", &two)
            .replace("ONE", &quoted(text))
            .replace("TEXT", text);
        (part, answer)
    };
    PARTS.into_iter().map(fill).collect()
}

/// Ways of writing that nobody finds: `docs/outputs.md` names them.
const OUT_OF_REACH: [&str; 8] = [
    "hex spaces",
    "hex colons",
    "hex escapes",
    "hex 0x",
    "numbers",
    "base64 backwards",
    "hex of base64",
    "utf-16",
];

/// True where a text is what nobody finds, whichever way it came about.
fn is_out_of_reach(how: &str, part: &str) -> bool {
    // Once undone it is UTF-16.
    OUT_OF_REACH.contains(&how) || (how, part) == ("base64 of utf-16", "body said to be base64")
}

/// How many runs of eight bytes of a secret stand in a text.
fn runs_in(text: &[u8]) -> usize {
    let key = key();
    let runs = key.as_bytes().windows(8);
    runs.filter(|run| memchr::memmem::find(text, run).is_some())
        .count()
}

#[test]
fn a_secret_is_found_in_every_part_of_an_answer_however_it_is_written() {
    let key = key();
    let (mut found, mut lost) = (0, 0);
    for (how, text) in escaped(&key).into_iter().chain(coded(&key)) {
        for (part, answer) in answers(&text) {
            let block = seen(&answer, Source::FunctionUrl, Mode::Block);
            let is_withheld = matches!(block.step, OutputStep::Replace(_));
            assert_eq!(
                is_withheld,
                !is_out_of_reach(how, part),
                "{how} in {part}: {answer}"
            );
            if !is_withheld {
                lost += 1;
                continue;
            }
            found += 1;
            let monitor = seen(&answer, Source::FunctionUrl, Mode::Monitor);
            assert_eq!(monitor.step, OutputStep::Pass, "{how} in {part}");
            assert_eq!(monitor.found.len(), block.found.len(), "{how} in {part}");
            // What is masked is found no more, and no longer there.
            if let OutputStep::Rewrite(masked) = masked(&answer) {
                assert_eq!(
                    runs_in(&masked),
                    0,
                    "{how} in {part}: {}",
                    masked.escape_ascii()
                );
                let again = seen_under(&masked, Source::FunctionUrl, &masking());
                assert_eq!(again.step, OutputStep::Pass, "{how} in {part}");
            }
        }
    }
    assert_eq!((found, lost), (34 * 29 - 1, 8 * 29 + 1));
}

fn masked(answer: &str) -> OutputStep {
    seen_under(answer.as_bytes(), Source::FunctionUrl, &masking()).step
}

/// Ways of writing that are only undone where an output is there as a whole.
const ONLY_WHOLE: [&str; 10] = [
    "json all",
    "json all capitals",
    "url all",
    "html all",
    "html all hex",
    "html all zeros",
    "base64 in base64",
    "base64 of hex",
    "base64 of base64 of base64",
    "base64 of utf-16",
];

/// How many bytes stand before the secret in what is written in base64.
fn bytes_before(how: &str) -> usize {
    match how {
        "base64 behind one" => 1,
        "base64 behind two" => 2,
        "base64 in lines" | "base64 in crlf lines" => 45,
        "base64 of json" => 6,
        "base64 of gzip" => 15,
        "base64 of zlib" => 7,
        _ => 0,
    }
}

#[test]
fn not_a_character_of_a_secret_leaves_a_stream_wherever_that_is_split() {
    let key = key();
    let own = OwnSecrets::new([key.as_bytes()]);
    let policy = policy(Mode::Block);
    let before = "data: ";
    let mut count = 0;
    for (how, text) in escaped(&key).into_iter().chain(coded(&key)) {
        let text = format!("{before}{text}\n\n");
        let is_found = !OUT_OF_REACH.contains(&how) && !ONLY_WHOLE.contains(&how);
        // A digit may hold bits of the byte before and of the first one of the secret.
        let may_leave = before.len() + (bytes_before(how) * 8).div_ceil(6);
        for split in 0..=text.len() {
            let mut stream = OutputStream::new(Guard::new(Some(&own), &policy), false);
            let mut out = Vec::new();
            let (one, other) = text.as_bytes().split_at(split);
            for (piece, is_last) in [(one, false), (other, true)] {
                stream.room().extend_from_slice(piece);
                let released = stream.release(is_last);
                out.extend_from_slice(&released.bytes);
                if released.ends {
                    break;
                }
            }
            let left = if is_found { may_leave } else { text.len() };
            assert_eq!(
                out.escape_ascii().to_string(),
                text.as_bytes()[..left].escape_ascii().to_string(),
                "{how} at {split}"
            );
            assert_eq!(stream.has_ended(), is_found, "{how} at {split}");
            count += usize::from(is_found);
        }
    }
    assert!(count > 1_500, "{count} streams");
}
