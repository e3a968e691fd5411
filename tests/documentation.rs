//! Every command in the README and the book is run as it is printed, and does what the text says.
//! It never leaves a command out: one that no test knows how to run fails the test.
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use crate::harness::programs::{self, root, skip, tool};
use crate::harness::sandboxed::copy_program;
use crate::harness::{DEADLINE, beside_others, progress};

/// A folder with everything in it that the book speaks of.
struct Desk {
    folder: PathBuf,
    /// The search path, with the programs of the desk and the runtime clients first.
    path: String,
}

impl Desk {
    fn lay(name: &str) -> Self {
        let agent = programs::agent();
        let credenza = programs::desk("credenza");
        let function = programs::desk("credenza-demo-function");
        let folder = std::env::temp_dir().join(format!("credenza-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("events")).unwrap();
        let plain = r#"{"rawPath":"/q","rawQueryString":"id=7","requestContext":{"http":{}}}"#;
        fs::write(folder.join("events/plain.json"), plain).unwrap();
        fs::write(folder.join("event.json"), plain).unwrap();
        let line = format!("{{\"id\":\"a\",\"event\":{plain}}}\n");
        fs::write(folder.join("events.jsonl"), line).unwrap();
        fs::write(folder.join("credenza.toml"), "mode = \"block\"\n").unwrap();
        let lay = |from: &Path, to: &str| symlink(from, folder.join(to)).unwrap();
        lay_records(&folder);
        lay(&function, "bootstrap");
        for file in fs::read_dir(root().join("tests/functions")).unwrap() {
            let file = file.unwrap();
            lay(&file.path(), file.file_name().to_str().unwrap());
        }
        lay(&root().join(".tools/node/node_modules"), "node_modules");
        // Links of their own, so that no older program is found beside them.
        for (from, to) in [
            (credenza.as_path(), "target/desk/credenza"),
            (&function, "target/desk/credenza-demo-function"),
            (agent, "target/release/credenza-agent"),
        ] {
            let to = folder.join(to);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            // Another file system has no hard links to this one.
            if fs::hard_link(from, &to).is_err() {
                copy_program(from, &to);
            }
        }
        let folders = [
            folder.join("target/desk"),
            folder.join("target/release"),
            root().join(".venv-runtime/bin"),
        ]
        .map(|folder| folder.display().to_string());
        let path = format!("{}:{}", folders.join(":"), std::env::var("PATH").unwrap());
        Self { folder, path }
    }

    /// The shell that runs one line of the book.
    fn shell(&self, line: &str, folder: &Path) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(folder);
        shell.env("PATH", &self.path).stdin(Stdio::null());
        // This one is the tests' own.
        shell.env_remove("CREDENZA_EVENTS");
        shell
    }

    /// Runs `line` to its end and expects success.
    fn run(&self, line: &str, folder: &Path) {
        let output = self.shell(line, folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {}\n{said}", output.status);
    }

    /// Starts `line` and waits until a door is open.
    fn open(&self, line: &str) -> Door {
        let mut shell = self.shell(&format!("exec {line} 2>&1"), &self.folder);
        let mut child = shell.stdout(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let mut door = Door {
            child,
            address: String::new(),
        };
        let (sender, lines) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.for_each(|line| drop(sender.send(line)));
        });
        let mut said = String::new();
        while door.address.is_empty() {
            let heard = lines.recv_timeout(DEADLINE);
            let heard = heard.unwrap_or_else(|_| panic!("{line:?} opens no door:\n{said}"));
            if let Some((_, rest)) = heard.split_once("http://127.0.0.1:") {
                let port = rest.split(|sign: char| !sign.is_ascii_digit()).next();
                door.address = format!("127.0.0.1:{}", port.unwrap());
            }
            said.push_str(&heard);
            said.push('\n');
        }
        door
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A leftover in the folder for temporary files harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What the rollout desk reads: records of a function that was only watched, a finding, and the
/// configuration of a function with nothing wrong.
fn lay_records(folder: &Path) {
    let head = r#""time":"2026-11-12T10:00:00Z","function":"shop""#;
    let minute = r#""invocations":400000,"inspected":400000,"partial":0"#;
    let metrics = format!(r#"{{{head},"level":"info","record":"metrics",{minute}}}"#);
    let finding = format!(
        r#"{{{head},"level":"warn","record":"finding","request_id":"r-1","rule":"csv-formula","confidence":"medium","location":"/body/q","verdict":"flag"}}"#
    );
    fs::write(
        folder.join("records.jsonl"),
        format!("{metrics}\n{finding}\n"),
    )
    .unwrap();
    fs::write(folder.join("finding.json"), finding).unwrap();
    let function = r#"{"FunctionName":"shop","Runtime":"python3.12","MemorySize":512,
        "Layers":[{"Arn":"arn:aws:lambda:eu-west-1:1:layer:credenza-x86-64:1","CodeSize":9}],
        "Environment":{"Variables":{"AWS_LAMBDA_EXEC_WRAPPER":"/opt/credenza-wrapper"}}}"#;
    fs::write(folder.join("function.json"), function).unwrap();
}

/// The commands of the desk that read files and end by themselves.
const DESK: [&str; 9] = [
    "inspect", "report", "propose", "promote", "replay", "explain", "doctor", "export", "query",
];

/// Whether a line is one of them.
fn is_of_desk(line: &str) -> bool {
    let line = line.strip_prefix("target/desk/").unwrap_or(line);
    let mut words = line.split(' ');
    words.next() == Some("credenza") && words.next().is_some_and(|word| DESK.contains(&word))
}

/// A running `credenza dev`; ended when dropped.
struct Door {
    child: Child,
    address: String,
}

impl Drop for Door {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // Asked first, so that it ends its own children.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

/// The lines of every fence `sh` of a page.
fn commands(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let mut is_shell = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(tag) = line.strip_prefix("```") {
            is_shell = !is_shell && tag == "sh";
        } else if is_shell && !line.is_empty() {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Runs the commands of one page in their order; gives back the HTTP status of each `curl`.
fn follow(page: &str) -> Vec<String> {
    let desk = Desk::lay(&page.replace('/', "-"));
    let mut door: Option<Door> = None;
    let mut statuses = Vec::new();
    for line in commands(page) {
        let missing =
            client_of(&line).filter(|client| tool(&format!("{page}: {line}"), client).is_none());
        if missing.is_some() {
            continue;
        }
        progress(&format!("{page}: {line}"));
        if line == "cargo xtask ci" {
            // This test is part of it.
            let run = fs::read_to_string(root().join(".ci/run")).unwrap();
            assert!(run.contains(&line));
        } else if line.starts_with("cargo ") {
            desk.run(&line, root());
        } else if line.starts_with("curl ") {
            if !Path::new("/usr/bin/curl").exists() {
                skip(&format!("{page}: {line}"), "curl is not installed");
                continue;
            }
            let door = door.as_ref().expect("a door was opened before");
            statuses.push(knock(&desk, &line, door));
        } else if line.contains("--events") || is_of_desk(&line) {
            desk.run(&line, &desk.folder);
        } else if line.starts_with("credenza dev ") || line.starts_with("target/desk/credenza dev ")
        {
            door = Some(desk.open(&line));
        } else if line.starts_with("credenza-agent wrap ") {
            drop(desk.open(&format!("credenza dev -- {line}")));
        } else {
            panic!("{page}: no test runs the command {line}");
        }
    }
    statuses
}

/// The runtime client that a line needs.
fn client_of(line: &str) -> Option<&'static str> {
    let clients = [
        ("awslambdaric", "python runtime client"),
        ("aws-lambda-ric", "node runtime client"),
    ];
    let found = clients.iter().find(|(word, _)| line.contains(word));
    found.map(|(_, client)| *client)
}

/// Knocks as the book says, at the door that is really open; gives back the HTTP status.
fn knock(desk: &Desk, line: &str, door: &Door) -> String {
    let line = line.replace("127.0.0.1:8080", &door.address);
    let line = line.replacen("curl ", "curl -s -o /dev/null -w '%{http_code}' ", 1);
    let output = desk.shell(&line, &desk.folder).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_command_of_the_readme_runs_and_its_attacks_are_refused() {
    let _room = beside_others();
    let statuses = follow("README.md");
    assert!(
        statuses.is_empty() || statuses == ["200", "403", "403"],
        "{statuses:?}"
    );
}

#[test]
fn the_five_minutes_of_a_newcomer_go_as_they_are_written() {
    let _room = beside_others();
    let statuses = follow("docs/getting-started.md");
    assert!(
        statuses.is_empty() || statuses == ["200", "403"],
        "{statuses:?}"
    );
}

#[test]
fn every_command_of_the_page_on_the_local_lambda_runs() {
    let _room = beside_others();
    for status in follow("docs/dev.md") {
        assert_eq!(status, "200");
    }
}

#[test]
fn every_command_of_the_page_on_events_at_a_desk_runs() {
    let _room = beside_others();
    assert_eq!(follow("docs/inspect.md"), Vec::<String>::new());
}

#[test]
fn every_command_of_the_page_on_the_rollout_desk_runs() {
    let _room = beside_others();
    assert_eq!(follow("docs/desk.md"), Vec::<String>::new());
}

#[test]
fn no_other_page_has_a_command_that_nobody_runs() {
    for page in [
        "ARCHITECTURE.md",
        "docs/attach.md",
        "docs/rollout.md",
        "docs/layer.md",
        "docs/overhead.md",
        "docs/accuracy.md",
        "docs/fleet.md",
        "docs/operating.md",
        "docs/tuning.md",
        "docs/coexistence.md",
        "docs/threat-model.md",
        "docs/limits.md",
        "docs/faq.md",
        "docs/upgrade.md",
        "deploy/cli/README.md",
        "deploy/fleet/README.md",
        "deploy/policy-fleet/README.md",
    ] {
        assert_eq!(commands(page), Vec::<String>::new(), "{page}");
    }
}
