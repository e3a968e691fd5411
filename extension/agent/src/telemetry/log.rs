//! The sink that the process uses: a bounded ring of lines and one thread that writes them.
//! It never lets whoever has something to say wait for whoever reads it.
//!
//! Stdout is a pipe that others may share, so it is never switched to non-blocking: only the
//! writing thread can be held up by a reader that is stuck.
mod ring;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use credenza_exchange::{Inspected, Stamp, Step};
use credenza_policy::{LogLevel, Policy, Problem, Verdict};

use self::ring::{Queue, write};
use super::metrics::Window;
use super::record::{self, Counts, Lost, Origin, Recorded, Seen};
use super::repeats::{Circumstance, Repeats};
use super::time::Clock;
use super::{FaultNote, Invocation, LeakNote, Sink, TamperNote};

// Limit: 46 lines of 700 bytes; at one finding a line that is three events with every finding they
// may have, waiting for a reader. Two such buffers change hands, so 64 KiB is all that is held.
const RING_BYTES_MAX: usize = 32 * 1024;

// Limit: 1,497 lines of 700 bytes a minute; an attacker who sends more than that a minute pays for
// every request, and we for 1 MiB of log, which is 0.05 cents at CloudWatch's price.
const BYTES_PER_MINUTE_MAX: usize = 1024 * 1024;

// Limit: a reader takes a ring of 32 KiB in well under a millisecond; one that takes none in 200 ms
// is stuck, and SHUTDOWN waits no longer for it either.
const ROOM_PATIENCE: Duration = Duration::from_millis(200);

// Limit: the writing thread calls `write`, and makes one line of an event, for which nothing
// recurses; 128 KiB of stack is ten times what that takes.
const STACK_BYTES: usize = 128 * 1024;

/// Where lines go: one call, one line.
pub trait Writer: Send + 'static {
    /// Writes a whole line; an error means that the line is lost.
    fn line(&mut self, line: &[u8]) -> io::Result<()>;
}

impl<W: Write + Send + 'static> Writer for W {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.write_all(line)
    }
}

/// The process's sink.
#[derive(Debug)]
pub struct Log {
    origin: Origin,
    level: LogLevel,
    clock: Clock,
    minute_bytes_max: usize,
    tally: Tally,
    minute: Mutex<Minute>,
    shared: Arc<Queue>,
}

/// What is told once a minute.
#[derive(Debug)]
struct Minute {
    window: Window,
    repeats: Repeats,
}

#[derive(Debug, Default)]
struct Tally {
    inspected: AtomicU64,
    partial: AtomicU64,
    flagged: AtomicU64,
    blocked: AtomicU64,
    faults: AtomicU64,
    leaks: AtomicU64,
    tampered: AtomicU64,
    problems: AtomicU64,
    findings_dropped: AtomicU64,
}

impl Log {
    /// A log on this process's stdout.
    ///
    /// The descriptor is duplicated, so that no lock of the standard library stands in between.
    pub fn to_stdout(origin: Origin, level: LogLevel) -> Self {
        match io::stdout().as_fd().try_clone_to_owned() {
            Ok(stdout) => Self::new(origin, level, File::from(stdout)),
            Err(_) => Self::mute(origin, level),
        }
    }

    /// A log that hands its lines to `writer` on a thread of its own.
    pub fn new(origin: Origin, level: LogLevel, writer: impl Writer) -> Self {
        let log = Self::unwritten(origin, level);
        let queue = Arc::clone(&log.shared);
        let origin = log.origin.clone();
        let writer = thread::Builder::new()
            .name("records".into())
            .stack_size(STACK_BYTES)
            .spawn(move || write(&queue, &origin, writer));
        if writer.is_err() {
            log.shared.ring().mute = true;
        }
        log
    }

    /// A log without a writer: every record is counted as dropped.
    fn mute(origin: Origin, level: LogLevel) -> Self {
        let log = Self::unwritten(origin, level);
        log.shared.ring().mute = true;
        log
    }

    fn unwritten(origin: Origin, level: LogLevel) -> Self {
        Self {
            origin,
            level,
            clock: Clock::REAL,
            minute_bytes_max: BYTES_PER_MINUTE_MAX,
            tally: Tally::default(),
            minute: Mutex::new(Minute::begun(Instant::now())),
            shared: Arc::default(),
        }
    }

    /// This log with another budget than a mebibyte a minute.
    #[must_use]
    pub fn within(mut self, bytes_per_minute: usize) -> Self {
        self.minute_bytes_max = bytes_per_minute;
        self
    }

    /// This log, which has written nothing yet, by another clock: at a desk days pass in seconds.
    #[must_use]
    pub fn told_by(mut self, clock: Clock) -> Self {
        self.clock = clock;
        *self.minute() = Minute::begun((clock.steady)());
        self
    }

    /// Says what is in force.
    pub fn init(&self, listen: &str, upstream: &str, witness: &str) {
        if self.level >= LogLevel::Info {
            let problems = self.tally.problems.load(Ordering::Relaxed);
            let now = (self.clock.wall)();
            let origin = &self.origin;
            self.push(&record::init(
                now, origin, listen, upstream, witness, problems,
            ));
        }
    }

    /// Says why the process cannot go on.
    pub fn lifecycle(&self, message: &str) {
        let format = self.origin.format;
        self.push(&record::lifecycle((self.clock.wall)(), format, message));
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            inspected: read(&self.tally.inspected),
            partial: read(&self.tally.partial),
            flagged: read(&self.tally.flagged),
            blocked: read(&self.tally.blocked),
            leaks: read(&self.tally.leaks),
            tampered: read(&self.tally.tampered),
            faults: read(&self.tally.faults),
            problems: read(&self.tally.problems),
            findings_dropped: read(&self.tally.findings_dropped),
            dropped: self.lost().dropped,
            unrecorded: self.lost().unrecorded,
        }
    }

    fn lost(&self) -> Lost {
        let ring = self.shared.ring();
        Lost {
            dropped: ring.dropped,
            unrecorded: ring.unrecorded,
        }
    }

    /// Writes the summary and waits until everything is written, but no longer than `patience`.
    pub fn finish(&self, reason: &str, patience: Duration) {
        let ended = self.minute().end((self.clock.steady)());
        self.tell_minute(ended);
        let counts = self.counts();
        if self.level >= LogLevel::Info || counts.dropped > 0 {
            // The last line has a place of its own: what was dropped is what it must tell of.
            let line = record::summary((self.clock.wall)(), &self.origin, reason, &counts);
            self.push_within(&line, RING_BYTES_MAX + record::LINE_BYTES_MAX, usize::MAX);
        }
        self.flush(patience);
    }

    /// Waits until everything is written, but no longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut ring = self.shared.ring();
        while !ring.mute && (ring.in_flight || ring.has_work()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.changed.wait_timeout(ring, left);
            ring = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn push(&self, line: &str) {
        self.push_within(line, RING_BYTES_MAX, self.minute_bytes_max);
    }

    /// True if a line of any length fits; counts one as dropped otherwise, so that in a flood no
    /// line is made for nobody.
    fn has_room(&self) -> bool {
        let mut ring = self.shared.ring();
        ring.begin_minute((self.clock.steady)());
        let fits = !ring.mute
            && ring.fits(
                record::LINE_BYTES_MAX,
                RING_BYTES_MAX,
                self.minute_bytes_max,
            );
        if !fits {
            ring.dropped += 1;
        }
        fits
    }

    fn minute(&self) -> MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what a minute came to, if anything.
    fn tell_minute(&self, ended: Minute) {
        let Minute {
            window,
            mut repeats,
        } = ended;
        let now = (self.clock.wall)();
        if self.level >= LogLevel::Warn {
            for repeat in repeats.end() {
                self.push(&record::repeats(now, &self.origin, &repeat));
            }
        }
        if self.level >= LogLevel::Info && !window.is_empty() {
            let lost = self.lost();
            self.push(&record::metrics(now, &self.origin, &window, lost));
        }
    }

    /// Waits a while for room in the ring; a reader that is stuck costs the line.
    fn await_room(&self, bytes: usize) {
        let deadline = Instant::now() + ROOM_PATIENCE;
        let mut ring = self.shared.ring();
        while !ring.mute && ring.lines.len() + bytes > RING_BYTES_MAX {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.changed.wait_timeout(ring, left);
            ring = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Puts a line into the ring if both bounds allow it; counts it as dropped otherwise.
    fn push_within(&self, line: &str, ring_bytes_max: usize, minute_bytes_max: usize) {
        let mut ring = self.shared.ring();
        ring.begin_minute((self.clock.steady)());
        if ring.mute || !ring.fits(line.len(), ring_bytes_max, minute_bytes_max) {
            ring.dropped += 1;
            return;
        }
        ring.lines.extend_from_slice(line.as_bytes());
        ring.minute_bytes += line.len();
        drop(ring);
        self.shared.changed.notify_all();
    }

    fn count(&self, inspected: &Inspected) {
        let add = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        add(&self.tally.inspected);
        if !inspected.report.coverage.is_complete() {
            add(&self.tally.partial);
        }
        let dropped = u64::from(inspected.report.findings_dropped);
        self.tally
            .findings_dropped
            .fetch_add(dropped, Ordering::Relaxed);
        match inspected.verdict {
            Verdict::Pass => {}
            Verdict::Flag => _ = add(&self.tally.flagged),
            Verdict::Block => _ = add(&self.tally.blocked),
        }
    }
}

impl Minute {
    fn begun(now: Instant) -> Self {
        Self {
            window: Window::begun(now),
            repeats: Repeats::default(),
        }
    }

    /// What it came to; the next one begins.
    fn end(&mut self, now: Instant) -> Self {
        std::mem::replace(self, Self::begun(now))
    }
}

impl Sink for Log {
    fn policy(&self, policy: &Policy, is_weaker: bool) {
        self.origin.under.set(Stamp::of(policy));
        if is_weaker || self.level >= LogLevel::Info {
            self.push(&record::policy(
                (self.clock.wall)(),
                &self.origin,
                is_weaker,
            ));
        }
    }

    fn inspected(&self, invocation: &Invocation<'_>, inspected: &Inspected, us: u64) {
        self.count(inspected);
        self.minute().window.inspected(inspected, us);
        let findings = &inspected.report.findings;
        let quiet = findings.is_empty()
            && inspected.verdict == Verdict::Pass
            && inspected.shadow <= Some(Verdict::Pass);
        if (quiet && self.level < LogLevel::Debug) || self.level < LogLevel::Warn {
            return;
        }
        let now = (self.clock.wall)();
        let seen = Seen {
            now,
            origin: &self.origin,
            invocation,
            inspected,
            us,
        };
        let event = Circumstance {
            source: inspected.source,
            verdict: inspected.verdict,
            applied: !matches!(inspected.step, Step::Deliver),
            request_id: invocation.request_id,
        };
        for finding in findings {
            let is_admitted = self.minute().repeats.admits(finding, &event);
            if is_admitted && self.has_room() {
                self.push(&record::finding(&seen, finding));
            }
        }
        if quiet {
            self.push(&record::clean(&seen));
        } else if findings.is_empty() {
            self.push(&record::partial(&seen));
        }
    }

    fn recorded(&self, event: Box<Recorded>) {
        if self.level < LogLevel::Info {
            return;
        }
        let mut ring = self.shared.ring();
        ring.begin_minute((self.clock.steady)());
        let bytes = event.event.len();
        // One that is too long, or that must not be told, comes without its bytes.
        if ring.mute
            || ring.event.is_some()
            || bytes == 0
            || !ring.fits_event(bytes, &event.policy.recording, self.minute_bytes_max)
        {
            ring.unrecorded += 1;
            return;
        }
        ring.event = Some((event, self.minute_bytes_max));
        drop(ring);
        self.shared.changed.notify_all();
    }

    fn dealt_with(&self, us: u64) {
        let now = (self.clock.steady)();
        let ended = {
            let mut minute = self.minute();
            minute.window.dealt_with(us);
            minute.window.is_over(now).then(|| minute.end(now))
        };
        if let Some(ended) = ended {
            self.tell_minute(ended);
        }
    }

    fn leaked(&self, leak: &LeakNote<'_>) {
        self.tally.leaks.fetch_add(1, Ordering::Relaxed);
        self.minute()
            .window
            .leaked(leak.found.rule.id, leak.found.verdict);
        if self.level >= LogLevel::Warn {
            self.push(&record::leak((self.clock.wall)(), &self.origin, leak));
        }
    }

    fn tampered(&self, note: &TamperNote<'_>) {
        self.tally.tampered.fetch_add(1, Ordering::Relaxed);
        self.minute().window.tampered();
        // It comes in batches, from a thread that no invocation waits for.
        self.await_room(record::LINE_BYTES_MAX);
        self.push(&record::tamper((self.clock.wall)(), &self.origin, note));
    }

    fn fault(&self, fault: &FaultNote<'_>) {
        self.tally.faults.fetch_add(1, Ordering::Relaxed);
        self.minute().window.failed();
        self.push(&record::fault((self.clock.wall)(), &self.origin, fault));
    }

    fn problem(&self, problem: &Problem) {
        self.tally.problems.fetch_add(1, Ordering::Relaxed);
        self.push(&record::problem((self.clock.wall)(), &self.origin, problem));
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared.ring().mute = true;
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
