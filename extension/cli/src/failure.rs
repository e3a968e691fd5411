//! What stood in a command's way: the place, the reason and the fix.
//! It never ends the process; `main` does.
use std::fmt::{self, Write};

use serde_json::json;

use crate::arguments::Format;
use crate::paint::{Ink, Painter};

/// Something that kept a command from its work.
#[derive(Debug)]
pub(crate) struct Failure {
    place: String,
    reason: String,
    fix: String,
}

impl Failure {
    /// A failure at `place` (a file, a variable, an address) for `reason`, cured by `fix`.
    pub(crate) fn new(place: impl fmt::Display, reason: impl fmt::Display, fix: &str) -> Self {
        Self {
            place: place.to_string(),
            reason: without_number(&reason.to_string()).to_owned(),
            fix: fix.to_owned(),
        }
    }
}

/// The system's sentence without the number that it ends with, which helps nobody here.
fn without_number(reason: &str) -> &str {
    match reason.rsplit_once(" (os error ") {
        Some((sentence, number)) if number.trim_end_matches(')').parse::<u32>().is_ok() => sentence,
        _ => reason,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for Failure {}

/// The error as it goes to stderr.
pub(crate) fn render(error: &anyhow::Error, format: Format, painter: &Painter) -> String {
    let failure = error.downcast_ref::<Failure>();
    let reason = if failure.is_some() {
        error.to_string()
    } else {
        format!("{error:#}")
    };
    match format {
        Format::Json => {
            let place = failure.map(|failure| &failure.place);
            let fix = failure.map(|failure| &failure.fix);
            let reason = failure.map_or(reason, |failure| failure.reason.clone());
            format!(
                "{}\n",
                json!({ "error": { "place": place, "reason": reason, "fix": fix } })
            )
        }
        Format::Text => {
            let mut text = format!("{} {reason}\n", painter.ink(Ink::Red, "error:"));
            if let Some(failure) = failure {
                let _ = writeln!(text, "  {} {}", painter.ink(Ink::Cyan, "fix:"), failure.fix);
            }
            text
        }
    }
}
