//! One invocation as the live view tells it: a line for people, an object for machines.
//! It never shows a field's value; the agent's records have none, and neither has this.
use credenza_event::source::recognise;
use credenza_policy::{Policy, Verdict};
use credenza_sandbox::{Ending, Outcome};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::paint::{Ink, Painter, fit, fit_end, pad, pad_left, pieces, tame};
use crate::record::Record;

/// What the agent made of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The caller got the refusal of the event's source; the function saw nothing.
    Refused,
    /// The function saw it, and this was the verdict.
    Judged(Verdict),
    /// There is an agent, and it said nothing.
    Unseen,
    /// There is no agent.
    Alone,
}

impl Fate {
    /// The name in the live view and in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Judged(verdict) => verdict.name(),
            Self::Unseen => "unseen",
            Self::Alone => "alone",
        }
    }

    fn ink(self) -> Ink {
        match self {
            Self::Refused => Ink::Red,
            Self::Judged(Verdict::Pass) => Ink::Green,
            Self::Judged(_) | Self::Unseen => Ink::Yellow,
            Self::Alone => Ink::Dim,
        }
    }
}

/// One invocation that ended.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// File name, or method and target.
    pub(crate) what: String,
    /// Which service shaped the event.
    pub(crate) source: &'static str,
    /// HTTP status, or how else it ended.
    pub(crate) ending: String,
    /// True if the function failed.
    pub(crate) failed: bool,
    /// What the agent made of the event.
    pub(crate) fate: Fate,
    /// The agent's verdict; `None` where nothing looked, or where it said nothing.
    pub(crate) verdict: Option<Verdict>,
    /// What the inspection took.
    pub(crate) inspection_us: Option<u64>,
    /// From the event's release to the end of the answer.
    pub(crate) duration_us: u64,
    /// True if something was not looked at.
    pub(crate) partial: bool,
    /// The platform's id.
    pub(crate) request_id: String,
    /// What the agent said.
    pub(crate) records: Vec<Record>,
}

impl Seen {
    /// Reads what became of `event`.
    pub(crate) fn of(
        what: String,
        event: &[u8],
        outcome: Outcome,
        records: Vec<Record>,
        protected: bool,
    ) -> Self {
        let source = recognise(event);
        let payload = outcome.payload();
        let (ending, failed) = match &outcome.ending {
            Ending::Response => (Answer::read(&payload).status.to_string(), false),
            Ending::Timeout => ("timeout".to_owned(), true),
            Ending::Error { error_type, .. } | Ending::Platform { error_type, .. } => {
                (error_type.clone(), true)
            }
        };
        let refusal = credenza_exchange::refusal_unseen(event, &Policy::default());
        let refused = protected && *payload == *refusal.body;
        let verdict = records
            .iter()
            .filter_map(|record| verdict(record.verdict()?))
            .max();
        let fate = match (protected, refused, verdict) {
            (false, ..) => Fate::Alone,
            (true, true, _) => Fate::Refused,
            (true, false, Some(verdict)) => Fate::Judged(verdict),
            (true, false, None) => Fate::Unseen,
        };
        Self {
            what,
            source: source.name(),
            ending,
            failed: failed && !refused,
            fate,
            verdict,
            inspection_us: records.iter().find_map(Record::us),
            duration_us: u64::try_from(outcome.duration.as_micros()).unwrap_or(u64::MAX),
            partial: records
                .iter()
                .any(|record| record.coverage() == Some("partial")),
            request_id: outcome.request_id,
            records,
        }
    }

    /// The rules of its findings.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        self.records.iter().filter_map(Record::rule)
    }

    /// The line for people, and one more for each finding.
    pub(crate) fn text(&self, at_s: f64, painter: &Painter) -> String {
        let us = match self.inspection_us {
            Some(us) => format!("{us} µs"),
            None => "–".to_owned(),
        };
        let head = format!("{at_s:>7.2}s ");
        // Limit: 9 for the time, 8 for the word, 4 for the status, 9 for the microseconds, 16 for
        // the longest source, and 5 spaces between.
        let room = painter.width.saturating_sub(51);
        let ending = if self.failed {
            painter.ink(Ink::Red, "fail")
        } else {
            pad(&self.ending, 4)
        };
        let mut text = format!(
            "{} {} {ending} {} {} {}\n",
            painter.ink(Ink::Dim, &head),
            painter.ink(self.fate.ink(), &pad(self.fate.name(), 8)),
            pad_left(&us, 9),
            painter.ink(Ink::Cyan, &pad(self.source, 16)),
            // An exchange begins with its method and a blank, a file's name is a path.
            if self.what.contains(' ') {
                fit(&self.what, room)
            } else {
                fit_end(&self.what, room)
            },
        );
        for line in self.remarks() {
            let mut edge = "          ↳";
            // Limit: the edge and a space take 12 columns.
            let room = painter.width.saturating_sub(12);
            for piece in pieces(&tame(&line), room, painter.terminal) {
                let line = format!("{edge} {}", piece.trim_end());
                text.push_str(&painter.ink(Ink::Dim, &line));
                text.push('\n');
                edge = "           ";
            }
        }
        text
    }

    fn remarks(&self) -> Vec<String> {
        let findings = self.records.iter().filter(|record| record.rule().is_some());
        let mut remarks: Vec<String> = findings.map(Record::describe).collect();
        if self.partial {
            remarks.push("coverage partial: not every byte was looked at".to_owned());
        }
        if self.failed {
            remarks.push(format!("the function failed: {}", self.ending));
        }
        remarks
    }

    /// The object for machines.
    pub(crate) fn json(&self, at_ms: u64) -> Value {
        let records: Vec<&Value> = self.records.iter().map(Record::json).collect();
        json!({
            "at_ms": at_ms, "what": self.what, "source": self.source, "ending": self.ending,
            "failed": self.failed, "verdict": self.verdict.map(Verdict::name),
            "fate": self.fate.name(), "inspection_us": self.inspection_us,
            "duration_us": self.duration_us,
            "coverage": self.verdict.map(|_| if self.partial { "partial" } else { "complete" }),
            "request_id": self.request_id, "records": records,
        })
    }
}

fn verdict(name: &str) -> Option<Verdict> {
    [Verdict::Pass, Verdict::Flag, Verdict::Block]
        .into_iter()
        .find(|own| own.name() == name)
}
