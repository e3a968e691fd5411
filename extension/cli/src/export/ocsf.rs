//! Detection Finding of OCSF, class 2004, version 1.3.0.
//! It never claims a profile whose members it does not fill.
use serde_json::{Value, json};

use super::{Account, Severity, Told};

/// The event of a finding.
pub(super) fn event(told: &Told<'_>, account: &Account) -> Value {
    let record = told.record;
    let (severity_id, severity) = match told.severity {
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
    };
    let (confidence_id, confidence) = match record.confidence.get() {
        "high" => (3, "High"),
        "medium" => (2, "Medium"),
        "low" => (1, "Low"),
        _ => (0, "Unknown"),
    };
    let (action_id, action, disposition_id, disposition) = if record.applied.0 {
        (2, "Denied", 2, "Blocked")
    } else {
        (1, "Allowed", 17, "Logged")
    };
    let mut cloud = json!({ "provider": "AWS" });
    for (pointer, value) in [("region", &account.region), ("account", &account.id)] {
        if !value.is_empty() {
            cloud[pointer] = match pointer {
                "account" => json!({ "uid": value, "name": value, "type": "AWS Account",
                    "type_id": 10 }),
                _ => json!(value),
            };
        }
    }
    let mut event = json!({
        "activity_id": 1, "activity_name": "Create",
        "category_uid": 2, "category_name": "Findings",
        "class_uid": 2004, "class_name": "Detection Finding",
        "type_uid": 200_401, "type_name": "Detection Finding: Create",
        "time": told.millis, "severity_id": severity_id, "severity": severity,
        "confidence_id": confidence_id, "confidence": confidence,
        "status_id": 1, "status": "New", "message": told.text,
        "action_id": action_id, "action": action,
        "disposition_id": disposition_id, "disposition": disposition,
        "metadata": {
            "version": "1.3.0", "profiles": ["cloud", "security_control"],
            "uid": told.id, "event_code": told.rule_id(),
            "correlation_uid": record.request_id.get(),
            "product": { "name": "credenza", "vendor_name": "credenza",
                "version": env!("CARGO_PKG_VERSION") },
        },
        "cloud": cloud,
        "finding_info": {
            "uid": told.id, "title": told.title, "desc": told.text,
            "created_time": told.millis, "types": [told.rule.map_or("tamper", |rule| rule.class)],
            "analytic": { "type_id": 1, "type": "Rule", "name": told.rule_id(),
                "uid": told.rule_id() },
        },
        "resources": [{ "type": "AWS::Lambda::Function", "name": record.function.get(),
            "version": record.version.get(), "cloud_partition": "aws" }],
        "evidences": [{ "data": evidence(told) }],
        "unmapped": { "mode": record.mode.get(),
            "policy": record.policy.get(), "trace": record.trace.get(),
            "tenant": record.tenant.get(), "source": record.source.get(),
            "route": record.route.get() },
    });
    if let Some(cwe) = told.cwe() {
        event["unmapped"]["cwe"] = json!(cwe);
    }
    event
}

/// What decided, as the record has it.
pub(super) fn evidence(told: &Told<'_>) -> Value {
    let record = told.record;
    let decoded: Vec<&str> = record.decoded.iter().collect();
    let mut evidence = json!({
        "location": record.location.get(), "part": record.part.get(),
        "decoded": decoded, "context": record.context.get(), "dialect": record.dialect.get(),
        "production": record.production.get(), "sample": record.sample.get(),
        "hash": record.hash.get(),
        "secret": record.secret.get(), "channel": record.channel.get(),
    });
    if let Some((start, end)) = record.span.0 {
        evidence["span"] = json!([start, end]);
    }
    evidence
}
