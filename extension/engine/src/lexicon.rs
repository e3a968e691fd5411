//! Word tables built at build time: a case-folded word in, its roles out.
//! It never holds the words themselves, and never allocates.

/// The hash of a word before its first letter.
pub(crate) const WORD_SEED: u32 = 0x811c_9dc5;

/// Adds one byte of a word, folded to lower case, to its hash (FNV-1a).
#[inline]
pub(crate) const fn fold_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ (byte.to_ascii_lowercase() as u32)).wrapping_mul(0x0100_0193)
}

/// The hash of a whole word.
#[inline]
pub(crate) fn fold_word(word: &[u8]) -> u32 {
    word.iter()
        .fold(WORD_SEED, |hash, byte| fold_byte(hash, *byte))
}

/// A word's roles under its 32-bit hash; a text made to collide only gets looked at more closely.
#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    roles: u32,
}

/// An open-addressed table of `SLOTS` slots (a power of two).
pub(crate) struct Lexicon<const SLOTS: usize> {
    slots: [Slot; SLOTS],
}

impl<const SLOTS: usize> Lexicon<SLOTS> {
    /// Builds the table; runs at build time, so a clash or an overfull table fails the build.
    #[expect(
        clippy::indexing_slicing,
        clippy::panic,
        reason = "runs at build time only: a wrong index or a clash fails the build"
    )]
    pub(crate) const fn new(groups: &[(u32, &[&str])]) -> Self {
        assert!(SLOTS.is_power_of_two(), "slots must be a power of two");
        let mut slots = [Slot { hash: 0, roles: 0 }; SLOTS];
        let mut used = 0;
        let mut group = 0;
        while group < groups.len() {
            let (roles, words) = groups[group];
            let mut next = 0;
            while next < words.len() {
                let word = words[next].as_bytes();
                let mut hash = WORD_SEED;
                let mut at = 0;
                while at < word.len() {
                    hash = fold_byte(hash, word[at]);
                    at += 1;
                }
                assert!(hash != 0, "a word hashes to the mark of an empty slot");
                let mut slot = (hash as usize) & (SLOTS - 1);
                while slots[slot].hash != 0 && slots[slot].hash != hash {
                    slot = (slot + 1) & (SLOTS - 1);
                }
                if slots[slot].hash == 0 {
                    used += 1;
                }
                slots[slot] = Slot {
                    hash,
                    roles: slots[slot].roles | roles,
                };
                next += 1;
            }
            group += 1;
        }
        // A quarter empty at least, so that a look-up ends after a few slots.
        assert!(used * 4 <= SLOTS * 3, "the table is too full");
        Self { slots }
    }

    /// The roles of the word with this hash; 0 if it has none.
    #[inline]
    pub(crate) fn roles(&self, hash: u32) -> u32 {
        let mut slot = hash as usize & (SLOTS - 1);
        // Bounded by the quarter of the table that is empty.
        while let Some(entry) = self.slots.get(slot) {
            if entry.hash == hash {
                return entry.roles;
            }
            if entry.hash == 0 {
                return 0;
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: Lexicon<16> = Lexicon::new(&[
        (1, &["union", "select"]),
        (2, &["or", "union"]),
        (4, &["sleep"]),
    ]);

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
