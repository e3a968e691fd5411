//! Document types and their declarations, as XML 1.0 writes them (sections 2.8 and 4.2).
//! It never expands an entity: what an expansion would grow to is counted.
use memchr::memchr;

use super::identifier::{self, Target, target};
use super::reader::Reader;
use crate::report::Confidence::{self, High, Low, Medium};
use crate::sought;

/// What declarations say, and where the surest of them stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared {
    pub(super) confidence: Confidence,
    pub(super) production: &'static str,
    /// Where the text goes on.
    pub(super) end: usize,
}

// Limit: sixty-four references in all are more than any letter needs, and a twentieth of what a
// parser notices.
const GROWTH_MAX: u64 = 64;
// Limit: one entity that refers to the same other one four times begins a bomb.
const REPEATED_MIN: u64 = 4;

// Limit: eight references in a row to a text of one's own multiply it; no letter repeats a name so.
const ROW_MIN: u64 = 8;
// Limit: a document that multiplies a text begins with it.
const CONTENT_BYTES: usize = 4096;

/// Declarations as they are read.
struct Declarations<'t> {
    best: Option<(Confidence, &'static str)>,
    /// What the last entity would grow to.
    growth: u64,
    /// A text of one's own is declared.
    is_own: bool,
    /// The name of the last entity, and the one that it refers to first.
    last: (&'t [u8], &'t [u8]),
}

impl<'t> Declarations<'t> {
    fn new() -> Self {
        Self {
            best: None,
            growth: 1,
            is_own: false,
            last: (&[], &[]),
        }
    }

    fn note(&mut self, confidence: Confidence, production: &'static str) {
        if self.best.is_none_or(|(best, _)| best < confidence) {
            self.best = Some((confidence, production));
        }
    }

    fn external(&mut self, system: &[u8], public: Option<&[u8]>) {
        match target(system, public) {
            Target::Reached | Target::Remote => self.note(High, "external-entity"),
            Target::Beside => self.note(Medium, "entity-of-a-file"),
            Target::Odd => self.note(Medium, "odd-entity"),
            Target::Known => {}
        }
    }

    /// An entity that refers to itself, or to the one before that refers to it.
    fn circle(&mut self, name: &'t [u8], value: &'t [u8]) {
        let reference = value
            .strip_prefix(b"&")
            .and_then(|rest| rest.split(|byte| *byte == b';').next())
            .unwrap_or(&[]);
        let back = self.last.0 == reference && self.last.1 == name;
        if !reference.is_empty() && (reference == name || back) {
            self.note(High, "entity-circle");
        }
        self.last = (name, reference);
    }

    /// An entity whose text stands in the declaration.
    fn internal(&mut self, value: &[u8], is_parameter: bool) {
        let nested =
            sought::find(value, b"<!").is_some() || sought::find(value, b"SYSTEM").is_some();
        if nested && value.iter().any(|byte| matches!(byte, b'%' | b'&')) {
            return self.note(High, "declaration-in-an-entity");
        }
        let references = references(value);
        if references.most >= REPEATED_MIN {
            self.growth = self.growth.saturating_mul(references.all);
            self.note(High, "entity-expansion");
        } else if references.all > 1 {
            self.growth = self.growth.saturating_mul(references.all);
            if self.growth >= GROWTH_MAX {
                self.note(High, "entity-expansion");
            }
        }
        let is_text = value.iter().any(u8::is_ascii_alphanumeric)
            && memchr(b'&', value).is_none()
            && sought::find(value, b"://").is_none();
        if is_text && !is_parameter {
            self.is_own = true;
            self.note(Low, "internal-entity");
        }
    }
}

/// References in the text of an entity: all, and the most of them to the same entity in a row.
struct References {
    all: u64,
    most: u64,
}

fn references(value: &[u8]) -> References {
    let mut counted = References { all: 0, most: 0 };
    let (mut last, mut row): (&[u8], u64) = (&[], 0);
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'&' | b'%')) {
        rest = rest.get(at.saturating_add(1)..).unwrap_or(&[]);
        let len = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
            .count();
        let (name, behind) = rest.split_at(len);
        rest = behind;
        if name.is_empty() || behind.first() != Some(&b';') {
            continue;
        }
        counted.all = counted.all.saturating_add(1);
        row = if name == last {
            row.saturating_add(1)
        } else {
            1
        };
        last = name;
        counted.most = counted.most.max(row);
    }
    counted
}

/// Reads the document type at `at`, behind `<!DOCTYPE`.
pub(super) fn document_type(text: &[u8], at: usize) -> Declared {
    let mut reader = Reader::new(text, at);
    let mut declarations = Declarations::new();
    reader.spaces();
    reader.name();
    reader.spaces();
    external_subset(&mut reader, &mut declarations);
    reader.spaces();
    if reader.peek() == Some(b'[') {
        reader.skip(1);
        internal_subset(&mut reader, &mut declarations);
        // Nothing closes the declarations: what a function appends is read as one of them.
        if reader.rest().is_empty() && !text.trim_ascii_end().ends_with(b"]") {
            declarations.note(Low, "open-subset");
        }
        let content = reader.rest();
        let content = content.get(..CONTENT_BYTES).unwrap_or(content);
        if declarations.is_own && references(content).most >= ROW_MIN {
            declarations.note(High, "entity-expansion");
        }
    }
    declared(&reader, &declarations)
}

/// Reads one declaration at `at`, where `<!ENTITY` or `<!ATTLIST` stands without a document type.
pub(super) fn lone(text: &[u8], at: usize) -> Declared {
    let mut reader = Reader::new(text, at);
    let mut declarations = Declarations::new();
    internal_subset(&mut reader, &mut declarations);
    if declarations.is_own && declarations.best.is_some_and(|(best, _)| best == Low) {
        declarations.best = None;
    }
    declared(&reader, &declarations)
}

fn declared(reader: &Reader<'_>, declarations: &Declarations<'_>) -> Declared {
    let (confidence, production) = declarations.best.unwrap_or((Low, ""));
    Declared {
        confidence,
        production,
        end: reader.at,
    }
}

fn external_subset(reader: &mut Reader<'_>, declarations: &mut Declarations<'_>) {
    let public = if reader.word(b"public") {
        reader.literal()
    } else if reader.word(b"system") {
        None
    } else {
        return;
    };
    let is_public = public.is_some();
    let Some(system) = reader.literal() else {
        return;
    };
    match target(system, public) {
        // A catalog of types lies on the machine.
        Target::Reached
            if public.is_some_and(identifier::is_formal) && system.ends_with(b".dtd") => {}
        Target::Reached => declarations.note(High, "external-subset"),
        // A type without a formal name that only its writer's host has.
        Target::Remote if is_public || reader.text.len() <= TRIVIAL_BYTES => {
            declarations.note(High, "external-subset");
        }
        Target::Remote => declarations.note(Medium, "external-subset"),
        Target::Beside | Target::Known | Target::Odd => {}
    }
}

// Limit: a document that only fetches its type has no more than this.
const TRIVIAL_BYTES: usize = 256;

/// Reads declarations to the `]` that ends them.
fn internal_subset<'t>(reader: &mut Reader<'t>, declarations: &mut Declarations<'t>) {
    loop {
        let rest = reader.rest();
        let next = rest.iter().position(|byte| matches!(byte, b'<' | b']'));
        let Some(next) = next else {
            reader.skip(rest.len());
            return;
        };
        reader.skip(next);
        if reader.peek() == Some(b']') {
            reader.skip(1);
            return;
        }
        if reader.word(b"<!entity") {
            entity(reader, declarations);
        } else if reader.word(b"<!attlist") {
            attributes(reader, declarations);
        } else if reader.word(b"<!--") {
            let rest = reader.rest();
            let end = sought::find(rest, b"-->");
            reader.skip(end.map_or(rest.len(), |end| end.saturating_add(3)));
        } else if reader.word(b"<!") || reader.word(b"<?") {
            let rest = reader.rest();
            reader.skip(memchr(b'>', rest).unwrap_or(rest.len()));
        } else {
            // An element: the declarations were without an end.
            return;
        }
    }
}

fn entity<'t>(reader: &mut Reader<'t>, declarations: &mut Declarations<'t>) {
    reader.spaces();
    let is_parameter = reader.peek() == Some(b'%');
    if is_parameter {
        reader.skip(1);
        reader.spaces();
    }
    let name = reader.name();
    reader.spaces();
    if reader.word(b"system") {
        if let Some(system) = reader.literal() {
            reader.spaces();
            // Data that no parser reads.
            if !reader.word(b"ndata") {
                declarations.external(system, None);
            }
        }
    } else if reader.word(b"public") {
        let public = reader.literal();
        if let Some(system) = reader.literal() {
            declarations.external(system, public);
        }
    } else if let Some(value) = reader.literal() {
        declarations.circle(name, value);
        declarations.internal(value, is_parameter);
    }
}

/// Attributes that every element of a name gets: one that handles an event runs in a page.
fn attributes(reader: &mut Reader<'_>, declarations: &mut Declarations<'_>) {
    let rest = reader.rest();
    let len = memchr(b'>', rest).unwrap_or(rest.len());
    let body = rest.get(..len).unwrap_or(rest);
    let mut words = body.split(|byte| *byte <= b' ' || *byte == b'"');
    let handles = words.any(|word| {
        word.len() >= 5
            && word
                .get(..2)
                .is_some_and(|on| on.eq_ignore_ascii_case(b"on"))
            && word.iter().all(u8::is_ascii_alphabetic)
    });
    if handles && sought::find(body, b"CDATA").is_some() {
        declarations.note(High, "handler-by-default");
    }
    reader.skip(len);
}
