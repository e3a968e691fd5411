//! Outputs with lines of a function's files in them, and outputs without.
//! They never look at a hash: what a user would see is what counts.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Fingerprints, LINES_MAX, Language};
use crate::leak::{LOOK_BEHIND_BYTES, Leak, Leaks, Media, OutputText};
use crate::report::Confidence::{self, High, Medium};

const PROGRAM: &str = r#"import json
import boto3

TABLE = boto3.resource("dynamodb").Table("orders")
PAGE = """
<html><body><h1>Orders of this month</h1>
<script>document.getElementById("a").focus();</script>
<style>body { margin: 0; padding: 0; font: 12px serif; }</style>
"""

# Everything that the shop knows of one order, for those who may ask.
def find(order_id):
	found = TABLE.get_item(Key={"id": order_id, "kind": "order"})
	if "Item" not in found:
		raise KeyError("no order is called " + order_id)
	return found["Item"]

def handler(event, context):
	order = find(event["pathParameters"]["id"])
	order.pop("internal_notes", None)
	return {"statusCode": 200, "body": json.dumps(order) + "\n"}
"#;

fn known() -> Fingerprints {
    let mut known = Fingerprints::default();
    known.add(Language::Python, PROGRAM.as_bytes());
    known.seal();
    known
}

fn leaks(text: &OutputText<'_>) -> Vec<Leak> {
    let mut leaks = Leaks::new();
    known().seek(text, &mut leaks);
    leaks.iter().copied().collect()
}

fn surest(text: &str) -> Option<Confidence> {
    let found = leaks(&OutputText::whole(text.as_bytes(), Media::Text));
    found.iter().map(|leak| leak.confidence).max()
}

/// As JSON writes a string.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n").replace('\t', "\\t")
}

#[test]
fn a_file_of_the_function_is_found_as_it_stands_and_in_a_document() {
    assert_eq!(surest(PROGRAM), Some(High));
    assert_eq!(surest(&PROGRAM.replace('\n', "\r\n")), Some(High));
    assert_eq!(surest(&format!("root: {PROGRAM}\nend")), Some(High));
    let document = format!("{{\"file\":\"{}\"}}", escaped(PROGRAM));
    assert_eq!(surest(&document), Some(High));
    assert_eq!(
        surest(&format!("{{\"body\":\"{}\"}}", escaped(&document))),
        None
    );
}

#[test]
fn some_lines_of_it_are_reported() {
    let from = PROGRAM.find("\tfound").unwrap();
    let until = PROGRAM.find("\ndef handler").unwrap();
    let lines = &PROGRAM[from..until];
    assert_eq!(surest(lines), Some(Medium));
    let text = format!("What went wrong:\n{lines}\nAnd that is all.");
    let found = leaks(&OutputText::whole(text.as_bytes(), Media::Text));
    assert_eq!(&text[found[0].start..found[0].end], lines.trim());
}

#[test]
fn two_lines_and_what_the_function_means_to_send_are_no_leak() {
    let two: Vec<&str> = PROGRAM
        .lines()
        .filter(|line| line.contains("order"))
        .take(2)
        .collect();
    let page = PROGRAM.split("\"\"\"").nth(1).unwrap();
    for text in [
        two.join("\n").as_str(),
        page,
        "def handler(event, context):\n    return 1\n",
        "import json\nimport boto3\n\nimport os\n",
        "# Everything that the shop knows of one order, for those who may ask.\n",
        "{\"statusCode\": 200, \"body\": \"ok\"}",
        "",
    ] {
        assert_eq!(surest(text), None, "{text}");
    }
}

#[test]
fn a_stream_is_found_out_wherever_its_pieces_are_cut() {
    let before = "a line of something else = 1;\n".repeat(400);
    let whole = format!("{before}{PROGRAM}{before}");
    for piece in [1000, 1500, 5000] {
        let (mut at, mut found) = (0, 0);
        while at < whole.len() {
            let end = (at + piece).min(whole.len());
            let from = at.saturating_sub(LOOK_BEHIND_BYTES);
            let window = &whole.as_bytes()[from..end];
            let text = OutputText::window(window, Media::Text, from > 0, end < whole.len());
            found += leaks(&text).len();
            at = end;
        }
        assert!(found > 0, "{piece}");
    }
}

#[test]
fn no_more_lines_are_kept_than_there_is_room_for() {
    let mut known = Fingerprints::default();
    for at in 0..LINES_MAX + 100 {
        known.add(
            Language::Plain,
            format!("let value_{at} = f({at});").as_bytes(),
        );
    }
    known.seal();
    assert!(known.lines.len() <= LINES_MAX);
    assert_eq!(
        format!("{known:?}"),
        format!("Fingerprints({} lines)", known.lines.len())
    );
}
