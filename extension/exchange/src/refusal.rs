//! What the caller of each source gets when an event is refused.
//! It never carries a value or names a rule.
use credenza_event::Source;

use crate::Refusal;

/// The error type of a refusal by `/error`; the name is stable, because state machines match on it.
const ERROR_TYPE: &str = "Function.Blocked";

/// API Gateway in both payload formats, and Function URLs: always with a status code, because a
/// bare body would become a 200.
const HTTP: &str = concat!(
    r#"{"statusCode":403,"headers":{"content-type":"application/json"},"#,
    r#""body":"{\"message\":\"Forbidden\"}","isBase64Encoded":false}"#,
);

/// A load balancer wants a status description, and answers 502 to a wrong shape.
const ALB: &str = concat!(
    r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"#,
    r#""headers":{"content-type":"application/json"},"#,
    r#""body":"{\"message\":\"Forbidden\"}"}"#,
);

/// A target group with multi-value headers reads `multiValueHeaders` alone.
const ALB_MULTI: &str = concat!(
    r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"#,
    r#""multiValueHeaders":{"content-type":["application/json"]},"#,
    r#""body":"{\"message\":\"Forbidden\"}"}"#,
);

/// Everything else gets an error whose name says what happened (R38).
const ERROR: &str = concat!(
    r#"{"errorType":"Function.Blocked","#,
    r#""errorMessage":"The event was refused by policy.","stackTrace":[]}"#,
);

/// The refusal of `source`, exact to the byte (lambda-contract.md 4.1, R37, R38).
pub(crate) fn refusal(source: Source) -> Refusal {
    let (body, error_type) = match source {
        Source::ApiGatewayRest | Source::ApiGatewayHttp | Source::FunctionUrl => (HTTP, None),
        Source::Alb { multi: false } => (ALB, None),
        Source::Alb { multi: true } => (ALB_MULTI, None),
        _ => (ERROR, Some(ERROR_TYPE)),
    };
    Refusal {
        body: body.into(),
        content_type: "application/json",
        error_type,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use credenza_event::Source;
    use expect_test::{Expect, expect};

    use super::refusal;

    fn check(source: Source, expected: &Expect) {
        let refusal = refusal(source);
        assert_eq!(refusal.content_type, "application/json");
        let mut seen = String::from_utf8(refusal.body).unwrap();
        if let Some(error_type) = refusal.error_type {
            seen = alloc::format!("{error_type} {seen}");
        }
        expected.assert_eq(&seen);
    }

    #[test]
    fn api_gateway_and_function_urls_get_a_403_with_a_status_code() {
        for source in [
            Source::ApiGatewayRest,
            Source::ApiGatewayHttp,
            Source::FunctionUrl,
        ] {
            check(
                source,
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
            &expect![[
                r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Forbidden\"}"}"#
            ]],
        );
        check(
            Source::Alb { multi: true },
            &expect![[
                r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"multiValueHeaders":{"content-type":["application/json"]},"body":"{\"message\":\"Forbidden\"}"}"#
            ]],
        );
    }

    #[test]
    fn an_unknown_source_gets_an_error_with_a_stable_name() {
        check(
            Source::Unknown,
            &expect![[
                r#"Function.Blocked {"errorType":"Function.Blocked","errorMessage":"The event was refused by policy.","stackTrace":[]}"#
            ]],
        );
    }
}
