//! Programs of databases behind a break-out: JavaScript, expression functions, members with
//! operators.
//! It never reads on behind the first statement or operand that decides.
use credenza_event::Path;
use memchr::memchr;

use super::beyond::{behind_closers, everything, next_document, printed, traversal};
use super::{Find, operator};
use crate::cursor::{Cursor, span};
use crate::report::{Confidence, Explanation};
use crate::sought;

// Limit: the text that a value closes is a name; behind more text nobody closes one.
const LITERAL_BYTES_MAX: usize = 256;
// Limit: a statement is recognised by its first bytes.
const STATEMENT_BYTES_MAX: usize = 256;

/// Reads a value in each of its contexts: in quotes of both kinds, and in none.
///
/// `is_body` is true where whole programs may stand.
pub(super) fn read(text: &[u8], within_quotes: bool, is_body: bool) -> Option<Find> {
    let near = text.get(..LITERAL_BYTES_MAX).unwrap_or(text);
    for quote in [b'\'', b'"'] {
        let Some(at) = memchr(quote, near) else {
            continue;
        };
        let literal = near.get(..at).unwrap_or(&[]);
        if literal.contains(&b'\n') {
            continue;
        }
        let found = behind_literal(text, at, at.saturating_add(1));
        if found.is_some() {
            return found;
        }
    }
    // A reader of JSON took both quotes away.
    if within_quotes
        && let Some(b' ' | b'|' | b'&' | b';' | b')' | b'}') = text.first()
        && let Some(found) = behind_literal(text, 0, 0)
    {
        return Some(found);
    }
    loose(text)
        .or_else(|| bare(text))
        .or_else(|| shell(text, is_body))
}

pub(super) fn find(
    confidence: Confidence,
    start: usize,
    end: usize,
    context: &'static str,
    (dialect, production): (&'static str, &'static str),
) -> Find {
    Find {
        confidence,
        span: span(start, end),
        explanation: Explanation {
            context,
            dialect,
            production,
        },
    }
}

/// What stands behind a closed literal.
fn behind_literal(text: &[u8], start: usize, behind: usize) -> Option<Find> {
    let end = behind.saturating_add(STATEMENT_BYTES_MAX).min(text.len());
    let mut cursor = Cursor::at(text.get(..end)?, behind);
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b')' | b'}' | b']'));
    let what = if cursor.eat(b"||") || cursor.eat(b"&&") {
        condition(&mut cursor)
    } else if cursor.eat(b";") {
        statement(&mut cursor)
    } else if cursor.eat(b",") {
        let before = cursor;
        operator_member(&mut cursor).or_else(|| {
            cursor = before;
            let closed = text.get(behind..before.offset()).unwrap_or(&[]);
            closed
                .contains(&b'}')
                .then(|| next_document(&mut cursor))
                .flatten()
        })
    } else if cursor.eat(b"+") {
        printed(&mut cursor)
    } else if cursor.eat(b".") {
        traversal(&mut cursor)
    } else {
        words(&mut cursor)
    }?;
    // What stands behind a clause of Cypher is the rest of its query.
    let end = if what.0 == "cypher" {
        text.len()
    } else {
        cursor.offset()
    };
    // A statement on a line of its own is the next one of a program that somebody cut out.
    let between = text.get(behind..end).unwrap_or(&[]);
    let confidence = if what.1 == "statement" && between.contains(&b'\n') {
        Confidence::Medium
    } else {
        Confidence::High
    };
    Some(find(confidence, start, end, "literal", what))
}

/// What a finding names: the language, and the production.
pub(super) type What = Option<(&'static str, &'static str)>;

/// An operand of `||` or `&&` that only a program has.
fn condition(cursor: &mut Cursor<'_>) -> What {
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'!'));
    if let Some(quote @ (b'\'' | b'"')) = cursor.peek() {
        cursor.skip(1);
        cursor.eat_while(|byte| byte != quote && byte != b'\n');
        cursor.skip(1);
        return equals(cursor).then_some(("javascript", "tautology"));
    }
    let before = *cursor;
    let word = cursor.name();
    if word.is_empty() {
        let digits = cursor.eat_while(|byte| byte.is_ascii_digit());
        return (!digits.is_empty() && equals(cursor)).then_some(("javascript", "tautology"));
    }
    match word {
        b"Object" => cursor.eat(b".keys(this").then_some(("javascript", "this")),
        b"this" => member(cursor).then_some(("javascript", "this")),
        b"true" => {
            cursor.space();
            let rest = cursor.rest();
            let ends = rest.is_empty()
                || rest.starts_with(b"//")
                || rest.starts_with(b"||")
                || rest.starts_with(b"==")
                || matches!(rest.first(), Some(b'\'' | b'"' | b'}' | b';'));
            ends.then_some(("javascript", "tautology"))
        }
        b"function" | b"new" | b"db" | b"sleep" => {
            *cursor = before;
            statement(cursor)
        }
        _ => None,
    }
}

/// `==` or `===` and something behind it.
fn equals(cursor: &mut Cursor<'_>) -> bool {
    cursor.space();
    if !cursor.eat(b"==") {
        return false;
    }
    cursor.eat(b"=");
    cursor.space();
    cursor
        .peek()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'\'' | b'"'))
}

/// `.name` or `[` behind an object.
fn member(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat(b"[") || (cursor.eat(b".") && !cursor.name().is_empty())
}

/// A statement that a database runs.
fn statement(cursor: &mut Cursor<'_>) -> What {
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'}' | b')' | b';'));
    let word = cursor.name();
    let spaced = cursor.space();
    let found = match word {
        b"return" => {
            let sign = cursor.eat(b"!") || cursor.eat(b"(");
            let digits = cursor.eat_while(|byte| byte.is_ascii_digit());
            let object = cursor.name();
            (spaced || sign)
                && (matches!(object, b"true" | b"false" | b"this" | b"db" | b"function")
                    || (!digits.is_empty() && object.is_empty())
                    || matches!(cursor.peek(), Some(b'\'' | b'"')))
        }
        b"sleep" => {
            cursor.eat(b"(") && {
                cursor.space();
                cursor.peek().is_some_and(|byte| byte.is_ascii_digit())
            }
        }
        b"var" | b"let" | b"const" => {
            let named = !cursor.name().is_empty();
            cursor.space();
            spaced && named && cursor.eat(b"=") && !cursor.eat(b"=")
        }
        b"while" | b"for" | b"if" => cursor.eat(b"(") && is_own_condition(*cursor),
        b"do" => cursor.eat(b"{"),
        b"function" => {
            cursor.name();
            cursor.eat(b"(")
        }
        b"new" => spaced && cursor.eat(b"Date"),
        b"throw" => {
            spaced
                && (["new ", "'", "\"", "JSON.stringify(this", "tojson("]
                    .iter()
                    .any(|start| cursor.eat(start.as_bytes())))
        }
        b"this" => member(cursor),
        // `d=new Date();`
        name if !name.is_empty() && name.len() <= 8 && cursor.eat(b"=") => {
            cursor.space();
            cursor.eat(b"new") && cursor.space() && cursor.eat(b"Date(")
        }
        b"db" => cursor.eat(b".") && !cursor.name().is_empty() && is_call(*cursor),
        _ => false,
    };
    found.then_some(("javascript", "statement"))
}

/// True for a condition that a caller can write without the names of the program: `true`, `1`,
/// `;;`, `this.…`, `new Date()-…`.
fn is_own_condition(cursor: Cursor<'_>) -> bool {
    let mut ahead = cursor;
    ahead.eat_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'!'));
    let begins = matches!(ahead.peek(), Some(b';' | b'\'' | b'"' | b'0'..=b'9'));
    begins
        || matches!(
            ahead.name(),
            b"true" | b"this" | b"db" | b"new" | b"var" | b"let" | b"function"
        )
}

/// True if a call or another member follows.
fn is_call(cursor: Cursor<'_>) -> bool {
    matches!(cursor.peek(), Some(b'(' | b'.' | b'['))
}

/// `$operator:` as the next member of the document that the value stands in.
fn operator_member(cursor: &mut Cursor<'_>) -> What {
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || byte == b'{');
    let quote = cursor.peek().filter(|byte| matches!(byte, b'\'' | b'"'));
    cursor.skip(usize::from(quote.is_some()));
    if cursor.peek() != Some(b'$') {
        return None;
    }
    let name = cursor.name();
    if quote.is_some_and(|quote| !cursor.eat(&[quote])) {
        return None;
    }
    cursor.space();
    let is_member = cursor.eat(b":") && operator::is_known(name);
    is_member.then_some(("mongodb", "operator"))
}

/// `ALLOW FILTERING` of Cassandra, and functions of conditions of `DynamoDB`.
fn words(cursor: &mut Cursor<'_>) -> What {
    let word = cursor.name();
    if let Some(what) = graph(word, *cursor) {
        return Some(what);
    }
    if word.eq_ignore_ascii_case(b"allow") && cursor.space() {
        return cursor
            .name()
            .eq_ignore_ascii_case(b"filtering")
            .then_some(("cassandra", "allow-filtering"));
    }
    if !(word.eq_ignore_ascii_case(b"or") || word.eq_ignore_ascii_case(b"and")) {
        return None;
    }
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || byte == b'(');
    if let Some(what) = everything(*cursor) {
        return Some(what);
    }
    if cursor
        .rest()
        .get(..3)
        .is_some_and(|not| not.eq_ignore_ascii_case(b"not"))
    {
        cursor.skip(3);
        cursor.eat_while(|byte| byte.is_ascii_whitespace() || byte == b'(');
    }
    let function = cursor.name();
    let takes_path = matches!(
        function,
        b"attribute_exists" | b"attribute_not_exists" | b"attribute_type" | b"begins_with"
    );
    let takes_literal = function == b"contains";
    if !(takes_path || takes_literal) || !cursor.eat(b"(") {
        return None;
    }
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'#'));
    let path = cursor.eat_while(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']')
    });
    cursor.eat(b"\"");
    cursor.space();
    let fits = !path.is_empty() && matches!(cursor.peek(), Some(b',' | b')'));
    fits.then_some(("dynamodb", "function"))
}

/// `{ $ne: 1 }` and `1, $where: …`: a document, or its next member, as programs write it.
fn loose(text: &[u8]) -> Option<Find> {
    let near = text.get(..STATEMENT_BYTES_MAX).unwrap_or(text);
    let mut cursor = Cursor::at(near, 0);
    cursor.space();
    if cursor.peek() == Some(b'}') {
        cursor.eat_while(|byte| byte.is_ascii_whitespace() || byte == b'}');
        cursor.eat_while(|byte| matches!(byte, b')' | b']'));
        let what = cursor.eat(b",").then(|| next_document(&mut cursor))??;
        return Some(find(Confidence::High, 0, cursor.offset(), "document", what));
    }
    if !cursor.eat(b"{") {
        // Limit: `true`, `1`, a name: what stands before the next member.
        let operand = cursor.eat_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        cursor.space();
        if operand.len() > 16 || (!cursor.eat(b",") && !operand.is_empty()) {
            return None;
        }
    }
    cursor.space();
    let name = cursor.name();
    cursor.space();
    if !operator::is_sure(name) || !cursor.eat(b":") || cursor.eat(b":") {
        return None;
    }
    let end = cursor.offset();
    let what = ("mongodb", "operator");
    Some(find(Confidence::High, 0, end, "document", what))
}

/// A clause of Cypher, which writes its words in capitals.
pub(super) fn graph(word: &[u8], cursor: Cursor<'_>) -> What {
    let mut ahead = cursor;
    if !ahead.space() {
        return None;
    }
    let found = match word {
        b"MATCH" => {
            ahead.eat(b"(") && {
                ahead.name();
                matches!(ahead.peek(), Some(b')' | b':' | b'{' | b' '))
            }
        }
        b"DETACH" => ahead.eat(b"DELETE "),
        b"LOAD" => ahead.eat(b"CSV "),
        b"CALL" => {
            let module = ahead.name();
            matches!(module, b"db" | b"dbms" | b"apoc") && ahead.eat(b".")
        }
        b"UNION" => ahead.eat(b"MATCH ("),
        b"RETURN" => {
            ahead.eat_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
            ahead.space() && ahead.eat(b"UNION ")
        }
        _ => false,
    };
    found.then_some(("cypher", "clause"))
}

/// A value without quotes around it: it ends its statement and begins one.
fn bare(text: &[u8]) -> Option<Find> {
    let near = text.get(..STATEMENT_BYTES_MAX).unwrap_or(text);
    let mut cursor = Cursor::at(near, 0);
    let operand = cursor.eat_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    cursor.space();
    if operand.len() <= 16
        && let Some(found) = behind_closers(cursor)
    {
        return Some(found);
    }
    // Limit: an identifier or a number of 16 bytes stands where the value does.
    if operand.len() > 16 || !cursor.eat(b";") {
        return None;
    }
    let is_number = operand.iter().all(u8::is_ascii_digit);
    let what = statement(&mut cursor)?;
    let is_line = near
        .get(..cursor.offset())
        .is_some_and(|read| !read.contains(&b'\n'));
    let confidence = if is_number && is_line {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let end = cursor.offset();
    Some(find(confidence, 0, end, "bare", what))
}

/// A command of the database's shell that breaks out of nothing.
fn shell(text: &[u8], is_body: bool) -> Option<Find> {
    let near = text.get(..STATEMENT_BYTES_MAX).unwrap_or(text);
    let mut cursor = Cursor::at(near, 0);
    if !cursor.eat(b"db.") {
        return None;
    }
    let mut name = cursor.name();
    // Limit: `db.collection.method`, or a collection whose name has a few dots.
    for _ in 0..4 {
        if !cursor.eat(b".") {
            break;
        }
        name = cursor.name();
    }
    if !cursor.eat(b"(") {
        return None;
    }
    if !SHELL_METHODS.contains(&name) {
        return None;
    }
    // Nobody writes documentation into a parameter.
    let confidence = if is_body {
        Confidence::Medium
    } else {
        Confidence::High
    };
    let what = ("mongodb", "shell");
    Some(find(confidence, 0, cursor.offset(), "bare", what))
}

/// Methods of the server, its databases and their collections.
pub(super) const SHELL_METHODS: [&[u8]; 27] = [
    b"adminCommand",
    b"aggregate",
    b"count",
    b"countDocuments",
    b"createUser",
    b"deleteMany",
    b"deleteOne",
    b"distinct",
    b"drop",
    b"dropDatabase",
    b"dropUser",
    b"eval",
    b"find",
    b"findOne",
    b"getCollectionNames",
    b"getUsers",
    b"grantRolesToUser",
    b"insert",
    b"insertMany",
    b"insertOne",
    b"mapReduce",
    b"remove",
    b"runCommand",
    b"save",
    b"update",
    b"updateMany",
    b"updateOne",
];

/// A script of a search engine that reaches for the machine below it.
pub(super) fn engine(path: &Path<'_>, text: &[u8]) -> Option<Find> {
    if !matches!(path.member(), Some(b"source" | b"inline" | b"script")) {
        return None;
    }
    let near = text.get(..1024).unwrap_or(text);
    let reaches = [&b"getRuntime("[..], b"forName(", b"ProcessBuilder("];
    let at = reaches.iter().find_map(|sign| sought::find(near, sign))?;
    let what = ("elasticsearch", "script");
    Some(find(Confidence::High, 0, at, "script", what))
}
