//! The content of a body: escaped, in base64, compressed; looked at as a browser will see it.
//! It never changes a body that nothing is to be masked in.
use alloc::borrow::Cow;
use alloc::vec::Vec;

use credenza_engine::leak::{Media, OutputText};
use credenza_event::Steps;

use super::guard::{Findings, Found, Guard};
use super::parts::Coding;
use super::window::Window;
use super::{base64, escapes, mask, packed, packing};

// Limit: texts that have to be made are looked at in pieces of 64 KiB, which stay near.
const PIECE_BYTES: usize = 64 * 1024;

// Limit: what is masked in a compressed body leaves stored, and so must fit into an answer.
const STORED_BYTES_MAX: usize = 6_291_556;

/// The pointer of what a body holds.
pub(super) const BODY: &str = "/body";

/// What stands between the quotes of a body, and how it is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'o> {
    pub(super) raw: &'o [u8],
    pub(super) media: Media,
    pub(super) is_base64: bool,
    pub(super) coding: Coding,
}

/// What was found in a content.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// At its places in the content.
    pub(super) inside: Findings,
    /// At its places between the quotes.
    pub(super) raw: Findings,
}

impl<'o> Content<'o> {
    fn is_escaped(&self) -> bool {
        memchr::memchr(b'\\', self.raw).is_some()
    }

    /// Looks at the content.
    pub(super) fn judge(&self, guard: &Guard<'_>) -> Judged {
        let mut inside = Findings::default();
        let is_escaped = self.is_escaped();
        let mut raw = match (self.is_base64, self.coding) {
            (false, _) if is_escaped => {
                self.judge_escaped(guard, &mut inside);
                if !inside.found.is_empty() {
                    let mut text = Vec::with_capacity(self.raw.len());
                    escapes::undo(self.raw, usize::MAX, &mut text);
                    guard.locate(BODY, &text, &mut inside);
                }
                let mut raw = inside.clone();
                move_spans(&mut raw, |spans| escapes::map(self.raw, spans));
                raw
            }
            (false, _) => {
                guard.judge_whole(&OutputText::whole(self.raw, self.media), &mut inside);
                guard.locate(BODY, self.raw, &mut inside);
                inside.clone()
            }
            (true, coding) => self.judge_base64(guard, coding, &mut inside),
        };
        for found in &mut raw.found {
            found.end = found.end.min(self.raw.len());
        }
        Judged { inside, raw }
    }

    fn judge_escaped(&self, guard: &Guard<'_>, inside: &mut Findings) {
        let (mut at, mut piece) = (0, Vec::new());
        if guard.needs_whole() {
            escapes::undo(self.raw, usize::MAX, &mut piece);
            return guard.judge_whole(&OutputText::whole(&piece, self.media), inside);
        }
        let (mut window, mut made) = (Window::new(self.media), 0_usize);
        let mut steps = packed::steps(self.raw.len());
        while at < self.raw.len() {
            let rest = self.raw.get(at..).unwrap_or_default();
            at = at.saturating_add(escapes::undo(rest, PIECE_BYTES, &mut piece).max(1));
            guard.unpack(&piece, made, &mut steps, inside);
            made = made.saturating_add(piece.len());
            window.feed(guard, &piece, at >= self.raw.len(), inside);
            piece.clear();
        }
    }

    /// Looks at what base64 stands for and at its digits; gives what was found at its places
    /// between the quotes.
    fn judge_base64(&self, guard: &Guard<'_>, coding: Coding, inside: &mut Findings) -> Findings {
        let digits = self.digits();
        let mut bytes = Vec::with_capacity((digits.len() / 4).saturating_mul(3));
        let is_base64 = base64::decode(&digits, &mut bytes);
        let mut raw = if coding == Coding::None {
            guard.judge_whole(&OutputText::whole(&bytes, self.media), inside);
            guard.locate(BODY, &bytes, inside);
            let mut raw = inside.clone();
            move_spans(&mut raw, |spans| {
                for (start, end) in &mut *spans {
                    (*start, *end) = base64::digits_of(*start, *end);
                }
                self.map(spans);
            });
            raw
        } else {
            self.judge_packed(guard, coding, &bytes, inside);
            guard.locate(BODY, b"", inside);
            let mut raw = inside.clone();
            for found in &mut raw.found {
                (found.start, found.end) = (0, self.raw.len());
            }
            raw
        };
        self.judge_digits(guard, &digits, is_base64, &mut raw);
        raw
    }

    /// Looks at the digits as they stand: they leave like that, they may be no base64, and a key
    /// may look like some. What is found there cannot be masked.
    fn judge_digits(&self, guard: &Guard<'_>, digits: &[u8], is_base64: bool, raw: &mut Findings) {
        let mut found = Findings::default();
        if is_base64 {
            if raw.found.iter().any(|found| found.secret.is_some()) {
                return;
            }
            guard.judge_own(digits, 0, &mut found);
        } else {
            guard.judge_whole(&OutputText::whole(digits, self.media), &mut found);
        }
        guard.locate(BODY, digits, &mut found);
        move_spans(&mut found, |spans| self.map(spans));
        for found in &mut found.found {
            found.never_masked();
        }
        raw.append(found);
    }

    /// Moves places in what stands there to places between the quotes.
    fn map(&self, spans: &mut [(usize, usize)]) {
        if self.is_escaped() {
            escapes::map(self.raw, spans);
        }
    }

    /// Looks at what compressed bytes come to; where they are none, at them.
    fn judge_packed(
        &self,
        guard: &Guard<'_>,
        coding: Coding,
        packed: &[u8],
        inside: &mut Findings,
    ) {
        if let Coding::Other(name) = coding {
            return inside.leave_unread(name);
        }
        let mut window = Window::new(self.media);
        let (mut made, mut spent) = (0_usize, 0_u64);
        let is_whole = packing::inflate(packed, coding, |piece| {
            made = made.saturating_add(piece.len());
            let may_spend = packed::steps(made.min(STORED_BYTES_MAX)).left();
            let mut steps = Steps::new(may_spend.saturating_sub(spent));
            guard.unpack(piece, 0, &mut steps, inside);
            spent = spent.saturating_add(steps.spent());
            window.feed(guard, piece, false, inside);
        });
        window.feed(guard, b"", true, inside);
        if !is_whole {
            inside.leave_unread("cut-short");
            guard.judge_whole(&OutputText::whole(packed, self.media), inside);
        }
    }

    /// The digits of base64.
    fn digits(&self) -> Cow<'o, [u8]> {
        if !self.is_escaped() {
            return Cow::Borrowed(self.raw);
        }
        let mut digits = Vec::with_capacity(self.raw.len());
        escapes::undo(self.raw, usize::MAX, &mut digits);
        Cow::Owned(digits)
    }

    /// The bytes that base64 stands for.
    fn decoded(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity((self.raw.len() / 4).saturating_mul(3));
        base64::decode(&self.digits(), &mut bytes);
        bytes
    }

    /// What stands between the quotes when leaks are masked, never longer than before unless it was
    /// compressed; `None` if that cannot be done exactly.
    pub(super) fn masked(&self, leaks: &[Found]) -> Option<Vec<u8>> {
        match (self.is_base64, self.coding) {
            (false, _) => Some(self.masked_text(leaks)),
            (true, Coding::None) => {
                let mut bytes = self.decoded();
                if base64::encode(&bytes) != *self.digits() {
                    return None;
                }
                mask::apply(&mut bytes, self.media, leaks);
                Some(base64::encode(&bytes))
            }
            (true, coding) => {
                let packed = self.decoded();
                let mut bytes = Vec::new();
                let is_whole = packing::inflate(&packed, coding, |piece| {
                    if bytes.len() <= STORED_BYTES_MAX {
                        bytes.extend_from_slice(piece);
                    }
                });
                if !is_whole || bytes.len() > STORED_BYTES_MAX {
                    return None;
                }
                mask::apply(&mut bytes, self.media, leaks);
                let packed = packing::pack(&bytes, &packed, coding)?;
                Some(base64::encode(&packed))
            }
        }
    }

    /// A text in which leaks are masked, escape for escape.
    fn masked_text(&self, leaks: &[Found]) -> Vec<u8> {
        let mut before = Vec::with_capacity(self.raw.len());
        escapes::undo(self.raw, usize::MAX, &mut before);
        let mut after = before.clone();
        mask::apply(&mut after, self.media, leaks);
        let mut out = Vec::with_capacity(self.raw.len());
        let (mut at, mut made) = (0_usize, 0_usize);
        while let Some(unit) = self.raw.get(at..).and_then(escapes::unit) {
            let span = made..made.saturating_add(unit.len);
            let text = after.get(span.clone()).unwrap_or_default();
            let raw_end = at.saturating_add(unit.raw);
            let raw = self.raw.get(at..raw_end).unwrap_or_default();
            match unit.raw {
                _ if before.get(span) == Some(text) => out.extend_from_slice(raw),
                1 => out.extend_from_slice(text),
                // A slash, the only character that two bytes may stand for and that says nothing.
                2 => out.extend_from_slice(b"\\/"),
                _ => (0..unit.raw / 6).for_each(|_| out.extend_from_slice(b"\\u002a")),
            }
            at = raw_end;
            made = made.saturating_add(unit.len);
        }
        out
    }
}

/// Gives leaks other places.
pub(super) fn move_spans(findings: &mut Findings, places: impl Fn(&mut [(usize, usize)])) {
    let spans = findings.found.iter().map(|found| (found.start, found.end));
    let mut spans: Vec<(usize, usize)> = spans.collect();
    places(&mut spans);
    for (found, (start, end)) in findings.found.iter_mut().zip(spans) {
        (found.start, found.end) = (start, end);
    }
}
