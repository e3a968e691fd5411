//! The tables of a policy file that say what is no finding.
//! It never takes an exemption without a reason, an author and a last day.
use alloc::{borrow::ToOwned, format, string::String};

use super::Reader;
use crate::suggestion::one_of;
use crate::tree::{Kind, Member, Node};
use crate::{Day, Exemption, Policy, ValueShape, value_shape};

pub(super) const EXEMPTION_KEYS: [&str; 8] = [
    "rule", "source", "route", "location", "shape", "reason", "author", "expires",
];

// Limit: a finding is asked of each exemption of its rule; 1,024 of them are 200 KB of policy.
const EXEMPTIONS_MAX: usize = 1024;

// Limit: a sentence.
const WORDS_BYTES_MAX: usize = 500;

impl Reader<'_> {
    /// Reads `[[exemption]]` tables.
    pub(super) fn exemptions(&mut self, value: &Node, policy: &mut Policy) {
        let before = self.met();
        let tables = self.tables(value, "exemption");
        policy.is_held |= self.met() > before;
        for table in tables {
            let before = self.met();
            let (rule, exemption) = self.exemption(table);
            if policy.exemptions.len() >= EXEMPTIONS_MAX {
                let said = format!("more than {EXEMPTIONS_MAX} exemptions; this one is left out");
                self.problem(table.at, said);
            }
            if let Some(exemption) = exemption.filter(|_| self.met() == before) {
                policy.exemptions.push(exemption);
                continue;
            }
            // Its rule finds what should be no finding, and so blocks nothing.
            match rule {
                Some(id) => policy.hold_rule(id),
                None => policy.is_held = true,
            }
        }
    }

    fn exemption(&mut self, table: &Node) -> (Option<&'static str>, Option<Exemption>) {
        let Some(members) = self.table(table, "exemption", &EXEMPTION_KEYS) else {
            return (None, None);
        };
        let mut read = Exemption {
            rule: "",
            source: None,
            route: None,
            location: None,
            shape: None,
            reason: String::new(),
            author: String::new(),
            expires: Day::default(),
        };
        let mut rule = None;
        for Member { name, value, .. } in members {
            match name.as_str() {
                "rule" => rule = self.rule_id(value),
                "source" => read.source = self.source_named(value),
                "route" => read.route = self.pattern(value, "route"),
                "location" => read.location = self.location(value),
                "shape" => read.shape = self.shape(value, "shape"),
                "reason" => read.reason = self.words(value, "reason"),
                "author" => read.author = self.words(value, "author"),
                "expires" => read.expires = self.day(value).unwrap_or_default(),
                _ => {}
            }
        }
        for key in ["rule", "reason", "author", "expires"] {
            if !members.iter().any(|member| member.name == key) {
                self.problem(table.at, format!("this exemption lacks `{key}`"));
            }
        }
        if !read.is_narrow() {
            let said = format!(
                "this exemption would silence its rule everywhere; expected {} in it, or a \
                 table of the rule with `mode = \"off\"`",
                one_of(&["source", "route", "location", "shape"])
            );
            self.problem(table.at, said);
        }
        read.rule = rule.unwrap_or_default();
        (rule, Some(read))
    }

    fn words(&mut self, value: &Node, key: &str) -> String {
        let text = self.text(value, key, WORDS_BYTES_MAX);
        text.unwrap_or_default().to_owned()
    }

    /// A shape of values.
    pub(super) fn shape(&mut self, value: &Node, key: &str) -> Option<ValueShape> {
        let names = one_of(&value_shape::NAMES);
        let expected = format!(
            "{names}, with a number of letters as in `digits(1..10)`, several with ` | ` between \
             them, or `=` and the value itself"
        );
        self.read(value, key, &expected, ValueShape::parse)
    }

    /// A date; a text in JSON, which has no dates.
    fn day(&mut self, value: &Node) -> Option<Day> {
        match &value.kind {
            Kind::Date(day) => Some(*day),
            _ => self.read(value, "expires", "a date, as in `2027-01-31`", Day::parse),
        }
    }
}
