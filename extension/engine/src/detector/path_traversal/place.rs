//! The place of a path: whole value, parameter of a URL, somewhere in a text; and what it is for.
//! It never judges the path itself.
use credenza_event::{Form, Part, Role};

use super::path::span;
use crate::prose;

/// How much of the value a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All of it.
    Whole,
    /// What stands behind a `=` in a text without white space.
    Parameter,
    /// Behind a `=` in a short text.
    Argument,
    /// Somewhere in a short text.
    Inside,
    /// In a text of sentences or of many lines.
    Text,
}

impl Place {
    /// The name in explanations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Whole => "value",
            Self::Parameter | Self::Argument => "parameter",
            Self::Inside | Self::Text => "text",
        }
    }

    /// True if nothing but the path is meant.
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Whole | Self::Parameter)
    }
}

// Limit: what a path is the argument of is a name or a short command.
const BESIDE_BYTES_MAX: usize = 96;

/// Where a path stands in a text.
pub(super) fn of(form: &Form<'_>, start: usize, end: usize) -> Place {
    let text = form.text;
    let before = text.get(..start).unwrap_or_default();
    let behind = text.get(end..).unwrap_or_default();
    let is_free =
        |text: &[u8]| text.len() <= BESIDE_BYTES_MAX && !text.iter().any(u8::is_ascii_alphanumeric);
    let is_spaced = |text: &[u8]| {
        text.len() > BESIDE_BYTES_MAX || text.iter().any(|byte| matches!(byte, b' ' | 9..=13))
    };
    // In the path of a request folders stand before the value.
    let begins = is_free(before) || form.role == Role::Path && !is_spaced(before);
    if begins && (is_free(behind) || !is_spaced(behind)) {
        return Place::Whole;
    }
    // A URL may be long; what is behind the path is other parameters.
    let is_long = before.len() > 4096 || behind.len() > 4096;
    let is_one = !is_long
        && !before.iter().any(|byte| matches!(byte, b' ' | 9..=13))
        && !behind.iter().any(|byte| matches!(byte, b' ' | 9..=13));
    let is_parameter = before.last() == Some(&b'=');
    if is_one && is_parameter {
        return Place::Parameter;
    }
    let is_short = before.len().saturating_add(behind.len()) <= BESIDE_BYTES_MAX
        && !before.contains(&b'\n')
        && !prose::surrounds(text, span(start, end));
    match (is_short, is_parameter) {
        (true, true) => Place::Argument,
        (true, false) => Place::Inside,
        _ => Place::Text,
    }
}

/// True if the value is the key of an object in a storage event.
pub(super) fn is_object_key(form: &Form<'_>) -> bool {
    let mut names = form.path.names();
    form.part == Part::Value && names.next() == Some(b"key") && names.next() == Some(b"object")
}

/// True if a value of this name is opened as a file.
pub(super) fn is_file_name(form: &Form<'_>) -> bool {
    if form.role == Role::Path {
        return true;
    }
    let Some(name) = form.path.names().next() else {
        return false;
    };
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    let ends = |known: &[u8]| {
        let start = name.len().saturating_sub(known.len());
        name.get(start..)
            .is_some_and(|end| end.eq_ignore_ascii_case(known))
    };
    const NAMES: [&[u8]; 11] = [
        b"file",
        b"filename",
        b"page",
        b"template",
        b"tpl",
        b"doc",
        b"document",
        b"include",
        b"inc",
        b"download",
        b"view",
    ];
    // Manifests have paths, too.
    const MORE: [&[u8]; 9] = [
        b"load", b"module", b"folder", b"root", b"layout", b"theme", b"img", b"image", b"cat",
    ];
    const ENDINGS: [&[u8]; 4] = [b"file", b"path", b"dir", b"file-name"];
    NAMES.iter().any(|known| is(known))
        || form.role != Role::Body
            && (MORE.iter().any(|known| is(known)) || ENDINGS.iter().any(|known| ends(known)))
}

/// True for the members of configuration and of source maps that hold relative paths.
pub(super) fn is_reference(form: &Form<'_>) -> bool {
    const NAMES: [&[u8]; 6] = [
        b"$schema",
        b"$ref",
        b"extends",
        b"sources",
        b"sourceRoot",
        b"references",
    ];
    form.path.names().take(2).any(|name| NAMES.contains(&name))
}
