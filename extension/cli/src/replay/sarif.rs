//! The comparison as SARIF 2.1.0: each changed verdict is a result.
//! It never names a file: an event has an id and a place in it, and no line.
use serde_json::{Value, json};

use super::compared::{Change, Comparison};
use crate::rules;

pub(super) fn document(comparison: &Comparison) -> Value {
    let named = |id: &str| comparison.changes.iter().any(|change| change.rule == id);
    let rules: Vec<Value> = rules::all()
        .filter(|rule| named(rule.id))
        .map(|rule| {
            json!({ "id": rule.id, "shortDescription": { "text": rules::summary(rule.page) },
                "helpUri": format!("https://cwe.mitre.org/data/definitions/{}.html", rule.cwe),
                "properties": { "tags": ["security", format!("external/cwe/cwe-{}", rule.cwe)] } })
        })
        .collect();
    let results: Vec<Value> = comparison.changes.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "credenza replay",
                "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results,
            "properties": { "events": comparison.events, "changed": comparison.changed() },
        }],
    })
}

fn result(change: &Change) -> Value {
    // What hurts customers or lets attacks pass is an error; what nobody has labelled a warning.
    let level = match (change.new > change.old, change.said) {
        (true, "benign") | (false, "attack") => "error",
        (_, "") => "warning",
        _ => "note",
    };
    let id = if change.rule.is_empty() {
        "coverage"
    } else {
        change.rule
    };
    json!({
        "ruleId": id, "level": level,
        "message": { "text": format!("{}: {}", change.id, change.gist()) },
        "locations": [{ "logicalLocations": [{
            "name": change.id, "fullyQualifiedName": format!("{}{}", change.id, change.location),
        }] }],
        "partialFingerprints": { "event/v1": format!("{} {id}", change.id) },
        "properties": { "old": change.old.name(), "new": change.new.name(),
            "label": change.said, "sample": change.sample },
    })
}
