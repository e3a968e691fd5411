//! Why the API did not do what it was asked.
//! It never repeats what was sent.
use serde_json::Value;

/// An answer that is none, or no answer at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told())]
pub struct Refusal {
    /// What kind of refusal it is.
    pub kind: Kind,
    /// The name of the error as the service gives it; empty if there is none.
    pub code: String,
    /// What it says.
    pub message: String,
}

/// What to make of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Too many calls: wait and call again.
    Throttled,
    /// The service or the way to it is in trouble: wait and call again.
    Trouble,
    /// The function is being changed by somebody: wait for it.
    Conflict,
    /// The function is of another revision than was said: read it again.
    Changed,
    /// The credentials are too old.
    Expired,
    /// The caller may not.
    Denied,
    /// There is no such thing.
    Absent,
    /// It cannot be done.
    Impossible,
}

impl Refusal {
    /// From the status, the error's name in its header, and the body of an answer.
    pub fn read(status: u16, header: Option<&str>, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let code = header.or_else(|| text("__type")).or_else(|| text("code"));
        // `Name:http://…` in headers, `namespace#Name` in bodies.
        let code = code.unwrap_or_default();
        let code = code.split_once(':').map_or(code, |(name, _)| name);
        let code = code.rsplit('#').next().unwrap_or_default();
        let message = text("message").or_else(|| text("Message"));
        Self {
            kind: Kind::of(status, code),
            code: code.to_owned(),
            message: message.map_or_else(|| format!("status {status}"), str::to_owned),
        }
    }

    /// No answer came.
    pub fn of_way(error: &dyn std::fmt::Display) -> Self {
        Self {
            kind: Kind::Trouble,
            code: String::new(),
            message: error.to_string(),
        }
    }

    fn told(&self) -> String {
        if self.code.is_empty() {
            return self.message.clone();
        }
        format!("{}: {}", self.code, self.message)
    }
}

impl Kind {
    fn of(status: u16, code: &str) -> Self {
        match (status, code) {
            (429, _) | (_, "ThrottlingException" | "Throttling" | "RequestLimitExceeded") => {
                Self::Throttled
            }
            (_, "ExpiredTokenException" | "ExpiredToken" | "RequestExpired") => Self::Expired,
            (409, _) => Self::Conflict,
            (412, _) => Self::Changed,
            (401 | 403, _) => Self::Denied,
            (404, _) => Self::Absent,
            (500.., _) => Self::Trouble,
            _ => Self::Impossible,
        }
    }

    /// Whether the same call may succeed a while later.
    pub fn passes(self) -> bool {
        matches!(self, Self::Throttled | Self::Trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        for (status, header, body, kind, told) in [
            (
                429,
                Some("TooManyRequestsException:http://internal"),
                r#"{"Reason":"CallerRateLimitExceeded","message":"Rate exceeded"}"#,
                Kind::Throttled,
                "TooManyRequestsException: Rate exceeded",
            ),
            (
                400,
                None,
                r#"{"__type":"com.amazon#ThrottlingException"}"#,
                Kind::Throttled,
                "ThrottlingException: status 400",
            ),
            (
                403,
                Some("ExpiredTokenException"),
                "{}",
                Kind::Expired,
                "ExpiredTokenException: status 403",
            ),
            (
                403,
                Some("AccessDeniedException"),
                r#"{"Message":"no"}"#,
                Kind::Denied,
                "AccessDeniedException: no",
            ),
            (
                409,
                Some("ResourceConflictException"),
                "",
                Kind::Conflict,
                "ResourceConflictException: status 409",
            ),
            (412, None, "", Kind::Changed, "status 412"),
            (404, None, "<html>", Kind::Absent, "status 404"),
            (503, None, "", Kind::Trouble, "status 503"),
            (400, None, "", Kind::Impossible, "status 400"),
        ] {
            let refusal = Refusal::read(status, header, body.as_bytes());
            assert_eq!((refusal.kind, refusal.to_string().as_str()), (kind, told));
        }
    }
}
