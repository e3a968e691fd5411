//! One simulated sandbox: the agent's engine, policy and log over one environment of a function.
//! It never writes what the agent's own log did not write.
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use credenza_agent::fault::Fault;
use credenza_agent::telemetry::{
    FaultNote, Invocation, LeakNote, Log, Origin, Sink as _, TamperNote, Writer,
};
use credenza_engine::HashKey;
use credenza_engine::leak::OwnSecrets;
use credenza_event::{Source, Steps};
use credenza_exchange::{
    Channel, Circumstances, Guard, Output, Provenance, Stamp, event_under, output,
};
use credenza_policy::{Day, LogFormat, LogLevel, Policy, Problem};

use crate::clock;
use crate::event::{self, Shape};
use crate::numbers::Numbers;

// Limit: a line is handed to a thread and back; that takes microseconds, and a minute on a machine
// that stands still.
const PATIENCE: Duration = Duration::from_mins(1);

/// A function of the fleet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) region: &'static str,
    pub(crate) shapes: &'static [Shape],
    /// The text of its policy file.
    pub(crate) policy: &'static str,
    pub(crate) format: LogFormat,
}

/// What a log has written since it was looked at.
#[derive(Clone, Debug, Default)]
struct Page(Arc<Mutex<Vec<String>>>);

/// A line of a log group, and when it came there.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) millis: u64,
    pub(crate) text: String,
    /// Whether the agent has written it.
    pub(crate) is_ours: bool,
}

impl Writer for Page {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.push(text);
        Ok(())
    }
}

/// An environment that lives.
pub(crate) struct Sandbox {
    pub(crate) function: Function,
    /// The name of its log stream.
    pub(crate) stream: String,
    policy: Policy,
    key: HashKey,
    log: Log,
    page: Page,
    /// What attackers try again and again in this environment's life.
    hot: usize,
}

/// A secret of the functions, made here so that no text of this project holds one.
fn secret() -> String {
    ["Tr0ub4dor", "-and-", "3-more-words"].concat()
}

impl Sandbox {
    /// Starts one.
    pub(crate) fn start(function: Function, numbers: &mut Numbers) -> Self {
        let (policy, problems) = Policy::parse(function.policy);
        let version = (1 + numbers.below(9)).to_string();
        let name = function.name.to_owned();
        let origin = Origin::new(name, version.clone(), &policy, function.format);
        let page = Page::default();
        let log = Log::new(origin, LogLevel::Info, page.clone()).told_by(clock::SIMULATED);
        for problem in &problems {
            log.problem(problem);
        }
        let witness = *numbers.one_of(&["on", "off"]);
        log.init("127.0.0.1:9077", "169.254.100.1:9001", witness);
        Self {
            stream: format!("2026/11/12/[{version}]{}", numbers.hex(32)),
            function,
            policy,
            key: HashKey([7; 16]),
            log,
            page,
            hot: usize::try_from(numbers.below(14)).unwrap_or(0),
        }
    }

    /// Ends it.
    pub(crate) fn stop(&self) -> Vec<Line> {
        self.log.finish("spindown", PATIENCE);
        self.said()
    }

    /// What it has said since it was asked last.
    pub(crate) fn said(&self) -> Vec<Line> {
        self.log.flush(PATIENCE);
        let mut page = self.page.0.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = clock::now();
        let lines = page.drain(..).map(|text| Line {
            millis,
            text,
            is_ours: true,
        });
        lines.collect()
    }

    /// One invocation, at the time that it is; gives its id.
    pub(crate) fn invoke(&mut self, numbers: &mut Numbers) -> String {
        let id = numbers.id();
        let trace = format!(
            "Root=1-6917{}-{};Sampled=1",
            numbers.hex(4),
            numbers.hex(24)
        );
        let tenant = if numbers.once_in(3) {
            format!("tenant-{}", numbers.below(30))
        } else {
            String::new()
        };
        let region = self.function.region;
        let arn = format!("arn:aws:lambda:{region}:1:function:{}", self.function.name);
        let invocation = Invocation {
            request_id: id.as_bytes(),
            trace_id: trace.as_bytes(),
            function_arn: arn.as_bytes(),
            tenant_id: tenant.as_bytes(),
        };
        let event = self.event(numbers);
        let today = clock::wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        let about = Circumstances {
            request_id: id.as_bytes(),
            tenant: tenant.as_bytes(),
            function_arn: arn.as_bytes(),
            today: Day::of_seconds(today.as_secs()),
            ..Circumstances::default()
        };
        let steps = Steps::for_bytes(event.len());
        let seen = event_under(&event, &about, steps, &self.policy, &self.key);
        // A step is priced at a nanosecond.
        let us = 4 + seen.report.steps / 1000 + numbers.below(9);
        self.log.inspected(&invocation, &seen, us);
        self.log.dealt_with(us + 20 + numbers.below(80));
        if numbers.once_in(40) {
            let guard = self.policy.clone();
            self.leak(&id, &guard, Stamp::of(&self.policy));
        }
        self.accidents(&id, numbers);
        id
    }

    fn event(&self, numbers: &mut Numbers) -> Vec<u8> {
        if numbers.once_in(150) {
            return event::damaged(numbers);
        }
        let shape = *numbers.one_of(self.function.shapes);
        let is_raid = numbers.below(10) < 8;
        let is_batch = matches!(shape, Shape::Queue | Shape::Stream | Shape::Topic);
        let count = if is_batch { 1 + numbers.below(4) } else { 1 };
        // A scanner tries one thing at one place, others try this and that.
        let hot = numbers.once_in(2).then_some(self.hot);
        let values: Vec<String> = (0..count)
            .map(|_| {
                let is_attack = is_raid && numbers.below(4) < 3;
                event::value(numbers, is_attack, hot)
            })
            .collect();
        event::event(shape, numbers, &values, hot.is_some())
    }

    /// The function answers with its own secret.
    fn leak(&self, id: &str, policy: &Policy, under: Stamp) {
        let secret = secret();
        let own = OwnSecrets::new([secret.as_bytes()]);
        let guard = Guard::new(Some(&own), policy);
        let body = format!("{{\"statusCode\":200,\"body\":\"token={secret}\"}}");
        let answer = Output {
            head: b"",
            body: body.as_bytes(),
            channel: Channel::Response,
            provenance: Provenance::Known(Source::FunctionUrl),
        };
        for found in &output(&answer, &guard).found {
            self.log.leaked(&LeakNote {
                request_id: id.as_bytes(),
                channel: Channel::Response.name(),
                secret: "API_TOKEN",
                found,
                applied: policy.mode == credenza_policy::Mode::Block,
                under: Some(under),
            });
        }
    }

    /// What breaks, and what nobody should do.
    fn accidents(&self, id: &str, numbers: &mut Numbers) {
        if numbers.once_in(300) {
            let fault = *numbers.one_of(&Fault::ALL);
            let behaviour = format!("{:?}", fault.behaviour());
            let behaviour = if behaviour.starts_with("Pass") {
                "passed"
            } else {
                "answered"
            };
            self.log.fault(&FaultNote {
                kind: fault.kind(),
                family: fault.family(),
                behaviour,
                detail: &fault.to_string(),
                request_id: if numbers.once_in(2) {
                    id.as_bytes()
                } else {
                    b""
                },
            });
        }
        if numbers.once_in(500) {
            let (rule, why) = *numbers.one_of(&[
                ("proxy-bypass", "not-delivered"),
                ("proxy-bypass", "answered-elsewhere"),
                ("runtime-changed", "another-program"),
                ("decoy-credential", "response"),
            ]);
            self.log.tampered(&TamperNote {
                rule,
                why,
                request_id: id.as_bytes(),
                detail: "",
            });
        }
        if numbers.once_in(900) {
            self.log.problem(&Problem {
                at: "CREDENZA_MOED".into(),
                message: "there is no such variable; did you mean CREDENZA_MODE?".into(),
            });
        }
        if numbers.once_in(1200) {
            self.log.policy(&self.policy, numbers.once_in(2));
        }
    }
}
