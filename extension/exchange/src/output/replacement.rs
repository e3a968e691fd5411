//! The answer in the place of one that is withheld, in the words of the event's source.
//! It never says what was found.
use credenza_event::Source;

use super::{Channel, Provenance};
use crate::Refusal;
use crate::refusal::{error_named, success};

/// The error type of an answer that is withheld.
const WITHHELD: &str = "Function.ResponseBlocked";

/// API Gateway, Function URLs and Lattice.
const HTTP: &str = concat!(
    r#"{"statusCode":500,"headers":{"content-type":"application/json"},"#,
    r#""body":"{\"message\":\"Internal Server Error\"}","isBase64Encoded":false}"#,
);

const ALB: &str = concat!(
    r#"{"statusCode":500,"statusDescription":"500 Internal Server Error","#,
    r#""isBase64Encoded":false,"headers":{"content-type":"application/json"},"#,
    r#""body":"{\"message\":\"Internal Server Error\"}"}"#,
);

const ALB_MULTI: &str = concat!(
    r#"{"statusCode":500,"statusDescription":"500 Internal Server Error","#,
    r#""isBase64Encoded":false,"multiValueHeaders":{"content-type":["application/json"]},"#,
    r#""body":"{\"message\":\"Internal Server Error\"}"}"#,
);

const ERROR: &str = concat!(
    r#"{"errorType":"Function.ResponseBlocked","#,
    r#""errorMessage":"The answer was withheld by policy.","stackTrace":[]}"#,
);

/// The answer in the place of an output that is withheld; `None` where nobody reads it.
pub(super) fn replacement(channel: Channel, provenance: Provenance<'_>) -> Option<Refusal> {
    match channel {
        Channel::Error | Channel::InitError => Some(withheld_error()),
        Channel::Response | Channel::Stream => answer(provenance.source()),
    }
}

/// The error in the place of one whose text must not leave.
fn withheld_error() -> Refusal {
    error_named(WITHHELD, ERROR)
}

/// The answer to an event of a source; `None` where nobody reads answers.
///
/// Status 500 and an error that no service repeats by itself: a second try would end the same way.
fn answer(source: Source) -> Option<Refusal> {
    let body = match source {
        Source::ApiGatewayRest
        | Source::ApiGatewayHttp
        | Source::FunctionUrl
        | Source::VpcLatticeV1
        | Source::VpcLatticeV2 => HTTP,
        Source::Alb { multi: false } => ALB,
        Source::Alb { multi: true } => ALB_MULTI,
        Source::WebSocketConnect | Source::WebSocketMessage => r#"{"statusCode":500}"#,
        Source::AuthorizerHttp | Source::AppSyncAuthorizer => r#"{"isAuthorized":false}"#,
        Source::Sqs
        | Source::SqsFifo
        | Source::Sns
        | Source::S3
        | Source::DynamoDb
        | Source::Kinesis
        | Source::EventBridge
        | Source::Scheduler
        | Source::Msk
        | Source::Kafka
        | Source::ActiveMq
        | Source::RabbitMq
        | Source::DocumentDb
        | Source::CloudWatchLogs
        | Source::CloudWatchAlarm
        | Source::Config
        | Source::CodePipeline
        | Source::CustomResource
        | Source::Ses => return None,
        _ => return Some(withheld_error()),
    };
    Some(success(body.into()))
}
