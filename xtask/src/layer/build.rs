//! The agent as it ships: static, and free of the paths of the machine that built it.
//! It never takes a compiler flag from outside, so that two machines give the same bytes.
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::cross::Cross;
use super::layout;
use crate::{project, tree};

/// An architecture of Lambda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Architecture {
    /// `x86_64`, as Lambda writes it.
    X86,
    /// `arm64`, as Lambda writes it.
    Arm,
}

impl Architecture {
    /// Both, in the order in which they are built.
    pub(crate) const ALL: [Self; 2] = [Self::X86, Self::Arm];

    /// The name that Lambda gives it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }

    /// The target triple: glibc, linked statically.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::X86 => "x86_64-unknown-linux-gnu",
            Self::Arm => "aarch64-unknown-linux-gnu",
        }
    }
}

/// The tree from which an agent is built.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The workspace.
    pub(crate) root: PathBuf,
    /// Where its artifacts go.
    pub(crate) target: PathBuf,
    /// Whether programs keep the names of their functions.
    pub(crate) keeps_names: bool,
}

impl Source {
    /// The project itself.
    pub(crate) fn here() -> Self {
        let target = project::target().join("layer/build");
        Self {
            root: project::root().to_owned(),
            target,
            keeps_names: false,
        }
    }

    /// The same, built with the names of all functions.
    pub(crate) fn named() -> Self {
        Self {
            target: project::target().join("layer/named"),
            keeps_names: true,
            ..Self::here()
        }
    }

    /// A copy of the project in another folder, with artifacts of its own.
    pub(crate) fn twin() -> Result<Self> {
        let folder = project::target().join("layer/twin");
        let root = folder.join("a/copy/in another folder");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        for path in tree::paths(project::root())? {
            let copy = root.join(&path);
            if let Some(parent) = copy.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(project::root().join(&path), &copy)
                .with_context(|| format!("cannot copy {path}"))?;
        }
        Ok(Self {
            root,
            target: folder.join("build"),
            keeps_names: false,
        })
    }
}

/// Builds the agent for `architecture` from `source`; gives back the program.
pub(crate) fn agent(architecture: Architecture, source: &Source) -> Result<PathBuf> {
    let program = programs(architecture, source, "credenza-agent")?.join("credenza-agent");
    if !program.is_file() {
        bail!("the build left no {}", program.display());
    }
    Ok(program)
}

/// Builds every program of `package` as the agent is built; gives back their folder.
pub(crate) fn programs(
    architecture: Architecture,
    source: &Source,
    package: &str,
) -> Result<PathBuf> {
    // Two compilers in one folder would undo each other's build scripts.
    let artifacts = source.target.join(architecture.name());
    let mut cargo = project::cargo();
    cargo.current_dir(&source.root);
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--bins",
        "--package",
        package,
    ]);
    cargo
        .args(["--target", architecture.triple()])
        .arg("--target-dir")
        .arg(&artifacts);
    cargo.env_remove("RUSTFLAGS").env(
        "CARGO_ENCODED_RUSTFLAGS",
        flags(architecture, &source.root, &layout::of(&source.root)?)?,
    );
    if source.keeps_names {
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    }
    if architecture == Architecture::Arm {
        Cross::here().apply(&mut cargo);
    }
    project::run(&mut cargo)?;
    Ok(artifacts.join(architecture.triple()).join("release"))
}

/// What the linker of `x86_64` does beside linking: equal functions become one, and where the
/// program lies is written in a bit for each address. 130 KB less, and nothing of it is slower.
///
/// They are words of the linker that Rust brings along there; the one for `arm64` is the system's.
const FOLDED: [&str; 4] = [
    "-Clink-arg=-Wl,--icf=all",
    "-Clink-arg=-Wl,-z,pack-relative-relocs",
    "-Clink-arg=-Wl,-O2",
    "-Clink-arg=-Wl,--build-id=none",
];

/// How much a call is worth to the compiler. Its own 250 makes the program 230 KB larger and spares
/// an ordinary event 3 % of its instructions, as long as all of it is in the processor's caches.
const SPARING: &str = "-Cllvm-args=-inline-threshold=40";

/// Links statically, and writes the same paths into the program wherever it is built.
fn flags(architecture: Architecture, root: &Path, script: &[u8]) -> Result<String> {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        let home = env::var_os("HOME")?;
        Some(PathBuf::from(home).join(".cargo"))
    });
    let cargo_home = cargo_home.context("neither CARGO_HOME nor HOME is set")?;
    let mut words = vec![
        "-Ctarget-feature=+crt-static".to_owned(),
        SPARING.to_owned(),
        format!("--remap-path-prefix={}=/credenza", root.display()),
        format!("--remap-path-prefix={}=/cargo", cargo_home.display()),
    ];
    if architecture == Architecture::X86 {
        words.extend(FOLDED.map(str::to_owned));
        words.extend(layout::words(script));
    }
    Ok(words.join("\u{1f}"))
}

/// Whether the bytes of a program hold a path of the machine that built it.
pub(crate) fn names_a_home(program: &[u8]) -> bool {
    let source = project::root()
        .join("extension")
        .to_string_lossy()
        .into_owned();
    let homes = [source, home()].map(|home| home.replace("/credenza/extension", ""));
    homes
        .iter()
        .any(|home| !home.is_empty() && memory_holds(program, home.as_bytes()))
}

fn home() -> String {
    env::var("HOME")
        .map(|home| format!("{home}/.cargo"))
        .unwrap_or_default()
}

fn memory_holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// What `program --version` says, under an emulator where `architecture` is not the machine's own.
pub(crate) fn version_said_by(program: &Path, architecture: Architecture) -> Result<String> {
    let mut command = match architecture {
        Architecture::X86 => Command::new(program),
        Architecture::Arm => {
            let mut emulator = Command::new("qemu-aarch64");
            emulator.arg(program);
            emulator
        }
    };
    project::output(command.arg("--version")).map(|said| said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Architecture, flags, memory_holds};

    #[test]
    fn the_flags_hide_the_folder_of_the_source() {
        for architecture in Architecture::ALL {
            let flags = flags(architecture, Path::new("/somewhere/else"), b"").unwrap();
            assert!(flags.contains("--remap-path-prefix=/somewhere/else=/credenza"));
            assert!(flags.contains("+crt-static"));
        }
    }

    #[test]
    fn a_path_inside_a_program_is_seen() {
        assert!(memory_holds(b"\0\0/here/x.rs\0", b"/here"));
        assert!(!memory_holds(b"\0\0/cargo/x.rs\0", b"/here"));
    }
}
