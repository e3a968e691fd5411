//! Markup read from end to end: each tag, each attribute, and what of it runs.
//! It never executes or expands anything, and reads no byte more often than twice.
use core::cell::Cell;

use memchr::{memchr, memmem};

use super::place::Place;
use super::scheme::{self, Url};
use super::signals::{EVENT, LOAD, roles};
use super::tag::{self, Attribute, Attributes, Tag, Unclosed};
use super::{Found, script, style};
use crate::report::Confidence::{self, High, Medium};

// Limit: markup in the attribute of markup; what stands deeper is in no browser's data state.
const DEPTH_MAX: u8 = 2;

/// Reads markup and keeps what is surest.
pub(super) struct Reader<'t, 'p> {
    text: &'t [u8],
    place: &'p mut Place<'t>,
    depth: u8,
    /// Where this text begins in the form.
    base: usize,
    unclosed: Cell<Unclosed>,
    /// Whether an end of a script or of a style sheet may still follow.
    ends: Ends,
    context: &'static str,
}

#[derive(Clone, Copy)]
struct Ends {
    script: bool,
    style: bool,
}

impl<'t, 'p> Reader<'t, 'p> {
    pub(super) fn new(text: &'t [u8], place: &'p mut Place<'t>) -> Self {
        Self {
            text,
            place,
            depth: 0,
            base: 0,
            unclosed: Cell::default(),
            ends: Ends {
                script: true,
                style: true,
            },
            context: "data",
        }
    }

    /// Reads on from `at`, as data.
    pub(super) fn read(&mut self, at: usize) {
        let mut at = at;
        while !self.place.is_decided() {
            let Some(less) = memchr(b'<', self.text.get(at..).unwrap_or(&[])) else {
                return;
            };
            let start = at.saturating_add(less);
            let Some(tag) = tag::open(self.text, start) else {
                at = start.saturating_add(1);
                continue;
            };
            at = self.tag(&tag);
            self.place.passed(tag.name.as_bytes());
        }
    }

    /// Judges one tag; where the text goes on behind it.
    fn tag(&mut self, tag: &Tag) -> usize {
        let text = self.text;
        let unclosed = self.unclosed.clone();
        let mut attributes = Attributes::new(text, tag.name_end, &unclosed);
        let mut facts = Facts::default();
        for attribute in attributes.by_ref() {
            self.attribute(tag, &attribute, &mut facts);
        }
        let end = attributes.at;
        self.unclosed.set(unclosed.get());
        if !tag.is_end {
            self.element(tag, &facts, end, attributes.is_closed);
        }
        end.max(tag.name_end)
    }

    /// Reads attributes from `at` on, where a value has left the attribute in which it stands.
    pub(super) fn attributes(&mut self, at: usize, context: &'static str, attributes_max: usize) {
        let text = self.text;
        let unclosed = Cell::default();
        self.context = context;
        for attribute in Attributes::new(text, at, &unclosed).take(attributes_max) {
            if !is_attribute_name(attribute.name) {
                break;
            }
            let role = roles(trimmed(attribute.name));
            if attribute.name.eq_ignore_ascii_case(b"style") {
                let hidden = memchr(b'\\', attribute.value).is_some()
                    || memmem::find(attribute.value, b"/*").is_some();
                let runs = style::runs(attribute.value).filter(|_| !hidden);
                if let Some(production) = runs {
                    self.note(High, production, attribute.start, attribute.end);
                }
            }
            if !is_event(attribute.name) {
                continue;
            }
            let deeds = script::read(attribute.value);
            if role & EVENT != 0 && deeds.acts() || deeds.effect {
                self.event(&attribute, attribute.start);
            }
        }
    }

    fn note(&mut self, confidence: Confidence, production: &'static str, start: usize, end: usize) {
        let found = Found {
            confidence,
            start: self.base.saturating_add(start),
            end: self.base.saturating_add(end),
            context: self.context,
            dialect: "html",
            production,
            is_complete: confidence == High,
        };
        self.place.note(found);
    }

    /// An attribute that handles an event.
    fn event(&mut self, attribute: &Attribute<'_>, start: usize) {
        let known = roles(trimmed(attribute.name)) & EVENT != 0;
        let value = attribute.value.trim_ascii();
        // `onClick={go}` is a component's property in a template language of scripts.
        let braced = value.first() == Some(&b'{') && attribute.name.contains(&b'C')
            || value.starts_with(b"{{");
        let confidence = match script::read(value) {
            deeds if braced && !deeds.effect => Medium,
            deeds if deeds.effect || deeds.call || deeds.assignment => High,
            _ if memchr(b'(', value).is_some() || memchr(b'`', value).is_some() => High,
            _ if value.first() == Some(&b'&') || scheme::of(value) == Url::Script => High,
            _ if known && !value.is_empty() => High,
            _ if known => Medium,
            _ => return,
        };
        self.note(confidence, "event-handler", start, attribute.end);
    }

    fn attribute(&mut self, tag: &Tag, attribute: &Attribute<'t>, facts: &mut Facts) {
        let name = trimmed(attribute.name);
        let value = attribute.value;
        facts.seen = true;
        if is_event(name) {
            self.event(attribute, tag.start);
        }
        if value.is_empty() {
            return;
        }
        let mut lower = [0_u8; 24];
        let name = folded(name, &mut lower);
        let name = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
        match name {
            b"style" => {
                if let Some(production) = style::runs(value) {
                    self.note(High, production, tag.start, attribute.end);
                }
            }
            b"type" if tag.name.as_bytes() == b"style" => {
                if memmem::find(value, b"javascript").is_some() {
                    self.note(High, "script-style", tag.start, attribute.end);
                }
            }
            b"width" | b"height" | b"frameborder" | b"allowfullscreen" | b"class" | b"title"
            | b"allow" | b"loading" => facts.is_shown = true,
            b"type" if memmem::find(value, b"scriptlet").is_some() => {
                self.note(High, "scriptlet", tag.start, attribute.end);
            }
            b"implementation" if tag.name.as_bytes() == b"import" => {
                self.note(High, "behavior-import", tag.start, attribute.end);
            }
            b"src" | b"href" | b"data" | b"code" | b"action" => {
                facts.is_open |= is_open(value);
                facts.loads |= !matches!(value.first(), Some(b'#' | b'?'));
                facts.is_foreign |= is_foreign(value);
                facts.is_own |= name == b"src" && is_own(value);
            }
            b"content" => facts.is_foreign |= memmem::find(value, b"//").is_some(),
            b"attributename" => {
                let target = value.trim_ascii();
                let writes = is_event(target)
                    || target.eq_ignore_ascii_case(b"innerhtml")
                    || target.eq_ignore_ascii_case(b"outerhtml");
                if writes {
                    self.note(High, "animated-handler", tag.start, attribute.end);
                }
            }
            b"srcdoc" => {
                if memchr(b'&', value).is_some() || memchr(b'<', value).is_some() {
                    self.note(Medium, "framed-document", tag.start, attribute.end);
                }
            }
            b"dataformatas" if value.eq_ignore_ascii_case(b"html") => {
                self.note(High, "data-island", tag.start, attribute.end);
            }
            b"http-equiv" => {
                facts.refresh |= value.eq_ignore_ascii_case(b"refresh");
                facts.sheet |= value.eq_ignore_ascii_case(b"link");
            }
            b"rel" => {
                facts.import |= value.eq_ignore_ascii_case(b"import");
                facts.sheet |= value.eq_ignore_ascii_case(b"stylesheet");
            }
            _ => {}
        }
        self.url(tag, name, attribute);
        if value.starts_with(b"&{") && memchr(b'}', value).is_some() {
            self.note(High, "script-reference", tag.start, attribute.end);
        }
        self.nested(attribute);
    }

    /// A value that is a URL that runs.
    fn url(&mut self, tag: &Tag, name: &[u8], attribute: &Attribute<'t>) {
        let value = attribute.value;
        let element = tag.name.as_bytes();
        let is_text = matches!(
            name,
            b"title"
                | b"alt"
                | b"placeholder"
                | b"name"
                | b"id"
                | b"class"
                | b"lang"
                | b"type"
                | b"rel"
                | b"label"
                | b"summary"
                | b"language"
        ) || name.starts_with(b"data-")
            || name.starts_with(b"aria-")
            || name == b"value" && element != b"param";
        if is_text {
            return;
        }
        // `0;url=javascript:…` and the steps of an animation, one of which is enough.
        if matches!(name, b"content" | b"values") {
            for piece in value.split(|byte| matches!(byte, b';' | b',')) {
                let at = memchr(b'=', piece).map_or(0, |at| at.saturating_add(1));
                let url = scheme::of(piece.get(at..).unwrap_or(&[]));
                if matches!(url, Url::Script | Url::Document | Url::Vector) {
                    self.note(High, "script-url", tag.start, attribute.end);
                }
            }
        }
        // A style sheet in a data URL.
        let data = value
            .get(..5)
            .is_some_and(|data| data.eq_ignore_ascii_case(b"data:"));
        if let Some(production) = data.then(|| style::runs(value)).flatten() {
            self.note(High, production, tag.start, attribute.end);
        }
        let shows_image = matches!(
            element,
            b"img" | b"image" | b"input" | b"source" | b"video" | b"link" | b"feimage" | b"picture"
        );
        match scheme::of(value) {
            Url::Script => self.note(High, "script-url", tag.start, attribute.end),
            Url::Document if !shows_image || name != b"src" => {
                self.note(High, "document-url", tag.start, attribute.end);
            }
            Url::Vector if !shows_image => {
                self.note(High, "document-url", tag.start, attribute.end);
            }
            Url::Idle if element == b"base" => {
                self.note(High, "script-url", tag.start, attribute.end);
            }
            Url::Idle => self.note(Confidence::Low, "idle-script-url", tag.start, attribute.end),
            _ => {}
        }
    }

    /// Markup in the value of an attribute.
    fn nested(&mut self, attribute: &Attribute<'t>) {
        let value = attribute.value;
        if self.depth >= DEPTH_MAX || memchr(b'<', value).is_none() {
            return;
        }
        let base = self
            .base
            .saturating_add(attribute.end.saturating_sub(value.len()));
        let mut inner = Reader {
            text: value,
            place: self.place,
            depth: self.depth.saturating_add(1),
            base,
            unclosed: Cell::default(),
            ends: Ends {
                script: true,
                style: true,
            },
            context: "attribute",
        };
        inner.read(0);
    }

    fn element(&mut self, tag: &Tag, facts: &Facts, end: usize, is_closed: bool) {
        let name = tag.name.as_bytes();
        match name {
            b"script" => self.script(tag, facts, end, is_closed),
            b"style" => self.style(tag, end),
            b"base" if facts.is_foreign => self.note(Medium, "base", tag.start, end),
            b"meta" if facts.refresh && facts.is_foreign => {
                self.note(Medium, "refresh", tag.start, end);
            }
            b"link" if facts.import => self.note(High, "html-import", tag.start, end),
            b"link" | b"meta" if facts.sheet && facts.is_foreign => {
                let confidence = self.load_confidence(tag, facts);
                self.note(confidence, "foreign-style-sheet", tag.start, end);
            }
            b"layer" | b"ilayer" if facts.loads => {
                self.note(High, "external-load", tag.start, end);
            }
            b"handler" => {
                let rest = self.text.get(end..).unwrap_or(&[]);
                let code = rest.get(..256).unwrap_or(rest);
                let code = code.split(|byte| *byte == b'<').next().unwrap_or(code);
                if script::read(code).acts() {
                    self.note(High, "script-element", tag.start, end);
                }
            }
            _ if roles(name) & LOAD != 0 && facts.loads => {
                let confidence = self.load_confidence(tag, facts);
                self.note(confidence, "external-load", tag.start, end);
            }
            _ => {}
        }
    }

    /// How sure a load is an attack: a browser blocks an embedded page that does not come encrypted,
    /// and who embeds one says how large it shall be.
    fn load_confidence(&self, tag: &Tag, facts: &Facts) -> Confidence {
        let start = self.base.saturating_add(tag.start);
        if facts.is_open && !facts.is_shown && self.place.is_bare(start) {
            High
        } else {
            Medium
        }
    }

    fn script(&mut self, tag: &Tag, facts: &Facts, end: usize, is_closed: bool) {
        let rest = self.text.get(end..).unwrap_or(&[]);
        let closes = self
            .ends
            .script
            .then(|| find_end(rest, b"script"))
            .flatten();
        self.ends.script = closes.is_some();
        if facts.seen || !is_closed {
            let until = closes.map_or(end, |len| end.saturating_add(len));
            // `<script` alone, cut off, names the element.
            let named = !facts.seen && self.text.len() > tag.name_end;
            // A script of the page's own host is nobody's but its own.
            let code = self.text.get(end..until).unwrap_or(&[]).trim_ascii();
            let own = facts.is_own && code.is_empty();
            let confidence = if named || own { Medium } else { High };
            return self.note(confidence, "script-element", tag.start, until);
        }
        let code = rest.get(..closes.unwrap_or(rest.len())).unwrap_or(rest);
        let deeds = script::read(code.get(..256).unwrap_or(code));
        let until = end.saturating_add(code.len());
        // Where a tag or a break-out ends, `<script>` is no word of a sentence.
        let before = tag.start.checked_sub(1).and_then(|at| self.text.get(at));
        let follows = before.is_none_or(|byte| matches!(byte, b'>' | b'"' | b'\''));
        if closes.is_some() || deeds.acts() || follows {
            self.note(High, "script-element", tag.start, until);
        } else {
            // `npm run <script>` names what shall stand there.
            self.note(Confidence::Low, "script-element", tag.start, end);
        }
    }

    fn style(&mut self, tag: &Tag, end: usize) {
        let rest = self.text.get(end..).unwrap_or(&[]);
        let closes = self.ends.style.then(|| find_end(rest, b"style")).flatten();
        // A sheet without an end reaches to the end of the text, once.
        let len = match closes {
            Some(len) => len,
            None if self.ends.style => rest.len(),
            None => 0,
        };
        self.ends.style = closes.is_some();
        let sheet = rest.get(..len).unwrap_or(rest);
        let imports = sheet.get(..64).unwrap_or(sheet);
        if let Some(at) = memmem::find(imports, b"@import") {
            let target = imports.get(at..).unwrap_or(&[]);
            if memmem::find(target, b"http://").is_some() {
                self.note(Medium, "foreign-style-sheet", tag.start, end);
            }
        }
        if let Some(production) = style::runs(sheet) {
            let until = end.saturating_add(len);
            let confidence = if production == "css-behavior" {
                Medium
            } else {
                High
            };
            self.note(confidence, production, tag.start, until);
        }
    }
}

/// Where the end of an element begins in a text, whatever the case of its name.
fn find_end(text: &[u8], name: &[u8]) -> Option<usize> {
    let mut from = 0_usize;
    while let Some(at) = memmem::find(text.get(from..)?, b"</") {
        let start = from.saturating_add(at);
        from = start.saturating_add(2);
        let end = from.saturating_add(name.len());
        if text
            .get(from..end)
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return Some(start);
        }
    }
    None
}

/// What the attributes of a tag say together.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    /// There is one.
    seen: bool,
    /// Something is loaded.
    loads: bool,
    /// From another host.
    is_foreign: bool,
    refresh: bool,
    import: bool,
    sheet: bool,
    /// Something is loaded that does not come encrypted from a host of its own.
    is_open: bool,
    /// A size or a title is given.
    is_shown: bool,
    /// A script of the host itself, by a path.
    is_own: bool,
}

/// True for an address that is neither encrypted nor a path of the host.
fn is_open(value: &[u8]) -> bool {
    let value = value.trim_ascii_start();
    let colon = memchr(b':', value.get(..24).unwrap_or(value));
    let scheme = value.get(..colon.unwrap_or(0)).unwrap_or(&[]);
    let named = !scheme.is_empty() && scheme.iter().all(|b| b.is_ascii_alphabetic() || *b == b'-');
    let encrypted = [
        b"https".as_slice(),
        b"data",
        b"about",
        b"blob",
        b"cid",
        b"mailto",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(scheme));
    named && !encrypted || value.starts_with(b"//")
}

/// True for a path on the page's own host, without a question in it.
fn is_own(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let first = value.first();
    let odd = |byte: &u8| {
        !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'/' | b'-' | b'_' | b'@')
    };
    first.is_some_and(|byte| matches!(byte, b'.' | b'/') || byte.is_ascii_alphabetic())
        && value.ends_with(b".js")
        && !value.starts_with(b"//")
        && !value.iter().any(odd)
}

fn is_foreign(value: &[u8]) -> bool {
    let value = value.trim_ascii_start();
    let lower = |len: usize| value.get(..len).unwrap_or(&[]);
    value.starts_with(b"//")
        || lower(7).eq_ignore_ascii_case(b"http://")
        || lower(8).eq_ignore_ascii_case(b"https://")
}

/// The name without the quotes that a value before left behind.
fn trimmed(name: &[u8]) -> &[u8] {
    let start = name
        .iter()
        .position(|byte| !matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'='));
    let name = name.get(start.unwrap_or(name.len())..).unwrap_or(&[]);
    let end = name.iter().position(|byte| matches!(byte, b'\\' | b'!'));
    name.get(..end.unwrap_or(name.len())).unwrap_or(name)
}

fn folded<'b>(name: &[u8], buffer: &'b mut [u8; 24]) -> &'b [u8] {
    let len = name.len().min(buffer.len());
    for (slot, byte) in buffer.iter_mut().zip(name) {
        *slot = byte.to_ascii_lowercase();
    }
    buffer.get(..len).unwrap_or(&[])
}

/// True for `on` and letters.
fn is_event(name: &[u8]) -> bool {
    let name = trimmed(name);
    name.len() >= 5
        && name
            .get(..2)
            .is_some_and(|on| on.eq_ignore_ascii_case(b"on"))
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || *byte == 0 || *byte == b'_')
}

/// True for what may name an attribute in markup that a person or a program wrote.
fn is_attribute_name(name: &[u8]) -> bool {
    let name = trimmed(name);
    let name = name.strip_suffix(b"\"").unwrap_or(name);
    let name = name.strip_suffix(b"'").unwrap_or(name);
    name.iter().all(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.' | 0..=32)
    })
}
