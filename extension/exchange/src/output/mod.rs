//! The way back: an output is taken apart by its bytes, looked at, and passes, is masked, or gives
//! way to another one.
//! It never changes a byte of an output that may leave, and never says what it found there.
use alloc::vec::Vec;

use credenza_engine::leak::{Media, OutputText, leaky_error};
use credenza_event::layout::Range;
use credenza_policy::{Action, Verdict};

use crate::Refusal;

mod base64;
mod content;
mod escapes;
mod guard;
mod headers;
mod locate;
mod mask;
mod packed;
mod packing;
mod parts;
mod replacement;
mod stream;
mod whence;
mod window;

use content::{Content, Judged};
use guard::Findings;
pub use guard::{Found, Guard};
use parts::Parts;
use replacement::replacement;
pub use replacement::withheld;
pub use stream::{OutputStream, Released};
pub use whence::{Provenance, Whence};

/// How an output leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `…/response`, whole.
    Response,
    /// `…/response`, as it comes.
    Stream,
    /// `…/error`.
    Error,
    /// `init/error`.
    InitError,
}

impl Channel {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Stream => "stream",
            Self::Error => "error",
            Self::InitError => "init-error",
        }
    }

    /// True for errors: their trace is what the platform asks for, and no leak by itself.
    const fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::InitError)
    }
}

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
    pub provenance: Provenance<'a>,
}

/// An output after inspection.
#[derive(Debug)]
pub struct OutputSeen {
    /// What was found, at its places in the body.
    pub found: Vec<Found>,
    /// The verdict, as it would be in block mode.
    pub verdict: Verdict,
    /// All of it was looked at; a body may be packed in a way that is not undone.
    pub is_whole: bool,
    /// What to do.
    pub step: OutputStep,
}

/// What to do with an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputStep {
    /// Hand the bytes on as they came.
    Pass,
    /// Hand on another body; what was found is masked in it.
    Rewrite(Vec<u8>),
    /// Answer the platform ourselves.
    Replace(Refusal),
}

/// Looks for what must not leave.
///
/// In mode `monitor` the step is always [`OutputStep::Pass`].
pub fn output(output: &Output<'_>, guard: &Guard<'_>) -> OutputSeen {
    let parts = match output.channel {
        Channel::Response | Channel::Stream => parts::of(output.body),
        Channel::Error | Channel::InitError => None,
    };
    let guard = &guard.of_whole();
    let mut seen = Seen::of(output, parts.as_ref(), guard);
    let is_in_head = !seen.head.found.is_empty();
    let mut all = seen.outside.clone();
    if let Some((content, judged)) = &mut seen.content {
        let mut raw = core::mem::take(&mut judged.raw);
        for found in &mut raw.found {
            found.start = found.start.saturating_add(content.start);
            found.end = found.end.saturating_add(content.start);
        }
        all.append(raw);
    }
    all.append(core::mem::take(&mut seen.head));
    let is_whole = all.unread.is_none();
    let content = seen.content.as_ref().map(|(content, _)| content);
    let (location, place) = match content {
        Some(content) => (content::BODY, (content.start, content.end)),
        None => ("", (0, output.body.len())),
    };
    guard.tell_unread(location, place, &mut all);
    all.found.retain(Found::is_told);
    let withheld = all.found.iter().any(|found| guard.withholds(found));
    let masked = all.found.iter().any(|found| guard.masks(found));
    let verdict = all.found.iter().map(|found| found.verdict).max();
    let replaced = || match replacement(output.channel, output.provenance) {
        Some(refusal) => OutputStep::Replace(refusal),
        None => OutputStep::Pass,
    };
    let step = if withheld || (masked && (all.crowded || is_in_head)) {
        replaced()
    } else {
        let body = masked.then(|| seen.masked(output.body, guard));
        match body {
            // It cannot be written again exactly.
            Some(None) => replaced(),
            Some(Some(body)) => {
                with_headers(&body, output, guard).unwrap_or(OutputStep::Rewrite(body))
            }
            None => with_headers(output.body, output, guard).unwrap_or(OutputStep::Pass),
        }
    };
    OutputSeen {
        verdict: verdict.unwrap_or(Verdict::Pass),
        is_whole,
        found: all.found,
        step,
    }
}

/// What stands in a line that the function printed, which is a JSON value.
pub fn log_line(line: &[u8], guard: &Guard<'_>) -> Vec<Found> {
    let mut found = Findings::default();
    if !guard.is_idle() {
        guard.judge(&OutputText::whole(line, Media::Json), 0, &mut found);
    }
    // Nobody takes a line back.
    for found in &mut found.found {
        found.verdict = found.verdict.min(Verdict::Flag);
        found.action = Action::Flag;
    }
    found.found.retain(Found::is_told);
    found.found
}

/// An answer with the headers that the policy wants.
fn with_headers(body: &[u8], output: &Output<'_>, guard: &Guard<'_>) -> Option<OutputStep> {
    if !guard.wants_headers() || output.channel != Channel::Response {
        return None;
    }
    let parts = parts::of(body)?;
    headers::added(body, &parts, output.provenance.source()).map(OutputStep::Rewrite)
}

/// Looks at the fields of an answer's headers.
fn judge_fields(guard: &Guard<'_>, body: &[u8], parts: &Parts, at: usize, found: &mut Findings) {
    if !guard.needs_whole() {
        return;
    }
    for (name, span) in parts.fields(body) {
        let raw = body.get(span.clone()).unwrap_or_default();
        let mut value = Vec::new();
        escapes::undo(raw, usize::MAX, &mut value);
        let mut inside = Findings::default();
        guard.judge_field(name, &value, 0, &mut inside);
        content::move_spans(&mut inside, |spans| {
            escapes::map(raw, spans);
            for (start, end) in spans {
                let from = at.saturating_add(span.start);
                (*start, *end) = (start.saturating_add(from), end.saturating_add(from));
            }
        });
        found.append(inside);
    }
}

/// True unless it is the trace that a runtime tells in an error: that is its contract.
fn says_more(found: &Found) -> bool {
    found.rule.id != leaky_error::RULE.id || !leaky_error::is_expected_of_runtimes(found.kind)
}

/// What was found, by the part of the output that it stands in.
struct Seen<'o> {
    /// In the request's head.
    head: Findings,
    /// In the body of the request, but not in the content of the answer.
    outside: Findings,
    /// In the content, and where that stands.
    content: Option<(Range, Judged)>,
    shape: Option<Content<'o>>,
}

impl<'o> Seen<'o> {
    fn of(output: &Output<'o>, parts: Option<&Parts>, guard: &Guard<'_>) -> Self {
        let mut seen = Self {
            head: Findings::default(),
            outside: Findings::default(),
            content: None,
            shape: None,
        };
        if guard.is_idle() {
            return seen;
        }
        let body = output.body;
        let content = parts.and_then(|parts| {
            let span = parts.body.clone()?;
            let shape = Content {
                raw: body.get(span.clone())?,
                media: parts.media(body),
                is_base64: parts.is_base64,
                coding: parts.coding(body),
            };
            Some((span, shape))
        });
        if output.channel.is_error() {
            let text = OutputText::whole(output.head, Media::Header);
            guard.judge(&text, 0, &mut seen.head);
        } else {
            guard.judge_own(output.head, 0, &mut seen.head);
        }
        let (before, behind) = match &content {
            Some((span, _)) => (0..span.start, span.end..body.len()),
            None => (0..body.len(), body.len()..body.len()),
        };
        let media = match body.trim_ascii_start().first() {
            Some(b'{' | b'[' | b'"') => Media::Json,
            _ => Media::Text,
        };
        for span in [before, behind] {
            let at = span.start;
            let part = body.get(span).unwrap_or_default();
            if !part.is_empty() {
                let mut found = Findings::default();
                guard.judge_whole(&OutputText::whole(part, media), &mut found);
                for found in &mut found.found {
                    found.start = found.start.saturating_add(at);
                    found.end = found.end.saturating_add(at);
                }
                seen.outside.append(found);
            }
        }
        if let Some(parts) = parts {
            judge_fields(guard, body, parts, 0, &mut seen.outside);
        }
        if let Some((span, shape)) = content {
            seen.content = Some((span, shape.judge(guard)));
            seen.shape = Some(shape);
        }
        if output.channel.is_error() {
            for findings in [&mut seen.head, &mut seen.outside] {
                findings.found.retain(says_more);
            }
        }
        guard.locate("", body, &mut seen.outside);
        guard.locate("", b"", &mut seen.head);
        seen
    }

    /// The body with what is to be masked masked; `None` if that cannot be done exactly.
    fn masked(&self, body: &[u8], guard: &Guard<'_>) -> Option<Vec<u8>> {
        let to_mask = |findings: &Findings| -> Vec<Found> {
            let found = findings.found.iter().filter(|found| guard.masks(found));
            found.cloned().collect()
        };
        let mut whole = body.to_vec();
        mask::apply(&mut whole, Media::Text, &to_mask(&self.outside));
        if let (Some((span, judged)), Some(shape)) = (&self.content, &self.shape) {
            let leaks = to_mask(&judged.inside);
            if !leaks.is_empty() {
                let content = shape.masked(&leaks)?;
                whole.splice(span.clone(), content);
            }
        }
        // Limit: the platform's own, for a buffered answer.
        (whole.len() <= 6_291_556).then_some(whole)
    }
}

#[cfg(test)]
mod tests;
