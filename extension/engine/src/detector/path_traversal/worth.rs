//! What a path is worth at its place, and the search for the worst one of a value.
//! It never reads a byte twice, save those of the paths themselves.
use credenza_event::{Form, Role};

use super::path::{self, Reading, is_separator, likeness};
use super::place::{self, Bounds, Place};
use super::target::Worth;
use super::wrapper;
use crate::report::Confidence;
use crate::sought;

/// A path that is worth something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) confidence: Confidence,
    pub(super) production: &'static str,
    pub(super) context: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The worst path of a value.
pub(super) fn strongest(form: &Form<'_>) -> Option<Found> {
    let text = form.text;
    let mut best = stream(text);
    let mut bounds = None;
    let mut at = 0_usize;
    // What stands in a row with none of these signs is no path.
    while let Some(sign) = sought::first(text, at, *b"/\\%\xe2:") {
        let before = text.get(at..sign).unwrap_or_default();
        let ends = |byte: &u8| BYTES.get(usize::from(*byte)) == Some(&ENDS);
        let begin = before.iter().rposition(ends);
        at = at.saturating_add(begin.map_or(0, |end| end.saturating_add(1)));
        let Token { end, is_path } = token(text, at);
        if is_path && let Some(found) = judge(form, &mut bounds, at, end) {
            if best.is_none_or(|best| best.confidence < found.confidence) {
                best = Some(found);
            }
            if found.confidence == Confidence::High {
                break;
            }
        }
        at = end.saturating_add(1);
    }
    best
}

struct Token {
    end: usize,
    is_path: bool,
}

/// The run of bytes at `at` that a path may have.
fn token(text: &[u8], at: usize) -> Token {
    let mut end = at;
    let mut is_path = false;
    while let Some(&byte) = text.get(end) {
        match BYTES.get(usize::from(byte)).copied().unwrap_or(ENDS) {
            NAME => {}
            ENDS => break,
            COLON => is_path |= end > at,
            _ => {
                let rest = text.get(end..).unwrap_or_default();
                is_path |= is_separator(byte) || likeness(rest).is_some();
            }
        }
        end = end.saturating_add(1);
    }
    Token { end, is_path }
}

const NAME: u8 = 0;
const ENDS: u8 = 1;
const MAY_PART: u8 = 2;
const COLON: u8 = 3;

static BYTES: [u8; 256] = {
    let mut table = [NAME; 256];
    let mut byte = 0;
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "runs at build time only, over indices below 256"
    )]
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'\t' | b'\n' | b'\r' | b' ' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b'&'
            | b'(' | b')' | b'=' | b'?' | b'#' | b',' | b'{' | b'}' => ENDS,
            b'/' | b'\\' | b'%' | 0xe2 => MAY_PART,
            b':' => COLON,
            _ => NAME,
        };
        byte += 1;
    }
    table
};

fn judge(form: &Form<'_>, bounds: &mut Option<Bounds>, start: usize, end: usize) -> Option<Found> {
    let path = form.text.get(start..end).unwrap_or_default();
    let reading = path::read(path);
    // What is packed in a `data:` URL stands behind a comma.
    let window = form.text.get(start..).unwrap_or_default();
    let shown = path.len().saturating_add(16);
    let wrapped = wrapper::worth(window.get(..shown).unwrap_or(window));
    if reading.ups == 0 && reading.target == Worth::Nothing && wrapped.is_none() {
        return None;
    }
    let bounds = bounds.get_or_insert_with(|| Bounds::of(form.text));
    let place = place::of(form, bounds, start, end);
    let climbed = worth(form, path, &reading, place);
    let wrapped = wrapped.filter(|_| place.is_own() || place == Place::Argument);
    // A comment or a line of a script names files, too.
    let is_spaced = start > 0 && reading.target < Worth::Secret && reading.ups == 0;
    let climbed = climbed.filter(|_| !is_spaced || !form.text.contains(&b' '));
    let (confidence, production) = match (climbed, wrapped) {
        (Some(one), Some(other)) => {
            if one.0 < other.0 {
                other
            } else {
                one
            }
        }
        (one, other) => one.or(other)?,
    };
    Some(Found {
        confidence,
        production,
        context: place.name(),
        start,
        end,
    })
}

/// `page.php::$DATA`: the stream of a file on Windows, by which a server shows its source.
fn stream(text: &[u8]) -> Option<Found> {
    const STREAM: &[u8] = b"::$data";
    let trimmed = text.trim_ascii_end();
    let start = trimmed.len().checked_sub(STREAM.len())?;
    let (name, stream) = trimmed.split_at_checked(start)?;
    let is_stream = stream.eq_ignore_ascii_case(STREAM);
    let is_name =
        !name.is_empty() && name.len() <= 256 && !name.iter().any(|b| b" \n=".contains(b));
    (is_stream && is_name).then_some(Found {
        confidence: Confidence::High,
        production: "file-stream",
        context: "value",
        start: 0,
        end: trimmed.len(),
    })
}

type Verdict = Option<(Confidence, &'static str)>;

fn worth(form: &Form<'_>, path: &[u8], reading: &Reading, place: Place) -> Verdict {
    let has_target = reading.target >= Worth::Own;
    let climbs = reading.escapes >= 2
        || reading.ups >= 1 && has_target
        || reading.is_odd && (reading.escapes >= 1 || reading.target >= Worth::Sensitive);
    if climbs {
        return climbing(form, path, reading, place);
    }
    if place::is_object_key(form) && place == Place::Whole && reading.ups > 0 {
        let confidence = if reading.escapes > 0 {
            Confidence::High
        } else {
            Confidence::Medium
        };
        return Some((confidence, "escape"));
    }
    if reading.ups > 0 {
        let is_named = place == Place::Whole && place::is_file_name(form) && reading.escapes > 0;
        let is_named = is_named && !place::is_reference(form) && form.role != Role::Body;
        return is_named.then_some((Confidence::Medium, "escape"));
    }
    naming(form, reading, place)
}

/// A path that goes up, twice or to a target.
fn climbing(form: &Form<'_>, path: &[u8], reading: &Reading, place: Place) -> Verdict {
    let has_target = reading.target >= Worth::Own;
    let production = if has_target {
        "escape-to-target"
    } else {
        "escapes"
    };
    let confidence = match place {
        Place::Whole | Place::Parameter => {
            let is_plain = !has_target && !reading.is_odd && !reading.is_absolute;
            // Two steps up are what manifests, imports and source maps write of each other.
            let is_file = form.role != Role::Body && place::is_file_name(form);
            let is_near = reading.escapes < 3 || is_import(path);
            let is_near = is_plain && !is_file && is_near;
            if is_plain && (place::is_reference(form) || place::is_markup(form)) {
                return None;
            }
            if is_near {
                Confidence::Medium
            } else {
                Confidence::High
            }
        }
        Place::Argument if has_target => Confidence::High,
        Place::Inside | Place::Argument if reading.target >= Worth::Sensitive => Confidence::Medium,
        Place::Text if reading.target >= Worth::Sensitive && reading.escapes >= 2 => {
            Confidence::Low
        }
        _ => return None,
    };
    Some((confidence, production))
}

// Limit: who imports goes up from a folder of his own project; four steps are deep.
const IMPORT_UPS: usize = 4;

/// `../../../shared/date-format`: a module, as programs import it, without the ending of a file.
fn is_import(path: &[u8]) -> bool {
    // A page of documentation is named with its ending.
    let mut names = path.strip_suffix(b".md").unwrap_or(path);
    let mut ups = 0_usize;
    while let Some(rest) = names.strip_prefix(b"../") {
        names = rest;
        ups = ups.saturating_add(1);
    }
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_@./".contains(byte);
    let last = names.rsplit(|byte| *byte == b'/').next();
    ups <= IMPORT_UPS
        && names.iter().all(is_of_name)
        && (names.iter().any(|byte| b"/-".contains(byte))
            || names.iter().all(u8::is_ascii_lowercase))
        && last.is_some_and(|name| !name.is_empty() && !name.contains(&b'.'))
}

/// A path that names a target without going up.
fn naming(form: &Form<'_>, reading: &Reading, place: Place) -> Verdict {
    let is_asked = matches!(
        form.role,
        Role::Query | Role::Path | Role::Header | Role::Cookie
    );
    let is_raised = place::is_file_name(form) || reading.is_file;
    let confidence = match (reading.target, place) {
        (Worth::Secret, Place::Whole | Place::Parameter)
            if reading.is_home || place::is_markup(form) =>
        {
            Confidence::Medium
        }
        (Worth::Sensitive, _) if reading.is_here => return None,
        (Worth::Secret, Place::Whole | Place::Parameter) => Confidence::High,
        (Worth::Sensitive, Place::Whole) => match (is_asked, is_raised) {
            _ if reading.is_file || reading.is_drive => Confidence::High,
            (true, true) => Confidence::High,
            (true, false) | (false, true) => Confidence::Medium,
            (false, false) => return None,
        },
        (Worth::Sensitive, Place::Parameter) if form.text.contains(&b'?') => Confidence::Medium,
        _ => return None,
    };
    Some((confidence, "target"))
}
