//! What the caller of each source gets when an event is refused.
//! It never carries a value that the platform did not write, and never names a rule.
use alloc::vec::Vec;

use credenza_event::Source;
use credenza_policy::{AuthorizerForm, Quarantine, SourcePolicy};

use crate::Refusal;
use crate::answer::{REFUSED, success};
use crate::spelling::{Spelling, value_at};

/// Lambda@Edge speaks CloudFront's own words.
const CLOUDFRONT: &str =
    r#"{"status":"403","statusDescription":"Forbidden","body":"{\"message\":\"Forbidden\"}"}"#;

/// What becomes of an event of `source` that is not to reach the function, exact to the byte
/// (lambda-contract.md 4.1, R37, R38); `None` where it is delivered all the same, and reported.
pub(crate) fn refusal(source: Source, event: &[u8], policy: SourcePolicy) -> Option<Refusal> {
    let quarantine = policy
        .quarantine
        .unwrap_or_else(|| default_of(source, policy));
    if quarantine == Quarantine::Pass {
        return None;
    }
    if let Some(body) = answer(source, event, policy) {
        return Some(success(body));
    }
    Some(match quarantine {
        Quarantine::Drop => success(done(source, event)),
        Quarantine::Fail | Quarantine::Pass => error(),
    })
}

/// The refusal of an event of which nothing is known, when failing closed.
pub(crate) fn error() -> Refusal {
    REFUSED.error()
}

/// What becomes of what a source sent where the policy leaves it to us.
pub(crate) fn default_of(source: Source, policy: SourcePolicy) -> Quarantine {
    match source {
        // A failed message goes to the dead-letter queue in the end, where it can be looked at; but
        // only a mapping that asks for names fails one message alone.
        Source::Sqs | Source::SqsFifo if policy.reports_failures => Quarantine::Fail,
        // What fails in a shard stops the shard (R44), and what fails alone comes again twice.
        Source::Sqs
        | Source::SqsFifo
        | Source::Sns
        | Source::S3
        | Source::DynamoDb
        | Source::Kinesis
        | Source::EventBridge
        | Source::Msk
        | Source::Kafka
        | Source::ActiveMq
        | Source::RabbitMq
        | Source::CloudWatchLogs => Quarantine::Drop,
        // Nobody reads an answer, or no answer is a harm of its own: an open stack, a rule without
        // a result, a pipeline that waits.
        Source::WebSocketDisconnect
        | Source::S3ObjectLambda
        | Source::Scheduler
        | Source::DocumentDb
        | Source::CognitoSync
        | Source::IotButton
        | Source::WorkMail
        | Source::CodeCommit
        | Source::CodePipeline
        | Source::CodeDeploy
        | Source::SecretsRotation
        | Source::CloudWatchAlarm
        | Source::CloudWatchDashboard
        | Source::Config
        | Source::CustomResource
        | Source::LexV1
        | Source::LexV2
        | Source::Connect
        | Source::Alexa
        | Source::AlexaSmartHome
        | Source::ClientVpn
        | Source::TransferFamily
        | Source::GroundTruth
        | Source::Destination => Quarantine::Pass,
        _ => Quarantine::Fail,
    }
}

/// The refusal in the source's own words, where it has some.
fn answer(source: Source, event: &[u8], policy: SourcePolicy) -> Option<Vec<u8>> {
    let fixed = match source {
        Source::AuthorizerToken | Source::AuthorizerRequest => {
            return Some(denial_of(event, b"methodArn"));
        }
        Source::AuthorizerHttp if policy.answer == AuthorizerForm::Iam => {
            return Some(denial_of(event, b"routeArn"));
        }
        Source::AppSyncEvents => r#"{"error":"Blocked"}"#,
        Source::IotAuthorizer => r#"{"isAuthenticated":false}"#,
        Source::IotProvisioning => r#"{"allowProvisioning":false}"#,
        Source::Ses => r#"{"disposition":"STOP_RULE_SET"}"#,
        Source::CloudFront => CLOUDFRONT,
        Source::S3Batch => return Some(s3_batch(event)),
        Source::BedrockApi => return Some(bedrock_api(event)),
        Source::BedrockFunction => return Some(bedrock_function(event)),
        _ => return REFUSED.to(source),
    };
    Some(fixed.into())
}

/// A policy that denies exactly what was asked for: answers are cached, and a wider one would lock
/// others out (T29).
fn denial_of(event: &[u8], arn: &[u8]) -> Vec<u8> {
    let mut out = Spelling::new();
    out.text(r#"{"principalId":"blocked","policyDocument":{"Version":"2012-10-17","#)
        .text(r#""Statement":[{"Action":"execute-api:Invoke","Effect":"Deny","Resource":"#)
        .string(event, value_at(event, &[arn]))
        .text("}]}}");
    out.done()
}

/// Each task is answered, so that the job goes on and names them as failed.
fn s3_batch(event: &[u8]) -> Vec<u8> {
    let mut out = Spelling::new();
    out.text(r#"{"invocationSchemaVersion":"#)
        .string(event, value_at(event, &[b"invocationSchemaVersion"]))
        .text(r#","treatMissingKeysAs":"PermanentFailure","invocationId":"#)
        .string(event, value_at(event, &[b"invocationId"]))
        .text(r#","results":["#);
    let tasks = value_at(event, &[b"tasks"]).map_or(event.len(), |tasks| tasks.start);
    for (index, task) in credenza_event::layout::elements(event, tasks).enumerate() {
        let id = credenza_event::layout::member_named(event, task.start, b"taskId");
        out.text(if index > 0 { "," } else { "" })
            .text(r#"{"taskId":"#)
            .string(event, id)
            .text(r#","resultCode":"PermanentFailure","resultString":"Blocked"}"#);
    }
    out.text("]}");
    out.done()
}

/// What an agent is told by an action group with an API schema.
fn bedrock_api(event: &[u8]) -> Vec<u8> {
    let mut out = Spelling::new();
    out.text(r#"{"messageVersion":"1.0","response":{"actionGroup":"#)
        .string(event, value_at(event, &[b"actionGroup"]))
        .text(r#","apiPath":"#)
        .string(event, value_at(event, &[b"apiPath"]))
        .text(r#","httpMethod":"#)
        .string(event, value_at(event, &[b"httpMethod"]))
        .text(r#","httpStatusCode":403,"responseBody":{"application/json":"#)
        .text(r#"{"body":"{\"message\":\"Forbidden\"}"}}}}"#);
    out.done()
}

/// What an agent is told by an action group with function details.
fn bedrock_function(event: &[u8]) -> Vec<u8> {
    let mut out = Spelling::new();
    out.text(r#"{"messageVersion":"1.0","response":{"actionGroup":"#)
        .string(event, value_at(event, &[b"actionGroup"]))
        .text(r#","function":"#)
        .string(event, value_at(event, &[b"function"]))
        .text(r#","functionResponse":{"responseState":"FAILURE","#)
        .text(r#""responseBody":{"TEXT":{"body":"Blocked"}}}}}"#);
    out.done()
}

/// The answer that counts all of an event as done.
pub(crate) fn done(source: Source, event: &[u8]) -> Vec<u8> {
    match source {
        Source::Sqs
        | Source::SqsFifo
        | Source::Kinesis
        | Source::DynamoDb
        | Source::Msk
        | Source::Kafka => failures(event, &[]),
        _ => b"null".to_vec(),
    }
}

/// The answer of a batch that names what failed; a tumbling window gets its state back (V17).
pub(crate) fn failures(event: &[u8], ids: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Spelling::new();
    out.text("{");
    if let Some(state) = value_at(event, &[b"state"]) {
        out.text(r#""state":"#).raw(event, state).text(",");
    }
    out.text(r#""batchItemFailures":["#).items(ids).text("]}");
    out.done()
}

#[cfg(test)]
mod tests;
