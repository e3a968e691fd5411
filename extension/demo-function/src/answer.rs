//! The routes of the demo function and the shape of its answers.
//! It never looks at what an id is made of.
use serde_json::{Value, json};

use crate::request::{Request, Shape};
use crate::users::{self, Users};

/// A page for the browser: one form for the vulnerable route, one for the safe one.
const PAGE: &str = include_str!("page.html");

/// Answers one event.
pub(crate) fn answer(event: &Value, users: &Users) -> Value {
    let request = Request::read(event);
    let (status, content_type, body) = match request.path.as_str() {
        "/search" => json_body(users.search(request.field("name").unwrap_or_default())),
        "/notes" => json_body(users.note(request.field("text").unwrap_or_default())),
        path => match request.id() {
            Some(id) => json_body(users.find(&id)),
            None if path == "/" => (200, "text/html; charset=utf-8", PAGE.to_owned()),
            None => (
                404,
                "application/json",
                json!({ "error": "no id given" }).to_string(),
            ),
        },
    };
    shaped(request.shape, status, content_type, &body)
}

fn json_body<T: serde::Serialize>(result: rusqlite::Result<T>) -> (u16, &'static str, String) {
    let (status, body) = match result {
        Ok(rows) => (200, json!(rows)),
        Err(error) => (500, json!({ "error": users::message(&error) })),
    };
    (status, "application/json", body.to_string())
}

fn shaped(shape: Shape, status: u16, content_type: &str, body: &str) -> Value {
    let mut answer = json!({ "statusCode": status, "body": body, "isBase64Encoded": false });
    match shape {
        Shape::Http | Shape::Rest => answer["headers"] = json!({ "content-type": content_type }),
        Shape::Alb { multi } => {
            answer["statusDescription"] = json!(description(status));
            if multi {
                answer["multiValueHeaders"] = json!({ "content-type": [content_type] });
            } else {
                answer["headers"] = json!({ "content-type": content_type });
            }
        }
    }
    answer
}

fn description(status: u16) -> &'static str {
    match status {
        200 => "200 OK",
        404 => "404 Not Found",
        _ => "500 Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(event: &Value, expected: &Expect) {
        expected.assert_eq(&format!("{:#}", answer(event, &Users::seed().unwrap())));
    }

    #[test]
    fn rows_are_answered_as_json_with_200() {
        check(
            &json!({ "rawPath": "/q", "rawQueryString": "id=4" }),
            &expect![[r#"
                {
                  "body": "[{\"id\":4,\"name\":\"Alan Turing\"}]",
                  "headers": {
                    "content-type": "application/json"
                  },
                  "isBase64Encoded": false,
                  "statusCode": 200
                }"#]],
        );
    }

    #[test]
    fn a_database_error_is_answered_with_500() {
        check(
            &json!({ "rawPath": "/q", "rawQueryString": "id='" }),
            &expect![[r#"
                {
                  "body": "{\"error\":\"unrecognized token: \\\"'\\\"\"}",
                  "headers": {
                    "content-type": "application/json"
                  },
                  "isBase64Encoded": false,
                  "statusCode": 500
                }"#]],
        );
    }

    #[test]
    fn a_missing_id_is_answered_with_404() {
        check(
            &json!({ "rawPath": "/q" }),
            &expect![[r#"
                {
                  "body": "{\"error\":\"no id given\"}",
                  "headers": {
                    "content-type": "application/json"
                  },
                  "isBase64Encoded": false,
                  "statusCode": 404
                }"#]],
        );
    }

    #[test]
    fn a_load_balancer_gets_its_own_shape() {
        let elb = json!({ "elb": {} });
        check(
            &json!({ "path": "/q", "httpMethod": "GET", "requestContext": elb,
                     "queryStringParameters": { "id": "4" } }),
            &expect![[r#"
                {
                  "body": "[{\"id\":4,\"name\":\"Alan Turing\"}]",
                  "headers": {
                    "content-type": "application/json"
                  },
                  "isBase64Encoded": false,
                  "statusCode": 200,
                  "statusDescription": "200 OK"
                }"#]],
        );
        check(
            &json!({ "path": "/q", "httpMethod": "GET", "requestContext": elb,
                     "multiValueHeaders": {},
                     "multiValueQueryStringParameters": { "id": ["4"] } }),
            &expect![[r#"
                {
                  "body": "[{\"id\":4,\"name\":\"Alan Turing\"}]",
                  "isBase64Encoded": false,
                  "multiValueHeaders": {
                    "content-type": [
                      "application/json"
                    ]
                  },
                  "statusCode": 200,
                  "statusDescription": "200 OK"
                }"#]],
        );
    }

    #[test]
    fn the_safe_routes_take_any_text() {
        check(
            &json!({ "rawPath": "/search", "rawQueryString": "name=O'Brien" }),
            &expect![[r#"
                {
                  "body": "[{\"id\":2,\"name\":\"Miles O'Brien\"}]",
                  "headers": {
                    "content-type": "application/json"
                  },
                  "isBase64Encoded": false,
                  "statusCode": 200
                }"#]],
        );
        check(
            &json!({ "rawPath": "/notes", "body": "{\"text\":\"'; drop table users; --\"}" }),
            &expect![[r#"
                {
                  "body": "1",
                  "headers": {
                    "content-type": "application/json"
                  },
                  "isBase64Encoded": false,
                  "statusCode": 200
                }"#]],
        );
    }

    #[test]
    fn the_root_is_a_page_for_the_browser() {
        let page = answer(&json!({ "rawPath": "/" }), &Users::seed().unwrap());
        assert_eq!(page["headers"]["content-type"], "text/html; charset=utf-8");
        assert!(page["body"].as_str().unwrap().contains("<form"));
    }
}
