//! One path, read as servers and runtimes read it: separators unified, noise dropped, resolved.
//! It never allocates and never looks beyond the path.
use credenza_event::Span;

use super::target::{self, Names, Worth};

/// What a path does.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that was read"
)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// How often it goes above where it began.
    pub(super) escapes: u32,
    /// How often it goes up at all.
    pub(super) ups: u32,
    /// A spelling that only evades filters: noise inside of `..`, nested dots, a NUL.
    pub(super) is_odd: bool,
    /// The worst that it names.
    pub(super) target: Worth,
    /// It begins with `~`, as its own user writes it.
    pub(super) is_home: bool,
    /// It begins with a drive.
    pub(super) is_drive: bool,
    /// It begins with `./`.
    pub(super) is_here: bool,
    /// It begins at the root.
    pub(super) is_absolute: bool,
    /// Its scheme is one that reads files.
    pub(super) is_file: bool,
}

/// A piece between two separators.
enum Segment<'t> {
    Empty,
    Here,
    Up {
        is_odd: bool,
    },
    /// Three dots and more.
    Dots(u32),
    Name(&'t [u8]),
}

/// Reads a path.
pub(super) fn read(path: &[u8]) -> Reading {
    let mut state = State::default();
    let has_slash = path.iter().any(|byte| is_separator(*byte));
    let mut rest = path;
    while let Some(behind) = scheme(rest, &mut state) {
        rest = behind;
    }
    while !state.is_done {
        let (segment, behind) = split(rest, &mut state.reading.is_odd);
        let segment = classify(segment, has_slash, &mut state.reading.is_odd);
        state.enter(&segment);
        match behind {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    state.reading
}

/// What stands behind the scheme at the start of a path; `None` if there is none.
fn scheme<'t>(path: &'t [u8], state: &mut State<'_>) -> Option<&'t [u8]> {
    let colon = path
        .iter()
        .take(SCHEME_BYTES_MAX)
        .position(|b| *b == b':')?;
    let (scheme, rest) = path.split_at_checked(colon)?;
    let rest = rest.get(1..)?;
    let is_known = reads_files(scheme) || scheme.eq_ignore_ascii_case(b"url");
    let is_any = scheme.len() >= 2
        && rest.starts_with(b"//")
        && scheme
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte));
    if !is_known && !is_any {
        return None;
    }
    let reading = &mut state.reading;
    reading.is_file |= reads_files(scheme);
    state.has_host = is_any && !reading.is_file;
    if state.has_host {
        rest.get(2..)
    } else {
        Some(rest)
    }
}

// Limit: schemes have up to 15 letters, and 16 more bytes are never one.
const SCHEME_BYTES_MAX: usize = 32;

fn reads_files(scheme: &[u8]) -> bool {
    [b"file".as_slice(), b"netdoc", b"local_file", b"view-source"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
}

#[derive(Default)]
struct State<'t> {
    reading: Reading,
    depth: u32,
    names: Names<'t>,
    /// Dots that a filter may take a `../` out of.
    dots: u32,
    segments: u32,
    /// The first name is the host of a URL and no folder.
    has_host: bool,
    is_done: bool,
}

// Limit: Linux takes paths of 4,096 bytes; 2,048 segments are more than any file system opens.
const SEGMENTS_MAX: u32 = 2048;

impl<'t> State<'t> {
    fn enter(&mut self, segment: &Segment<'t>) {
        let dots = core::mem::take(&mut self.dots);
        let first = self.segments == 0;
        self.segments = self.segments.saturating_add(1);
        self.is_done = self.segments >= SEGMENTS_MAX;
        let reading = &mut self.reading;
        match *segment {
            // `....//` and `..././` are what is left of `../` once a filter has taken one out.
            Segment::Empty if first => reading.is_absolute = true,
            Segment::Empty if dots >= 4 => self.up(true),
            Segment::Here if dots == 3 => self.up(true),
            // Two separators begin anew where names are joined to a folder.
            Segment::Empty => self.names.clear_unknown(),
            Segment::Here => reading.is_here |= first,
            Segment::Up { is_odd } => self.up(is_odd),
            Segment::Dots(dots) => self.dots = dots,
            Segment::Name(name) => {
                if first && self.has_host {
                    return;
                }
                if first && name == b"~" {
                    reading.is_home = true;
                }
                self.name(name);
            }
        }
    }

    fn up(&mut self, is_odd: bool) {
        self.names.clear();
        let reading = &mut self.reading;
        reading.ups = reading.ups.saturating_add(1);
        reading.is_odd |= is_odd;
        match self.depth.checked_sub(1) {
            Some(depth) => self.depth = depth,
            None => reading.escapes = reading.escapes.saturating_add(1),
        }
    }

    fn name(&mut self, name: &'t [u8]) {
        let name = match name {
            // A drive is a root.
            [drive, b':', rest @ ..] if drive.is_ascii_alphabetic() => {
                self.names.clear();
                self.depth = 0;
                self.reading.is_drive = true;
                rest
            }
            // So is the share of one: `\\\\host\\c$`.
            [drive, b'$'] if drive.is_ascii_alphabetic() && self.reading.is_absolute => {
                self.names.clear();
                self.reading.is_drive = true;
                return;
            }
            _ if self.segments == 1 && is_system_root(name) => {
                self.reading.is_drive = true;
                b"windows"
            }
            _ => name,
        };
        if name.is_empty() {
            return;
        }
        self.depth = self.depth.saturating_add(1);
        self.names.push(name);
        self.reading.target = self.reading.target.max(target::worth(&self.names));
    }
}

/// `%WINDIR%`: the folder of Windows, wherever it is.
fn is_system_root(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"%windir%") || name.eq_ignore_ascii_case(b"%systemroot%")
}

/// True for the two bytes that separate names somewhere.
pub(super) fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// The bytes of what some servers take for a separator, at the start of a text: characters that
/// best-fit tables turn into slashes, and escapes that only lenient servers undo.
pub(super) fn likeness(text: &[u8]) -> Option<usize> {
    match text {
        [0xe2, 0x88, 0x95 | 0x96, ..]
        | [0xe2, 0x81, 0x84, ..]
        | [0xe2, 0xa7, 0xb5 | 0xb8 | 0xb9, ..] => Some(3),
        [b'%', b'2', b'%', b'f' | b'F', ..] | [b'%', b'5', b'%', b'c' | b'C', ..] => Some(4),
        _ => None,
    }
}

/// The segment at the start of a path, and what stands behind its separator.
fn split<'t>(path: &'t [u8], is_odd: &mut bool) -> (&'t [u8], Option<&'t [u8]>) {
    let mut at = 0_usize;
    while let Some(&byte) = path.get(at) {
        let rest = path.get(at..).unwrap_or_default();
        let len = if is_separator(byte) {
            // Nobody joins the separators of two systems.
            *is_odd |= matches!(rest, [b'/', b'\\', ..] | [b'\\', b'/', ..]);
            Some(1)
        } else if matches!(byte, 0xe2 | b'%') {
            likeness(rest)
        } else {
            None
        };
        let Some(len) = len else {
            at = at.saturating_add(1);
            continue;
        };
        *is_odd |= len > 1;
        let segment = path.get(..at).unwrap_or_default();
        return (segment, path.get(at.saturating_add(len)..));
    }
    (path, None)
}

fn classify<'t>(segment: &'t [u8], has_slash: bool, is_odd: &mut bool) -> Segment<'t> {
    if segment.is_empty() {
        return Segment::Empty;
    }
    if let Some(dots) = dots(segment, has_slash, is_odd) {
        return dots;
    }
    // A NUL ends the name for everything that is written in C.
    let start = segment
        .iter()
        .position(|byte| *byte > b' ' && *byte < 0x7f)
        .unwrap_or(segment.len());
    let name = segment.get(start..).unwrap_or_default();
    let end = name.iter().position(|byte| matches!(byte, 0 | b';'));
    if end.is_some() && name.contains(&0) || start > 0 {
        *is_odd = true;
    }
    if is_mangled(segment) {
        *is_odd = true;
        // What stands where somebody takes dots to be.
        if !segment.iter().any(u8::is_ascii_alphanumeric) {
            return Segment::Empty;
        }
    }
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or(name);
    let last = name.iter().rposition(|byte| !matches!(byte, b'.' | b' '));
    let name = name.get(..=last.unwrap_or(0)).unwrap_or(name);
    if name.is_empty() {
        Segment::Empty
    } else {
        Segment::Name(name)
    }
}

/// True for bytes that no encoding has in a name, and for what stands where they stood.
fn is_mangled(segment: &[u8]) -> bool {
    segment
        .iter()
        .any(|byte| matches!(byte, 0xc0 | 0xc1 | 0xf8..))
        || segment.windows(3).any(|three| three == [0xef, 0xbf, 0xbd])
}

/// What a segment of nothing but dots and noise is; `None` if there is a name in it.
fn dots<'t>(segment: &[u8], has_slash: bool, is_odd: &mut bool) -> Option<Segment<'t>> {
    let mut dots = 0_u32;
    let mut is_noisy = false;
    let mut rest = segment;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'.' => dots = dots.saturating_add(1),
            // Dot leaders and the ellipsis, among separators that are some.
            0xe2 if has_slash && matches!(rest, [0x80, 0xa4..=0xa6, ..]) => {
                let more = rest.get(1).map_or(0, |last| last.saturating_sub(0xa3));
                dots = dots.saturating_add(u32::from(more));
                rest = rest.get(2..).unwrap_or_default();
                is_noisy = true;
            }
            // Tomcat drops the parameters of a segment.
            b';' if dots >= 2 && has_slash => {
                is_noisy = true;
                break;
            }
            b'%' if matches!(rest, [b'2', b'%', b'e' | b'E', ..]) => {
                dots = dots.saturating_add(1);
                rest = rest.get(3..).unwrap_or_default();
                is_noisy = true;
            }
            // Between two dots only a zero byte is dropped, by those whose strings end at it.
            0 => is_noisy = true,
            0..=b' ' | 0x7f.. | b'%' if dots != 1 || !rest.contains(&b'.') => is_noisy = true,
            _ => return None,
        }
    }
    *is_odd |= segment.contains(&0) || dots == 0 && is_mangled(segment);
    Some(match dots {
        0 => Segment::Empty,
        1 => Segment::Here,
        2 => Segment::Up { is_odd: is_noisy },
        _ => Segment::Dots(dots),
    })
}

/// A span from `start` to `end`, clipped to what a span can say.
pub(super) fn span(start: usize, end: usize) -> Span {
    let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: clip(start),
        end: clip(end),
    }
}
