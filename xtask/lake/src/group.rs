//! Log groups: the agent's lines among those of others, and the parcels of a subscription.
//! It never hands on a line that the subscription's pattern does not let through.
use std::io::Write as _;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::numbers::Numbers;
use crate::sandbox::{Line, Sandbox};
use crate::template::Subscription;

// Limit: a parcel of CloudWatch Logs holds up to a megabyte; these are some 250 KB unpacked.
const LINES_MAX: usize = 400;

/// What is written beside the agent's lines: by the platform, the function, and others' extensions.
pub(crate) fn of_others(id: &str, millis: u64, numbers: &mut Numbers) -> Vec<Line> {
    let inner = r#"{"record":"finding","rule":"sql-injection","function":"shop-api"}"#;
    let texts = [
        format!("START RequestId: {id} Version: 7"),
        format!("REPORT RequestId: {id}\tDuration: 3.10 ms\tBilled Duration: 4 ms"),
        json!({ "level": "info", "message": inner, "requestId": id }).to_string(),
        json!({ "time": "t", "type": "platform.report", "record": { "requestId": id } })
            .to_string(),
        "DD_EXTENSION | DEBUG | Flushing 3 metrics".to_owned(),
        json!({ "_aws": { "CloudWatchMetrics": [] }, "orders": 3, "record": 7 }).to_string(),
        json!({ "record": "metrics-of-others", "invocations": 99, "rule": "xss" }).to_string(),
        "TELEMETRY\tName: otel\tState: Subscribed\tTypes: [Platform]".to_owned(),
        "{\"record\":\"finding\",".to_owned(),
    ];
    let some = 1 + numbers.below(3);
    let drawn = (0..some).map(|_| numbers.one_of(&texts).clone());
    drawn
        .map(|text| Line {
            millis,
            text,
            is_ours: false,
        })
        .collect()
}

/// The parcels in which a subscription sends the lines of one sandbox.
pub(crate) fn parcels(
    sandbox: &Sandbox,
    lines: &[Line],
    filter: &Subscription,
    numbers: &mut Numbers,
) -> Result<Vec<Vec<u8>>> {
    let admitted: Vec<&Line> = lines
        .iter()
        .filter(|line| filter.admits(&line.text))
        .collect();
    admitted
        .chunks(LINES_MAX)
        .map(|some| {
            let events: Vec<Value> = some
                .iter()
                .map(|line| {
                    let id = format!("{}{}", numbers.hex(28), numbers.hex(28));
                    json!({ "id": id, "timestamp": line.millis, "message": line.text })
                })
                .collect();
            packed(&envelope(sandbox, "DATA_MESSAGE", &events))
        })
        .collect()
}

/// What a subscription sends first, to see whether anybody is there.
pub(crate) fn greeting(sandbox: &Sandbox, millis: u64) -> Result<Vec<u8>> {
    let message = "CWL CONTROL MESSAGE: Checking health of destination Firehose.";
    let event = json!({ "id": "", "timestamp": millis, "message": message });
    packed(&envelope(sandbox, "CONTROL_MESSAGE", &[event]))
}

fn envelope(sandbox: &Sandbox, kind: &str, events: &[Value]) -> Value {
    json!({ "messageType": kind, "owner": "123456789012",
        "logGroup": format!("/aws/lambda/{}", sandbox.function.name),
        "logStream": sandbox.stream, "subscriptionFilters": ["Subscription"],
        "logEvents": events })
}

/// A text in gzip.
pub(crate) fn packed(value: &Value) -> Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(value.to_string().as_bytes())?;
    Ok(packer.finish()?)
}
