//! The compiler for arm64, taken from Debian's packages into `.cross/` of the project.
//! It never changes the toolchain that builds everything else.
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::debian::{self, is_callable as runs};
use crate::project;

/// Where the compiler lies.
#[derive(Clone, Debug)]
pub(crate) struct Cross {
    folder: PathBuf,
}

/// Debian's packages that together are a Rust compiler with a standard library for arm64.
const PACKAGES: [&str; 5] = [
    "rustc-web",
    "libstd-rust-web-1.96",
    "libstd-rust-web-dev",
    "libstd-rust-web-dev:arm64",
    "libllvm22",
];

/// The linker and the C library for arm64, and the emulator that runs the result.
const SYSTEM: [&str; 3] = [
    "gcc-aarch64-linux-gnu",
    "libc6-dev-arm64-cross",
    "qemu-user",
];

const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";

impl Cross {
    /// The compiler of this project.
    pub(crate) fn here() -> Self {
        Self {
            folder: project::root().join(".cross"),
        }
    }

    /// Makes `cargo` compile and link for arm64.
    pub(crate) fn apply(&self, cargo: &mut Command) {
        cargo.env("RUSTC", self.compiler());
        cargo.env(
            "LD_LIBRARY_PATH",
            self.folder.join("usr/lib/x86_64-linux-gnu"),
        );
        cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER);
    }

    /// What stands between this machine and a program for arm64; empty when nothing does.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if !self.has_compiler() {
            missing.push("the compiler (Debian's rustc-web) in .cross/".to_owned());
        }
        if !self.has_library() {
            missing.push("the standard library (libstd-rust-web-dev:arm64) in .cross/".to_owned());
        }
        if !runs(LINKER) {
            missing.push(format!("the linker {LINKER} (gcc-aarch64-linux-gnu)"));
        }
        missing
    }

    fn has_compiler(&self) -> bool {
        let mut asked = Command::new(self.compiler());
        asked.arg("--version").env(
            "LD_LIBRARY_PATH",
            self.folder.join("usr/lib/x86_64-linux-gnu"),
        );
        project::output(&mut asked).is_ok()
    }

    fn has_library(&self) -> bool {
        let library = self
            .folder
            .join("usr/lib/rustlib/aarch64-unknown-linux-gnu");
        library.is_dir()
    }

    /// Whether programs for arm64 can be run here.
    pub(crate) fn can_run() -> bool {
        runs(EMULATOR)
    }

    /// Installs what is missing, where this machine has `apt-get` and lets us use it.
    pub(crate) fn install(&self) -> Result<()> {
        if self.missing().is_empty() && Self::can_run() {
            return Ok(());
        }
        if !runs("apt-get") {
            bail!("apt-get is not here, and no other way to a compiler for arm64 is known");
        }
        if !self.has_compiler() || !self.has_library() {
            println!("fetching the compiler for arm64 into .cross/ (170 MB, once)");
            self.unpack()?;
        }
        if !runs(LINKER) || !Self::can_run() {
            debian::install(&SYSTEM)?;
        }
        Ok(())
    }

    fn compiler(&self) -> PathBuf {
        self.folder.join("usr/bin/rustc")
    }

    /// Fetches the packages with lists of their own and unpacks them without installing.
    fn unpack(&self) -> Result<()> {
        let state = self.folder.join("apt");
        let cache = self.folder.join("cache");
        let packages = self.folder.join("packages");
        for folder in [
            &state.join("lists/partial"),
            &cache.join("archives/partial"),
            &packages,
        ] {
            fs::create_dir_all(folder)?;
        }
        fs::write(state.join("status"), "")?;
        let options = [
            format!("-oDir::State={}", state.display()),
            format!("-oDir::State::status={}", state.join("status").display()),
            format!("-oDir::Cache={}", cache.display()),
            "-oAPT::Architectures=amd64,arm64".to_owned(),
            "-oAPT::Sandbox::User=root".to_owned(),
        ];
        let mut fetch = Command::new("apt-get");
        fetch.args(&options).arg("download").args(PACKAGES);
        fetch.current_dir(&packages);
        debian::stubbornly(|| {
            quietly(Command::new("apt-get").args(&options).arg("update"))?;
            quietly(&mut fetch)
        })?;
        for entry in fs::read_dir(&packages)? {
            let package = entry?.path();
            if package.extension().is_some_and(|ending| ending == "deb") {
                let mut unpack = Command::new("dpkg");
                quietly(unpack.arg("--extract").arg(&package).arg(&self.folder))?;
                fs::remove_file(&package)
                    .with_context(|| format!("cannot remove {}", package.display()))?;
            }
        }
        Ok(())
    }
}

/// Runs a command whose output matters only when it fails.
fn quietly(command: &mut Command) -> Result<()> {
    project::output(command).map(drop)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Cross;

    #[test]
    fn an_empty_folder_lacks_compiler_and_library_by_name() {
        let nowhere = Cross {
            folder: PathBuf::from("/nonexistent"),
        };
        let missing = nowhere.missing().join("; ");
        assert!(missing.contains("rustc-web"), "{missing}");
        assert!(missing.contains("libstd-rust-web-dev:arm64"), "{missing}");
    }
}
