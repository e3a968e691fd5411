//! The rollout desk from outside: records in, pages, policies and verdicts out.
//! These tests never look inside the program, only at what it writes.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise, and says what it could not do"
)]

mod attach;
mod doctor;
mod explain;
mod export;
mod generator;
mod promote;
mod propose;
mod replay;
mod report;
mod scale;
#[path = "../shell/mod.rs"]
mod shell;
mod templates;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("desk-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file with about so many generated records.
fn recorded(folder: &Path, records: u64) -> (PathBuf, generator::Written) {
    let file = folder.join("records.jsonl");
    let mut out = BufWriter::new(File::create(&file).unwrap());
    let written = generator::write(&mut out, records).unwrap();
    out.flush().unwrap();
    (file, written)
}

/// Runs a command in a folder.
fn credenza(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env("USER", "jane")
        .env_remove("EMAIL")
        .output()
        .unwrap()
}

/// What a command said on stdout, if it exited with `code`.
fn said(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Says what was not tested, and why; `cargo xtask ci` lists it at its end.
fn skip(what: &str, why: &str) {
    eprintln!("skipped: {what}: {why}");
    if let Ok(file) = std::env::var("CREDENZA_SKIPS") {
        let opened = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(file);
        let _ = writeln!(opened.unwrap(), "{what}: {why}");
    }
}
