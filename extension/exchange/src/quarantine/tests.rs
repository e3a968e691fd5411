//! Tests of batches with one, some and nothing but bad records.
//! They never depend on how a source is recognised.
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::HashKey;
use credenza_event::{Source, Steps};
use credenza_policy::{Mode, Policy, Quarantine, SourcePolicy, Verdict};

use super::{Inspector, name_records, sort};
use crate::case::{Case, Circumstances};
use crate::{Step, records};

const KEY: HashKey = HashKey([7; 16]);

fn policy(source: Source, quarantine: Option<Quarantine>, reports_failures: bool) -> Policy {
    Policy {
        mode: Mode::Block,
        sources: [SourcePolicy {
            quarantine,
            reports_failures,
            ..SourcePolicy::default_of(source)
        }]
        .into(),
        ..Policy::default()
    }
}

/// A queue's batch; each letter is a record, a capital one an attack, and its case-folded letter
/// its group.
fn queue(records: &str) -> String {
    let records: Vec<_> = records
        .chars()
        .enumerate()
        .map(|(at, letter)| {
            let body = if letter.is_ascii_uppercase() {
                "1' or 1=1 -- "
            } else {
                "O'Brien"
            };
            let group = letter.to_ascii_lowercase();
            alloc::format!(
                r#"{{"messageId":"m{at}","body":"{body}","attributes":{{"MessageGroupId":"{group}"}},"eventSource":"aws:sqs"}}"#
            )
        })
        .collect();
    alloc::format!("{{\"Records\":[{}]}}", records.join(", "))
}

/// What becomes of a batch: the places of the records that go on, and the answer that the platform
/// gets where the function says `null`.
fn outcome(source: Source, event: &str, policy: &Policy) -> (Vec<usize>, String) {
    let bytes = event.as_bytes();
    let batch = records::batch(source, bytes).unwrap();
    let steps = Steps::for_bytes(bytes.len());
    let mut report = credenza_engine::inspect(bytes, steps, &KEY);
    assert_eq!(policy.verdict(&report), Verdict::Block);
    let case = Case::new(bytes, Circumstances::default(), policy, &KEY).coming_from(source);
    let mut inspector = Inspector { case: &case, steps };
    let Some(sorted) = sort(&batch, &mut report, &mut inspector) else {
        return (Vec::new(), "whole".into());
    };
    let spans: Vec<_> = batch
        .records
        .iter()
        .map(|record| &event[record.span.clone()])
        .collect();
    match sorted.step {
        Step::Deliver => ((0..spans.len()).collect(), "null".into()),
        Step::Refuse(refusal) => (Vec::new(), String::from_utf8(refusal.body).unwrap()),
        Step::Cut(cut) => {
            let left = String::from_utf8(cut.event).unwrap();
            let kept: Vec<_> = (0..spans.len())
                .filter(|at| left.contains(spans[*at]))
                .collect();
            let bytes = kept.iter().map(|at| spans[*at].len()).sum::<usize>();
            assert!(left.len() >= bytes, "{left}");
            assert_eq!(
                usize::try_from(sorted.cut).unwrap(),
                spans.len() - kept.len()
            );
            let answer = cut.completion.map_or_else(
                || Some(b"null".to_vec()),
                |completion| completion.complete(b"null"),
            );
            let answer = answer.unwrap_or_else(|| b"as it came".to_vec());
            (kept, String::from_utf8(answer).unwrap())
        }
    }
}

fn failures(places: &[usize]) -> String {
    let items: Vec<_> = places
        .iter()
        .map(|at| alloc::format!(r#"{{"itemIdentifier":"m{at}"}}"#))
        .collect();
    alloc::format!(r#"{{"batchItemFailures":[{}]}}"#, items.join(","))
}

#[test]
fn a_queue_without_names_drops_bad_messages_and_delivers_the_others() {
    for source in [Source::Sqs, Source::SqsFifo] {
        let policy = policy(source, None, false);
        for (records, kept) in [
            ("aaaaAaaaaa", &[0, 1, 2, 3, 5, 6, 7, 8, 9][..]),
            ("AaAaAaAaAa", &[1, 3, 5, 7, 9]),
            ("aA", &[0]),
        ] {
            let (left, answer) = outcome(source, &queue(records), &policy);
            assert_eq!(left, kept, "{records}");
            assert_eq!(answer, "null");
        }
        let (left, answer) = outcome(source, &queue("AAAAAAAAAA"), &policy);
        assert!(left.is_empty());
        assert_eq!(answer, failures(&[]));
    }
}

#[test]
fn a_queue_with_names_hears_which_messages_failed() {
    let policy = policy(Source::Sqs, None, true);
    for (records, kept, failed) in [
        ("aaaaAaaaaa", &[0, 1, 2, 3, 5, 6, 7, 8, 9][..], &[4][..]),
        ("AaAaAaAaAa", &[1, 3, 5, 7, 9], &[0, 2, 4, 6, 8]),
        ("AAA", &[], &[0, 1, 2]),
    ] {
        let (left, answer) = outcome(Source::Sqs, &queue(records), &policy);
        assert_eq!(left, kept, "{records}");
        assert_eq!(answer, failures(failed));
    }
}

#[test]
fn a_group_of_a_fifo_queue_stops_at_its_bad_message_and_other_groups_go_on() {
    let policy = policy(Source::SqsFifo, None, true);
    for (records, kept, failed) in [
        ("abAab", &[0, 1, 4][..], &[2, 3][..]),
        ("aBbbA", &[0], &[1, 2, 3, 4]),
        ("Aaaa", &[], &[0, 1, 2, 3]),
    ] {
        let (left, answer) = outcome(Source::SqsFifo, &queue(records), &policy);
        assert_eq!(left, kept, "{records}");
        assert_eq!(answer, failures(failed));
    }
}

#[test]
fn a_shard_drops_by_default_and_stops_at_the_bad_record_if_told_to_fail() {
    let event = queue("abAab").replace("\"messageId\"", "\"kinesis\":{\"sequenceNumber\"");
    let event = event.replace(",\"body\"", "},\"body\"");
    let dropped = policy(Source::Kinesis, None, true);
    assert_eq!(
        outcome(Source::Kinesis, &event, &dropped),
        ([0, 1, 3, 4].into(), "null".into())
    );
    let failed = policy(Source::Kinesis, Some(Quarantine::Fail), true);
    assert_eq!(
        outcome(Source::Kinesis, &event, &failed),
        ([0, 1].into(), failures(&[2]))
    );
    let unnamed = policy(Source::Kinesis, Some(Quarantine::Fail), false);
    assert_eq!(outcome(Source::Kinesis, &event, &unnamed).1, "whole");
}

#[test]
fn partitions_of_a_topic_stop_each_for_itself() {
    let list = |partition: u8, records: &str| {
        let event = queue(records);
        let list = &event["{\"Records\":".len()..event.len() - 1];
        let number = alloc::format!("\"topic\":\"t\",\"partition\":{partition},\"offset\":1");
        list.replace(
            "\"messageId\":\"m",
            &alloc::format!("{number},\"x\":\"{partition}-"),
        )
    };
    let event = alloc::format!(
        "{{\"records\":{{\"t-0\":{},\"t-1\":{}}}}}",
        list(0, "aAa"),
        list(1, "aa")
    );
    let failed = policy(Source::Kafka, Some(Quarantine::Fail), true);
    let (left, answer) = outcome(Source::Kafka, &event, &failed);
    assert_eq!(left, [0, 3, 4]);
    assert_eq!(
        answer,
        r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1}}]}"#
    );
}

#[test]
fn a_delivery_stream_gets_an_answer_for_each_record() {
    let event = queue("aAa")
        .replace("Records", "records")
        .replace("messageId", "recordId")
        .replace("\"body\"", "\"data\"");
    let policy = policy(Source::Firehose, None, false);
    let batch = records::batch(Source::Firehose, event.as_bytes()).unwrap();
    let bytes = event.as_bytes();
    let steps = Steps::for_bytes(bytes.len());
    let mut report = credenza_engine::inspect(bytes, steps, &KEY);
    let case = Case::new(bytes, Circumstances::default(), &policy, &KEY);
    let case = case.coming_from(Source::Firehose);
    let mut inspector = Inspector { case: &case, steps };
    let sorted = sort(&batch, &mut report, &mut inspector);
    let Some(Step::Cut(cut)) = sorted.map(|sorted| sorted.step) else {
        panic!("nothing was cut");
    };
    let answer = br#"{"records":[{"recordId":"m0","result":"Ok","data":"YQ=="},{"recordId":"m2","result":"Ok","data":"Yg=="}]}"#;
    let completed = cut.completion.unwrap().complete(answer).unwrap();
    assert_eq!(
        String::from_utf8(completed).unwrap(),
        concat!(
            r#"{"records":[{"recordId":"m0","result":"Ok","data":"YQ=="},"#,
            r#"{"recordId":"m1","result":"ProcessingFailed","data":"1' or 1=1 -- "},"#,
            r#"{"recordId":"m2","result":"Ok","data":"Yg=="}]}"#,
        )
    );
    let (left, answer) = outcome(
        Source::Firehose,
        &event.replace("O'Brien", "1' or 1=1 -- "),
        &policy,
    );
    assert!(left.is_empty());
    assert_eq!(answer.matches("ProcessingFailed").count(), 3);
}

#[test]
fn a_flood_of_attacks_hides_no_record_behind_it() {
    let policy = policy(Source::Sqs, None, true);
    let records = ["A".repeat(100), "aAa".into()].concat();
    let (left, answer) = outcome(Source::Sqs, &queue(&records), &policy);
    assert_eq!(left, [100, 102]);
    assert_eq!(answer.matches("itemIdentifier").count(), 101);
}

#[test]
fn what_was_not_looked_at_is_one_record_and_not_its_neighbours() {
    let mut nested = String::from("x");
    for _ in 0..12 {
        nested = alloc::format!("{{\"a\":{nested:?}}}");
    }
    let event = queue("aba").replacen("\"O'Brien\"", &alloc::format!("{nested:?}"), 1);
    let (left, answer) = outcome(Source::Sqs, &event, &policy(Source::Sqs, None, true));
    assert_eq!(left, [1, 2]);
    assert_eq!(answer, failures(&[0]));
}

#[test]
fn an_attack_beside_the_records_refuses_the_whole_event() {
    let event = queue("aa").replacen('{', "{\"x\":\"1' or 1=1 -- \",", 1);
    let (_, answer) = outcome(Source::Sqs, &event, &policy(Source::Sqs, None, true));
    assert_eq!(answer, "whole");
}

#[test]
fn a_policy_that_passes_delivers_every_record() {
    let policy = policy(Source::Sqs, Some(Quarantine::Pass), true);
    let (left, answer) = outcome(Source::Sqs, &queue("aA"), &policy);
    assert_eq!(left, [0, 1]);
    assert_eq!(answer, "null");
}

#[test]
fn a_finding_names_its_record() {
    let event = queue("aA");
    let bytes = event.as_bytes();
    let batch = records::batch(Source::Sqs, bytes).unwrap();
    let steps = Steps::for_bytes(bytes.len());
    let mut report = credenza_engine::inspect(bytes, steps, &KEY);
    name_records(&batch, &mut report.findings);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].record.as_deref(), Some("m1"));
}
