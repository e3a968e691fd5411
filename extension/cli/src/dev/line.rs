//! What function, agent and platform printed, as the live view shows it.
//! It never shortens a line and never lets one steer the terminal.
use credenza_sandbox::{Line, Origin};
use serde_json::Value;

use crate::paint::{Ink, Painter, pieces, tame};

/// Columns of the word that says who speaks.
const WHO_WIDTH: usize = 9;

/// The line for people, with its end; empty if the live view says the same elsewhere.
pub(crate) fn text(line: &Line, painter: &Painter) -> String {
    let Some((ink, words)) = words(line) else {
        return String::new();
    };
    // Limit: the word, two spaces and the edge leave this much of the page.
    let room = painter.width.saturating_sub(WHO_WIDTH + 3);
    let mut who = origin(line);
    let mut text = String::new();
    for piece in pieces(&tame(&words), room, painter.terminal) {
        let edge = painter.ink(Ink::Dim, &format!("{who:>WHO_WIDTH$} │"));
        let piece = ink.map_or_else(|| piece.clone(), |ink| painter.ink(ink, &piece));
        text.push_str(format!("{edge} {piece}").trim_end());
        text.push('\n');
        who = "";
    }
    text
}

/// Who speaks, in a word.
pub(crate) fn origin(line: &Line) -> &'static str {
    match &line.origin {
        Origin::Function => "function",
        Origin::Extension(_) => "agent",
        Origin::Platform => "platform",
    }
}

fn words(line: &Line) -> Option<(Option<Ink>, String)> {
    match &line.origin {
        Origin::Function => Some((None, line.text.clone())),
        Origin::Extension(_) => of_agent(&line.text),
        // These say less about an invocation than its own line does.
        Origin::Platform => {
            let said = ["START ", "END ", "REPORT ", "environment ended: spindown"];
            let is_said = said.iter().any(|said| line.text.starts_with(said));
            (!is_said).then(|| (None, line.text.replace('\t', ", ")))
        }
    }
}

/// A record of the agent's in words; a line that is no record stays as it is.
fn of_agent(line: &str) -> Option<(Option<Ink>, String)> {
    let as_it_is = || Some((None, line.to_owned()));
    let Ok(record) = serde_json::from_str::<Value>(line) else {
        return as_it_is();
    };
    let word = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let ink = match word("level") {
        "error" => Some(Ink::Red),
        "warn" => Some(Ink::Yellow),
        _ => None,
    };
    let words = match word("record") {
        "" => return as_it_is(),
        // The sum at the end counts the same, unless something was lost.
        "summary" if record.get("dropped").and_then(Value::as_u64) == Some(0) => return None,
        "init" => format!(
            "ready in mode {}, policy {}, at {}",
            word("mode"),
            word("policy"),
            word("listen")
        ),
        "problem" => format!("problem at {}: {}", word("at"), word("message")),
        "fault" => format!(
            "fault {}, {}: {}",
            word("kind"),
            word("behaviour"),
            word("detail")
        ),
        kind => match word("message") {
            "" => format!("{kind}: {line}"),
            message => format!("{kind}: {message}"),
        },
    };
    Some((ink, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(origin: Origin, line: &str, terminal: bool, expected: &Expect) {
        let line = Line {
            origin,
            stderr: false,
            text: line.to_owned(),
        };
        let mut painter = Painter::plain(60);
        painter.terminal = terminal;
        // The first line shows where the page begins, for snapshots lose their common indent.
        expected.assert_eq(&format!("page\n{}", text(&line, &painter)));
    }

    fn agent() -> Origin {
        Origin::Extension("credenza-agent".to_owned())
    }

    #[test]
    fn a_long_line_is_broken_at_blanks_on_a_terminal_and_left_whole_in_a_pipe() {
        let line = "Traceback (most recent call last): a file that is not there, and more";
        check(
            Origin::Function,
            line,
            true,
            &expect![[r#"
                page
                 function │ Traceback (most recent call last): a file that
                          │ is not there, and more
            "#]],
        );
        check(
            Origin::Function,
            line,
            false,
            &expect![[r#"
                page
                 function │ Traceback (most recent call last): a file that is not there, and more
            "#]],
        );
    }

    #[test]
    fn a_word_longer_than_the_page_is_cut_into_pieces() {
        check(
            Origin::Function,
            &"x".repeat(100),
            true,
            &expect![[r#"
                page
                 function │ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                          │ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                          │ xxxx
            "#]],
        );
    }

    #[test]
    fn records_of_the_agent_are_told_in_words() {
        check(
            agent(),
            r#"{"level":"info","record":"init","mode":"block",
                "policy":"default","listen":"127.0.0.1:9077"}"#,
            false,
            &expect![[r#"
                page
                    agent │ ready in mode block, policy default, at 127.0.0.1:9077
            "#]],
        );
        check(
            agent(),
            r#"{"level":"error","record":"problem","at":"CREDENZA_MODE",
                "message":"`blok` is no mode; did you mean `block`?"}"#,
            false,
            &expect![[r#"
                page
                    agent │ problem at CREDENZA_MODE: `blok` is no mode; did you mean `block`?
            "#]],
        );
        check(
            agent(),
            "not JSON at all",
            false,
            &expect![[r#"
                page
                    agent │ not JSON at all
            "#]],
        );
    }

    #[test]
    fn a_summary_is_said_only_if_records_were_lost() {
        check(
            agent(),
            r#"{"level":"info","record":"summary","dropped":0}"#,
            false,
            &expect![[r#"
                page
            "#]],
        );
        check(
            agent(),
            r#"{"level":"error","record":"summary","dropped":3}"#,
            false,
            &expect![[r#"
                page
                    agent │ summary: {"level":"error","record":"summary","dropped":3}
            "#]],
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        check(
            Origin::Function,
            "\x1b[2Jgone",
            true,
            &expect![[r#"
                page
                 function │ ·[2Jgone
            "#]],
        );
    }
}
