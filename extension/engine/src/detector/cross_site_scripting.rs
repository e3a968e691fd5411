//! The detector of markup and script that run in the browser of whoever is shown a value.
//! It never calls markup an attack that only shows text, pictures and links.
//!
#![doc = include_str!("cross_site_scripting.md")]
mod address;
mod attribute;
pub(crate) mod browser;
mod directive;
mod element;
mod hidden;
mod markup;
mod outbreak;
mod place;
mod remnant;
mod scheme;
mod script;
mod signals;
mod style;
mod tag;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Decoder, Form, Span, Steps};
use memchr::{memchr, memchr2};

use self::markup::Reader;
use self::place::Place;
use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "cross-site-scripting",
    class: "xss",
    cwe: 79,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("cross_site_scripting.md"),
};

/// Finds markup and script that run in somebody's browser.
#[derive(Debug)]
pub struct CrossSiteScripting;

/// What was found, and where.
#[derive(Clone, Copy, Debug)]
struct Found {
    confidence: Confidence,
    start: usize,
    end: usize,
    context: &'static str,
    dialect: &'static str,
    production: &'static str,
    /// Nothing has to follow for it to run.
    is_complete: bool,
}

impl Detector for CrossSiteScripting {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        160
    }

    fn price(&self) -> u8 {
        12
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        // The tokenizer reads each byte once, and once more in attributes with markup in them.
        if !steps.take(form.text.len()) {
            return Judgement::UNPAID;
        }
        // What opens no element and names no scheme is left soon.
        let more = match memchr2(b'<', b':', form.text) {
            Some(at) if memchr(b'<', form.text.get(at..).unwrap_or(&[])).is_some() => MARKUP_BYTES,
            Some(_) => SCHEME_BYTES,
            None => 0,
        };
        if !steps.take(more) {
            return Judgement::UNPAID;
        }
        let evidence = strongest(form).map(|found| Evidence {
            confidence: found.confidence,
            span: span(found.start, found.end),
            explanation: Explanation {
                context: found.context,
                dialect: found.dialect,
                production: found.production,
            },
        });
        Judgement::of(evidence)
    }
}

fn span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: offset(start),
        end: offset(end),
    }
}

// Limit: to read markup takes as long as 120 bytes more, however short it is.
const MARKUP_BYTES: usize = 120;
// Limit: to read what a scheme runs takes as long as 40 bytes more.
const SCHEME_BYTES: usize = 40;
// Limit: an attribute that a value adds stands among few others.
const ADDED_MAX: usize = 8;
// Limit: a payload on one line; what is longer is data or program text.
const LINE_BYTES: usize = 512;
// Limit: the value that was meant, before a quote that ends it.
const MEANT_BYTES: usize = 64;

fn strongest(form: &Form<'_>) -> Option<Found> {
    let text = form.text;
    let mut place = Place::new(form);
    Reader::new(text, &mut place).read(0);
    if !place.is_decided() {
        whole(text, &mut place);
    }
    if !place.is_decided() {
        added_attributes(text, &mut place);
    }
    if !place.is_decided() {
        let within_quotes = form.decoded.last() == Some(&Decoder::Json);
        scripts(text, within_quotes, &mut place);
    }
    place
        .best()
        .filter(|found| found.confidence > Confidence::Low)
}

/// A value that is a URL that runs, a link of Markdown to one, or a script that hides its names.
fn whole<'t>(text: &'t [u8], place: &mut Place<'t>) {
    let mut note = |confidence, (start, end), production| {
        place.note(Found {
            confidence,
            start,
            end,
            context: "value",
            dialect: "javascript",
            production,
            is_complete: true,
        });
    };
    let all = (0, text.len());
    if outbreak::is_letterless(text) {
        return note(Confidence::High, all, "letterless-script");
    }
    if outbreak::is_disguised(text) {
        return note(Confidence::High, all, "disguised-call");
    }
    if hidden::throws(text) {
        return note(Confidence::High, all, "thrown-error");
    }
    if hidden::sends_away(text) {
        return note(Confidence::High, all, "cookie-theft");
    }
    if hidden::loads(text) {
        return note(Confidence::High, all, "script-loader");
    }
    if let Some((production, start)) = remnant::find(text) {
        return note(Confidence::High, (start, text.len()), production);
    }
    if hidden::ends_script(text) {
        return note(Confidence::High, all, "script-end");
    }
    if let Some((confidence, start, end)) = address::strongest(text) {
        note(confidence, (start, end), "script-url");
    }
}

/// Attributes that a value adds to the tag in whose attribute it stands.
fn added_attributes<'t>(text: &'t [u8], place: &mut Place<'t>) {
    if memchr(b'=', text).is_none() {
        return;
    }
    let near = text.get(..MEANT_BYTES).unwrap_or(text);
    let quotes = [
        (b'"', "attribute-double-quoted"),
        (b'\'', "attribute-single-quoted"),
    ];
    for (quote, context) in quotes {
        if let Some(at) = memchr(quote, near) {
            // A quote in a tag was read there.
            let before = near.get(..at).unwrap_or(near);
            if memchr(b'<', before).is_some() && memchr(b'>', before).is_none() {
                continue;
            }
            let behind = at.saturating_add(1);
            Reader::new(text, place).added(behind, context, ADDED_MAX);
        }
    }
    Reader::new(text, place).added(0, "attribute-unquoted", 4);
    if text.len() <= LINE_BYTES
        && memchr(b'\n', text).is_none()
        && let Some((start, end)) = hidden::handler(text)
    {
        place.note(Found {
            confidence: Confidence::High,
            start,
            end,
            context: "value",
            dialect: "html",
            production: "hidden-handler",
            is_complete: true,
        });
    }
}

/// What leaves the string of a script.
fn scripts<'t>(text: &'t [u8], within_quotes: bool, place: &mut Place<'t>) {
    if let Some(found) = outbreak::break_out(text, within_quotes) {
        // `open` and `print` are names of other languages, too, and these have lines.
        let shared = !found.deeds.has(script::SURE)
            && (text.len() > LINE_BYTES || memchr(b'\n', text).is_some());
        // Where a line ends behind a quote, program text goes on.
        let is_line = matches!(text.get(found.start.saturating_add(1)), Some(b'\n' | b'\r'))
            && text.len() > LINE_BYTES;
        let confidence = if shared || is_line || found.deeds.has(script::PROSE) {
            Confidence::Medium
        } else {
            Confidence::High
        };
        place.note(Found {
            confidence,
            start: found.start,
            end: text.len(),
            context: found.context,
            dialect: "javascript",
            production: "script-break-out",
            is_complete: true,
        });
    }
}
