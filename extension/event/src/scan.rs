//! Byte scanning: where a string ends, and which kinds of bytes stand in it, 64 bytes a step.
//! It never looks outside the text it was given.
use crate::form::Classes;
use block::Marks;

pub(crate) mod block;
mod lanes;
mod number;
pub(crate) mod pairs;

pub(crate) use block::stop;
pub(crate) use lanes::classes;
pub(crate) use number::short as number;

/// Why a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// At the closing quote.
    Quote,
    /// At a backslash.
    Escape,
    /// At the end of the text.
    End,
}

/// A run of a string's bytes and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Offset of the quote or backslash, or of the end of the text.
    pub(crate) end: usize,
    /// Kinds of bytes before it.
    pub(crate) classes: Classes,
    /// What stands at the end.
    pub(crate) stop: Stop,
}

/// Scans the strings of one text, in any order; each block is looked at once while they stand in
/// order.
#[derive(Debug)]
pub(crate) struct Scanner<'t> {
    text: &'t [u8],
    /// Where the block begins whose marks are known.
    base: usize,
    marks: Marks,
    /// Its bytes that make a string worth a look: odd ones, spaces, and joints side by side.
    warm: u64,
}

impl<'t> Scanner<'t> {
    /// A scanner of `text`.
    pub(crate) fn new(text: &'t [u8]) -> Self {
        let mut scanner = Self {
            text,
            base: 0,
            marks: Marks::NONE,
            warm: 0,
        };
        scanner.turn_to(0);
        scanner
    }

    #[inline(never)]
    fn turn_to(&mut self, base: usize) {
        let marks = block::marks_at(self.text, base);
        self.base = base;
        self.marks = marks;
        self.warm = marks.odd | marks.spaces | block::pairs(marks.joints, false);
    }

    #[inline]
    fn marks(&mut self, base: usize) -> Marks {
        if base != self.base {
            self.turn_to(base);
        }
        self.marks
    }

    /// The end of the string at `start` if it ends in the block in which it begins or in the next
    /// one, and has no class: most strings do, and they are passed without another look.
    #[inline]
    pub(crate) fn plain(&mut self, start: usize) -> Option<usize> {
        let base = start & !(block::BYTES - 1);
        if base != self.base {
            self.turn_to(base);
        }
        let inside = block::from(start);
        let stops = self.marks.stops & inside;
        if stops == 0 {
            return self.plain_in_next(inside);
        }
        // A quote stands before the first byte, so that no pair of joints begins outside.
        let is_plain = self.warm & inside & block::before(stops) == 0;
        is_plain.then(|| base | block::first(stops))
    }

    /// The same for a string that does not end in the block at hand, where its bytes are `inside`.
    #[inline(never)]
    fn plain_in_next(&mut self, inside: u64) -> Option<usize> {
        if self.warm & inside != 0 {
            return None;
        }
        let last = block::ends(self.marks.joints);
        self.turn_to(self.base.wrapping_add(block::BYTES));
        let stops = self.marks.stops;
        let warm = self.warm | block::pairs(self.marks.joints, last);
        let is_plain = stops != 0 && warm & block::before(stops) == 0;
        is_plain.then(|| self.base | block::first(stops))
    }

    /// Scans a string from `start` to its closing quote or first escape.
    #[inline]
    pub(crate) fn string(&mut self, start: usize) -> Scanned {
        let base = start & !(block::BYTES - 1);
        let inside = block::from(start);
        let marks = self.marks(base);
        let stops = marks.stops & inside;
        // Most strings end in the block in which they begin.
        if stops == 0 {
            return self.long(start);
        }
        let before = inside & block::before(stops);
        let joints = block::pairs(marks.joints & before, false);
        let end = base.saturating_add(block::first(stops));
        let plain = plain(marks.spaces & before, joints);
        self.scanned(start, end, marks.odd & before, plain)
    }

    /// The same for a string that ends in another block.
    fn long(&mut self, start: usize) -> Scanned {
        let mut base = start & !(block::BYTES - 1);
        let mut inside = block::from(start);
        let (mut odd, mut spaces, mut joints, mut last) = (0, 0, 0, false);
        while base < self.text.len() {
            let marks = self.marks(base);
            let stops = marks.stops & inside;
            let before = inside & block::before(stops);
            odd |= marks.odd & before;
            spaces |= marks.spaces & before;
            joints |= block::pairs(marks.joints & before, last);
            last = block::ends(marks.joints & before);
            if stops != 0 {
                let end = base.saturating_add(block::first(stops));
                return self.scanned(start, end, odd, plain(spaces, joints));
            }
            base = base.saturating_add(block::BYTES);
            inside = u64::MAX;
        }
        self.scanned(
            start,
            self.text.len().max(start),
            odd,
            plain(spaces, joints),
        )
    }

    #[inline]
    fn scanned(&self, start: usize, end: usize, odd: u64, plain: Classes) -> Scanned {
        let stop = match self.text.get(end) {
            Some(b'"') => Stop::Quote,
            Some(_) => Stop::Escape,
            None => Stop::End,
        };
        let classes = if odd == 0 {
            plain
        } else {
            classes(self.text.get(start..end).unwrap_or(&[]))
        };
        Scanned { end, classes, stop }
    }
}

/// The classes of a text without odd bytes, by where its spaces and its pairs of joints are.
#[inline]
fn plain(spaces: u64, joints: u64) -> Classes {
    let classes = Classes::SPACE.when(spaces != 0);
    classes.with(Classes::JOINT.when(joints != 0))
}

/// The offset of the quote that closes the string in which `start` stands, escapes passed over;
/// the text's length if nothing closes it.
pub(crate) fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let (end, read) = block::end_of_string(block);
        if let Some(end) = end {
            return at.saturating_add(end);
        }
        at = at.saturating_add(read);
    }
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at = at.saturating_add(2),
            _ => at = at.saturating_add(1),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;
