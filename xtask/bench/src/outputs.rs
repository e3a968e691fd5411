//! The time per byte of outputs that are made to be slow: everything that a rule looks for, again
//! and again, whole, begun and side by side.
//! It never judges a finding; a slow answer that may leave is as bad as one that may not.
use std::path::Path;

use anyhow::Result;
use credenza_bench::answers::{Guarded, answer};
use credenza_engine::leak::{anchors, leaked_secret};

use crate::dice::Dice;
use crate::fences::values;
use crate::grammar;
use crate::worst::{Worst, corpora, escaped, timed};

// Limit: 64 KB for each of some 20,000 pieces take a minute; linear cost shows at any size.
const SOUGHT_BYTES: usize = 64_000;

// Limit: 1 MB, as for events.
const BYTES: usize = 1_000_000;

/// How many of the slowest pieces are put together in every way and timed again.
const KEPT: usize = 60;

/// How many pairs of what rules look for are drawn.
// Limit: a second of processor time, and another run draws the same.
const DRAWN: u64 = 1_500;

/// Looks through outputs made of every piece, and times the slowest in every shape.
pub(crate) fn measure(folder: Option<&Path>, quick: bool) -> Result<Vec<Worst>> {
    let guarded = Guarded::new();
    let judge = |name: &str, bytes: &[u8]| timed(name, bytes, || guarded.judge(bytes));
    let mut pieces = pieces();
    pieces.sort_unstable();
    pieces.dedup();
    eprintln!("{} pieces", pieces.len());
    let sought = pieces.iter().step_by(if quick { 16 } else { 1 });
    let mut sought: Vec<(f64, &String)> = sought
        .map(|piece| {
            let text = filled(piece, SOUGHT_BYTES);
            (judge("", text.as_bytes()).ns_per_byte(), piece)
        })
        .collect();
    sought.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut all = Vec::new();
    for (_, piece) in sought.iter().take(KEPT) {
        for (shape, output) in shapes(piece) {
            let start: String = piece.chars().take(28).collect();
            let name = format!("{shape} of {}", start.escape_debug());
            all.push(judge(&name, &output));
        }
    }
    for (name, text) in corpora(folder, BYTES)? {
        all.push(judge(&format!("corpus {name}"), text.as_bytes()));
    }
    Ok(all)
}

/// A piece as the whole output, as a page, and as a document in a body.
fn shapes(piece: &str) -> [(&'static str, Vec<u8>); 3] {
    let body = |kind| {
        let inside = escaped(piece.as_bytes());
        answer(kind, &filled(&inside, BYTES))
    };
    [
        ("bare", filled(piece, BYTES).into_bytes()),
        ("page", body("text/html")),
        ("document", body("application/json")),
    ]
}

/// A piece, as often as it fits.
fn filled(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len().max(1))
}

/// Every piece that an output is made of.
fn pieces() -> Vec<String> {
    let anchors: Vec<&str> = anchors().collect();
    let mut pieces: Vec<String> = PIECES.iter().map(|piece| (*piece).to_owned()).collect();
    for anchor in &anchors {
        pieces.extend(FRAMES.iter().map(|frame| frame.replace('@', anchor)));
    }
    let rules = credenza_engine::rules().map(|rule| rule.page);
    let kinds = leaked_secret::pages().map(|(_, page)| page);
    for page in rules.chain(kinds) {
        for tag in ["attack", "benign", "reported", "missed"] {
            pieces.extend(
                values(page, tag)
                    .iter()
                    .flat_map(|value| begun(&value.text)),
            );
        }
    }
    for number in 0..DRAWN {
        let mut dice = Dice::of(2, number);
        let mut drawn = || {
            anchors
                .get(dice.below(anchors.len()))
                .copied()
                .unwrap_or("")
        };
        let (one, other) = (drawn(), drawn());
        pieces.push(match number % 3 {
            0 => format!("{one}{other}"),
            1 => format!("{one} {other}1:2)\n"),
            _ => format!("{one}{}{other}", grammar::text(&mut dice)),
        });
    }
    pieces
}

/// An example as it stands, in a listing, and cut off before its end.
fn begun(text: &str) -> Vec<String> {
    let upto = |bytes: usize| {
        let mut end = bytes.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.get(..end).unwrap_or("").to_owned()
    };
    let mut all = vec![
        format!("{text} "),
        format!("{text}\n"),
        format!("<code>{text} "),
        format!("{} ", upto(text.len().saturating_sub(1))),
        format!("{} ", upto(text.len() / 2)),
        upto(16),
    ];
    all.retain(|piece| (2..4_000).contains(&piece.len()));
    all
}

/// What stands around what a rule looks for, where `@` stands.
const FRAMES: &[&str] = &[
    "@",
    " @",
    "\"@",
    "\n@",
    "@ ",
    "@1",
    "@a",
    "@A1b2",
    "@='",
    "@\":\"",
    "@: ",
    "x@",
    "a.b(@1:2)=x\n",
    "    at a (@1:1)\n",
    "File \"a@, line 1, in b\n",
    "/a/b@12:in `c'\n",
    "The error says that @ ",
    "<code>@",
    "```\n@ ",
    "<td>@</td><td>",
    "server=a;@",
    "@Zm9vYmFyQmF6MTIzNDU2Nzg5MGFiY2RlZg",
    "@Zm9v YmFyQmF6 MTIzNDU2 ",
    " @//a:b@c ",
    "AWS@=1 ",
];

/// What is no anchor, and is looked at.
const PIECES: &[&str] = &[
    "@",
    "a@b.co ",
    "1",
    "1 ",
    "12345678",
    "1234-5678-",
    "4111 1111 1111 1111 ",
    "4539578763621486 ",
    "card 4539578763621486 ",
    "DE89370400440532013000 ",
    "DE89 3704 0044 0532 0130 00 ",
    "AA11AA11",
    "+4915112345678 ",
    "aGVsbG8gd29ybGQh",
    "aGVsbG8gd29ybGQhaGVsbG8gd29ybGQhaGVsbG8gd29ybGQh ",
    "eyJhIjoiYiJ9eyJhIjoiYiJ9eyJhIjoiYiJ9 ",
    "&#97;",
    "%41",
    "%41aGVsbG8gd29ybGQhaGVsbG8gd29ybGQh",
    "\\u0041",
    "\\\"",
    "\\\\",
    "AWS_",
    "AWS_A=b ",
    "eyJ",
    "eyJ.",
    "....",
    "----",
    "\\n",
];
