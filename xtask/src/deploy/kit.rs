//! The tools of the ways in, each in a folder of its own: mixing them was never tried.
//! It never fails for a tool that cannot be installed: its ways are skips, by name.
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::debian::{self, bounded, quiet, stubbornly};
use crate::project;
use crate::skips::Skip;

/// One set of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kit {
    Sam,
    Lint,
    Emulator,
    Checkov,
    Cdk,
    Serverless,
    Osls,
}

impl Kit {
    const ALL: [Self; 7] = [
        Self::Sam,
        Self::Lint,
        Self::Emulator,
        Self::Checkov,
        Self::Cdk,
        Self::Serverless,
        Self::Osls,
    ];

    /// The folder's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sam => "sam",
            Self::Lint => "cfn-lint",
            Self::Emulator => "emulator",
            Self::Checkov => "checkov",
            Self::Cdk => "cdk",
            Self::Serverless => "serverless",
            Self::Osls => "osls",
        }
    }

    /// The packages, pinned.
    const fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Sam => &["aws-sam-cli==1.170.0"],
            Self::Lint => &["cfn-lint==1.58.0"],
            Self::Emulator => &["moto[server,all]==5.2.5", "awscli==1.46.3"],
            Self::Checkov => &["checkov==3.3.30"],
            Self::Cdk => &[
                "aws-cdk-lib@2.276.0",
                "constructs@10.8.1",
                "aws-cdk@2.1148.1",
            ],
            Self::Serverless => &["serverless@3.40.0"],
            Self::Osls => &["osls@4.3.1"],
        }
    }

    const fn is_python(self) -> bool {
        !matches!(self, Self::Cdk | Self::Serverless | Self::Osls)
    }

    /// Where it is.
    pub(super) fn folder(self) -> PathBuf {
        project::root().join(".tools/deploy").join(self.name())
    }

    /// A program of it.
    pub(super) fn program(self, name: &str) -> Command {
        let folder = if self.is_python() {
            "bin"
        } else {
            "node_modules/.bin"
        };
        let mut command = Command::new(self.folder().join(folder).join(name));
        // None of these tools is to tell anybody that it ran, or to ask anybody who runs it.
        for (name, value) in [
            ("SAM_CLI_TELEMETRY", "0"),
            ("SLS_TELEMETRY_DISABLED", "1"),
            ("SLS_NOTIFICATIONS_MODE", "off"),
            ("CHECKPOINT_DISABLE", "1"),
            ("AWS_PAGER", ""),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            command.env(name, value);
        }
        command
    }

    fn stamp(self) -> PathBuf {
        self.folder().join("stamp")
    }

    fn is_ready(self) -> bool {
        fs::read_to_string(self.stamp()).is_ok_and(|text| text == self.packages().join(" "))
    }

    fn install(self) -> Result<()> {
        let folder = self.folder();
        if self.is_ready() {
            return Ok(());
        }
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        if self.is_python() {
            debian::need("python3", &["python3", "python3-venv"])?;
            quiet(bounded("python3").args(["-m", "venv"]).arg(&folder))?;
            let mut pip = bounded(folder.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check"]);
            pip.args(self.packages());
            stubbornly(|| quiet(&mut pip))?;
        } else {
            debian::need("npm", &["nodejs", "npm"])?;
            fs::write(folder.join("package.json"), r#"{"private":true}"#)?;
            let mut npm = bounded("npm");
            npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
            npm.args(self.packages()).current_dir(&folder);
            stubbornly(|| quiet(&mut npm))?;
        }
        Ok(fs::write(self.stamp(), self.packages().join(" "))?)
    }
}

/// The kits that could not be had, and why.
static MISSING: Mutex<Vec<(Kit, String)>> = Mutex::new(Vec::new());

/// Installs all that is missing, two at a time.
pub(super) fn install() -> Result<Vec<Skip>> {
    let waiting = Mutex::new(
        Kit::ALL
            .into_iter()
            .filter(|kit| !kit.is_ready())
            .collect::<Vec<_>>(),
    );
    let next = || waiting.lock().ok().and_then(|mut kits| kits.pop());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(kit) = next() {
                    println!("deploy: {}: installing, about a minute", kit.name());
                    let begun = Instant::now();
                    let outcome = kit.install();
                    let took = begun.elapsed().as_secs();
                    match outcome {
                        Ok(()) => println!("deploy: {}: ready after {took} s", kit.name()),
                        Err(error) => {
                            println!("deploy: {}: failed after {took} s", kit.name());
                            let why = format!("{error:#}").replace('\n', " ");
                            if let Ok(mut missing) = MISSING.lock() {
                                missing.push((kit, why));
                            }
                        }
                    }
                }
            });
        }
    });
    if waiting.lock().is_ok_and(|kits| !kits.is_empty()) {
        bail!("an installer stopped unexpectedly");
    }
    Ok(Vec::new())
}

/// Why a way cannot be proved here, if it cannot.
pub(super) fn obstacle(way: &str) -> Option<Skip> {
    let needed: &[Kit] = match way {
        "sam" | "web-adapter" | "datadog" | "os-only" => &[Kit::Sam, Kit::Lint, Kit::Checkov],
        "cloudformation" => &[Kit::Sam, Kit::Lint, Kit::Checkov, Kit::Emulator],
        "fleet" => &[Kit::Lint, Kit::Checkov, Kit::Emulator],
        "attach" | "cli" | "terraform" | "publish" => &[Kit::Emulator],
        "cdk" => &[Kit::Cdk, Kit::Lint],
        "serverless" => &[Kit::Serverless],
        "osls" => &[Kit::Osls],
        _ => &[Kit::Checkov],
    };
    if way == "terraform" && !debian::is_callable("terraform") {
        return Some(skip(way, "terraform is not installed"));
    }
    let missing = MISSING.lock().ok()?;
    let (kit, why) = missing.iter().find(|(kit, _)| needed.contains(kit))?;
    Some(skip(way, &format!("{}: {why}", kit.name())))
}

fn skip(way: &str, why: &str) -> Skip {
    Skip {
        name: format!("deploy/{way}"),
        reason: why.to_owned(),
    }
}
