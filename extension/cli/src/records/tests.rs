//! One finding in every shape in which logs are exported comes out as the same finding.
//! These tests never read a file that they have not written.
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;

fn finding(id: u32) -> String {
    json!({
        "time": "2026-11-26T10:00:00.000Z", "level": "warn", "record": "finding",
        "request_id": format!("r-{id}"), "function": "orders", "rule": "sql-injection",
        "location": "/body/\"id\"", "decoded": ["base64"], "verdict": "block",
    })
    .to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The request ids of the findings in a file with these bytes, and what else was met.
fn read(name: &str, bytes: &[u8]) -> (Vec<String>, Intake) {
    let file = std::env::temp_dir().join(format!("credenza-records-{}-{name}", std::process::id()));
    std::fs::write(&file, bytes).unwrap();
    let mut ids = Vec::new();
    let intake = each(&[file.display().to_string()], &mut |record| {
        assert_eq!(record.kind(), Some("finding"));
        assert_eq!(record.location.get(), "/body/\"id\"");
        ids.push(record.request_id.get().to_owned());
        Ok(true)
    });
    std::fs::remove_file(&file).unwrap();
    (ids, intake.unwrap())
}

fn event(text: &str) -> serde_json::Value {
    json!({ "id": "1", "timestamp": 1, "message": format!("{text}\n") })
}

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// Lines, as agents, terminals, exports and sandboxes write them.
fn lines_of_two(one: &str, two: &str) -> Vec<(&'static str, Vec<u8>)> {
    let export = format!("2026-11-26T10:00:00.000Z {one}\n2026-11-26T10:00:01Z {two}\n");
    let tail = format!("2026-11-26T10:00:00+00:00 2026/11/26/[$LATEST]a {one}\nx {two}");
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let telemetry = [
        json!({ "time": "t", "type": "extension", "record": one }),
        json!({ "time": "t", "type": "extension", "record": parsed(two) }),
    ];
    let sandbox = [
        json!({ "at_ms": 1, "request_id": "r", "verdict": "block", "records": [parsed(one)] }),
        json!({ "line": { "origin": "agent", "stderr": false, "text": two } }),
    ];
    let joined = |lines: [serde_json::Value; 2]| lines.map(|line| format!("{line}\n")).concat();
    vec![
        ("lines", format!("{one}\nnoise {{\n\n{two}\n").into()),
        ("crlf", format!("{one}\r\n{two}").into()),
        ("export", gzip(export.as_bytes())),
        ("tail", tail.into()),
        ("telemetry", joined(telemetry).into()),
        ("sandbox", joined(sandbox).into()),
    ]
}

/// Documents of the service's own interfaces.
fn documents_of_two(one: &str, two: &str) -> Vec<(&'static str, Vec<u8>)> {
    let events = json!([event("START RequestId: x"), event(one), event(two)]);
    let subscription = |text: &str| {
        let document = json!({ "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g",
            "subscriptionFilters": ["all"], "logEvents": [event(text)] });
        bytes(&document)
    };
    let both = gzip(&bytes(&json!({ "logEvents": [event(one), event(two)] })));
    let base64 = base64::engine::general_purpose::STANDARD;
    let base64 = base64::Engine::encode(&base64, both);
    let pretty = format!("{:#}", json!({ "events": events, "nextToken": "x" }));
    vec![
        ("pretty", pretty.into()),
        (
            "compact",
            bytes(&json!({ "searchedLogStreams": [{}], "events": events })),
        ),
        ("list", bytes(&events)),
        (
            "subscription",
            gzip(&[subscription(one), subscription(two)].concat()),
        ),
        (
            "members",
            [gzip(&subscription(one)), gzip(&subscription(two))].concat(),
        ),
        ("function", bytes(&json!({ "awslogs": { "data": base64 } }))),
    ]
}

/// Results of queries.
fn queries_of_two(one: &str, two: &str) -> Vec<(&'static str, Vec<u8>)> {
    let cells = |text: &str| {
        json!([{ "field": "@timestamp", "value": "2026-11-26 10:00:00.000" },
            { "field": "@message", "value": text }, { "field": "@ptr", "value": "x" }])
    };
    let doubled = |text: &str| text.replace('"', "\"\"");
    let results = json!({ "results": [cells(one), cells(two)], "status": "Complete" });
    let csv = [doubled(one), doubled(two)];
    let csv = format!("@timestamp,@message\n1,\"{}\"\n2,\"{}\"\n", csv[0], csv[1]);
    vec![
        ("insights", format!("{results:#}").into()),
        ("insights-compact", bytes(&results)),
        (
            "insights-json",
            bytes(&json!([{ "@message": one }, { "@message": two }])),
        ),
        ("csv", csv.into()),
    ]
}

fn shapes() -> Vec<(&'static str, Vec<u8>)> {
    let (one, two) = (finding(1), finding(2));
    let mut all = lines_of_two(&one, &two);
    all.extend(documents_of_two(&one, &two));
    all.extend(queries_of_two(&one, &two));
    all
}

#[test]
fn every_shape_of_a_log_holds_the_same_records() {
    for (name, bytes) in shapes() {
        let (ids, intake) = read(name, &bytes);
        assert_eq!(ids, ["r-1", "r-2"], "{name}");
        assert_eq!((intake.records, intake.damaged), (2, 0), "{name}");
    }
}

#[test]
fn a_row_of_chosen_columns_is_a_finding_of_what_it_has() {
    let text = "request_id,rule,verdict,location\nr-9,sql-injection,block,\"/body/\"\"id\"\"\"\n";
    assert_eq!(read("columns", text.as_bytes()).0, ["r-9"]);
}

#[test]
fn cut_lines_are_counted_and_the_rest_is_read() {
    let one = finding(1);
    let half = one.get(..one.len() - 9).unwrap();
    let (ids, intake) = read(
        "cut",
        format!("{half}\nREPORT RequestId: x\n{one}\n").as_bytes(),
    );
    assert_eq!(ids, ["r-1"]);
    assert_eq!((intake.damaged, intake.others, intake.reported), (1, 1, 1));
}

#[test]
fn folders_are_walked_in_the_order_of_their_names() {
    let folder = std::env::temp_dir().join(format!("credenza-folder-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("a/b")).unwrap();
    std::fs::write(folder.join("z.log"), finding(3)).unwrap();
    std::fs::write(folder.join("a/b/1.gz"), gzip(finding(1).as_bytes())).unwrap();
    std::fs::write(folder.join("a/2.log"), finding(2)).unwrap();
    let mut ids = Vec::new();
    let intake = each(&[folder.display().to_string()], &mut |record| {
        ids.push(record.request_id.get().to_owned());
        Ok(true)
    });
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        (ids.concat(), intake.unwrap().files),
        ("r-2r-1r-3".to_owned(), 3)
    );
}

#[test]
fn a_missing_file_says_what_to_name() {
    let error = each(&["no/such.jsonl".to_owned()], &mut |_| Ok(true)).unwrap_err();
    assert!(error.to_string().starts_with("no/such.jsonl: "), "{error}");
}

#[test]
fn nothing_that_a_function_may_print_stops_the_reading() {
    let lines = [
        "{",
        "}",
        "[",
        "[[[",
        "{\"record\":\"finding\"",
        "\"",
        "[{}]",
        "{\"events\":7}",
    ];
    for line in lines {
        let text = format!("{line}\n{}\n", finding(1));
        let (ids, _) = read("odd", text.as_bytes());
        assert!(ids.len() <= 1, "{line}");
    }
    let mut text = String::new();
    for line in lines {
        text = format!("{text}x {line}\n");
    }
    let (ids, _) = read(
        "noise",
        format!("{}\n{text}{}", finding(1), finding(2)).as_bytes(),
    );
    assert_eq!(ids, ["r-1", "r-2"]);
}

#[test]
fn input_that_comes_byte_by_byte_has_the_same_shape() {
    for (name, bytes) in shapes()
        .into_iter()
        .filter(|(_, bytes)| !bytes.starts_with(b"\x1f"))
    {
        let mut ids = Vec::new();
        let mut take = |record: &Record<'_>| {
            ids.push(record.request_id.get().to_owned());
            Ok(true)
        };
        let mut opener = Opener::new(&mut take, Progress::new(0, Meter::default()));
        let input = BufReader::with_capacity(1, io::Cursor::new(bytes));
        one(Box::new(input), &mut opener).unwrap();
        drop(opener);
        assert_eq!(ids, ["r-1", "r-2"], "{name}");
    }
}

#[test]
fn a_line_with_commas_is_no_head_of_a_table() {
    assert!(is_header("@timestamp,@message"));
    assert!(is_header("\"request_id\",\"rule\""));
    assert!(!is_header("2026-11-26 INFO request_id=1, rule"));
    assert!(!is_header("a,b"));
}
