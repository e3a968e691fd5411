//! Ordinary outputs, drawn by the thousand: nothing that would block is found in one of them.
//! They never hold what anybody gave out.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;

/// Draws always the same numbers (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        usize::try_from(number >> 33).unwrap() % end
    }

    fn drawn(&mut self, alphabet: &[u8], len: usize) -> String {
        (0..len)
            .map(|_| char::from(alphabet[self.below(alphabet.len())]))
            .collect()
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }
}

const HEX: &[u8] = b"0123456789abcdef";
const DIGITS: &[u8] = b"0123456789";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NAMES: &[&str] = &[
    "id",
    "orderId",
    "hash",
    "etag",
    "checksum",
    "cursor",
    "nextToken",
    "requestId",
    "traceId",
    "amount",
    "total",
    "sku",
    "key",
    "publicKey",
    "apiVersion",
    "sessionId",
    "image",
    "data",
    "signature",
    "secretName",
    "tokenType",
    "passwordChangedAt",
    "userId",
    "phone",
    "card_type",
];
const WORDS: &[&str] = &[
    "the",
    "order",
    "was",
    "sent",
    "key",
    "token",
    "secret",
    "password",
    "of",
    "a",
    "customer",
    "sk-learn",
    "hf_hub",
    "xoxo",
    "AKIA",
    "eyJ",
    "postgres://localhost/app",
    "SG.",
    "npm_config",
    concat!("-----BE", "GIN CERTIFICATE-----"),
    "Bearer",
    "card",
    "IBAN",
    "and",
    "is",
    "please",
    "https://a.b/c",
];

/// A value as APIs answer with: ids, hashes, packed data, numbers, dates, words.
fn value(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => format!(
            "{}-{}-4{}-a{}-{}",
            dice.drawn(HEX, 8),
            dice.drawn(HEX, 4),
            dice.drawn(HEX, 3),
            dice.drawn(HEX, 3),
            dice.drawn(HEX, 12)
        ),
        1 => dice.drawn(HEX, 32),
        2 => dice.drawn(HEX, 40),
        3 => dice.drawn(HEX, 64),
        4 => {
            let len = 4 * (4 + dice.below(60));
            dice.drawn(BASE64, len)
        }
        5 => {
            let len = 8 + dice.below(90);
            dice.drawn(URL, len)
        }
        6 => {
            let len = 1 + dice.below(19);
            dice.drawn(DIGITS, len)
        }
        7 => format!(
            "2026-{}-{}T{}:{}Z",
            10 + dice.below(3),
            10 + dice.below(20),
            11,
            42
        ),
        8 => format!("{}.{}", dice.drawn(DIGITS, 3), dice.drawn(DIGITS, 2)),
        9 => format!("sha256-{}=", dice.drawn(BASE64, 43)),
        _ => (0..3 + dice.below(6))
            .map(|_| dice.of(WORDS))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// An output: a document, a page, rows, or lines of a log.
fn output(dice: &mut Dice) -> (Media, String) {
    let kind = dice.below(4);
    let parts: Vec<_> = (0..3 + dice.below(6))
        .map(|_| {
            let (name, value) = (dice.of(NAMES), value(dice));
            match kind {
                0 => format!("\"{name}\":\"{value}\""),
                1 => format!("<td data-{name}=\"{value}\">{name}: {value}</td>"),
                2 => value,
                _ => format!("2026-11-26 19:00:0{} INFO {name}={value}", dice.below(10)),
            }
        })
        .collect();
    match kind {
        0 => (Media::Json, format!("{{{}}}", parts.join(","))),
        1 => (Media::Html, parts.join("\n")),
        2 => (Media::Text, parts.join(",")),
        _ => (Media::Text, parts.join("\n")),
    }
}

#[test]
fn nothing_that_blocks_is_found_in_drawn_ordinary_outputs() {
    // `CREDENZA_DRAWS=1000000` draws as many.
    let draws = std::env::var("CREDENZA_DRAWS").ok();
    let draws = draws.and_then(|draws| draws.parse().ok()).unwrap_or(10_000);
    let (mut blocking, mut others) = (Vec::new(), 0_usize);
    for number in 1..=draws {
        let mut dice = Dice(number ^ 0x9e37_79b9_7f4a_7c15);
        let (media, text) = output(&mut dice);
        let mut leaks = Leaks::new();
        let window = OutputText::whole(text.as_bytes(), media);
        seek(&window, LeakWatch::all(), &mut leaks);
        others += leaks.iter().count();
        if leaks.surest() == Some(Confidence::High) {
            let kinds: Vec<_> = leaks.iter().map(|leak| (leak.rule.id, leak.kind)).collect();
            blocking.push(format!("{number}: {kinds:?} in {text}"));
        }
    }
    assert!(blocking.is_empty(), "{blocking:#?}");
    // Advice is rare, too: one output in a thousand.
    assert!(others as u64 <= draws / 1000, "{others} of {draws}");
}

/// Pieces that begin what some detector looks for, and how often they are looked at.
const HOT: &[&str] = &[
    "sk-",
    "\"sk-",
    " ghp",
    "eyJ",
    " eyJ.",
    concat!("-----BE", "GIN "),
    "postgres://a:b",
    concat!(" AK", "IAQ2R3S4T5U6V7W8X9"),
    "Password=",
    ";Password=a",
    "SG.",
    " SG.a",
    "AccountKey=",
    "hooks.slack.com/services/T",
    "\"dni\"",
    "DNI 1",
    "Medicare a a a a ",
    "4111 ",
    "4111-",
    "1234567890123456 ",
    "12345678",
    "DE89 ",
    "GB29NWBK",
    "a@b.co ",
    "@",
    "+1",
    "+123456789 ",
    "hf_",
    " r8_",
    "-us1",
    "8Q~",
    "T3BlbkFJ",
    "datadog_api",
    "dd_api_key=\"",
    "<td>dd_api_key</td>",
    ":AA",
    "eyJhbGciOiJIUzI1NiJ9.",
    "    at ",
    "Traceback",
    "sl.u.",
    "\\n\\n",
    "....",
    concat!("xo", "xb-1-"),
];

#[test]
fn whatever_an_output_repeats_a_detector_looks_at_each_byte_a_bounded_number_of_times() {
    for piece in HOT {
        let text = piece.repeat(20_000 / piece.len());
        let mut leaks = Leaks::new();
        let window = OutputText::whole(text.as_bytes(), Media::Text);
        seek(&window, LeakWatch::all(), &mut leaks);
        let looked = leaks.looked();
        assert!(looked > 0 || !piece.contains("://"), "{piece}");
        // Limit: 64 bytes for each: what stands around an anchor of four bytes has 256.
        assert!(looked <= 64 * text.len() as u64, "{looked} for {piece}");
    }
}
