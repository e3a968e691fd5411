//! What people have said of findings: which were attacks, and which were false alarms.
//! It never guesses; a finding that nobody has judged stays unjudged.
use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::failure::Failure;
use crate::records::Record;

/// What somebody has said of a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Label {
    /// Nothing.
    #[default]
    None,
    /// It was an attack.
    Attack,
    /// It was harmless.
    Alarm,
}

/// All that was said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    /// By one member that names a single finding or invocation.
    by_name: HashMap<(&'static str, String), Label>,
    /// By several members; all must fit.
    by_members: Vec<(Vec<(String, String)>, Label)>,
}

/// Members that name so little that a table finds them.
const NAMES: [&str; 3] = ["request_id", "hash", "trace"];

// Limit: each finding is held against each of these; 1,000 keep a million findings in seconds.
const BY_MEMBERS_MAX: usize = 1000;

const FIX: &str = "write one object a line: members of a record that must be equal, and `label`, \
                   which is `attack` or `false-alarm`";

impl Labels {
    /// Reads a file of labels, one JSON object a line.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::new(file.display(), error, "name a file of labels"))?;
        let mut labels = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            labels.add(line).map_err(|reason| {
                Failure::new(format!("{}:{number}", file.display()), reason, FIX)
            })?;
        }
        Ok(labels)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let members = value.as_object().ok_or("it is no object")?;
        let label = match members.get("label").and_then(Value::as_str) {
            Some("attack") => Label::Attack,
            Some("false-alarm") => Label::Alarm,
            _ => return Err("`label` is neither `attack` nor `false-alarm`".to_owned()),
        };
        let mut wanted = Vec::new();
        for (name, value) in members.iter().filter(|(name, _)| *name != "label") {
            let text = value
                .as_str()
                .ok_or_else(|| format!("`{name}` is no text"))?;
            if member(&Record::default(), name).is_none() {
                return Err(format!("`{name}` is no member that labels may name"));
            }
            wanted.push((name.clone(), text.to_owned()));
        }
        if let [(name, text)] = wanted.as_slice()
            && let Some(name) = NAMES.iter().find(|known| *known == name)
        {
            self.by_name.insert((name, text.clone()), label);
            return Ok(());
        }
        if wanted.is_empty() {
            return Err("it names no member beside `label`".to_owned());
        }
        if self.by_members.len() >= BY_MEMBERS_MAX {
            return Err(format!("there are more than {BY_MEMBERS_MAX} such labels"));
        }
        self.by_members.push((wanted, label));
        Ok(())
    }

    /// What was said of a finding; the first label that fits.
    pub(crate) fn of(&self, record: &Record<'_>) -> Label {
        if !self.by_name.is_empty() {
            for name in NAMES {
                let text = member(record, name).unwrap_or_default();
                if text.is_empty() {
                    continue;
                }
                if let Some(label) = self.by_name.get(&(name, text.to_owned())) {
                    return *label;
                }
            }
        }
        let fits = |wanted: &[(String, String)]| {
            wanted
                .iter()
                .all(|(name, text)| member(record, name) == Some(text.as_str()))
        };
        let found = self.by_members.iter().find(|(wanted, _)| fits(wanted));
        found.map(|(_, label)| *label).unwrap_or_default()
    }
}

/// A member of a record by its name, of those that labels may name.
fn member<'a>(record: &'a Record<'_>, name: &str) -> Option<&'a str> {
    let text = match name {
        "request_id" => &record.request_id,
        "hash" => &record.hash,
        "trace" => &record.trace,
        "tenant" => &record.tenant,
        "caller" => &record.caller,
        "function" => &record.function,
        "source" => &record.source,
        "route" => &record.route,
        "rule" => &record.rule,
        "confidence" => &record.confidence,
        "location" => &record.location,
        "production" => &record.production,
        "sample" => &record.sample,
        _ => return None,
    };
    Some(text.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lines: &[&str]) -> Labels {
        let mut labels = Labels::default();
        for line in lines {
            labels.add(line).unwrap();
        }
        labels
    }

    #[test]
    fn a_label_fits_findings_with_equal_members() {
        let labels = labels(&[
            r#"{"request_id":"r-1","label":"attack"}"#,
            r#"{"rule":"sql-injection","location":"/body/q","label":"false-alarm"}"#,
        ]);
        let of = |text: &str| labels.of(&serde_json::from_str(text).unwrap());
        assert_eq!(of(r#"{"request_id":"r-1","rule":"xxe"}"#), Label::Attack);
        assert_eq!(
            of(r#"{"rule":"sql-injection","location":"/body/q"}"#),
            Label::Alarm
        );
        assert_eq!(
            of(r#"{"rule":"sql-injection","location":"/body/p"}"#),
            Label::None
        );
        assert_eq!(of("{}"), Label::None);
    }

    #[test]
    fn a_label_that_says_nothing_is_an_error() {
        for line in [
            "attack",
            "{}",
            r#"{"label":"attack"}"#,
            r#"{"label":"good","rule":"a"}"#,
            r#"{"label":"attack","rules":"a"}"#,
            r#"{"label":"attack","rule":7}"#,
        ] {
            assert!(Labels::default().add(line).is_err(), "{line}");
        }
    }
}
