//! The schema of a policy, made of what the reader knows.
//! It never allows a name that the reader would not know.
use std::collections::BTreeSet;

use credenza_event::Source;
use credenza_schema::object;
use serde_json::{Map, Value, json};

/// An object of which every member may be left out.
fn open(members: &Value) -> Value {
    let names: Vec<String> = members.as_object().unwrap().keys().cloned().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    object(members, &names)
}

/// One item or a list of them.
fn one_or_more(item: &Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

/// One of some members must be there.
fn any_of(schema: Value, names: &[&str]) -> Value {
    let mut schema = schema;
    let any = names.iter().map(|name| json!({ "required": [name] }));
    let any: Vec<Value> = any.collect();
    let members = schema.as_object_mut().unwrap();
    members.insert("anyOf".into(), json!(any));
    schema
}

/// What says what holds: in rules, sources and scopes.
fn terms() -> Value {
    json!({
        "mode": { "enum": ["off", "monitor", "block"] },
        "minimum_confidence": { "enum": ["low", "medium", "high"] },
        "action": { "enum": ["flag", "mask", "block"] },
        "canary": { "type": "number", "minimum": 0, "maximum": 100 },
    })
}

fn text(most: u32) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": most })
}

fn count(least: u64, most: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// The members that name a place.
fn place() -> Value {
    let sources: BTreeSet<_> = Source::ALL.iter().map(|source| source.name()).collect();
    json!({
        "source": { "enum": sources },
        "route": text(127),
        "location": { "type": "string", "maxLength": 127, "pattern": "^(/|#)" },
    })
}

fn joined(parts: &[&Value]) -> Value {
    let members = parts
        .iter()
        .flat_map(|part| part.as_object().unwrap().clone());
    Value::Object(members.collect())
}

const SHAPE: &str = "^((((digits|hex|base64|words?|name)(\\(([0-9]{1,4})?(\\.\\.)?([0-9]{1,4})?\\))?)\
                     |number|uuid|email|date|=.+)( \\| )?)+$";

fn rule_id() -> Value {
    let ids: BTreeSet<_> = credenza_policy::all_rules().map(|rule| rule.id).collect();
    json!({ "anyOf": [{ "enum": ids }, { "$ref": "#/$defs/custom_id" }] })
}

fn exemption() -> Value {
    let said = json!({
        "rule": { "$ref": "#/$defs/rule_id" },
        "shape": { "$ref": "#/$defs/shape" },
        "reason": text(500),
        "author": text(500),
        "expires": {
            "type": "string",
            "pattern": "^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        },
    });
    let optional = ["source", "route", "location", "shape"];
    any_of(object(&joined(&[&place(), &said]), &optional), &optional)
}

fn custom() -> Value {
    let tests = json!({
        "contains": one_or_more(&text(1024)),
        "one_of": one_or_more(&text(1024)),
        "none_of": one_or_more(&text(1024)),
        "pattern": text(1024),
        "shape": { "$ref": "#/$defs/shape" },
        "not_shape": { "$ref": "#/$defs/shape" },
        "above": { "type": "number" },
        "below": { "type": "number" },
        "longer": count(0, 8 * 1024 * 1024),
    });
    let mut tests = tests;
    for name in ["contains", "one_of", "none_of"] {
        tests[name]["anyOf"][1]["minItems"] = json!(1);
    }
    let roles = [
        "query",
        "path",
        "header",
        "cookie",
        "body",
        "message",
        "object-key",
        "other",
    ];
    let said = json!({
        "id": { "$ref": "#/$defs/custom_id" },
        "confidence": { "enum": ["low", "medium", "high"] },
        "role": { "enum": roles },
        "part": { "enum": ["key", "value"] },
        "reason": text(500),
        "author": text(500),
    });
    let members = joined(&[&place(), &said, &tests]);
    let names: Vec<String> = members.as_object().unwrap().keys().cloned().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let optional: Vec<_> = names.into_iter().filter(|name| *name != "id").collect();
    let tests: Vec<String> = tests.as_object().unwrap().keys().cloned().collect();
    let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
    any_of(object(&members, &optional), &tests)
}

/// The tables that are about callers, sizes and loops.
fn guards() -> Value {
    let network = json!({ "type": "string", "pattern": "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$" });
    let mut limits = open(&json!({
        "event_bytes_max": count(1, 8 * 1024 * 1024),
        "requests_per_minute": count(1, 1_000_000),
        "burst": count(1, 1_000_000),
        "principal": { "enum": ["address", "token", "identity", "tenant"] },
    }));
    let needs_rate = json!({ "anyOf": [{ "required": ["burst"] }, { "required": ["principal"] }] });
    limits["anyOf"] = json!([{ "required": ["requests_per_minute"] }, { "not": needs_rate }]);
    json!({
        "callers": open(&json!({
            "allow": one_or_more(&network),
            "deny": one_or_more(&network),
            "allow_tokens": one_or_more(&text(4096)),
            "deny_tokens": one_or_more(&text(4096)),
            "others": { "enum": ["allow", "deny"] },
            "token_header": { "type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9-]+$" },
        })),
        "limits": limits,
        "recursion": open(&json!({
            "lineage_max": count(1, 1_000),
            "writes": one_or_more(&text(127)),
            "own_destination": { "type": "boolean" },
        })),
    })
}

fn scope() -> Value {
    let ids = json!({ "$ref": "#/$defs/rule_id" });
    let said = json!({
        "rules": { "anyOf": [ids, { "type": "array", "minItems": 1, "items": ids }] },
        "function": text(127),
        "tenant": text(127),
    });
    let scope = open(&joined(&[&terms(), &place(), &said]));
    any_of(scope, &["mode", "minimum_confidence", "action", "canary"])
}

/// What a policy and its candidate may say.
fn common() -> Value {
    let source = json!({
        "quarantine": { "enum": ["drop", "fail", "pass"] },
        "reports_failures": { "type": "boolean" },
        "answer": { "enum": ["simple", "iam"] },
    });
    let source = open(&joined(&[&terms(), &source]));
    let sources = Source::ALL.iter();
    let sources = sources.map(|name| (name.name().to_owned(), source.clone()));
    let said = json!({
        "mode": { "enum": ["off", "monitor", "block"] },
        "on_error": { "enum": ["open", "closed"] },
        "on_partial": { "enum": ["pass", "flag", "block"] },
        "canary": { "type": "number", "minimum": 0, "maximum": 100 },
        "rule": {
            "type": "object",
            "propertyNames": { "$ref": "#/$defs/rule_id" },
            "additionalProperties": open(&terms()),
        },
        "source": open(&Value::Object(sources.collect::<Map<_, _>>())),
        "scope": { "type": "array", "items": scope() },
        "exemption": { "type": "array", "items": exemption() },
        "custom": { "type": "array", "items": custom() },
        "output": open(&json!({ "security_headers": { "type": "boolean" } })),
    });
    joined(&[&said, &guards()])
}

/// The schema.
pub(crate) fn schema() -> Value {
    let of_all = json!({
        "kill": { "type": "boolean" },
        "version": count(0, i64::MAX.unsigned_abs()),
        "poll_seconds": count(1, 3600),
        "log": open(&json!({ "bytes_per_minute": count(700, 1 << 30) })),
        "decoy": open(&json!({
            "plant": { "type": "boolean" },
            "variables": one_or_more(&json!({
                "type": "string",
                "maxLength": 128,
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
            })),
        })),
        "recording": open(&json!({
            "share": { "type": "number", "minimum": 0, "maximum": 100 },
            "event_bytes_max": count(1, 64 * 1024),
            "bytes_per_minute": count(700, 1 << 30),
            "routes": {
                "anyOf": [
                    text(127),
                    { "type": "array", "minItems": 1, "maxItems": 10_000, "items": text(127) },
                ],
            },
        })),
        "shadow": {
            "anyOf": [
                open(&common()),
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["file"],
                    "properties": { "file": text(4096) },
                },
            ],
        },
    });
    let mut schema = open(&joined(&[&common(), &of_all]));
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy of credenza",
        "description": "What docs/policy.md describes; TOML and JSON alike.",
        "$defs": {
            "rule_id": rule_id(),
            "custom_id": { "type": "string", "maxLength": 32, "pattern": "^custom-[a-z0-9-]+$" },
            "shape": { "type": "string", "pattern": SHAPE },
        },
    });
    let members = schema.as_object_mut().unwrap();
    members.extend(head.as_object().unwrap().clone());
    schema
}
