//! Every HTTP source and every encoding brings the id to the function.
//! These tests never run a query.
use std::io::Write;

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn check(event: &Value, expected: &Expect) {
    let request = Request::read(event);
    expected.assert_eq(&format!(
        "{:?} {} {:?}",
        request.shape,
        request.path,
        request.id()
    ));
}

fn url(query: &str, body: Option<&str>, base64: bool) -> Value {
    json!({
        "version": "2.0", "rawPath": "/q", "rawQueryString": query, "body": body,
        "isBase64Encoded": base64, "requestContext": { "http": { "method": "POST" } },
    })
}

#[test]
fn a_function_url_brings_the_id_in_its_query_string() {
    check(
        &url("a=b&id=1%20or+1%3D1", None, false),
        &expect![[r#"Http /q Some("1 or 1=1")"#]],
    );
}

#[test]
fn a_json_body_brings_a_number_or_a_text() {
    check(
        &url("", Some("{\"id\":7}"), false),
        &expect![[r#"Http /q Some("7")"#]],
    );
    check(
        &url("", Some("{\"id\":\"1 or 1=1\"}"), false),
        &expect![[r#"Http /q Some("1 or 1=1")"#]],
    );
    check(
        &url("", Some("{\"user\":{\"id\":\"\\u0027\"}}"), false),
        &expect![[r#"Http /q Some("'")"#]],
    );
}

#[test]
fn a_document_in_a_string_is_opened() {
    check(
        &url("", Some("{\"filter\":\"{\\\"id\\\":\\\"9\\\"}\"}"), false),
        &expect![[r#"Http /q Some("9")"#]],
    );
    check(
        &url("", Some("\"{\\\"id\\\":8}\""), false),
        &expect![[r#"Http /q Some("8")"#]],
    );
}

#[test]
fn a_form_body_brings_the_id() {
    check(
        &url("", Some("name=x&id=1+or+1=1"), false),
        &expect![[r#"Http /q Some("1 or 1=1")"#]],
    );
}

#[test]
fn base64_and_gzip_are_undone() {
    check(
        &url("", Some(&STANDARD.encode("{\"id\":\"5\"}")), true),
        &expect![[r#"Http /q Some("5")"#]],
    );
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"id=6").unwrap();
    let body = STANDARD.encode(encoder.finish().unwrap());
    check(
        &url("", Some(&body), true),
        &expect![[r#"Http /q Some("6")"#]],
    );
}

#[test]
fn a_cursor_holds_an_id() {
    let cursor = STANDARD.encode("{\"id\":\"3\"}");
    check(
        &url("", Some(&json!({ "cursor": cursor }).to_string()), false),
        &expect![[r#"Http /q Some("3")"#]],
    );
}

#[test]
fn a_doubly_encoded_id_is_decoded_once_more() {
    check(
        &url("id=1%2520or%25201%253D1", None, false),
        &expect![[r#"Http /q Some("1 or 1=1")"#]],
    );
    check(
        &url("id=100%25", None, false),
        &expect![[r#"Http /q Some("100%")"#]],
    );
}

#[test]
fn a_rest_api_has_decoded_its_query() {
    check(
        &json!({ "resource": "/q", "path": "/q", "httpMethod": "GET", "body": null,
                 "requestContext": { "stage": "prod" },
                 "queryStringParameters": { "id": "1 or 1=1" } }),
        &expect![[r#"Rest /q Some("1 or 1=1")"#]],
    );
}

#[test]
fn a_load_balancer_has_not() {
    let elb = json!({ "elb": { "targetGroupArn": "arn" } });
    check(
        &json!({ "path": "/q", "httpMethod": "GET", "body": "", "requestContext": elb,
                 "queryStringParameters": { "id": "1%20or%201%3D1" }, "headers": {} }),
        &expect![[r#"Alb { multi: false } /q Some("1 or 1=1")"#]],
    );
    check(
        &json!({ "path": "/q", "httpMethod": "GET", "body": "", "requestContext": elb,
                 "multiValueQueryStringParameters": { "id": ["2", "3"] },
                 "multiValueHeaders": {} }),
        &expect![[r#"Alb { multi: true } /q Some("2")"#]],
    );
}

#[test]
fn an_event_without_a_source_is_read_as_it_is() {
    check(
        &json!({ "id": "1 or 1=1" }),
        &expect![[r#"Http / Some("1 or 1=1")"#]],
    );
    check(&json!(["nothing"]), &expect!["Http / None"]);
    check(&json!({}), &expect!["Http / None"]);
}

#[test]
fn damaged_percent_signs_stay() {
    assert_eq!(percent_decode("100%", true), "100%");
    assert_eq!(percent_decode("%zz%4", true), "%zz%4");
    assert_eq!(percent_decode("%+1", false), "%+1");
}
