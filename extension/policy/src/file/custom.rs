//! The tables of a policy file that are rules of the user's own.
//! It never takes a rule that it did not understand, and never two of one name.
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{borrow::ToOwned, format};

use credenza_engine::Confidence;
use credenza_engine::detector::Rule;
use credenza_event::{Part, Role, sorted};

use super::Reader;
use super::reading::clipped;
use crate::tree::{Kind, Member, Node};
use crate::{Automaton, CustomRule, Policy, Test};

pub(super) const CUSTOM_KEYS: [&str; 18] = [
    "id",
    "confidence",
    "source",
    "route",
    "location",
    "role",
    "part",
    "contains",
    "one_of",
    "none_of",
    "pattern",
    "shape",
    "not_shape",
    "above",
    "below",
    "longer",
    "reason",
    "author",
];

// Limit: a rule of one's own is for what is one's own; more than 64 are another product's rules.
const RULES_MAX: usize = 64;

// Limit: together they may take 32 steps a byte, each about half a nanosecond: 16 of the 20 ns a
// byte that any policy may cost.
pub(crate) const STEPS_PER_BYTE_MAX: usize = 32;

// Limit: the longest pattern of 128 letters, each a class of its own.
const PATTERN_BYTES_MAX: usize = 1024;

// Limit: as long as the ids of our own rules may be in a record.
const ID_BYTES_MAX: usize = 32;

/// The roles by their names in records.
pub(super) const ROLES: [(&str, Role); 8] = [
    ("query", Role::Query),
    ("path", Role::Path),
    ("header", Role::Header),
    ("cookie", Role::Cookie),
    ("body", Role::Body),
    ("message", Role::Message),
    ("object-key", Role::ObjectKey),
    ("other", Role::Other),
];

/// The identities of rules that were made while the process ran: a finding names its rule for as
/// long as the process lives, so that each is kept, and made once only.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<&'static Rule>);

// Limit: 1,024 identities of 150 bytes are 150 KiB; a source that invents new ones with each poll
// is heard no further.
const NAMES_MAX: usize = 1024;

impl Names {
    /// The identity of a rule; `None` if there are too many.
    fn rule(&mut self, id: &str) -> Option<&'static Rule> {
        if let Some(known) = self.0.iter().find(|rule| rule.id == id) {
            return Some(known);
        }
        if self.0.len() >= NAMES_MAX {
            return None;
        }
        let rule: &'static Rule = Box::leak(Box::new(Rule {
            id: Box::leak(id.to_owned().into_boxed_str()),
            class: "custom",
            // Improper input validation: what it is the policy's author knows.
            cwe: 20,
            ceiling: Confidence::High,
            is_on_by_default: true,
            page: "",
        }));
        self.0.push(rule);
        Some(rule)
    }

    /// Knows the rules of a policy, too.
    pub(crate) fn learn(&mut self, policy: &Policy) {
        for custom in &policy.custom {
            if !self.0.iter().any(|rule| rule.id == custom.rule.id) {
                self.0.push(custom.rule);
            }
        }
    }
}

impl Reader<'_> {
    /// Reads `[[custom]]` tables; before the tables that may name these rules.
    pub(super) fn custom(&mut self, value: &Node, policy: &mut Policy) {
        for table in self.tables(value, "custom") {
            let before = self.met();
            let Some(custom) = self.custom_rule(table).filter(|_| self.met() == before) else {
                continue;
            };
            policy
                .custom
                .retain(|known| known.rule.id != custom.rule.id);
            let steps = policy.custom_steps_per_byte();
            let steps = steps.saturating_add(custom.steps_per_byte());
            if policy.custom.len() >= RULES_MAX || steps > STEPS_PER_BYTE_MAX {
                let said = format!(
                    "left out: {RULES_MAX} rules and {STEPS_PER_BYTE_MAX} steps a byte are the \
                     most; with this one there are {steps} steps, one for each word of \
                     `contains` and each branch of a pattern"
                );
                self.problem(table.at, said);
                continue;
            }
            if !self.known.contains(&custom.rule.id) {
                self.known.push(custom.rule.id);
            }
            policy.custom.push(custom);
        }
    }

    fn custom_rule(&mut self, table: &Node) -> Option<CustomRule> {
        let members = self.table(table, "custom", &CUSTOM_KEYS)?;
        let id = members.iter().find(|member| member.name == "id");
        let Some(id) = id else {
            self.problem(table.at, "this rule lacks `id`".into());
            return None;
        };
        let mut custom = CustomRule {
            rule: self.custom_id(&id.value)?,
            confidence: Confidence::High,
            source: None,
            route: None,
            location: None,
            role: None,
            part: Part::Value,
            tests: Vec::new(),
        };
        for Member { name, value, .. } in members {
            match name.as_str() {
                "confidence" => {
                    custom.confidence = self.confidence(value).unwrap_or(custom.confidence);
                }
                "source" => custom.source = self.source_named(value),
                "route" => custom.route = self.pattern(value, "route"),
                "location" => custom.location = self.location(value),
                "role" => {
                    let name = |role| {
                        let found = ROLES.iter().find(|(_, one)| *one == role);
                        found.map_or("", |(name, _)| name)
                    };
                    custom.role = self.choice(value, "role", &ROLES.map(|(_, role)| role), name);
                }
                "part" => {
                    let name = |part| if part == Part::Key { "key" } else { "value" };
                    let part = self.choice(value, "part", &[Part::Key, Part::Value], name);
                    custom.part = part.unwrap_or(Part::Value);
                }
                "reason" | "author" => _ = self.text(value, name, 500),
                "id" => {}
                _ => custom.tests.extend(self.test(name, value)),
            }
        }
        if custom.tests.is_empty() {
            let said = "this rule tests nothing; expected `contains`, `one_of`, `none_of`, \
                        `pattern`, `shape`, `not_shape`, `above`, `below` or `longer` in it";
            self.problem(table.at, said.into());
        }
        Some(custom)
    }

    /// A name that no rule of ours has.
    fn custom_id(&mut self, value: &Node) -> Option<&'static Rule> {
        let expected = "`custom-` and a name of small letters, digits and hyphens, 32 in all";
        let id = self.read(value, "id", expected, |id| {
            // No rule of ours begins so, in this version or in a later one.
            let name = id.strip_prefix("custom-")?;
            let is_plain = !name.is_empty()
                && id.len() <= ID_BYTES_MAX
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            is_plain.then(|| id.to_owned())
        })?;
        let rule = self.names.rule(&id);
        if rule.is_none() {
            let said = format!(
                "`{}` is one rule more than a process may learn",
                clipped(&id)
            );
            self.problem(value.at, said);
        }
        rule
    }

    fn test(&mut self, name: &str, value: &Node) -> Option<Test> {
        Some(match name {
            "contains" => Test::Contains(self.words_of(value, name)?),
            "one_of" => Test::OneOf(self.words_of(value, name)?),
            "none_of" => Test::NoneOf(self.words_of(value, name)?),
            "pattern" => Test::Matches(self.automaton(value)?),
            "shape" => Test::Shaped(self.shape(value, name)?),
            "not_shape" => Test::Unshaped(self.shape(value, name)?),
            "above" => Test::Above(self.decimal(value, name)?),
            "below" => Test::Below(self.decimal(value, name)?),
            _ => {
                let bytes = self.number(value, name, 0, 8 * 1024 * 1024)?;
                Test::Longer(usize::try_from(bytes).ok()?)
            }
        })
    }

    /// A list of words, in order.
    fn words_of(&mut self, value: &Node, key: &str) -> Option<Vec<String>> {
        let read =
            |reader: &mut Self, item: &Node| reader.text(item, key, 1024).map(ToOwned::to_owned);
        let mut words = self.list(value, key, read);
        sorted::sort(&mut words);
        words.dedup();
        if matches!(&value.kind, Kind::List(items) if items.is_empty()) {
            self.problem(
                value.at,
                format!("`{key}` is empty; expected a word at least"),
            );
        }
        (!words.is_empty()).then_some(words)
    }

    fn automaton(&mut self, value: &Node) -> Option<Automaton> {
        let text = self.text(value, "pattern", PATTERN_BYTES_MAX)?;
        match Automaton::parse(text) {
            Ok(automaton) => Some(automaton),
            Err(why) => {
                let text = clipped(text);
                self.problem(value.at, format!("`pattern` is `{text}`: {why}"));
                None
            }
        }
    }

    fn decimal(&mut self, value: &Node, key: &str) -> Option<f64> {
        match value.kind {
            // Limit: whole numbers up to 2^53 are exact.
            Kind::Integer(number) if number.unsigned_abs() <= 1 << 53 => {
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                return Some(number as f64);
            }
            Kind::Float(number) if number.is_finite() => return Some(number),
            _ => {}
        }
        let said = format!(
            "`{key}` is {}; expected a number",
            super::reading::shown(&value.kind)
        );
        self.problem(value.at, said);
        None
    }
}
