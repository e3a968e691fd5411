//! The live view of `credenza dev`: one writer for everything that happens at once.
//! It never mixes two lines, and never shows progress where nobody watches.
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use credenza_sandbox::{CpuShare, Line, Violation};
use serde_json::json;

use super::line;
use super::seen::Seen;
use super::tally::Tally;
use crate::Outcome;
use crate::arguments::{FailOn, Format};
use crate::paint::{Ink, Painter};
use crate::stage::Stage;

/// Takes what happens and shows it.
#[derive(Debug)]
pub(crate) struct Screen {
    format: Format,
    painter: Painter,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tally: Tally,
    /// Events that are to come in all; 0 where nobody knows.
    expected: usize,
    /// Whether the last line is a progress line that the next one replaces.
    progress_shown: bool,
}

// Limit: fewer events than fill a screen twice need no progress line.
const PROGRESS_EVENTS_MIN: usize = 50;

impl Screen {
    /// An empty screen.
    pub(crate) fn new(format: Format, painter: Painter) -> Self {
        Self {
            format,
            painter,
            start: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Says what is about to start.
    pub(crate) fn begin(&self, protected: bool) {
        if self.format == Format::Text {
            let title = self.painter.ink(Ink::Bold, "credenza dev");
            let how = if protected {
                "behind the agent"
            } else {
                "alone, without the agent"
            };
            let text = format!("{title}  the function runs {how}\n");
            self.write(&mut self.lock(), &text);
        }
    }

    /// Says that everything runs, and where to knock.
    pub(crate) fn started(&self, stage: &Stage, door: Option<SocketAddr>) {
        let door = door.map(|door| format!("http://{door}"));
        let text = match self.format {
            Format::Json => {
                let api = stage.sandbox().api().to_string();
                let started = json!({ "http": door, "runtime_api": api,
                                      "agent": stage.is_protected(),
                                      "cpu": cpu(stage) });
                format!("{}\n", json!({ "started": started }))
            }
            Format::Text => {
                let mut text = String::new();
                if let Some(cpu) = cpu(stage) {
                    let _ = writeln!(text, "CPU: {cpu}");
                }
                if let Some(door) = door {
                    let url = self.painter.ink(Ink::Cyan, &format!("{door}/"));
                    let _ = writeln!(text, "open it at {url}, end with Ctrl-C");
                }
                text + "\n"
            }
        };
        self.write(&mut self.lock(), &text);
    }

    /// Sets how many events are to come in all.
    pub(crate) fn expect(&self, events: usize) {
        let mut state = self.lock();
        state.expected = events;
        self.write(&mut state, "");
    }

    /// Shows a line that the function, the agent or the platform printed.
    pub(crate) fn output(&self, line: &Line) {
        let text = match self.format {
            Format::Json => format!(
                "{}\n",
                json!({ "line": {
                    "origin": line::origin(line), "stderr": line.stderr, "text": line.text,
                } })
            ),
            Format::Text => line::text(line, &self.painter),
        };
        if !text.is_empty() {
            self.write(&mut self.lock(), &text);
        }
    }

    /// Takes back the `^C` that the terminal shows for the key.
    pub(crate) fn interrupted(&self) {
        if self.painter.terminal && self.format == Format::Text {
            self.write(&mut self.lock(), "\r\x1b[K");
        }
    }

    /// Shows an invocation.
    pub(crate) fn show(&self, seen: &Seen) {
        let since = self.start.elapsed();
        let text = match self.format {
            Format::Json => {
                let at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
                format!("{}\n", seen.json(at_ms))
            }
            Format::Text => seen.text(since.as_secs_f64(), &self.painter),
        };
        let mut state = self.lock();
        state.tally.add(seen);
        self.write(&mut state, &text);
    }

    /// Sums up.
    pub(crate) fn finished(&self, violations: &[Violation], fail_on: FailOn) -> Outcome {
        let mut state = self.lock();
        let text = match self.format {
            Format::Json => format!("{}\n", state.tally.json(violations)),
            Format::Text => {
                let seconds = self.start.elapsed().as_secs_f64();
                state.tally.text(seconds, violations, &self.painter)
            }
        };
        state.expected = 0;
        self.write(&mut state, &text);
        if state.tally.reaches(fail_on) {
            Outcome::Findings
        } else {
            Outcome::Clean
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `text` over the progress line, and the progress line anew.
    fn write(&self, state: &mut State, text: &str) {
        let mut all = String::new();
        if state.progress_shown {
            all.push_str("\r\x1b[K");
        }
        all.push_str(text);
        let long = state.expected >= PROGRESS_EVENTS_MIN && self.format == Format::Text;
        state.progress_shown = long && self.painter.terminal;
        if state.progress_shown {
            let progress = format!("{} of {} events", state.tally.events, state.expected);
            all.push_str(&self.painter.ink(Ink::Dim, &progress));
        }
        let mut stdout = io::stdout().lock();
        // A reader that went away must not end the function; the exit code still tells.
        let _ = stdout
            .write_all(all.as_bytes())
            .and_then(|()| stdout.flush());
    }
}

/// How much CPU function and agent have, if it was asked for.
fn cpu(stage: &Stage) -> Option<String> {
    let memory = stage.sandbox().config().memory_mb;
    match stage.sandbox().cpu_share() {
        CpuShare::Off => None,
        CpuShare::Limited { quota, period } => Some(format!(
            "{:.2} ms in every {} ms, the share of {memory} MB",
            quota.as_secs_f64() * 1000.0,
            period.as_millis()
        )),
        CpuShare::Unavailable(reason) => Some(format!("not limited: {reason}")),
    }
}
