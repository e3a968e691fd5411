//! The detector of paths that leave their folder or name what must not be read.
//! It never touches a file system and never calls a path an attack for being relative.
//!
#![doc = include_str!("path_traversal.md")]
mod path;
mod place;
mod signals;
mod target;
mod worth;
mod wrapper;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::gate::is_plain;
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "path-traversal",
    class: "lfi",
    cwe: 22,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("path_traversal.md"),
};

/// Finds paths that leave their folder or name what must not be read.
#[derive(Debug)]
pub struct PathTraversal;

impl Detector for PathTraversal {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        120
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        if !steps.take(form.text.len() / 4) {
            return Judgement::UNPAID;
        }
        // A plain text is a name before it is a path: `etc/passwd` may be anybody's.
        let is_plain = is_plain(form.text, form.classes, form.part);
        let found = if is_plain || !has_separator(form.text) {
            None
        } else if !steps.take(price(form.text.len())) {
            return Judgement::UNPAID;
        } else {
            worth::strongest(form)
        };
        let evidence = found.map(|found| Evidence {
            confidence: found.confidence,
            span: path::span(found.start, found.end),
            explanation: Explanation {
                context: found.context,
                dialect: "path",
                production: found.production,
            },
        });
        Judgement::of(evidence)
    }
}

// Limit: to read a path and weigh it takes some 1,400 instructions, however short it is.
const PATH_STEPS: usize = 160;
// Limit: beyond 256 bytes a text is words with a sign between some of them, and half as dear.
const SHORT_BYTES: usize = 256;

/// The steps that it takes to read a text as a path.
fn price(bytes: usize) -> usize {
    let by_byte = if bytes > SHORT_BYTES { 2 } else { 4 };
    bytes.saturating_mul(by_byte).saturating_add(PATH_STEPS)
}

/// True if something in a text parts names: without it `file:boot.ini` is one.
fn has_separator(text: &[u8]) -> bool {
    text.iter()
        .any(|byte| matches!(byte, b'/' | b'\\' | b'%' | b';' | b'$' | 0x80..))
}

/// What a path reaches, for the rules that find it as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Anything.
    Nothing,
    /// A file of the system.
    System,
    /// A file that holds secrets.
    Secret,
}

/// What a path reaches.
pub(super) fn reach(path: &[u8]) -> Reach {
    let reading = path::read(path);
    match reading.target {
        target::Worth::Secret if !reading.is_home => Reach::Secret,
        target::Worth::Sensitive | target::Worth::Secret => Reach::System,
        target::Worth::Own | target::Worth::Nothing => Reach::Nothing,
    }
}
