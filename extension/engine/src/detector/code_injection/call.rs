//! One call in program text of any language: its function, its object, its first argument.
//! It never reads further back than a name or further on than a literal.
use super::function::{Effect, NAME_BYTES_MAX, effect};
use crate::detector::command_injection::names_command;
use crate::detector::path_traversal::{Reach, reach};
use crate::sought;

/// A call.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that was read"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) effect: Effect,
    /// Where the expression that is called begins.
    pub(super) start: usize,
    /// One past the parenthesis that closes it, or where reading stopped.
    pub(super) end: usize,
    pub(super) argument: Argument,
    /// It is called on what another call gave, or on a module.
    pub(super) is_chained: bool,
    /// The parenthesis that closes it was found.
    pub(super) is_closed: bool,
    /// The text ends within its first argument.
    pub(super) is_cut: bool,
    /// It is given a list, or it is called on a text.
    is_listed: bool,
    name: Name,
}

impl Call {
    /// True for calls that any program has.
    pub(super) fn is_ordinary(&self) -> bool {
        let loads = self.effect.any(Effect::LOADS)
            && !matches!(self.argument, Argument::Module | Argument::Remote);
        let says = self.name == Name::Common && self.argument == Argument::Text;
        let says = says || self.name == Name::Usual;
        let is_given = matches!(
            self.argument,
            Argument::Secret | Argument::Request | Argument::Hidden
        ) || self.argument == Argument::Text && self.effect.any(Effect::RUNS);
        let says = says || self.effect.any(Effect::GIVEN) && !is_given && !self.is_listed;
        loads || says || self.name == Name::Assertion
    }

    /// True if what it is called on tells what it is for.
    pub(super) fn is_telling(&self) -> bool {
        self.is_chained || self.effect.any(Effect::CLIMBS)
    }
}

/// The first argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    /// A text that is a path to what must not be read.
    Secret,
    /// The name of a module that runs commands or reads files.
    Module,
    /// A text that is the address of somebody else's program.
    Remote,
    /// Any text.
    Text,
    /// What the request carries.
    Request,
    /// A call that unpacks or loads something.
    Hidden,
    /// Anything else.
    Other,
}

/// Reads the call whose parenthesis stands at `open`.
pub(super) fn read(text: &[u8], open: usize) -> Option<Call> {
    let before = text.get(..open)?;
    let name_end = skip_back(before);
    let name = name_before(text.get(..name_end)?);
    if name.is_empty() {
        return None;
    }
    let found = effect(name);
    if found.is_none() || found == Effect::UNPACKS || is_other(name, text, open) {
        return None;
    }
    let name_start = name_end.saturating_sub(name.len());
    let object = object(text, name_start);
    let runs_itself = name.eq_ignore_ascii_case(b"execute") && is_on_text(text, name_start);
    let is_foreign = object == Object::Unknown && !runs_itself;
    let is_plain = found.any(Effect::GIVEN) && found.any(Effect::RUNS) && object == Object::None;
    if found.any(Effect::METHOD) && is_foreign || is_plain || object == Object::Own {
        return None;
    }
    if found.any(Effect::OBJECT) && !found.any(Effect::CLIMBS) {
        return None;
    }
    // Only a pattern that says so is evaluated.
    if name.eq_ignore_ascii_case(b"preg_replace") && !evaluates(text, open) {
        return None;
    }
    let argument = argument(text, open.saturating_add(1));
    let (end, is_closed) = close(text, open);
    Some(Call {
        effect: found,
        start: if runs_itself {
            start_of_text(text, name_start)
        } else {
            start(text, name_start)
        },
        end,
        argument,
        is_chained: object == Object::Known,
        is_closed,
        is_cut: !is_closed && !has_more(text.get(open..).unwrap_or_default()),
        is_listed: is_listed(text, name_start, open),
        name: Name::of(name),
    })
}

/// `preg_replace('/x/e', …)`: a pattern whose replacement is run.
fn evaluates(text: &[u8], open: usize) -> bool {
    let rest = text.get(open.saturating_add(1)..).unwrap_or_default();
    let rest = rest.get(..160).unwrap_or(rest).trim_ascii_start();
    let Some((quote @ (b'\'' | b'"'), pattern)) = rest.split_first() else {
        return false;
    };
    let end = pattern.iter().position(|byte| byte == quote);
    let pattern = pattern.get(..end.unwrap_or(0)).unwrap_or_default();
    let flags = pattern.iter().rev().take(8);
    let flags = flags.take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (_, flags) = pattern
        .split_at_checked(pattern.len().saturating_sub(flags))
        .unwrap_or_default();
    flags.len() < pattern.len() && flags.contains(&b'e')
}

/// Functions whose calls say nothing unless what they are given does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// `assert`: every test has it.
    Assertion,
    /// `printf`, `var_dump`, `require`.
    Common,
    /// `exit`, `print`, `array_map`.
    Usual,
    Other,
}

impl Name {
    fn of(name: &[u8]) -> Self {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"assert") {
            Self::Assertion
        } else if is(b"printf") || is(b"print_r") || is(b"var_dump") || is(b"getattr") {
            Self::Common
        } else if [b"exit".as_slice(), b"die", b"print", b"echo"]
            .iter()
            .any(|known| is(known))
            || name.starts_with(b"array_")
            || is(b"usort")
            || name.starts_with(b"call_")
        {
            Self::Usual
        } else {
            Self::Other
        }
    }
}

/// `call(['id'])`, `"id".execute()`: a command in its parts, or one that runs itself.
fn is_listed(text: &[u8], name_start: usize, open: usize) -> bool {
    let behind = text.get(open.saturating_add(1)..).unwrap_or_default();
    let is_list = matches!(
        behind.trim_ascii_start(),
        [b'[', b'\'' | b'"', ..] | [b'[', _, b'\'' | b'"', ..]
    );
    is_list || is_on_text(text, name_start)
}

/// Where the text begins whose method a name is.
fn start_of_text(text: &[u8], name_start: usize) -> usize {
    let before = text.get(..name_start).unwrap_or_default();
    let near = before.len().saturating_sub(160);
    let object = before.get(near..).unwrap_or_default();
    let quote = object
        .iter()
        .rev()
        .find(|byte| matches!(byte, b'\'' | b'"'));
    let mut quotes = object
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| Some(*byte) == quote);
    let open = quotes.nth(1).map_or(0, |(at, _)| at);
    let list = object.get(..open).unwrap_or_default();
    let brackets = list.iter().rev().take_while(|byte| **byte == b'[').count();
    near.saturating_add(open).saturating_sub(brackets)
}

/// True for a method of a text, or of a list of texts.
fn is_on_text(text: &[u8], name_start: usize) -> bool {
    let before = text.get(..name_start).unwrap_or_default();
    let object = before.strip_suffix(b".").unwrap_or_default();
    let object = object.strip_suffix(b"]").unwrap_or(object);
    matches!(object.last(), Some(b'\'' | b'"'))
}

/// True if a text that is cut off has a second argument or a block.
fn has_more(text: &[u8]) -> bool {
    let mut quote = 0_u8;
    for byte in text.iter().take(CALL_BYTES_MAX) {
        match byte {
            _ if quote != 0 && *byte == quote => quote = 0,
            _ if quote != 0 => {}
            b'\'' | b'"' => quote = *byte,
            b',' | b'{' | b'=' | b';' | b'\n' => return true,
            _ => {}
        }
    }
    false
}

/// True for `function (` and for the constructor of a class.
fn is_other(name: &[u8], text: &[u8], open: usize) -> bool {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    let has_text = argument(text, open.saturating_add(1)) == Argument::Text;
    is(b"function") && name.first() != Some(&b'F') || is(b"constructor") && !has_text
}

/// Skips white space and comments backwards.
fn skip_back(text: &[u8]) -> usize {
    let mut text = text.trim_ascii_end();
    if let Some(inner) = text.strip_suffix(b"*/") {
        let tail = inner.len().saturating_sub(64);
        let window = inner.get(tail..).unwrap_or_default();
        if let Some(start) = sought::find_last(window, b"/*") {
            let cut = tail.saturating_add(start);
            text = inner.get(..cut).unwrap_or_default().trim_ascii_end();
        }
    }
    text.len()
}

/// The name at the end of a text.
fn name_before(text: &[u8]) -> &[u8] {
    let len = text
        .iter()
        .rev()
        .take(NAME_BYTES_MAX.saturating_add(1))
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    text.get(text.len().saturating_sub(len)..)
        .unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Object {
    /// A plain function.
    None,
    /// A module or a call that makes the method dangerous.
    Known,
    /// Any object.
    Unknown,
    /// The definition of a function of this name.
    Own,
}

/// What stands before the name.
fn object(text: &[u8], name_start: usize) -> Object {
    let before = text.get(..name_start).unwrap_or_default();
    let parted = [b".".as_slice(), b"->", b"::"]
        .iter()
        .find_map(|sign| before.strip_suffix(*sign));
    let Some(object) = parted else {
        let word = name_before(before.trim_ascii_end());
        let is_own = [
            b"function".as_slice(),
            b"def",
            b"fn",
            b"sub",
            b"void",
            b"int",
            b"func",
        ]
        .contains(&word);
        return match before.last() {
            _ if is_own => Object::Own,
            Some(b'$' | b'@' | b'%' | b'.' | b'\\') if before.ends_with(b"$") => Object::Own,
            _ => Object::None,
        };
    };
    let object = object.strip_suffix(b"?").unwrap_or(object);
    if let Some(b')' | b']') = object.last() {
        // `require('child_process').exec(`, `getRuntime().exec(`, `['os'].popen(`
        let tail = object.len().saturating_sub(64);
        let window = object.get(tail..).unwrap_or_default();
        return if names_module(window) {
            Object::Known
        } else {
            Object::Unknown
        };
    }
    if effect(name_before(object)).any(Effect::OBJECT) {
        Object::Known
    } else {
        Object::Unknown
    }
}

/// True if a module or a call that gives one is named in a text.
fn names_module(text: &[u8]) -> bool {
    text.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .any(|word| effect(word).any(Effect::OBJECT.with(Effect::CLIMBS)))
}

/// Where the chain of names and calls begins that ends at `name_start`.
fn start(text: &[u8], name_start: usize) -> usize {
    let window_start = name_start.saturating_sub(160);
    let window = text.get(window_start..name_start).unwrap_or_default();
    let mut depth = 0_u32;
    let mut quote = 0_u8;
    let mut len = 0_usize;
    for byte in window.iter().rev() {
        let goes_on = match byte {
            _ if quote != 0 => {
                if *byte == quote {
                    quote = 0;
                }
                true
            }
            b')' | b']' => {
                depth = depth.saturating_add(1);
                true
            }
            b'(' | b'[' if depth > 0 => {
                depth = depth.saturating_sub(1);
                true
            }
            b'\'' | b'"' if depth > 0 => {
                quote = *byte;
                true
            }
            b'.' | b'_' | b'>' | b'-' | b':' | b'@' | b'\\' => true,
            b' ' | b',' => depth > 0,
            _ => byte.is_ascii_alphanumeric() || depth > 0,
        };
        if !goes_on {
            break;
        }
        len = len.saturating_add(1);
    }
    let chain = window
        .get(window.len().saturating_sub(len)..)
        .unwrap_or_default();
    // What joins the chain to a text before it is not of it.
    let signs = chain.iter().take_while(|b| b".->:@\\".contains(b)).count();
    let start = name_start.saturating_sub(len).saturating_add(signs);
    let before = text.get(..start).unwrap_or_default();
    before.strip_suffix(b"new ").map_or(start, <[u8]>::len)
}

/// What the first argument is.
fn argument(text: &[u8], at: usize) -> Argument {
    let rest = text.get(at..).unwrap_or_default();
    let rest = rest.get(..160).unwrap_or(rest).trim_ascii_start();
    let rest = rest.strip_prefix(b"\\").unwrap_or(rest);
    match rest.first() {
        None | Some(b')') => Argument::None,
        Some(b'`') if names_command(rest.get(1..).unwrap_or_default()) => Argument::Hidden,
        Some(quote @ (b'\'' | b'"' | b'`')) => {
            let inner = rest.get(1..).unwrap_or_default();
            let len = inner.iter().position(|byte| byte == quote);
            literal(inner.get(..len.unwrap_or(inner.len())).unwrap_or(inner))
        }
        Some(b'$') if is_request(rest) => Argument::Request,
        _ => {
            let len = rest
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'.'))
                .count();
            let name = rest.get(..len).unwrap_or_default();
            let behind = rest.get(len..).unwrap_or_default().trim_ascii_start();
            let last = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
            // `function (x) { … }` is written out; the constructor has a capital.
            if last == b"function" {
                return Argument::Other;
            }
            let hides = Effect::UNPACKS
                .with(Effect::LOADS)
                .with(Effect::EVALUATES)
                .with(Effect::READS)
                .with(Effect::CLIMBS);
            let is_call = behind.first() == Some(&b'(') || effect(last).any(Effect::UNPACKS);
            let climbs = effect(last).any(Effect::CLIMBS);
            let nested = behind.strip_prefix(b"(").unwrap_or_default();
            let climbs = climbs || effect(first_name(nested)).any(Effect::CLIMBS);
            if climbs || is_call && effect(last).any(hides) {
                Argument::Hidden
            } else {
                Argument::Other
            }
        }
    }
}

/// The name at the start of a text.
fn first_name(text: &[u8]) -> &[u8] {
    let len = text
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count();
    text.get(..len).unwrap_or_default()
}

fn literal(text: &[u8]) -> Argument {
    if reach(text) == Reach::Secret {
        return Argument::Secret;
    }
    if effect(text).any(Effect::RUNS.with(Effect::EVALUATES)) {
        return Argument::Hidden;
    }
    let is_module = [
        b"child_process".as_slice(),
        b"fs",
        b"os",
        b"subprocess",
        b"commands",
        b"pty",
        b"posix",
        b"vm",
        b"net",
        b"socket",
        b"node:child_process",
        b"node:fs",
        b"java.lang.Runtime",
        b"java.lang.ProcessBuilder",
        b"javax.script.ScriptEngineManager",
    ]
    .contains(&text);
    let remotes = [
        b"http://".as_slice(),
        b"https://",
        b"ftp://",
        b"php://",
        b"data:",
        b"expect:",
    ];
    if remotes.iter().any(|scheme| text.starts_with(scheme)) {
        return Argument::Remote;
    }
    if is_module {
        Argument::Module
    } else {
        Argument::Text
    }
}

/// `$_GET[`, `$_REQUEST[`, `$HTTP_…`.
pub(super) fn is_request(text: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"$_GET",
        b"$_POST",
        b"$_REQUEST",
        b"$_COOKIE",
        b"$_SERVER",
        b"$_FILES",
        b"$HTTP_",
    ];
    NAMES.iter().any(|name| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    })
}

// Limit: one-liners are short; a call that is not closed within 512 bytes is read as open.
const CALL_BYTES_MAX: usize = 512;

/// One past the parenthesis that closes the one at `open`.
fn close(text: &[u8], open: usize) -> (usize, bool) {
    let rest = text.get(open..).unwrap_or_default();
    let mut depth = 0_u32;
    let mut quote = 0_u8;
    for (offset, byte) in rest.iter().take(CALL_BYTES_MAX).enumerate() {
        match byte {
            _ if quote != 0 && *byte == quote => quote = 0,
            _ if quote != 0 => {}
            b'\'' | b'"' => quote = *byte,
            b'(' => depth = depth.saturating_add(1),
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (open.saturating_add(offset).saturating_add(1), true);
                }
            }
            _ => {}
        }
    }
    (open.saturating_add(rest.len().min(CALL_BYTES_MAX)), false)
}
