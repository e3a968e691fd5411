//! Inputs that are made to be slow: what they cost is linear in their bytes.
//! It never looks at time: work is counted in steps, which no machine changes.
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use credenza_event::{Gap, Steps};

use crate::report::Report;
use crate::{HashKey, inspect};
use families::{FAMILIES, filled, value, values};

mod families;

fn inspected(event: &[u8]) -> Report {
    inspect(event, Steps::for_bytes(event.len()), &HashKey([7; 16]))
}

// Limit: 32 KiB and twice as much: what small inputs may spend freely is a part of both.
const BYTES: usize = 32 << 10;

#[test]
fn an_input_twice_as_long_takes_twice_the_steps() {
    let mut steep = Vec::new();
    for &(piece, family) in FAMILIES {
        let once = inspected(family(piece, BYTES).as_bytes()).steps;
        let twice = inspected(family(piece, 2 * BYTES).as_bytes()).steps;
        if twice * 10 > once * 22 {
            steep.push(format!("{once} and {twice} for {piece:?}"));
        }
    }
    assert!(steep.is_empty(), "{steep:#?}");
}

#[test]
fn any_piece_repeated_takes_linear_steps() {
    bolero::check!().for_each(|piece: &[u8]| {
        let piece: String = piece
            .iter()
            .take(24)
            .map(|byte| char::from(byte & 0x7f))
            .filter(|char| !matches!(char, '"' | '\\' | '\0'..' '))
            .collect();
        if piece.is_empty() {
            return;
        }
        let steps = |bytes| inspected(value(&piece, bytes).as_bytes()).steps;
        // Digits decode as hexadecimal where their count is even, so one piece more or less may
        // decide whether there is a form more to look at; and both lengths are of the kind that is
        // judged in pieces, because up to 16 KiB other rules of thumb hold (decision 0011).
        let once = steps(BYTES).max(steps(BYTES + piece.len()));
        let twice = steps(2 * BYTES);
        assert!(twice * 10 <= once * 23, "{once} and {twice} for {piece:?}");
    });
}

#[test]
fn six_mebibytes_of_open_brackets_are_inspected_to_the_last() {
    let report = inspected(filled("[", 6 << 20).as_bytes());
    assert!(report.coverage.is_complete());
    let found: Vec<_> = report.findings.iter().map(|found| found.rule.id).collect();
    assert_eq!(found, ["json-bomb"]);
}

#[test]
fn a_hundred_thousand_names_are_inspected_to_the_last() {
    let names: Vec<_> = (0..100_000)
        .map(|name| format!("\"n{name}\":{name},"))
        .collect();
    let event = format!("{{{}\"last\":\"1 or 1=1\"}}", names.concat());
    let report = inspected(event.as_bytes());
    assert!(report.coverage.is_complete());
    let strongest = report.findings.first();
    assert!(strongest.is_some_and(|found| found.rule.id == "sql-injection"));
}

/// 160,000 bytes of `' or ` in a gzip file of 333 bytes, as base64.
fn bomb() -> String {
    let middle = "SZIk".repeat(96);
    format!("H4sIAAAAAAAA/+3EoQ0AAAgDsFfmdh4J/wtuwLeizWwq{middle}SZI+HQAAAAAAAAAA")
}

#[test]
fn a_compression_bomb_is_a_gap_and_not_a_cost() {
    let report = inspected(format!("{{\"q\":\"{}\"}}", bomb()).as_bytes());
    assert!(report.coverage.gaps().any(|gap| gap == Gap::Ratio));
    assert!(report.steps < 200_000, "{} steps", report.steps);
}

#[test]
fn many_compression_bombs_cost_little_more_than_one() {
    let event = values(&bomb(), 600 * bomb().len());
    let report = inspected(event.as_bytes());
    assert!(report.coverage.gaps().any(|gap| gap == Gap::Ratio));
    let steps = usize::try_from(report.steps).unwrap_or(usize::MAX);
    // A bomb of 468 bytes pays for the begin of its inflation as a text of 4 KiB does.
    assert!(steps < 36 * event.len(), "{steps} steps");
}

#[test]
fn json_in_json_ends_with_a_gap_and_not_with_a_loop() {
    let mut nested = "' or 1=1 -- ".to_string();
    for _ in 0..12 {
        nested = format!("{{\"a\":{nested:?}}}");
    }
    let report = inspected(nested.as_bytes());
    assert!(report.coverage.gaps().any(|gap| gap == Gap::Nested));
}
