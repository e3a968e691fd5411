//! Documents of the Elastic Common Schema, version 8.11.
//! It never puts a member of its own among those of the schema: they stand under `credenza`.
use serde_json::{Value, json};

use super::ocsf::evidence;
use super::{Account, Severity, Told};

/// One document.
pub(super) fn document(told: &Told<'_>, account: &Account) -> Value {
    let record = told.record;
    // As Elastic's own rules score them.
    let severity = match told.severity {
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
    };
    let (kind, action) = if record.applied.0 {
        ("denied", "refused")
    } else {
        ("allowed", "reported")
    };
    let mut document = json!({
        "@timestamp": told.time(), "ecs": { "version": "8.11.0" },
        "message": told.text, "log": { "level": record.level.get().to_lowercase() },
        "event": {
            "id": told.id, "kind": "alert", "category": ["intrusion_detection"], "type": [kind],
            "action": action, "severity": severity, "module": "credenza",
            "dataset": "credenza.finding", "reason": told.text, "provider": "credenza",
        },
        "rule": { "id": told.rule_id(), "name": told.title,
            "category": told.rule.map_or("tamper", |rule| rule.class), "ruleset": "credenza",
            "version": env!("CARGO_PKG_VERSION") },
        "faas": { "name": record.function.get(), "version": record.version.get(),
            "execution": record.request_id.get(),
            "trigger": { "type": trigger(record.source.get()) } },
        "cloud": { "provider": "aws", "service": { "name": "lambda" } },
        "observer": { "product": "credenza", "vendor": "credenza", "type": "rasp",
            "version": env!("CARGO_PKG_VERSION") },
        "credenza": {
            "evidence": evidence(told), "verdict": record.verdict.get(),
            "mode": record.mode.get(), "policy": record.policy.get(),
            "confidence": record.confidence.get(), "source": record.source.get(),
            "route": record.route.get(), "tenant": record.tenant.get(),
        },
    });
    if let Some(cwe) = told.cwe() {
        document["credenza"]["cwe"] = json!(cwe);
    }
    if let Some(trace) = record.trace.some() {
        document["trace"] = json!({ "id": trace });
    }
    if !account.region.is_empty() {
        document["cloud"]["region"] = json!(account.region);
    }
    if !account.id.is_empty() {
        document["cloud"]["account"] = json!({ "id": account.id });
    }
    document
}

/// What the schema calls the trigger of an event source.
fn trigger(source: &str) -> &'static str {
    const HTTP: [&str; 6] = [
        "apigateway",
        "function-url",
        "alb",
        "lattice",
        "appsync",
        "websocket",
    ];
    const PUBSUB: [&str; 7] = [
        "sqs",
        "sns",
        "kinesis",
        "kafka",
        "mq",
        "eventbridge",
        "firehose",
    ];
    const DATASOURCE: [&str; 4] = ["s3", "dynamodb", "documentdb", "cloudwatch"];
    let is = |kinds: &[&str]| kinds.iter().any(|kind| source.contains(kind));
    match source {
        "scheduled" => "timer",
        _ if is(&HTTP) => "http",
        _ if is(&PUBSUB) => "pubsub",
        _ if is(&DATASOURCE) => "datasource",
        _ => "other",
    }
}
