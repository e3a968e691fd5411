//! Small changes of a text, and the patch that they make.
//! It never touches a line without need.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Addition;
use super::tree::{Node, Place};

/// Changes of a text by lines: what comes before a line, and what a line becomes.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits {
    before: BTreeMap<usize, String>,
    /// Changes within a line: where, how many signs go, and what comes.
    within: BTreeMap<Place, (usize, String)>,
}

// Limit: three lines around a change are what `patch` wants to find its place.
const CONTEXT: usize = 3;

impl Edits {
    pub(super) fn extend(&mut self, other: Self) {
        for (line, text) in other.before {
            self.before.entry(line).or_default().push_str(&text);
        }
        self.within.extend(other.within);
    }

    /// Adds members to a map, before those that it has.
    pub(super) fn insert(
        &mut self,
        text: &str,
        map: &Node,
        members: &[(&str, Addition)],
    ) -> Result<(), String> {
        if members.is_empty() {
            return Ok(());
        }
        let Some(first) = map.members().first().filter(|_| map.is_map()) else {
            return Err("its properties are none that can be added to; do it by hand".to_owned());
        };
        if map.is_flow {
            let members = members.iter();
            let members = members.map(|(name, member)| format!("\"{name}\": {}, ", member.flow()));
            self.within.insert(first.start, (0, members.collect()));
            return Ok(());
        }
        let line = line_of(text, first.start.line);
        let indent = first.start.column;
        if line.chars().take(indent).any(|sign| sign != ' ') {
            return Err("it is written in an unusual way; do it by hand".to_owned());
        }
        let step = indent_step(text, map);
        let before = self.before.entry(first.start.line).or_default();
        for (name, member) in members {
            member.block(name, indent, step, before);
        }
        Ok(())
    }

    /// Adds a text to the end of a list.
    pub(super) fn append(&mut self, text: &str, list: &Node, item: &str) -> Result<(), String> {
        let unusual = || "its layers are written in an unusual way; do it by hand".to_owned();
        if list.is_flow {
            let lead = if list.items().is_empty() { "" } else { ", " };
            self.within
                .insert(list.end, (0, format!("{lead}\"{item}\"")));
            return Ok(());
        }
        let first = list.items().first().ok_or_else(unusual)?;
        let line = line_of(text, first.start.line);
        let (indent, _) = line.split_once('-').ok_or_else(unusual)?;
        if !indent.trim().is_empty() {
            return Err(unusual());
        }
        let next = list.last_line() + 1;
        let added = format!("{indent}- {item}\n");
        self.before.entry(next).or_default().push_str(&added);
        Ok(())
    }

    /// Puts a text in the place of another.
    pub(super) fn replace(&mut self, text: &str, old: &Node, new: &str) -> Result<(), String> {
        let by_hand =
            || format!("it is told by something else than a text; set it to {new} by hand");
        let written = old.text().ok_or_else(by_hand)?;
        let line = line_of(text, old.start.line);
        let rest: String = line.chars().skip(old.start.column).collect();
        let quoted = [
            format!("\"{written}\""),
            format!("'{written}'"),
            written.clone(),
        ];
        let found = quoted
            .iter()
            .find(|one| !one.is_empty() && rest.starts_with(one.as_str()));
        let found = found.ok_or_else(by_hand)?;
        let new = match found.chars().next() {
            Some(quote @ ('"' | '\'')) => format!("{quote}{new}{quote}"),
            _ => new.to_owned(),
        };
        self.within.insert(old.start, (found.chars().count(), new));
        Ok(())
    }

    /// A line after its changes.
    fn line(&self, number: usize, old: &str) -> String {
        let mut signs: Vec<char> = old.chars().collect();
        let all = self.within.iter().rev();
        for (place, (cut, new)) in all.filter(|(place, _)| place.line == number) {
            let from = place.column.min(signs.len());
            let to = from.saturating_add(*cut).min(signs.len());
            signs.splice(from..to, new.chars());
        }
        signs.into_iter().collect()
    }

    /// The patch of a file.
    pub(super) fn unified(&self, file: &str, text: &str) -> String {
        let touched: Vec<usize> = {
            let within = self.within.keys().map(|place| place.line);
            let mut all: Vec<usize> = within.chain(self.before.keys().copied()).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        if touched.is_empty() {
            return String::new();
        }
        let old: Vec<&str> = text.lines().collect();
        let mut out = format!("--- {file}\n+++ {file}\n");
        let (mut grown, mut at) = (0, 0);
        while let Some(first) = touched.get(at) {
            // Changes whose surroundings meet are one hunk.
            let mut last = *first;
            while let Some(next) = touched.get(at).filter(|next| **next <= last + 2 * CONTEXT) {
                last = *next;
                at += 1;
            }
            let from = first.saturating_sub(CONTEXT);
            let to = (last + 1 + CONTEXT).min(old.len());
            let (hunk, added) = self.hunk(&old, from, to);
            let (cut, put) = (to - from, to - from + added);
            let _ = writeln!(out, "@@ -{},{cut} +{},{put} @@", from + 1, from + 1 + grown);
            out.push_str(&hunk);
            grown += added;
        }
        out
    }

    /// Lines from one to another, with what is added between; and how many those are.
    fn hunk(&self, old: &[&str], from: usize, to: usize) -> (String, usize) {
        let (mut out, mut added) = (String::new(), 0);
        for number in from..=to {
            let is_end = number == old.len();
            if number < to || is_end {
                for line in self
                    .before
                    .get(&number)
                    .into_iter()
                    .flat_map(|text| text.lines())
                {
                    let _ = writeln!(out, "+{line}");
                    added += 1;
                }
            }
            let Some(line) = old.get(number).filter(|_| number < to) else {
                break;
            };
            let new = self.line(number, line);
            if new == **line {
                let _ = writeln!(out, " {line}");
            } else {
                let _ = writeln!(out, "-{line}\n+{new}");
            }
        }
        (out, added)
    }
}

fn line_of(text: &str, number: usize) -> &str {
    text.lines().nth(number).unwrap_or_default()
}

/// How far a block is indented below the one around it; two signs where nothing tells.
fn indent_step(text: &str, map: &Node) -> usize {
    let deeper = map.members().chunks_exact(2).find_map(|pair| match pair {
        [key, value] if value.is_map() && !value.is_flow => {
            let first = value.members().first()?;
            first.start.column.checked_sub(key.start.column)
        }
        _ => None,
    });
    let own = map.members().first().map(|first| first.start);
    let outer = own.and_then(|place| {
        let above = line_of(text, place.line.checked_sub(1)?);
        let indent = above.len() - above.trim_start().len();
        place.column.checked_sub(indent)
    });
    deeper
        .or(outer)
        .filter(|step| (1..=8).contains(step))
        .unwrap_or(2)
}
