//! The commands as a shell sees them: output, errors, exit codes, colour.
//! These tests never look inside the program.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod shell;

use std::io::{BufRead as _, BufReader, Write};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

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
    shell::ended(&credenza(arguments, stdin), expected);
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

              tip: some similar subcommands exist: 'replay', 'explain'

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
        error: no/such/policy.toml: No such file or directory
          fix: name a readable policy file, as UTF-8 text
    "#]],
    );
}

#[test]
fn an_error_is_json_where_json_is_asked_for() {
    let output = credenza(&["explain", "teapot", "--format", "json"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "{\"error\":{\"fix\":\"`credenza rules` lists them all\",\"place\":\"`teapot`\",\
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
              "notes": [],
              "policy": "-",
              "problems": []
            }
        "#]],
    );
}

/// A Function URL event whose query carries `text`.
fn event(text: &str) -> String {
    format!(
        r#"{{"version":"2.0","rawPath":"/q","rawQueryString":"id={text}","headers":{{}},"body":"",
            "requestContext":{{"http":{{"method":"GET","path":"/q"}}}},"isBase64Encoded":false}}"#
    )
}

#[test]
fn an_event_is_judged_and_the_exit_code_says_how() {
    let clean = credenza(&["inspect", "-"], &event("7"));
    assert_eq!(clean.status.code(), Some(0));
    assert!(clean.stdout.starts_with(b"pass  -  "));
    let found = credenza(&["inspect", "-"], &event("1%20or%201=1"));
    assert_eq!(found.status.code(), Some(1));
    assert!(found.stdout.starts_with(b"block  -  "));
    let shown = String::from_utf8(found.stdout).unwrap();
    assert!(shown.contains("sql-injection high at /rawQueryString/id, decoded form then url"));
    assert!(!shown.contains("1 or 1=1"), "a value was printed: {shown}");
    let quiet = credenza(
        &["inspect", "--fail-on", "never", "-"],
        &event("1%20or%201=1"),
    );
    assert_eq!(quiet.status.code(), Some(0));
}

#[test]
fn an_event_that_cannot_be_read_is_named_with_a_fix() {
    check(
        &["inspect", "no/such/event.json"],
        "",
        &expect![[r#"
            exit 2
            error: no/such/event.json: No such file or directory
              fix: name a file that can be read, or `-`
        "#]],
    );
    check(
        &["inspect", "--jsonl", "-"],
        "{\"id\":\"a\"}\n",
        &expect![[r#"
            exit 2
            error: stdin:1: neither `event` nor `output`
              fix: write one object a line with `id` and `event` or `output`
        "#]],
    );
}

#[test]
fn a_damaged_policy_shows_every_problem_with_its_place() {
    check(
        &["check", "-"],
        "mode = \"blok\"\n\n[rule.sql-injecton]\nmode = \"monitor\"\n",
        &expect![[r#"
            exit 1
            stdin:1:8: problem: `mode` is `blok`; expected `off`, `monitor` or `block`; did you mean `block`?
                1 | mode = "blok"
                  |        ^^^^^^
            stdin:3:7: problem: unknown rule `sql-injecton`; did you mean `sql-injection`?
                3 | [rule.sql-injecton]
                  |       ^^^^^^^^^^^^
            stdin: mode monitor, on error open
        "#]],
    );
}

#[test]
fn a_function_that_is_not_there_is_named_before_anything_starts() {
    // Any program will do for the agent: it is not started.
    let agent = env!("CARGO_BIN_EXE_credenza");
    check(
        &["dev", "--agent", agent, "--", "./no-such-function"],
        "",
        &expect![[r#"
            exit 2
            error: ./no-such-function: no such program
              fix: name a program that your shell finds from this folder
        "#]],
    );
    check(
        &["dev", "--agent", agent, "--", "no-such-function"],
        "",
        &expect![[r#"
            exit 2
            error: no-such-function: no such program on the search path
              fix: install it, or write ./ before a program in this folder
        "#]],
    );
    check(
        &["dev", "--agent", "no/such/agent", "--", "true"],
        "",
        &expect![[r#"
            exit 2
            error: no/such/agent: No such file or directory
              fix: run `cargo build --release -p credenza-agent`, or name it with --agent PATH
        "#]],
    );
}

#[test]
fn a_door_opens_on_loopback_only() {
    check(
        &["dev", "--no-agent", "--http", "0.0.0.0:0", "--", "true"],
        "",
        &expect![[r#"
            exit 2
            error: 0.0.0.0:0: this is not a loopback address
              fix: use 127.0.0.1 or [::1]; a vulnerable function is nothing for a network
        "#]],
    );
}

#[test]
fn a_door_that_is_no_address_and_one_that_is_taken_are_told_with_a_fix() {
    check(
        &["dev", "--no-agent", "--http", "door", "--", "true"],
        "",
        &expect![[r#"
            exit 2
            error: invalid value 'door' for '--http <ADDRESS>': write a port, or an address such as 127.0.0.1:8080

            For more information, try '--help'.
        "#]],
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let output = credenza(&["dev", "--no-agent", "--http", &port, "--", "true"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!(
            "error: {address}: Address already in use\n  \
             fix: name another one, or port 0 for any free port\n"
        )
    );
}

#[test]
fn a_function_that_ends_at_once_is_told_with_its_last_words() {
    let script = "echo gone; echo for good >&2; exit 3";
    let door = ["--http", "127.0.0.1:0"];
    let arguments = [
        &["dev", "--no-agent"],
        &door[..],
        &["--", "sh", "-c", script],
    ];
    let output = credenza(&arguments.concat(), "");
    assert_eq!(output.status.code(), Some(2));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("function │ gone\n"), "{stdout}");
    assert!(stdout.contains("function │ for good\n"), "{stdout}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: the function: it did not come to its first event: \
         Runtime exited with error: exit status 3\n  \
         fix: see its lines above, or run it by itself\n"
    );
}

#[test]
fn a_dev_that_is_killed_leaves_no_process_behind() {
    let script = "echo own pid $$; sleep 1000; true";
    let mut dev = Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(["dev", "--no-agent", "--http", "127.0.0.1:0", "--"])
        .args(["sh", "-c", script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(dev.stdout.take().unwrap()).lines();
    let pid = lines.map_while(Result::ok).find_map(|line| {
        let (_, pid) = line.split_once("own pid ")?;
        pid.trim().parse::<u32>().ok()
    });
    let function = format!("/proc/{}", pid.unwrap());
    let command_line = || std::fs::read_to_string(format!("{function}/cmdline"));
    assert!(command_line().is_ok_and(|command| command.starts_with("sh")));
    // SIGKILL: nothing in the program itself can tidy up any more.
    dev.kill().unwrap();
    dev.wait().unwrap();
    let begun = Instant::now();
    while command_line().is_ok_and(|command| !command.is_empty()) {
        // Limit: 30 s for a machine that is busy; a keeper that works needs milliseconds.
        assert!(begun.elapsed() < Duration::from_secs(30), "{function}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Runs a command whose reader goes away before it has read a byte.
fn unread(arguments: &[&str], stdin: &str) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(reader);
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let silent = String::new();
    assert_eq!(unread(&["rules"], ""), (Some(0), silent.clone()));
    let explain = unread(&["explain", "sql-injection"], "");
    assert_eq!(explain, (Some(0), silent.clone()));
    let inspect = unread(&["inspect", "-"], &event("7"));
    assert_eq!(inspect, (Some(0), silent.clone()));
    // What was found before the reader left still decides.
    let found = unread(&["inspect", "-"], &event("1%20or%201=1"));
    assert_eq!(found, (Some(1), silent));
}

#[test]
fn a_full_disk_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let output = Command::new(env!("CARGO_BIN_EXE_credenza"))
        .arg("rules")
        .stdout(full.unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: stdout: "), "{stderr}");
}

#[test]
fn no_color_wins_over_a_terminal_but_not_over_a_wish() {
    let with_no_color = |color: &str| {
        Command::new(env!("CARGO_BIN_EXE_credenza"))
            .args(["explain", "teapot", "--color", color])
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
            .stderr
    };
    assert!(!with_no_color("auto").contains(&0x1b));
    assert!(with_no_color("always").contains(&0x1b));
}

#[test]
fn colour_follows_the_wish_and_never_reaches_a_pipe_by_itself() {
    let plain = credenza(&["explain", "teapot"], "");
    assert!(!plain.stderr.contains(&0x1b));
    let coloured = credenza(&["explain", "teapot", "--color", "always"], "");
    assert!(coloured.stderr.contains(&0x1b));
}

/// A folder of this test alone.
fn folder(name: &str) -> std::path::PathBuf {
    let name = format!("credenza-{name}-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn odd_policy_files_are_told_with_a_fix_and_none_is_read_for_ever() {
    let folder = folder("odd-policies");
    let place = |name: &str| folder.join(name).display().to_string();
    std::fs::write(place("long"), "#".repeat(1 << 21)).unwrap();
    std::fs::write(place("wide"), [0xff, 0xfe, b'm', 0, b'o', 0]).unwrap();
    std::fs::write(place("marked"), "\u{feff}mode = \"block\"\r\n").unwrap();
    let gone = "mode = \"block\"\n[shadow]\nfile = \"gone.toml\"\n";
    std::fs::write(place("gone-candidate"), gone).unwrap();
    for (name, code, expected) in [
        (place("long"), 2, "more than 1048576 bytes"),
        ("/dev/zero".into(), 2, "more than 1048576 bytes"),
        (place("wide"), 2, "valid UTF-8"),
        (place(""), 2, "Is a directory"),
        (place("marked"), 0, "mode block"),
        (place("gone-candidate"), 2, "gone.toml: No such file"),
    ] {
        let output = credenza(&["check", &name], "");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        assert!(said.contains(expected), "{name}: {said}");
        assert!(code == 0 || said.contains("  fix: "), "{name}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_wrong_with_a_candidate_is_told_under_its_own_name() {
    let folder = folder("candidates");
    let policy = folder.join("credenza.toml");
    std::fs::write(
        &policy,
        "mode = \"block\"\n[shadow]\nfile = \"next.toml\"\n",
    )
    .unwrap();
    std::fs::write(folder.join("next.toml"), "mode = \"blok\"\n").unwrap();
    let path = policy.display().to_string();
    let output = credenza(&["check", &path, "--format", "json"], "");
    assert_eq!(output.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["mode"], "block");
    let problem = &answer["problems"][0];
    let file = problem["file"].as_str().unwrap();
    assert!(file.ends_with("/next.toml"), "{file}");
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&1.into(), &8.into())
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_holds_no_record_is_never_called_clean() {
    let folder = folder("no-records");
    let policy = folder.join("p.toml").display().to_string();
    std::fs::write(&policy, "").unwrap();
    for stdin in ["", "hello\n", "\u{0}\u{1}{]\n{\"record\":\n"] {
        for arguments in [
            &["propose", "-"][..],
            &["promote", "-", "--policy", &policy],
            &["replay", "--old", "default", "--new", "default", "-"],
            &["explain", "-"],
            &["explain", "{}"],
        ] {
            let output = credenza(arguments, stdin);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {stdin:?}");
            assert!(said.contains("  fix: "), "{arguments:?}: {said}");
        }
        let output = credenza(&["export", "--to", "ocsf", "-"], stdin);
        let code = if stdin.is_empty() { 0 } else { 2 };
        assert_eq!(output.status.code(), Some(code), "{stdin:?}");
        assert!(output.stdout.is_empty());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_leak_without_a_place_has_no_exemption_that_would_silence_its_rule() {
    let leak = r#"{"record":"leak","rule":"own-secret","confidence":"high","verdict":"block"}"#;
    let output = credenza(&["explain", leak], "");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("[rule.own-secret]") && !said.contains("[[exemption]]"),
        "{said}"
    );
}
