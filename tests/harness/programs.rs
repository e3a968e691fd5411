//! Where the programs under test and the tools of the tests are, and how an absent one is told.
//! It never skips silently: every skip is printed, and written where `cargo xtask ci` collects it.
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::progress;

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The agent as it ships: named by `CREDENZA_AGENT`, else built from the release profile.
pub(crate) fn agent() -> &'static Path {
    static AGENT: OnceLock<PathBuf> = OnceLock::new();
    AGENT.get_or_init(|| {
        if let Some(path) = std::env::var_os("CREDENZA_AGENT") {
            return path.into();
        }
        build(&["--release", "--package", "credenza-agent"]);
        target().join("release/credenza-agent")
    })
}

/// A program of the desk (`credenza`, `credenza-demo-function`), built from the profile `desk`.
///
/// Both are built together, as `cargo xtask demo` does: another set of packages would choose other
/// features of what they share, and build it anew.
pub(crate) fn desk(program: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut arguments = vec!["--profile", "desk", "--bins"];
        arguments.extend([
            "--package",
            "credenza",
            "--package",
            "credenza-demo-function",
        ]);
        build(&arguments);
    });
    target().join("desk").join(program)
}

/// The echo function of this crate, which cargo builds together with the tests.
pub(crate) fn echo_function() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_echo-function"))
}

/// Builds under a lock between processes, so that parallel test runs wait for one build.
fn build(arguments: &[&str]) {
    fs::create_dir_all(target()).unwrap();
    let lock = File::create(target().join("acceptance-build.lock")).unwrap();
    lock.lock().unwrap();
    progress(&format!("cargo build {}", arguments.join(" ")));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root())
        .args(["build", "--quiet"])
        .args(arguments)
        .status()
        .unwrap();
    assert!(status.success(), "cargo build {arguments:?} failed");
}

/// A tool that `cargo xtask tools` installs, or none, with the skip written down.
pub(crate) fn tool(test: &str, name: &str) -> Option<PathBuf> {
    let path = match name {
        "python runtime client" => root().join(".venv-runtime/bin/python"),
        "node runtime client" => root().join(".tools/node/node_modules/aws-lambda-ric"),
        "aws emulator" => root().join(".tools/rie/aws-lambda-rie-x86_64"),
        "sqlmap" => root().join(".venv-adversary/bin/sqlmap"),
        _ => panic!("no such tool: {name}"),
    };
    let stamp = root().join(".tools/stamps").join(name.replace(' ', "-"));
    if stamp.exists() && path.exists() {
        return Some(path);
    }
    let reason = reason(name).unwrap_or_else(|| "`cargo xtask tools` has not run".to_owned());
    skip(test, &format!("{name} is absent: {reason}"));
    None
}

/// Why the installer could not provide `name`, from its status file.
fn reason(name: &str) -> Option<String> {
    let text = fs::read_to_string(root().join(".tools/status.json")).ok()?;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).ok()?;
    let row = rows.into_iter().find(|row| row["name"] == name)?;
    row["reason"].as_str().map(str::to_owned)
}

/// Says, where it cannot be overlooked, that `test` or a part of it did not run, and why.
pub(crate) fn skip(test: &str, reason: &str) {
    progress(&format!("skipped: {test}: {reason}"));
    let path = std::env::var_os("CREDENZA_SKIPS")
        .map_or_else(|| target().join("skipped.txt"), PathBuf::from);
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| writeln!(file, "{test}: {reason}"))
        .expect("a skip must be written down");
}
