//! `policy` is the user's will as data: what to look for, and what to do about it.
//! It never fails and never does I/O: a broken policy means monitor mode and a loud problem.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

extern crate alloc;

mod action;
mod automaton;
mod caller;
mod custom;
mod day;
mod decoy;
mod exemption;
mod file;
mod limits;
mod output;
mod pattern;
mod place;
mod recording;
pub mod rules;
mod scope;
mod settings;
mod shadow;
mod share;
mod source;
mod suggestion;
mod tree;
mod value_shape;
mod verdict;

use alloc::{boxed::Box, string::String, vec::Vec};

use credenza_engine::Confidence;

pub use action::Action;
pub use automaton::Automaton;
pub use caller::{CallerPolicy, Network, Standing};
pub use custom::{CustomRule, Test};
pub use day::Day;
pub use decoy::DecoyPolicy;
pub use exemption::Exemption;
pub use file::Names;
pub use limits::{LimitPolicy, Limiter, Principal, Rate, RecursionPolicy, lineage};
pub use output::OutputPolicy;
pub use pattern::Pattern;
pub use place::{Place, Route, Routes};
pub use recording::RecordingPolicy;
pub use rules::all_rules;
pub use scope::{Scope, Terms};
pub use settings::{LogFormat, LogLevel, PolicyUrl, Settings};
pub use share::Share;
pub use source::{AuthorizerForm, Quarantine, SourcePolicy};
pub use value_shape::ValueShape;
pub use verdict::{Judge, Verdict, Will};

/// What credenza may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Do not look.
    Off,
    /// Look and report; bytes always pass.
    #[default]
    Monitor,
    /// Refuse what is judged `block`.
    Block,
}

impl Mode {
    /// All modes, from the least to the most that they allow.
    pub const ALL: [Self; 3] = [Self::Off, Self::Monitor, Self::Block];

    /// The name in records, policies and the environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Monitor => "monitor",
            Self::Block => "block",
        }
    }
}

/// What to do on a fault of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The bytes pass and a record says so.
    #[default]
    Open,
    /// The event is refused.
    Closed,
}

impl OnError {
    /// Both choices.
    pub const ALL: [Self; 2] = [Self::Open, Self::Closed];

    /// The name in policies and the environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// What to do when not everything was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPartial {
    /// As if complete.
    Pass,
    /// Verdict `flag`.
    Flag,
    /// Verdict `block`.
    Block,
}

impl OnPartial {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Flag, Self::Block];

    /// The name in policies and the environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Flag => "flag",
            Self::Block => "block",
        }
    }
}

/// The user's will about one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePolicy {
    /// The rule's id.
    pub id: &'static str,
    /// The most that may come of its findings; the global mode is a ceiling over it.
    pub mode: Mode,
    /// A finding at or above this confidence blocks; a weaker one is flagged.
    pub minimum_confidence: Confidence,
    /// What becomes in block mode of what such a finding is in.
    pub action: Action,
    /// The share of requests for which that happens.
    pub canary: Share,
}

/// The user's will.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Global mode.
    pub mode: Mode,
    /// On a fault of ours.
    pub on_error: OnError,
    /// On partial coverage; `None` means `flag` in monitor and `block` in block mode.
    pub on_partial: Option<OnPartial>,
    /// What differs from rule to rule; a rule that is not here is in the global mode, and blocks
    /// on high confidence, unless it is off until a policy asks for it.
    pub rules: Vec<RulePolicy>,
    /// What differs from source to source.
    pub sources: Vec<SourcePolicy>,
    /// What is wanted of answers.
    pub output: OutputPolicy,
    /// What holds in some places; of two that say the same thing the later counts.
    pub scopes: Vec<Scope>,
    /// What is no finding although a rule says so.
    pub exemptions: Vec<Exemption>,
    /// Rules of the user's own.
    pub custom: Vec<CustomRule>,
    /// Who may call.
    pub callers: CallerPolicy,
    /// How large and how often.
    pub limits: LimitPolicy,
    /// Whether a function may call itself.
    pub recursion: RecursionPolicy,
    /// The most that is written to the log in a minute; `None` for the agent's default.
    pub log_bytes_per_minute: Option<u64>,
    /// Credentials that prove a theft.
    pub decoy: DecoyPolicy,
    /// Which events are recorded, masked.
    pub recording: RecordingPolicy,
    /// The share of requests for which anything is refused at all.
    pub canary: Share,
    /// A candidate that is judged beside this policy, and changes nothing.
    pub shadow: Option<Box<Self>>,
    /// The file in which the candidate stands, until somebody has read it.
    pub shadow_file: Option<String>,
    /// The number that its author gave it; 0 if none.
    pub version: u64,
    /// How often another policy is asked for, where that is wanted; 0 for the agent's default.
    pub poll_seconds: u16,
    /// FNV-1a of the policy's text, so that a record can name the policy it was judged by; 0 for
    /// the built-in default.
    pub hash: u64,
    /// True if the text is not TOML: then nothing is ever blocked, whatever other settings say.
    pub broken: bool,
    /// True if something in the text was not understood that may have been meant to let something
    /// pass: then nothing is ever blocked, either.
    pub is_held: bool,
    /// True if the policy says `kill`: then nobody looks at anything.
    pub is_killed: bool,
    /// Rules that block nothing because something that was said of them was not understood.
    pub held_rules: Vec<&'static str>,
}

/// Something wrong with a policy or a setting: where, what was expected, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Variable name or `line:column` in the file.
    pub at: String,
    /// What is wrong, what was expected, and a suggestion where there is one.
    pub message: String,
}

impl Policy {
    /// Reads a policy file; never fails.
    ///
    /// Keys and values that are not understood are problems and count as not written.
    /// What they may have been about is at most `monitor`, because their author meant to change
    /// something that we do not know; text that is neither TOML nor JSON is `monitor` as a whole.
    pub fn parse(text: &str) -> (Self, Vec<Problem>) {
        Self::default().laid_under(text)
    }

    /// This policy with another text laid over it: what that says wins, and its scopes and
    /// exemptions come behind those that are here.
    #[must_use]
    pub fn laid_under(self, text: &str) -> (Self, Vec<Problem>) {
        self.laid_under_knowing(text, &mut Names::default())
    }

    /// The same for whoever reads policies again and again: rules of the user's own keep the
    /// identities that they had.
    #[must_use]
    pub fn laid_under_knowing(self, text: &str, names: &mut Names) -> (Self, Vec<Problem>) {
        file::parse_over(self, text, &known_rules(), names)
    }

    /// The most steps that a byte of a form costs under the rules of the user's own.
    pub fn custom_steps_per_byte(&self) -> usize {
        self.custom.iter().map(CustomRule::steps_per_byte).sum()
    }

    /// True if it asks something of an invocation that the engine does not look for.
    pub fn has_guards(&self) -> bool {
        !self.custom.is_empty()
            || !self.callers.is_empty()
            || self.limits.event_bytes_max.is_some()
            || self.limits.rate.is_some()
            || !self.recursion.is_empty()
    }

    /// True if less is refused under it than under another: by mode, by rule, by exemption.
    pub fn is_weaker_than(&self, other: &Self) -> bool {
        let verdict = |policy: &Self, id| policy.finding_verdict(id, Confidence::High);
        let by_rule = || all_rules().any(|rule| verdict(self, rule.id) < verdict(other, rule.id));
        self.mode < other.mode
            || self.canary < other.canary
            || self.exemptions.len() > other.exemptions.len()
            || self.scopes.len() > other.scopes.len()
            || (self.on_error == OnError::Open && other.on_error == OnError::Closed)
            || by_rule()
    }

    /// This policy as it is for one function: scopes that name it speak of everything, scopes of
    /// others are gone.
    #[must_use]
    pub fn for_function(mut self, function: &str) -> Self {
        self.scopes.retain_mut(|scope| {
            let is_here = scope
                .function
                .as_ref()
                .is_none_or(|wanted| wanted.matches(function));
            scope.function = None;
            is_here
        });
        self.shadow = self
            .shadow
            .map(|shadow| Box::new(shadow.for_function(function)));
        self
    }

    /// This policy with the environment's choices laid over it: they win over the file's.
    ///
    /// A policy that is broken or held stays at `monitor` or below, and says so if more was asked
    /// for.
    #[must_use]
    pub fn under(mut self, settings: &Settings) -> (Self, Option<Problem>) {
        let mut problem = None;
        if let Some(mode) = settings.mode.filter(|_| !self.is_killed) {
            self.mode = if self.broken || self.is_held {
                mode.min(Mode::Monitor)
            } else {
                mode
            };
            if self.mode != mode {
                let why = if self.broken {
                    "the policy file cannot be read and its exemptions are unknown"
                } else {
                    "not all of the policy file was understood"
                };
                problem = Some(Problem {
                    at: "CREDENZA_MODE".into(),
                    message: alloc::format!(
                        "`block` is held at `monitor` because {why}: repair the file, or remove it"
                    ),
                });
            }
        }
        self.on_error = settings.on_error.unwrap_or(self.on_error);
        self.on_partial = settings.on_partial.or(self.on_partial);
        self.shadow = self
            .shadow
            .map(|shadow| Box::new(shadow.with_choices_of(settings)));
        (self, problem)
    }
}

/// The ids that a policy may name.
fn known_rules() -> Vec<&'static str> {
    all_rules().map(|rule| rule.id).collect()
}
