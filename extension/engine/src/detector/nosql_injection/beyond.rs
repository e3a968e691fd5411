//! What goes on behind what a value closed: another document, another traversal, everything.
//! It never looks for the end of what it reads: the first sign that decides is enough.
use super::script::{SHELL_METHODS, What, find, graph};
use super::{Find, operator};
use crate::cursor::Cursor;
use crate::report::Confidence;
use crate::sought;

/// `, {pin: {$gt: ''}}`: another document behind one that was closed, with a
/// condition that no value is.
pub(super) fn next_document(cursor: &mut Cursor<'_>) -> What {
    cursor.space();
    if !cursor.eat(b"{") {
        return None;
    }
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'\'' | b'"'));
    if cursor.name().is_empty() {
        return None;
    }
    cursor.eat_while(|byte| matches!(byte, b'\'' | b'"'));
    cursor.space();
    if !cursor.eat(b":") {
        return None;
    }
    cursor.space();
    if !cursor.eat(b"{") {
        return None;
    }
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'\'' | b'"'));
    operator::is_known(cursor.name()).then_some(("mongodb", "operator"))
}

/// `+ tojson(this)`: the document itself, where a text was meant.
pub(super) fn printed(cursor: &mut Cursor<'_>) -> What {
    cursor.eat_while(|byte| byte.is_ascii_whitespace() || byte == b'(');
    let name = cursor.name();
    let prints = matches!(name, b"tojson" | b"tojsononeline") && cursor.eat(b"(")
        || name == b"JSON" && cursor.eat(b".stringify(this");
    prints.then_some(("javascript", "this"))
}

/// `.drop().iterate(); g.V(`: steps of Gremlin behind the one in which the value stands, and
/// another traversal.
pub(super) fn traversal(cursor: &mut Cursor<'_>) -> What {
    let step = cursor.name();
    let is_step = matches!(
        step,
        b"drop" | b"iterate" | b"toList" | b"valueMap" | b"values" | b"next"
    );
    let begins = [b"g.V(".as_slice(), b"g.E("];
    let rest = cursor.rest();
    let goes_on = begins.iter().any(|sign| sought::find(rest, sign).is_some());
    (is_step && rest.starts_with(b"(") && goes_on).then_some(("gremlin", "traversal"))
}

/// `*:*` and `_exists_:pin`, which Lucene's queries have, and `1==1`, which no SQL has.
pub(super) fn everything(cursor: Cursor<'_>) -> What {
    let mut ahead = cursor;
    if ahead.eat(b"*:*") || ahead.eat(b"_exists_:") && !ahead.name().is_empty() {
        return Some(("lucene", "all-documents"));
    }
    let digits = ahead.eat_while(|byte| byte.is_ascii_digit());
    let is_true = !digits.is_empty() && ahead.eat(b"==") && ahead.rest().starts_with(digits);
    is_true.then_some(("javascript", "tautology"))
}

/// `_id);}, function(k, v) { … }); db.users.drop(` and `1}) MATCH (n) DETACH DELETE n`: a value
/// without quotes that closes what stands around it and goes on with what only a database runs.
pub(super) fn behind_closers(cursor: Cursor<'_>) -> Option<Find> {
    let mut ahead = cursor;
    let closers = ahead.eat_while(|byte| byte.is_ascii_whitespace() || b")};,]".contains(&byte));
    if !closers.contains(&b'}') || closers.contains(&b'\n') {
        return None;
    }
    let word = ahead.name();
    let what = if word == b"function" && ahead.eat(b"(") {
        let rest = ahead.rest();
        let commands = sought::find_all(rest, b"db.").any(|at| {
            let mut command = Cursor::at(rest, at.saturating_add(3));
            let mut name = command.name();
            if command.eat(b".") {
                name = command.name();
            }
            SHELL_METHODS.contains(&name) && command.eat(b"(")
        });
        commands.then_some(("javascript", "statement"))
    } else {
        graph(word, ahead)
    }?;
    // What stands behind a clause of Cypher is the rest of its query.
    let end = ahead.offset().saturating_add(ahead.rest().len());
    Some(find(Confidence::High, 0, end, "bare", what))
}
