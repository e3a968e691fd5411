//! A live attacker: `sqlmap` dumps the unprotected function's table and gets no row of the
//! protected one, with its defaults and with its disguises.
//! It never trusts the attacker's exit code: dump files and planted canaries are the judges.
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::harness::doors::Doors;
use crate::harness::programs::tool;
use crate::harness::sandboxed::Folder;
use crate::harness::{beside_others, progress};

/// The seconds after which an attack counts as over; what it has got by then is judged.
const SECONDS_MAX: &str = "400";

/// The seconds that it has for a function that nobody protects; it takes some ten.
const CONTROL_SECONDS_MAX: &str = "900";

/// Every secret of the demo's table begins so.
const CANARY: &str = "canary-";

struct Loot {
    dump_files: usize,
    has_canary: bool,
    /// What the attacker thinks of its target.
    injectable: bool,
    seconds: f32,
}

/// One run of the attacker against `door`, in a folder of its own, so that no cache is replayed.
fn attack(sqlmap: &Path, door: &str, extra: &[&str], seconds_max: &str) -> Loot {
    let folder = Folder::new();
    let begun = Instant::now();
    let output = Command::new("timeout")
        .arg(seconds_max)
        .arg(sqlmap)
        .args([
            "-u",
            &format!("{door}/q"),
            "--batch",
            "--dbms",
            "sqlite",
            "-p",
            "id",
        ])
        .args([
            "-T",
            "users",
            "--dump",
            "--disable-coloring",
            "--threads",
            "4",
        ])
        .arg("--output-dir")
        .arg(folder.path())
        .args(extra)
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // One that comes to its end says that it found nothing; one that was ended (`timeout` gives
    // 124) had no time to, and counts by what it found.
    let injectable = match output.status.code() {
        Some(124) => said.contains("identified the following injection point"),
        _ => !said.contains("do not appear to be inject"),
    };
    let mut loot = Loot {
        dump_files: 0,
        has_canary: said.contains(CANARY),
        injectable,
        seconds: begun.elapsed().as_secs_f32(),
    };
    search(folder.path(), &mut loot);
    loot
}

fn search(folder: &Path, loot: &mut Loot) {
    for path in fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
    {
        if path.is_dir() {
            search(&path, loot);
            continue;
        }
        let is_dump = path.extension().is_some_and(|extension| extension == "csv");
        if is_dump && path.components().any(|part| part.as_os_str() == "dump") {
            loot.dump_files += 1;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        loot.has_canary |= bytes
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes());
    }
}

const JSON: [&str; 6] = [
    "--method",
    "POST",
    "--data",
    r#"{"id":"1"}"#,
    "--headers",
    "Content-Type: application/json",
];

const FORM: [&str; 4] = ["--method", "POST", "--data", "id=1"];

fn with(base: &[&'static str], extra: &[&'static str]) -> Vec<&'static str> {
    [base, extra].concat()
}

#[test]
fn sqlmap_dumps_the_unprotected_function_and_gets_no_row_of_the_protected_one() {
    let _room = beside_others();
    let Some(sqlmap) = tool("sqlmap against the demo", "sqlmap") else {
        return;
    };
    let doors = Doors::open();
    let control = attack(&sqlmap, &doors.unprotected, &JSON, CONTROL_SECONDS_MAX);
    assert!(control.has_canary, "the control is no target");
    assert!(control.dump_files > 0);
    progress(&format!(
        "sqlmap, unprotected: dumped in {:.0} s",
        control.seconds
    ));
    let variants: [(&str, Vec<&str>); 10] = [
        ("defaults", with(&JSON, &[])),
        ("a form", with(&FORM, &[])),
        (
            "comments for spaces",
            with(&JSON, &["--tamper=space2comment,between"]),
        ),
        ("random case", with(&JSON, &["--tamper=randomcase"])),
        (
            "random comments",
            with(&FORM, &["--tamper=randomcomments,randomcase"]),
        ),
        ("base64", with(&JSON, &["--base64=id"])),
        ("chunked", with(&FORM, &["--chunked"])),
        ("encoded twice", with(&FORM, &["--tamper=chardoubleencode"])),
        (
            "unicode escapes",
            with(&JSON, &["--tamper=charunicodeescape"]),
        ),
        (
            "level 5",
            with(
                &JSON,
                &["--level", "5", "--risk", "3", "--technique", "BEUS"],
            ),
        ),
    ];
    let mut leaks = Vec::new();
    for (name, arguments) in variants {
        let loot = attack(&sqlmap, &doors.protected, &arguments, SECONDS_MAX);
        progress(&format!(
            "sqlmap, {name}: {} dump files, {:.0} s",
            loot.dump_files, loot.seconds
        ));
        if loot.has_canary || loot.dump_files > 0 || loot.injectable {
            leaks.push(format!(
                "{name}: canary {}, injectable {}",
                loot.has_canary, loot.injectable
            ));
        }
    }
    assert_eq!(leaks, Vec::<String>::new());
}
