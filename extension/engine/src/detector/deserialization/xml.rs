//! Objects written as XML: Java's `XMLDecoder`, `XStream`, and .NET's markup of objects.
//! It never builds a tree: an element's name and its attributes decide.
use memchr::memchr_iter;

use super::Find;
use super::class::{self, Worth};
use crate::cursor::Cursor;
use crate::report::Confidence;
use crate::sought;

// Limit: an element's name and attributes that matter stand in its first 512 bytes.
const ELEMENT_BYTES_MAX: usize = 512;

/// Reads a text for elements; gives the first that constructs.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    let mut end = 0_usize;
    for start in memchr_iter(b'<', text) {
        let name = text.get(start.saturating_add(1));
        // Within an element that was read already, or no element at all.
        if start < end || !name.is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let element = element(text.get(start..).unwrap_or(&[]));
        end = start.saturating_add(element.len());
        if let Some((confidence, format, mark)) = constructs(element) {
            return Some(Find {
                confidence,
                start,
                end,
                format,
                mark,
                is_whole: text.trim_ascii_start().starts_with(b"<"),
            });
        }
    }
    None
}

/// An opening tag, without its last bracket.
fn element(text: &[u8]) -> &[u8] {
    let near = text.get(..ELEMENT_BYTES_MAX).unwrap_or(text);
    let len = near
        .iter()
        .skip(1)
        .position(|byte| matches!(byte, b'<' | b'>'))
        .map_or(near.len(), |len| len.saturating_add(1));
    near.get(..len).unwrap_or(near)
}

/// How sure, the format, and the mark.
type Construct = (Confidence, &'static str, &'static str);

/// What an element constructs.
fn constructs(element: &[u8]) -> Option<Construct> {
    let mut cursor = Cursor::at(element, 1);
    let name = cursor.eat_while(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'$')
    });
    let attributes = cursor.rest();
    match name {
        b"java" | b"object" | b"void" | b"new" | b"array" => {
            let class = attribute(attributes, b"class=")?;
            let is_decoder = class == b"java.beans.XMLDecoder";
            (is_decoder || class::is_java_name(class) && class::java(class) == Worth::Gadget)
                .then_some((Confidence::High, "java", "xml-decoder"))
        }
        b"dynamic-proxy" => Some((Confidence::High, "java", "xstream")),
        b"ObjectDataProvider" | b"ObjectInstance" => {
            let starts = sought::find(attributes, b"MethodName=").is_some()
                || sought::find(attributes, b"type=").is_some();
            starts.then_some((Confidence::High, "dotnet", "markup"))
        }
        _ if name.contains(&b'.') && class::is_java_name(outer(name)) => {
            // `XStream` names an element by its class.
            (class::java(name) == Worth::Gadget).then_some((Confidence::High, "java", "xstream"))
        }
        _ => of_type(attributes),
    }
}

/// The outer class of a nested one: `XStream` writes `_-` for `$`.
fn outer(name: &[u8]) -> &[u8] {
    let end = sought::find(name, b"_-").unwrap_or(name.len());
    name.get(..end).unwrap_or(name)
}

/// `type="…"`, `z:Type="…"`, `class="…"` with a type that runs code.
fn of_type(attributes: &[u8]) -> Option<Construct> {
    let dotnet = attribute(attributes, b"type=").or_else(|| attribute(attributes, b"Type="));
    if let Some(of_dotnet) = dotnet
        && [
            &b"System.Data.Services.Internal.ExpandedWrapper"[..],
            b"System.Windows.Data.ObjectDataProvider",
            b"System.Diagnostics.Process",
            b"System.Workflow.ComponentModel.Serialization",
            b"System.Security.Principal.WindowsIdentity",
            b"System.Security.Claims.Claims",
            b"System.Configuration.Install.AssemblyInstaller",
            b"System.Windows.ResourceDictionary",
        ]
        .iter()
        .any(|gadget| of_dotnet.starts_with(gadget))
    {
        return Some((Confidence::High, "dotnet", "markup"));
    }
    let class = attribute(attributes, b"class=")?;
    let is_handler = matches!(
        class,
        b"java.beans.EventHandler" | b"java.lang.ProcessBuilder" | b"java.lang.Runtime"
    );
    is_handler.then_some((Confidence::High, "java", "xstream"))
}

/// The value of an attribute, given its name and `=`.
fn attribute<'t>(attributes: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let at = sought::find(attributes, name)?;
    let mut cursor = Cursor::at(attributes, at.saturating_add(name.len()));
    let quote = cursor.peek().filter(|byte| matches!(byte, b'"' | b'\''))?;
    cursor.skip(1);
    Some(cursor.eat_while(|byte| byte != quote))
}
