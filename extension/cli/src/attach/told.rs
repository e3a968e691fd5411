//! A plan and its outcome, for people and for machines.
//! It never prints the value of a variable that is none of ours.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use credenza_attach::change::Change;
use credenza_attach::journal::What;
use credenza_attach::layer::LayerArn;
use credenza_attach::owner::{Owner, Tool};
use credenza_attach::plan::{Planned, Step};
use credenza_attach::work::Outcome as Fate;
use serde_json::{Value, json};

use crate::evidence::readiness::plural;
use crate::paint::{Ink, Painter, pad, tame};

/// A plan, and what became of it if it was carried out.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) what: What,
    pub(super) region: &'a str,
    pub(super) planned: &'a [Planned],
    /// Functions that cannot be read, and why.
    pub(super) unread: &'a [(String, String)],
    /// In the order of the plan.
    pub(super) fates: Option<Vec<Fate>>,
    pub(super) journal: &'a Path,
}

/// One line of the plan.
struct Row<'a> {
    name: &'a str,
    runtime: &'a str,
    word: &'static str,
    ink: Ink,
    why: String,
    notes: &'a [String],
}

impl Told<'_> {
    /// Whether every function is or could be as it is to be.
    pub(super) fn is_clean(&self) -> bool {
        let is_left = |one: &Planned| matches!(one.step, Step::Leave(_));
        let is_lost = |fate: &Fate| matches!(fate, Fate::Left(_) | Fate::Failed(_));
        let fates = self.fates.as_deref().unwrap_or_default();
        self.unread.is_empty() && !self.planned.iter().any(is_left) && !fates.iter().any(is_lost)
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = self.planned.iter().map(|one| self.row(one)).collect();
        rows.extend(self.unread.iter().map(|(name, why)| Row {
            name,
            runtime: "",
            word: "leave",
            ink: Ink::Yellow,
            why: why.clone(),
            notes: &[],
        }));
        let place = |row: &Row<'_>| match row.word {
            "keep" => 1,
            "leave" => 2,
            _ => 0,
        };
        rows.sort_by_key(place);
        rows
    }

    fn row<'a>(&self, one: &'a Planned) -> Row<'a> {
        let (word, ink, why) = match &one.step {
            Step::Change(change) => (self.what.name(), Ink::Green, summary(change)),
            Step::Keep(why) => ("keep", Ink::Dim, why.clone()),
            Step::Leave(why) => ("leave", Ink::Yellow, why.clone()),
        };
        let runtime = one.configuration.runtime.as_str();
        Row {
            name: &one.configuration.name,
            runtime: if runtime.is_empty() { "image" } else { runtime },
            word,
            ink,
            why,
            notes: &one.notes,
        }
    }

    /// The plan as a table.
    pub(super) fn plan(&self, painter: &Painter) -> String {
        let rows = self.rows();
        let widest = |text: fn(&Row<'_>) -> usize, most: usize| {
            let widths = rows.iter().map(text);
            widths.max().unwrap_or_default().min(most)
        };
        // Limit: a function's name has at most 64 signs; beyond 40 the reason would find no room.
        let (name, runtime) = (
            widest(|row| row.name.chars().count(), 40),
            widest(|row| row.runtime.chars().count(), 16),
        );
        let mut text = String::new();
        for row in &rows {
            let _ = writeln!(
                text,
                "{}  {}  {}  {}",
                painter.ink(row.ink, &pad(row.word, 6)),
                painter.ink(Ink::Bold, &pad(row.name, name)),
                painter.ink(Ink::Dim, &pad(row.runtime, runtime)),
                tame(&row.why)
            );
            for note in row.notes {
                let _ = writeln!(text, "        {}", painter.ink(Ink::Yellow, &tame(note)));
            }
        }
        let count = |word: &str| rows.iter().filter(|row| row.word == word).count();
        let _ = writeln!(
            text,
            "{} in {}: {} to {}, {} to keep, {} to leave",
            plural(rows.len() as u64, "function"),
            self.region,
            count(self.what.name()),
            self.what.name(),
            count("keep"),
            count("leave")
        );
        if self.what == What::Attach {
            text.push_str(&self.owners(painter));
        }
        text
    }

    /// Tools that would take the layer away again, each with the lines that keep it.
    fn owners(&self, painter: &Painter) -> String {
        let mut owners: BTreeMap<&Owner, (usize, &Change)> = BTreeMap::new();
        for one in self.planned {
            if let (Step::Change(change), Some(owner)) = (&one.step, &one.owner) {
                owners.entry(owner).or_insert((0, change)).0 += 1;
            }
        }
        let mut text = String::new();
        for (owner, (count, change)) in owners {
            let of = if owner.stack.is_empty() {
                String::new()
            } else {
                format!(" ({})", tame(&owner.stack))
            };
            let _ = writeln!(
                text,
                "\n{} {}{of} deploys {count} of them, and may take the layer away at its next \
                 change; these lines keep it:",
                painter.ink(Ink::Yellow, "!"),
                owner.tool.name()
            );
            for line in lines(owner.tool, change) {
                let _ = writeln!(text, "    {}", tame(&line));
            }
        }
        text
    }

    /// What became of the plan.
    pub(super) fn outcome(&self, painter: &Painter, was_asked: bool) -> String {
        let Some(fates) = &self.fates else {
            let why = if was_asked {
                ""
            } else {
                "; add --apply, or --yes"
            };
            return format!("nothing was changed{why}\n");
        };
        let mut text = String::new();
        let planned = self.planned.iter().zip(fates);
        for (one, fate) in planned {
            let why = match (fate, &one.step) {
                (Fate::Failed(why), _) => ("failed", why),
                (Fate::Left(why), Step::Change(_)) => ("left", why),
                _ => continue,
            };
            let name = painter.ink(Ink::Bold, &tame(&one.configuration.name));
            let word = painter.ink(Ink::Red, why.0);
            let _ = writeln!(text, "{word}  {name}  {}", tame(why.1));
        }
        let count = |is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
        let _ = writeln!(
            text,
            "{}: {} done, {} kept, {} left, {} failed; the journal is {}",
            self.what.name(),
            count(|fate| *fate == Fate::Done),
            count(|fate| *fate == Fate::Kept),
            count(|fate| matches!(fate, Fate::Left(_))) + self.unread.len(),
            count(|fate| matches!(fate, Fate::Failed(_))),
            self.journal.display()
        );
        text
    }

    /// All of it for machines.
    pub(super) fn json(&self) -> String {
        let mut functions: Vec<Value> = Vec::new();
        for (at, one) in self.planned.iter().enumerate() {
            let (step, why, change) = match &one.step {
                Step::Change(change) => (self.what.name(), None, Some(change.json())),
                Step::Keep(why) => ("keep", Some(why), None),
                Step::Leave(why) => ("leave", Some(why), None),
            };
            let fate = self.fates.as_ref().and_then(|fates| fates.get(at));
            let fate = fate.map(|fate| match fate {
                Fate::Done => json!({ "outcome": "done" }),
                Fate::Kept => json!({ "outcome": "kept" }),
                Fate::Left(why) => json!({ "outcome": "left", "why": why }),
                Fate::Failed(why) => json!({ "outcome": "failed", "why": why }),
            });
            let owner = one.owner.as_ref();
            let owner =
                owner.map(|owner| json!({ "tool": owner.tool.name(), "stack": owner.stack }));
            functions.push(json!({
                "function": one.configuration.name, "arn": one.configuration.arn,
                "runtime": one.configuration.runtime, "step": step, "why": why,
                "change": change, "notes": one.notes, "owner": owner, "fate": fate,
            }));
        }
        for (name, why) in self.unread {
            functions.push(json!({ "function": name, "step": "leave", "why": why }));
        }
        let all = json!({ "what": self.what.name(), "region": self.region,
            "applied": self.fates.is_some(), "functions": functions });
        format!("{all:#}\n")
    }
}

/// A change in one line.
fn summary(change: &Change) -> String {
    let mut words = Vec::new();
    let short = |arn: &str| LayerArn::read(arn).map_or_else(|| arn.to_owned(), |arn| arn.short());
    if !change.layer.is_idle() {
        words.push(match (&change.layer.before, &change.layer.after) {
            (None, Some(after)) => format!("+{}", short(after)),
            (Some(before), None) => format!("-{}", short(before)),
            (Some(before), Some(after)) => format!("{} → {}", short(before), short(after)),
            (None, None) => String::new(),
        });
    }
    for (name, swap) in &change.variables {
        words.push(match &swap.after {
            Some(after) => format!("{name}={after}"),
            None => format!("-{name}"),
        });
    }
    words.join(" ")
}

/// The lines that make a tool keep a change.
fn lines(tool: Tool, change: &Change) -> Vec<String> {
    let layer = change.layer.after.as_deref().unwrap_or("ARN");
    let variables = change.variables.iter();
    let variables = variables.filter_map(|(name, swap)| Some((name, swap.after.as_deref()?)));
    let mut lines = Vec::new();
    match tool {
        Tool::CloudFormation | Tool::Sam => {
            lines.push("Layers:".to_owned());
            lines.push(format!("  - {layer}"));
            lines.push("Environment:".to_owned());
            lines.push("  Variables:".to_owned());
            lines.extend(variables.map(|(name, value)| format!("    {name}: {value}")));
        }
        Tool::Serverless => {
            lines.push("layers:".to_owned());
            lines.push(format!("  - {layer}"));
            lines.push("environment:".to_owned());
            lines.extend(variables.map(|(name, value)| format!("  {name}: {value}")));
        }
        Tool::Terraform => {
            lines.push(format!("layers = [\"{layer}\"]"));
            lines.push("environment {".to_owned());
            lines.push("  variables = {".to_owned());
            lines.extend(variables.map(|(name, value)| format!("    {name} = \"{value}\"")));
            lines.extend(["  }".to_owned(), "}".to_owned()]);
        }
        Tool::Pulumi => {
            lines.push(format!("layers: [\"{layer}\"],"));
            lines.push("environment: { variables: {".to_owned());
            lines.extend(variables.map(|(name, value)| format!("  {name}: \"{value}\",")));
            lines.push("} },".to_owned());
        }
    }
    lines
}
