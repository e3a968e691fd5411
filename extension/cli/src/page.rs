//! Renders a rule page for the terminal: headings, wrapped prose, fences with a coloured edge.
//! It never changes the text of an example; what the tests judge is what the reader sees.
use std::fmt::Write;

use crate::paint::{Ink, Painter, fit};

// Limit: prose reads best at 60 to 90 columns, however wide the terminal is.
const PROSE_WIDTH_MAX: usize = 90;

/// The page as text for `painter`.
pub(crate) fn render(page: &str, painter: &Painter) -> String {
    let mut out = String::new();
    let mut prose = Prose::default();
    let mut fence: Option<Ink> = None;
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            prose.flush(&mut out, painter);
            fence = if fence.is_some() {
                None
            } else {
                Some(open(info, &mut out, painter))
            };
        } else if let Some(ink) = fence {
            let edge = painter.ink(ink, "│");
            let _ = writeln!(out, "  {edge} {}", visible(line));
        } else {
            prose_line(line, &mut prose, &mut out, painter);
        }
    }
    prose.flush(&mut out, painter);
    out
}

/// Starts a fence; its tag says what the example is, its ink says so again.
fn open(info: &str, out: &mut String, painter: &Painter) -> Ink {
    let ink = match info.trim() {
        "attack" => Ink::Red,
        "benign" => Ink::Green,
        "missed" | "reported" => Ink::Yellow,
        _ => Ink::Dim,
    };
    if !info.trim().is_empty() {
        let _ = writeln!(out, "  {}", painter.ink(ink, info.trim()));
    }
    ink
}

fn prose_line(line: &str, prose: &mut Prose, out: &mut String, painter: &Painter) {
    let heading = line.trim_start_matches('#');
    if heading.len() < line.len() {
        prose.flush(out, painter);
        let _ = writeln!(out, "{}", painter.ink(Ink::Bold, heading.trim()));
    } else if line.trim().is_empty() {
        prose.flush(out, painter);
        if !out.is_empty() && !out.ends_with("\n\n") {
            out.push('\n');
        }
    } else if line.starts_with('|') || line.starts_with("    ") {
        prose.flush(out, painter);
        let _ = writeln!(out, "{}", visible(line));
    } else {
        let (mark, text) = item(line).unwrap_or_default();
        if !mark.is_empty() {
            prose.flush(out, painter);
            prose.mark = mark;
        }
        let text = if text.is_empty() { line } else { text };
        prose
            .words
            .extend(text.split_whitespace().map(str::to_owned));
    }
}

/// The mark of a list's item as it is shown, and the text behind it; `None` for other lines.
fn item(line: &str) -> Option<(String, &str)> {
    let bullet = line.strip_prefix("* ").or_else(|| line.strip_prefix("- "));
    if let Some(text) = bullet {
        return Some(("• ".to_owned(), text));
    }
    let (number, text) = line.split_once(". ")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (format!("{number}. "), text))
}

/// Words of one paragraph or item, waiting to be wrapped.
#[derive(Default)]
struct Prose {
    words: Vec<String>,
    /// What stands before an item's first word; empty in a paragraph.
    mark: String,
}

impl Prose {
    fn flush(&mut self, out: &mut String, painter: &Painter) {
        let first = std::mem::take(&mut self.mark);
        let indent = " ".repeat(first.chars().count());
        let width = painter.width.min(PROSE_WIDTH_MAX);
        let mut code = false;
        let mut column = 0;
        for word in self.words.drain(..) {
            // Back-ticks become colour; where there is none they stay, or the word would be lost.
            let length = word.chars().count();
            if column == 0 {
                out.push_str(&first);
                column = first.chars().count();
            } else if column + 1 + length > width {
                out.push('\n');
                out.push_str(&indent);
                column = indent.len();
            } else {
                out.push(' ');
                column += 1;
            }
            column += length;
            out.push_str(&inline(&word, &mut code, painter));
        }
        if column > 0 {
            out.push('\n');
        }
    }
}

/// A word with its code spans in colour; a span may begin or end in another word.
fn inline(word: &str, code: &mut bool, painter: &Painter) -> String {
    let mut out = String::new();
    for (index, piece) in word.split('`').enumerate() {
        if index > 0 {
            *code = !*code;
            out.push_str(&painter.ink(Ink::Dim, "`"));
        }
        let ink = if *code {
            painter.ink(Ink::Cyan, piece)
        } else {
            piece.to_owned()
        };
        out.push_str(&ink);
    }
    out
}

/// An example line, without anything that could steer the terminal.
fn visible(line: &str) -> String {
    fit(line, usize::MAX)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const PAGE: &str = "\
# a-rule

## What it finds

A value that breaks out, by `'
or` alone, and does harm to those who did not ask.

* One item that is long enough to be wrapped at the edge of a small page.
* Another.

1. A step that is long enough to be wrapped at the edge of a page.
   It has two sentences.
2. The next step.

```attack
1' or '1'='1
```

```toml
exempt = \"x\"
```
";

    fn check(painter: &Painter, expected: &Expect) {
        expected.assert_eq(&render(PAGE, painter).replace('\x1b', "^"));
    }

    #[test]
    fn a_page_is_wrapped_and_its_examples_have_an_edge() {
        check(
            &Painter::plain(60),
            &expect![[r#"
                a-rule

                What it finds

                A value that breaks out, by `' or` alone, and does harm to
                those who did not ask.

                • One item that is long enough to be wrapped at the edge of
                  a small page.
                • Another.

                1. A step that is long enough to be wrapped at the edge of a
                   page. It has two sentences.
                2. The next step.

                  attack
                  │ 1' or '1'='1

                  toml
                  │ exempt = "x"
            "#]],
        );
    }

    #[test]
    fn colour_marks_code_and_what_an_example_is() {
        check(
            &Painter::coloured(60),
            &expect![[r#"
                ^[1ma-rule^[0m

                ^[1mWhat it finds^[0m

                A value that breaks out, by ^[2m`^[0m^[36m'^[0m ^[36mor^[0m^[2m`^[0m alone, and does harm to
                those who did not ask.

                • One item that is long enough to be wrapped at the edge of
                  a small page.
                • Another.

                1. A step that is long enough to be wrapped at the edge of a
                   page. It has two sentences.
                2. The next step.

                  ^[31mattack^[0m
                  ^[31m│^[0m 1' or '1'='1

                  ^[2mtoml^[0m
                  ^[2m│^[0m exempt = "x"
            "#]],
        );
    }
}
