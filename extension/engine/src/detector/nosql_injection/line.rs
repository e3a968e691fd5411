//! Commands of Redis and memcached on a line of their own.
//! It never looks further than the first lines: a value that smuggles a command is no document.
use memchr::memchr;

use super::Find;
use crate::cursor::span;
use crate::report::{Confidence, Explanation};
use crate::sought;

// Limit: a command stands behind the first line break, or behind one more that an earlier command
// ends; a document has more lines before anything like it.
const LINES_MAX: usize = 3;
// Limit: lines of commands are short; a longer one is text.
const LINE_BYTES_MAX: usize = 256;

/// Reads the lines behind the first, however they are broken.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    behind_breaks(text).or_else(|| behind_spelled(text))
}

fn find(start: usize, text: &[u8], (dialect, production): (&'static str, &'static str)) -> Find {
    Find {
        confidence: Confidence::High,
        span: span(start, text.len()),
        explanation: Explanation {
            context: "line",
            dialect,
            production,
        },
    }
}

const SPELLED: &[u8] = b"\\r\\n";

/// Reads the lines behind breaks that are spelled with two letters each.
fn behind_spelled(text: &[u8]) -> Option<Find> {
    let near = text.get(..LINE_BYTES_MAX).unwrap_or(text);
    sought::find_all(near, SPELLED)
        .take(LINES_MAX)
        .find_map(|at| {
            let start = at.saturating_add(SPELLED.len());
            let rest = text.get(start..)?;
            let rest = rest.get(..LINE_BYTES_MAX).unwrap_or(rest);
            let line = rest.get(..sought::find(rest, SPELLED).unwrap_or(rest.len()))?;
            command(line).map(|what| find(start, text, what))
        })
}

fn behind_breaks(text: &[u8]) -> Option<Find> {
    let mut start = 0_usize;
    for _ in 0..LINES_MAX {
        let near = text.get(start..)?;
        let near = near.get(..LINE_BYTES_MAX).unwrap_or(near);
        let at = memchr(b'\n', near)?;
        // Without the carriage return it is the line of a text.
        let is_network = at > 0 && near.get(at.saturating_sub(1)) == Some(&b'\r');
        start = start.saturating_add(at).saturating_add(1);
        let line = text.get(start..)?;
        if is_network && let Some(what) = command(line) {
            return Some(find(start, text, what));
        }
    }
    None
}

/// The command on the line at the start of a text.
fn command(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let near = text.get(..LINE_BYTES_MAX).unwrap_or(text);
    let len = memchr(b'\n', near).unwrap_or(near.len());
    let line = near.get(..len)?;
    let line = line.trim_ascii();
    let mut words = [&[][..]; 6];
    let mut count = 0_usize;
    for word in line
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty())
    {
        if let Some(place) = words.get_mut(count) {
            *place = word;
        }
        count = count.saturating_add(1);
    }
    let [first, second, third, fourth, fifth, _] = words;
    if is_redis(first, second, third, count) {
        return Some(("redis", "command"));
    }
    // `*1`, `$8`: the protocol itself.
    let number = |mark: &[u8]| {
        let digits = first.strip_prefix(mark)?;
        (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(())
    };
    let behind = text.get(len.saturating_add(1)..).unwrap_or(&[]);
    if count == 1 && number(b"*").is_some() && behind.starts_with(b"$") {
        return Some(("redis", "protocol"));
    }
    let is_number = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let stores = matches!(first, b"set" | b"add" | b"replace" | b"append" | b"prepend")
        && (5..=6).contains(&count)
        && is_number(third)
        && is_number(fourth)
        && is_number(fifth);
    (stores || (first == b"flush_all" && count <= 2)).then_some(("memcached", "command"))
}

/// True for a command of Redis that changes or shows what is not the caller's.
fn is_redis(first: &[u8], second: &[u8], third: &[u8], count: usize) -> bool {
    let is = |word: &[u8], name: &[u8]| word.eq_ignore_ascii_case(name);
    let is_any = |word: &[u8], names: &[&[u8]]| names.iter().any(|name| is(word, name));
    match count {
        1 => is_any(
            first,
            &[b"flushall", b"flushdb", b"bgsave", b"bgrewriteaof"],
        ),
        2 => {
            is_any(first, &[b"flushall", b"flushdb"]) && is_any(second, &[b"async", b"sync"])
                || is(first, b"config") && is_any(second, &[b"rewrite", b"resetstat"])
                || is(first, b"module") && is(second, b"list")
                || first == b"KEYS" && second == b"*"
                || first == b"SHUTDOWN" && is_any(second, &[b"nosave", b"save"])
        }
        _ => {
            let replicates = is_any(first, &[b"slaveof", b"replicaof"]) && count == 3;
            let configures = is(first, b"config") && is_any(second, &[b"set", b"get"]);
            let loads = is(first, b"module") && is(second, b"load");
            // `SET NOCOUNT ON` is of SQL, `SET A=1` of a batch file.
            let sets = first == b"SET"
                && count == 3
                && !is_any(third, &[b"on", b"off"])
                && !second.contains(&b'=')
                && third != b"=";
            let evaluates = first == b"EVAL" && second.starts_with(b"\"");
            replicates || configures || loads || sets || evaluates
        }
    }
}
