//! The key of the keyed hashes in findings: drawn by this process, known to nobody else.
//! It never leaves the process, and never outlives a snapshot.
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

use credenza_engine::HashKey;
use rustix::rand::{GetRandomFlags, getrandom};

/// A key that can be drawn anew.
pub struct Secret(Mutex<HashKey>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A fresh key.
    pub fn draw() -> Self {
        Self(Mutex::new(drawn()))
    }

    /// The key in force.
    pub fn current(&self) -> HashKey {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws again: after a snapshot is restored every copy of it would have the same key.
    pub fn redraw(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = drawn();
    }
}

/// Sixteen bytes from the kernel, which knows of restored snapshots; where it has none to give,
/// from the keys that the standard library draws for its hash tables.
fn drawn() -> HashKey {
    let mut key = [0; 16];
    if getrandom(&mut key, GetRandomFlags::empty()) == Ok(key.len()) {
        return HashKey(key);
    }
    let draw = || RandomState::new().build_hasher().finish().to_le_bytes();
    for (byte, drawn) in key.iter_mut().zip(draw().into_iter().chain(draw())) {
        *byte = drawn;
    }
    HashKey(key)
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn no_two_keys_are_the_same() {
        let (one, other) = (Secret::draw(), Secret::draw());
        assert_ne!(one.current().0, other.current().0);
        let before = one.current().0;
        assert_eq!(one.current().0, before);
        one.redraw();
        assert_ne!(one.current().0, before);
    }
}
