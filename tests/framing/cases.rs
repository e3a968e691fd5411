//! The raw cases: what is written to the agent, and what has to become of it.
//! It never says how a refusal looks, only that there is one.

use std::fmt::Write as _;

use crate::harness::http::{read_body, read_head};

/// What has to become of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The platform gets exactly this method and target, and its reply comes back.
    Passes,
    /// The platform never sees a call; the client gets a 4xx, a 5xx or a closed connection.
    Refused,
    /// Either of the two, but never a second call.
    Either,
}

/// One case.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// The start line that the platform must see, if the case passes.
    pub(super) start: String,
    /// The body as it is framed on the wire.
    pub(super) body: Vec<u8>,
    pub(super) fate: Fate,
}

impl Case {
    /// What the platform must read as the body, and its trailers.
    pub(super) fn content(&self) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
        let head = read_head(&mut &self.bytes[..]).expect("a case that passes has a head");
        let body = read_body(&mut &self.body[..], &head).expect("and its body");
        (body.bytes, body.trailers)
    }
}

/// A request that hides in a body; the platform must never see it as one.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/// All of them.
pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    targets(&mut cases);
    lengths(&mut cases);
    encodings(&mut cases);
    lines(&mut cases);
    refused_methods(&mut cases);
    cases
}

fn pass(cases: &mut Vec<Case>, name: &str, start: &str, headers: &str, body: &[u8]) {
    let mut bytes = format!("{start}\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    cases.push(Case {
        name: name.to_owned(),
        bytes,
        start: start.to_owned(),
        body: body.to_vec(),
        fate: Fate::Passes,
    });
}

fn other(cases: &mut Vec<Case>, fate: Fate, name: &str, bytes: impl Into<Vec<u8>>) {
    cases.push(Case {
        name: name.to_owned(),
        bytes: bytes.into(),
        start: String::new(),
        body: Vec::new(),
        fate,
    });
}

/// Targets that nobody may normalise, each with several methods (R35, R36).
fn targets(cases: &mut Vec<Case>) {
    for target in TARGETS {
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let start = format!("{method} {target} HTTP/1.1");
            pass(
                cases,
                &start,
                &start,
                "Host: a\r\nContent-Length: 0\r\n",
                b"",
            );
        }
    }
    let long = format!("GET /{} HTTP/1.1", "l".repeat(60_000));
    pass(cases, "a target of 60,000 bytes", &long, "Host: a\r\n", b"");
    for method in ["OPTIONS", "PROPFIND", "X", "get", "M-SEARCH", "POST"] {
        let start = format!("{method} /method HTTP/1.1");
        pass(
            cases,
            &start,
            &start,
            "Host: a\r\nContent-Length: 0\r\n",
            b"",
        );
    }
    // The absolute form is reduced to the origin form, as the platform itself serves both.
    other(
        cases,
        Fate::Either,
        "absolute form",
        "GET http://127.0.0.1/2018-06-01/ping HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    other(
        cases,
        Fate::Either,
        "absolute form of another host",
        "GET http://example.com/x HTTP/1.1\r\nHost: a\r\n\r\n",
    );
}

/// Bodies by `Content-Length`, right and wrong.
fn lengths(cases: &mut Vec<Case>) {
    for size in [
        0_usize, 1, 2, 7, 100, 4_095, 4_096, 4_097, 65_536, 1_000_000,
    ] {
        let body = vec![b'b'; size];
        for method in ["POST", "PUT", "GET"] {
            let start = format!("{method} /length/{size} HTTP/1.1");
            let length = format!("Host: a\r\nContent-Length: {size}\r\n");
            pass(cases, &start, &start, &length, &body);
        }
    }
    let wrong = [
        "-1",
        "+5",
        "0x5",
        "5 5",
        "5,5",
        "5, 6",
        "",
        "abc",
        "5a",
        "99999999999999999999999",
        "1e1",
        "٥",
        "5;5",
        "\"5\"",
    ];
    for length in wrong {
        other(
            cases,
            if length == "5,5" {
                Fate::Either
            } else {
                Fate::Refused
            },
            &format!("Content-Length: {length}"),
            format!(
                "POST /wrong HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}"
            ),
        );
    }
    let two = [
        ("Content-Length: 5\r\nContent-Length: 6", Fate::Refused),
        ("Content-Length: 0\r\nContent-Length: 38", Fate::Refused),
        ("Content-Length: 38\r\nContent-Length: 0", Fate::Refused),
        ("Content-Length: 38\r\nContent-Length: 38", Fate::Either),
        ("Content-Length : 0", Fate::Refused),
        ("Content-Length: 0\r\n Content-Length: 5", Fate::Refused),
        ("Content-Length:\r\n 5", Fate::Refused),
    ];
    for (headers, fate) in two {
        let bytes = format!("POST /two HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{SMUGGLED}");
        other(cases, fate, headers, bytes);
    }
    // The head promises more than comes: the platform may see a call, never a whole one.
    other(
        cases,
        Fate::Either,
        "a body that ends too early",
        "POST /short HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly this",
    );
    other(
        cases,
        Fate::Refused,
        "a head that ends too early",
        "GET /short HTTP/1.1\r\nHo",
    );
    other(cases, Fate::Refused, "nothing at all", "");
}

/// Chunked bodies, right and wrong, and both framings at once.
fn encodings(cases: &mut Vec<Case>) {
    let chunked = "Host: a\r\nTransfer-Encoding: chunked\r\n";
    for (name, body) in [
        ("empty", "0\r\n\r\n".to_owned()),
        ("one", "5\r\nhello\r\n0\r\n\r\n".to_owned()),
        ("capital hex", "A\r\n0123456789\r\n0\r\n\r\n".to_owned()),
        ("leading zeros", "0005\r\nhello\r\n0\r\n\r\n".to_owned()),
        ("extension", "5;a=b\r\nhello\r\n0\r\n\r\n".to_owned()),
        ("trailer", "5\r\nhello\r\n0\r\nX-Own: 1\r\n\r\n".to_owned()),
        ("many", "1\r\na\r\n".repeat(1_000) + "0\r\n\r\n"),
    ] {
        for method in ["POST", "PUT"] {
            let start = format!("{method} /chunked/{} HTTP/1.1", name.replace(' ', "-"));
            pass(
                cases,
                &format!("{method} chunked, {name}"),
                &start,
                chunked,
                body.as_bytes(),
            );
        }
    }
    for size in BAD_CHUNK_SIZES {
        let bytes =
            format!("POST /bad-chunk HTTP/1.1\r\n{chunked}\r\n{size}\r\nhello\r\n0\r\n\r\n");
        other(cases, Fate::Either, &format!("chunk size {size:?}"), bytes);
    }
    for encoding in BAD_ENCODINGS {
        other(
            cases,
            Fate::Refused,
            &format!("Transfer-Encoding: {encoding}"),
            format!(
                "POST /te HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {encoding}\r\n\r\n0\r\n\r\n{SMUGGLED}"
            ),
        );
    }
    for (name, headers) in BAD_ENCODING_LINES {
        let bytes = format!("POST /te HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n{SMUGGLED}");
        other(
            cases,
            Fate::Refused,
            &format!("Transfer-Encoding, {name}"),
            bytes,
        );
    }
    for (name, headers) in BOTH_FRAMINGS {
        // Both framings at once: chunked wins or the call is refused; what follows is no call.
        let bytes =
            format!("POST /both HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n{SMUGGLED}");
        other(
            cases,
            Fate::Either,
            &format!("both framings, {name}"),
            bytes,
        );
    }
    other(
        cases,
        Fate::Refused,
        "HTTP/1.0 with chunked",
        format!("POST /te HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
    );
}

/// Start lines and header lines that no careful reader accepts, and some that all accept.
fn lines(cases: &mut Vec<Case>) {
    for (name, bytes) in BROKEN {
        other(cases, Fate::Refused, name, bytes);
    }
    for (name, bytes) in DISPUTED {
        other(cases, Fate::Either, name, bytes);
    }
    for close in [
        "close",
        "keep-alive",
        "Close",
        "x, close",
        "Upgrade-Insecure",
    ] {
        let start = "GET /connection HTTP/1.1";
        pass(
            cases,
            close,
            start,
            &format!("Host: a\r\nConnection: {close}\r\n"),
            b"",
        );
    }
    let mut many = "Host: a\r\n".to_owned();
    for index in 0..200 {
        let _ = write!(many, "X-{index}: {index}\r\n");
    }
    pass(cases, "200 headers", "GET /many HTTP/1.1", &many, b"");
    let large = format!("Host: a\r\nX-Large: {}\r\n", "h".repeat(1_048_576));
    pass(
        cases,
        "a header of 1 MiB",
        "GET /large HTTP/1.1",
        &large,
        b"",
    );
    let endless = format!(
        "GET /endless HTTP/1.1\r\nX: {}\r\n\r\n",
        "h".repeat(3 << 20)
    );
    other(cases, Fate::Refused, "a header of 3 MiB", endless);
}

/// Tunnels and upgrades are refused (R35): a tunnel would be a way past every look.
fn refused_methods(cases: &mut Vec<Case>) {
    for target in ["example.com:443", "127.0.0.1:9001", "/x", "*"] {
        other(
            cases,
            Fate::Refused,
            &format!("CONNECT {target}"),
            format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
        );
    }
}

/// Targets that nobody may normalise (R35, R36).
const TARGETS: [&str; 60] = [
    "/",
    "/x",
    "/x/",
    "//",
    "//x",
    "/x//y",
    "/./x",
    "/x/.",
    "/x/..",
    "/x/../y",
    "/../x",
    "/%2e%2e/x",
    "/%2E/x",
    "/x%2fy",
    "/x%2Fy",
    "/%00",
    "/%0d%0aX:%20y",
    "/x;y=z",
    "/x?",
    "/?x",
    "/x?y=z&y=z",
    "/x?%00",
    "/x?a=/../b",
    "/X",
    "/x\\y",
    "/x\\..\\y",
    "/~x",
    "/x+y",
    "/x|y",
    "/x\"y",
    "/{x}",
    "/x^y",
    "/x`y",
    "/x<y>",
    "/x*",
    "/.",
    "/..",
    "/...",
    "/x%",
    "/x%zz",
    "/2018-06-01",
    "/2018-06-01/",
    "/2018-06-01/runtime",
    "/2018-06-01/runtime/invocation",
    "/2018-06-01/runtime/invocation/",
    "/2018-06-01/runtime/invocation/next/",
    "/2018-06-01/runtime/invocation//next",
    "/2018-06-01/runtime/./invocation/next",
    "/2018-06-01/runtime/x/../invocation/next",
    "/2018-06-01/runtime/invocation/NEXT",
    "/2018-06-01/runtime/invocation/nex%74",
    "/2018-06-01/Runtime/invocation/next",
    "/2099-01-01/runtime/invocation/next",
    "/2018-06-01/runtime/unknown",
    "/2026-01-15/metadata",
    "/2018-06-01/runtime/restore/next/",
    "/2020-01-01/extension/unknown",
    "/2022-07-01/telemetry/x",
    "/2020-08-15/logs/x",
    "/2021-04-23/credentials",
];

/// Sizes of chunks that are none.
const BAD_CHUNK_SIZES: [&str; 8] = [
    "x",
    "-5",
    "0x5",
    "5 5",
    "+5",
    "FFFFFFFFFFFFFFFFF",
    "",
    "5\r",
];

/// Transfer codings that the Runtime API does not know.
const BAD_ENCODINGS: [&str; 5] = [
    "xchunked",
    "chunked, identity",
    "identity, gzip",
    "gzip",
    "chunked, chunked",
];

/// Header lines that one reader might take for `chunked` and another not.
const BAD_ENCODING_LINES: [(&str, &str); 4] = [
    ("space before the colon", "Transfer-Encoding : chunked"),
    ("tab before the colon", "Transfer-Encoding\t: chunked"),
    ("folded", "Transfer-Encoding:\r\n chunked"),
    ("null in the value", "Transfer-Encoding: chun\0ked"),
];

/// A length and chunks at once.
const BOTH_FRAMINGS: [(&str, &str); 3] = [
    (
        "length first",
        "Content-Length: 43\r\nTransfer-Encoding: chunked",
    ),
    (
        "chunked first",
        "Transfer-Encoding: chunked\r\nContent-Length: 43",
    ),
    (
        "short length",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
    ),
];

/// What no careful reader accepts.
const BROKEN: [(&str, &str); 13] = [
    ("no version", "GET /x\r\nHost: a\r\n\r\n"),
    ("another protocol", "GET /x SPDY/3\r\nHost: a\r\n\r\n"),
    ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("HTTP/9.9", "GET /x HTTP/9.9\r\nHost: a\r\n\r\n"),
    ("no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no method", " /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    (
        "a name with a space",
        "GET /x HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n",
    ),
    (
        "a line without a colon",
        "GET /x HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n",
    ),
    ("an empty name", "GET /x HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n"),
    (
        "a null in a value",
        "GET /x HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    ),
    (
        "a bare return in a value",
        "GET /x HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    ),
    (
        "a TLS hello",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}\r\n\r\n",
    ),
    ("garbage", "\u{1}\u{2}\u{3}\u{4}\r\n\r\n"),
];

/// What some readers accept and some refuse.
const DISPUTED: [(&str, &str); 10] = [
    ("bare line feeds", "GET /bare HTTP/1.1\nHost: a\n\n"),
    (
        "an empty line before",
        "\r\nGET /before HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    ("no host", "GET /no-host HTTP/1.1\r\n\r\n"),
    (
        "two hosts",
        "GET /two-hosts HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ),
    ("HTTP/1.0", "GET /old HTTP/1.0\r\n\r\n"),
    (
        "an expectation",
        "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "an unknown expectation",
        "POST /e HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a folded header",
        "GET /f HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    ),
    (
        "a tab in the start line",
        "GET\t/t HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    (
        "two spaces in the start line",
        "GET  /s  HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
];
