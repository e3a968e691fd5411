//! Answers in the place of the function's, in the words of the event's source: one table of forms
//! for events that are refused and for answers that are withheld.
//! It never says why, and never carries a value that the platform did not write.
use alloc::vec::Vec;

use credenza_event::Source;

use crate::Refusal;
use crate::spelling::Spelling;

/// What is said instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saying {
    /// The status over HTTP.
    status: &'static str,
    /// What that status is called.
    reason: &'static str,
    /// The type of the error, where only an error says it; the name is stable, because state
    /// machines match on it.
    error_type: &'static str,
    error: &'static str,
}

/// An event did not reach the function.
pub(crate) const REFUSED: Saying = Saying {
    status: "403",
    reason: "Forbidden",
    error_type: "Function.Blocked",
    error: "The event was refused by policy.",
};

/// An answer did not leave: an error that no service repeats by itself, for a second try would end
/// the same way.
pub(crate) const WITHHELD: Saying = Saying {
    status: "500",
    reason: "Internal Server Error",
    error_type: "Function.ResponseBlocked",
    error: "The answer was withheld by policy.",
};

impl Saying {
    /// The answer in the source's own words, where it has some that are the same for every event.
    pub(crate) fn to(self, source: Source) -> Option<Vec<u8>> {
        let mut out = Spelling::new();
        match source {
            // Always with a status code, because a bare body would become a 200.
            Source::ApiGatewayRest
            | Source::ApiGatewayHttp
            | Source::FunctionUrl
            | Source::VpcLatticeV1
            | Source::VpcLatticeV2 => {
                self.status(&mut out);
                out.text(r#","headers":{"content-type":"application/json"},"#);
                self.body(&mut out);
                out.text(r#","isBase64Encoded":false}"#);
            }
            // A load balancer wants a status description, and answers 502 to a wrong shape; a
            // target group with multi-value headers reads `multiValueHeaders` alone.
            Source::Alb { multi } => {
                self.status(&mut out);
                out.text(r#","statusDescription":""#)
                    .text(self.status)
                    .text(" ")
                    .text(self.reason)
                    .text(r#"","isBase64Encoded":false,"#)
                    .text(if multi {
                        r#""multiValueHeaders":{"content-type":["application/json"]},"#
                    } else {
                        r#""headers":{"content-type":"application/json"},"#
                    });
                self.body(&mut out);
                out.text("}");
            }
            // A handshake that is answered so fails, and a message that is answered so gets no
            // reply.
            Source::WebSocketConnect | Source::WebSocketMessage => {
                self.status(&mut out);
                out.text("}");
            }
            Source::AuthorizerHttp | Source::AppSyncAuthorizer => {
                out.text(r#"{"isAuthorized":false}"#);
            }
            _ => return None,
        }
        Some(out.done())
    }

    fn status(self, out: &mut Spelling) {
        out.text(r#"{"statusCode":"#).text(self.status);
    }

    fn body(self, out: &mut Spelling) {
        out.text(r#""body":"{\"message\":\""#)
            .text(self.reason)
            .text(r#"\"}""#);
    }

    /// The error whose name says what happened (R38).
    pub(crate) fn error(self) -> Refusal {
        let mut out = Spelling::new();
        out.text(r#"{"errorType":""#)
            .text(self.error_type)
            .text(r#"","errorMessage":""#)
            .text(self.error)
            .text(r#"","stackTrace":[]}"#);
        Refusal {
            error_type: Some(self.error_type),
            ..success(out.done())
        }
    }
}

/// An answer that the platform takes for the function's.
pub(crate) fn success(body: Vec<u8>) -> Refusal {
    Refusal {
        body,
        content_type: "application/json",
        error_type: None,
    }
}
