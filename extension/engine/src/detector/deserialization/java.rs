//! Streams of Java's object serialisation: a header, and descriptors of classes.
//! It never follows a reference: each descriptor that is written out counts.
use super::Find;
use super::class::{self, Worth};

/// The header, and the first tag behind it.
const HEADER: &[u8] = b"\xac\xed\x00\x05";

/// Reads a stream.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    let stream = text.strip_prefix(HEADER)?;
    // An object, a class, an array, a string, a block, an enumeration, a proxy.
    if !matches!(stream.first(), Some(0x70..=0x7e)) {
        return None;
    }
    let mut worth = None;
    let mut at = 0_usize;
    while let Some(offset) = memchr::memchr(0x72, stream.get(at..).unwrap_or(&[])) {
        at = at.saturating_add(offset).saturating_add(1);
        let Some(name) = name(stream.get(at..).unwrap_or(&[])) else {
            continue;
        };
        at = at.saturating_add(name.len()).saturating_add(2);
        worth = worth.max(Some(of_descriptor(name)));
        if worth == Some(Worth::Gadget) {
            break;
        }
    }
    let worth = worth?;
    Some(Find {
        confidence: worth.confidence()?,
        start: 0,
        end: at.saturating_add(HEADER.len()).min(text.len()),
        format: "java",
        mark: "class",
        is_whole: true,
    })
}

/// The name of a class behind its length.
fn name(text: &[u8]) -> Option<&[u8]> {
    let (len, rest) = text.split_first_chunk::<2>()?;
    let len = usize::from(u16::from_be_bytes(*len));
    // Limit: names of classes have up to 255 letters, because files have.
    if !(2..=255).contains(&len) {
        return None;
    }
    let name = rest.get(..len)?;
    let is_name = name
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._$[;/-".contains(byte));
    is_name.then_some(name)
}

/// The worth of a class as a descriptor has it: `[Lcom.example.A;` is an array of `com.example.A`.
fn of_descriptor(name: &[u8]) -> Worth {
    let brackets = name.iter().take_while(|byte| **byte == b'[').count();
    let element = name.get(brackets..).unwrap_or(name);
    if brackets > 0 {
        return match element {
            [b'L', class @ .., b';'] => class::java(class),
            _ => Worth::Harmless,
        };
    }
    // The queue that compares its elements while it is read.
    if name == b"java.util.PriorityQueue" {
        return Worth::Gadget;
    }
    class::java(name)
}
