//! What an environment and a policy file make of a process.
//! It never reads the environment or the policy of the machine it runs on.
use std::fs;
use std::path::{Path, PathBuf};

use credenza_policy::{Mode, Policy};

use super::{Config, Environment, LISTEN};

/// A folder of this test alone, removed when it is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("credenza-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn config(variables: &[(&str, &str)]) -> Config {
    Config::read(&variables.iter().copied().collect::<Environment>())
}

fn policy(variables: &[(&str, &str)], defaults: &[&str]) -> (Policy, Vec<String>) {
    let mut config = config(variables);
    let policy = config.policy(defaults);
    let said = config
        .problems
        .iter()
        .map(|problem| format!("{}: {}", problem.at, problem.message));
    (policy, said.collect())
}

#[test]
fn an_empty_environment_is_the_default_and_no_platform() {
    let config = config(&[]);
    assert_eq!(config.listen, LISTEN);
    assert!(config.chainable && config.platform.is_none() && config.upstream.is_none());
    assert!(config.problems.is_empty(), "{:?}", config.problems);
}

#[test]
fn events_come_from_the_platform_or_from_the_named_upstream() {
    let api = ("AWS_LAMBDA_RUNTIME_API", "169.254.100.1:9001");
    let plain = config(&[api]);
    assert_eq!(plain.upstream, plain.platform);
    let chained = config(&[api, ("CREDENZA_UPSTREAM", "127.0.0.1:9000")]);
    assert_eq!(chained.upstream.unwrap().to_string(), "127.0.0.1:9000");
    assert_eq!(chained.platform.unwrap().to_string(), "169.254.100.1:9001");
    let wrong = config(&[api, ("CREDENZA_UPSTREAM", "https://127.0.0.1:1")]);
    assert_eq!(wrong.upstream, wrong.platform);
    assert_eq!(wrong.problems.len(), 1);
}

#[test]
fn the_web_adapters_variable_says_where_to_listen() {
    let adapter = ("AWS_LWA_LAMBDA_RUNTIME_API_PROXY", "http://127.0.0.1:9200");
    let alone = config(&[adapter]);
    assert_eq!((alone.listen.port(), alone.problems.len()), (9200, 0));
    let differing = config(&[adapter, ("CREDENZA_LISTEN", "127.0.0.1:9300")]);
    assert_eq!(
        (differing.listen.port(), differing.problems.len()),
        (9300, 1)
    );
    let remote = config(&[("AWS_LWA_LAMBDA_RUNTIME_API_PROXY", "http://10.0.0.1:9200")]);
    assert_eq!((remote.listen, remote.problems.len()), (LISTEN, 1));
}

#[test]
fn beside_web_adapter_and_datadog_we_stay_out_of_the_way() {
    let adapter = ("AWS_LWA_LAMBDA_RUNTIME_API_PROXY", "http://127.0.0.1:9200");
    let both = config(&[adapter, ("DD_SERVERLESS_APPSEC_ENABLED", "true")]);
    assert!(!both.chainable);
    assert!(both.problems[0].message.starts_with("not chainable"));
    assert!(config(&[adapter]).chainable);
    assert!(config(&[("DD_SERVERLESS_APPSEC_ENABLED", "true")]).chainable);
}

#[test]
fn the_package_comes_before_the_layer_and_a_named_file_before_both() {
    let scratch = Scratch::new("order");
    let package = scratch.file("package.toml", b"mode = 'block'");
    let layer = scratch.file("layer.toml", b"mode = 'off'");
    let missing = scratch.0.join("missing.toml").display().to_string();
    assert_eq!(policy(&[], &[&package, &layer]).0.mode, Mode::Block);
    assert_eq!(policy(&[], &[&missing, &layer]).0.mode, Mode::Off);
    assert_eq!(
        policy(&[("CREDENZA_POLICY", &layer)], &[&package]).0.mode,
        Mode::Off
    );
    assert_eq!(policy(&[], &[&missing]), (Policy::default(), Vec::new()));
    assert_eq!(
        policy(&[("CREDENZA_MODE", "monitor")], &[&package]).0.mode,
        Mode::Monitor
    );
}

#[test]
fn a_problem_in_a_file_names_the_file_and_the_place() {
    let scratch = Scratch::new("place");
    let path = scratch.file("credenza.toml", b"\nmode = 'blok'\n");
    let (_, problems) = policy(&[], &[&path]);
    assert!(
        problems[0].starts_with(&format!("{path}:2:8: `mode` is `blok`")),
        "{problems:?}"
    );
}

#[test]
fn a_file_that_cannot_be_used_blocks_nothing_and_is_said_aloud() {
    let scratch = Scratch::new("unusable");
    let large = scratch.file("large.toml", &vec![b'#'; 1024 * 1024 + 1]);
    let bytes = scratch.file("bytes.toml", b"mode = '\xff'");
    let broken = scratch.file("broken.toml", b"mode = 'block");
    let folder = scratch.0.display().to_string();
    let missing = scratch.0.join("missing.toml").display().to_string();
    for path in [&large, &bytes, &broken, &folder, &missing] {
        let asked = [
            ("CREDENZA_POLICY", path.as_str()),
            ("CREDENZA_MODE", "block"),
        ];
        let (policy, problems) = policy(&asked, &[]);
        assert_eq!(policy.mode, Mode::Monitor, "{path}");
        assert_eq!(problems.len(), 2, "{path}: {problems:?}");
        assert!(problems[0].starts_with(path), "{problems:?}");
    }
}

#[test]
fn a_large_file_is_not_read_and_a_device_is_not_opened() {
    let scratch = Scratch::new("device");
    let huge = scratch.0.join("huge.toml");
    fs::File::create(&huge)
        .unwrap()
        .set_len(100 * 1024 * 1024)
        .unwrap();
    assert_eq!(
        super::read_file(&huge),
        Err(super::Unread::TooLarge(100 * 1024 * 1024))
    );
    assert_eq!(
        super::read_file(Path::new("/dev/zero")),
        Err(super::Unread::NotAFile)
    );
}

#[test]
fn a_candidate_in_a_file_of_its_own_is_judged_as_if_it_stood_in_place_of_the_policy() {
    let scratch = Scratch::new("candidate");
    let layer = scratch.file("layer.toml", b"[rule.open-redirect]\nmode = 'monitor'\n");
    let own = scratch.file(
        "own.toml",
        b"mode = 'monitor'\n[rule.sql-injection]\nmode = 'off'\n[shadow]\nfile = 'next.toml'\n",
    );
    scratch.file("next.toml", b"mode = 'block'\n[shadow]\nmode = 'off'\n");
    let paths = [own.as_str(), layer.as_str()];
    let (read, said) = policy(&[], &paths);
    assert!(said.is_empty(), "{said:?}");
    let shadow = read.shadow.as_deref().unwrap();
    let rules = |policy: &Policy| policy.rules.iter().map(|rule| rule.id).collect::<Vec<_>>();
    assert_eq!((read.mode, shadow.mode), (Mode::Monitor, Mode::Block));
    assert_eq!(rules(&read), ["open-redirect", "sql-injection"]);
    assert_eq!(rules(shadow), ["open-redirect"]);
    assert_eq!((&read.shadow_file, &shadow.shadow), (&None, &None));
    // What the environment says holds for both, and records tell both by one name.
    let (under, _) = policy(&[("CREDENZA_MODE", "block")], &paths);
    assert_eq!(under.mode, Mode::Block);
    scratch.file("next.toml", b"mode = 'block'\n");
    assert_ne!(policy(&[], &paths).0.hash, read.hash);
    // Nothing that is wrong with it changes what is in force.
    for (content, expected) in [
        (
            Some(&b"mode = 'blok'"[..]),
            "next.toml:1:8: `mode` is `blok`",
        ),
        (Some(b"["), "next.toml:1:2: "),
        (
            Some(b"\xff"),
            "next.toml: not UTF-8 from byte 0 on; no candidate is judged",
        ),
        (
            None,
            "next.toml: the file does not exist; no candidate is judged",
        ),
    ] {
        match content {
            Some(content) => _ = scratch.file("next.toml", content),
            None => fs::remove_file(scratch.0.join("next.toml")).unwrap(),
        }
        let (wrong, said) = policy(&[], &paths);
        let is_told = said.iter().any(|said| said.contains(expected));
        assert!(is_told && said.len() == 1, "{said:?}");
        let alone = |policy: Policy| Policy {
            shadow: None,
            hash: 0,
            ..policy
        };
        assert_eq!(alone(wrong), alone(read.clone()));
    }
}
