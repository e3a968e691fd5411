//! Tests of the records of batches: where they stand, and what is left when some are cut out.
//! They never ask what a record carries.
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use credenza_event::Source;
use expect_test::{Expect, expect};

use super::batch;

fn check(source: Source, event: &str, expected: &Expect) {
    let batch = batch(source, event.as_bytes()).unwrap();
    let lines: Vec<String> = batch
        .records
        .iter()
        .map(|record| {
            let id = record.id.as_deref().map(String::from_utf8_lossy);
            let id = id.unwrap_or_default();
            let span = &event[record.span.clone()];
            alloc::format!("{} {id} {}", record.pointer, &span[..span.len().min(24)])
        })
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn records_of_queues_and_streams_have_the_ids_that_their_source_wants() {
    check(
        Source::Sqs,
        r#"{"Records":[{"messageId":"m-1","body":"a"}, {"messageId":"m-2"},{"messageId":null}]}"#,
        &expect![[r#"
            /Records/0 "m-1" {"messageId":"m-1","body
            /Records/1 "m-2" {"messageId":"m-2"}
            /Records/2  {"messageId":null}"#]],
    );
    check(
        Source::Kinesis,
        r#"{"Records":[{"kinesis":{"sequenceNumber":"49"},"eventSource":"aws:kinesis"}]}"#,
        &expect![[r#"/Records/0 "49" {"kinesis":{"sequenceNum"#]],
    );
    check(
        Source::DynamoDb,
        r#"{"Records":[{"dynamodb":{"SequenceNumber":"7"}}]}"#,
        &expect![[r#"/Records/0 "7" {"dynamodb":{"SequenceNu"#]],
    );
    check(
        Source::Firehose,
        r#"{"records":[{"recordId":"r","data":"YQ=="}]}"#,
        &expect![[r#"/records/0 "r" {"recordId":"r","data":""#]],
    );
}

#[test]
fn records_of_brokers_stand_in_lists_under_names() {
    check(
        Source::Msk,
        r#"{"records":{"t-0":[{"topic":"t","partition":0,"offset":15}],"t-1":[{"topic":"t","partition":1,"offset":9}]}}"#,
        &expect![[r#"
            /records/t-0/0 {"partition":"t-0","offset":15} {"topic":"t","partition"
            /records/t-1/0 {"partition":"t-1","offset":9} {"topic":"t","partition""#]],
    );
    check(
        Source::RabbitMq,
        r#"{"rmqMessagesByQueue":{"q::/":[{"basicProperties":{"messageId":"x"}}]}}"#,
        &expect![[r#"/rmqMessagesByQueue/q::~1/0 "x" {"basicProperties":{"mes"#]],
    );
    check(
        Source::AppSyncBatch,
        r#"[{"info":1},{"info":2}]"#,
        &expect![[r#"
            /0  {"info":1}
            /1  {"info":2}"#]],
    );
}

#[test]
fn an_event_without_records_is_no_batch() {
    for event in [
        "{}",
        "[]",
        r#"{"Records":[]}"#,
        r#"{"Records":{}}"#,
        "x",
        "",
    ] {
        assert!(batch(Source::Sqs, event.as_bytes()).is_none(), "{event}");
    }
    assert!(batch(Source::ApiGatewayRest, br#"{"Records":[{}]}"#).is_none());
}

/// What is left of an event when the records at some places are cut out.
fn left(event: &str, out: &[usize]) -> String {
    let batch = batch(Source::Sqs, event.as_bytes()).unwrap();
    let left = batch.without(event.as_bytes(), |at| out.contains(&at));
    String::from_utf8(left).unwrap()
}

#[test]
fn a_record_goes_with_its_comma_and_every_other_byte_stays() {
    let event = r#" { "Records" : [ {"a":1} , {"b":2},{"c":3} ] , "x" : "é" }"#;
    for (out, expected) in [
        (&[][..], event.to_string()),
        (
            &[0],
            r#" { "Records" : [ {"b":2},{"c":3} ] , "x" : "é" }"#.into(),
        ),
        (
            &[1],
            r#" { "Records" : [ {"a":1},{"c":3} ] , "x" : "é" }"#.into(),
        ),
        (
            &[2],
            r#" { "Records" : [ {"a":1} , {"b":2} ] , "x" : "é" }"#.into(),
        ),
        (
            &[0, 1],
            r#" { "Records" : [ {"c":3} ] , "x" : "é" }"#.into(),
        ),
        (
            &[1, 2],
            r#" { "Records" : [ {"a":1} ] , "x" : "é" }"#.into(),
        ),
        (
            &[0, 2],
            r#" { "Records" : [ {"b":2} ] , "x" : "é" }"#.into(),
        ),
        (&[0, 1, 2], r#" { "Records" : [  ] , "x" : "é" }"#.into()),
    ] {
        assert_eq!(left(event, out), expected, "{out:?}");
    }
}

#[test]
fn what_is_left_has_the_other_records_as_they_were() {
    bolero::check!()
        .with_type::<(Vec<(u8, bool)>, bool)>()
        .for_each(|(records, spaced)| {
            let records: Vec<_> = records.iter().take(40).collect();
            if records.is_empty() {
                return;
            }
            let texts: Vec<_> = records
                .iter()
                .map(|(number, _)| alloc::format!("{{\"n\":{number}}}"))
                .collect();
            let comma = if *spaced { " ,\n" } else { "," };
            let event = alloc::format!("{{\"Records\":[{}]}}", texts.join(comma));
            let batch = batch(Source::Sqs, event.as_bytes()).unwrap();
            let left = batch.without(event.as_bytes(), |at| records[at].1);
            let left = super::batch(Source::Sqs, &left).map_or(Vec::new(), |kept| {
                let spans = kept.records.into_iter().map(|record| record.span);
                spans.map(|span| left[span].to_vec()).collect::<Vec<_>>()
            });
            let expected: Vec<_> = texts
                .iter()
                .zip(&records)
                .filter(|(_, (_, out))| !*out)
                .map(|(text, _)| text.as_bytes().to_vec())
                .collect();
            assert_eq!(left, expected);
        });
}

#[test]
fn no_bytes_panic_and_nothing_cut_is_everything_kept() {
    bolero::check!().for_each(|event: &[u8]| {
        for source in [Source::Sqs, Source::Kafka, Source::AppSyncBatch] {
            if let Some(batch) = batch(source, event) {
                assert_eq!(batch.without(event, |_| false), event);
                batch.without(event, |at| at % 2 == 0);
                batch.record_of("/Records/0/body");
            }
        }
    });
}
