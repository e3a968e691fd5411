//! The detector of values that become a second command.
//! It never runs anything and never calls a text an attack for naming a command.
//!
#![doc = include_str!("command_injection.md")]
mod argument;
mod around;
mod command;
mod compound;
mod guess;
mod option;
mod powershell;
mod prefix;
mod redirect;
mod script;
mod search;
mod signals;
mod spelling;
mod variable;
mod word;
mod worth;

pub(super) use command::names_command;
pub(crate) use option::runs_program;
pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "command-injection",
    class: "cmdi",
    cwe: 78,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("command_injection.md"),
};

/// Finds values that become a second command.
#[derive(Debug)]
pub struct CommandInjection;

impl Detector for CommandInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        200
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let (found, complete) = search::strongest(form, steps);
        let evidence = found.map(|found| Evidence {
            confidence: found.confidence,
            span: search::span(found.start, found.end),
            explanation: Explanation {
                context: found.context,
                dialect: "shell",
                production: found.production,
            },
        });
        Judgement { evidence, complete }
    }
}
