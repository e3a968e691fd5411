//! Telemetry: what the process says about itself and about the events it saw.
//! It never blocks an invocation and never says a value.

mod json;
mod log;
mod masked;
mod metrics;
pub(crate) mod record;
mod repeats;
mod time;

use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use credenza_exchange::{Found, Inspected, Stamp};
use credenza_policy::{LogFormat, Policy, Problem};

pub use log::{Log, Writer};
pub use record::{Counts, Origin, Recorded, Under};
pub use time::Clock;

/// The invocation a record is about, in the platform's own header values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Invocation<'a> {
    /// `Lambda-Runtime-Aws-Request-Id`.
    pub request_id: &'a [u8],
    /// `Lambda-Runtime-Trace-Id`, whole; empty when absent.
    pub trace_id: &'a [u8],
    /// `Lambda-Runtime-Invoked-Function-Arn`; empty when absent.
    pub function_arn: &'a [u8],
    /// `Lambda-Runtime-Aws-Tenant-Id`, chosen by the caller; empty when absent.
    pub tenant_id: &'a [u8],
}

/// A fault as a record tells it; the fault table fills it in.
#[derive(Clone, Copy, Debug)]
pub struct FaultNote<'a> {
    /// Kebab-case name of the fault (`upstream-reset`).
    pub kind: &'static str,
    /// `platform`, `runtime` or `ours`.
    pub family: &'static str,
    /// What was done about it (`passed`, `refused`, `closed`, …).
    pub behaviour: &'static str,
    /// One clause for the reader, without any byte of an event.
    pub detail: &'a str,
    /// The invocation, where there is one.
    pub request_id: &'a [u8],
}

/// Something in an output of the function that must not leave, as a record tells it.
#[derive(Clone, Copy, Debug)]
pub struct LeakNote<'a> {
    /// The invocation.
    pub request_id: &'a [u8],
    /// `response`, `stream`, `error`, `init-error` or `log`.
    pub channel: &'static str,
    /// The name of the variable whose value it is; empty if it is no secret of the function.
    pub secret: &'a str,
    /// What it is and where it stands in the output.
    pub found: &'a Found,
    /// Whether it was withheld or masked, as its action says.
    pub applied: bool,
    /// The policy that its event was judged under; `None` where there was no event.
    pub under: Option<Stamp>,
}

/// Something that an honest function does not do, as a record tells it.
#[derive(Clone, Copy, Debug)]
pub struct TamperNote<'a> {
    /// `proxy-bypass`, `runtime-changed` or `decoy-credential`.
    pub rule: &'static str,
    /// What about it, in a word (`not-delivered`, `answered-elsewhere`, …).
    pub why: &'static str,
    /// The invocation, where there is one.
    pub request_id: &'a [u8],
    /// One clause for the reader, without any byte of an event or an output.
    pub detail: &'a str,
}

/// Takes records. Every method returns at once, whatever the reader of the records does.
pub trait Sink: Send + Sync {
    /// An event was inspected in `us` microseconds; called for clean events too, which only count.
    fn inspected(&self, invocation: &Invocation<'_>, inspected: &Inspected, us: u64);
    /// An event was handed on or refused, `us` microseconds after its first byte had come; called
    /// after [`Sink::inspected`] where the verdict decided, and before it elsewhere.
    fn dealt_with(&self, us: u64);
    /// A secret was on its way out.
    fn leaked(&self, leak: &LeakNote<'_>);
    /// Somebody goes past us, or is not who he was.
    fn tampered(&self, note: &TamperNote<'_>);
    /// Something broke, and what was done about it.
    fn fault(&self, fault: &FaultNote<'_>);
    /// A setting or a policy is not what its author meant.
    fn problem(&self, problem: &Problem);
    /// An event is to be recorded, if there is room for it.
    fn recorded(&self, event: Box<Recorded>) {
        drop(event);
    }
    /// Another policy is in force from now on; `is_weaker` if less is refused under it.
    fn policy(&self, policy: &Policy, is_weaker: bool) {
        let _ = (policy, is_weaker);
    }
}

/// The wrapper's one line, on stderr, because stdout belongs to the command that it becomes.
pub(crate) fn say_from_wrapper(message: &str) {
    say(&record::wrapper(SystemTime::now(), message));
}

/// What someone reads who starts the agent by hand.
pub(crate) fn say_not_on_lambda() {
    let message = "AWS_LAMBDA_RUNTIME_API does not name a Runtime API: Lambda starts the agent as \
                   an extension; at a desk use `credenza dev`, and to start a function behind the \
                   agent `credenza-agent wrap -- COMMAND`";
    say(&record::lifecycle(
        SystemTime::now(),
        LogFormat::Text,
        message,
    ));
}

/// The name and version of this build, for whoever asks `--version`; a reader that has gone is
/// no failure of ours.
pub fn say_version() -> ExitCode {
    let line = concat!("credenza-agent ", env!("CARGO_PKG_VERSION"), "\n");
    let _ = std::io::stdout().write_all(line.as_bytes());
    ExitCode::SUCCESS
}

/// Makes a panic one line that names its place: the message may hold bytes of an event, and the
/// stack takes longer to print than an invocation may last.
pub fn tame_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let message = format!(
            "panicked at {}",
            place.as_deref().unwrap_or("an unknown place")
        );
        say(&record::lifecycle(
            SystemTime::now(),
            LogFormat::Text,
            &message,
        ));
    }));
}

/// One line on stderr; who has closed it does not want to read it.
fn say(line: &str) {
    let _ = std::io::stderr().write_all(line.as_bytes());
}
