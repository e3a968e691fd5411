//! Inclusions and transformations: documents in documents, style sheets that read files or run.
//! It never judges a style sheet that only transforms.
use memchr::memchr;

use super::identifier::{Target, target};
use super::reader::Reader;
use crate::report::Confidence::{self, High, Medium};
use crate::sought;

/// What was found: how sure, which production, and where.
pub(super) type Found = (Confidence, &'static str, usize, usize);

/// Reads inclusions in a text that names their namespace.
pub(super) fn inclusions(text: &[u8]) -> Option<Found> {
    namespace(text, b"/XInclude")?;
    let mut from = 0_usize;
    while let Some(at) = sought::find(text.get(from..)?, b"include") {
        let start = from.saturating_add(at);
        from = start.saturating_add(7);
        let rest = text.get(from..)?;
        let end = memchr(b'>', rest).unwrap_or(rest.len());
        let tag = rest.get(..end).unwrap_or(rest);
        let Some(href) = attribute(tag, b"href") else {
            continue;
        };
        if matches!(target(href, None), Target::Reached | Target::Remote) {
            return Some((High, "inclusion", start, from.saturating_add(end)));
        }
        from = from.saturating_add(end);
    }
    None
}

/// Where the end of a namespace's name stands in a document, as a word of its own.
fn namespace(text: &[u8], name: &[u8]) -> Option<usize> {
    memchr(b'<', text)?;
    sought::find_all(text, name).find(|at| {
        let behind = text.get(at.saturating_add(name.len()));
        !behind.is_some_and(u8::is_ascii_alphabetic)
    })
}

/// The value of an attribute of a tag.
fn attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let at = sought::find(tag, name)?;
    let mut reader = Reader::new(tag, at.saturating_add(name.len()));
    reader.spaces();
    if !reader.word(b"=") {
        return None;
    }
    reader.literal()
}

/// Reads a style sheet of transformations: what it reads and what it runs.
pub(super) fn transformation(text: &[u8]) -> Option<Found> {
    let sheet = namespace(text, b"/XSL/Transform").or_else(|| instruction(text))?;
    let calls = [
        (b"php:function".as_slice(), High, "function-of-php"),
        (b"msxsl:script", High, "script-in-a-style-sheet"),
        (b"xalan:script", High, "script-in-a-style-sheet"),
        (b"lxslt:script", High, "script-in-a-style-sheet"),
        (b"xalan/java", High, "class-of-java"),
        (b"\"java:", High, "class-of-java"),
        (b"saxon.sf.net/java-type", High, "class-of-java"),
        (b"unparsed-text(", Medium, "text-of-a-file"),
        (b"system-property(", Medium, "property-of-the-processor"),
    ];
    let documents = [b"document(".as_slice(), b"unparsed-text(", b"doc("];
    for call in documents {
        if let Some(found) = reads(text, call) {
            return Some(found);
        }
    }
    let found = calls.iter().find_map(|(call, confidence, production)| {
        let at = sought::find(text, call)?;
        Some((*confidence, *production, at, at.saturating_add(call.len())))
    });
    found.or_else(|| {
        let imports = [b"xsl:include".as_slice(), b"xsl:import"];
        imports.iter().find_map(|import| {
            let at = sought::find(text, import)?;
            let rest = text.get(at..)?;
            let end = memchr(b'>', rest).unwrap_or(rest.len());
            let href = attribute(rest.get(..end)?, b"href")?;
            let reached = matches!(target(href, None), Target::Remote | Target::Reached);
            let foreign = reached && !href.starts_with(b"..");
            foreign.then_some((Medium, "foreign-style-sheet", sheet.min(at), at))
        })
    })
}

// Limit: a value breaks out of an attribute and an element with a few signs.
const LEAD_BYTES: usize = 8;

/// `<xsl:value-of`, `"/><xsl:variable`: an instruction that is put into somebody's style sheet.
fn instruction(text: &[u8]) -> Option<usize> {
    let near = text.trim_ascii_start();
    let near = near.get(..LEAD_BYTES.saturating_add(5)).unwrap_or(near);
    let at = sought::find(near, b"<xsl:")?;
    let lead = near.get(..at)?;
    lead.iter()
        .all(|byte| b"\"'/>".contains(byte))
        .then_some(at)
}

/// A call that reads a document which is not one beside the style sheet.
fn reads(text: &[u8], call: &[u8]) -> Option<Found> {
    let mut from = 0_usize;
    while let Some(at) = sought::find(text.get(from..)?, call) {
        let start = from.saturating_add(at);
        from = start.saturating_add(call.len());
        let named = start
            .checked_sub(1)
            .and_then(|at| text.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':'));
        let mut reader = Reader::new(text, from);
        reader.spaces();
        if named || !matches!(reader.peek(), Some(b'\'' | b'"')) {
            continue;
        }
        let Some(name) = reader.literal() else {
            continue;
        };
        let reached = match target(name, None) {
            Target::Remote => true,
            Target::Reached => !name.is_empty() && !name.starts_with(b"#"),
            Target::Beside | Target::Known | Target::Odd => false,
        };
        if reached {
            return Some((High, "document-of-a-file", start, reader.at));
        }
    }
    None
}
