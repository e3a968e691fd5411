//! The policy file: TOML in, policy and problems out.
//! It never rejects a file as a whole for one key that it does not know.
use alloc::{format, string::String, vec::Vec};

use credenza_engine::Confidence;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::suggestion::{did_you_mean, nearest, one_of};
use crate::{Action, Mode, OnError, OnPartial, Policy, Problem, RulePolicy};

mod sources;

const KEYS: [&str; 6] = ["mode", "on_error", "on_partial", "rule", "source", "output"];
const RULE_KEYS: [&str; 3] = ["mode", "minimum_confidence", "action"];
const OUTPUT_KEYS: [&str; 1] = ["security_headers"];

// Limit: a reader repairs a file from its first few problems; 32 lines of at most 700 bytes stay
// under 23 KB of log for any file.
const PROBLEMS_MAX: usize = 32;

/// Reads `text`; `known` are the ids of the rules that exist.
pub(crate) fn parse(text: &str, known: &[&'static str]) -> (Policy, Vec<Problem>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        known,
        problems: Vec::new(),
        unsaid: 0,
    };
    let mut policy = Policy {
        hash: fnv1a(text.as_bytes()),
        ..Policy::default()
    };
    if errors.is_empty() {
        reader.policy(table.get_ref(), &mut policy);
    } else {
        policy.broken = true;
        for error in &errors {
            let at = error.span().map_or(text.len(), |span| span.start);
            let said = format!(
                "not TOML: {}; nothing is blocked until this is repaired",
                error.message()
            );
            reader.problem(at, said);
        }
    }
    (policy, reader.done())
}

/// FNV-1a, 64 bits: names a text, and proves nothing.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

struct Reader<'a> {
    text: &'a str,
    known: &'a [&'static str],
    /// Byte in the text, and what is wrong there.
    problems: Vec<(usize, String)>,
    unsaid: usize,
}

impl Reader<'_> {
    fn policy(&mut self, table: &DeTable<'_>, policy: &mut Policy) {
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "mode" => policy.mode = self.mode(value).unwrap_or(policy.mode),
                "on_error" => {
                    let names = OnError::ALL.map(OnError::name);
                    let choice = self.choice(value, "on_error", &names);
                    policy.on_error = pick(choice, &OnError::ALL).unwrap_or(policy.on_error);
                }
                "on_partial" => {
                    let names = OnPartial::ALL.map(OnPartial::name);
                    let choice = self.choice(value, "on_partial", &names);
                    policy.on_partial = pick(choice, &OnPartial::ALL);
                }
                "rule" => self.rules(value, policy),
                "source" => self.sources(value, policy),
                "output" => self.output(value, policy),
                other => self.unknown_key(key.span().start, other, &KEYS),
            }
        }
    }

    fn rules(&mut self, value: &Spanned<DeValue<'_>>, policy: &mut Policy) {
        let DeValue::Table(table) = value.get_ref() else {
            let said = format!(
                "`rule` is {}; expected one table for each rule, as in `[rule.sql-injection]`",
                kind(value.get_ref())
            );
            self.problem(value.span().start, said);
            return;
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let Some(id) = self.known.iter().find(|id| **id == name) {
                let rule = self.rule(id, value);
                policy.rules.push(rule);
                continue;
            }
            let said = format!(
                "unknown rule `{}`{}",
                clipped(name),
                did_you_mean(name, self.known)
            );
            self.problem(key.span().start, said);
            // Whoever misspells a rule meant to change it: until we know how, it blocks nothing.
            if let Some(id) = nearest(name, self.known) {
                policy.rules.push(cautious(id));
            }
        }
        // A rule may be meant by its name and by a misspelling of it: the milder will counts.
        policy
            .rules
            .sort_by(|left, right| (left.id, left.mode).cmp(&(right.id, right.mode)));
        policy
            .rules
            .dedup_by(|later, earlier| later.id == earlier.id);
    }

    fn rule(&mut self, id: &'static str, value: &Spanned<DeValue<'_>>) -> RulePolicy {
        let before = self.met();
        let mut rule = RulePolicy {
            mode: Mode::Block,
            ..cautious(id)
        };
        if let DeValue::Table(table) = value.get_ref() {
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "mode" => rule.mode = self.mode(value).unwrap_or(rule.mode),
                    "minimum_confidence" => {
                        let all = [Confidence::Low, Confidence::Medium, Confidence::High];
                        let names = all.map(Confidence::name);
                        let choice = self.choice(value, "minimum_confidence", &names);
                        rule.minimum_confidence =
                            pick(choice, &all).unwrap_or(rule.minimum_confidence);
                    }
                    "action" => {
                        let choice = self.choice(value, "action", &Action::ALL.map(Action::name));
                        rule.action = pick(choice, &Action::ALL).unwrap_or(rule.action);
                    }
                    other => self.unknown_key(key.span().start, other, &RULE_KEYS),
                }
            }
        } else {
            let said = format!(
                "`rule.{id}` is {}; expected a table with {}",
                kind(value.get_ref()),
                one_of(&RULE_KEYS)
            );
            self.problem(value.span().start, said);
        }
        if self.met() > before {
            rule.mode = rule.mode.min(Mode::Monitor);
        }
        rule
    }

    fn output(&mut self, value: &Spanned<DeValue<'_>>, policy: &mut Policy) {
        let DeValue::Table(table) = value.get_ref() else {
            let said = format!(
                "`output` is {}; expected a table with {}",
                kind(value.get_ref()),
                one_of(&OUTPUT_KEYS)
            );
            self.problem(value.span().start, said);
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "security_headers" => {
                    let flag = self.flag(value, "security_headers");
                    policy.output.security_headers = flag.unwrap_or(false);
                }
                other => self.unknown_key(key.span().start, other, &OUTPUT_KEYS),
            }
        }
    }

    fn mode(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Mode> {
        let choice = self.choice(value, "mode", &Mode::ALL.map(Mode::name));
        pick(choice, &Mode::ALL)
    }

    /// The index of `value` among `names`; a problem and `None` if it is none of them.
    fn choice(&mut self, value: &Spanned<DeValue<'_>>, key: &str, names: &[&str]) -> Option<usize> {
        let at = value.span().start;
        let DeValue::String(word) = value.get_ref() else {
            let said = format!(
                "`{key}` is {}; expected {}",
                kind(value.get_ref()),
                one_of(names)
            );
            self.problem(at, said);
            return None;
        };
        let index = names.iter().position(|name| *name == word.as_ref());
        if index.is_none() {
            let (expected, hint) = (one_of(names), did_you_mean(word, names));
            let said = format!("`{key}` is `{}`; expected {expected}{hint}", clipped(word));
            self.problem(at, said);
        }
        index
    }

    fn unknown_key(&mut self, at: usize, key: &str, known: &[&str]) {
        let (expected, hint) = (one_of(known), did_you_mean(key, known));
        self.problem(
            at,
            format!("unknown key `{}`; expected {expected}{hint}", clipped(key)),
        );
    }

    fn problem(&mut self, byte: usize, message: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push((byte, message));
        } else {
            self.unsaid = self.unsaid.saturating_add(1);
        }
    }

    /// Problems met so far, said or unsaid.
    fn met(&self) -> usize {
        self.problems.len().saturating_add(self.unsaid)
    }

    /// The problems in the order of the file.
    fn done(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|(byte, _)| *byte);
        if self.unsaid > 0 {
            self.problems
                .push((0, format!("{} more problems are not listed", self.unsaid)));
        }
        let text = self.text;
        let placed = |(byte, message)| Problem {
            at: line_and_column(text, byte),
            message,
        };
        self.problems.into_iter().map(placed).collect()
    }
}

/// `line:column` of a byte, both counted from 1, columns in characters.
fn line_and_column(text: &str, byte: usize) -> String {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.split('\n').count();
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or("")
        .chars()
        .count()
        .saturating_add(1);
    format!("{line}:{column}")
}

/// A rule whose author meant something that we could not read.
fn cautious(id: &'static str) -> RulePolicy {
    RulePolicy {
        id,
        mode: Mode::Monitor,
        minimum_confidence: Confidence::High,
        action: Action::Block,
    }
}

fn pick<T: Copy>(index: Option<usize>, all: &[T]) -> Option<T> {
    all.get(index?).copied()
}

/// The first letters of a word from the file, enough to find it again.
fn clipped(word: &str) -> &str {
    let end = word
        .char_indices()
        .nth(40)
        .map_or(word.len(), |(index, _)| index);
    word.get(..end).unwrap_or(word)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests;
