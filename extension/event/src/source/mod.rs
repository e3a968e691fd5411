//! Event sources: which service shaped an event, told by shape alone, and what stands where in it.
//! It never trusts a single member: each source needs several that only the platform writes.
//!
//! A source is one file and one page, registered here in two lines: `mod` and its place in
//! `SOURCES`, the special before the general (lambda-contract.md R39).
//! What a value means does not wait for that: the positions of all sources are one table, so an
//! event that fits several is inspected as each of them, and inspection needs no recognition.
mod alb;
mod alexa;
mod api_gateway_http;
mod api_gateway_rest;
mod appsync;
mod appsync_authorizer;
mod appsync_events;
mod authorizer;
mod authorizer_http;
mod bedrock_agent;
mod client_vpn;
mod cloudfront;
mod cloudwatch_alarm;
mod cloudwatch_dashboard;
mod cloudwatch_logs;
mod codecommit;
mod codedeploy;
mod codepipeline;
mod cognito;
mod cognito_sync;
mod config;
mod connect;
mod custom_resource;
mod destination;
mod documentdb;
mod durable;
mod dynamodb;
mod eventbridge;
mod firehose;
mod function_url;
mod ground_truth;
mod iot_authorizer;
mod iot_button;
mod iot_provisioning;
mod kafka;
mod kinesis;
mod kinesis_analytics;
mod lex;
mod mq;
mod name;
mod outline;
mod pipe;
pub(crate) mod position;
mod request;
mod s3;
mod s3_batch;
mod s3_object_lambda;
mod secrets_rotation;
mod ses;
mod sns;
mod sqs;
mod step_functions;
mod transfer_family;
mod vpc_lattice;
mod websocket;
mod workmail;

use memchr::memmem;

pub use name::Source;
use outline::Outline;
use position::{Positions, Table};

/// How events of one source look.
struct Shape {
    /// Names the source of an event that has this shape.
    recognise: fn(&Outline<'_>) -> Option<Source>,
    /// What stands where in the event.
    positions: &'static Positions,
    /// The positions that it shares with other sources shaped after a request.
    http: &'static Positions,
    /// What stands where in a document that an event of another source carries in a string.
    nested: &'static Positions,
}

impl Shape {
    /// A shape of nothing, for what a source leaves out.
    const PLAIN: Self = Self {
        recognise: |_| None,
        positions: &[],
        http: &[],
        nested: &[],
    };
}

/// The sources in the order in which they are asked; the first that knows the event has it.
const SOURCES: [Shape; 52] = [
    durable::SHAPE,
    authorizer_http::SHAPE,
    authorizer::SHAPE,
    websocket::SHAPE,
    alb::SHAPE,
    vpc_lattice::SHAPE,
    function_url::SHAPE,
    api_gateway_http::SHAPE,
    api_gateway_rest::SHAPE,
    appsync_events::SHAPE,
    appsync_authorizer::SHAPE,
    appsync::SHAPE,
    pipe::SHAPE,
    sqs::SHAPE,
    sns::SHAPE,
    s3::SHAPE,
    dynamodb::SHAPE,
    kinesis::SHAPE,
    ses::SHAPE,
    codecommit::SHAPE,
    cloudfront::SHAPE,
    kinesis_analytics::SHAPE,
    firehose::SHAPE,
    kafka::SHAPE,
    mq::SHAPE,
    documentdb::SHAPE,
    eventbridge::SHAPE,
    cloudwatch_alarm::SHAPE,
    cloudwatch_logs::SHAPE,
    cloudwatch_dashboard::SHAPE,
    cognito::SHAPE,
    cognito_sync::SHAPE,
    iot_authorizer::SHAPE,
    iot_provisioning::SHAPE,
    iot_button::SHAPE,
    bedrock_agent::SHAPE,
    lex::SHAPE,
    alexa::SHAPE,
    connect::SHAPE,
    s3_batch::SHAPE,
    s3_object_lambda::SHAPE,
    config::SHAPE,
    codepipeline::SHAPE,
    codedeploy::SHAPE,
    secrets_rotation::SHAPE,
    custom_resource::SHAPE,
    workmail::SHAPE,
    client_vpn::SHAPE,
    transfer_family::SHAPE,
    ground_truth::SHAPE,
    destination::SHAPE,
    step_functions::SHAPE,
];

// Limit: 330 places and 300 names, a third of each table free.
type AllPositions = Table<512, 512>;

/// The positions of all sources.
pub(crate) static POSITIONS: AllPositions = positions();

#[expect(
    clippy::indexing_slicing,
    reason = "the table is built at build time: a wrong index fails the build"
)]
const fn positions() -> AllPositions {
    let mut table = AllPositions::new();
    let mut at = 0;
    while at < SOURCES.len() {
        table = table
            .with(position::EVENT, SOURCES[at].positions)
            .with(position::EVENT, SOURCES[at].http)
            .with(position::NESTED, SOURCES[at].nested);
        at += 1;
    }
    table
}

/// Recognises the source of an event.
///
/// Where a member stands twice the last one counts, as in every runtime's parser. An event with
/// more than 64 different top-level members is `Unknown`: no service writes that many.
pub fn recognise(event: &[u8]) -> Source {
    let event = event.strip_prefix(b"\xef\xbb\xbf").unwrap_or(event);
    let Some(outline) = Outline::of_event(event) else {
        return Source::Unknown;
    };
    let source = SOURCES.iter().find_map(|shape| (shape.recognise)(&outline));
    // Only these come as arrays; whatever else an element looks like is inside of something.
    let is_whole = outline.as_element().is_none()
        || matches!(source, Some(Source::AppSyncBatch | Source::Pipe));
    source.filter(|_| is_whole).unwrap_or(Source::Unknown)
}

/// True if a message may be an event of a source that has its positions; cheap.
pub(crate) fn may_be_event(message: &[u8]) -> bool {
    memmem::find(message, b"requestContext").is_some()
}

/// True if a message is an event whose members have positions of their own.
pub(crate) fn is_event(message: &[u8]) -> bool {
    may_be_event(message) && recognise(message) != Source::Unknown
}

#[cfg(test)]
mod props;
#[cfg(test)]
mod tests;
