//! Aggregates of the Kinesis Producer Library: many records in the data of one.
//! It never checks the digest at the end: whoever reads the aggregate does.
use super::container::show_field;
use crate::form::{Classes, Part};
use crate::path::{Frame, Kind, Path};
use crate::walk::{Field, Walk};

/// What an aggregate begins with, before a Protocol Buffers message.
const MAGIC: &[u8] = b"\xf3\x89\x9a\xc2";
/// The digest behind the message.
const DIGEST_BYTES: usize = 16;

/// True if bytes start like an aggregate.
#[inline]
pub(super) fn is_aggregate(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// True if a value is an aggregate.
#[inline]
pub(super) fn may_be(bytes: &[u8], field: &Field<'_>) -> bool {
    field.part == Part::Value && is_aggregate(bytes)
}

/// Shows each partition key and the data of each record; never true.
pub(super) fn split(walk: &mut Walk<'_>, bytes: &[u8], field: &Field<'_>) -> bool {
    let end = bytes.len().saturating_sub(DIGEST_BYTES);
    let mut rest = bytes.get(MAGIC.len()..end).unwrap_or(&[]);
    let mut frames = walk.frames();
    let mut index = 0;
    while let Some((number, content, behind)) = member(rest) {
        rest = behind;
        frames.clear();
        frames.push(Frame {
            index,
            ..Frame::opened(Kind::Counted, 0)
        });
        let path = Path {
            parent: Some(field.path),
            text: bytes,
            frames: &frames,
        };
        let field = Field {
            path: &path,
            ..*field
        };
        match number {
            // Partition keys, and hash keys in their place.
            1 | 2 => show_field(walk, content, Part::Value, &field),
            3 => {
                let data = data(content);
                let classes = Classes::of(data);
                walk.value_within(data, classes, &field);
                index += 1;
            }
            _ => {}
        }
    }
    walk.recycle_frames(frames);
    false
}

/// The data of a record.
fn data(record: &[u8]) -> &[u8] {
    let mut rest = record;
    while let Some((number, content, behind)) = member(rest) {
        if number == 3 {
            return content;
        }
        rest = behind;
    }
    &[]
}

/// The number of the member at the start of a message, its bytes if it has a length, and what
/// stands behind it.
fn member(message: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (tag, rest) = varint(message)?;
    let (content, behind) = match tag & 7 {
        0 => (&[][..], varint(rest)?.1),
        1 => (&[][..], rest.get(8..)?),
        2 => {
            let (len, rest) = varint(rest)?;
            rest.split_at_checked(usize::try_from(len).ok()?)?
        }
        5 => (&[][..], rest.get(4..)?),
        _ => return None,
    };
    Some((tag >> 3, content, behind))
}

/// A number of variable length, and what stands behind it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    // Limit: ten groups of seven bits hold 64 bits.
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(at * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}
