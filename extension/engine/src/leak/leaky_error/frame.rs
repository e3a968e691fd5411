//! Frames of stack traces, as the official runtimes and their languages print them.
//! It never takes a name of a file for a frame: a line or an offset stands beside it.
use memchr::{memchr, memmem, memrchr};

use super::place::{digits, has, line_before, line_end};

/// Where an error stands, and whether its form leaves no doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_sure: bool,
}

impl Found {
    fn sure(start: usize, end: usize) -> Option<Self> {
        let is_sure = true;
        Some(Self {
            start,
            end,
            is_sure,
        })
    }
}

/// `    at name (file:1:2)`, `    at file:1:2`, `    at name (node:internal/…)`.
pub(super) fn node(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let start = at.saturating_add(len);
    let end = line_end(text, start);
    let line = text.get(start..end)?.trim_ascii_end();
    let place = line.strip_suffix(b")").unwrap_or(line);
    let named = line.len() != place.len();
    let place = match memrchr(b'(', place) {
        Some(open) if named => place.get(open.saturating_add(1)..)?,
        _ => place,
    };
    let is_native = named && matches!(place, b"<anonymous>" | b"native");
    let mut parts = place.rsplit(|byte| *byte == b':');
    let mut number = || {
        let part = parts.next().unwrap_or(&[]);
        !part.is_empty() && part.iter().all(u8::is_ascii_digit)
    };
    let is_numbered = number() && number() && !place.first()?.is_ascii_digit();
    (is_native || is_numbered)
        .then(|| Found::sure(start, end))
        .flatten()
}

/// `   at Name.Space.Type.Method(String name) in /src/file.cs:line 12`.
pub(super) fn dotnet(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let start = at.saturating_add(len);
    let end = line_end(text, start);
    let line = text.get(start..end)?;
    let open = memchr(b'(', line)?;
    let close = memrchr(b')', line)?;
    let name = line.get(..open)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._<>`[],|+".contains(byte);
    if !has(name, b'.') || !name.iter().all(is_name) || name.first()?.is_ascii_digit() {
        return None;
    }
    // Who calls with parameters names their types.
    let arguments = line.get(open.saturating_add(1)..close)?;
    let is_typed = arguments.is_empty() || arguments.first()?.is_ascii_uppercase();
    let rest = line.get(close.saturating_add(1)..)?.trim_ascii_end();
    let is_placed = rest.starts_with(b" in ") && memmem::find(rest, b":line ").is_some();
    // A frame of a script ends with its line.
    let is_numbered = arguments.last().is_some_and(u8::is_ascii_digit) && has(arguments, b':');
    (is_typed && !is_numbered && (is_placed || rest.is_empty()))
        .then(|| Found::sure(start, end))
        .flatten()
}

/// `com.example.Type.method(File.java:12)`; the anchor is the end of the file's name.
pub(super) fn java(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let behind = text.get(at.saturating_add(len)..)?;
    let (number, rest) = digits(behind);
    if number.is_empty() || rest.first() != Some(&b')') {
        return None;
    }
    let before = line_before(text, at);
    let open = memrchr(b'(', before)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._$<>/@-".contains(byte);
    let name = before.get(..open)?;
    let count = name.iter().rev().take_while(|byte| is_name(byte)).count();
    let name = name.get(name.len().saturating_sub(count)..)?;
    if !has(name, b'.') {
        return None;
    }
    let back = before.len().saturating_sub(open).saturating_add(count);
    let end = at
        .saturating_add(len)
        .saturating_add(number.len())
        .saturating_add(1);
    Found::sure(at.saturating_sub(back), end)
}

/// `File "/var/task/app.py", line 3, in handler`.
pub(super) fn python(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let end = line_end(text, at.saturating_add(len));
    let line = text.get(at..end)?;
    let mark = memmem::find(line, b"\", line ")?;
    let (number, _) = digits(line.get(mark.saturating_add(8)..)?);
    (!number.is_empty()).then(|| Found::sure(at, end)).flatten()
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
    is_head.then(|| Found::sure(at, end)).flatten()
}

/// `thread 'main' panicked at src/main.rs:2:5:`.
pub(super) fn rust(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let end = line_end(text, at.saturating_add(len));
    let line = text.get(at..end)?;
    let mark = memmem::find(line, b".rs:")?;
    let (number, _) = digits(line.get(mark.saturating_add(4)..)?);
    (!number.is_empty()).then(|| Found::sure(at, end)).flatten()
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
    is_code
        .then(|| Found::sure(at, line_end(text, from)))
        .flatten()
}

/// A file of the function or of its runtime: `/var/task/app.py`.
pub(super) fn path(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let from = at.saturating_add(len);
    let rest = text.get(from..)?;
    let is_path = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/._-@+".contains(byte);
    let name = rest.get(..256).unwrap_or(rest).iter().take_while(is_path);
    let name = rest.get(..name.count())?;
    let file = name.rsplit(|byte| *byte == b'/').next()?;
    let dot = memrchr(b'.', file)?;
    let kind = file.get(dot.saturating_add(1)..)?;
    let is_file = (1..=6).contains(&kind.len()) && kind.iter().all(u8::is_ascii_alphanumeric);
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let is_apart = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'/');
    (is_file && is_apart)
        .then(|| Found::sure(at, from.saturating_add(name.len())))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Frame = fn(&[u8], usize, usize) -> Option<Found>;

    #[test]
    fn a_frame_is_told_from_what_only_looks_like_one() {
        let cases: [(&str, Frame, &[&str], &[&str]); 5] = [
            (
                "    at ",
                node,
                &[
                    "    at handler (/var/task/index.js:3:9)",
                    "    at file:///var/task/index.mjs:3:9",
                    "    at async Runtime.once (file:///var/runtime/index.mjs:1173:7)",
                    "    at new Promise (<anonymous>)",
                ],
                &["    at noon", "    at 10:30:15", "    at the door (left)"],
            ),
            (
                "   at ",
                dotnet,
                &[
                    "   at Demo.Function.Run(String input, Int32 n) in /src/F.cs:line 12",
                    "   at System.Data.Connection.Open()",
                    "   at A.B.<Run>d__1.MoveNext()",
                ],
                &[
                    "   at A.run(/a.js:1:2)",
                    "   at the (old) house.",
                    "   at x.y(z)",
                ],
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
