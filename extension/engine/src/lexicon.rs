//! Word tables built at build time: a case-folded word in, its roles out.
//! It never holds the words themselves, and never allocates.

/// Groups of words that spaces part, each with its roles.
pub(crate) type Vocabulary = [(u64, &'static str)];

/// The hash of a word before its first letter.
pub(crate) const WORD_SEED: u32 = 0x811c_9dc5;

/// Adds one byte of a word, its case bit set, to its hash (FNV-1a).
#[inline]
pub(crate) const fn fold_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ ((byte | 0x20) as u32)).wrapping_mul(0x0100_0193)
}

/// The hash of a whole word.
#[inline]
pub(crate) fn fold_word(word: &[u8]) -> u32 {
    word.iter()
        .fold(WORD_SEED, |hash, byte| fold_byte(hash, *byte))
}

/// An open-addressed table of `SLOTS` slots (a power of two), whose words play one of `KINDS` sets
/// of roles: most sets are those of many words.
///
/// A word is known by its 32-bit hash; a text made to collide only gets looked at more closely.
pub(crate) struct Lexicon<const SLOTS: usize, const KINDS: usize = 64> {
    /// 0 in empty slots.
    hashes: [u32; SLOTS],
    /// Which set is that of the word in the slot.
    kinds: [u8; SLOTS],
    sets: [u64; KINDS],
}

/// The slots while the table is built.
struct Slots<const SLOTS: usize> {
    hashes: [u32; SLOTS],
    roles: [u64; SLOTS],
}

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the tables are built at build time: a wrong index fails the build"
)]
impl<const SLOTS: usize, const KINDS: usize> Lexicon<SLOTS, KINDS> {
    /// Builds the table from the vocabularies; runs at build time, so an overfull table fails the
    /// build.
    pub(crate) const fn new(vocabularies: &[&Vocabulary]) -> Self {
        let slots = Slots::<SLOTS>::of(vocabularies);
        let mut table = Self {
            hashes: slots.hashes,
            kinds: [0; SLOTS],
            sets: [0; KINDS],
        };
        let mut used = 0;
        let mut slot = 0;
        while slot < SLOTS {
            if slots.hashes[slot] != 0 {
                let mut kind = 0;
                while kind < used && table.sets[kind] != slots.roles[slot] {
                    kind += 1;
                }
                if kind == used {
                    table.sets[kind] = slots.roles[slot];
                    used += 1;
                }
                table.kinds[slot] = kind as u8;
            }
            slot += 1;
        }
        assert!(used <= 256, "there are more sets than a byte can count");
        table
    }

    /// The roles of the word with this hash; 0 if it has none.
    #[inline]
    pub(crate) fn roles(&self, hash: u32) -> u64 {
        let mut slot = hash as usize & (SLOTS - 1);
        // Bounded by the quarter of the table that is empty.
        while let Some(&known) = self.hashes.get(slot) {
            if known == hash {
                let kind = self.kinds.get(slot).copied().map(usize::from);
                return kind
                    .and_then(|kind| self.sets.get(kind))
                    .map_or(0, |set| *set);
            }
            if known == 0 {
                return 0;
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
        0
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "the tables are built at build time: a wrong index fails the build"
)]
impl<const SLOTS: usize> Slots<SLOTS> {
    const fn of(vocabularies: &[&Vocabulary]) -> Self {
        let mut slots = Self {
            hashes: [0; SLOTS],
            roles: [0; SLOTS],
        };
        let mut used = 0;
        let mut vocabulary = 0;
        while vocabulary < vocabularies.len() {
            let groups = vocabularies[vocabulary];
            let mut group = 0;
            while group < groups.len() {
                used += slots.add_all(groups[group].0, groups[group].1.as_bytes());
                group += 1;
            }
            vocabulary += 1;
        }
        // A quarter empty at least, so that a look-up ends after a few slots.
        assert!(used * 4 <= SLOTS * 3, "the table is too full");
        slots
    }

    /// Gives each word of a group these roles, too; the number of new ones.
    const fn add_all(&mut self, roles: u64, words: &[u8]) -> usize {
        let mut new = 0;
        let mut hash = WORD_SEED;
        let mut at = 0;
        while at <= words.len() {
            if at < words.len() && words[at] != b' ' {
                hash = fold_byte(hash, words[at]);
            } else if hash != WORD_SEED {
                new += self.add(hash, roles);
                hash = WORD_SEED;
            }
            at += 1;
        }
        new
    }

    /// Gives a word these roles, too; 1 if it is new.
    const fn add(&mut self, hash: u32, roles: u64) -> usize {
        assert!(hash != 0, "a word hashes to the mark of an empty slot");
        let mut slot = (hash as usize) & (SLOTS - 1);
        while self.hashes[slot] != 0 && self.hashes[slot] != hash {
            slot = (slot + 1) & (SLOTS - 1);
        }
        let new = self.hashes[slot] == 0;
        self.hashes[slot] = hash;
        self.roles[slot] |= roles;
        new as usize
    }
}

/// The lengths of a vocabulary's words by their first two letters and by their last one, one bit a
/// length.
// Limit: 4 KiB; with the first letter alone every second word of prose fits one of two thousand.
pub(crate) struct Shapes {
    first: [u32; 1024],
    last: [u32; 32],
}

impl Shapes {
    /// The shapes of vocabularies as [`Lexicon::new`] takes them; runs at build time.
    #[expect(
        clippy::indexing_slicing,
        reason = "the tables are built at build time: a wrong index fails the build"
    )]
    pub(crate) const fn of(vocabularies: &[&Vocabulary]) -> Self {
        let mut shapes = Self {
            first: [0; 1024],
            last: [0; 32],
        };
        let mut vocabulary = 0;
        while vocabulary < vocabularies.len() {
            let groups = vocabularies[vocabulary];
            let mut group = 0;
            while group < groups.len() {
                shapes.add_all(groups[group].1.as_bytes());
                group += 1;
            }
            vocabulary += 1;
        }
        shapes
    }

    /// Adds the shape of each word of a group.
    #[expect(
        clippy::indexing_slicing,
        reason = "the tables are built at build time: a wrong index fails the build"
    )]
    const fn add_all(&mut self, words: &[u8]) {
        let mut start = 0;
        let mut at = 0;
        while at <= words.len() {
            if at == words.len() || words[at] == b' ' {
                if at > start {
                    let bit = 1 << (at - start);
                    let second = if at - start > 1 { words[start + 1] } else { 0 };
                    self.first[letters(words[start], second)] |= bit;
                    self.last[letter(words[at - 1])] |= bit;
                }
                start = at + 1;
            }
            at += 1;
        }
    }

    /// The shapes with a mark at these first two letters, for who wants to know of them, too.
    #[expect(
        clippy::indexing_slicing,
        reason = "the tables are built at build time: a wrong index fails the build"
    )]
    pub(crate) const fn marking(mut self, heads: &[&[u8; 2]]) -> Self {
        let mut at = 0;
        while at < heads.len() {
            self.first[letters(heads[at][0], heads[at][1])] |= MARKED;
            at += 1;
        }
        self
    }

    /// True if a word of the vocabulary has this word's length, first and last letter.
    #[inline]
    pub(crate) fn fit(&self, word: &[u8]) -> bool {
        self.ends(self.starts(word), word)
    }

    /// The lengths of the words that begin with this word's first two letters.
    #[inline]
    pub(crate) fn starts(&self, word: &[u8]) -> u32 {
        let head = match word {
            [first, second, ..] => letters(*first, *second),
            [first] => letters(*first, 0),
            [] => return 0,
        };
        self.first.get(head).copied().unwrap_or(0)
    }

    /// True if one of these lengths is this word's and a word of it has the same last letter.
    #[inline]
    pub(crate) fn ends(&self, lengths: u32, word: &[u8]) -> bool {
        // Limit: the longest word of a vocabulary has 27 letters; one of 31 or more fits none.
        let len = u32::try_from(word.len()).unwrap_or(31).min(31);
        let last = letter(word.last().copied().unwrap_or(0));
        lengths.wrapping_shr(len) & 1 == 1
            && self.last.get(last).copied().unwrap_or(0).wrapping_shr(len) & 1 == 1
    }
}

/// The mark of first letters: no word has the length zero.
pub(crate) const MARKED: u32 = 1;

/// The place of two letters, whatever their case.
#[inline]
const fn letters(one: u8, two: u8) -> usize {
    letter(one) << 5 | letter(two)
}

/// The place of a letter in the alphabet, whatever its case.
#[inline]
const fn letter(byte: u8) -> usize {
    (byte & 31) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: Lexicon<16> =
        Lexicon::new(&[&[(1, "union select"), (2, "or union")], &[(4, "sleep")]]);

    #[test]
    fn words_are_found_in_any_case_with_the_roles_of_all_their_groups() {
        assert_eq!(TABLE.roles(fold_word(b"UnIoN")), 3);
        assert_eq!(TABLE.roles(fold_word(b"or")), 2);
        assert_eq!(TABLE.roles(fold_word(b"sleep")), 4);
    }

    #[test]
    fn other_words_have_no_roles() {
        assert_eq!(TABLE.roles(fold_word(b"unions")), 0);
        assert_eq!(TABLE.roles(fold_word(b"")), 0);
    }
}
