//! Findings in the form of AWS Security Hub (ASFF, schema version 2018-10-08).
//! It never exceeds the lengths that the service takes.
use serde_json::{Map, Value, json};

use super::{Account, Severity, Told};

// Limit: those of the service (API reference of `AwsSecurityFinding`).
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 1024;
const PRODUCT_FIELD_MAX: usize = 2048;

/// One finding.
pub(super) fn finding(told: &Told<'_>, account: &Account) -> Value {
    let record = told.record;
    let (region, id) = (&account.region, &account.id);
    let partition = match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let label = match told.severity {
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
    };
    let confidence = match record.confidence.get() {
        "high" => 99,
        "medium" => 60,
        _ => 30,
    };
    let kind = match record.kind() {
        Some("leak") => "Sensitive Data Identifications/Security",
        Some("tamper") => "TTPs/Defense Evasion",
        _ => "TTPs/Initial Access",
    };
    let function = record.function.get();
    let time = told.time();
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("{region}/{id}/{}", told.id),
        "ProductArn": format!("arn:{partition}:securityhub:{region}:{id}:product/{id}/default"),
        "ProductName": "credenza", "CompanyName": "credenza",
        "GeneratorId": format!("credenza/{}", told.rule_id()),
        "AwsAccountId": id, "Types": [kind],
        "CreatedAt": time, "UpdatedAt": time,
        "Severity": { "Label": label }, "Confidence": confidence,
        "Title": cut(&told.title, TITLE_MAX),
        "Description": cut(&told.text, DESCRIPTION_MAX),
        "ProductFields": fields(told),
        "Resources": [{
            "Type": "AwsLambdaFunction",
            "Id": format!("arn:{partition}:lambda:{region}:{id}:function:{}",
                if function.is_empty() { "unknown" } else { function }),
            "Partition": partition, "Region": region,
            "Details": { "AwsLambdaFunction": { "FunctionName": function,
                "Version": record.version.get() } },
        }],
        "WorkflowState": "NEW", "Workflow": { "Status": "NEW" }, "RecordState": "ACTIVE",
    })
}

/// What decided, as texts; the service takes at most 50 of them, and these are fewer.
fn fields(told: &Told<'_>) -> Value {
    let record = told.record;
    let decoded: Vec<&str> = record.decoded.iter().collect();
    let span = record.span.0.map(|(start, end)| format!("{start}..{end}"));
    let cwe = told.cwe().map(|cwe| format!("CWE-{cwe}"));
    let all = [
        ("location", record.location.get()),
        ("production", record.production.get()),
        ("context", record.context.get()),
        ("dialect", record.dialect.get()),
        ("decoded", &decoded.join(" > ")),
        ("span", span.as_deref().unwrap_or_default()),
        ("sample", record.sample.get()),
        ("hash", record.hash.get()),
        ("secret", record.secret.get()),
        ("cwe", cwe.as_deref().unwrap_or_default()),
        ("requestId", record.request_id.get()),
        ("trace", record.trace.get()),
        ("tenant", record.tenant.get()),
        ("source", record.source.get()),
        ("route", record.route.get()),
        ("verdict", record.verdict.get()),
        ("mode", record.mode.get()),
        ("policy", record.policy.get()),
    ];
    let named = all.into_iter().filter(|(_, value)| !value.is_empty());
    let named = named.map(|(name, value)| {
        (
            format!("credenza/{name}"),
            json!(cut(value, PRODUCT_FIELD_MAX)),
        )
    });
    Value::Object(named.collect::<Map<_, _>>())
}

/// A text of at most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most - 1).collect();
    cut.push('…');
    cut
}
