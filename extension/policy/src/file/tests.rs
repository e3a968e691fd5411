//! What a policy file may say, and what becomes of it.
//! It never depends on which rules this version happens to have.
use alloc::{format, string::String, vec::Vec};

use expect_test::{Expect, expect};

use super::{Names, parse_over};
use crate::{Action, Mode, OnPartial, Policy, Problem, Quarantine, Settings, Share};

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

const PAGE: &str = include_str!("../../../../docs/policy.md");

#[test]
fn no_example_in_the_book_has_a_problem() {
    let examples: Vec<&str> = PAGE
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() > 10);
    for example in &examples {
        let (_, problems) = Policy::parse(example);
        assert!(problems.is_empty(), "{problems:?}\n{example}");
    }
    let (policy, _) = Policy::parse(examples[0]);
    assert_eq!(policy.mode, Mode::Block);
    assert_eq!((policy.rules.len(), policy.sources.len()), (4, 2));
}

#[test]
fn every_key_has_its_place_in_the_book() {
    let lists: [&[&str]; 12] = [
        &super::KEYS,
        &super::RULE_KEYS,
        &super::OUTPUT_KEYS,
        &super::sources::SOURCE_KEYS,
        &super::scopes::SCOPE_KEYS,
        &super::exemptions::EXEMPTION_KEYS,
        &super::custom::CUSTOM_KEYS,
        &super::guards::CALLER_KEYS,
        &super::guards::LIMIT_KEYS,
        &super::guards::RECURSION_KEYS,
        &super::guards::LOG_KEYS,
        &super::guards::DECOY_KEYS,
    ];
    for key in lists.concat() {
        let forms = [
            format!("`{key}`"),
            format!("\n{key} = "),
            format!("[{key}]"),
            format!("[{key}."),
        ];
        assert!(forms.iter().any(|form| PAGE.contains(form)), "{key}");
    }
}

#[test]
fn places_are_read_and_what_is_wrong_in_them_holds_what_it_is_about() {
    let told = |text: &str| {
        let (policy, problems) = Policy::parse(text);
        let problems: Vec<String> = problems
            .iter()
            .map(|problem| format!("{} {}", problem.at, problem.message))
            .collect();
        let held = policy.held_rules.join(",");
        format!(
            "{} held: {held}\n{}",
            policy.mode.name(),
            problems.join("\n")
        )
    };
    expect![[r#"
        monitor held: 
        3:9 `route` is `7`; expected a pattern of 1 to 127 letters, in which `*` stands for one step and `**` for all of the rest"#]].assert_eq(&told(
        "mode = 'block'\n[[scope]]\nroute = 7\nmode = 'monitor'",
    ));
    expect![[r#"
        block held: sql-injection
        3:10 unknown rule `sql-injecton`; did you mean `sql-injection`?"#]]
    .assert_eq(&told(
        "mode = 'block'\n[[scope]]\nrules = ['sql-injecton']\nmode = 'monitor'",
    ));
    expect![[r#"
        monitor held: 
        5:11 not TOML: invalid date, expected day between 01 and 28; nothing is blocked until this is repaired"#]].assert_eq(&told(
        "mode = 'block'\n[[exemption]]\nrule = 'csv-formula'\nreason = 'r'\nexpires = 2027-02-30",
    ));
    expect![[r#"
        block held: denied-caller,request-rate
        3:9 `address` is `10.0.0.1/8`; expected an address or a network, as in `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`, without bits behind its prefix
        3:23 `address` is `x`; expected an address or a network, as in `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`, without bits behind its prefix"#]].assert_eq(&told(
        "mode = 'block'\n[callers]\ndeny = ['10.0.0.1/8', 'x']",
    ));
    expect![[r#"
        block held: request-size,request-rate
        3:6 `id` is `sql-injection`; expected `custom-` and a name of small letters, digits and hyphens, 32 in all
        6:1 `burst` says nothing without `requests_per_minute`"#]].assert_eq(&told(
        "mode = 'block'\n[[custom]]\nid = 'sql-injection'\npattern = '(a'\n[limits]\nburst = 5",
    ));
    expect![[r#"
        monitor held: 
        2:10 `canary` is `101`; expected a share of all requests in percent, from 0 to 100
        4:1 unknown key `kill`; expected `mode`, `on_error`, `on_partial`, `canary`, `rule`, `source`, `scope`, `exemption`, `custom`, `callers`, `limits`, `recursion` or `output`"#]].assert_eq(&told("mode = 'block'\ncanary = 101\n[shadow]\nkill = true"));
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

#[test]
fn a_candidate_is_keys_or_a_file_and_not_both() {
    let (policy, problems) = Policy::parse("mode = 'block'\n[shadow]\nfile = 'a.toml'");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(policy.shadow_file.as_deref(), Some("a.toml"));
    assert_eq!(policy.shadow, None);
    expect![[r#"
        3:1 `file` is all of the candidate; `mode` belongs into it
        4:8 `file` is `7`; expected a text of 1 to 4096 bytes"#]]
    .assert_eq(&{
        let (_, problems) = Policy::parse("mode = 'block'\n[shadow]\nmode = 'off'\nfile = 7");
        let said = problems
            .iter()
            .map(|Problem { at, message }| format!("{at} {message}"));
        said.collect::<Vec<_>>().join("\n")
    });
    // A later layer says anew what the candidate is.
    let (policy, _) = policy.laid_under("[shadow]\nmode = 'off'");
    assert!(policy.shadow.is_some() && policy.shadow_file.is_none());
}

#[test]
fn a_recording_is_what_was_asked_for_and_nothing_if_that_was_not_understood() {
    let read = |text: &str| Policy::parse(text).0.recording;
    let asked =
        read("[recording]\nshare = 12.5\nroutes = 'POST /orders/**'\nevent_bytes_max = 100");
    assert_eq!(asked.share.hundredths(), 1250);
    assert_eq!((asked.event_bytes_max, asked.routes.len()), (100, 1));
    assert!(!read("").draws(b"id") && read("[recording]\nshare = 100").draws(b"id"));
    for wrong in [
        "share = 101",
        "routes = []",
        "share = 100\nrouts = 'a'",
        "event_bytes_max = 0",
    ] {
        let text = alloc::format!("mode = 'block'\n[recording]\n{wrong}");
        let (policy, problems) = Policy::parse(&text);
        assert_eq!(
            (problems.len(), policy.recording.share),
            (1, Share::NONE),
            "{wrong}"
        );
        assert_eq!(policy.mode, Mode::Block, "{wrong}");
    }
}
