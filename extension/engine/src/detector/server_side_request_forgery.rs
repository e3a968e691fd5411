//! The detector of URLs that turn the function's own place in the network against it.
//! It never asks a name server: a host is judged by how it is written.
//!
#![doc = include_str!("server_side_request_forgery.md")]
mod address;
mod field;
mod host;
mod remote;
mod service;
mod signals;
mod target;
mod url;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::gate;
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "server-side-request-forgery",
    class: "ssrf",
    cwe: 918,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("server_side_request_forgery.md"),
};

/// Finds URLs that turn the function's own place in the network against it.
#[derive(Debug)]
pub struct ServerSideRequestForgery;

impl Detector for ServerSideRequestForgery {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        160
    }

    fn price(&self) -> u8 {
        6
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        if !steps.take(form.text.len()) {
            return Judgement::UNPAID;
        }
        // Of plain texts the gate shows only those that begin as hosts inside do.
        let is_plain = gate::is_plain(form.text, form.classes, form.part);
        let found = if is_plain {
            None
        } else {
            target::strongest(form)
        };
        let evidence = found.map(|found| Evidence {
            confidence: found.confidence,
            span: found.span,
            explanation: Explanation {
                context: found.context,
                dialect: "generic",
                production: found.production,
            },
        });
        Judgement::of(evidence)
    }
}
