//! Inputs that are made to be slow: what they cost is linear in their bytes.
//! It never looks at time: work is counted in steps, which no machine changes.
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use credenza_event::{Gap, Steps};

use crate::report::Report;
use crate::{HashKey, inspect};

fn inspected(event: &[u8]) -> Report {
    inspect(event, Steps::for_bytes(event.len()), &HashKey([7; 16]))
}

/// A piece, as often as it fits into `bytes`.
fn filled(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

/// One value of pieces.
fn value(piece: &str, bytes: usize) -> String {
    format!("{{\"q\":\"{}\"}}", filled(piece, bytes))
}

/// Many values of a piece each.
fn values(piece: &str, bytes: usize) -> String {
    format!("[{}\"\"]", filled(&format!("\"{piece}\","), bytes))
}

/// A body in which a form repeats.
fn body(piece: &str, bytes: usize) -> String {
    format!("{{\"body\":\"{}\"}}", filled(piece, bytes))
}

/// Pieces that push one part each, and how they are put together.
type Family = (&'static str, fn(&str, usize) -> String);

const FAMILIES: &[Family] = &[
    ("[", filled),
    ("{", filled),
    ("\"", filled),
    ("\\", filled),
    ("\u{1}' or 1=1 ", filled),
    ("hello world and, or (it) ", filled),
    ("'", value),
    ("''", value),
    ("' or ", value),
    ("' or x ", value),
    ("' and ", value),
    ("' like '", value),
    ("' || (((", value),
    ("\\r\\nSET a 1", value),
    (")(|(", value),
    ("] | a | ", value),
    ("O:1:\\\"A\\\":1:{", value),
    ("!!org.a.B:{ ", value),
    ("<java:{ ", value),
    ("ca\\nb\\n", value),
    ("a[__proto__", value),
    ("{\\\"$ne\\\":", body),
    ("{\\\"constructor\\\":{\\\"prototype\\\":", body),
    ("' or case when ", value),
    ("a' ", value),
    ("'; drop ", value),
    ("\\\"", value),
    ("\\\" or \\\"", value),
    ("`a`", value),
    ("[a] ", value),
    ("(", value),
    ("1 or (", value),
    (")", value),
    ("{fn ", value),
    ("1 or select union from ", value),
    ("union select ", value),
    ("; ", value),
    ("/*", value),
    ("/*/**/", value),
    ("-- ", value),
    ("#a", value),
    ("$a$", value),
    ("q'[", value),
    ("@`", value),
    ("1.e(", value),
    ("\\\"\\\"a", value),
    ("char(65)||", value),
    ("{d a(", value),
    ("array['a',", value),
    ("a.b.", value),
    ("0x", value),
    ("\\\\", value),
    ("\\u0027", value),
    ("\\u005cu0027", value),
    ("%", value),
    ("%27", value),
    ("%25", value),
    ("%252527", value),
    ("&#x26;", value),
    ("&#0", value),
    ("+A", value),
    ("+AGEAYQ-", value),
    ("+ADw", value),
    ("JXQlMjU", value),
    ("\u{ff07}\u{ff07}or", value),
    ("\\r\\n", value),
    ("x\\r\\nA:b", values),
    ("A:b\\n", value),
    ("{{", value),
    ("://", value),
    ("http://1", value),
    ("a:\\\\", value),
    ("//@", value),
    ("http://127.0.0.1/%41", values),
    ("${:-", value),
    ("${${::-j}", value),
    ("${lower:${:-}}", value),
    ("${'", value),
    ("{{a.__class__}}", value),
    ("$a.b(", value),
    ("{system", value),
    ("<%=T(a.b", value),
    ("' or x %41 \\\\u0041 &#65; ", value),
    ("x' and 1=1 or (select ", values),
    ("1' or '1'='1' union select a from b -- ", values),
    ("JyBvciAxPTEgLS0g", values),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJPJ0JyaWVuIn0.c2ln", values),
    ("{\\\"a\\\":1}", values),
    ("AKIA", value),
    (concat!(" ASI", "AABCDEFGHIJKLMNOP"), value),
    ("'npm_", value),
    (concat!(" -----BE", "GIN PRIVATE KEY-----"), value),
    ("'sk-", value),
    ("((", value),
    ("^((a+)+", value),
    ("/[a-z]", value),
    ("bytes=0-,", value),
    ("1e9", values),
    ("eyJ", value),
    ("eyJhIjox.", value),
    ("'eyJhbGciOiJub25lIn0.e.", value),
    (" eyJhbGciOiJub25lIn0.e", value),
    ("{a", value),
    ("{a{b}c:d(e:1)@f ", value),
    ("fragment A on B{...A}", value),
    ("{__type", value),
    ("{#", value),
    ("{a(b:\\\"\\\"\\\"", value),
    ("&a=%27", body),
    ("{\\\"a\\\":\\\"\\\\u0027 or\\\",", body),
    (
        "--x\\r\\nContent-Disposition: form-data; name=a\\r\\n\\r\\n1\\r\\n",
        body,
    ),
    ("<", value),
    ("<a ", value),
    ("<a b='", value),
    ("<a b=\\\"<a b=\\\"", value),
    ("<a b=`", value),
    ("<a onload=x()>", value),
    ("<//onload=x ", value),
    ("<a b= onload=x", value),
    ("<a ng-b='constructor(", value),
    ("<style>[{", value),
    ("<script>", value),
    ("`<script>a()</script>` ", value),
    ("<html><head><title><script>", value),
    ("<style>", value),
    ("<style>a{b:c}</style>", value),
    ("<!--", value),
    ("<a href=j&#9;", value),
    ("](javascript:a(", value),
    ("url(data:", value),
    (" javascript:a ", values),
    ("';a=alert ", value),
    ("[][(!", value),
    ("<!DOCTYPE a [", value),
    ("<!ENTITY a '&a;&a;&a;&a;'>", value),
    ("<!ENTITY a SYSTEM 'a.xml'>", value),
    ("<!DOCTYPE a SYSTEM \\\"", value),
    ("/XInclude <include href='a.xml'", value),
    ("/XSL/Transform document('a.xml')", value),
    ("../", value),
    ("../../etc/passwd ", value),
    ("=../../x&", value),
    ("php://filter|", value),
    (";id ", value),
    ("`id` ", value),
    ("$(", value),
    ("; cat /etc/passwd ", value),
    (";c'a't ", value),
    (";$X", value),
    ("\\nls -la x", value),
    ("system('", value),
    ("eval(chr(", value),
    ("exec (", value),
    ("<?php ", value),
    ("<!--#", value),
    ("%x(", value),
    ("require('fs') ", value),
    ("=A(B", value),
    ("char(1,", value),
    ("r(", value),
    ("chr(39)+", value),
    ("\\\\27 ", value),
    ("a\\u0000", value),
    ("\u{ff07}a\u{200b}", value),
    ("H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA=", values),
    ("U1fIL1IwtDVUKM3LzM9TKE7NAQA=", values),
    ("data:text/html,%3Cb%3E", values),
    ("27206f7220313d31", values),
    ("<a b='(c'/>", body),
    ("<a><!---->x<![CDATA[(]]>", body),
    ("{a:\\\"(b\\\"", body),
    ("a=(&", body),
    ("/a/(", body),
];

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
        let [once, twice] =
            [1, 2].map(|times| inspected(value(&piece, times * (BYTES / 4)).as_bytes()).steps);
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
