//! The route of an event of each source.
//! It never depends on how a source is recognised.
use alloc::string::String;

use credenza_event::Source;

use super::routes;

fn first(source: Source, event: &str) -> String {
    routes(source, event.as_bytes()).first().into()
}

/// An event of each source, and its route.
const ROUTES: &[(Source, &str, &str)] = &[
    (
        Source::ApiGatewayHttp,
        r#"{"rawPath":"/prod/items/7","requestContext":{"stage":"prod","http":{"method":"GET"}}}"#,
        "GET /items/7",
    ),
    (
        Source::FunctionUrl,
        r#"{"rawPath":"/a\u002fb","requestContext":{"stage":"$default","http":{"method":"PUT"}}}"#,
        "PUT /a/b",
    ),
    (
        Source::ApiGatewayRest,
        r#"{"resource":"/{proxy+}","path":"/items/7","httpMethod":"POST"}"#,
        "POST /items/7",
    ),
    (
        Source::Alb { multi: true },
        r#"{"httpMethod":"GET","path":"/x"}"#,
        "GET /x",
    ),
    (
        Source::VpcLatticeV1,
        r#"{"raw_path":"/p?q=1","method":"GET"}"#,
        "GET /p",
    ),
    (
        Source::WebSocketMessage,
        r#"{"requestContext":{"routeKey":"send"}}"#,
        "send",
    ),
    (
        Source::Sqs,
        r#"{"Records":[{"messageId":"1","eventSourceARN":"arn:aws:sqs:eu-central-1:1:orders"}]}"#,
        "orders",
    ),
    (
        Source::S3,
        r#"{"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"in/a+b.csv"}}}]}"#,
        "b/in/a+b.csv",
    ),
    (
        Source::DynamoDb,
        r#"{"Records":[{"eventSourceARN":"arn:aws:dynamodb:r:1:table/Orders/stream/2024"}]}"#,
        "Orders",
    ),
    (
        Source::Kinesis,
        r#"{"Records":[{"eventSourceARN":"arn:aws:kinesis:r:1:stream/clicks"}]}"#,
        "clicks",
    ),
    (
        Source::Kafka,
        r#"{"records":{"t-0":[{"topic":"t","partition":0,"offset":1}]}}"#,
        "t",
    ),
    (
        Source::RabbitMq,
        r#"{"rmqMessagesByQueue":{"orders::/":[{"data":"eA=="}]}}"#,
        "orders",
    ),
    (
        Source::Sns,
        r#"{"Records":[{"Sns":{"TopicArn":"arn:aws:sns:r:1:news","MessageId":"1"}}]}"#,
        "news",
    ),
    (
        Source::Firehose,
        r#"{"deliveryStreamArn":"arn:aws:firehose:r:1:deliverystream/logs","records":[{"recordId":"1"}]}"#,
        "logs",
    ),
    (
        Source::EventBridge,
        r#"{"source":"shop.orders","detail-type":"Order Placed"}"#,
        "shop.orders Order Placed",
    ),
    (
        Source::AppSync,
        r#"{"info":{"parentTypeName":"Query","fieldName":"product"}}"#,
        "Query.product",
    ),
    (Source::Unknown, r#"{"path":"/x"}"#, ""),
];

#[test]
fn each_source_has_its_routes() {
    for (source, event, expected) in ROUTES {
        assert_eq!(first(*source, event), *expected, "{source:?}");
    }
}

#[test]
fn each_record_of_a_batch_has_its_own_route() {
    let event = r#"{"Records":[
        {"s3":{"bucket":{"name":"b"},"object":{"key":"in/a"}}},
        {"s3":{"bucket":{"name":"b"},"object":{"key":"out/a"}}}]}"#;
    let routes = routes(Source::S3, event.as_bytes());
    assert_eq!(routes.at("/Records/0/s3/object/key"), "b/in/a");
    assert_eq!(routes.at("/Records/1/s3/object/key"), "b/out/a");
    assert_eq!(routes.at("/Records/10/s3/object/key"), "");
    assert_eq!(routes.at("#/client-context"), "");
    assert_eq!(routes.shown_at("/Records/1/s3/object/key"), "b/**");
}

#[test]
fn records_tell_no_step_that_a_caller_chose() {
    for (source, event, shown) in [
        (
            Source::ApiGatewayHttp,
            r#"{"routeKey":"GET /items/{id}","rawPath":"/items/7","requestContext":{"http":{"method":"GET"}}}"#,
            "GET /items/*",
        ),
        (
            Source::ApiGatewayHttp,
            r#"{"routeKey":"$default","rawPath":"/items/7","requestContext":{"http":{"method":"GET"}}}"#,
            "GET /*/*",
        ),
        (
            Source::ApiGatewayRest,
            r#"{"resource":"/a/{proxy+}","path":"/a/b/c","httpMethod":"POST"}"#,
            "POST /a/**",
        ),
        (
            Source::Alb { multi: false },
            r#"{"httpMethod":"SECRET","path":"/x/y"}"#,
            "* /*/*",
        ),
    ] {
        let routes = routes(source, event.as_bytes());
        assert_eq!(routes.shown_at("/body"), shown);
        // What is told can be written into a policy, and is met there.
        let pattern = credenza_policy::Pattern::parse(shown).unwrap();
        assert!(pattern.matches_route(routes.first()), "{shown}");
    }
}

#[test]
fn no_event_panics() {
    bolero::check!()
        .with_type::<(u8, String)>()
        .for_each(|(pick, event)| {
            let sources = Source::ALL;
            let source = sources[usize::from(*pick) % sources.len()];
            let _ = routes(source, event.as_bytes());
        });
}
