//! Where things are in the project, and how a program is run in it.
//! It never builds anything by itself.
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The folder for whatever is built (`CARGO_TARGET_DIR`, else `target`).
pub(crate) fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A program of the desk, built from the profile `desk`.
pub(crate) fn desk(program: &str) -> PathBuf {
    target().join("desk").join(program)
}

/// The program that makes hostile inputs, built from the profile `desk`.
pub(crate) fn fuzz() -> Result<Command> {
    run(cargo().args(["build", "--profile", "desk", "--package", "credenza-fuzz"]))?;
    Ok(Command::new(desk("credenza-fuzz")))
}

/// `cargo`, as it was called for this very run, in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs `command` to its end; an exit status other than 0 is an error that quotes the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", spelling(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", spelling(command));
    }
    Ok(())
}

/// Runs `command` to its end and gives back what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", spelling(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("{} ended with {}: {said}", spelling(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as a person would type it.
pub(crate) fn spelling(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// Builds the agent as it ships and the programs of the desk.
pub(crate) fn build_programs(desk_packages: &[&str]) -> Result<()> {
    run(cargo().args(["build", "--release", "--package", "credenza-agent"]))?;
    let mut desk = cargo();
    desk.args(["build", "--profile", "desk", "--bins"]);
    for package in desk_packages {
        desk.args(["--package", package]);
    }
    run(&mut desk)
}
