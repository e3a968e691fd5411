//! How far a long reading has come, as a line on stderr.
//! It never writes where nobody watches, and leaves nothing behind.
use std::cell::Cell;
use std::io::{self, IsTerminal, Write as _};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Bytes read so far, counted where they come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Rc<Cell<u64>>);

impl Meter {
    /// Adds bytes.
    pub(crate) fn add(&self, bytes: usize) {
        self.0.set(self.0.get() + bytes as u64);
    }

    /// The sum.
    pub(crate) fn total(&self) -> u64 {
        self.0.get()
    }
}

/// The line on stderr.
#[derive(Debug)]
pub(crate) struct Progress {
    meter: Meter,
    /// Bytes to read; 0 if nobody knows.
    expected: u64,
    is_watched: bool,
    shown_at: Option<Instant>,
    begun: Instant,
    is_shown: bool,
}

// Limit: ten times a second is as often as an eye follows; a reading of half a second needs no bar.
const EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_millis(500);

impl Progress {
    /// A bar for `expected` bytes, shown if stderr is a terminal.
    pub(crate) fn new(expected: u64, meter: Meter) -> Self {
        Self {
            meter,
            expected,
            is_watched: io::stderr().is_terminal(),
            shown_at: None,
            begun: Instant::now(),
            is_shown: false,
        }
    }

    /// Shows how far the reading is, if it is time to.
    pub(crate) fn tick(&mut self, records: u64) {
        if !self.is_watched || self.begun.elapsed() < PATIENCE {
            return;
        }
        if self.shown_at.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.shown_at = Some(Instant::now());
        self.is_shown = true;
        let text = line(self.meter.total(), self.expected, records);
        // Whoever closed stderr does not want to know.
        let _ = write!(io::stderr(), "\r\x1b[2K{text}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

/// The bar: 24 columns, then what was read.
fn line(read: u64, expected: u64, records: u64) -> String {
    let megabytes = read / 1_000_000;
    let tail = format!("{megabytes} MB, {records} records");
    if expected == 0 {
        return format!("reading, {tail}");
    }
    let percent = (read.saturating_mul(100) / expected).min(100);
    let filled = usize::try_from(percent * 24 / 100).unwrap_or_default();
    let (full, rest) = ("█".repeat(filled), "░".repeat(24 - filled));
    format!("reading {full}{rest} {percent:>3} %  {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_how_far_it_is() {
        let bar = line(30_000_000, 60_000_000, 1234);
        assert!(
            bar.starts_with("reading ████████████░░░░░░░░░░░░  50 %"),
            "{bar}"
        );
        assert!(bar.ends_with("30 MB, 1234 records"));
        assert_eq!(line(0, 0, 1), "reading, 0 MB, 1 records");
    }

    #[test]
    fn a_file_that_grew_is_no_more_than_whole() {
        assert!(line(9, 3, 0).contains("100 %"));
    }
}
