//! The part of XPath and XQuery that stands behind a break-out: connectives, functions, axes.
//! It never reads on behind the first operand that decides.
use memchr::memchr;

use crate::cursor::Cursor;
use crate::report::Confidence;

/// What a value does to the expression around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breakout {
    /// How sure it is.
    pub(super) confidence: Confidence,
    /// The first byte that decided.
    pub(super) start: usize,
    /// One past the last byte that decided.
    pub(super) end: usize,
    /// What stands behind the break-out.
    pub(super) production: &'static str,
}

// Limit: a literal that a value leaves is a name; behind more text nobody leaves one.
const LITERAL_BYTES_MAX: usize = 256;
// Limit: an operand is recognised by its first bytes; names of functions have up to 22 letters.
const OPERAND_BYTES_MAX: usize = 256;

/// The offset of the first quote of a kind, or where the search ended.
pub(super) fn first_quote(text: &[u8], quote: u8) -> usize {
    let near = text.get(..LITERAL_BYTES_MAX).unwrap_or(text);
    memchr(quote, near).unwrap_or(near.len())
}

/// Reads what stands behind the quote at an offset, which closes the literal.
pub(super) fn break_out(text: &[u8], at: usize) -> Option<Breakout> {
    let literal = text.get(..at)?;
    let first = *text.get(at)?;
    if !matches!(first, b'\'' | b'"') || literal.contains(&b'\n') {
        return None;
    }
    let end = at.saturating_add(OPERAND_BYTES_MAX).min(text.len());
    let mut cursor = Cursor::at(text.get(..end)?, at);
    cursor.skip(1);
    let production = behind_literal(&mut cursor)?;
    Some(Breakout {
        confidence: Confidence::High,
        start: at,
        end: cursor.offset(),
        production,
    })
}

/// Reads a text that was the inside of a pair of quotes, both of which a reader of JSON took away.
pub(super) fn within_quotes(text: &[u8]) -> Option<Breakout> {
    if !matches!(text.first(), Some(b' ' | b']' | b')')) {
        return None;
    }
    let mut cursor = Cursor::at(text.get(..OPERAND_BYTES_MAX).unwrap_or(text), 0);
    let production = behind_literal(&mut cursor)?;
    (production == "function" || text.starts_with(b"]")).then_some(Breakout {
        confidence: Confidence::High,
        start: 0,
        end: cursor.offset(),
        production,
    })
}

/// Reads a text that closes a predicate without quotes, as `1] | //a` does.
pub(super) fn bare(text: &[u8]) -> Option<Breakout> {
    let mut cursor = Cursor::at(text.get(..OPERAND_BYTES_MAX).unwrap_or(text), 0);
    let operand = cursor.eat_while(|byte| byte.is_ascii_alphanumeric());
    // Limit: a position or a name of 16 bytes stands where the value does.
    if operand.len() > 16 || cursor.peek() != Some(b']') {
        return None;
    }
    let production = behind_literal(&mut cursor)?;
    matches!(production, "union" | "step").then_some(Breakout {
        confidence: Confidence::High,
        start: 0,
        end: cursor.offset(),
        production,
    })
}

/// What stands behind a closed literal.
fn behind_literal(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    let mut closes_predicate = false;
    loop {
        cursor.space();
        if cursor.eat(b"]") {
            closes_predicate = true;
        } else if !cursor.eat(b")") {
            break;
        }
    }
    if cursor.eat(b"|") {
        return (!cursor.eat(b"|") && second_path(cursor)).then_some("union");
    }
    if closes_predicate && cursor.peek() == Some(b'/') {
        return step(cursor).then_some("step");
    }
    if cursor.eat(b"[") {
        // A list of names in brackets is of other languages.
        return condition(cursor).filter(|production| *production == "function");
    }
    let connective = cursor.name();
    if !matches!(connective, b"or" | b"and") {
        return None;
    }
    condition(cursor)
}

/// The path behind `|`: from the root, by an axis, or a name and one more of them.
fn second_path(cursor: &mut Cursor<'_>) -> bool {
    // Limit: three alternatives; the first or second is a path from the root.
    for _ in 0..3 {
        cursor.space();
        if is_path(cursor) {
            return true;
        }
        let name = cursor.name();
        cursor.space();
        if name.is_empty() || !cursor.eat(b"|") {
            return false;
        }
    }
    false
}

/// A condition that only XPath has.
fn condition(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    loop {
        cursor.space();
        if !cursor.eat(b"(") {
            break;
        }
    }
    if is_path(cursor) {
        return Some("path");
    }
    let mut ahead = *cursor;
    let prefixed = ahead.eat(b"fn:");
    let name = ahead.eat_while(|byte| byte.is_ascii_lowercase() || byte == b'-');
    ahead.space();
    if !ahead.eat(b"(") {
        return None;
    }
    ahead.space();
    let decides = prefixed
        || XPATH_FUNCTIONS.contains(&name)
        || (NODE_FUNCTIONS.contains(&name) && ahead.eat(b")"))
        // `not(contains(…))`, `string(name(…))`.
        || (SHARED_FUNCTIONS.contains(&name) && (is_function(ahead) || argument(&mut ahead)));
    *cursor = ahead;
    decides.then_some("function")
}

/// True if a function of XPath is called here, whatever its arguments.
fn is_function(cursor: Cursor<'_>) -> bool {
    let mut ahead = cursor;
    let name = ahead.eat_while(|byte| byte.is_ascii_lowercase() || byte == b'-');
    ahead.eat(b"(")
        && (XPATH_FUNCTIONS.contains(&name)
            || NODE_FUNCTIONS.contains(&name)
            || (SHARED_FUNCTIONS.contains(&name) && argument(&mut ahead)))
}

/// True for an argument that names nodes: a path, a name and a comma, `.`, or an address.
fn argument(cursor: &mut Cursor<'_>) -> bool {
    if is_path(cursor) {
        return true;
    }
    if cursor.eat(b".") {
        cursor.space();
        return matches!(cursor.peek(), Some(b',' | b')'));
    }
    if let Some(quote @ (b'\'' | b'"')) = cursor.peek() {
        let mut ahead = *cursor;
        ahead.skip(1);
        let word = ahead.eat_while(|byte| byte.is_ascii_alphanumeric());
        return matches!(word, b"http" | b"https" | b"file" | b"ftp") && ahead.peek() == Some(b':')
            || ahead.peek() == Some(quote);
    }
    let name = cursor.eat_while(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'@')
    });
    cursor.space();
    !name.is_empty() && cursor.eat(b",") && {
        cursor.space();
        matches!(cursor.peek(), Some(b'\'' | b'"' | b'0'..=b'9'))
    }
}

/// Passes the start of a path that is no path of files: `//name`, `/*`, `../name`, `@name`, an
/// axis, `text()`.
fn is_path(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let slashes = ahead.eat_while(|byte| byte == b'/').len();
    let parent = ahead.eat(b"../") || ahead.eat(b"..");
    let found = match slashes {
        0 if parent => ahead.peek().is_some_and(|byte| {
            byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'*' | b'@' | b'[')
        }),
        0 => attribute(&mut ahead) || axis(&mut ahead),
        1 => parent || ahead.eat(b"*") || attribute(&mut ahead) || axis(&mut ahead),
        2 => ahead
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'*' | b'@' | b'.')),
        _ => false,
    };
    if found {
        *cursor = ahead;
    }
    found
}

/// `@name` with what may stand behind it in a condition.
fn attribute(cursor: &mut Cursor<'_>) -> bool {
    if !cursor.eat(b"@") {
        return false;
    }
    if cursor.eat(b"*") {
        return true;
    }
    let name = cursor.eat_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    cursor.space();
    !name.is_empty()
        && matches!(
            cursor.peek(),
            Some(b'=' | b'!' | b'<' | b'>' | b',' | b')' | b']' | b'|')
        )
}

/// `child::`, `text()`, …
fn axis(cursor: &mut Cursor<'_>) -> bool {
    let name = cursor.eat_while(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if AXES.contains(&name) && cursor.eat(b"::") {
        return true;
    }
    matches!(name, b"text" | b"node" | b"comment") && cursor.eat(b"()")
}

/// A step behind a predicate that the value closed.
fn step(cursor: &mut Cursor<'_>) -> bool {
    if is_path(cursor) {
        return true;
    }
    let mut ahead = *cursor;
    ahead.eat_while(|byte| byte == b'/');
    let name = ahead.eat_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    ahead.space();
    // `']/password | a['`: another path, whose predicate the rest closes.
    let found = !name.is_empty() && ahead.eat(b"|") && !ahead.eat(b"|") && {
        ahead.space();
        second_path(&mut ahead) || { !ahead.name().is_empty() && ahead.eat(b"[") }
    };
    if found {
        *cursor = ahead;
    }
    found
}

/// Reads a text that is a question about nodes as a whole, and so fits where a predicate stands.
pub(super) fn question(text: &[u8]) -> Option<Breakout> {
    let near = text.get(..OPERAND_BYTES_MAX).unwrap_or(text);
    let mut cursor = Cursor::at(near, 0);
    let name = cursor.eat_while(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let is_known = XPATH_FUNCTIONS.contains(&name) || SHARED_FUNCTIONS.contains(&name);
    if !is_known || !cursor.eat(b"(") || !is_path(&mut cursor) {
        return None;
    }
    // Only one text at a time is cut out and compared by who reads what he may not see.
    let is_guess = name == b"substring" && guesses(cursor);
    Some(Breakout {
        confidence: if is_guess {
            Confidence::High
        } else {
            Confidence::Medium
        },
        start: 0,
        end: cursor.offset(),
        production: "question",
    })
}

// Limit: an interface has few folders before its parameter.
const FOLDERS_MAX: usize = 8;

/// Reads a question that stands behind the folders of a path.
pub(super) fn behind_folders(text: &[u8]) -> Option<Breakout> {
    let near = text.get(..LITERAL_BYTES_MAX).unwrap_or(text);
    memchr::memchr_iter(b'/', near)
        .take(FOLDERS_MAX)
        .find_map(|slash| {
            let start = slash.saturating_add(1);
            let found = question(text.get(start..)?)?;
            Some(Breakout {
                start: found.start.saturating_add(start),
                end: found.end.saturating_add(start),
                ..found
            })
        })
}

/// True for `…,1,1)=`: one character is cut out and compared.
fn guesses(cursor: Cursor<'_>) -> bool {
    let mut ahead = cursor;
    ahead.eat_while(|byte| byte != b',' && byte != b'\n');
    let mut number = || {
        ahead.eat(b",");
        ahead.space();
        let digits = ahead.eat_while(|byte| byte.is_ascii_digit());
        ahead.space();
        digits
    };
    !number().is_empty() && number() == b"1" && ahead.eat(b")") && {
        ahead.space();
        ahead.eat(b"=")
    }
}

/// Functions whose names no other language has.
const XPATH_FUNCTIONS: [&[u8]; 12] = [
    b"codepoints-to-string",
    b"doc-available",
    b"ends-with",
    b"local-name",
    b"namespace-uri",
    b"normalize-space",
    b"starts-with",
    b"string-length",
    b"string-to-codepoints",
    b"substring-after",
    b"substring-before",
    b"unparsed-text",
];

/// Functions of the current node, called without arguments.
const NODE_FUNCTIONS: [&[u8]; 8] = [
    b"name",
    b"position",
    b"last",
    b"true",
    b"false",
    b"text",
    b"node",
    b"current",
];

/// Functions whose names other languages have, too.
const SHARED_FUNCTIONS: [&[u8]; 20] = [
    b"boolean",
    b"ceiling",
    b"concat",
    b"contains",
    b"count",
    b"doc",
    b"document",
    b"empty",
    b"exists",
    b"floor",
    b"id",
    b"lang",
    b"matches",
    b"name",
    b"not",
    b"number",
    b"string",
    b"substring",
    b"sum",
    b"translate",
];

/// The axes.
const AXES: [&[u8]; 12] = [
    b"ancestor",
    b"ancestor-or-self",
    b"attribute",
    b"child",
    b"descendant",
    b"descendant-or-self",
    b"following",
    b"following-sibling",
    b"parent",
    b"preceding",
    b"preceding-sibling",
    b"self",
];
