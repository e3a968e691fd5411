//! How values of a policy file are read: each with a problem that says what was expected.
//! It never guesses at a value that is not what was expected.
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use super::{PROBLEMS_MAX, Reader};
use credenza_event::sorted;

use crate::Problem;
use crate::suggestion::{did_you_mean, one_of};
use crate::tree::{Kind, Member, Node};

// Limit: a list of a policy names hosts, words or ids; ten thousand of them are 400 KB of text.
pub(super) const ITEMS_MAX: usize = 10_000;

impl Reader<'_> {
    /// The members of a table; a problem for each whose name is none of `keys`.
    pub(super) fn table<'n>(
        &mut self,
        value: &'n Node,
        name: &str,
        keys: &[&str],
    ) -> Option<&'n [Member]> {
        let Kind::Table(members) = &value.kind else {
            let said = format!(
                "`{name}` is {}; expected a table with {}",
                value.kind.name(),
                one_of(keys)
            );
            self.problem(value.at, said);
            return None;
        };
        for member in members {
            if !keys.contains(&member.name.as_str()) {
                self.unknown_key(member.at, &member.name, keys);
            }
        }
        Some(members)
    }

    /// The tables of an array of tables, `[[name]]`.
    pub(super) fn tables<'n>(&mut self, value: &'n Node, name: &str) -> &'n [Node] {
        if let Kind::List(items) = &value.kind {
            return items;
        }
        let said = format!(
            "`{name}` is {}; expected tables, each under `[[{name}]]`",
            value.kind.name()
        );
        self.problem(value.at, said);
        &[]
    }

    /// One of `all` by its name.
    pub(super) fn choice<T: Copy>(
        &mut self,
        value: &Node,
        key: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let names: Vec<&str> = all.iter().map(|choice| name(*choice)).collect();
        let Kind::Text(word) = &value.kind else {
            let said = format!(
                "`{key}` is {}; expected {}",
                value.kind.name(),
                one_of(&names)
            );
            self.problem(value.at, said);
            return None;
        };
        let found = all.iter().copied().find(|choice| name(*choice) == word);
        if found.is_none() {
            let (expected, hint) = (one_of(&names), did_you_mean(word, &names));
            let said = format!("`{key}` is `{}`; expected {expected}{hint}", clipped(word));
            self.problem(value.at, said);
        }
        found
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, value: &Node, key: &str) -> Option<bool> {
        if let Kind::Flag(flag) = value.kind {
            return Some(flag);
        }
        let said = format!(
            "`{key}` is {}; expected `true` or `false`",
            value.kind.name()
        );
        self.problem(value.at, said);
        None
    }

    /// A whole number between two others, both included.
    pub(super) fn number(&mut self, value: &Node, key: &str, least: i64, most: i64) -> Option<u64> {
        if let Kind::Integer(number) = value.kind
            && (least..=most).contains(&number)
        {
            return u64::try_from(number).ok();
        }
        let said = format!(
            "`{key}` is {}; expected a whole number from {least} to {most}",
            shown(&value.kind)
        );
        self.problem(value.at, said);
        None
    }

    /// A text of at most `bytes_max` bytes that is not empty.
    pub(super) fn text<'n>(
        &mut self,
        value: &'n Node,
        key: &str,
        bytes_max: usize,
    ) -> Option<&'n str> {
        match &value.kind {
            Kind::Text(text) if !text.is_empty() && text.len() <= bytes_max => Some(text),
            kind => {
                let said = format!(
                    "`{key}` is {}; expected a text of 1 to {bytes_max} bytes",
                    shown(kind)
                );
                self.problem(value.at, said);
                None
            }
        }
    }

    /// What `read` makes of a text; `expected` says what that is.
    pub(super) fn read<T>(
        &mut self,
        value: &Node,
        key: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = match &value.kind {
            Kind::Text(text) => read(text),
            _ => None,
        };
        if found.is_none() {
            let said = format!("`{key}` is {}; expected {expected}", shown(&value.kind));
            self.problem(value.at, said);
        }
        found
    }

    /// What `read` makes of each item of a list; one item may stand without its brackets.
    pub(super) fn list<T>(
        &mut self,
        value: &Node,
        key: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        let items = match &value.kind {
            Kind::List(items) => items.as_slice(),
            _ => core::slice::from_ref(value),
        };
        if items.len() > ITEMS_MAX {
            let said = format!("`{key}` has more than {ITEMS_MAX} items");
            self.problem(value.at, said);
            return Vec::new();
        }
        items.iter().filter_map(|item| read(self, item)).collect()
    }

    pub(super) fn unknown_key(&mut self, at: usize, key: &str, known: &[&str]) {
        // The one that was meant says more than all that there are.
        let meant = match did_you_mean(key, known) {
            hint if hint.is_empty() => {
                self.is_lost = true;
                format!("; expected {}", one_of(known))
            }
            hint => hint,
        };
        self.problem(at, format!("unknown key `{}`{meant}", clipped(key)));
    }

    pub(super) fn problem(&mut self, byte: usize, message: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push((byte, message));
        } else {
            self.unsaid = self.unsaid.saturating_add(1);
        }
    }

    /// Problems met so far, said or unsaid.
    pub(super) fn met(&self) -> usize {
        self.problems.len().saturating_add(self.unsaid)
    }

    /// The problems in the order of the file.
    pub(super) fn done(mut self) -> Vec<Problem> {
        sorted::sort(&mut self.problems);
        if self.unsaid > 0 {
            let said = format!("{} more problems are not listed", self.unsaid);
            self.problems.push((0, said));
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

/// The first letters of a word from the file, enough to find it again.
pub(super) fn clipped(word: &str) -> &str {
    let end = word
        .char_indices()
        .nth(40)
        .map_or(word.len(), |(index, _)| index);
    word.get(..end).unwrap_or(word)
}

/// A value as a problem shows it.
pub(super) fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Text(text) => format!("`{}`", clipped(text)),
        Kind::Integer(number) => format!("`{number}`"),
        kind => kind.name().to_owned(),
    }
}
