//! What single attributes run: handlers, addresses, styles, animations, documents in documents.
//! It never goes by a list of names where the state of the tokenizer tells.
use memchr::memchr;

use super::element::{Facts, is_foreign};
use super::markup::Reader;
use super::scheme::{self, Url};
use super::signals::{EVENT, ROOT, SINK, roles};
use super::tag::{Attribute, Tag};
use super::{directive, hidden, script, style};
use crate::report::Confidence::{High, Low, Medium};
use crate::sought;

impl<'t> Reader<'t, '_> {
    /// Judges one attribute of a tag, and notes what it says together with others.
    pub(super) fn attribute(&mut self, tag: &Tag, attribute: &Attribute<'t>, facts: &mut Facts) {
        facts.see(attribute.name);
        if is_event(attribute.name) {
            self.event(attribute, tag.start);
        }
        let value = attribute.value;
        // `x:ontimer="f()"`, as WML has it.
        let colon = memchr(b':', attribute.name).map_or(0, |at| at.saturating_add(1));
        let local = attribute.name.get(colon..).unwrap_or(&[]);
        if colon > 0 && is_event(local) && memchr(b'(', value).is_some() && is_local(local) {
            self.note(High, "event-handler", tag.start, attribute.end);
        }
        // `src=java script:alert(1)`, where the value was cut in two.
        let schemes = [
            &b"script:"[..],
            b"javascript:",
            b"vbscript:",
            b"livescript:",
        ];
        let is_code = attribute.name.contains(&b'(')
            && schemes
                .iter()
                .any(|scheme| attribute.name.starts_with(scheme));
        if is_code || facts.loads() && is_references(attribute.name) {
            self.note(High, "script-url", tag.start, attribute.end);
        }
        if directive::runs(attribute) {
            self.note(High, "directive", tag.start, attribute.end);
        }
        if value.is_empty() {
            return;
        }
        if hidden::handler(value).is_some() {
            self.note(High, "hidden-handler", tag.start, attribute.end);
        }
        let mut lower = [0_u8; NAME_BYTES];
        let name = folded(trimmed(attribute.name), &mut lower);
        let name = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
        facts.note(tag.name.as_bytes(), name, value);
        if let Some(production) = runs(tag.name.as_bytes(), name, value) {
            self.note(High, production, tag.start, attribute.end);
        }
        if clobbers(tag.name.as_bytes(), name, value) {
            self.note(Medium, "dom-clobbering", tag.start, attribute.end);
        }
        self.url(tag, name, attribute);
        let is_framed = name == b"srcdoc";
        if is_framed && memchr(b'&', value).is_some() {
            self.note(Medium, "framed-document", tag.start, attribute.end);
        }
        if self.dangles(name, attribute) {
            self.note(High, "dangling-markup", tag.start, attribute.end);
        }
        let bare = self.place.is_bare(self.base.saturating_add(tag.start));
        let is_used = is_framed || bare || !is_text(tag.name.as_bytes(), name);
        self.nested(attribute, is_used);
    }

    /// An address of another host whose quote stays open, so that it takes with it what the page
    /// shows behind it.
    fn dangles(&self, name: &[u8], attribute: &Attribute<'t>) -> bool {
        let value = attribute.value;
        let loads = matches!(name, b"src" | b"href" | b"action" | b"background" | b"data");
        let begins = attribute.end.checked_sub(value.len().saturating_add(1));
        let quoted = begins
            .and_then(|at| self.text.get(at))
            .is_some_and(|byte| matches!(byte, b'"' | b'\''));
        loads
            && quoted
            && attribute.end == self.text.len()
            && matches!(value.last(), Some(b'?' | b'='))
            && is_foreign(value)
    }

    /// An attribute that handles an event.
    fn event(&mut self, attribute: &Attribute<'_>, start: usize) {
        let is_known = roles(trimmed(attribute.name)) & EVENT != 0;
        let value = attribute.value.trim_ascii();
        if value.is_empty() {
            // `onload!#$%&=alert(1)`: an old browser ends the name at the first odd sign.
            let rest = self.text.get(attribute.end..).unwrap_or(&[]);
            let is_odd = attribute
                .name
                .get(2..)
                .is_some_and(|name| name.contains(&b'!'));
            if is_known && is_odd && memchr(b'=', rest).is_some() {
                self.note(High, "event-handler", start, attribute.end);
            }
            return;
        }
        let deeds = script::read(value);
        // `onClick={go}` is a component's property in a template language of scripts.
        let is_camel = attribute.name.get(2).is_some_and(u8::is_ascii_uppercase)
            && attribute
                .name
                .get(3..)
                .is_some_and(|rest| rest.iter().any(u8::is_ascii_lowercase));
        let is_property = value.first() == Some(&b'{')
            && (is_camel || value.get(1) == Some(&b'{'))
            && !deeds.has(script::SURE);
        let called = deeds.has(script::EFFECT)
            || deeds.has(script::CALL)
            || memchr(b'(', value).is_some()
            || memchr(b'`', value).is_some();
        let is_hidden = value.first() == Some(&b'&') || scheme::of(value) == Url::Script;
        let is_idle = is_idle(value) || calls_own(attribute.name, value);
        // `OnClick="Save_Click"` names a method of the page's program.
        let is_name = is_camel
            && value
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let confidence = if is_property || is_idle {
            Medium
        } else if called || is_hidden || is_known && !is_name {
            High
        } else if is_known {
            Medium
        } else if self.is_probe(attribute, start) {
            High
        } else {
            return;
        };
        self.note(confidence, "event-handler", start, attribute.end);
    }

    /// True for a tag that is the whole value and never closed, with a handler of no event and a
    /// number for its script: it asks which names are refused.
    fn is_probe(&self, attribute: &Attribute<'_>, start: usize) -> bool {
        let value = attribute.value;
        start == 0
            && self.base == 0
            && attribute.end == self.text.len()
            && !value.is_empty()
            && value.iter().all(u8::is_ascii_digit)
    }

    /// A value that is an address that runs.
    fn url(&mut self, tag: &Tag, name: &[u8], attribute: &Attribute<'t>) {
        let element = tag.name.as_bytes();
        if is_text(element, name) {
            return;
        }
        let value = attribute.value;
        if matches!(name, b"content" | b"values") {
            return self.pieces(tag, attribute);
        }
        let shows_image = matches!(
            element,
            b"img" | b"image" | b"input" | b"source" | b"video" | b"link" | b"feimage" | b"picture"
        );
        let (confidence, production) = match scheme::of(value) {
            Url::Script if element == b"a" && calls_own_by_link(value) => (Medium, "script-url"),
            Url::Script => (High, "script-url"),
            Url::Document if !shows_image || name != b"src" => (High, "document-url"),
            Url::Vector if !shows_image => (High, "document-url"),
            Url::Idle if element == b"base" => (High, "script-url"),
            Url::Idle => (Low, "idle-script-url"),
            Url::Plain if scheme::is_misspelt(value) => (High, "script-url"),
            _ => return,
        };
        self.note(confidence, production, tag.start, attribute.end);
    }

    /// `0;url=javascript:…`, and the steps of an animation, one of which is enough.
    fn pieces(&mut self, tag: &Tag, attribute: &Attribute<'t>) {
        for piece in attribute.value.split(|byte| matches!(byte, b';' | b',')) {
            let at = memchr(b'=', piece).map_or(0, |at| at.saturating_add(1));
            let url = scheme::of(piece.get(at..).unwrap_or(&[]));
            if matches!(url, Url::Script | Url::Document | Url::Vector) {
                self.note(High, "script-url", tag.start, attribute.end);
            }
        }
    }
}

/// True for an element that takes the place of what scripts ask the document for.
fn clobbers(element: &[u8], name: &[u8], value: &[u8]) -> bool {
    if !matches!(name, b"name" | b"id") {
        return false;
    }
    let named = matches!(element, b"form" | b"img" | b"embed" | b"object" | b"iframe");
    let members = [
        b"getElementById".as_slice(),
        b"getElementsByTagName",
        b"querySelector",
        b"createElement",
        b"appendChild",
        b"currentScript",
        b"defaultView",
        b"documentElement",
        b"cookie",
        b"implementation",
    ];
    // A form's inputs take the place of its own members, by which sanitizers walk.
    let walked = [
        b"attributes".as_slice(),
        b"childNodes",
        b"parentNode",
        b"nodeName",
        b"innerHTML",
        b"removeChild",
    ];
    let is_input = matches!(element, b"input" | b"button" | b"select" | b"textarea");
    named && members.contains(&value) || is_input && walked.contains(&value)
}

/// True for a handler that a namespace of WML has: of a timer, or of a page that is shown.
fn is_local(name: &[u8]) -> bool {
    let names = [
        b"ontimer".as_slice(),
        b"onenterforward",
        b"onenterbackward",
        b"onpick",
    ];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// True for a name that is written in references: a value was cut where white space stood in it.
fn is_references(name: &[u8]) -> bool {
    name.starts_with(b"&#") && sought::find_all(name, b"&#").nth(REFERENCES_MIN).is_some()
}

// Limit: `<b &#38;&#38; c` is two of them; `script:` has seven letters.
const REFERENCES_MIN: usize = 2;

// Limit: `allowscriptaccess` has 17 letters; a longer name means nothing.
const NAME_BYTES: usize = 24;

/// What an attribute runs that is neither a handler nor an address.
fn runs(element: &[u8], name: &[u8], value: &[u8]) -> Option<&'static str> {
    let is_data = value
        .get(..5)
        .is_some_and(|data| data.eq_ignore_ascii_case(b"data:"));
    let found = match name {
        b"style" => style::runs(value).or_else(|| style::leaves(value).then_some("css-break-out")),
        // Dialects of style sheets and schemas that old browsers loaded and ran scripts of.
        b"xmlns" if value == b"http://www.w3.org/TR/WD-xsl" => Some("script-style"),
        b"xmlns" if value.starts_with(b"x-schema:") => Some("schema-load"),
        b"is" => value
            .eq_ignore_ascii_case(b"script")
            .then_some("script-element"),
        _ if is_data => style::runs(value),
        b"type" if element == b"style" => {
            let is_script = value.trim_ascii().eq_ignore_ascii_case(b"text/javascript");
            is_script.then_some("script-style")
        }
        b"type" => sought::find(value, b"scriptlet").map(|_| "scriptlet"),
        b"implementation" if element == b"import" => Some("behavior-import"),
        b"attributename" => {
            let target = value.trim_ascii();
            let target = target.strip_prefix(b"`").unwrap_or(target);
            let target = target.strip_suffix(b"`").unwrap_or(target);
            let writes = is_event(target)
                || target.eq_ignore_ascii_case(b"innerhtml")
                || target.eq_ignore_ascii_case(b"outerhtml");
            writes.then_some("animated-handler")
        }
        b"datafld" | b"datasrc" if value.first() == Some(&b'#') => Some("data-island"),
        b"src" if element == b"xml" => Some("data-island"),
        b"charset" => is_odd_charset(value).then_some("odd-charset"),
        b"content" if element == b"meta" && sought::find(value, b"charset").is_some() => {
            is_odd_charset(value).then_some("odd-charset")
        }
        b"src" | b"data" if is_inner(value) => Some("inner-address"),
        b"dataformatas" => value.eq_ignore_ascii_case(b"html").then_some("data-island"),
        _ => None,
    };
    let is_reference = value.starts_with(b"&{") && memchr(b'}', value).is_some();
    found.or_else(|| is_reference.then_some("script-reference"))
}

/// True for a handler that only asks its reader, opens its own link or does nothing.
pub(super) fn is_idle(handler: &[u8]) -> bool {
    let idle = [
        b"return confirm('".as_slice(),
        b"return confirm(\"",
        b"return confirm(&quot;",
        b"window.open(this.href",
        b"return false",
        b"return true",
        b"this.form.submit()",
        b"this.select()",
        b"this.blur()",
        b"history.back()",
        b"window.print()",
    ];
    // `this.src='/none.png'` changes nothing but the picture.
    let own = handler.starts_with(b"this.") && !handler.contains(&b'(') && !handler.contains(&b'`');
    let words = [
        b"script:".as_slice(),
        b"HTML",
        b"html",
        b"src=\"data",
        b"src='data",
    ];
    if own
        && !words
            .iter()
            .any(|word| sought::find(handler, word).is_some())
    {
        let mut names = handler.split(|byte| !byte.is_ascii_alphanumeric());
        return !names.any(|name| name != b"this" && roles(name) & (ROOT | SINK) != 0);
    }
    let starts = idle.iter().find(|start| handler.starts_with(start));
    starts.is_some_and(|start| {
        // Only the question itself may follow.
        let rest = handler.get(start.len()..).unwrap_or(&[]);
        let calls = memchr(b'(', rest).is_some();
        let question = start.starts_with(b"return confirm") && memchr(b' ', rest).is_some();
        !calls && (question || !start.starts_with(b"return confirm"))
    })
}

/// True for a link that calls one function of the page's own with constants:
/// `javascript:show(2);`.
fn calls_own_by_link(address: &[u8]) -> bool {
    const SCHEME: &[u8] = b"javascript:";
    address
        .strip_prefix(SCHEME)
        .is_some_and(|script| calls_own(b"onclick", script))
}

/// True for a handler of what a reader does that calls one function of the page's own, of whose
/// name browsers know nothing, with constants: `onclick="show('x1', this)"`.
fn calls_own(event: &[u8], handler: &[u8]) -> bool {
    const EVENTS: [&[u8]; 6] = [
        b"onclick",
        b"onchange",
        b"onsubmit",
        b"oninput",
        b"onkeyup",
        b"onkeydown",
    ];
    let handler = handler.strip_suffix(b";").unwrap_or(handler);
    let handler = handler.strip_prefix(b"return ").unwrap_or(handler);
    let Some((name, arguments)) =
        memchr(b'(', handler).and_then(|at| handler.strip_suffix(b")")?.split_at_checked(at))
    else {
        return false;
    };
    let is_own = name.len() > 3
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(*byte, b'_' | b'.'))
        && name
            .split(|byte| *byte == b'.')
            .all(|name| roles(name) == 0);
    let is_constant = |byte: &u8| byte.is_ascii_alphanumeric() || b"(_-#'\", ".contains(byte);
    let opens = memchr::memchr_iter(b'(', arguments).count();
    is_own && EVENTS.contains(&event) && opens == 1 && arguments.iter().all(is_constant)
}

/// True for an encoding in which letters hide markup from filters.
fn is_odd_charset(value: &[u8]) -> bool {
    let names = [
        b"utf-7".as_slice(),
        b"UTF-7",
        b"utf7",
        b"UTF7",
        b"mac-farsi",
    ];
    names.iter().any(|name| sought::find(value, name).is_some())
}

/// True for schemes of which a browser shows another document than the address says.
fn is_inner(value: &[u8]) -> bool {
    let value = value.trim_ascii_start();
    let schemes = [b"mhtml:".as_slice(), b"view-source:", b"jar:", b"wyciwyg:"];
    schemes.iter().any(|scheme| {
        value
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// True for an attribute whose value is read by people or programs, and is no address.
fn is_text(element: &[u8], name: &[u8]) -> bool {
    matches!(
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
        || name == b"value" && element != b"param"
}

/// The name without the quotes that a value before left behind.
pub(super) fn trimmed(name: &[u8]) -> &[u8] {
    let start = name
        .iter()
        .position(|byte| !matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'='));
    let name = name.get(start.unwrap_or(name.len())..).unwrap_or(&[]);
    let end = name.iter().position(|byte| matches!(byte, b'\\' | b'!'));
    name.get(..end.unwrap_or(name.len())).unwrap_or(name)
}

fn folded<'b>(name: &[u8], buffer: &'b mut [u8; NAME_BYTES]) -> &'b [u8] {
    let len = name.len().min(buffer.len());
    for (slot, byte) in buffer.iter_mut().zip(name) {
        *slot = byte.to_ascii_lowercase();
    }
    buffer.get(..len).unwrap_or(&[])
}

/// True for `on` and letters.
pub(super) fn is_event(name: &[u8]) -> bool {
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
pub(super) fn is_plain_name(name: &[u8]) -> bool {
    let name = trimmed(name);
    let name = name.strip_suffix(b"\"").unwrap_or(name);
    let name = name.strip_suffix(b"'").unwrap_or(name);
    name.iter().all(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.' | 0..=32)
    })
}
