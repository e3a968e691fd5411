//! The place of a path: whole value, parameter of a URL, somewhere in a text; and what it is for.
//! It never judges the path itself.
use credenza_event::{Decoder, Form, Part, Role};

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

/// Where the words and the white space of a value begin and end, found once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    first_word: usize,
    /// One past the last letter or digit.
    last_word: usize,
    first_blank: usize,
    /// One past the last white space.
    last_blank: usize,
}

impl Bounds {
    pub(super) fn of(text: &[u8]) -> Self {
        let end = text.len();
        let behind = |at: Option<usize>| at.map_or(0, |at| at.saturating_add(1));
        Self {
            first_word: text.iter().position(|b| is_word(*b)).unwrap_or(end),
            last_word: behind(text.iter().rposition(|b| is_word(*b))),
            first_blank: text.iter().position(|b| is_blank(*b)).unwrap_or(end),
            last_blank: behind(text.iter().rposition(|b| is_blank(*b))),
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

/// Where a path stands in a text.
pub(super) fn of(form: &Form<'_>, bounds: &Bounds, start: usize, end: usize) -> Place {
    let text = form.text;
    let before = text.get(..start).unwrap_or_default();
    let behind = text.get(end..).unwrap_or_default();
    let is_joined = bounds.first_blank >= start;
    let sign = before.trim_ascii();
    let is_listed = !is_joined && (sign.len() > 1 || sign == b"-");
    // In the path of a request folders stand before the value.
    let begins = bounds.first_word >= start && !is_listed || form.role == Role::Path && is_joined;
    let ends = bounds.last_word <= end || bounds.last_blank <= end;
    if is_cut(form) {
        return Place::Text;
    }
    if begins && ends {
        return Place::Whole;
    }
    let is_parameter = before.last() == Some(&b'=');
    if is_parameter && is_joined && bounds.last_blank <= end {
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

/// `<a href=`, `see x =`: what stands before a sign in a sentence is no name of a form's field.
fn is_cut(form: &Form<'_>) -> bool {
    let name = form.path.names().next().unwrap_or_default();
    form.part == Part::Value
        && form.decoded.contains(&Decoder::Form)
        && name.contains(&b'<')
        && name.contains(&b' ')
}

/// True for the text of an element or an attribute of a document.
pub(super) fn is_markup(form: &Form<'_>) -> bool {
    form.decoded.contains(&Decoder::Xml)
}

/// True for the name of an archive's member.
pub(super) fn is_member(form: &Form<'_>) -> bool {
    form.decoded.contains(&Decoder::Archive)
}

/// True if the value is the key of an object in a storage event, or a member of an archive.
pub(super) fn is_object_key(form: &Form<'_>) -> bool {
    if is_member(form) {
        return true;
    }
    let mut names = form.path.names();
    form.part == Part::Value && names.next() == Some(b"key") && names.next() == Some(b"object")
}

/// True if a value of this name is opened as a file.
pub(super) fn is_file_name(form: &Form<'_>) -> bool {
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
