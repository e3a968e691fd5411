//! Debian's packages: what is callable, what is installed, and how the rest comes here.
//! It never runs two installations at once, and never asks for a password.
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::project;

// Limit: 900 s per step; the longest measured one, compiling a native module, took about 240 s.
const STEP_SECONDS_MAX: &str = "900";

/// Makes sure that `program` can be called, by installing `packages` where that is possible.
pub(crate) fn need(program: &str, packages: &[&str]) -> Result<()> {
    if is_callable(program) {
        return Ok(());
    }
    install(packages).with_context(|| format!("{program} is not installed"))
}

/// Whether `program --version` runs.
pub(crate) fn is_callable(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether the system already has `package`.
pub(crate) fn has(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Status}", package])
        .output()
        .is_ok_and(|output| output.stdout.ends_with(b"install ok installed"))
}

/// Installs `packages`, or says what a person has to type.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    // Two installations at once would refuse each other over the lock of the package lists.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let names = packages.join(" ");
    if !is_callable("apt-get") {
        bail!("this is no Debian; install what Debian calls {names}");
    }
    let user = Command::new("id").arg("-u").output();
    if user.is_ok_and(|output| output.stdout.trim_ascii() != b"0") {
        bail!("run this as root first: apt-get update && apt-get install -y {names}");
    }
    println!("installing the Debian packages {names}");
    stubbornly(|| {
        quiet(bounded("apt-get").args(["update", "-qq", LOCK]))?;
        quiet(
            bounded("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "-y", "-qq", "--no-install-recommends", LOCK])
                .args(packages),
        )
    })
}

// Limit: three tries within half a minute bear a server that is started anew or refuses a burst.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(20)];

// Limit: what failed only after five minutes has tried often enough by itself, or compiled.
const TRY_MAX: Duration = Duration::from_mins(5);

/// Does what needs a network, and does it again after a pause where it fails.
pub(crate) fn stubbornly(act: impl FnMut() -> Result<()>) -> Result<()> {
    with_pauses(&PAUSES, act)
}

fn with_pauses(pauses: &[Duration], mut act: impl FnMut() -> Result<()>) -> Result<()> {
    for pause in pauses {
        let begun = Instant::now();
        let Err(error) = act() else {
            return Ok(());
        };
        if begun.elapsed() > TRY_MAX {
            return Err(error);
        }
        println!("{error:#}; once more in {} s", pause.as_secs());
        thread::sleep(*pause);
    }
    act()
}

// Limit: 120 s for another installation on the same machine to end.
const LOCK: &str = "-oDPkg::Lock::Timeout=120";

/// A command that is ended when it takes far longer than any honest run.
pub(crate) fn bounded(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("timeout");
    command.arg(STEP_SECONDS_MAX).arg(program);
    command
}

/// Runs `command` without showing its output; the end of the output becomes the error.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", project::spelling(command)))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let mut last: Vec<&str> = stderr
        .lines()
        .rev()
        .filter(|line| !line.is_empty())
        .take(3)
        .collect();
    last.reverse();
    bail!(
        "`{}` ended with {}: {}",
        project::spelling(command),
        output.status,
        last.join(" / ")
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use anyhow::bail;

    use super::{PAUSES, is_callable, need, quiet, with_pauses};

    #[test]
    fn a_program_that_is_there_needs_no_installation() {
        assert!(need("cargo", &["no-such-package"]).is_ok());
        assert!(!is_callable("no-such-program-anywhere"));
    }

    #[test]
    fn what_fails_is_tried_three_times_and_then_told() {
        for (good, expected) in [(1, 1), (3, 3), (4, 3)] {
            let mut tries = 0;
            let outcome = with_pauses(&[Duration::ZERO; PAUSES.len()], || {
                tries += 1;
                if tries < good {
                    bail!("try {tries} was lost");
                }
                Ok(())
            });
            assert_eq!((tries, outcome.is_ok()), (expected, good <= 3));
            let told = outcome.err().map(|error| error.to_string());
            assert!(told.is_none_or(|told| told == "try 3 was lost"));
        }
    }

    #[test]
    fn a_failure_ends_with_the_last_words_of_the_command() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first >&2; echo the reason >&2; exit 3"]);
        let error = quiet(&mut command).unwrap_err().to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.ends_with("first / the reason"), "{error}");
    }
}
