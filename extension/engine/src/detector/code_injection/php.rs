//! What only PHP can say: tags, functions named by texts and variables, variables named by texts.
//! It never takes a template's placeholder or a price for one.
use super::around::is_end;
use super::call::is_request;
use super::function::{Effect, effect};
use crate::sought;

/// What a text in PHP is worth where it is the whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// It calls a function that runs commands, under another name.
    Runs,
    /// It is PHP and nothing else.
    Odd,
}

/// The tag at the start of a text, if there is one: the bytes behind it.
pub(super) fn behind_tag(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"<?")?;
    let starts = |name: &[u8]| {
        rest.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if starts(b"xml") {
        return None;
    }
    if starts(b"php") {
        return rest.get(3..);
    }
    let is_short = match rest.first() {
        Some(b'=') => true,
        Some(byte) => byte.is_ascii_whitespace(),
        None => false,
    };
    is_short.then_some(rest)
}

// Limit: what a dynamic call is shows in the first 192 bytes of its value.
const VALUE_BYTES_MAX: usize = 192;

/// What a whole value is worth.
pub(super) fn worth(text: &[u8]) -> Option<Worth> {
    let text = text.trim_ascii();
    if text.len() > VALUE_BYTES_MAX || text.contains(&b'\n') && text.len() > 96 {
        return None;
    }
    if is_request(text) && text.contains(&b'[') || in_smarty(text) || indexes_module(text) {
        return Some(Worth::Odd);
    }
    if names_variable(text) {
        return Some(Worth::Odd);
    }
    dynamic_call(text)
}

/// `[php]`, `{php}` and their ends.
fn in_smarty(text: &[u8]) -> bool {
    text.starts_with(b"[php]")
        || text.starts_with(b"{php}")
        || text.ends_with(b"{/php}")
        || text.ends_with(b"[/php]")
}

/// `require[x`, `process[x`: a member that is named at run time.
fn indexes_module(text: &[u8]) -> bool {
    [b"require[".as_slice(), b"process["]
        .iter()
        .any(|start| text.starts_with(start))
}

/// `${'a'}`, `$ {$a}`, `$ { A }` and nothing behind.
fn names_variable(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"$") else {
        return false;
    };
    let open = rest.trim_ascii_start();
    let blanks = rest.len().saturating_sub(open.len());
    let Some(inner) = open.strip_prefix(b"{") else {
        return false;
    };
    let inner = inner.trim_ascii_start();
    let is_text = matches!(inner.first(), Some(b'\'' | b'"' | b'$' | b'@'));
    let end = inner.iter().position(|byte| *byte == b'}');
    let Some(end) = end else { return false };
    let behind = inner.get(end.saturating_add(1)..).unwrap_or_default();
    let is_spaced = blanks >= 2 && behind.trim_ascii().is_empty();
    is_spaced || is_text && (is_end(behind) || behind.contains(&b'('))
}

/// `("system")("id")`, `[system][0](id)`, `$a['b'](7)`, `"sys"."tem"("id")`.
fn dynamic_call(text: &[u8]) -> Option<Worth> {
    let start = text
        .iter()
        .take_while(|byte| matches!(byte, b'@' | b' '))
        .count();
    let text = text.get(start..)?;
    let first = *text.first()?;
    let is_built = text.windows(7).any(is_join);
    let call = called(text)?;
    let callee = text.get(..call)?;
    let equals = callee.iter().rposition(|byte| *byte == b'=');
    let assigned = equals.and_then(|at| callee.get(at.saturating_add(1)..));
    // `$a='x';$a(`: what is assigned ends, and is called.
    let is_put = |value: &&[u8]| !value.contains(&b';');
    let assigned = assigned.filter(is_put);
    if assigned.is_some_and(|value| !matches!(value.first(), Some(b'@' | b'$'))) {
        return None;
    }
    let has_runner = callee
        .split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        // `(function () { … })();` is how scripts begin; the constructor has a capital.
        .filter(|word| *word != b"function")
        .any(|word| effect(word).any(Effect::RUNS.with(Effect::EVALUATES)));
    match first {
        b'(' | b'[' | b'{' | b'"' | b'\'' if has_runner => Some(Worth::Runs),
        _ if is_built => Some(Worth::Runs),
        // `globals()['__builtins__']['eval'](`
        _ if has_runner && callee.windows(2).any(|two| two == b"__") => Some(Worth::Runs),
        b'$' => {
            let second = text.get(1).copied().unwrap_or(0);
            let is_name = second.is_ascii_alphabetic() || matches!(second, b'_' | b'{' | b' ');
            is_name.then_some(Worth::Odd)
        }
        _ => None,
    }
}

/// `' . '`: two texts are joined.
fn is_join(window: &[u8]) -> bool {
    let mut signs = window.iter().filter(|byte| **byte != b' ');
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'\'' | b'"'));
    let first = window.first();
    is_quote(first)
        && signs.next().is_some()
        && signs.next() == Some(&b'.')
        && is_quote(signs.next())
}

/// Where the parenthesis stands that calls what is no plain name, if the value ends with the call.
fn called(text: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    while let Some(next) = memchr::memchr(b'(', text.get(at..)?) {
        let open = at.saturating_add(next);
        let before = text.get(..open)?.trim_ascii_end();
        let before = match before.strip_suffix(b"*/") {
            Some(inner) => {
                let cut = sought::find_last(inner, b"/*").unwrap_or(0);
                inner.get(..cut)?.trim_ascii_end()
            }
            None => before,
        };
        let rest = text.get(open..)?;
        let is_dynamic =
            matches!(before.last(), Some(b')' | b']' | b'}' | b'"' | b'\'')) || is_variable(before);
        let close = rest.iter().position(|byte| *byte == b')');
        if is_dynamic && close.is_some_and(|close| is_end(rest.get(close..).unwrap_or_default())) {
            return Some(open);
        }
        at = open.saturating_add(1);
    }
    None
}

/// True if a text ends in a variable.
fn is_variable(text: &[u8]) -> bool {
    let Some(dollar) = text.iter().rposition(|byte| *byte == b'$') else {
        return false;
    };
    let name = text.get(dollar.saturating_add(1)..).unwrap_or_default();
    name.len() > 1 && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}
