//! What tests need beyond Rust, installed into ignored folders of the project.
//! It never fails for a tool that cannot be installed: such a tool is a skip, by name.
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::debian::{self, bounded, quiet, stubbornly};
use crate::project;
use crate::skips::Skip;

/// One tool: what it is called, what proves it, and how it comes here.
struct Tool {
    /// The name that tests ask for and that a skip shows.
    name: &'static str,
    /// The pinned version; another one on the stamp means a new installation.
    version: &'static str,
    /// The file that tests use, relative to the project.
    proof: &'static str,
    /// What to expect from the wait.
    takes: &'static str,
    install: fn(&Self) -> Result<()>,
}

const TOOLS: [Tool; 5] = [
    Tool {
        name: "python runtime client",
        version: "awslambdaric==4.2.2",
        proof: ".venv-runtime/bin/python",
        takes: "under a minute",
        install: |tool| install_in_venv(".venv-runtime", tool.version),
    },
    Tool {
        name: "node runtime client",
        version: "aws-lambda-ric@3.3.0",
        proof: ".tools/node/node_modules/aws-lambda-ric/dist/rapid-client.node",
        takes: "two to four minutes, its native client is compiled",
        install: install_node_client,
    },
    Tool {
        name: "aws emulator",
        version: "aws-sam-cli==1.170.0",
        proof: ".tools/rie/aws-lambda-rie-x86_64",
        takes: "under a minute",
        install: install_emulator,
    },
    Tool {
        name: "sqlmap",
        version: "sqlmap==1.10.10",
        proof: ".venv-adversary/bin/sqlmap",
        takes: "under a minute",
        install: |tool| install_in_venv(".venv-adversary", tool.version),
    },
    Tool {
        name: "browser",
        version: "chromium",
        proof: ".tools/browser/version",
        takes: "under a minute",
        install: install_browser,
    },
];

/// The Debian packages without which the node runtime client does not compile.
const NODE_CLIENT_PACKAGES: [&str; 7] = [
    "cmake",
    "autoconf",
    "automake",
    "libtool",
    "g++",
    "make",
    "libcurl4-openssl-dev",
];

/// SHA-256 of `aws-lambda-rie-x86_64` in the pinned package, as the contract's section 6 gives it.
const EMULATOR_SHA256: &str = "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5";

/// Installs every tool that is missing; gives back those that could not be.
///
/// The outcome also goes to `.tools/status.json`, where tests read why a tool is absent.
pub(crate) fn install() -> Result<Vec<Skip>> {
    let folder = project::root().join(".tools");
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock().context("cannot lock .tools/lock")?;
    let outcomes: Vec<Result<()>> = thread::scope(|scope| {
        let workers: Vec<_> = TOOLS
            .iter()
            .map(|tool| scope.spawn(|| provide(tool)))
            .collect();
        workers
            .into_iter()
            .map(|worker| match worker.join() {
                Ok(outcome) => outcome,
                Err(_) => bail!("the installer stopped unexpectedly"),
            })
            .collect()
    });
    write_status(&folder.join("status.json"), &outcomes)?;
    let skips = TOOLS.iter().zip(outcomes).filter_map(|(tool, outcome)| {
        let error = outcome.err()?;
        Some(Skip {
            name: tool.name.to_owned(),
            reason: one_line(&format!("{error:#}")),
        })
    });
    Ok(skips.collect())
}

/// What only the bench needs, so that tests do not wait for it.
const WAF: Tool = Tool {
    name: "libddwaf",
    version: "ddtrace==4.16.0",
    proof: ".venv-waf/bin/python",
    takes: "under a minute",
    install: |tool| install_in_venv(".venv-waf", tool.version),
};

/// A Python that has libddwaf, installed if need be.
pub(crate) fn waf() -> Result<PathBuf> {
    fs::create_dir_all(project::root().join(".tools"))?;
    provide(&WAF)?;
    Ok(project::root().join(WAF.proof))
}

/// What only the scoreboard needs.
const INJECTION: Tool = Tool {
    name: "libinjection",
    version: "libinjection-python==1.1.6",
    proof: ".venv-injection/bin/python",
    takes: "under a minute",
    install: |tool| install_in_venv(".venv-injection", tool.version),
};

/// A Python that has libinjection, installed if need be.
pub(crate) fn injection() -> Result<PathBuf> {
    fs::create_dir_all(project::root().join(".tools"))?;
    provide(&INJECTION)?;
    Ok(project::root().join(INJECTION.proof))
}

/// Leaves the tool in place if it is the pinned one; else installs it and says so.
fn provide(tool: &Tool) -> Result<()> {
    let stamp = project::root()
        .join(".tools/stamps")
        .join(tool.name.replace(' ', "-"));
    let proof = project::root().join(tool.proof);
    let stamped = fs::read_to_string(&stamp).is_ok_and(|text| text == tool.version);
    if stamped && proof.exists() {
        return Ok(());
    }
    println!(
        "tools: {} ({}): installing, {}",
        tool.name, tool.version, tool.takes
    );
    let begun = Instant::now();
    let outcome = (tool.install)(tool).and_then(|()| {
        if !proof.exists() {
            bail!("{} is missing after the installation", tool.proof);
        }
        if let Some(folder) = stamp.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(&stamp, tool.version)?)
    });
    let word = if outcome.is_ok() { "ready" } else { "failed" };
    println!(
        "tools: {}: {word} after {:.0} s",
        tool.name,
        begun.elapsed().as_secs_f32()
    );
    outcome
}

fn write_status(path: &Path, outcomes: &[Result<()>]) -> Result<()> {
    let rows: Vec<serde_json::Value> = TOOLS
        .iter()
        .zip(outcomes)
        .map(|(tool, outcome)| {
            serde_json::json!({
                "name": tool.name,
                "ok": outcome.is_ok(),
                "path": project::root().join(tool.proof),
                "reason": outcome.as_ref().err().map(|error| one_line(&format!("{error:#}"))),
            })
        })
        .collect();
    fs::write(path, serde_json::to_string_pretty(&rows)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Makes an environment of its own for one Python package, and installs the package there.
fn install_in_venv(folder: &str, package: &str) -> Result<()> {
    let venv = python_environment(folder)?;
    stubbornly(|| quiet(pip(&venv).args(["install", "--quiet", package])))
}

fn python_environment(folder: &str) -> Result<PathBuf> {
    let venv = project::root().join(folder);
    if !venv.join("bin/pip").exists() {
        debian::need("python3", &["python3", "python3-venv"])?;
        let make = || quiet(bounded("python3").args(["-m", "venv"]).arg(&venv));
        // Debian's python3 alone can begin an environment and not end it.
        if make().is_err() {
            debian::install(&["python3-venv"])?;
            make()?;
        }
    }
    Ok(venv)
}

fn pip(venv: &Path) -> Command {
    let mut pip = bounded(venv.join("bin/pip"));
    pip.args([
        "--disable-pip-version-check",
        "--retries",
        "2",
        "--timeout",
        "30",
    ]);
    pip
}

/// The browser in which the report is looked at; its version is the proof that it starts.
fn install_browser(tool: &Tool) -> Result<()> {
    debian::need(tool.version, &[tool.version])?;
    let told = Command::new(tool.version).arg("--version").output()?;
    let proof = project::root().join(tool.proof);
    if let Some(folder) = proof.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&proof, told.stdout).with_context(|| format!("cannot write {}", proof.display()))
}

fn install_node_client(tool: &Tool) -> Result<()> {
    debian::need("npm", &["nodejs", "npm"])?;
    let missing: Vec<&str> = NODE_CLIENT_PACKAGES
        .into_iter()
        .filter(|package| !debian::has(package))
        .collect();
    if !missing.is_empty() {
        debian::install(&missing)?;
    }
    let folder = project::root().join(".tools/node");
    fs::create_dir_all(&folder)?;
    // Newer npm runs the scripts that compile the client only where they are approved by name.
    let project = serde_json::json!({ "private": true, "allowScripts": { tool.version: true } });
    fs::write(folder.join("package.json"), project.to_string())?;
    let mut npm = bounded("npm");
    npm.args(["install", "--no-audit", "--no-fund", tool.version]);
    // The compiler needs the headers of node; a distribution's own spare a download.
    for prefix in ["/usr", "/usr/local"] {
        if Path::new(prefix).join("include/node/node.h").exists() {
            npm.env("npm_config_nodedir", prefix);
        }
    }
    npm.current_dir(&folder);
    stubbornly(|| {
        if folder.join("node_modules").exists() {
            // A half-made installation would count as done, and its scripts would not run again.
            fs::remove_dir_all(folder.join("node_modules"))?;
        }
        quiet(&mut npm)
    })
}

/// Takes the emulator out of the package that carries it, and verifies its checksum.
fn install_emulator(tool: &Tool) -> Result<()> {
    if !cfg!(target_arch = "x86_64") {
        bail!("only the x86_64 emulator has a checksum to verify it by");
    }
    let venv = python_environment(".venv-download")?;
    let folder = project::root().join(".tools/rie");
    let download = folder.join("download");
    fs::create_dir_all(&download)?;
    let mut fetch = pip(&venv);
    fetch.args(["download", "--quiet", "--no-deps", tool.version, "--dest"]);
    fetch.arg(&download);
    stubbornly(|| quiet(&mut fetch))?;
    let wheel = fs::read_dir(&download)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("the package index gave no wheel")?;
    let mut archive = zip::ZipArchive::new(File::open(wheel)?)?;
    let mut entry = archive.by_name("samcli/local/rapid/aws-lambda-rie-x86_64")?;
    let mut bytes = Vec::new();
    std::io::copy(&mut entry, &mut bytes)?;
    let seen = format!("{:x}", Sha256::digest(&bytes));
    if seen != EMULATOR_SHA256 {
        bail!("the emulator's checksum is {seen}, expected {EMULATOR_SHA256}");
    }
    let binary = folder.join("aws-lambda-rie-x86_64");
    fs::write(&binary, bytes)?;
    make_executable(&binary)?;
    fs::remove_dir_all(&download)?;
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
