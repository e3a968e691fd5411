//! Whether a text calls for any decoder at all, which almost no ordinary value does.
//! It never says no to a text that a decoder or a container would read.
use memchr::{memchr, memchr3_iter};

use super::{base64, codes, container, data_url, hex, html, nul, segment, utf7};
use crate::form::{Classes, Part, Role};
use crate::scan::pairs::{CodeCall, Pair as _};
use crate::walk::Field;

/// Kinds of bytes that some decoder reads.
pub(crate) const CALLS: Classes = Classes::PERCENT
    .with(Classes::AMPERSAND)
    .with(Classes::ESCAPED)
    .with(Classes::HIGH)
    .with(Classes::PLUS);

/// What zero bytes and character codes need.
pub(super) const SIGNED: Classes = Classes::ODD.with(Classes::SIGN);

/// True if a text holds a zero byte, or what may be a call that makes characters of numbers.
fn is_signed(text: &[u8]) -> bool {
    // Limit: a block of the scanner; in a longer text brackets may be many.
    if text.len() > 64 {
        return nul::may_be(text) || codes::may_be(text);
    }
    memchr3_iter(0, b'(', b']', text).any(|at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        text.get(at).is_some_and(|&byte| {
            byte == 0 || before.is_some_and(|before| CodeCall::is(*before, byte))
        })
    })
}

// Limit: a name of an ordinary event has at most 31 bytes (`multiValueQueryStringParameters`); what
// is packed into a name and shorter than this carries no object and hardly an attack.
const NAME_BYTES_MIN: usize = 32;

/// True if a text without the bytes of [`CALLS`] and of [`Classes::ODD`] is too short for any
/// decoder.
#[inline]
pub(crate) fn is_too_short(text: &[u8], part: Part) -> bool {
    match part {
        Part::Key => text.len() < NAME_BYTES_MIN,
        Part::Value => text.len() < base64::CHARS_MIN,
    }
}

/// True if a text is opened and unpacked: a value, or a name that is longer than names are.
#[inline]
pub(super) fn is_opened(text: &[u8], field: &Field<'_>) -> bool {
    field.part == Part::Value || text.len() >= NAME_BYTES_MIN
}

/// The classes of a text, unless it is likely to be opened as a document, where nobody asks.
pub(crate) fn classes(text: &[u8]) -> Classes {
    if container::is_json(text) {
        Classes::UNKNOWN
    } else {
        Classes::of(text)
    }
}

/// True if a decoder or container may apply; false for almost every ordinary value.
#[inline]
pub(crate) fn may_apply(text: &[u8], classes: Classes, field: &Field<'_>) -> bool {
    const SURE: Classes = Classes::PERCENT.with(Classes::ESCAPED).with(Classes::HIGH);
    if classes.meets(SURE)
        || classes.has(Classes::AMPERSAND) && html::may_be(text)
        || classes.has(Classes::PLUS) && (field.plus || utf7::may_be(text))
        || classes.has(SIGNED) && is_signed(text)
    {
        return true;
    }
    if !is_opened(text, field) {
        return false;
    }
    match text.first() {
        Some(b'{' | b'[' | b'"' | b'<' | b'#' | b' ' | b'\n' | b'\r' | b'\t') => return true,
        Some(b'-') if text.starts_with(b"--") => return true,
        Some(b'e' | b'd' | b'D' | b'B' | b'b') if is_carried(text) => return true,
        Some(b'q' | b'm' | b's' | b'f') if classes.has(Classes::ODD) && is_graphql(text) => {
            return true;
        }
        _ => {}
    }
    if matches!(field.role, Role::Path | Role::ObjectKey) && segment::may_be(text) {
        return true;
    }
    if base64::may_be_plain(text, is_path(field)) || hex::may_be(text) {
        return true;
    }
    if may_carry_bytes(text, field) {
        return true;
    }
    let may_be_form = field.role.is_payload()
        || matches!(field.role, Role::Query | Role::Cookie)
        || classes.has(Classes::AMPERSAND);
    may_be_form && classes.has(Classes::ODD) && memchr(b'=', text).is_some()
}

fn is_carried(text: &[u8]) -> bool {
    base64::may_be_carried(text) || data_url::may_be(text)
}

/// True if a text begins with a word that begins a GraphQL document.
fn is_graphql(text: &[u8]) -> bool {
    text.starts_with(b"query")
        || text.starts_with(b"mutation")
        || text.starts_with(b"subscription")
        || text.starts_with(b"fragment")
}

/// True for a body or message in base64, which the source hands over so if it may be no text.
#[inline]
pub(super) fn may_carry_bytes(text: &[u8], field: &Field<'_>) -> bool {
    field.role.is_payload()
        && field.levels == 0
        && field.part == Part::Value
        && base64::is_whole(text)
}

/// True for paths and object keys, where a value stands behind slashes.
pub(super) fn is_path(field: &Field<'_>) -> bool {
    matches!(field.role, Role::Path | Role::ObjectKey) || (field.plus && field.role == Role::Other)
}
