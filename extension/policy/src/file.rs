//! The policy file: TOML or JSON in, policy and problems out.
//! It never rejects a file as a whole for one key that it does not know.
use alloc::{format, string::String, vec::Vec};

use credenza_engine::Confidence;

use crate::suggestion::{did_you_mean, nearest};
use crate::tree::{self, Kind, Member, Node};
use crate::{Action, Mode, OnError, OnPartial, Policy, Problem, RulePolicy, Share};

mod custom;
mod exemptions;
mod guards;
mod reading;
mod scopes;
mod sources;

pub use custom::Names;
pub(crate) use custom::STEPS_PER_BYTE_MAX as CUSTOM_STEPS_PER_BYTE_MAX;

const KEYS: [&str; 20] = [
    "mode",
    "kill",
    "version",
    "on_error",
    "on_partial",
    "canary",
    "rule",
    "source",
    "scope",
    "exemption",
    "custom",
    "callers",
    "limits",
    "recursion",
    "log",
    "decoy",
    "recording",
    "output",
    "shadow",
    "poll_seconds",
];
/// What a candidate cannot say: it is about all of the process.
const OF_ALL: [&str; 7] = [
    "shadow",
    "kill",
    "version",
    "poll_seconds",
    "log",
    "decoy",
    "recording",
];
const RULE_KEYS: [&str; 4] = ["mode", "minimum_confidence", "action", "canary"];
const OUTPUT_KEYS: [&str; 1] = ["security_headers"];

// Limit: the longest path that Linux opens.
const FILE_BYTES_MAX: usize = 4096;

// Limit: a reader repairs a file from its first few problems; 32 lines of at most 700 bytes stay
// under 23 KB of log for any file.
const PROBLEMS_MAX: usize = 32;

/// Lays `text` over `base`; `known` are the ids of the rules that exist.
pub(crate) fn parse_over(
    base: Policy,
    text: &str,
    known: &[&'static str],
    names: &mut Names,
) -> (Policy, Vec<Problem>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    names.learn(&base);
    let mut known = known.to_vec();
    known.extend(base.custom.iter().map(|custom| custom.rule.id));
    let mut reader = Reader {
        text,
        known,
        names,
        is_lost: false,
        problems: Vec::new(),
        unsaid: 0,
    };
    let mut policy = base;
    // Two layers are another policy than either of them alone.
    policy.hash = match policy.hash {
        0 => fnv1a(text.as_bytes()),
        before => (before ^ fnv1a(text.as_bytes())).rotate_left(1),
    };
    match tree::read(text) {
        Ok(members) => reader.whole(&members, &mut policy),
        Err(faults) => {
            policy.broken = true;
            policy.mode = policy.mode.min(Mode::Monitor);
            for (at, why) in faults {
                reader.problem(
                    at,
                    format!("{why}; nothing is blocked until this is repaired"),
                );
            }
        }
    }
    (policy, reader.done())
}

/// FNV-1a, 64 bits: names a text, and proves nothing.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

struct Reader<'a> {
    text: &'a str,
    known: Vec<&'static str>,
    names: &'a mut Names,
    /// A key stands where nothing like it belongs: the head of its table may have been lost.
    is_lost: bool,
    /// Byte in the text, and what is wrong there.
    problems: Vec<(usize, String)>,
    unsaid: usize,
}

impl Reader<'_> {
    /// A whole policy, and the candidate in it.
    fn whole(&mut self, members: &[Member], policy: &mut Policy) {
        self.policy(members, policy, &KEYS);
        let shadow = members.iter().find(|member| member.name == "shadow");
        if let Some(member) = shadow {
            self.shadow(&member.value, policy);
        }
        policy.is_held |= self.is_lost;
        if policy.is_held || policy.broken {
            policy.mode = policy.mode.min(Mode::Monitor);
        }
        if policy.is_killed {
            policy.mode = Mode::Off;
        }
    }

    /// The candidate: this policy with what it says laid over it, or a file of its own.
    fn shadow(&mut self, value: &Node, policy: &mut Policy) {
        let Kind::Table(members) = &value.kind else {
            let kind = value.kind.name();
            let said = format!("`shadow` is {kind}; expected a table as a policy has it");
            return self.problem(value.at, said);
        };
        if let Some(file) = members.iter().find(|member| member.name == "file") {
            let path = self.text(&file.value, "file", FILE_BYTES_MAX);
            policy.shadow = None;
            policy.shadow_file = path.map(String::from);
            for member in members.iter().filter(|member| member.name != "file") {
                let name = reading::clipped(&member.name);
                let said = format!("`file` is all of the candidate; `{name}` belongs into it");
                self.problem(member.at, said);
            }
            return;
        }
        let mut keys = KEYS.to_vec();
        keys.retain(|key| !OF_ALL.contains(key));
        let mut candidate = Policy {
            shadow: None,
            shadow_file: None,
            ..policy.clone()
        };
        self.policy(members, &mut candidate, &keys);
        if candidate.is_held || self.is_lost {
            candidate.mode = candidate.mode.min(Mode::Monitor);
        }
        policy.shadow = Some(candidate.into());
        policy.shadow_file = None;
    }

    /// What stands at the top; what is wrong there may have been meant to let something pass, so
    /// nothing is blocked until it is repaired.
    fn policy(&mut self, members: &[Member], policy: &mut Policy, keys: &[&str]) {
        // Other tables may name these rules.
        for member in members.iter().filter(|member| member.name == "custom") {
            self.custom(&member.value, policy);
        }
        for Member { at, name, value } in members {
            let before = self.met();
            match name.as_str() {
                other if !keys.contains(&other) => self.unknown_key(*at, other, keys),
                "mode" => policy.mode = self.mode(value).unwrap_or(policy.mode),
                "kill" => {
                    if self.flag(value, "kill") == Some(true) {
                        policy.is_killed = true;
                    }
                }
                "version" => {
                    let version = self.number(value, "version", 0, i64::MAX);
                    policy.version = version.unwrap_or(policy.version);
                }
                "poll_seconds" => {
                    let seconds = self.number(value, "poll_seconds", 1, 3600);
                    let seconds = seconds.and_then(|seconds| u16::try_from(seconds).ok());
                    policy.poll_seconds = seconds.unwrap_or(policy.poll_seconds);
                    // How often somebody asks for a policy says nothing about this one.
                    continue;
                }
                "on_error" => {
                    let choice = self.choice(value, "on_error", &OnError::ALL, OnError::name);
                    policy.on_error = choice.unwrap_or(policy.on_error);
                }
                "on_partial" => {
                    let choice = self.choice(value, "on_partial", &OnPartial::ALL, OnPartial::name);
                    policy.on_partial = choice.or(policy.on_partial);
                }
                "canary" => policy.canary = self.share(value, name).unwrap_or(policy.canary),
                // These hold what their own problems are about, and no more.
                "rule" | "source" | "scope" | "exemption" | "output" | "shadow" | "custom" => {
                    self.part(name, value, policy);
                    continue;
                }
                other => {
                    self.guard(other, value, policy);
                    continue;
                }
            }
            policy.is_held |= self.met() > before;
        }
    }

    fn part(&mut self, name: &str, value: &Node, policy: &mut Policy) {
        match name {
            "rule" => self.rules(value, policy),
            "source" => self.sources(value, policy),
            "scope" => self.scopes(value, policy),
            "exemption" => self.exemptions(value, policy),
            "output" => self.output(value, policy),
            _ => {}
        }
    }

    fn rules(&mut self, value: &Node, policy: &mut Policy) {
        let Kind::Table(members) = &value.kind else {
            let said = format!(
                "`rule` is {}; expected one table for each rule, as in `[rule.sql-injection]`",
                value.kind.name()
            );
            policy.is_held = true;
            return self.problem(value.at, said);
        };
        for Member { at, name, value } in members {
            let known = self.known.iter().find(|id| **id == name.as_str());
            if let Some(id) = known.copied() {
                let rule = self.rule(id, value, policy.rule_or_default(id));
                // A rule may be meant by its name and by a misspelling: the milder will counts.
                let is_held = members.iter().any(|member| {
                    let word = member.name.as_str();
                    !self.known.contains(&word) && nearest(word, &self.known) == Some(id)
                });
                let mode = if is_held {
                    rule.mode.min(Mode::Monitor)
                } else {
                    rule.mode
                };
                policy.set_rule(RulePolicy { mode, ..rule });
                continue;
            }
            let said = format!(
                "unknown rule `{}`{}",
                reading::clipped(name),
                did_you_mean(name, &self.known)
            );
            self.problem(*at, said);
            // Whoever misspells a rule meant to change it: until we know how, it blocks nothing.
            match nearest(name, &self.known) {
                Some(id) => policy.hold_rule(id),
                None => policy.is_held = true,
            }
        }
    }

    fn rule(&mut self, id: &'static str, value: &Node, before: RulePolicy) -> RulePolicy {
        let met = self.met();
        let mut rule = before;
        let key = format!("rule.{id}");
        for Member { name, value, .. } in self.table(value, &key, &RULE_KEYS).unwrap_or(&[]) {
            match name.as_str() {
                "mode" => rule.mode = self.mode(value).unwrap_or(rule.mode),
                "minimum_confidence" => {
                    rule.minimum_confidence =
                        self.confidence(value).unwrap_or(rule.minimum_confidence);
                }
                "action" => rule.action = self.action(value).unwrap_or(rule.action),
                "canary" => rule.canary = self.share(value, name).unwrap_or(rule.canary),
                _ => {}
            }
        }
        if self.met() > met {
            rule.mode = rule.mode.min(Mode::Monitor);
        }
        rule
    }

    fn output(&mut self, value: &Node, policy: &mut Policy) {
        for Member { name, value, .. } in self.table(value, "output", &OUTPUT_KEYS).unwrap_or(&[]) {
            if name == "security_headers" {
                let flag = self.flag(value, "security_headers");
                policy.output.security_headers = flag.unwrap_or(false);
            }
        }
    }

    fn mode(&mut self, value: &Node) -> Option<Mode> {
        self.choice(value, "mode", &Mode::ALL, Mode::name)
    }

    fn confidence(&mut self, value: &Node) -> Option<Confidence> {
        let all = [Confidence::Low, Confidence::Medium, Confidence::High];
        self.choice(value, "minimum_confidence", &all, Confidence::name)
    }

    fn action(&mut self, value: &Node) -> Option<Action> {
        self.choice(value, "action", &Action::ALL, Action::name)
    }

    /// A share in percent.
    fn share(&mut self, value: &Node, key: &str) -> Option<Share> {
        let percent = match value.kind {
            Kind::Integer(percent) => u8::try_from(percent).ok().map(f64::from),
            Kind::Float(percent) => Some(percent),
            _ => None,
        };
        let share = percent.and_then(Share::of_percent);
        if share.is_none() {
            let said = format!(
                "`{key}` is {}; expected a share of all requests in percent, from 0 to 100",
                reading::shown(&value.kind)
            );
            self.problem(value.at, said);
        }
        share
    }
}

impl Policy {
    /// What is said of a rule so far.
    fn rule_or_default(&self, id: &'static str) -> RulePolicy {
        let found = self.rules.iter().find(|rule| rule.id == id);
        found.cloned().unwrap_or(RulePolicy {
            id,
            mode: Mode::Block,
            minimum_confidence: Confidence::High,
            action: Action::Block,
            canary: Share::ALL,
        })
    }

    fn set_rule(&mut self, rule: RulePolicy) {
        match self.rules.iter_mut().find(|known| known.id == rule.id) {
            Some(known) => *known = rule,
            None => self.rules.push(rule),
        }
    }

    /// Lets a rule watch at most, because somebody meant something by it that we could not read.
    fn hold_rule(&mut self, id: &'static str) {
        let is_on = credenza_engine::is_on_by_default(id);
        let is_known = self.rules.iter().any(|rule| rule.id == id);
        let rule = self.rule_or_default(id);
        let most = if is_on || is_known {
            Mode::Monitor
        } else {
            Mode::Off
        };
        self.set_rule(RulePolicy {
            mode: rule.mode.min(most),
            ..rule
        });
        // No scope may take that back.
        self.held_rules.push(id);
    }
}

#[cfg(test)]
mod tests;
