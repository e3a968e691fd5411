//! A3: in block mode a batch loses its bad records alone; the others reach the function byte for
//! byte, and the source hears of exactly those that failed.
//! They never ask how an attack is found: one plain injection is all they send.
use std::fs;

use credenza_sandbox::{Invocation, Sandbox};
use serde_json::Value;

use crate::harness::samples::INJECTION;
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{beside_others, progress};

const RECORDS: usize = 10;

/// Which of ten records are bad: one, five, all.
const BAD: [&[usize]; 3] = [&[4], &[0, 2, 4, 6, 8], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]];

/// What a record carries.
fn text(is_bad: bool) -> &'static str {
    if is_bad { INJECTION } else { "O'Brien, 7" }
}

/// A kind of batch: how it is spelled, and how its policy calls it.
struct Kind {
    source: &'static str,
    record: fn(usize, &str) -> String,
    event: fn(&[String]) -> String,
}

/// Base64 by the standard's alphabet.
fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let at = usize::try_from((bits >> (18 - 6 * digit)) & 63).unwrap();
            out.push(if digit <= chunk.len() {
                char::from(DIGITS[at])
            } else {
                '='
            });
        }
    }
    out
}

fn records(records: &[String]) -> String {
    format!("{{\"Records\": [{}]}}", records.join(" , "))
}

const SQS: Kind = Kind {
    source: "sqs",
    record: |at, text| {
        format!(
            r#"{{"messageId":"m-{at}","receiptHandle":"r","body":"{{\"name\":\"{text}\"}}","attributes":{{"ApproximateReceiveCount":"1","SenderId":"s"}},"messageAttributes":{{}},"md5OfBody":"x","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-central-1:123456789012:orders","awsRegion":"eu-central-1"}}"#
        )
    },
    event: records,
};

/// Two groups, in turns.
const FIFO: Kind = Kind {
    source: "sqs-fifo",
    record: |at, text| {
        let group = at % 2;
        (SQS.record)(at, text)
            .replace(":orders\"", ":orders.fifo\"")
            .replace(
                "\"SenderId\":\"s\"",
                &format!(
                    "\"SenderId\":\"s\",\"MessageGroupId\":\"g{group}\",\"SequenceNumber\":\"{at}\""
                ),
            )
    },
    event: records,
};

const KINESIS: Kind = Kind {
    source: "kinesis",
    record: |at, text| {
        let data = base64(&format!("{{\"name\":\"{text}\"}}"));
        format!(
            r#"{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"p","sequenceNumber":"m-{at}","data":"{data}","approximateArrivalTimestamp":1719651601}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000000:{at}","eventName":"aws:kinesis:record","awsRegion":"eu-central-1","eventSourceARN":"arn:aws:kinesis:eu-central-1:123456789012:stream/orders"}}"#
        )
    },
    event: records,
};

const DYNAMODB: Kind = Kind {
    source: "dynamodb",
    record: |at, text| {
        format!(
            r#"{{"eventID":"e{at}","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-central-1","dynamodb":{{"Keys":{{"id":{{"N":"{at}"}}}},"NewImage":{{"name":{{"S":"{text}"}}}},"SequenceNumber":"m-{at}","SizeBytes":26,"StreamViewType":"NEW_IMAGE"}},"eventSourceARN":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/x"}}"#
        )
    },
    event: records,
};

const KAFKA: Kind = Kind {
    source: "msk",
    record: |at, text| {
        let value = base64(&format!("{{\"name\":\"{text}\"}}"));
        format!(
            r#"{{"topic":"orders","partition":0,"offset":{at},"timestamp":1719651601000,"timestampType":"CREATE_TIME","value":"{value}","headers":[]}}"#
        )
    },
    event: |records| {
        format!(
            r#"{{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-central-1:123456789012:cluster/c","bootstrapServers":"b:9092","records":{{"orders-0":[{}]}}}}"#,
            records.join(", ")
        )
    },
};

/// What one batch comes to: the bytes of the records that the function saw, and what it answered
/// in the end, which is the event with what was added to it.
async fn serve(sandbox: &Sandbox, kind: &Kind, bad: &[usize]) -> (Vec<usize>, Vec<u8>) {
    let all: Vec<_> = (0..RECORDS)
        .map(|at| (kind.record)(at, text(bad.contains(&at))))
        .collect();
    let outcome = sandbox.invoke(Invocation::new((kind.event)(&all))).await;
    assert!(
        outcome.is_response(),
        "{}: {:?}",
        kind.source,
        outcome.ending
    );
    let answer = outcome.payload().to_vec();
    let answered = String::from_utf8_lossy(&answer).into_owned();
    let kept = (0..RECORDS)
        .filter(|at| answered.contains(&all[*at]))
        .collect();
    (kept, answer)
}

/// The ids in an answer's `batchItemFailures`.
fn failures(answer: &[u8]) -> Vec<String> {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let items = answer["batchItemFailures"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let id = |item: &Value| match &item["itemIdentifier"] {
        Value::String(id) => id.clone(),
        other => other["offset"].to_string(),
    };
    items.iter().map(id).collect()
}

fn ids(places: &[usize], kind: &Kind) -> Vec<String> {
    let prefix = if kind.source == "msk" { "" } else { "m-" };
    places.iter().map(|at| format!("{prefix}{at}")).collect()
}

/// A protected echo function under a policy of these lines.
fn setup(test: &str, client: Client, policy: &str) -> Option<Setup> {
    let mut setup = Setup::new(test, client)?;
    setup.protect("block");
    let path = setup.folder.path().join("policy.toml");
    fs::write(&path, policy).unwrap();
    setup.set("CREDENZA_POLICY", &path.display().to_string());
    Some(setup)
}

/// Runs a kind of batch with each number of bad records; `expected` gives what is kept and named.
fn check(
    client: Client,
    kind: &Kind,
    policy: &str,
    expected: impl Fn(&[usize]) -> (Vec<usize>, Vec<usize>),
) {
    let test = format!("a batch of {} with {client:?}", kind.source);
    let policy = format!("[source.{}]\n{policy}\n", kind.source);
    let Some(setup) = setup(&test, client, &policy) else {
        return;
    };
    block_on(async {
        let sandbox = setup.start().await;
        for bad in BAD {
            let (kept, answer) = serve(&sandbox, kind, bad).await;
            let (left, failed) = expected(bad);
            assert_eq!(kept, left, "{test}, {} bad, {policy}", bad.len());
            assert_eq!(
                failures(&answer),
                ids(&failed, kind),
                "{test}, {} bad",
                bad.len()
            );
        }
        let (kept, _) = serve(&sandbox, kind, &[]).await;
        assert_eq!(kept.len(), RECORDS, "{test}: a harmless batch");
        assert_no_violation(&sandbox);
    });
    progress(&format!("{test}: 1, 5 and 10 of 10 bad"));
}

fn others(bad: &[usize]) -> Vec<usize> {
    (0..RECORDS).filter(|at| !bad.contains(at)).collect()
}

const CLIENTS: [Client; 3] = [Client::Python, Client::Node, Client::Rust];

#[test]
fn a_queue_that_takes_names_gets_those_of_its_bad_messages() {
    let _room = beside_others();
    for client in CLIENTS {
        check(client, &SQS, "reports_failures = true", |bad| {
            (others(bad), bad.to_vec())
        });
    }
}

#[test]
fn a_queue_that_takes_no_names_loses_its_bad_messages_alone() {
    let _room = beside_others();
    for client in CLIENTS {
        check(client, &SQS, "reports_failures = false", |bad| {
            (others(bad), Vec::new())
        });
        check(client, &FIFO, "reports_failures = false", |bad| {
            (others(bad), Vec::new())
        });
    }
}

#[test]
fn a_group_of_a_fifo_queue_stops_at_its_first_bad_message() {
    let _room = beside_others();
    for client in CLIENTS {
        check(client, &FIFO, "reports_failures = true", |bad| {
            let first = |group: usize| bad.iter().copied().find(|at| at % 2 == group);
            let goes = |at: &usize| first(at % 2).is_none_or(|first| *at < first);
            (0..RECORDS).partition(goes)
        });
    }
}

#[test]
fn a_shard_drops_its_bad_records_and_stops_only_if_told_to() {
    let _room = beside_others();
    for kind in [&KINESIS, &DYNAMODB, &KAFKA] {
        for client in CLIENTS {
            check(client, kind, "reports_failures = true", |bad| {
                (others(bad), Vec::new())
            });
            let stops = "reports_failures = true\nquarantine = \"fail\"";
            check(client, kind, stops, |bad| {
                let first = bad.first().copied().unwrap_or(RECORDS);
                ((0..first).collect(), vec![first])
            });
        }
    }
}

const FIREHOSE: Kind = Kind {
    source: "firehose",
    record: |at, text| {
        let data = base64(&format!("{{\"name\":\"{text}\"}}"));
        format!(
            r#"{{"recordId":"m-{at}","approximateArrivalTimestamp":1719651601000,"data":"{data}"}}"#
        )
    },
    event: |records| {
        format!(
            r#"{{"invocationId":"i","deliveryStreamArn":"arn:aws:firehose:eu-central-1:123456789012:deliverystream/orders","region":"eu-central-1","records":[{}]}}"#,
            records.join(",")
        )
    },
};

/// The ids and the results in the answer to a delivery stream; an echo says nothing of results.
fn results(answer: &[u8]) -> Vec<(String, String)> {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let records = answer["records"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("Ok").to_owned();
    let each = records.iter();
    each.map(|record| (text(&record["recordId"]), text(&record["result"])))
        .collect()
}

#[test]
fn a_delivery_stream_hears_of_every_record_in_its_place() {
    let _room = beside_others();
    for client in CLIENTS {
        let test = format!("a batch of firehose with {client:?}");
        let Some(setup) = setup(&test, client, "") else {
            continue;
        };
        block_on(async {
            let sandbox = setup.start().await;
            for bad in BAD {
                let (_, answer) = serve(&sandbox, &FIREHOSE, bad).await;
                let result = |at: &usize| {
                    let is_bad = bad.contains(at);
                    let result = if is_bad { "ProcessingFailed" } else { "Ok" };
                    (format!("m-{at}"), result.to_owned())
                };
                let expected: Vec<_> = (0..RECORDS).map(|at| result(&at)).collect();
                assert_eq!(results(&answer), expected, "{test}, {} bad", bad.len());
            }
            assert_no_violation(&sandbox);
            let seen: usize = setup.received().values().map(Vec::len).sum();
            assert_eq!(
                seen, 2,
                "{test}: a batch of bad records alone reached the function"
            );
        });
        progress(&format!("{test}: 1, 5 and 10 of 10 bad"));
    }
}
