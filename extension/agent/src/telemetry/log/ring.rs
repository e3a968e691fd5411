//! What waits for being written, and the thread that writes it.
//! It never holds more than its bounds, and drops nothing that it does not count.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use credenza_policy::RecordingPolicy;

use super::Writer;
use crate::telemetry::record::{self, Origin, Recorded};

const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(super) struct Queue {
    ring: Mutex<Ring>,
    /// The writer waits here for lines, and whoever leaves waits here for the writer.
    pub(super) changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Ring {
    pub(super) lines: Vec<u8>,
    /// Lines that the writer has taken and not yet written.
    pub(super) in_flight: bool,
    pub(super) dropped: u64,
    /// The event that waits for being recorded, and the most that its minute may come to.
    pub(super) event: Option<(Box<Recorded>, usize)>,
    pub(super) unrecorded: u64,
    /// What was written of events in the current minute.
    pub(super) minute_event_bytes: usize,
    /// When the current minute began, and what was said in it.
    minute: Option<Instant>,
    pub(super) minute_bytes: usize,
    /// Nobody writes: the thread could not be started.
    pub(super) mute: bool,
}

impl Ring {
    /// Begins a new minute if the current one is over.
    pub(super) fn begin_minute(&mut self, now: Instant) {
        let is_over = |begin| now.duration_since(begin) >= MINUTE;
        if self.minute.is_none_or(is_over) {
            self.minute = Some(now);
            self.minute_bytes = 0;
            self.minute_event_bytes = 0;
        }
    }

    /// True if a line of so many bytes has a place here and in the minute's budget.
    pub(super) fn fits(
        &self,
        bytes: usize,
        ring_bytes_max: usize,
        minute_bytes_max: usize,
    ) -> bool {
        self.lines.len().saturating_add(bytes) <= ring_bytes_max
            && self.minute_bytes.saturating_add(bytes) <= minute_bytes_max
    }

    /// The same for the record of an event, which leaves half of the budget to findings.
    pub(super) fn fits_event(
        &self,
        bytes: usize,
        will: &RecordingPolicy,
        minute_bytes_max: usize,
    ) -> bool {
        let events = self.minute_event_bytes.saturating_add(bytes);
        events <= will.bytes_per_minute.min(minute_bytes_max / 2)
            && self.minute_bytes.saturating_add(bytes) <= minute_bytes_max
    }

    /// True while something waits for the writer.
    pub(super) fn has_work(&self) -> bool {
        !self.lines.is_empty() || self.event.is_some()
    }
}

impl Queue {
    pub(super) fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what is in the ring and writes it, line by line, until the log is gone.
pub(super) fn write(queue: &Queue, origin: &Origin, mut writer: impl Writer) {
    let mut taken = Vec::new();
    let mut told = 0;
    loop {
        let mut ring = queue.ring();
        while !ring.has_work() && !ring.mute {
            ring = queue
                .changed
                .wait(ring)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if !ring.has_work() {
            return;
        }
        let event = ring.event.take();
        std::mem::swap(&mut ring.lines, &mut taken);
        ring.in_flight = true;
        let dropped = ring.dropped;
        drop(ring);

        if let Some((event, minute_bytes_max)) = event {
            write_event(queue, origin, &mut writer, &event, minute_bytes_max);
        }
        let lost = write_lines(&mut writer, &taken);
        taken.clear();
        // A gap is told as soon as lines pass again, because SHUTDOWN may never come.
        if lost == 0 && dropped > told {
            let line = record::dropped(SystemTime::now(), origin.format, dropped);
            if writer.line(line.as_bytes()).is_ok() {
                told = dropped;
            }
        }

        let mut ring = queue.ring();
        ring.dropped += lost;
        ring.in_flight = false;
        drop(ring);
        queue.changed.notify_all();
    }
}

/// Writes the record of an event, which is made here, where no invocation waits for it.
fn write_event(
    queue: &Queue,
    origin: &Origin,
    writer: &mut impl Writer,
    event: &Recorded,
    minute_bytes_max: usize,
) {
    let line = catch_unwind(AssertUnwindSafe(|| {
        record::recorded(SystemTime::now(), origin, event)
    }));
    let line = match line {
        // It came on another route than those that are wanted.
        Ok(Ok(None)) => return,
        Ok(Ok(line)) => line,
        Ok(Err(())) | Err(_) => None,
    };
    let mut ring = queue.ring();
    let fits =
        |line: &String| ring.fits_event(line.len(), &event.policy.recording, minute_bytes_max);
    let Some(line) = line.filter(fits) else {
        ring.unrecorded += 1;
        return;
    };
    ring.minute_bytes += line.len();
    ring.minute_event_bytes += line.len();
    drop(ring);
    if writer.line(line.as_bytes()).is_err() {
        queue.ring().unrecorded += 1;
    }
}

/// Writes each line by one call; says how many were lost.
fn write_lines(writer: &mut impl Writer, lines: &[u8]) -> u64 {
    let mut lost = 0;
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        if writer.line(line).is_err() {
            lost += 1;
        }
    }
    lost
}
