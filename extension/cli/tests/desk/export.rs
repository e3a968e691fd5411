//! Exports: every finding arrives, and each document fits the schema of its fields.
//! These tests never take a member for right that its schema does not name.
use std::collections::BTreeSet;
use std::path::Path;

use credenza_schema::{misfit, object};
use expect_test::{ExpectFile, expect_file};
use serde_json::{Value, json};

use crate::{credenza, folder, recorded, said};

fn word() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn titled(title: &str, mut schema: Value) -> Value {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema
}

/// What decided, as all forms but ASFF have it.
fn evidence() -> Value {
    let span = json!({ "type": "array", "items": count(), "minItems": 2, "maxItems": 2 });
    let members = json!({
        "location": text(), "part": text(), "context": text(), "dialect": text(),
        "production": text(), "sample": text(), "hash": text(), "secret": text(),
        "channel": text(), "decoded": { "type": "array", "items": word() }, "span": span,
    });
    object(&members, &["span"])
}

/// Detection Finding: the required members of the class, the profiles that are claimed, and ours.
fn ocsf() -> Value {
    let product = json!({ "name": word(), "vendor_name": word(), "version": word() });
    let metadata = json!({
        "version": { "enum": ["1.3.0"] }, "uid": word(), "event_code": word(),
        "profiles": { "type": "array", "items": { "enum": ["cloud", "security_control"] } },
        "correlation_uid": text(), "product": object(&product, &[]),
    });
    let account = json!({ "uid": word(), "name": word(), "type": { "enum": ["AWS Account"] },
        "type_id": { "enum": [10] } });
    let cloud = json!({ "provider": { "enum": ["AWS"] }, "region": word(),
        "account": object(&account, &[]) });
    let analytic = json!({ "type_id": { "enum": [1] }, "type": { "enum": ["Rule"] },
        "name": word(), "uid": word() });
    let info = json!({ "uid": word(), "title": word(), "desc": word(), "created_time": count(),
        "types": { "type": "array", "items": word(), "minItems": 1 },
        "analytic": object(&analytic, &[]) });
    let resource = json!({ "type": word(), "name": text(), "version": text(),
        "cloud_partition": word() });
    let unmapped = json!({ "cwe": count(), "mode": text(), "policy": text(), "trace": text(),
        "tenant": text(), "source": text(), "route": text() });
    let list = |item: Value| json!({ "type": "array", "items": item, "minItems": 1 });
    let members = json!({
        "activity_id": { "enum": [1] }, "activity_name": { "enum": ["Create"] },
        "category_uid": { "enum": [2] }, "category_name": { "enum": ["Findings"] },
        "class_uid": { "enum": [2004] }, "class_name": { "enum": ["Detection Finding"] },
        "type_uid": { "enum": [200_401] }, "type_name": word(), "time": count(),
        "severity_id": { "enum": [2, 3, 4] }, "severity": { "enum": ["Low", "Medium", "High"] },
        "confidence_id": { "enum": [0, 1, 2, 3] }, "confidence": word(),
        "status_id": { "enum": [1] }, "status": { "enum": ["New"] }, "message": word(),
        "action_id": { "enum": [1, 2] }, "action": { "enum": ["Allowed", "Denied"] },
        "disposition_id": { "enum": [2, 17] }, "disposition": { "enum": ["Blocked", "Logged"] },
        "metadata": object(&metadata, &[]), "cloud": object(&cloud, &["region", "account"]),
        "finding_info": object(&info, &[]), "resources": list(object(&resource, &[])),
        "evidences": list(object(&json!({ "data": evidence() }), &[])),
        "unmapped": object(&unmapped, &["cwe"]),
    });
    titled(
        "A finding of `credenza export --to ocsf`",
        object(&members, &[]),
    )
}

/// The members that Security Hub requires, with its limits, and the few others that are written.
fn asff() -> Value {
    let sized = |most: u32| json!({ "type": "string", "minLength": 1, "maxLength": most });
    let lambda = json!({ "FunctionName": text(), "Version": text() });
    let details = json!({ "AwsLambdaFunction": object(&lambda, &[]) });
    let resource = json!({ "Type": { "enum": ["AwsLambdaFunction"] }, "Id": sized(512),
        "Partition": { "enum": ["aws", "aws-cn", "aws-us-gov"] }, "Region": word(),
        "Details": object(&details, &[]) });
    let types = [
        "TTPs/Initial Access",
        "TTPs/Defense Evasion",
        "Sensitive Data Identifications/Security",
    ];
    let members = json!({
        "SchemaVersion": { "enum": ["2018-10-08"] }, "Id": sized(512), "ProductArn": sized(2048),
        "ProductName": word(), "CompanyName": word(), "GeneratorId": sized(512),
        "AwsAccountId": { "type": "string", "minLength": 12, "maxLength": 12 },
        "Types": { "type": "array", "items": { "enum": types }, "minItems": 1, "maxItems": 50 },
        "CreatedAt": word(), "UpdatedAt": word(),
        "Severity": object(&json!({ "Label": { "enum": ["LOW", "MEDIUM", "HIGH"] } }), &[]),
        "Confidence": { "enum": [30, 60, 99] },
        "Title": sized(256), "Description": sized(1024),
        "ProductFields": { "type": "object", "additionalProperties": sized(2048) },
        "Resources": { "type": "array", "items": object(&resource, &[]), "minItems": 1,
            "maxItems": 32 },
        "WorkflowState": { "enum": ["NEW"] },
        "Workflow": object(&json!({ "Status": { "enum": ["NEW"] } }), &[]),
        "RecordState": { "enum": ["ACTIVE"] },
    });
    titled(
        "A finding of `credenza export --to asff`",
        object(&members, &[]),
    )
}

/// The fields of the schema that are written, with the values that it allows, and ours apart.
fn ecs() -> Value {
    let event = json!({
        "id": word(), "kind": { "enum": ["alert"] },
        "category": { "type": "array", "items": { "enum": ["intrusion_detection"] } },
        "type": { "type": "array", "items": { "enum": ["allowed", "denied"] } },
        "action": word(), "severity": { "enum": [21, 47, 73] }, "module": word(),
        "dataset": word(), "reason": word(), "provider": word(),
    });
    let rule = json!({ "id": word(), "name": word(), "category": word(), "ruleset": word(),
        "version": word() });
    let triggers = ["http", "pubsub", "datasource", "timer", "other"];
    let faas = json!({ "name": text(), "version": text(), "execution": text(),
        "trigger": object(&json!({ "type": { "enum": triggers } }), &[]) });
    let cloud = json!({ "provider": { "enum": ["aws"] },
        "service": object(&json!({ "name": { "enum": ["lambda"] } }), &[]), "region": word(),
        "account": object(&json!({ "id": word() }), &[]) });
    let observer = json!({ "product": word(), "vendor": word(), "type": word(),
        "version": word() });
    let own = json!({
        "evidence": evidence(), "verdict": text(), "mode": text(), "policy": text(),
        "confidence": text(), "source": text(), "route": text(), "tenant": text(), "cwe": count(),
    });
    let members = json!({
        "@timestamp": word(), "message": word(),
        "ecs": object(&json!({ "version": { "enum": ["8.11.0"] } }), &[]),
        "log": object(&json!({ "level": word() }), &[]),
        "event": object(&event, &[]), "rule": object(&rule, &[]), "faas": object(&faas, &[]),
        "cloud": object(&cloud, &["region", "account"]), "observer": object(&observer, &[]),
        "trace": object(&json!({ "id": word() }), &[]), "credenza": object(&own, &["cwe"]),
    });
    titled(
        "A document of `credenza export --to ecs`",
        object(&members, &["trace"]),
    )
}

/// A form, its schema, the file in which that is published, and where a document has its id.
type Form = (&'static str, Value, ExpectFile, &'static str);

fn forms() -> [Form; 3] {
    let ocsf_file = expect_file!["../../../../docs/schema/ocsf.schema.json"];
    let asff_file = expect_file!["../../../../docs/schema/asff.schema.json"];
    let ecs_file = expect_file!["../../../../docs/schema/ecs.schema.json"];
    [
        ("ocsf", ocsf(), ocsf_file, "/metadata/uid"),
        ("asff", asff(), asff_file, "/Id"),
        ("ecs", ecs(), ecs_file, "/event/id"),
    ]
}

/// The documents that an export of `records.jsonl` writes.
fn exported(folder: &Path, form: &str, region: &str) -> Vec<Value> {
    let account = ["--account", "123456789012", "--region", region];
    let arguments = [&["export", "--to", form, "records.jsonl"][..], &account].concat();
    let mut documents = Vec::new();
    for line in said(&credenza(folder, &arguments), 0).lines() {
        match serde_json::from_str(line).unwrap() {
            Value::Array(batch) => {
                assert!(batch.len() <= 100);
                documents.extend(batch);
            }
            one => documents.push(one),
        }
    }
    documents
}

#[test]
fn the_published_schemas_of_exports_are_these() {
    for (_, schema, published, _) in forms() {
        published.assert_eq(&format!("{schema:#}\n"));
    }
}

#[test]
fn every_finding_and_leak_is_exported_and_fits_its_schema() {
    let folder = folder("export");
    let (file, _) = recorded(&folder, 6_000);
    let lines = std::fs::read_to_string(file).unwrap();
    let kinds = ["\"record\":\"finding\"", "\"record\":\"leak\""];
    let told = |line: &&str| kinds.iter().any(|kind| line.contains(kind));
    let wanted = lines.lines().filter(told).count();
    assert!(wanted > 200);
    for (form, schema, _, id) in forms() {
        let documents = exported(&folder, form, "eu-west-1");
        assert_eq!(documents.len(), wanted, "{form}");
        for document in &documents {
            assert_eq!(misfit(document, &schema), None, "{form}: {document}");
        }
        let ids = documents
            .iter()
            .map(|document| document.pointer(id).unwrap().to_string());
        assert_eq!(
            ids.collect::<BTreeSet<_>>().len(),
            wanted,
            "{form}: ids are not unique"
        );
    }
}

#[test]
fn records_with_as_little_as_there_may_be_still_fit() {
    let folder = folder("export-little");
    let line = json!({ "time": "2026-11-26T10:00:00Z", "level": "warn", "record": "finding",
        "rule": "a-rule-of-tomorrow", "location": "x".repeat(3000) });
    let bypass = json!({ "timestamp": "2026-11-26T10:00:00.5Z", "level": "ERROR",
        "record": "tamper", "rule": "proxy-bypass", "why": "not-delivered", "request_id": "r" });
    std::fs::write(folder.join("records.jsonl"), format!("{line}\n{bypass}\n")).unwrap();
    for (form, schema, _, _) in forms() {
        let documents = exported(&folder, form, "us-gov-west-1");
        assert_eq!(documents.len(), 2, "{form}");
        for document in documents {
            assert_eq!(misfit(&document, &schema), None, "{form}: {document}");
        }
    }
}

#[test]
fn security_hub_wants_an_account() {
    let folder = folder("export-account");
    std::fs::write(folder.join("records.jsonl"), "").unwrap();
    let output = credenza(&folder, &["export", "--to", "asff", "records.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("fix: say --account 123456789012"),
        "{stderr}"
    );
}
