//! Changes to the text of a policy that leave everything else as its author wrote it.
//! It never rewrites a line that it was not asked to change.

/// `text` with `key = value` in `table` (or before all tables, for `None`); `value` as TOML has it.
///
/// A line that sets the key already keeps its comment; a table that is missing is added at the end.
pub(crate) fn set(text: &str, table: Option<&str>, key: &str, value: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (start, end) = match table {
        None => (
            0,
            lines
                .iter()
                .position(|line| header(line).is_some())
                .unwrap_or(lines.len()),
        ),
        Some(table) => {
            let found = lines
                .iter()
                .position(|line| header(line).as_deref() == Some(table));
            match found {
                Some(at) => {
                    let rest = lines.iter().skip(at + 1);
                    let length = rest.take_while(|line| header(line).is_none()).count();
                    (at + 1, at + 1 + length)
                }
                None => return with_table(lines, table, key, value),
            }
        }
    };
    let names = |line: &str| {
        line.split_once('=')
            .is_some_and(|(name, _)| name.trim() == key)
    };
    let mut inside = lines.iter().take(end).skip(start);
    let line = match inside.position(|line| names(line)) {
        Some(at) => {
            let kept = lines
                .get(start + at)
                .and_then(|line| comment(line))
                .map(str::to_owned);
            let kept = kept.map_or_else(String::new, |comment| format!(" {comment}"));
            if let Some(line) = lines.get_mut(start + at) {
                *line = format!("{key} = {value}{kept}");
            }
            return joined(&lines);
        }
        None => format!("{key} = {value}"),
    };
    // What is said at the top of a file stays at its top.
    let comments = lines.iter().take(end).skip(start);
    let at = if table.is_none() {
        comments
            .take_while(|line| line.trim_start().starts_with('#'))
            .count()
    } else {
        0
    };
    lines.insert(start + at, line);
    joined(&lines)
}

fn with_table(mut lines: Vec<String>, table: &str, key: &str, value: &str) -> String {
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!("[{table}]"));
    lines.push(format!("{key} = {value}"));
    joined(&lines)
}

/// The name in a line that begins a table, without quotes and blanks.
fn header(line: &str) -> Option<String> {
    let line = line.trim();
    let name = line.strip_prefix('[')?;
    let end = name.find(']')?;
    let name = name.get(..end)?.trim_start_matches('[');
    Some(
        name.chars()
            .filter(|sign| !matches!(sign, ' ' | '"' | '\''))
            .collect(),
    )
}

/// The comment at the end of a line whose value is a word in quotes.
fn comment(line: &str) -> Option<&str> {
    let (_, value) = line.split_once('=')?;
    let mut quote = None;
    for (at, sign) in value.char_indices() {
        match (quote, sign) {
            (None, '#') => return value.get(at..),
            (None, '"' | '\'') => quote = Some(sign),
            (Some(open), sign) if open == sign => quote = None,
            _ => (),
        }
    }
    None
}

fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// What a diff shows of a change: lines taken out and put in, with a little of what stands around.
pub(crate) fn diff(old: &str, new: &str) -> Vec<(char, String)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut shown = Vec::new();
    let (mut left, mut right) = (0, 0);
    while left < old.len() || right < new.len() {
        let (here, there) = (old.get(left), new.get(right));
        if here == there {
            shown.push((' ', (*here.unwrap_or(&"")).to_owned()));
            (left, right) = (left + 1, right + 1);
            continue;
        }
        // A line that sets the same key to something else was changed in its place.
        if let (Some(old), Some(new)) = (here, there)
            && key(old).is_some()
            && key(old) == key(new)
        {
            shown.push(('-', (*old).to_owned()));
            shown.push(('+', (*new).to_owned()));
            (left, right) = (left + 1, right + 1);
            continue;
        }
        // The change is what comes before the next line that both have.
        let next = (right..new.len()).find(|at| here.is_some() && new.get(*at) == here);
        if let Some(next) = next {
            for line in new.iter().take(next).skip(right) {
                shown.push(('+', (*line).to_owned()));
            }
            right = next;
        } else if let Some(line) = here {
            shown.push(('-', (*line).to_owned()));
            left += 1;
        } else {
            shown.push(('+', (*there.unwrap_or(&"")).to_owned()));
            right += 1;
        }
    }
    shown
}

/// The key that a line sets, if it sets one.
fn key(line: &str) -> Option<&str> {
    line.split_once('=').map(|(name, _)| name.trim())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, table: Option<&str>, expected: &Expect) {
        let new = set(text, table, "mode", "\"block\"");
        let shown: Vec<String> = diff(text, &new)
            .into_iter()
            .map(|(sign, line)| format!("{sign}{line}"))
            .collect();
        expected.assert_eq(&shown.join("\n"));
    }

    const POLICY: &str = "# ours\nmode = \"monitor\" # until \"June\" # 3\n\n[rule.sql-injection]\n\
                          minimum_confidence = \"medium\"\n[ rule.\"xxe\" ]\nmode='off'\n";

    #[test]
    fn a_line_keeps_its_comment() {
        check(
            POLICY,
            None,
            &expect![[r##"
                 # ours
                -mode = "monitor" # until "June" # 3
                +mode = "block" # until "June" # 3
                 
                 [rule.sql-injection]
                 minimum_confidence = "medium"
                 [ rule."xxe" ]
                 mode='off'"##]],
        );
    }

    #[test]
    fn a_changed_line_is_not_taken_for_a_later_one() {
        let new = set(
            &set("mode = 1\n", None, "mode", "2"),
            Some("rule.a"),
            "mode",
            "1",
        );
        let shown: Vec<String> = diff("mode = 1\n", &new)
            .into_iter()
            .map(|(sign, line)| format!("{sign}{line}"))
            .collect();
        assert_eq!(
            shown,
            ["-mode = 1", "+mode = 2", "+", "+[rule.a]", "+mode = 1"]
        );
    }

    #[test]
    fn a_table_gets_a_line_and_a_missing_table_is_added() {
        check(
            POLICY,
            Some("rule.sql-injection"),
            &expect![[r##"
                 # ours
                 mode = "monitor" # until "June" # 3
                 
                 [rule.sql-injection]
                +mode = "block"
                 minimum_confidence = "medium"
                 [ rule."xxe" ]
                 mode='off'"##]],
        );
        let both = set(
            &set(POLICY, Some("rule.xxe"), "mode", "1"),
            Some("rule.a"),
            "mode",
            "2",
        );
        assert!(
            both.ends_with("[ rule.\"xxe\" ]\nmode = 1\n\n[rule.a]\nmode = 2\n"),
            "{both}"
        );
        assert_eq!(set("", None, "mode", "1"), "mode = 1\n");
        assert_eq!(set("# a\n[x]\n", None, "mode", "1"), "# a\nmode = 1\n[x]\n");
    }
}
