//! Scripts of somebody else's, which a server is made to include.
//! It never blocks: a URL of a script is a URL.
use super::address::Place;
use super::host::Lead;
use super::url::Url;
use crate::report::Confidence;

// Limit: the path of a script is short; a longer one is not searched to its end.
const PATH_BYTES_MAX: usize = 512;

/// A script at a bare address, or one whose URL ends so that what a server appends is cut off.
pub(super) fn script(url: &Url<'_>) -> Option<(Confidence, &'static str)> {
    let is = |scheme: &[u8]| url.scheme.eq_ignore_ascii_case(scheme);
    let is_public = match url.lead {
        Lead::To(address) => address.place == Place::Public,
        Lead::Elsewhere => true,
        _ => false,
    };
    if !is_public || !(is(b"http") || is(b"https") || is(b"ftp")) {
        return None;
    }
    let path = url.path.get(..PATH_BYTES_MAX).unwrap_or(url.path);
    let end = path.iter().position(|byte| matches!(byte, b'?' | 0));
    let name = path.get(..end.unwrap_or(path.len()))?;
    let rest = path.get(name.len()..).unwrap_or_default();
    let is_cut = !rest.is_empty() && rest.iter().all(|byte| matches!(byte, b'?' | 0));
    let is_address = matches!(url.lead, Lead::To(_)) && rest.is_empty();
    let is_included = is_cut && (runs(name) || name.ends_with(b".txt"));
    (is_included || is_address && runs(name)).then_some((Confidence::Low, "remote-script"))
}

/// True for the name of a script that a server runs.
fn runs(name: &[u8]) -> bool {
    let endings: [&[u8]; 7] = [
        b".php", b".phtml", b".asp", b".aspx", b".jsp", b".cgi", b".inc",
    ];
    let start = name.len().saturating_sub(6);
    let tail = name.get(start..).unwrap_or(name);
    endings.iter().any(|ending| {
        let at = tail.len().saturating_sub(ending.len());
        tail.get(at..)
            .is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
    })
}
