//! Where a line break stands: in a value that is a single line by its nature, or in a text.
//! It never judges what stands behind the break alone.
use credenza_event::{Form, Part, Role, Span};
use memchr::memchr;

use super::block::{self, Block, Breaks};
use super::known::{self, Line};
use crate::report::Confidence;

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) confidence: Confidence,
    pub(super) context: &'static str,
    pub(super) production: &'static str,
    pub(super) span: Span,
}

/// How likely a value has lines of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    /// Names, headers and paths never have any.
    Single,
    /// A cookie has none of its own, but a page may keep a text in it, encoded.
    Cookie,
    /// A parameter seldom has.
    Parameter,
    /// A field of a body that is no text by its name.
    Field,
}

// Limit: what is broken out of is a word, a mail address or a URL.
const PREFIX_BYTES_MAX: usize = 256;
// Limit: a value of a few words; more of them are a text.
const WORDS_MAX: usize = 3;
// Limit: in a value of a single line the first breaks decide.
const BREAKS_MAX: usize = 8;

/// Names of fields that hold texts.
const TEXTS: [&str; 21] = [
    "body",
    "content",
    "text",
    "message",
    "comment",
    "description",
    "note",
    "html",
    "raw",
    "log",
    "source",
    "code",
    "markdown",
    "template",
    "script",
    "snippet",
    "config",
    "yaml",
    "request",
    "response",
    "header",
];

/// The strongest finding of a form.
pub(super) fn strongest(form: &Form<'_>) -> Option<Found> {
    let nature = nature(form)?;
    let found = broken(form, nature, Breaks::Real);
    // Program text spells its breaks, and has lines.
    if found.is_some() || memchr(b'\n', form.text).is_some() {
        return found;
    }
    broken(form, nature, Breaks::Spelled)
}

/// The strongest finding behind breaks of one kind.
fn broken(form: &Form<'_>, nature: Nature, breaks: Breaks) -> Option<Found> {
    let mut before = 0_usize;
    let mut rest = form.text;
    for _ in 0..BREAKS_MAX {
        let (line, behind) = block::split(rest, breaks)?;
        if nature != Nature::Single && line.len() > PREFIX_BYTES_MAX {
            return None;
        }
        let start = form.text.len().saturating_sub(behind.len());
        let found = confidence((nature, breaks), line, before > 0, behind);
        if let Some((confidence, production, len)) = found {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            return Some(Found {
                confidence,
                context: match nature {
                    Nature::Single | Nature::Cookie => "single-line",
                    Nature::Parameter => "parameter",
                    Nature::Field => "field",
                },
                production,
                span: Span {
                    start: offset(start.saturating_sub(1)),
                    end: offset(start.saturating_add(len)),
                },
            });
        }
        // A text begins with lines that are no fields; empty ones may stand before an attack.
        if nature != Nature::Single && !line.is_empty() {
            return None;
        }
        before = before.saturating_add(line.len());
        rest = behind;
    }
    None
}

/// The nature of a form's place; none for texts.
fn nature(form: &Form<'_>) -> Option<Nature> {
    if form.part == Part::Key {
        return Some(Nature::Single);
    }
    match form.role {
        Role::Header | Role::Path | Role::ObjectKey => Some(Nature::Single),
        Role::Cookie => Some(Nature::Cookie),
        Role::Query => Some(Nature::Parameter),
        Role::Body | Role::Message | Role::Other => {
            // A name that holds a word of texts, and no name at all: a text.
            let name = form.path.member().unwrap_or(&[]);
            let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
            let is_text = name.is_empty() || TEXTS.iter().any(|text| holds(name, text));
            (!is_text).then_some(Nature::Field)
        }
    }
}

// Limit: names of fields are short; a longer one is not searched to its end.
const NAME_BYTES_MAX: usize = 64;

fn holds(name: &[u8], word: &str) -> bool {
    name.windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// How sure a break makes between a line and what stands behind it.
fn confidence(
    (nature, breaks): (Nature, Breaks),
    line: &[u8],
    is_later: bool,
    behind: &[u8],
) -> Option<(Confidence, &'static str, usize)> {
    let block = block::read(behind, breaks);
    let is_message = known::line(line) != Line::Other && !is_later;
    if is_message || !is_value(nature, line) {
        return None;
    }
    let high = |production| Some((Confidence::High, production, block.len.max(1)));
    // Two letters may be a folder's name: what follows must say what only a head does.
    let is_spelled = breaks == Breaks::Spelled;
    let is_code = line
        .iter()
        .any(|byte| matches!(byte, b'(' | b'"' | b'\'' | b'`'));
    if is_spelled && is_code {
        return None;
    }
    if is_spelled
        && !matches!(
            block.line,
            Line::Http | Line::Mail | Line::Status | Line::Request
        )
    {
        return None;
    }
    if nature == Nature::Single && !is_spelled {
        return match block.line {
            Line::Other => block.has_page.then(|| high("page")).flatten(),
            line => high(line.name()),
        };
    }
    let is_split = known::ends_as_request(line);
    let is_broken = !line.contains(&b' ');
    match block.line {
        Line::Http | Line::Status | Line::Request if block.is_whole || is_split => {
            high(block.line.name())
        }
        Line::Dashed if block.is_whole && is_broken && nature == Nature::Parameter => {
            high(block.line.name())
        }
        Line::Mail if is_mailed(line, &block) || copies(behind) => high(block.line.name()),
        // Any field counts behind a word, if a text would not go on like this.
        Line::Field | Line::Dashed | Line::Mail
            if nature == Nature::Cookie && block.is_whole && is_broken && !is_spelled =>
        {
            high(block.line.name())
        }
        Line::Other if nature != Nature::Field && block.has_page && block.is_whole => high("page"),
        _ => None,
    }
}

/// True if a field of mail follows what may be a mail address, or begins a letter of its own.
fn is_mailed(line: &[u8], block: &Block) -> bool {
    block.is_whole && (line.is_empty() || line.contains(&b'@'))
}

/// True for a block that begins with who else gets a letter without the others' knowing: a text of
/// one line has no use for it, whatever that line says.
fn copies(behind: &[u8]) -> bool {
    let near = behind.get(..PREFIX_BYTES_MAX).unwrap_or(behind);
    let line = near.split(|byte| matches!(byte, b'\r' | b'\n')).next();
    let line = line.unwrap_or(near);
    let is_blind = line
        .get(..4)
        .is_some_and(|name| name.eq_ignore_ascii_case(b"bcc:"));
    is_blind && line.contains(&b'@')
}

/// True for a line that is a value and no line of a text or a program.
fn is_value(nature: Nature, line: &[u8]) -> bool {
    if nature == Nature::Single {
        return true;
    }
    let words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .count();
    let most = if nature == Nature::Field {
        1
    } else {
        WORDS_MAX
    };
    let is_few = words <= most || known::ends_as_request(line);
    let is_open = matches!(
        line.trim_ascii_end().last(),
        Some(b'{' | b'(' | b'[' | b',' | b':' | b';' | b'>' | b'`' | b'\\' | b'"' | b'\'' | b'=')
    );
    let is_marked = matches!(
        line.first(),
        Some(b'#' | b'-' | b'`' | b'<' | b'{' | b'[' | b';' | b'!')
    ) && line.len() > 1
        || line.starts_with(b"//");
    is_few && !is_open && !is_marked
}
