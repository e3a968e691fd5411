//! The schemes by which a runtime opens what no parameter means: stream wrappers and archives.
//! It never follows one.
use crate::report::Confidence;
use crate::sought;

/// What a wrapper is worth where it is the whole value of a parameter.
pub(super) fn worth(path: &[u8]) -> Option<(Confidence, &'static str)> {
    let colon = path
        .iter()
        .take(SCHEME_BYTES_MAX)
        .position(|b| *b == b':')?;
    let (scheme, rest) = path.split_at_checked(colon)?;
    let rest = rest.get(1..).unwrap_or_default();
    let is = |known: &[u8]| scheme.eq_ignore_ascii_case(known);
    let has_slashes = rest.starts_with(b"//");
    if is(b"php") {
        return php(rest);
    }
    let opens = [
        b"phar".as_slice(),
        b"expect",
        b"ogg",
        b"rar",
        b"zip",
        b"glob",
    ];
    if has_slashes && (opens.iter().any(|known| is(known)) || is_family(scheme)) {
        return Some((Confidence::High, "stream-wrapper"));
    }
    if is(b"data") {
        return data(rest);
    }
    if is(b"jar") {
        let inner = [b"file:".as_slice(), b"http:", b"https:", b"ftp:"];
        let known = inner
            .iter()
            .any(|scheme| starts(rest, scheme) && rest.get(scheme.len()) == Some(&b'/'));
        return known.then_some((Confidence::Medium, "stream-wrapper"));
    }
    None
}

// Limit: the longest scheme is `compress.bzip2`, of 14 bytes.
const SCHEME_BYTES_MAX: usize = 16;

/// `ssh2.exec`, `compress.zlib`.
fn is_family(scheme: &[u8]) -> bool {
    let dot = scheme.iter().position(|byte| *byte == b'.');
    let family = dot.and_then(|dot| scheme.get(..dot)).unwrap_or_default();
    family.eq_ignore_ascii_case(b"ssh2") || family.eq_ignore_ascii_case(b"compress")
}

/// `php://stdin`, `php://memory` and `php://temp` are what programs write to themselves.
fn php(rest: &[u8]) -> Option<(Confidence, &'static str)> {
    let found = Some((Confidence::High, "stream-wrapper"));
    if starts(rest, b"expect://") {
        return found;
    }
    let rest = rest.strip_prefix(b"//")?;
    let known = starts(rest, b"filter") || starts(rest, b"input") || starts(rest, b"fd/");
    if known { found } else { None }
}

/// Pictures are `data:`, programs are not; only PHP writes slashes behind it.
fn data(rest: &[u8]) -> Option<(Confidence, &'static str)> {
    let has_slashes = rest.starts_with(b"//");
    let rest = rest.strip_prefix(b"//").unwrap_or(rest);
    if starts(rest, b"application/x-httpd-php") {
        return Some((Confidence::High, "script-in-data"));
    }
    // `<?p` and `<?=` in base64.
    let packed = sought::find(rest.get(..64).unwrap_or(rest), b"base64,");
    let packed = packed.and_then(|at| rest.get(at.saturating_add(7)..));
    let packed = packed.unwrap_or_default();
    if packed.starts_with(b"PD9w") || packed.starts_with(b"PD89") {
        return Some((Confidence::High, "script-in-data"));
    }
    let is_text = starts(rest, b"text/plain") || rest.starts_with(b";") || rest.starts_with(b",");
    (has_slashes && is_text).then_some((Confidence::Medium, "script-in-data"))
}

fn starts(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
