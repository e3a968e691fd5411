//! Members of JSON documents that say which class their object is of.
//! It never takes a type for a class: names of schemas have no dots, and addresses have slashes.
use credenza_event::Path;

use super::Find;
use super::class::{self, Worth};
use crate::cursor::Cursor;
use crate::gate;
use crate::operand::Operand;
use crate::report::Confidence;
use crate::sought;

/// Judges the name of a member with its operand.
pub(super) fn key(path: &Path<'_>, name: &[u8]) -> Option<Find> {
    let operand = Operand::of(path.operand());
    let (confidence, format) = match (name, operand) {
        (b"py/reduce", Operand::Array(_)) => (Confidence::Medium, "jsonpickle"),
        (b"py/repr", Operand::Text(_)) => (Confidence::High, "jsonpickle"),
        (b"py/object" | b"py/type" | b"py/function" | b"py/class", Operand::Text(class)) => {
            (python(class)?, "jsonpickle")
        }
        (b"@type" | b"@class", Operand::Text(class)) => (java(class)?, "java"),
        (b"$type", Operand::Text(class)) => (dotnet(class)?, "dotnet"),
        (b"__type", Operand::Text(class)) => {
            let is_gadget = class::dotnet(class) == Worth::Gadget && !class.contains(&b'#');
            (is_gadget.then_some(Confidence::High)?, "dotnet")
        }
        (b"json_class" | b"^o" | b"^c", Operand::Text(class)) => (ruby(class)?, "ruby"),
        // A stream as the property of a pool of connections.
        (b"userOverridesAsString", Operand::Text(value)) => {
            let is_stream = value.starts_with(b"HexAsciiSerializedMap");
            (is_stream.then_some(Confidence::High)?, "java")
        }
        _ => return None,
    };
    Some(Find {
        confidence,
        start: 0,
        end: name.len(),
        format,
        mark: "type-member",
        is_whole: true,
    })
}

/// Judges a value that is the first of a list: `["class", {…}]`, as Jackson reads it.
pub(super) fn first_of_list(path: &Path<'_>, text: &[u8]) -> Option<Find> {
    if !path.is_first_of_list() || !gate::begins_class(text) || !class::is_java_name(text) {
        return None;
    }
    (class::java(text) == Worth::Gadget).then_some(Find {
        confidence: Confidence::High,
        start: 0,
        end: text.len(),
        format: "java",
        mark: "type-list",
        is_whole: true,
    })
}

/// Reads a text for members in single quotes or none, as lenient readers take them.
pub(super) fn lenient(text: &[u8]) -> Option<Find> {
    // No member is without its document.
    memchr::memchr(b'{', text)?;
    for (mark, at) in [&b"$type"[..], b"@type"]
        .into_iter()
        .filter_map(|mark| Some((mark, sought::find(text, mark)?)))
    {
        let mut cursor = Cursor::at(text, at.saturating_add(mark.len()));
        let quote = cursor.eat(b"'") || cursor.eat(b"\"");
        cursor.space();
        if !cursor.eat(b":") {
            continue;
        }
        cursor.space();
        let Some(delimiter) = cursor.peek().filter(|byte| matches!(byte, b'\'' | b'"')) else {
            continue;
        };
        cursor.skip(1);
        // Limit: full names of types with their assemblies are no longer than 256 bytes.
        let near = cursor.rest();
        let near = near.get(..256).unwrap_or(near);
        let len = memchr::memchr(delimiter, near).unwrap_or(near.len());
        let class = near.get(..len)?;
        let (confidence, format) = match mark {
            b"$type" => (dotnet(class), "dotnet"),
            _ => (java(class), "java"),
        };
        if confidence == Some(Confidence::High) {
            return Some(Find {
                confidence: Confidence::High,
                start: at,
                end: cursor.offset().saturating_add(len),
                format,
                mark: "type-member",
                is_whole: quote && text.trim_ascii_start().starts_with(b"{"),
            });
        }
    }
    None
}

/// A class of Java, as fastjson and Jackson read it.
fn java(class: &[u8]) -> Option<Confidence> {
    // `Lcom.example.A;` and `[com.example.A` are read as the class, too.
    let class = class.strip_prefix(b"[").unwrap_or(class);
    let class = match class {
        [b'L', inner @ .., b';'] => inner,
        _ => class,
    };
    if !class::is_java_name(class) {
        return None;
    }
    class::java(class).confidence()
}

/// A type of .NET with its assembly.
fn dotnet(class: &[u8]) -> Option<Confidence> {
    let comma = memchr::memchr(b',', class);
    let name = class.get(..comma.unwrap_or(class.len()))?;
    let is_type = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.contains(&b'.')
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._+`[]\\".contains(byte));
    match class::dotnet(name) {
        Worth::Gadget if is_type => Some(Confidence::High),
        // Without an assembly it may be any name with a dot.
        Worth::Unknown if is_type && comma.is_some() => Some(Confidence::Medium),
        _ => None,
    }
}

/// A callable of Python.
fn python(class: &[u8]) -> Option<Confidence> {
    // `module/code` stands before `py/repr` expressions; here dots part a module and its names.
    let dot = class.iter().rposition(|byte| *byte == b'.')?;
    let module = class.get(..dot)?;
    let name = class.get(dot.saturating_add(1)..)?;
    class::python(module, name).confidence()
}

/// A class of Ruby.
fn ruby(class: &[u8]) -> Option<Confidence> {
    let is_class = class.first().is_some_and(u8::is_ascii_uppercase)
        && class
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_'));
    if !is_class {
        return None;
    }
    match class::ruby(class) {
        Worth::Harmless if class.starts_with(b"Gem::") => Some(Confidence::High),
        worth => worth.confidence(),
    }
}
