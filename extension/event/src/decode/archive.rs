//! Archives: the names of the members of zip and tar files.
//! It never unpacks a member, and never trusts an offset in the data.
use alloc::vec::Vec;

use memchr::{memchr, memmem};

use super::call;
use super::container::show_field;
use crate::form::{Part, Span};
use crate::path::{Frame, Kind, Path};
use crate::walk::{Field, Walk};

// Limit: PATH_MAX of Linux; a longer name is that of no file.
const NAME_BYTES_MAX: usize = 4096;
/// A block of a tar file.
const BLOCK_BYTES: usize = 512;
/// The name that a member's name has in a pointer.
const MEMBER: &[u8] = b"filename";

/// True if bytes start like a zip file.
#[inline]
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// True if bytes start like a tar file.
#[inline]
fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

/// True if bytes are an archive whose members have names.
#[inline]
pub(super) fn may_be(bytes: &[u8], field: &Field<'_>) -> bool {
    call::is_opened(bytes, field) && (is_zip(bytes) || is_tar(bytes))
}

/// Shows the name of each member; never true.
pub(super) fn split(walk: &mut Walk<'_>, bytes: &[u8], field: &Field<'_>) -> bool {
    let mut frames = walk.frames();
    frames.push(Frame {
        kind: Kind::Named,
        key: Span::of_offsets(0, MEMBER.len()),
        index: 0,
    });
    let path = Path {
        parent: Some(field.path),
        text: MEMBER,
        frames: &frames,
    };
    let field = Field {
        path: &path,
        plus: false,
        ..*field
    };
    if is_zip(bytes) {
        zip(walk, bytes, &field);
    } else {
        tar(walk, bytes, &field);
    }
    walk.recycle_frames(frames);
    false
}

/// The names before the members, and those in the directory at the end, which may differ.
fn zip(walk: &mut Walk<'_>, bytes: &[u8], field: &Field<'_>) {
    let finder = memmem::Finder::new(b"PK");
    let mut rest = bytes;
    while let Some(header) = finder.find(rest).and_then(|at| rest.get(at..)) {
        let (head_bytes, len_at) = match header.get(2..4) {
            Some([3, 4]) => (30, 26),
            Some([1, 2]) => (46, 28),
            _ => {
                rest = header.get(2..).unwrap_or(&[]);
                continue;
            }
        };
        let len = header.get(len_at..).and_then(|rest| rest.first_chunk());
        let len = usize::from(u16::from_le_bytes(*len.unwrap_or(&[0, 0]))).min(NAME_BYTES_MAX);
        let behind = header.get(head_bytes..).unwrap_or(&[]);
        let name = behind.get(..len).unwrap_or(behind);
        show_field(walk, name, Part::Value, field);
        rest = behind.get(name.len()..).unwrap_or(&[]);
    }
}

fn tar(walk: &mut Walk<'_>, bytes: &[u8], field: &Field<'_>) {
    let mut rest = bytes;
    while let Some((head, content)) = rest.split_at_checked(BLOCK_BYTES) {
        if !is_tar(head) {
            break;
        }
        let mut name = walk.buffer();
        push_string(head.get(345..500), &mut name);
        if !name.is_empty() {
            name.push(b'/');
        }
        push_string(head.get(..100), &mut name);
        show_field(walk, &name, Part::Value, field);
        name.clear();
        // Where a link leads, and the long name of the next member.
        push_string(head.get(157..257), &mut name);
        show_field(walk, &name, Part::Value, field);
        let bytes = octal(head.get(124..136).unwrap_or(&[]));
        if matches!(head.get(156), Some(b'L' | b'K')) {
            name.clear();
            let content = content.get(..bytes.min(NAME_BYTES_MAX)).unwrap_or(content);
            push_string(Some(content), &mut name);
            show_field(walk, &name, Part::Value, field);
        }
        walk.recycle(name);
        let skipped = bytes.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES);
        rest = content.get(skipped..).unwrap_or(&[]);
    }
}

/// Appends a text that ends at its first zero byte.
fn push_string(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    let bytes = bytes.unwrap_or(&[]);
    let end = memchr(0, bytes).unwrap_or(bytes.len());
    out.extend_from_slice(bytes.get(..end).unwrap_or(bytes));
}

fn octal(digits: &[u8]) -> usize {
    let digits = digits.iter().filter(|byte| matches!(byte, b'0'..=b'7'));
    digits.fold(0_usize, |value, digit| {
        value
            .saturating_mul(8)
            .saturating_add(usize::from(digit & 7))
    })
}
