//! The report: one page, its figures those of the records, looked at in a browser.
//! These tests never compare pictures; they measure them, and people look at them.
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::{credenza, folder, recorded, said, skip};

/// The widths at which the page is looked at: a phone, a small and a large screen.
const WIDTHS: [u32; 3] = [360, 1024, 1920];

/// The browser, if there is one.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find(|name| {
        let found = Command::new(name).arg("--version").output();
        found.is_ok_and(|output| output.status.success())
    })
}

/// Runs the browser on a page, with `arguments`; gives back what it printed.
fn browse(browser: &str, folder: &Path, arguments: &[String]) -> String {
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.join("browser").display()
        ))
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Width and height of a PNG (its header chunk).
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn the_report_is_looked_at_in_a_browser_at_three_widths() {
    let folder = folder("screens");
    let (_, _) = recorded(&folder, 16_000);
    said(&credenza(&folder, &["report", "records.jsonl"]), 0);
    let Some(browser) = browser() else {
        skip(
            "the report in a browser",
            "no Chromium is installed (apt-get install chromium)",
        );
        return;
    };
    let page = format!("file://{}", folder.join("report.html").display());
    for width in WIDTHS {
        for dark in [false, true] {
            let name = format!("report-{width}{}.png", if dark { "-dark" } else { "" });
            let picture = folder.join(name);
            let mut arguments = vec![
                format!("--window-size={width},3000"),
                format!("--screenshot={}", picture.display()),
                page.clone(),
            ];
            if dark {
                arguments.insert(0, "--blink-settings=preferredColorScheme=0".to_owned());
            }
            browse(browser, &folder, &arguments);
            let bytes = std::fs::read(&picture).unwrap();
            assert_eq!(size(&bytes), (width, 3000));
            // A page of one colour takes next to nothing.
            assert!(bytes.len() > 40_000, "{} bytes at {width}", bytes.len());
        }
    }
}

/// What a tag holds: its text up to the end of the tag, after the n-th `mark`.
fn after<'a>(page: &'a str, mark: &str) -> &'a str {
    let (_, rest) = page.split_once(mark).unwrap();
    rest.split('<').next().unwrap()
}

fn number(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[test]
fn the_figures_of_the_report_are_those_of_the_records() {
    let folder = folder("figures");
    let (_, written) = recorded(&folder, 6_000);
    let report = ["--format", "json", "report", "records.jsonl"];
    let json: Value = serde_json::from_str(&said(&credenza(&folder, &report), 0)).unwrap();
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert_eq!(json["records"], written.records);
    assert_eq!(json["invocations"], written.invocations);
    assert_eq!(
        number(after(&page, "<div class=\"tile \"><b>")),
        written.invocations
    );
    // Counted once more, by hand.
    let text = std::fs::read_to_string(folder.join("records.jsonl")).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sum = |name: &str| -> u64 {
        let metrics = lines.iter().filter(|line| line["record"] == "metrics");
        metrics.map(|line| line[name].as_u64().unwrap()).sum()
    };
    assert_eq!(json["partial"], sum("partial"));
    assert_eq!(json["flagged"], sum("flagged"));
    assert_eq!(json["blocking"], sum("would_block"));
    let of = |record: &str| lines.iter().filter(|line| line["record"] == record).count();
    assert_eq!(json["leaks"], of("leak"));
    assert_eq!(json["faults"], of("fault"));
    for rule in json["rules"].as_array().unwrap() {
        let told = |line: &&Value| line["record"] == "finding" || line["record"] == "leak";
        let findings = lines.iter().filter(told);
        let findings = findings.filter(|line| line["rule"] == rule["rule"]);
        let blocking = findings.clone().filter(|line| line["confidence"] == "high");
        assert_eq!(rule["findings"], findings.count(), "{rule}");
        assert_eq!(rule["hits"], blocking.count(), "{rule}");
    }
}

#[test]
fn the_page_asks_nothing_of_the_network_and_runs_no_script() {
    let folder = folder("alone");
    recorded(&folder, 5_000);
    said(
        &credenza(&folder, &["report", "records.jsonl", "-o", "a.html"]),
        0,
    );
    let page = std::fs::read_to_string(folder.join("a.html")).unwrap();
    for mark in [
        "<script", "<link", "<img", "<iframe", "url(", "@import", "http:", "https:",
    ] {
        assert!(!page.contains(mark), "{mark}");
    }
    assert!(page.len() < 300_000, "{} bytes", page.len());
    // Headings in their order, and a heading for each table's column.
    let levels: Vec<u32> = page
        .match_indices("<h")
        .filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10))
        .collect();
    assert_eq!(levels.first(), Some(&1));
    assert!(
        levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "{levels:?}"
    );
    assert_eq!(
        page.matches("<th ").count(),
        page.matches("<th scope=\"col\"").count()
    );
    let pictures = page.matches("<svg ").count();
    let named = page.matches("aria-hidden").count() + page.matches("role=\"img\"").count();
    assert!(named >= pictures, "{named} of {pictures}");
}

#[test]
fn nothing_of_a_record_becomes_markup_or_steers_a_reader() {
    let folder = folder("hostile");
    let evil = "</style><script>alert(1)</script>\u{202e}\u{1b}[2J\"'&";
    let mut lines = String::new();
    for kind in [
        "finding", "leak", "fault", "problem", "partial", "repeats", "init", "metrics",
    ] {
        let mut line = json!({ "time": "2026-11-26T10:00:00Z", "level": "warn", "record": kind });
        let members = [
            "request_id",
            "trace",
            "tenant",
            "function",
            "version",
            "source",
            "route",
            "rule",
            "location",
            "context",
            "dialect",
            "production",
            "sample",
            "hash",
            "verdict",
            "mode",
            "policy",
            "secret",
            "channel",
            "kind",
            "family",
            "behaviour",
            "at",
            "message",
            "agent",
        ];
        for member in members {
            line[member] = json!(evil);
        }
        line["confidence"] = json!("high");
        line["decoded"] = json!([evil]);
        line["gaps"] = json!([evil]);
        line["span"] = json!([0, 9]);
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    std::fs::write(folder.join("records.jsonl"), lines).unwrap();
    said(&credenza(&folder, &["report", "records.jsonl"]), 0);
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script"));
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(!page.contains(['\u{202e}', '\u{1b}']));
    for line in said(&credenza(&folder, &["propose", "records.jsonl"]), 0).lines() {
        assert!(!line.contains(['\u{202e}', '\u{1b}']), "{line}");
    }
}

#[test]
fn records_of_nobody_make_a_page_that_says_so() {
    let folder = folder("empty");
    std::fs::write(folder.join("other.log"), "START\nhello {\nEND\n").unwrap();
    let text = said(&credenza(&folder, &["report", "other.log"]), 0);
    assert!(text.contains("nothing is known"), "{text}");
    let question = ["query", "SELECT count(*) FROM records", "other.log"];
    assert_eq!(credenza(&folder, &question).status.code(), Some(2));
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("No record of credenza in these files."));
}
