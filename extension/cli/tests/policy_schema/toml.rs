//! A policy as its author writes it in TOML, and the line on which each part of it stands.
//! It never writes a part on the line of another, save the items of lists.
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The places of a text's parts, each with its line.
pub(crate) type Lines = Vec<(Vec<String>, usize)>;

/// The text of a policy.
pub(crate) fn render(policy: &Value) -> (String, Lines) {
    let mut page = Page::default();
    page.table(policy.as_object().unwrap(), &mut Vec::new());
    (page.text, page.lines)
}

/// The lines of a place, or of the nearest around it that has one.
pub(crate) fn lines_of(lines: &Lines, path: &[String]) -> Vec<usize> {
    for length in (0..=path.len()).rev() {
        let around = &path[..length];
        let found: Vec<usize> = lines
            .iter()
            .filter(|(place, _)| place.starts_with(around))
            .map(|(_, line)| *line)
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

#[derive(Default)]
struct Page {
    text: String,
    lines: Lines,
}

fn is_table(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object),
        _ => false,
    }
}

impl Page {
    fn line(&mut self, path: &[String], line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        let at = self.text.matches('\n').count();
        self.lines.push((path.to_vec(), at));
    }

    /// What is no table comes first, then tables, each under its head.
    fn table(&mut self, members: &Map<String, Value>, path: &mut Vec<String>) {
        for (name, value) in members.iter().filter(|(_, value)| !is_table(value)) {
            path.push(name.clone());
            let line = format!("{} = {}", key(name), inline(value));
            self.line(path, &line);
            path.pop();
        }
        for (name, value) in members.iter().filter(|(_, value)| is_table(value)) {
            path.push(name.clone());
            let steps = path.iter().filter(|step| !is_number(step));
            let head = steps.map(|step| key(step)).collect::<Vec<_>>().join(".");
            if let Value::Array(items) = value {
                for (at, item) in items.iter().enumerate() {
                    path.push(at.to_string());
                    self.line(path, &format!("[[{head}]]"));
                    self.table(item.as_object().unwrap(), path);
                    path.pop();
                }
            } else {
                self.line(path, &format!("[{head}]"));
                self.table(value.as_object().unwrap(), path);
            }
            path.pop();
        }
    }
}

fn is_number(step: &str) -> bool {
    !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_bare {
        name.into()
    } else {
        format!("{name:?}")
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let mut text = String::from("{");
            for (at, (name, value)) in members.iter().enumerate() {
                let comma = if at > 0 { ", " } else { "" };
                write!(text, "{comma}{} = {}", key(name), inline(value)).unwrap();
            }
            text + "}"
        }
        value => value.to_string(),
    }
}
