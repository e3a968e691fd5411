//! The detector of addresses to go on to that hide that they lead to another host.
//! It never takes offence at an address that says where it leads.
//!
#![doc = include_str!("open_redirect.md")]
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Span, Steps};
use memchr::{memchr, memchr2};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "open-redirect",
    class: "redirect",
    cwe: 601,
    ceiling: Confidence::Low,
    is_on_by_default: true,
    page: page!("open_redirect.md"),
};

/// Finds addresses to go on to that hide that they lead to another host.
#[derive(Debug)]
pub struct OpenRedirect;

impl Detector for OpenRedirect {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        24
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let named = form.part == Part::Value && form.path.member().is_some_and(leads_on);
        if !named {
            return Judgement::CLEAN;
        }
        let address = form.text.get(..ADDRESS_BYTES).unwrap_or(form.text);
        if !steps.take(address.len()) {
            return Judgement::UNPAID;
        }
        let evidence = spelling(address).map(|production| Evidence {
            confidence: Confidence::Low,
            span: Span {
                start: 0,
                end: u32::try_from(address.len()).unwrap_or(u32::MAX),
            },
            explanation: Explanation {
                context: "address-to-go-on-to",
                dialect: "url",
                production,
            },
        });
        Judgement::of(evidence)
    }
}

// Limit: the host of an address stands in its beginning; names of hosts have 253 bytes.
const ADDRESS_BYTES: usize = 512;
// Limit: `post_logout_redirect_uri` has 24 bytes.
const NAME_BYTES: usize = 24;

/// True for a name whose value is where the client is sent next.
fn leads_on(name: &[u8]) -> bool {
    let mut letters = [0_u8; NAME_BYTES];
    let mut len = 0_usize;
    for byte in name {
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        let Some(slot) = letters.get_mut(len) else {
            return false;
        };
        *slot = byte.to_ascii_lowercase();
        len = len.saturating_add(1);
    }
    let letters = letters.get(..len).unwrap_or(&[]);
    let whole = [
        b"next".as_slice(),
        b"goto",
        b"continue",
        b"return",
        b"returnto",
        b"returnpath",
        b"redirect",
        b"redirectto",
        b"redir",
        b"dest",
        b"destination",
        b"forward",
        b"forwardto",
        b"back",
        b"backto",
        b"target",
        b"out",
        b"exit",
        b"service",
        b"relaystate",
        b"rurl",
        b"nextpage",
        b"landing",
    ];
    let begins = [
        b"next".as_slice(),
        b"return",
        b"redirect",
        b"redir",
        b"goto",
        b"continue",
        b"success",
        b"forward",
        b"back",
        b"login",
        b"logout",
        b"postlogoutredirect",
        b"callback",
        b"checkout",
        b"target",
        b"dest",
    ];
    whole.contains(&letters)
        || begins.iter().any(|start| {
            let rest = letters.strip_prefix(*start);
            matches!(rest, Some(b"url" | b"uri"))
        })
}

/// How an address hides its host, if it does.
fn spelling(address: &[u8]) -> Option<&'static str> {
    let address = address.trim_ascii_start();
    let slash = |byte: Option<&u8>| matches!(byte, Some(b'/' | b'\\'));
    let second = address
        .iter()
        .skip(1)
        .position(|byte| *byte > b' ')
        .map(|at| at.saturating_add(1));
    let starts = slash(address.first())
        && second.is_some_and(|at| slash(address.get(at)) && is_host(address.get(at..)));
    if starts {
        return Some("host-without-a-scheme");
    }
    let colon = memchr(b':', address.get(..8).unwrap_or(address))?;
    let (scheme, rest) = address.split_at(colon);
    let http = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    if !http {
        return None;
    }
    let rest = rest.get(1..).unwrap_or(&[]);
    let slashes = rest.iter().take_while(|byte| slash(Some(byte))).count();
    let written = rest.get(..slashes).unwrap_or(&[]);
    if written != b"//" && slashes > 0 && is_host(Some(rest)) {
        return Some("odd-slashes");
    }
    let host = rest.get(slashes..).unwrap_or(&[]);
    let end = memchr2(b'/', b'?', host).unwrap_or(host.len());
    let host = host.get(..end).unwrap_or(host);
    let at = memchr(b'@', host)?;
    // A name of a host where the name of a user stands.
    let user = host.get(..at).unwrap_or(&[]);
    memchr(b'.', user).map(|_| "host-as-a-user")
}

/// True if a name of a host follows the slashes.
fn is_host(text: Option<&[u8]>) -> bool {
    let text = text.unwrap_or(&[]);
    let start = text.iter().position(|byte| !matches!(byte, b'/' | b'\\'));
    let host = text.get(start.unwrap_or(text.len())..).unwrap_or(&[]);
    let end = host
        .iter()
        .position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#'))
        .unwrap_or(host.len());
    let host = host.get(..end).unwrap_or(host);
    memchr(b'.', host).is_some() && host.first().is_some_and(u8::is_ascii_alphanumeric)
}
