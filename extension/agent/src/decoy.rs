//! Decoys: credentials that open nothing, put where a thief looks first.
//! It never makes one that could be mistaken for the function's own.
//!
//! The agent draws a seed and hands it to the wrapper, which puts the credentials into the
//! runtime's environment. Nobody uses them, so whoever is seen with one has read the environment.
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::secret::Secret;

/// The variables of a planted pair: what a backup job of AWS might be given.
pub(crate) const NAMES: [&str; 2] = ["BACKUP_AWS_ACCESS_KEY_ID", "BACKUP_AWS_SECRET_ACCESS_KEY"];

/// Letters of an access key's id (base 32), and of a secret access key (base 64).
const ID_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Limit: as long as the real ones, which have 20 and 40 letters (AWS IAM, identifiers).
const ID_LETTERS_MAX: u8 = 16;
const SECRET_LETTERS_MAX: u8 = 40;

/// A seed that nobody has had before: 32 letters.
pub(crate) fn seed() -> String {
    let drawn = Secret::draw().current().0;
    let letters: Vec<String> = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    letters.concat()
}

/// The credentials of a seed, in the order of [`NAMES`].
pub(crate) fn credentials(seed: &str) -> [String; 2] {
    let id = letters(seed, 0, ID_LETTERS, ID_LETTERS_MAX);
    let secret = letters(seed, 1, SECRET_LETTERS, SECRET_LETTERS_MAX);
    [format!("AKIA{id}"), secret]
}

fn letters(seed: &str, which: u8, alphabet: &[u8], count: u8) -> String {
    let letter = |index: u8| {
        // The same in agent and wrapper, because both are this program.
        let mut hasher = DefaultHasher::new();
        (seed, which, index).hash(&mut hasher);
        let length = u64::try_from(alphabet.len()).unwrap_or(1).max(1);
        let at = usize::try_from(hasher.finish() % length).unwrap_or(0);
        alphabet.get(at).copied().map_or('A', char::from)
    };
    (0..count).map(letter).collect()
}

/// True for a seed as [`seed`] draws it.
pub(crate) fn is_seed(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{credentials, is_seed, seed};

    #[test]
    fn credentials_look_like_real_ones_and_follow_from_their_seed() {
        let (one, other) = (seed(), seed());
        assert!(is_seed(&one) && one != other);
        let [id, secret] = credentials(&one);
        assert_eq!((id.len(), secret.len()), (20, 40));
        assert!(id.starts_with("AKIA"));
        assert_eq!(credentials(&one), [id.clone(), secret]);
        assert_ne!(credentials(&other)[0], id);
    }
}
