//! Where the kept texts of an event stand in an output: all of one, or a long piece of it.
//! It never takes what both have by chance: a tag of a page is no text of the event.
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// A piece of a kept text that stands in an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Echo {
    /// Which of the kept texts.
    pub(super) kept: usize,
    /// Its first byte in the output.
    pub(super) start: usize,
    /// One past its last byte there.
    pub(super) end: usize,
}

/// Bytes that are looked at together, in any case of letters.
const GRAM_BYTES: usize = 4;
/// The shortest text that is sought holds two of them at every third byte.
pub(super) const TEXT_BYTES_MIN: usize = 6;
const STRIDE: usize = TEXT_BYTES_MIN - GRAM_BYTES + 1;

// Limit: a function that cuts what it shows shows a line of it; shorter pieces two pages have in
// common (`<script type="text/j`, 20).
const PIECE_BYTES_MIN: usize = 24;
// Limit: of a text that is shown in part at least a quarter: a document of which a page has the
// same head is not shown.
const PIECE_SHARE: usize = 4;

// Limit: 4,096 places of two bytes: one look in eight at a full room is in vain, of a usual one
// none.
const PLACES_BITS: u32 = 12;
const PLACES: usize = 1 << PLACES_BITS;
const NOWHERE: u16 = u16::MAX;

// Limit: a text that does harm does it within its first kilobyte; so much of one that goes on has
// been judged already.
const PENDING_BYTES_MAX: usize = 1024;

// Limit: texts that repeat themselves have as many equal grams as bytes; comparing goes on for
// four bytes a byte of the output and one room, and to begin costs as much as eight bytes.
const CHAIN_MAX: usize = 64;
const COMPARED_SHARE: usize = 4;
const BEGUN_BYTES: usize = 8;
const COMPARED_MIN: usize = 64 * 1024;

/// The grams of texts that lie side by side.
#[derive(Clone, Debug)]
pub(super) struct Grams {
    heads: Box<[u16; PLACES]>,
    /// For each byte of the texts the one before at which an equal gram may begin.
    before: Vec<u16>,
}

impl Grams {
    /// Notes the grams of all texts, which end at `ends`.
    pub(super) fn of(bytes: &[u8], ends: &[u16]) -> Self {
        let mut grams = Self {
            heads: Box::new([NOWHERE; PLACES]),
            before: vec![NOWHERE; bytes.len()],
        };
        let mut start = 0_u16;
        for end in ends {
            for at in start..*end {
                let text = bytes.get(usize::from(at)..usize::from(*end));
                if let Some(place) = text.and_then(place)
                    && let Some(head) = grams.heads.get_mut(place)
                    && let Some(before) = grams.before.get_mut(usize::from(at))
                {
                    *before = core::mem::replace(head, at);
                }
            }
            start = *end;
        }
        grams
    }

    /// The first offset of an output, at `from` or so many strides behind it, at which one of the
    /// grams may stand; its end if there is none.
    fn next(&self, output: &[u8], from: usize) -> usize {
        let is_known = |gram: u32| self.head(gram) != NOWHERE;
        let mut at = from;
        // Four looks at a time, without a branch for each: almost always all are in vain.
        while let Some(block) = output
            .get(at..)
            .and_then(<[u8]>::first_chunk::<LOOKED_BYTES>)
        {
            if grams_of(block)
                .into_iter()
                .fold(false, |any, gram| any | is_known(gram))
            {
                break;
            }
            at = at.saturating_add(4 * STRIDE);
        }
        while let Some(gram) = output.get(at..).and_then(<[u8]>::first_chunk) {
            if is_known(u32::from_le_bytes(*gram)) {
                return at;
            }
            at = at.saturating_add(STRIDE);
        }
        output.len()
    }

    #[inline]
    fn head(&self, gram: u32) -> u16 {
        self.heads.get(place_of(gram)).copied().unwrap_or(NOWHERE)
    }

    /// The places at which the gram at the start of a text may stand.
    fn places(&self, text: &[u8]) -> impl Iterator<Item = usize> + '_ {
        let head = place(text).and_then(|place| self.heads.get(place).copied());
        let known = |at: &u16| *at != NOWHERE;
        let all = core::iter::successors(head.filter(known), move |at| {
            self.before.get(usize::from(*at)).copied().filter(known)
        });
        all.take(CHAIN_MAX).map(usize::from)
    }
}

/// Bytes in which four grams begin, each a stride behind the one before.
const LOOKED_BYTES: usize = 3 * STRIDE + GRAM_BYTES;

/// Those grams.
#[expect(
    clippy::many_single_char_names,
    reason = "they are the bytes of the block in their order, and nothing else"
)]
#[inline]
fn grams_of(block: &[u8; LOOKED_BYTES]) -> [u32; 4] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m] = *block;
    [[a, b, c, d], [d, e, f, g], [g, h, i, j], [j, k, l, m]].map(u32::from_le_bytes)
}

/// The place of the gram at the start of a text in the table.
#[inline]
fn place(text: &[u8]) -> Option<usize> {
    let gram = text.first_chunk::<GRAM_BYTES>()?;
    Some(place_of(u32::from_le_bytes(*gram)))
}

#[inline]
fn place_of(gram: u32) -> usize {
    // One bit is the case of a letter.
    let folded = gram | 0x2020_2020;
    let hash = folded.wrapping_mul(0x9e37_79b1) >> (u32::BITS - PLACES_BITS);
    usize::try_from(hash).unwrap_or(0)
}

/// Seeks kept texts in an output.
pub(super) struct Search<'s> {
    pub(super) bytes: &'s [u8],
    pub(super) ends: &'s [u16],
    pub(super) grams: &'s Grams,
    pub(super) output: &'s [u8],
    at: usize,
    compared_left: usize,
}

impl<'s> Search<'s> {
    pub(super) fn new(
        bytes: &'s [u8],
        ends: &'s [u16],
        grams: &'s Grams,
        output: &'s [u8],
    ) -> Self {
        let compared = output.len().saturating_mul(COMPARED_SHARE);
        Self {
            bytes,
            ends,
            grams,
            output,
            at: 0,
            compared_left: compared.saturating_add(COMPARED_MIN),
        }
    }

    /// How many bytes at the end of the output stand in some text that goes on.
    pub(super) fn pending(mut self) -> usize {
        let len = self.output.len();
        self.at = len.saturating_sub(GRAM_BYTES);
        let rest = self.output.get(self.at..).unwrap_or(&[]);
        let runs = self.grams.places(rest).filter_map(|place| self.run(place));
        let touching = runs.filter(|(echo, _)| echo.end >= len);
        let held = touching.map(|(echo, _)| len.saturating_sub(echo.start));
        let held = held.max().unwrap_or(0);
        if held > PENDING_BYTES_MAX { 0 } else { held }
    }

    /// The run around the gram at `at` in which it stands at a place of the texts, and whether that
    /// is enough of a text.
    fn run(&self, place: usize) -> Option<(Echo, bool)> {
        let kept = self.ends.partition_point(|end| usize::from(*end) <= place);
        let start = kept
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .map_or(0, |start| usize::from(*start));
        let end = self.ends.get(kept).map_or(0, |end| usize::from(*end));
        let text = self.bytes.get(start..end)?;
        let place = place.saturating_sub(start);
        let same = |(one, other): &(&u8, &u8)| one.eq_ignore_ascii_case(other);
        let behind = self.output.get(self.at..)?.iter();
        let ahead = behind.zip(text.get(place..)?).take_while(same).count();
        let before = self.output.get(..self.at)?.iter().rev();
        let prefix = text.get(..place)?.iter().rev();
        let back = before.zip(prefix).take_while(same).count();
        let echo = Echo {
            kept,
            start: self.at.saturating_sub(back),
            end: self.at.saturating_add(ahead),
        };
        Some((echo, is_enough(ahead.saturating_add(back), text)))
    }

    /// The longest run around the gram at `at`, of those that are enough of a text if there are
    /// any.
    fn longest(&mut self) -> Option<(Echo, bool)> {
        let rest = self.output.get(self.at..)?;
        let mut longest: Option<(bool, usize, Echo)> = None;
        for place in self.grams.places(rest) {
            let (echo, enough) = self.run(place)?;
            let len = echo.end.saturating_sub(echo.start);
            let cost = len.saturating_add(BEGUN_BYTES);
            self.compared_left = self.compared_left.saturating_sub(cost);
            if longest.is_none_or(|(known, most, _)| (known, most) < (enough, len)) {
                longest = Some((enough, len, echo));
            }
            if self.compared_left == 0 {
                break;
            }
        }
        longest.map(|(enough, _, echo)| (echo, enough))
    }
}

/// True for a run of so many bytes that is the whole text, or enough of it.
fn is_enough(len: usize, text: &[u8]) -> bool {
    let whole = text.trim_ascii().len();
    let share = whole.div_ceil(PIECE_SHARE);
    len >= TEXT_BYTES_MIN && (len >= whole || len >= PIECE_BYTES_MIN.max(share))
}

impl Iterator for Search<'_> {
    type Item = Echo;

    fn next(&mut self) -> Option<Echo> {
        while self.compared_left > 0 && self.at < self.output.len() {
            self.at = self.grams.next(self.output, self.at);
            let Some((echo, is_enough)) = self.longest() else {
                self.at = self.at.saturating_add(STRIDE);
                continue;
            };
            self.at = self.at.saturating_add(STRIDE);
            if is_enough {
                self.at = echo.end.max(self.at);
                return Some(echo);
            }
        }
        None
    }
}
