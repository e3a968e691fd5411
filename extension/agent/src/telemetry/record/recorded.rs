//! Events that a policy wants recorded: masked, with what was found in them.
//! It never holds four characters of a value in a row.
use std::sync::Arc;
use std::time::SystemTime;

use credenza_engine::Finding;
use credenza_event::Coverage;
use credenza_exchange::Stamp;
use credenza_policy::{Policy, Verdict};

use super::{Origin, SQUEEZES, about_invocation, found, head, judged_under};
use crate::telemetry::Invocation;
use crate::telemetry::json::Line;
use crate::telemetry::masked::masked;

/// An event that is to be recorded, and what came of it.
#[derive(Debug)]
pub struct Recorded {
    /// The event, as it came.
    pub event: Vec<u8>,
    /// `Lambda-Runtime-Aws-Request-Id`.
    pub request_id: Vec<u8>,
    /// `Lambda-Runtime-Trace-Id`.
    pub trace_id: Vec<u8>,
    /// `Lambda-Runtime-Aws-Tenant-Id`.
    pub tenant_id: Vec<u8>,
    /// What was found in it.
    pub findings: Vec<Finding>,
    /// What was not looked at.
    pub coverage: Coverage,
    /// The verdict, as in block mode.
    pub verdict: Verdict,
    /// Under which policy, which says how much is recorded, too.
    pub policy: Arc<Policy>,
}

/// The record of an event; nothing if it came on a route that is not wanted, an error if it is no
/// JSON.
///
/// Fields as in a finding, which are those of each of its `findings`, and `event`, masked.
pub(crate) fn recorded(
    now: SystemTime,
    origin: &Origin,
    event: &Recorded,
) -> Result<Option<String>, ()> {
    let (source, routes) = credenza_exchange::whence(&event.event);
    if !event.policy.recording.has_route(&routes) {
        return Ok(None);
    }
    let masked = masked(&event.event).ok_or(())?;
    let mut line = head(now, origin.format, "info", "event");
    let invocation = Invocation {
        request_id: &event.request_id,
        trace_id: &event.trace_id,
        function_arn: b"",
        tenant_id: &event.tenant_id,
    };
    about_invocation(&mut line, origin, &invocation, 64, 40);
    line.text("source", source.name().as_bytes(), 24);
    line.text_if_any("route", routes.shown_at("").as_bytes(), 96);
    line.text("verdict", event.verdict.name().as_bytes(), 8);
    line.text("mode", event.policy.mode.name().as_bytes(), 8);
    line.text("coverage", event.coverage.name().as_bytes(), 8);
    if !event.coverage.is_complete() {
        line.words("gaps", event.coverage.gaps().map(credenza_event::Gap::name));
    }
    judged_under(&mut line, Stamp::of(&event.policy));
    let findings: Vec<String> = event
        .findings
        .iter()
        .map(|finding| {
            let mut line = Line::new();
            found(&mut line, finding, &routes, &SQUEEZES[0]);
            line.object()
        })
        .collect();
    line.raw("findings", &format!("[{}]", findings.join(",")));
    line.flag("masked", true);
    line.raw("event", &masked);
    Ok(Some(line.done()))
}
