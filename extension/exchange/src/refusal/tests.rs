//! The refusal of each source, exact to the byte.
//! They never leave a source out: the tables are compared with the list of all.
use alloc::string::String;

use credenza_event::Source;
use credenza_policy::{AuthorizerForm, Quarantine, SourcePolicy};
use expect_test::{Expect, expect};

use super::{default_of, refusal};

fn spelled(source: Source, event: &str, policy: SourcePolicy) -> String {
    let Some(refusal) = refusal(source, event.as_bytes(), policy) else {
        return "delivered and reported".into();
    };
    assert_eq!(refusal.content_type, "application/json");
    let body = String::from_utf8(refusal.body).unwrap();
    match refusal.error_type {
        Some(error_type) => alloc::format!("{error_type} {body}"),
        None => body,
    }
}

fn check(source: Source, event: &str, expected: &Expect) {
    let policy = SourcePolicy::default_of(source);
    expected.assert_eq(&spelled(source, event, policy));
}

#[test]
fn callers_by_http_get_a_403_with_a_status_code() {
    for source in [
        Source::ApiGatewayRest,
        Source::ApiGatewayHttp,
        Source::FunctionUrl,
        Source::VpcLatticeV1,
        Source::VpcLatticeV2,
    ] {
        check(
            source,
            "{}",
            &expect![[
                r#"{"statusCode":403,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Forbidden\"}","isBase64Encoded":false}"#
            ]],
        );
    }
}

#[test]
fn a_load_balancer_gets_the_header_form_it_sent() {
    check(
        Source::Alb { multi: false },
        "{}",
        &expect![[
            r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Forbidden\"}"}"#
        ]],
    );
    check(
        Source::Alb { multi: true },
        "{}",
        &expect![[
            r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"multiValueHeaders":{"content-type":["application/json"]},"body":"{\"message\":\"Forbidden\"}"}"#
        ]],
    );
}

#[test]
fn a_socket_is_refused_while_it_can_be_and_its_end_is_not() {
    let forbidden = expect![[r#"{"statusCode":403}"#]];
    check(Source::WebSocketConnect, "{}", &forbidden);
    check(Source::WebSocketMessage, "{}", &forbidden);
    check(
        Source::WebSocketDisconnect,
        "{}",
        &expect!["delivered and reported"],
    );
    check(
        Source::CloudFront,
        "{}",
        &expect![[
            r#"{"status":"403","statusDescription":"Forbidden","body":"{\"message\":\"Forbidden\"}"}"#
        ]],
    );
}

#[test]
fn an_authorizer_denies_that_resource_alone() {
    let event = r#"{"type":"TOKEN","methodArn":"arn:aws:execute-api:eu-west-1:1:a/b/GET/c"}"#;
    let denied = expect![[
        r#"{"principalId":"blocked","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Deny","Resource":"arn:aws:execute-api:eu-west-1:1:a/b/GET/c"}]}}"#
    ]];
    check(Source::AuthorizerToken, event, &denied);
    check(Source::AuthorizerRequest, event, &denied);
    let event = r#"{"version":"2.0","routeArn":"arn:aws:execute-api:eu-west-1:1:a/b/GET/c"}"#;
    check(
        Source::AuthorizerHttp,
        event,
        &expect![[r#"{"isAuthorized":false}"#]],
    );
    let policy = SourcePolicy {
        answer: AuthorizerForm::Iam,
        ..SourcePolicy::default_of(Source::AuthorizerHttp)
    };
    denied.assert_eq(&spelled(Source::AuthorizerHttp, event, policy));
    check(
        Source::AppSyncAuthorizer,
        "{}",
        &expect![[r#"{"isAuthorized":false}"#]],
    );
}

#[test]
fn agents_jobs_rules_and_devices_get_their_own_words() {
    check(
        Source::BedrockApi,
        r#"{"actionGroup":"orders","apiPath":"/orders/{id}","httpMethod":"GET"}"#,
        &expect![[
            r#"{"messageVersion":"1.0","response":{"actionGroup":"orders","apiPath":"/orders/{id}","httpMethod":"GET","httpStatusCode":403,"responseBody":{"application/json":{"body":"{\"message\":\"Forbidden\"}"}}}}"#
        ]],
    );
    check(
        Source::BedrockFunction,
        r#"{"actionGroup":"orders","function":"find"}"#,
        &expect![[
            r#"{"messageVersion":"1.0","response":{"actionGroup":"orders","function":"find","functionResponse":{"responseState":"FAILURE","responseBody":{"TEXT":{"body":"Blocked"}}}}}"#
        ]],
    );
    check(
        Source::S3Batch,
        r#"{"invocationSchemaVersion":"1.0","invocationId":"i","tasks":[{"taskId":"t","s3Key":"k"}]}"#,
        &expect![[
            r#"{"invocationSchemaVersion":"1.0","treatMissingKeysAs":"PermanentFailure","invocationId":"i","results":[{"taskId":"t","resultCode":"PermanentFailure","resultString":"Blocked"}]}"#
        ]],
    );
    check(
        Source::Ses,
        "{}",
        &expect![[r#"{"disposition":"STOP_RULE_SET"}"#]],
    );
    check(
        Source::IotAuthorizer,
        "{}",
        &expect![[r#"{"isAuthenticated":false}"#]],
    );
    check(
        Source::IotProvisioning,
        "{}",
        &expect![[r#"{"allowProvisioning":false}"#]],
    );
    check(
        Source::AppSyncEvents,
        "{}",
        &expect![[r#"{"error":"Blocked"}"#]],
    );
}

#[test]
fn whoever_waits_for_an_answer_gets_an_error_with_a_stable_name() {
    for source in [
        Source::Unknown,
        Source::StepFunctions,
        Source::AppSync,
        Source::Cognito,
        Source::Durable,
    ] {
        check(
            source,
            "{}",
            &expect![[
                r#"Function.Blocked {"errorType":"Function.Blocked","errorMessage":"The event was refused by policy.","stackTrace":[]}"#
            ]],
        );
    }
}

#[test]
fn what_nobody_waits_for_is_dropped_and_a_batch_counts_as_done() {
    for source in [
        Source::Sns,
        Source::S3,
        Source::EventBridge,
        Source::ActiveMq,
        Source::RabbitMq,
        Source::CloudWatchLogs,
    ] {
        check(source, "{}", &expect!["null"]);
    }
    for source in [
        Source::Sqs,
        Source::SqsFifo,
        Source::Kinesis,
        Source::DynamoDb,
        Source::Msk,
        Source::Kafka,
    ] {
        check(source, "{}", &expect![[r#"{"batchItemFailures":[]}"#]]);
    }
    check(
        Source::Kinesis,
        r#"{"Records":[],"state":{"sum":12.50},"window":{}}"#,
        &expect![[r#"{"state":{"sum":12.50},"batchItemFailures":[]}"#]],
    );
}

#[test]
fn the_policy_says_what_becomes_of_each_source() {
    let chosen = |source, quarantine| SourcePolicy {
        quarantine: Some(quarantine),
        ..SourcePolicy::default_of(source)
    };
    for source in Source::ALL.iter().copied() {
        let pass = chosen(source, Quarantine::Pass);
        assert_eq!(
            spelled(source, "{}", pass),
            "delivered and reported",
            "{source:?}"
        );
        for quarantine in [Quarantine::Drop, Quarantine::Fail] {
            let policy = chosen(source, quarantine);
            assert_ne!(
                spelled(source, "{}", policy),
                "delivered and reported",
                "{source:?}"
            );
        }
    }
    let failed = chosen(Source::Sns, Quarantine::Fail);
    assert!(spelled(Source::Sns, "{}", failed).starts_with("Function.Blocked "));
    let config = chosen(Source::Config, Quarantine::Fail);
    assert!(spelled(Source::Config, "{}", config).starts_with("Function.Blocked "));
}

#[test]
fn what_hangs_or_harms_without_an_answer_is_reported_only() {
    for source in [
        Source::Config,
        Source::CodePipeline,
        Source::CodeDeploy,
        Source::CustomResource,
        Source::SecretsRotation,
        Source::S3ObjectLambda,
        Source::CloudWatchAlarm,
    ] {
        check(source, "{}", &expect!["delivered and reported"]);
    }
}

#[test]
fn a_queue_that_takes_names_gets_them_by_default() {
    let mut policy = SourcePolicy::default_of(Source::Sqs);
    assert_eq!(default_of(Source::Sqs, policy), Quarantine::Drop);
    policy.reports_failures = true;
    assert_eq!(default_of(Source::Sqs, policy), Quarantine::Fail);
    assert_eq!(default_of(Source::Kinesis, policy), Quarantine::Drop);
}

#[test]
fn what_the_event_says_in_the_platforms_place_is_never_more_than_a_string() {
    for event in [
        r#"{"methodArn":{"a":1}}"#,
        "{\"methodArn\":\"a\nb\"}",
        r#"{"methodArn":"open"#,
        "",
    ] {
        let policy = SourcePolicy::default_of(Source::AuthorizerToken);
        let denied = spelled(Source::AuthorizerToken, event, policy);
        assert!(denied.ends_with(r#""Resource":""}]}}"#), "{denied}");
    }
}
