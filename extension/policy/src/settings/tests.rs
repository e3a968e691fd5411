//! What the environment may say, and what becomes of it.
//! It never touches the environment of the test process.
use alloc::{format, string::String, vec::Vec};

use expect_test::{Expect, expect};

use super::{LogLevel, Settings};

fn check(variables: &[(&str, &str)], expected: &Expect) {
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    expected.assert_eq(&spelling(Settings::read(pairs)));
}

fn spelling((settings, problems): (Settings, Vec<crate::Problem>)) -> String {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let mut lines = Vec::new();
    lines.extend(settings.mode.map(|mode| format!("mode {}", mode.name())));
    lines.extend(
        settings
            .on_error
            .map(|choice| format!("on_error {}", choice.name())),
    );
    lines.extend(
        settings
            .on_partial
            .map(|choice| format!("on_partial {}", choice.name())),
    );
    lines.extend(
        settings
            .policy
            .as_ref()
            .map(|path| format!("policy {}", text(path))),
    );
    lines.extend(settings.listen.map(|address| format!("listen {address}")));
    lines.extend(
        settings
            .upstream
            .map(|upstream| format!("upstream {upstream}")),
    );
    lines.extend(
        settings
            .next_wrapper
            .as_ref()
            .map(|path| format!("next {}", text(path))),
    );
    if settings.log_level != LogLevel::Info {
        lines.push(format!("level {}", settings.log_level.name()));
    }
    lines.extend(
        problems
            .iter()
            .map(|problem| format!("{}: {}", problem.at, problem.message)),
    );
    lines.join("\n")
}

#[test]
fn every_variable_of_the_documentation_is_read() {
    check(
        &[
            ("CREDENZA_MODE", "block"),
            ("CREDENZA_ON_ERROR", "closed"),
            ("CREDENZA_ON_PARTIAL", "flag"),
            ("CREDENZA_POLICY", "/var/task/credenza.toml"),
            ("CREDENZA_LISTEN", "127.0.0.1:9077"),
            ("CREDENZA_UPSTREAM", "127.0.0.1:9000"),
            ("CREDENZA_NEXT_WRAPPER", "/opt/other_wrapper"),
            ("CREDENZA_LOG_LEVEL", "debug"),
            ("PATH", "/bin"),
        ],
        &expect![[r#"
            mode block
            on_error closed
            on_partial flag
            policy /var/task/credenza.toml
            listen 127.0.0.1:9077
            upstream 127.0.0.1:9000
            next /opt/other_wrapper
            level debug"#]],
    );
}

#[test]
fn a_wrong_value_is_ignored_with_a_suggestion() {
    check(
        &[
            ("CREDENZA_MODE", "blokc"),
            ("CREDENZA_ON_ERROR", "never"),
            ("CREDENZA_ON_PARTIAL", "flags"),
            ("CREDENZA_LOG_LEVEL", "verbose"),
        ],
        &expect![[r#"
            CREDENZA_MODE: `blokc`, ignored; expected `off`, `monitor` or `block`; did you mean `block`?
            CREDENZA_ON_ERROR: `never`, ignored; expected `open` or `closed`
            CREDENZA_ON_PARTIAL: `flags`, ignored; expected `pass`, `flag` or `block`; did you mean `flag`?
            CREDENZA_LOG_LEVEL: `verbose`, ignored; expected `error`, `warn`, `info` or `debug`"#]],
    );
}

#[test]
fn a_misspelt_name_is_ignored_with_a_suggestion() {
    check(
        &[
            ("CREDENZA_MOD", "block"),
            ("credenza_mode", "block"),
            ("CREDENZA_POLICY_PATH", "x"),
            ("CREDENZA_COLOUR", "blue"),
            ("CREDENZAS", "not ours"),
        ],
        &expect![[r#"
            CREDENZA_MOD: unknown variable, ignored; did you mean `CREDENZA_MODE`?
            credenza_mode: unknown variable, ignored; did you mean `CREDENZA_MODE`?
            CREDENZA_POLICY_PATH: unknown variable, ignored; did you mean `CREDENZA_POLICY`?
            CREDENZA_COLOUR: unknown variable, ignored"#]],
    );
}

#[test]
fn policies_are_fetched_from_loopback_alone_and_not_with_a_key_that_is_none() {
    check(
        &[
            ("CREDENZA_POLICY_URL", "https://example.com/policy"),
            ("CREDENZA_POLICY_KEY", "abc"),
        ],
        &expect![[r#"
            CREDENZA_POLICY_URL: `https://example.com/policy` is refused: the agent speaks to loopback alone; expected `http://`, an address of loopback with its port, and a path, as in `http://127.0.0.1:2772/applications/A/environments/E/configurations/C`
            CREDENZA_POLICY_KEY: no ed25519 public key, so that no policy is fetched; expected 64 hexadecimal digits"#]],
    );
}

#[test]
fn an_address_that_is_not_loopback_is_never_listened_on() {
    for refused in [
        "0.0.0.0:9077",
        "10.0.0.1:9077",
        "[::1]:9078",
        "localhost",
        "127.0.0.1",
    ] {
        let (settings, problems) = Settings::read([(&b"CREDENZA_LISTEN"[..], refused.as_bytes())]);
        assert_eq!(settings.listen, None, "{refused}");
        assert!(
            problems[0]
                .message
                .starts_with(&format!("`{refused}`, ignored; expected an IPv4"))
        );
    }
    check(
        &[("CREDENZA_LISTEN", "9078")],
        &expect!["listen 127.0.0.1:9078"],
    );
    check(
        &[("CREDENZA_LISTEN", "localhost:9078")],
        &expect!["listen 127.0.0.1:9078"],
    );
    check(
        &[("CREDENZA_LISTEN", "127.0.0.1:0")],
        &expect!["listen 127.0.0.1:0"],
    );
}

#[test]
fn the_platforms_log_level_counts_where_ours_is_not_set() {
    check(
        &[("AWS_LAMBDA_LOG_LEVEL", "ERROR")],
        &expect!["level error"],
    );
    check(
        &[
            ("CREDENZA_LOG_LEVEL", "Warn"),
            ("AWS_LAMBDA_LOG_LEVEL", "ERROR"),
        ],
        &expect!["level warn"],
    );
    check(&[("AWS_LAMBDA_LOG_LEVEL", "loud")], &expect![[r#""#]]);
}

#[test]
fn empty_values_count_as_not_set_and_the_first_of_two_wins() {
    check(
        &[("CREDENZA_MODE", ""), ("CREDENZA_LISTEN", "")],
        &expect![[r#""#]],
    );
    check(
        &[("CREDENZA_MODE", "off"), ("CREDENZA_MODE", "block")],
        &expect![[r#"
            mode off
            CREDENZA_MODE: set more than once; the first value counts"#]],
    );
}

#[test]
fn values_that_are_not_utf8_are_tolerated() {
    let variables: [(&[u8], &[u8]); 3] = [
        (b"CREDENZA_MODE", b"bl\xffck"),
        (b"CREDENZA_POLICY", b"/var/task/\xff.toml"),
        (b"CREDENZA_\xff", b"x"),
    ];
    let (settings, problems) = Settings::read(variables);
    assert_eq!(
        settings.policy.as_deref(),
        Some(&b"/var/task/\xff.toml"[..])
    );
    assert_eq!(settings.mode, None);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn a_huge_value_makes_a_short_problem() {
    let huge = "x".repeat(128 * 1024);
    let (_, problems) = Settings::read([(&b"CREDENZA_MODE"[..], huge.as_bytes())]);
    assert!(problems.iter().all(|problem| problem.message.len() < 200));
    assert_eq!(problems.len(), 1);
}

#[test]
fn no_environment_panics_or_leaves_loopback() {
    bolero::check!()
        .with_type::<Vec<(u8, Vec<u8>)>>()
        .for_each(|variables| {
            let name = |index: u8| super::NAMES[usize::from(index) % super::NAMES.len()].as_bytes();
            let pairs = variables
                .iter()
                .map(|(index, value)| (name(*index), value.as_slice()));
            let (settings, _) = Settings::read(pairs);
            assert!(
                settings
                    .listen
                    .is_none_or(|address| address.ip().is_loopback())
            );
        });
}

#[test]
fn a_policy_url_names_loopback_by_number_or_as_localhost() {
    let url = |text: &str| {
        let (settings, _) = Settings::read([(b"CREDENZA_POLICY_URL".as_slice(), text.as_bytes())]);
        settings
            .policy_url
            .map(|url| format!("{}{}", url.address, url.path))
    };
    for (text, expected) in [
        ("http://127.0.0.1:2772/a/b?c", Some("127.0.0.1:2772/a/b?c")),
        ("http://localhost:2772/", Some("127.0.0.1:2772/")),
        ("http://[::1]:80/x", Some("[::1]:80/x")),
        ("http://127.0.0.1:2772", None),
        ("http://127.0.0.1/x", None),
        ("http://10.0.0.1:80/x", None),
        ("http://localhost.example.com:80/x", None),
        ("http://127.0.0.1:2772/a b", None),
        ("https://127.0.0.1:2772/x", None),
        ("http://user@127.0.0.1:80/x", None),
    ] {
        assert_eq!(url(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn with_a_key_that_is_none_nothing_is_fetched() {
    let url = (
        b"CREDENZA_POLICY_URL".as_slice(),
        b"http://127.0.0.1:1/x".as_slice(),
    );
    let key = "0123456789abcdefABCDEF0123456789".repeat(2);
    let read = |key: &str| Settings::read([url, (b"CREDENZA_POLICY_KEY", key.as_bytes())]).0;
    let good = read(&key);
    assert!(good.policy_url.is_some());
    assert_eq!(good.policy_key.unwrap()[..3], [0x01, 0x23, 0x45]);
    for bad in ["abc", &key[1..], &key.replace('0', "g")] {
        assert_eq!(read(bad).policy_url, None, "{bad}");
    }
}
