//! The layer: one reproducible zip for each architecture, and the same tree as a folder.
//! It never publishes anything.
mod archive;
mod bill;
mod build;
mod cross;
pub(crate) mod layout;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

pub(crate) use build::{Architecture, Source, agent, programs};

use crate::skips::{self, Skip};
use crate::{crates, project};
use archive::Entry;
use cross::Cross;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Builds each agent again from a copy of the source in another folder, and compares hashes.
    #[arg(long)]
    twice: bool,
    /// Only this architecture (`x86_64` or `arm64`).
    #[arg(long)]
    only: Option<String>,
}

/// The most that a zip may weigh.
// Limit: 2 MiB. A layer is fetched at every cold start of a new host, and users count megabytes
// against the 250 MB of code and layers; the static agent packs to about 1 MiB.
const ZIP_BYTES_MAX: usize = 2 << 20;

/// Builds the layer; what this machine cannot build is printed as skipped.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |architecture: &Architecture| {
        arguments
            .only
            .as_deref()
            .is_none_or(|only| only == architecture.name())
    };
    let chosen: Vec<Architecture> = Architecture::ALL.into_iter().filter(wanted).collect();
    ensure!(!chosen.is_empty(), "--only takes x86_64 or arm64");
    let skips = produce(&chosen, arguments.twice)?;
    skips::print(&skips);
    Ok(())
}

/// Builds the layer for `chosen`; gives back what could not be built or proved, and why.
///
/// An architecture that fails does not keep the other from being built.
pub(crate) fn produce(chosen: &[Architecture], twice: bool) -> Result<Vec<Skip>> {
    let mut skips = Vec::new();
    let mut failures = Vec::new();
    let mut sums = String::new();
    let twin = if twice { Some(Source::twin()?) } else { None };
    fs::create_dir_all(folder())?;
    for &architecture in chosen {
        if let Some(skip) = obstacle(architecture) {
            skips.push(skip);
            continue;
        }
        match deliver(architecture, twin.as_ref(), &mut sums) {
            Ok(skip) => skips.extend(skip),
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    fs::write(folder().join("SHA256SUMS"), &sums)?;
    print!("{sums}");
    ensure!(failures.is_empty(), "{}", failures.join("; "));
    Ok(skips)
}

/// Builds one layer, compares it with its twin, writes it, and runs the agent in it.
fn deliver(
    architecture: Architecture,
    twin: Option<&Source>,
    sums: &mut String,
) -> Result<Option<Skip>> {
    let zip = one(architecture, &Source::here())?;
    if let Some(twin) = twin {
        compare(architecture, &zip, &one(architecture, twin)?)?;
    }
    let name = format!("credenza-layer-{}.zip", architecture.name());
    let file = folder().join(&name);
    fs::write(&file, &zip.packed).with_context(|| format!("cannot write {}", file.display()))?;
    let tree = folder().join(architecture.name()).join("opt");
    archive::spread(&zip.entries, &tree)?;
    println!("{:>9} bytes  {}", zip.packed.len(), file.display());
    println!("{:>16} {}", "the same in", tree.display());
    writeln!(sums, "{}  {name}", archive::sha256(&zip.packed))?;
    prove(architecture, &zip.agent)
}

/// Where zips, sums and trees go.
fn folder() -> PathBuf {
    project::target().join("layer")
}

/// One layer, packed and as entries.
struct Zip {
    agent: PathBuf,
    entries: Vec<Entry>,
    packed: Vec<u8>,
}

/// Why `architecture` cannot be built here, after every attempt to make it so.
fn obstacle(architecture: Architecture) -> Option<Skip> {
    if architecture == Architecture::X86 {
        return None;
    }
    let cross = Cross::here();
    let attempt = cross.install();
    let mut missing = cross.missing();
    if missing.is_empty() {
        return None;
    }
    if let Err(error) = attempt {
        missing.push(format!("installing said: {error:#}"));
    }
    Some(Skip {
        name: "layer for arm64".to_owned(),
        reason: missing.join("; "),
    })
}

fn one(architecture: Architecture, source: &Source) -> Result<Zip> {
    let agent = agent(architecture, source)?;
    layout::check(architecture, &fs::read(&agent)?)?;
    let entries = entries(architecture, &source.root, &agent)?;
    let packed = archive::pack(&entries)?;
    let zip = Zip {
        agent,
        entries,
        packed,
    };
    weigh(architecture, &zip)?;
    Ok(zip)
}

/// Refuses a zip that is too large to be fetched at a cold start.
fn weigh(architecture: Architecture, zip: &Zip) -> Result<()> {
    ensure!(
        zip.packed.len() <= ZIP_BYTES_MAX,
        "the zip for {} has {} bytes, more than {ZIP_BYTES_MAX}",
        architecture.name(),
        zip.packed.len()
    );
    Ok(())
}

/// The files of the layer, as they will lie below `/opt`.
fn entries(architecture: Architecture, root: &Path, agent: &Path) -> Result<Vec<Entry>> {
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("the layer needs {}", path.display()));
    let program = read(agent)?;
    if build::names_a_home(&program) {
        bail!(
            "{} holds a path of the machine that built it",
            agent.display()
        );
    }
    let crates = crates::shipped("credenza-agent", architecture.triple())?;
    let bill = bill::document(&crates, &archive::sha256(&program))?;
    let entry = |path: &str, mode, bytes| Entry {
        path: path.to_owned(),
        mode,
        bytes,
    };
    Ok(vec![
        entry(
            "credenza-wrapper",
            0o755,
            read(&root.join("layer-packaging/credenza-wrapper"))?,
        ),
        entry("credenza/LICENSE", 0o644, read(&root.join("LICENSE"))?),
        entry(
            "credenza/credenza.toml",
            0o644,
            read(&root.join("layer-packaging/credenza.toml"))?,
        ),
        entry("credenza/sbom.cdx.json", 0o644, bill),
        entry("extensions/credenza-agent", 0o755, program),
    ])
}

fn compare(architecture: Architecture, first: &Zip, second: &Zip) -> Result<()> {
    for (one, other) in first.entries.iter().zip(&second.entries) {
        ensure!(
            one == other,
            "{}: two builds differ in {}",
            architecture.name(),
            one.path
        );
    }
    ensure!(
        first.packed == second.packed,
        "{}: two zips differ",
        architecture.name()
    );
    println!(
        "{}: built twice from two folders, equal to the byte",
        architecture.name()
    );
    Ok(())
}

/// Runs the agent once, under an emulator where need be.
fn prove(architecture: Architecture, agent: &Path) -> Result<Option<Skip>> {
    if architecture == Architecture::Arm && !Cross::can_run() {
        let reason = "qemu-aarch64 (Debian's qemu-user) is not installed".to_owned();
        return Ok(Some(Skip {
            name: "running the agent for arm64".to_owned(),
            reason,
        }));
    }
    let said = build::version_said_by(agent, architecture)?;
    let expected = format!("credenza-agent {}", env!("CARGO_PKG_VERSION"));
    ensure!(
        said == expected,
        "{}: --version said {said:?}",
        architecture.name()
    );
    println!("{}: runs and says {said}", architecture.name());
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::archive::Entry;
    use super::{Architecture, ZIP_BYTES_MAX, Zip, compare, weigh};

    fn zip(packed: Vec<u8>, program: &[u8]) -> Zip {
        let entry = Entry {
            path: "extensions/credenza-agent".to_owned(),
            mode: 0o755,
            bytes: program.to_vec(),
        };
        Zip {
            agent: PathBuf::new(),
            entries: vec![entry],
            packed,
        }
    }

    #[test]
    fn a_zip_above_two_mebibytes_and_two_unequal_builds_are_refused() {
        assert_eq!(ZIP_BYTES_MAX, 2_097_152);
        let full = zip(vec![0; ZIP_BYTES_MAX], b"one");
        assert!(weigh(Architecture::X86, &full).is_ok());
        let heavy = zip(vec![0; ZIP_BYTES_MAX + 1], b"one");
        assert!(weigh(Architecture::X86, &heavy).is_err());
        assert!(compare(Architecture::Arm, &full, &full).is_ok());
        let other_zip = compare(Architecture::Arm, &full, &heavy).unwrap_err();
        assert!(other_zip.to_string().contains("two zips differ"));
        let other_program = zip(vec![0; ZIP_BYTES_MAX], b"two");
        let other_program = compare(Architecture::Arm, &full, &other_program).unwrap_err();
        assert!(other_program.to_string().contains("differ in extensions"));
    }
}
