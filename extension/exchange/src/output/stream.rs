//! An output that leaves as it comes: looked at in a window, released as far as nothing in it can
//! begin what must not leave.
//! It never holds more than what may begin a leak, and never releases a byte behind one.
use alloc::borrow::Cow;
use alloc::vec::Vec;

use credenza_engine::leak::{LOOK_BEHIND_BYTES, Media, OutputText};
use credenza_event::{Source, sorted};

use super::guard::{Findings, Found, Guard};
use super::mask::Reader;
use super::packing::Inflating;
use super::parts::Coding;
use super::window::Window;
use super::{base64, headers, parts};

/// What ends the prelude of an answer over HTTP.
const DELIMITER: [u8; 8] = [0; 8];

// Limit: gateways take some 10 KiB of headers; what is longer is no prelude.
const PRELUDE_BYTES_MAX: usize = 64 * 1024;

/// A stream on its way.
#[derive(Debug)]
pub struct OutputStream<'g> {
    guard: Guard<'g>,
    /// What was released last, as far as judging what follows takes, and what was not.
    held: Vec<u8>,
    /// How much of it was released.
    released: usize,
    /// How much of it was judged.
    judged: usize,
    /// The offset of its first byte in the stream.
    at: usize,
    /// Where the text begins that is judged.
    text_at: usize,
    media: Media,
    prelude: Prelude,
    found: Findings,
    /// Where strings of a document begin and end, where something may have to be masked.
    reader: Option<Reader>,
    has_ended: bool,
    /// The content, where it is compressed.
    packed: Option<Packed>,
    /// The end of what it came to so far may begin a leak.
    holds: bool,
}

/// A compressed content on its way.
#[derive(Debug)]
struct Packed {
    inflating: Inflating,
    window: Window,
}

/// Whether a prelude comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prelude {
    /// It may still come, and this much was looked through for its end.
    Awaited(usize),
    None,
}

/// What may go.
#[derive(Debug)]
pub struct Released<'s> {
    /// The bytes.
    pub bytes: Cow<'s, [u8]>,
    /// Behind them the stream ends: what follows must not leave.
    pub ends: bool,
}

impl<'g> OutputStream<'g> {
    /// A stream of which nothing has come; `is_http` if a prelude comes first.
    pub fn new(guard: Guard<'g>, is_http: bool) -> Self {
        let prelude = if is_http {
            Prelude::Awaited(0)
        } else {
            Prelude::None
        };
        Self {
            guard,
            held: Vec::new(),
            released: 0,
            judged: 0,
            at: 0,
            text_at: 0,
            media: Media::Text,
            prelude,
            found: Findings::default(),
            reader: guard.may_mask().then(Reader::default),
            has_ended: false,
            packed: None,
            holds: false,
        }
    }

    /// Where the next bytes of the stream are to be put, behind those that are there.
    pub fn room(&mut self) -> &mut Vec<u8> {
        let gone = self.released.saturating_sub(LOOK_BEHIND_BYTES);
        if gone > 0 && self.prelude == Prelude::None {
            self.held.drain(..gone);
            self.at = self.at.saturating_add(gone);
            self.released = self.released.saturating_sub(gone);
            self.judged = self.judged.saturating_sub(gone);
        }
        &mut self.held
    }

    /// What was found so far, at its places in the stream.
    pub fn found(&self) -> &[Found] {
        &self.found.found
    }

    /// Judges what has come and releases what may go; `is_last` if nothing follows.
    pub fn release(&mut self, is_last: bool) -> Released<'_> {
        let mut before = Vec::new();
        if let Prelude::Awaited(_) = self.prelude
            && self.waits_for_prelude(is_last, &mut before)
        {
            return Released {
                bytes: Cow::Borrowed(b""),
                ends: false,
            };
        }
        self.judge(is_last);
        let (may_go, ends) = self.may_go(is_last);
        let from = self.released;
        let is_masked = |found: &&Found| {
            self.guard.masks(found)
                && found.end > self.at.saturating_add(from)
                && found.start < self.at.saturating_add(may_go)
        };
        let masked: Vec<Found> = self.found.found.iter().filter(is_masked).cloned().collect();
        let mut may_go = may_go;
        let mut changed = None;
        if self.reader.is_some() {
            let mut part = self.held.get(from..may_go).unwrap_or_default().to_vec();
            let read = self.mask(&mut part, from, &masked);
            // An escape that is cut is released with its end.
            if !is_last && !ends {
                may_go = from.saturating_add(read);
                part.truncate(read);
            }
            changed = (!masked.is_empty()).then_some(part);
        }
        self.released = may_go;
        self.has_ended |= ends;
        let bytes = self.held.get(from..may_go).unwrap_or_default();
        let bytes = match (changed, before.is_empty()) {
            (None, true) => Cow::Borrowed(bytes),
            (None, false) => Cow::Owned([&*before, bytes].concat()),
            (Some(part), _) => Cow::Owned([before, part].concat()),
        };
        Released { bytes, ends }
    }

    /// Looks for the end of the prelude; true while what has come of it is held back because it may
    /// be changed. A prelude with more headers goes to `out`.
    fn waits_for_prelude(&mut self, is_last: bool, out: &mut Vec<u8>) -> bool {
        let Prelude::Awaited(seen) = self.prelude else {
            return false;
        };
        let from = seen.saturating_sub(DELIMITER.len());
        let rest = self.held.get(from..).unwrap_or_default();
        let is_object = self
            .held
            .trim_ascii_start()
            .first()
            .is_none_or(|byte| *byte == b'{');
        let Some(end) = memchr::memmem::find(rest, &DELIMITER) else {
            self.prelude = Prelude::Awaited(self.held.len());
            if is_last || !is_object || self.held.len() > PRELUDE_BYTES_MAX {
                self.prelude = Prelude::None;
            }
            let is_held = self.guard.wants_headers()
                || self.reader.is_some()
                || (self.guard.needs_whole() && self.guard.is_blocking());
            return is_held && self.prelude != Prelude::None;
        };
        self.prelude = Prelude::None;
        let end = from.saturating_add(end);
        let body = end.saturating_add(DELIMITER.len());
        let prelude = self.held.get(..end).unwrap_or_default();
        let all = parts::members_of(prelude);
        let mut inside = Findings::default();
        let text = OutputText::whole(prelude, Media::Json);
        self.guard.judge_whole(&text, &mut inside);
        for found in &mut inside.found {
            found.start = found.start.saturating_add(self.at);
            found.end = found.end.saturating_add(self.at);
        }
        self.found.append(inside);
        super::judge_fields(&self.guard, prelude, &all, self.at, &mut self.found);
        self.media = all.media(prelude);
        let coding = all.coding(prelude);
        match coding {
            Coding::None => {}
            Coding::Gzip | Coding::Deflate => {
                self.packed = Some(Packed {
                    inflating: Inflating::new(coding),
                    window: Window::new(self.media),
                });
            }
            Coding::Other(name) => self.found.leave_unread(name),
        }
        let place = self.at.saturating_add(body);
        self.guard.tell_unread("", (place, place), &mut self.found);
        self.text_at = self.at.saturating_add(body);
        self.judged = self.judged.max(body);
        let is_left = |found: &Found| !self.guard.withholds(found) && !self.guard.masks(found);
        let is_clean = self.found.found.iter().all(is_left);
        if self.released == 0
            && is_clean
            && self.guard.wants_headers()
            && let Some(with) = headers::added(prelude, &all, Source::FunctionUrl)
        {
            out.extend_from_slice(&with);
            self.released = end;
        }
        false
    }

    /// Judges what was not.
    fn judge(&mut self, is_last: bool) {
        if self.judged >= self.held.len() && !is_last {
            return;
        }
        if let Some(packed) = self.packed.take() {
            self.judge_packed(packed, is_last);
            return;
        }
        let from = self.text_at.saturating_sub(self.at);
        let text = self.held.get(from..).unwrap_or_default();
        let follows = self.at > self.text_at;
        let text = OutputText::window(text, self.media, follows, !is_last);
        let at = self.at.saturating_add(from);
        self.guard.judge(&text, at, &mut self.found);
        self.judged = self.held.len();
    }

    /// Judges what compressed bytes come to, and the bytes; a leak is told as one of what was not
    /// released, and as nothing can be masked there the stream ends before it.
    fn judge_packed(&mut self, packed: Packed, is_last: bool) {
        let mut packed = packed;
        let fresh = self.held.get(self.judged..).unwrap_or_default();
        let mut inside = Findings::default();
        // Who says that something is compressed may send it as it is.
        let content = self.text_at.saturating_sub(self.at);
        let raw = self.held.get(content..).unwrap_or_default();
        self.guard.judge_own(raw, 0, &mut inside);
        let Packed { inflating, window } = &mut packed;
        let mut look = |text: &[u8]| window.feed(&self.guard, text, false, &mut inside);
        let is_data = inflating.feed(fresh, &mut look);
        if is_last {
            window.feed(&self.guard, b"", true, &mut inside);
        }
        self.holds = self.guard.pending(packed.window.text()) > 0;
        let start = self.at.saturating_add(self.released.max(content));
        let end = self.at.saturating_add(self.held.len());
        for mut found in inside.found {
            found.never_masked();
            (found.start, found.end) = (start, end);
            self.found.add(found);
        }
        if !is_data || is_last && !packed.inflating.is_done() {
            self.found.leave_unread("cut-short");
            self.guard.tell_unread("", (start, end), &mut self.found);
        }
        self.judged = self.held.len();
        self.packed = is_data.then_some(packed);
    }

    /// How much of what is held may have been released now, and whether the stream ends there.
    fn may_go(&self, is_last: bool) -> (usize, bool) {
        let withheld = self.found.found.iter();
        let withheld = withheld.filter(|found| self.guard.withholds(found));
        if let Some(start) = withheld.map(|found| found.start).min() {
            let start = start.saturating_sub(self.at);
            return (start.max(self.released), true);
        }
        if is_last || !self.guard.is_blocking() {
            return (self.held.len(), false);
        }
        if self.holds {
            let content = self.text_at.saturating_sub(self.at);
            return (self.released.max(content), false);
        }
        let unreleased = self.held.get(self.released..).unwrap_or_default();
        let pending = self.guard.pending(unreleased);
        (self.held.len().saturating_sub(pending), false)
    }

    /// Masks leaks in a part that begins at `from`; how much of it was read.
    fn mask(&mut self, part: &mut [u8], from: usize, masked: &[Found]) -> usize {
        let offset = |at: usize| at.saturating_sub(self.at).saturating_sub(from);
        let spans = masked
            .iter()
            .map(|found| (offset(found.start), offset(found.end)));
        let mut spans: Vec<(usize, usize)> = spans.collect();
        sorted::sort(&mut spans);
        let body = offset(self.text_at).min(part.len());
        if body > 0 {
            // The prelude is there as a whole, and a document by itself.
            let prelude = part.get_mut(..body).unwrap_or_default();
            Reader::default().mask_all(prelude, &spans);
            self.reader = Some(Reader::default());
        }
        match &mut self.reader {
            Some(reader) if self.media == Media::Json => {
                reader.begin(body);
                reader.mask_all(part, &spans);
                reader.pass(part, part.len());
                reader.read()
            }
            _ => {
                let spans: Vec<_> = spans
                    .iter()
                    .map(|(start, end)| ((*start).max(body), *end))
                    .collect();
                super::mask::blank(part, &spans);
                part.len()
            }
        }
    }

    /// Judges what has come; true if some of it must not leave.
    pub fn holds_leak(&mut self) -> bool {
        self.judge(false);
        let mut found = self.found.found.iter();
        found.any(|found| self.guard.withholds(found))
    }

    /// Judges the head that the stream begins with; true if it must not leave.
    pub fn judge_head(&mut self, head: &[u8]) -> bool {
        let mut beside = Findings::default();
        self.guard.judge_own(head, 0, &mut beside);
        self.add_beside(beside)
    }

    /// Judges what came behind the last byte of the stream, its trailers, and the error that is
    /// packed in them; true if they must not leave.
    pub fn judge_trailers(&mut self, trailers: &[u8]) -> bool {
        let mut beside = Findings::default();
        self.guard.judge_own(trailers, 0, &mut beside);
        let mut error = Vec::new();
        base64::decode(error_of(trailers), &mut error);
        if !error.is_empty() {
            let mut inside = Findings::default();
            let text = OutputText::whole(&error, Media::Json);
            self.guard.judge_whole(&text, &mut inside);
            inside.found.retain(super::says_more);
            beside.append(inside);
        }
        for found in &mut beside.found {
            found.never_masked();
        }
        self.add_beside(beside)
    }

    fn add_beside(&mut self, beside: Findings) -> bool {
        let withheld = beside.found.iter().any(|found| self.guard.withholds(found));
        self.found.append(beside);
        withheld
    }

    /// True once the stream was ended before its end.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}

/// The digits of the error that trailers tell (lambda-contract.md 1.6).
fn error_of(trailers: &[u8]) -> &[u8] {
    let mut lines = trailers.split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')?)?;
        name.eq_ignore_ascii_case(b"lambda-runtime-function-error-body")
            .then_some(value)
    });
    let value = value.and_then(|value| value.get(1..)).unwrap_or_default();
    value.trim_ascii()
}

#[cfg(test)]
mod tests;
