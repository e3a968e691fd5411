//! Random identifiers in the platform's forms.
//! It never decides anything: no outcome depends on what comes out of here.

use crate::time;
use std::fmt::Write as _;

/// A random UUID (version 4).
pub(crate) fn uuid() -> String {
    let mut hex = hex(32);
    // The version and the variant of a random UUID.
    hex.replace_range(12..13, "4");
    hex.replace_range(16..17, "a");
    for at in [20, 16, 12, 8] {
        hex.insert(at, '-');
    }
    hex
}

/// An X-Ray header as the platform makes it up.
pub(crate) fn trace_id() -> String {
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        time::epoch_seconds(),
        hex(24),
        hex(16)
    )
}

/// Whether this text is a UUID in its usual form.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn hex(digits: usize) -> String {
    let mut bytes = vec![0_u8; digits.div_ceil(2)];
    // Without entropy the identifier is all zeros, which is still a valid identifier.
    let _ = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty());
    let mut text = String::with_capacity(digits);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::{is_uuid, uuid};

    #[test]
    fn random_uuids_are_uuids_and_differ() {
        let (one, other) = (uuid(), uuid());
        assert!(is_uuid(&one), "{one}");
        assert_ne!(one, other);
        assert!(!is_uuid("not-a-uuid"));
    }
}
