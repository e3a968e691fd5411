//! The commands as a shell sees them: output, errors, exit codes, colour.
//! These tests never look inside the program.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};

fn credenza(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(arguments)
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its stdin may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs a command; the snapshot shows its exit code, stdout and stderr.
fn check(arguments: &[&str], stdin: &str, expected: &Expect) {
    let output = credenza(arguments, stdin);
    let text = format!(
        "exit {}\n{}{}",
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    expected.assert_eq(&text);
}

#[test]
fn no_command_is_a_usage_error() {
    let output = credenza(&[], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("Usage: credenza")
    );
}

#[test]
fn an_unknown_command_is_a_usage_error_with_a_suggestion() {
    check(
        &["explian"],
        "",
        &expect![[r#"
        exit 2
        error: unrecognized subcommand 'explian'

          tip: a similar subcommand exists: 'explain'

        Usage: credenza [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn help_is_no_error() {
    let output = credenza(&["--help"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("Exit codes: 0 clean")
    );
}

#[test]
fn an_unknown_rule_is_named_with_a_fix() {
    check(
        &["explain", "teapot"],
        "",
        &expect![[r#"
        exit 2
        error: `teapot`: there is no such rule
          fix: `credenza rules` lists them all
    "#]],
    );
}

#[test]
fn a_damaged_finding_is_named_with_a_fix() {
    check(
        &["explain", "-"],
        "{\"rule\":",
        &expect![[r#"
        exit 2
        error: the finding: EOF while parsing a value at line 1 column 8
          fix: give one whole JSON line, in single quotes
    "#]],
    );
}

#[test]
fn a_missing_policy_is_named_with_a_fix() {
    check(
        &["check", "no/such/policy.toml"],
        "",
        &expect![[r#"
        exit 2
        error: no/such/policy.toml: No such file or directory (os error 2)
          fix: name a readable policy file, as UTF-8 text
    "#]],
    );
}

#[test]
fn an_error_is_json_where_json_is_asked_for() {
    let output = credenza(&["explain", "x", "--format", "json"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "{\"error\":{\"fix\":\"`credenza rules` lists them all\",\"place\":\"`x`\",\
         \"reason\":\"there is no such rule\"}}\n",
    );
}

#[test]
fn a_sound_policy_is_clean() {
    check(
        &["check", "-"],
        "",
        &expect![[r#"
            exit 0
            stdin: mode monitor, on error open
            no problems
        "#]],
    );
    check(
        &["check", "-", "--format", "json"],
        "",
        &expect![[r#"
        exit 0
        {
          "mode": "monitor",
          "policy": "-",
          "problems": []
        }
    "#]],
    );
}

#[test]
fn colour_follows_the_wish_and_never_reaches_a_pipe_by_itself() {
    let plain = credenza(&["explain", "teapot"], "");
    assert!(!plain.stderr.contains(&0x1b));
    let coloured = credenza(&["explain", "teapot", "--color", "always"], "");
    assert!(coloured.stderr.contains(&0x1b));
}
