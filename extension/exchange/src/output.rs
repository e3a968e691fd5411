//! The way back: what becomes of an answer in which a secret stands.
//! It never changes an answer that may leave, and never says what it found.
use alloc::vec::Vec;

use credenza_engine::Confidence;
use credenza_engine::leak::{OWN_SECRET, OwnLeak, OwnSecrets};
use credenza_event::{Classes, Decoder, Form, Part, Role, Source, Steps, Visitor};
use credenza_policy::{Policy, Verdict};

use crate::refusal::{error_named, success};
use crate::{Refusal, packed};

/// How an output leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `…/response`, whole.
    Response,
    /// `…/response`, as it comes.
    Stream,
    /// `…/error`, and what went wrong at INIT.
    Error,
}

impl Channel {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Stream => "stream",
            Self::Error => "error",
        }
    }
}

/// An output after inspection.
#[derive(Debug)]
pub struct OutputSeen {
    /// The leaks, the first sixteen.
    pub leaks: Vec<OwnLeak>,
    /// The verdict, as it would be in block mode.
    pub verdict: Verdict,
    /// What to do.
    pub step: OutputStep,
}

/// What to do with an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputStep {
    /// Hand the bytes on as they came.
    Pass,
    /// Answer the platform ourselves.
    Replace(Refusal),
}

// Limit: whoever reads records learns nothing from a seventeenth leak of one answer.
const LEAKS_MAX: usize = 16;

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

/// An output: head and body as they came, how they leave, and to whose event they are the answer.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// The request's head, in which errors tell their causes.
    pub head: &'a [u8],
    /// Its body.
    pub body: &'a [u8],
    /// How it leaves.
    pub channel: Channel,
    /// Who shaped the event.
    pub source: Source,
}

/// Looks for the function's own secrets in an output.
///
/// In mode `monitor` the step is always [`OutputStep::Pass`].
pub fn output(output: &Output<'_>, own: &OwnSecrets, policy: &Policy) -> OutputSeen {
    let mut leaks = leaks(output.body, own);
    leaks.extend(own.leaks(output.head).take(1));
    let verdict = if leaks.is_empty() {
        Verdict::Pass
    } else {
        policy.finding_verdict(OWN_SECRET.id, Confidence::High)
    };
    let replacement = match output.channel {
        Channel::Error => Some(withheld_error()),
        Channel::Response | Channel::Stream => replacement(output.source),
    };
    let step = match replacement {
        Some(refusal) if policy.applies(verdict) => OutputStep::Replace(refusal),
        _ => OutputStep::Pass,
    };
    OutputSeen {
        leaks,
        verdict,
        step,
    }
}

/// The error in the place of one whose text must not leave.
fn withheld_error() -> Refusal {
    error_named(WITHHELD, ERROR)
}

/// The leaks of an output, in its bytes and in what is packed in them.
fn leaks(body: &[u8], own: &OwnSecrets) -> Vec<OwnLeak> {
    let mut leaks: Vec<OwnLeak> = own.leaks(body).take(LEAKS_MAX).collect();
    if leaks.is_empty() && !own.is_empty() {
        let mut packed = Packed {
            own,
            leaks: Vec::new(),
        };
        let mut steps = Steps::for_bytes(body.len());
        if packed::is_escaped(body) {
            credenza_event::walk(body, &mut steps, &mut packed);
        } else {
            for run in packed::runs(body) {
                let (role, part) = (Role::Body, Part::Value);
                credenza_event::walk_text(run, role, part, &mut steps, &mut packed);
            }
        }
        leaks = packed.leaks;
    }
    leaks
}

/// Looks into what decoders make of an output: what stands there as it is was looked at before.
struct Packed<'o> {
    own: &'o OwnSecrets,
    leaks: Vec<OwnLeak>,
}

impl Visitor for Packed<'_> {
    fn ignores(&self, _: &[u8], _: Classes, _: Part) -> bool {
        true
    }

    fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
        let is_made = form
            .decoded
            .iter()
            .any(|step| !matches!(step, Decoder::Json | Decoder::Form));
        if is_made && self.leaks.len() < LEAKS_MAX {
            self.leaks.extend(self.own.leaks(form.text).take(1));
        }
    }
}

/// The answer in the place of one that is withheld; `None` where nobody reads answers.
///
/// Status 500 and an error that no service repeats by itself: a second try would end the same way.
fn replacement(source: Source) -> Option<Refusal> {
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

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use credenza_engine::leak::OwnSecrets;
    use credenza_event::Source;
    use credenza_policy::{Mode, Policy, Verdict};

    use super::{Channel, Output, OutputSeen, OutputStep, output};

    /// A key of the platform's form that opens nothing.
    fn key() -> String {
        ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat()
    }

    fn own() -> OwnSecrets {
        OwnSecrets::new([key().as_bytes()])
    }

    fn policy(mode: Mode) -> Policy {
        Policy {
            mode,
            ..Policy::default()
        }
    }

    fn seen(body: &str, source: Source, mode: Mode) -> OutputSeen {
        let answer = Output {
            head: b"",
            body: body.as_bytes(),
            channel: Channel::Response,
            source,
        };
        output(&answer, &own(), &policy(mode))
    }

    fn replaced(body: &str, source: Source) -> Option<String> {
        match seen(body, source, Mode::Block).step {
            OutputStep::Pass => None,
            OutputStep::Replace(refusal) => Some(String::from_utf8(refusal.body).unwrap()),
        }
    }

    #[test]
    fn an_answer_with_the_functions_own_key_is_withheld_in_the_sources_words() {
        let body = alloc::format!(r#"{{"statusCode":200,"body":"key: {}"}}"#, key());
        for (source, begin) in [
            (Source::FunctionUrl, r#"{"statusCode":500,"headers""#),
            (
                Source::Alb { multi: true },
                r#"{"statusCode":500,"statusDes"#,
            ),
            (
                Source::Unknown,
                r#"{"errorType":"Function.ResponseBlocked""#,
            ),
        ] {
            let replaced = replaced(&body, source).unwrap();
            assert!(replaced.starts_with(begin), "{source:?}: {replaced}");
            assert!(!replaced.contains(&key()[..8]));
        }
        assert_eq!(replaced(&body, Source::Sqs), None);
    }

    #[test]
    fn mode_monitor_passes_and_says_what_block_would_do() {
        let seen = seen(&key(), Source::FunctionUrl, Mode::Monitor);
        assert_eq!(seen.verdict, Verdict::Block);
        assert_eq!(seen.step, OutputStep::Pass);
        assert_eq!(seen.leaks.len(), 1);
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        // base64 of a page whose slashes and signs are escaped for HTML.
        let page = key().replace('/', "&#47;").replace('+', "&#x2b;");
        let twice = base64(&base64(&page));
        let body = alloc::format!(r#"{{"isBase64Encoded":true,"body":"{twice}"}}"#);
        assert!(replaced(&body, Source::FunctionUrl).is_some());
    }

    fn base64(text: &str) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let bits = chunk
                .iter()
                .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - chunk.len()));
            for digit in 0..=chunk.len() {
                let at = (bits >> (18 - 6 * digit)) & 63;
                out.push(char::from(DIGITS[usize::try_from(at).unwrap()]));
            }
        }
        out + &"==="[..(4 - (text.len() % 3 * 4).div_ceil(3)) % 4]
    }

    #[test]
    fn answers_without_a_secret_pass() {
        for body in ["{}", "null", r#"{"statusCode":200,"body":"kW9zTq4 L+0"}"#] {
            assert_eq!(replaced(body, Source::FunctionUrl), None, "{body}");
        }
    }
}
