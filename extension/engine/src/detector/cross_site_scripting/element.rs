//! What elements run and load, from their names and what their attributes say together.
//! It never judges an element that only shows something.
use memchr::memchr;

use super::markup::Reader;
use super::signals::{LOAD, roles};
use super::tag::Tag;
use super::{outbreak, script, style};
use crate::report::Confidence::{self, High, Low, Medium};
use crate::sought;

/// What the attributes of a tag say together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts(u32);

impl Facts {
    /// There is one.
    const SEEN: Self = Self(1);
    /// Something is loaded.
    const LOADS: Self = Self(1 << 1);
    /// It is loaded from another host.
    const FOREIGN: Self = Self(1 << 2);
    /// It does not come encrypted from a host of its own.
    const OPEN: Self = Self(1 << 3);
    /// It is a script of the host itself, by a path.
    const OWN: Self = Self(1 << 4);
    /// A size or a title is given.
    const SHOWN: Self = Self(1 << 5);
    /// The page goes on to another one.
    const REFRESH: Self = Self(1 << 6);
    /// Another page is imported.
    const IMPORT: Self = Self(1 << 7);
    /// A style sheet is loaded.
    const SHEET: Self = Self(1 << 8);
    /// The element holds data and no script.
    const DATA: Self = Self(1 << 9);
    /// An attribute says more than what language a script is in.
    const SAYS: Self = Self(1 << 11);
    /// A script may come late, as what other sites offer to embed does.
    const LATE: Self = Self(1 << 12);
    /// An address is animated.
    const ANIMATED: Self = Self(1 << 10);
    /// It names the namespace of events in XML.
    const EVENTS: Self = Self(1 << 13);
    /// It names what handles an event.
    const HANDLES: Self = Self(1 << 14);
    /// It is a script by its type.
    const CODE: Self = Self(1 << 15);
    /// An attribute has a value.
    const GIVES: Self = Self(1 << 16);

    fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn when(&mut self, condition: bool, fact: Self) {
        if condition {
            self.add(fact);
        }
    }

    /// True if something is loaded.
    pub(super) fn loads(self) -> bool {
        self.has(Self::LOADS)
    }

    /// Notes that an attribute is there, whatever its value.
    pub(super) fn see(&mut self, name: &[u8]) {
        self.add(Self::SEEN);
        self.when(name.eq_ignore_ascii_case(b"async"), Self::LATE);
    }

    /// Notes what one attribute says.
    pub(super) fn note(&mut self, element: &[u8], name: &[u8], value: &[u8]) {
        let is = |word: &[u8]| value.eq_ignore_ascii_case(word);
        self.add(Self::GIVES);
        match name {
            b"width" | b"height" | b"frameborder" | b"allowfullscreen" | b"class" | b"title"
            | b"allow" | b"loading" => self.add(Self::SHOWN),
            b"src" | b"href" | b"data" | b"code" | b"action" => {
                self.when(!matches!(value.first(), Some(b'#' | b'?')), Self::LOADS);
                self.when(is_foreign(value), Self::FOREIGN);
                self.when(is_open(value), Self::OPEN);
                let own = is_own(value) || is_template(value);
                self.when(name == b"src" && own, Self::OWN);
            }
            b"classid" => self.add(Self::LOADS.with(Self::OPEN)),
            b"allowscriptaccess" => self.when(is(b"always"), Self::OPEN),
            b"xmlns" | b"ev" => {
                let events = b"http://www.w3.org/2001/xml-events";
                self.when(value == events, Self::EVENTS);
            }
            b"handler" => self.add(Self::HANDLES),
            b"attributename" => self.when(value.ends_with(b"href"), Self::ANIMATED),
            b"to" | b"from" | b"by" | b"values" => self.when(is_foreign(value), Self::FOREIGN),
            b"content" => {
                self.when(sought::find(value, b"//").is_some(), Self::FOREIGN);
                let encrypted = sought::find(value, b"https://").is_some();
                self.when(!encrypted, Self::OPEN);
            }
            b"http-equiv" => {
                self.when(is(b"refresh"), Self::REFRESH);
                self.when(is(b"link"), Self::SHEET);
            }
            b"rel" => {
                self.when(is(b"import"), Self::IMPORT);
                self.when(is(b"stylesheet"), Self::SHEET);
            }
            b"type" if element == b"link" => self.when(is(b"text/javascript"), Self::CODE),
            b"type" if element == b"script" => self.when(is_data(value), Self::DATA),
            b"language" if element == b"script" => {
                self.when(is_foreign_language(value), Self::DATA);
            }
            _ => {}
        }
        if !matches!(name, b"type" | b"language" | b"nonce" | b"async" | b"defer") {
            self.add(Self::SAYS);
        }
    }
}

/// True for a type of scripts that no browser runs: data and templates (HTML 4.12.1).
fn is_data(kind: &[u8]) -> bool {
    let kinds = [
        b"application/ld+json".as_slice(),
        b"application/json",
        b"importmap",
        b"speculationrules",
        b"text/template",
        b"text/html",
        b"text/x-template",
        b"text/ng-template",
        b"text/x-handlebars",
        b"text/x-handlebars-template",
        b"text/x-mustache",
        b"text/x-jquery-tmpl",
        b"text/plain",
    ];
    let kind = kind.trim_ascii();
    kinds.iter().any(|known| known.eq_ignore_ascii_case(kind))
}

/// True for a language that no browser runs.
fn is_foreign_language(language: &[u8]) -> bool {
    let languages = [
        b"groovy".as_slice(),
        b"python",
        b"ruby",
        b"jruby",
        b"beanshell",
        b"bash",
    ];
    let languages = languages.iter();
    let mut same = languages.filter(|known| known.eq_ignore_ascii_case(language.trim_ascii()));
    same.next().is_some()
}

pub(super) fn is_foreign(value: &[u8]) -> bool {
    let value = value.trim_ascii_start();
    let begins = |start: &[u8]| {
        value
            .get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    begins(b"//") || begins(b"http://") || begins(b"https://")
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
    ];
    let encrypted = encrypted
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

/// True for an address that a template of the page will fill in.
fn is_template(value: &[u8]) -> bool {
    let starts = [b"{{".as_slice(), b"{%", b"<%", b"<?"];
    starts.iter().any(|start| value.starts_with(start))
}

impl Reader<'_, '_> {
    /// Judges an element whose tag ends at `end`.
    pub(super) fn element(&mut self, tag: &Tag, facts: Facts, end: usize, is_closed: bool) {
        let loads = |reader: &Self| reader.load_confidence(tag, facts);
        let (confidence, production) = match tag.name.as_bytes() {
            b"script" => return self.script(tag, facts, end, is_closed),
            b"style" => return self.style(tag, end),
            b"handler" => return self.handler(tag, end),
            b"base" if facts.has(Facts::FOREIGN) => (loads(self), "base"),
            b"meta" if facts.has(Facts::REFRESH.with(Facts::FOREIGN)) => (loads(self), "refresh"),
            b"set" | b"animate" if facts.has(Facts::ANIMATED.with(Facts::FOREIGN)) => {
                (High, "animated-address")
            }
            b"link" if facts.has(Facts::SHEET.with(Facts::CODE)) => (High, "script-style"),
            b"use" if facts.has(Facts::FOREIGN.with(Facts::OPEN)) => {
                (loads(self), "foreign-symbol")
            }
            _ if facts.has(Facts::EVENTS.with(Facts::HANDLES)) => (High, "event-handler"),
            b"link" if facts.has(Facts::IMPORT) => (High, "html-import"),
            b"link" | b"meta" if facts.has(Facts::SHEET.with(Facts::FOREIGN)) => {
                (loads(self), "foreign-style-sheet")
            }
            b"layer" | b"ilayer" if facts.has(Facts::LOADS) => (High, "external-load"),
            name if facts.has(Facts::LOADS) && roles(name) & LOAD != 0 => {
                (loads(self), "external-load")
            }
            _ => return,
        };
        self.note(confidence, production, tag.start, end);
    }

    /// How sure a load is an attack: a browser blocks a frame that does not come encrypted,
    /// and who embeds one says how large it shall be.
    fn load_confidence(&self, tag: &Tag, facts: Facts) -> Confidence {
        // A link of meta has no other use.
        if tag.name.as_bytes() == b"meta" && facts.has(Facts::SHEET) {
            return High;
        }
        let start = self.base.saturating_add(tag.start);
        // Nobody embeds these today.
        let odd = matches!(
            tag.name.as_bytes(),
            b"applet" | b"portal" | b"fencedframe" | b"vmlframe"
        );
        let odd = odd || facts.has(Facts::OPEN) && !facts.has(Facts::SHOWN);
        if odd && self.place.is_bare(start) {
            High
        } else {
            Medium
        }
    }

    fn script(&mut self, tag: &Tag, facts: Facts, end: usize, is_closed: bool) {
        // `<script\b[^>]*>` is a pattern.
        let behind = self.text.get(tag.name_end..).unwrap_or(&[]);
        if matches!(behind, [b'\\', b'b' | b's' | b'W' | b'>', ..]) {
            return;
        }
        let rest = self.text.get(end..).unwrap_or(&[]);
        let closes = self.script_end(end).map(|at| at.saturating_sub(end));
        if facts.has(Facts::SEEN) || !is_closed {
            let until = closes.map_or(end, |len| end.saturating_add(len));
            let code = self.text.get(end..until).unwrap_or(&[]).trim_ascii();
            // `<script` alone, cut off, names the element; so does one without anything in it.
            let cut = !facts.has(Facts::SEEN) && self.text.len() > tag.name_end;
            let all = rest.trim_ascii().is_empty();
            let named = cut || !facts.has(Facts::SAYS) && is_closed && all;
            // A script of the page's own host is nobody's but its own.
            let embedded = facts.has(Facts::LATE) && self.place.is_embedding();
            let own = (facts.has(Facts::OWN) || embedded) && code.is_empty();
            let own = own || is_closed && self.is_section(facts, end, until);
            let confidence = match (facts.has(Facts::DATA), named || own) {
                (true, _) => Low,
                (false, true) => Medium,
                (false, false) => High,
            };
            return self.note(confidence, "script-element", tag.start, until);
        }
        let code = rest.get(..closes.unwrap_or(rest.len())).unwrap_or(rest);
        // What was read behind the tag before is not read once more.
        let deeds = if closes.is_none() && tag.start >= self.coded_to {
            self.coded_to = end.saturating_add(CODE_BYTES / 2);
            script::read(code.get(..CODE_BYTES).unwrap_or(code))
        } else {
            script::Deeds::default()
        };
        // Where a tag or a break-out ends, `<script>` is no word of a sentence.
        let before = tag.start.checked_sub(1).and_then(|at| self.text.get(at));
        let follows = before.is_none_or(|byte| matches!(byte, b'>' | b'"' | b'\''));
        // `<script> and "x" are words`: nothing runs, and a sentence goes on.
        let is_said = rest.first() == Some(&b' ') && deeds.has(script::PROSE);
        let follows = follows && rest.len() <= TAIL_BYTES && !is_said;
        // A line of a page, or the name of an element: nothing has begun.
        let is_alone = tag.start == 0 && self.base == 0 && tag.name_end == SCRIPT_TAG_BYTES;
        if closes.is_none() && is_alone && rest.trim_ascii().is_empty() {
            return self.note(Medium, "script-element", tag.start, end);
        }
        // A script that no element of this kind may run: it belongs to a module.
        let start = code.trim_ascii_start();
        let is_module = start.starts_with(b"export ")
            || start.starts_with(b"import ") && sought::find(start, b" from ").is_some();
        let until = end.saturating_add(code.len());
        if is_module {
            self.note(Medium, "script-element", tag.start, until);
        } else if closes.is_some()
            && !code.iter().any(u8::is_ascii_alphanumeric)
            && !code.is_empty()
            && !outbreak::is_letterless(code)
        {
            // `<script>.*</script>` is a pattern.
            self.note(Medium, "script-element", tag.start, until);
        } else if closes.is_some() || deeds.has(script::EFFECT) || follows {
            self.note(High, "script-element", tag.start, until);
        } else {
            // `npm run <script>` names what shall stand there.
            self.note(Low, "script-element", tag.start, end);
        }
    }

    /// True for what configurations and components write: bare words behind the name, and lines
    /// behind the tag that do nothing to a page: `<Script /usr/lib/x>`, `<script setup>`.
    fn is_section(&self, facts: Facts, end: usize, until: usize) -> bool {
        let code = self.text.get(end..until).unwrap_or(&[]);
        let behind = self.text.get(end).copied();
        let has_lines = matches!(behind, Some(b'\n' | b'\r'));
        let code = code.get(..CODE_BYTES).unwrap_or(code);
        !facts.has(Facts::GIVES) && has_lines && !script::read(code).has(script::EFFECT)
    }

    /// Where the next script ends, which is asked once for each end.
    fn script_end(&mut self, from: usize) -> Option<usize> {
        if self.script_end.is_some_and(|at| at < from) {
            let rest = self.text.get(from..).unwrap_or(&[]);
            self.script_end = find_end(rest, b"script").map(|at| from.saturating_add(at));
        }
        self.script_end
    }

    fn style(&mut self, tag: &Tag, end: usize) {
        // What stands in a sheet is read as markup, too; its own sheets are a part of it.
        if tag.start < self.styled_to {
            return;
        }
        let rest = self.text.get(end..).unwrap_or(&[]);
        let len = find_end(rest, b"style").unwrap_or(rest.len());
        self.styled_to = end.saturating_add(len);
        let sheet = rest.get(..len).unwrap_or(rest);
        let until = end.saturating_add(len);
        if let Some(production) = style::runs(sheet) {
            let confidence = if production == "css-behavior" {
                Medium
            } else {
                High
            };
            self.note(confidence, production, tag.start, until);
        }
        if style::is_torn(sheet) && sought::find(sheet, b"<![CDATA[").is_none() {
            self.note(High, "css-break-out", tag.start, until);
        }
        if style::hides_rule(sheet) {
            self.note(High, "foreign-style-sheet", tag.start, until);
        }
        if style::spies(sheet) {
            self.note(High, "css-spy", tag.start, until);
        }
        let imports = sheet.get(..IMPORT_BYTES).unwrap_or(sheet);
        let import = sought::find(imports, b"@import").and_then(|at| imports.get(at..));
        let open = [b"http://".as_slice(), b"'//", b"\"//", b"(//"];
        let is_open = |import: &[u8]| open.iter().any(|sign| sought::find(import, sign).is_some());
        if import.is_some_and(is_open) {
            let bare = self.place.is_bare(self.base.saturating_add(tag.start));
            let confidence = if bare && sheet.trim_ascii_start().starts_with(b"@") {
                High
            } else {
                Medium
            };
            self.note(confidence, "foreign-style-sheet", tag.start, until);
        }
    }

    /// An element whose text handles an event (SVG Tiny 1.2).
    fn handler(&mut self, tag: &Tag, end: usize) {
        let rest = self.text.get(end..).unwrap_or(&[]);
        let code = rest.get(..CODE_BYTES).unwrap_or(rest);
        let code = code.split(|byte| *byte == b'<').next().unwrap_or(code);
        if script::read(code).acts() {
            self.note(High, "script-element", tag.start, end);
        }
    }
}

impl Facts {
    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

// `<script` without a prefix, which no page writes today.
const SCRIPT_TAG_BYTES: usize = 7;
// Limit: the beginning of a script tells whether it is one; each tag asks for no more.
const CODE_BYTES: usize = 256;
// Limit: what an attack leaves behind an open script is the rest of a tag, not a text.
const TAIL_BYTES: usize = 64;
// Limit: imports stand at the beginning of a style sheet.
const IMPORT_BYTES: usize = 64;

/// Where the end of an element begins in a text, whatever the case of its name.
fn find_end(text: &[u8], name: &[u8]) -> Option<usize> {
    let mut from = 0_usize;
    while let Some(at) = sought::find(text.get(from..)?, b"</") {
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
