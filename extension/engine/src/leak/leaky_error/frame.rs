//! Frames of stack traces, as the official runtimes and their languages print them.
//! It never takes a name of a file for a frame: a line or an offset stands beside it.
use memchr::{memchr, memrchr};

use super::place::{digits, has, line_before, line_end};
use crate::sought;

/// Where an error stands, and whether its form leaves no doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_sure: bool,
}

impl Found {
    fn sure(start: usize, end: usize) -> Self {
        let is_sure = true;
        Self {
            start,
            end,
            is_sure,
        }
    }
}

/// `    at name (file.js:1:2)`, `    at file.js:1:2`; the anchor is the end of the file's name.
pub(super) fn node(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (line, rest) = digits(text.get(from..)?);
    let (column, rest) = digits(rest.strip_prefix(b":")?);
    if line.is_empty() || column.is_empty() {
        return None;
    }
    let mut end = text.len().saturating_sub(rest.len());
    let before = line_before(text, at);
    // The first word of a frame.
    let mark = sought::find_last(before, b"at ")?;
    let lead = before.get(..mark)?;
    let is_mark = lead.last().is_none_or(|byte| b";\t\"[".contains(byte));
    if !is_mark && !lead.ends_with(b"  ") && !lead.ends_with(b"\\t") {
        return None;
    }
    if rest.first() == Some(&b')') {
        end = end.saturating_add(1);
    }
    Some(Found::sure(
        at.saturating_sub(before.len().saturating_sub(mark)),
        end,
    ))
}

/// `(node:internal/process/task_queues:95:5)`; the anchor is its beginning.
pub(super) fn node_internal(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let rest = text.get(from..)?;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/_-".contains(byte);
    let name = rest.iter().take(NAME_BYTES).take_while(is_name).count();
    let (line, rest) = digits(rest.get(name..)?.strip_prefix(b":")?);
    let end = text.len().saturating_sub(rest.len());
    (!line.is_empty()).then(|| Found::sure(at, end))
}

/// `   at Space.Type.Method(String a) in /src/file.cs:line 12`; the anchor stands behind the file's
/// name.
pub(super) fn dotnet_line(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    let before = line_before(text, at);
    let mark = sought::find_last(before, b"at ").unwrap_or(0);
    let start = at.saturating_sub(before.len().saturating_sub(mark));
    let end = text.len().saturating_sub(rest.len());
    (!number.is_empty()).then(|| Found::sure(start, end))
}

/// `   at System.Data.Connection.Open()`; the anchor is the beginning.
pub(super) fn dotnet(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let end = line_end(text, at.saturating_add(len));
    let line = text.get(at..end)?.trim_ascii();
    let open = memchr(b'(', line)?;
    let close = memrchr(b')', line)?;
    // Who calls with parameters names their types.
    let arguments = line.get(open.saturating_add(1)..close)?;
    let is_typed = arguments.first().is_none_or(u8::is_ascii_uppercase);
    let rest = line.get(close.saturating_add(1)..)?;
    let is_frame = is_typed && (rest.is_empty() || rest.starts_with(b" in "));
    is_frame.then(|| Found::sure(at, end))
}

/// `com.example.Type.method(File.java:12)`; the anchor is the end of the file's name.
pub(super) fn java(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    if number.is_empty() || rest.first() != Some(&b')') {
        return None;
    }
    let is_file = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_$".contains(byte);
    let before = text.get(..at)?;
    let file = before
        .iter()
        .rev()
        .take(NAME_BYTES)
        .take_while(is_file)
        .count();
    let before = before.get(..at.saturating_sub(file))?;
    let before = before.strip_suffix(b"(")?;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._$<>/@-".contains(byte);
    let count = before
        .iter()
        .rev()
        .take(2 * NAME_BYTES)
        .take_while(is_name)
        .count();
    let start = before.len().saturating_sub(count);
    if !has(before.get(start..)?, b'.') {
        return None;
    }
    let end = from.saturating_add(number.len()).saturating_add(1);
    Some(Found::sure(start, end))
}

// Limit: the name of a file or of a type; with its package a type has twice as much.
const NAME_BYTES: usize = 80;

/// `File "/var/task/app.py", line 3, in handler`; the anchor is the end of the file's name.
pub(super) fn python(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let behind = text.get(at.saturating_add(len)..)?;
    let (number, rest) = digits(behind.strip_prefix(b", line ")?);
    if number.is_empty() {
        return None;
    }
    let end = line_end(text, text.len().saturating_sub(rest.len()));
    let before = line_before(text, at);
    let mark = sought::find_last(before, b"File ").unwrap_or(before.len());
    Some(Found::sure(
        at.saturating_sub(before.len().saturating_sub(mark)),
        end,
    ))
}

/// `/var/task/app.rb:12:in 'method'`; the anchor is the end of the file's name.
pub(super) fn ruby(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    let is_frame = !number.is_empty() && rest.starts_with(b":in ");
    is_frame.then(|| of_path(text, at, line_end(text, from)))
}

/// `/src/main.go:12 +0x1d`; the anchor is the end of the file's name.
pub(super) fn go(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    let is_frame = !number.is_empty() && rest.starts_with(b" +0x");
    is_frame.then(|| of_path(text, at, line_end(text, from)))
}

/// `goroutine 1 [running]:`.
pub(super) fn goroutine(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    let is_head = !number.is_empty() && rest.starts_with(b" [");
    let end = line_end(text, from);
    is_head.then(|| Found::sure(at, end))
}

/// `thread 'main' panicked at src/main.rs:2:5:`.
pub(super) fn rust(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let end = line_end(text, at.saturating_add(len));
    let line = text.get(at..end)?;
    let mark = sought::find(line, b".rs:")?;
    let (number, _) = digits(line.get(mark.saturating_add(4)..)?);
    (!number.is_empty()).then(|| Found::sure(at, end))
}

/// `#0 /var/www/index.php(12): name()`; the anchor is the end of the file's name.
pub(super) fn php(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    let is_frame = !number.is_empty() && rest.starts_with(b"):");
    is_frame.then(|| of_path(text, at, line_end(text, from)))
}

/// `in /var/www/index.php on line 12`; the anchor is what stands between the two.
pub(super) fn php_line(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    let end = text.len().saturating_sub(rest.len());
    (!number.is_empty()).then(|| of_path(text, at, end))
}

/// The path of a file with what stands behind it.
fn of_path(text: &[u8], at: usize, end: usize) -> Found {
    let before = line_before(text, at);
    let is_path = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/\\._-~@:+".contains(byte);
    let count = before.iter().rev().take_while(is_path).count();
    Found {
        start: at.saturating_sub(count),
        end,
        is_sure: count > 0,
    }
}

/// `ORA-00933: …`.
pub(super) fn oracle(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let (number, rest) = digits(text.get(from..)?);
    let is_code = number.len() == 5 && rest.first() == Some(&b':');
    is_code.then(|| Found::sure(at, line_end(text, from)))
}

/// A file of the function or of its runtime: `/var/task/app.py`.
pub(super) fn path(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'/') {
        return None;
    }
    let from = at.saturating_add(len);
    let rest = text.get(from..)?;
    let is_path = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/._-@+".contains(byte);
    let name = rest.iter().take(PATH_BYTES).take_while(is_path);
    let name = rest.get(..name.count())?;
    let file = name.rsplit(|byte| *byte == b'/').next()?;
    let dot = memrchr(b'.', file)?;
    let kind = file.get(dot.saturating_add(1)..)?;
    let is_file = (1..=6).contains(&kind.len()) && kind.iter().all(u8::is_ascii_alphanumeric);
    is_file.then(|| Found::sure(at, from.saturating_add(name.len())))
}

// Limit: a path of the function has some 60 bytes, one of a library 120.
const PATH_BYTES: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    type Frame = fn(&[u8], usize, usize) -> Option<Found>;

    #[test]
    fn a_frame_is_told_from_what_only_looks_like_one() {
        let cases: [(&str, Frame, &[&str], &[&str]); 6] = [
            (
                "js:",
                node,
                &[
                    "    at handler (/var/task/index.js:3:9)",
                    "    at file:///var/task/index.mjs:3:9",
                    "    at async Runtime.once (file:///var/runtime/index.mjs:1173:7)",
                    " &nbsp;at f (/app/server.js:3:9)",
                ],
                &["see app.js:3:9", "    at app.js:3", "what app.js:3:9"],
            ),
            (
                "   at System.",
                dotnet,
                &[
                    "   at System.Data.Connection.Open()",
                    "   at System.A.B(String c, Int32 d)",
                ],
                &["   at System.home (x)", "   at System.a"],
            ),
            (
                ".cs:line ",
                dotnet_line,
                &["   at Demo.Function.Run(String input, Int32 n) in /src/F.cs:line 12"],
                &["F.cs:line x"],
            ),
            (
                ".java:",
                java,
                &[
                    "com.example.Type.run(Type.java:12)",
                    "a.b.C.<init>(C.java:1)",
                ],
                &["see Type.java:12", "(Type.java:12)", "a.b(Type.java:x)"],
            ),
            (
                ".rb:",
                ruby,
                &["/var/task/app.rb:12:in 'Demo#run'", "app.rb:12:in `run'"],
                &["app.rb:12", "app.rb:in"],
            ),
            (
                ".go:",
                go,
                &["\t/src/main.go:12 +0x1d"],
                &["main.go:12", "main.go:12 +1"],
            ),
        ];
        for (anchor, frame, good, bad) in cases {
            let judge = |line: &str| frame(line.as_bytes(), line.find(anchor)?, anchor.len());
            for line in good {
                assert!(judge(line).is_some(), "{line}");
            }
            for line in bad {
                assert_eq!(judge(line), None, "{line}");
            }
        }
    }
}
