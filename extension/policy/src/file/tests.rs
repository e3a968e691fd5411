//! What a policy file may say, and what becomes of it.
//! It never depends on which rules this version happens to have.
use alloc::{format, string::String, vec::Vec};

use expect_test::{Expect, expect};

use super::{Names, parse_over};
use crate::{Action, Mode, OnPartial, Policy, Problem, Quarantine, Settings};

const KNOWN: [&str; 3] = ["sql-injection", "shell-injection", "secret"];

fn parse(text: &str, known: &[&'static str]) -> (Policy, Vec<Problem>) {
    parse_over(Policy::default(), text, known, &mut Names::default())
}

fn spelling(text: &str) -> String {
    let (policy, problems) = parse(text, &KNOWN);
    let mut lines = Vec::new();
    lines.push(format!("mode {}", policy.mode.name()));
    if policy.on_error.name() != "open" {
        lines.push(format!("on_error {}", policy.on_error.name()));
    }
    lines.extend(
        policy
            .on_partial
            .map(|choice| format!("on_partial {}", choice.name())),
    );
    for rule in &policy.rules {
        let (mode, minimum) = (rule.mode.name(), rule.minimum_confidence.name());
        let action = match rule.action {
            Action::Block => "",
            action => action.name(),
        };
        lines.push(
            format!("{} {mode} from {minimum} {action}", rule.id)
                .trim_end()
                .into(),
        );
    }
    if policy.output.security_headers {
        lines.push("security_headers".into());
    }
    for source in &policy.sources {
        let quarantine = source.quarantine.map_or("default", Quarantine::name);
        let (name, reports) = (source.source.name(), source.reports_failures);
        lines.push(format!(
            "{name} {quarantine} {reports} {}",
            source.answer.name()
        ));
    }
    lines.extend(
        problems
            .iter()
            .map(|Problem { at, message }| format!("{at} {message}")),
    );
    lines.join("\n")
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&spelling(text));
}

#[test]
fn an_empty_file_is_the_default() {
    check("", &expect!["mode monitor"]);
    check("\u{feff}# a comment\n", &expect!["mode monitor"]);
}

#[test]
fn every_key_of_the_documentation_is_read() {
    check(
        r#"
mode = "block"
on_error = "closed"
on_partial = "flag"

[rule.sql-injection]
mode = "monitor"

[rule.secret]
minimum_confidence = "medium"

[rule.shell-injection]
mode = "off"
"#,
        &expect![[r#"
            mode block
            on_error closed
            on_partial flag
            secret block from medium
            shell-injection off from high
            sql-injection monitor from high"#]],
    );
}

#[test]
fn what_is_not_understood_is_named_with_its_place_and_a_suggestion() {
    check(
        "mod = \"block\"\nmode = \"blok\"\n  on_eror = 'open'\n",
        &expect![[r#"
            mode monitor
            1:1 unknown key `mod`; did you mean `mode`?
            2:8 `mode` is `blok`; expected `off`, `monitor` or `block`; did you mean `block`?
            3:3 unknown key `on_eror`; did you mean `on_error`?"#]],
    );
    check(
        "mode = true\non_partial = 3\non_error = ['open']\n",
        &expect![[r#"
            mode monitor
            1:8 `mode` is a boolean; expected `off`, `monitor` or `block`
            2:14 `on_partial` is an integer; expected `pass`, `flag` or `block`
            3:12 `on_error` is an array; expected `open` or `closed`"#]],
    );
    check(
        "exemptions = []\n",
        &expect![[r#"
            mode monitor
            1:1 unknown key `exemptions`; did you mean `exemption`?"#]],
    );
    check(
        "rule = 'sql-injection'\n",
        &expect![[r#"
        mode monitor
        1:8 `rule` is a string; expected one table for each rule, as in `[rule.sql-injection]`"#]],
    );
}

#[test]
fn a_rule_with_a_problem_blocks_nothing() {
    check(
        "[rule.sql-injection]\nmod = 'monitor'\n",
        &expect![[r#"
            mode monitor
            sql-injection monitor from high
            2:1 unknown key `mod`; did you mean `mode`?"#]],
    );
    check(
        "[rule.sql-injection]\nmode = 'monitro'\n",
        &expect![[r#"
            mode monitor
            sql-injection monitor from high
            2:8 `mode` is `monitro`; expected `off`, `monitor` or `block`; did you mean `monitor`?"#]],
    );
    check(
        "[rule.sql-injection]\nminimum_confidence = 'hig'\nmode = 'off'\n",
        &expect![[r#"
            mode monitor
            sql-injection off from high
            2:22 `minimum_confidence` is `hig`; expected `low`, `medium` or `high`; did you mean `high`?"#]],
    );
    check(
        "[rule]\nsecret = 1\n",
        &expect![[r#"
            mode monitor
            secret monitor from high
            2:10 `rule.secret` is an integer; expected a table with `mode`, `minimum_confidence`, `action` or `canary`"#]],
    );
}

#[test]
fn a_misspelt_rule_blocks_nothing_under_its_real_name() {
    check(
        "mode = 'block'\n[rule.sql-injecton]\nmode = 'off'\n",
        &expect![[r#"
            mode block
            sql-injection monitor from high
            2:7 unknown rule `sql-injecton`; did you mean `sql-injection`?"#]],
    );
    check(
        "[rule.secrets]\nmode = 'off'\n[rule.secret]\nmode = 'block'\n",
        &expect![[r#"
            mode monitor
            secret monitor from high
            1:7 unknown rule `secrets`; did you mean `secret`?"#]],
    );
    check(
        "[rule.banana]\nmode = 'off'\n",
        &expect![[r#"
        mode monitor
        1:7 unknown rule `banana`"#]],
    );
}

#[test]
fn text_that_is_not_toml_is_monitor_mode_and_a_loud_problem() {
    check(
        "mode = \"block\"\nmode = \"block\"\n",
        &expect![[r#"
        mode monitor
        2:1 not TOML: duplicate key; nothing is blocked until this is repaired"#]],
    );
    check(
        "mode = \"block\n",
        &expect![[r#"
        mode monitor
        1:14 not TOML: invalid basic string, expected `"`; nothing is blocked until this is repaired"#]],
    );
    check(
        "mode = block\n",
        &expect![[r#"
        mode monitor
        1:8 not TOML: string values must be quoted, expected literal string; nothing is blocked until this is repaired"#]],
    );
    check(
        "<xml/>",
        &expect![[r#"
        mode monitor
        1:1 not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`; nothing is blocked until this is repaired
        1:5 not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`; nothing is blocked until this is repaired
        1:7 not TOML: key with no value, expected `=`; nothing is blocked until this is repaired"#]],
    );
}

#[test]
fn columns_count_characters() {
    check(
        "on_error = 'ö'; x",
        &expect![[r#"
        mode monitor
        1:15 not TOML: unexpected key or value, expected newline, `#`; nothing is blocked until this is repaired"#]],
    );
}

#[test]
fn the_environment_wins_over_the_file_but_never_blocks_with_a_broken_one() {
    let block = Settings {
        mode: Some(Mode::Block),
        ..Settings::default()
    };
    let (policy, problem) = parse("mode = 'off'\non_partial = 'pass'", &KNOWN)
        .0
        .under(&block);
    assert_eq!(
        (policy.mode, policy.on_partial, problem),
        (Mode::Block, Some(OnPartial::Pass), None)
    );

    let (policy, problem) = parse("mode = ", &KNOWN).0.under(&block);
    assert_eq!(policy.mode, Mode::Monitor);
    assert!(problem.unwrap().message.contains("repair the file"));

    let off = Settings {
        mode: Some(Mode::Off),
        ..Settings::default()
    };
    assert_eq!(parse("mode = ", &KNOWN).0.under(&off).0.mode, Mode::Off);
}

#[test]
fn a_flood_of_problems_is_counted_not_listed() {
    let lines: Vec<String> = (0..10_000)
        .map(|index| format!("key{index} = 1\n"))
        .collect();
    let text = lines.concat();
    let (_, problems) = parse(&text, &KNOWN);
    assert_eq!(problems.len(), super::PROBLEMS_MAX + 1);
    assert_eq!(
        problems.last().unwrap().message,
        "9968 more problems are not listed"
    );
}

#[test]
fn two_texts_have_two_hashes_and_the_default_has_none() {
    assert_ne!(
        parse("mode = 'off'", &KNOWN).0.hash,
        parse("mode = 'block'", &KNOWN).0.hash
    );
    assert_eq!(Policy::default().hash, 0);
}

#[test]
fn no_text_panics_and_broken_text_never_blocks() {
    bolero::check!().with_type::<String>().for_each(|text| {
        let (policy, problems) = parse(text, &KNOWN);
        assert!(!policy.broken || (policy.mode == Mode::Monitor && !problems.is_empty()));
    });
}

#[test]
fn no_arrangement_of_policy_words_panics() {
    const WORDS: [&str; 16] = [
        "mode",
        "=",
        "'block'",
        "\n",
        "[",
        "]",
        "rule",
        ".",
        "sql-injection",
        "on_partial",
        "'",
        "\"",
        "{",
        "}",
        "minimum_confidence",
        ",",
    ];
    bolero::check!().with_type::<Vec<u8>>().for_each(|picks| {
        let text: String = picks
            .iter()
            .map(|pick| WORDS[usize::from(*pick % 16)])
            .collect();
        let (policy, problems) = parse(&text, &KNOWN);
        assert!(!policy.broken || (policy.mode == Mode::Monitor && !problems.is_empty()));
    });
}

#[test]
fn sources_are_read_and_what_is_wrong_in_them_is_told() {
    check(
        r#"
[source.sqs]
quarantine = "fail"
reports_failures = true

[source.authorizer-http]
answer = "iam"
"#,
        &expect![[r#"
            mode monitor
            authorizer-http default false iam
            sqs fail true simple"#]],
    );
    check(
        r#"
[source.sqss]
[source.kinesis]
quarantine = "keep"
reports_failures = "yes"
answers = "iam"
"#,
        &expect![[r#"
            mode monitor
            kinesis default false simple
            2:9 unknown event source `sqss`; did you mean `sqs`?
            4:14 `quarantine` is `keep`; expected `drop`, `fail` or `pass`
            5:20 `reports_failures` is a string; expected `true` or `false`
            6:1 unknown key `answers`; did you mean `answer`?"#]],
    );
    check(
        "source = 1",
        &expect![[r#"
        mode monitor
        1:10 `source` is an integer; expected one table for each event source, as in `[source.sqs]`"#]],
    );
}

#[test]
fn the_file_in_the_book_has_no_problem() {
    let page = include_str!("../../../../docs/policy.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (file, _) = rest.split_once("```").unwrap();
    let known: Vec<_> = credenza_engine::rules().map(|rule| rule.id).collect();
    let (policy, problems) = parse(file, &known);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(policy.mode, Mode::Block);
    assert_eq!((policy.rules.len(), policy.sources.len()), (4, 2));
}

#[test]
fn actions_and_wishes_for_answers_are_read() {
    check(
        "[rule.secret]\naction = 'mask'\n[output]\nsecurity_headers = true\n",
        &expect![[r#"
            mode monitor
            secret block from high mask
            security_headers"#]],
    );
    check(
        "[rule.secret]\naction = 'hide'\n[output]\nsecurity_header = true\n",
        &expect![[r#"
            mode monitor
            secret monitor from high
            2:10 `action` is `hide`; expected `flag`, `mask` or `block`
            4:1 unknown key `security_header`; did you mean `security_headers`?"#]],
    );
    check(
        "output = true\n",
        &expect![[r#"
        mode monitor
        1:10 `output` is a boolean; expected a table with `security_headers`"#]],
    );
}
