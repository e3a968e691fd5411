//! Where the binaries are that this program starts: the agent and the demo function.
//! It never builds and never downloads one.
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The agent: the one named, else beside this program, else in the release folder beside it.
pub(crate) fn agent(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let fix = "run `cargo build --release -p credenza-agent`, or name it with --agent PATH";
    if let Some(path) = named {
        return absolute(path, fix);
    }
    let folder = own_folder()?;
    let places = [
        folder.join("credenza-agent"),
        folder.join("../release/credenza-agent"),
    ];
    first(&places, "credenza-agent", fix)
}

/// The vulnerable function, which is built beside this program.
pub(crate) fn demo_function() -> anyhow::Result<PathBuf> {
    let folder = own_folder()?;
    let fix = "run `cargo build --profile desk -p credenza-demo-function`";
    let places = ["credenza-demo-function", "../desk/credenza-demo-function"];
    first(
        &places.map(|place| folder.join(place)),
        "credenza-demo-function",
        fix,
    )
}

fn own_folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::new("this program", error, "start it by its full path"))?;
    Ok(own.parent().unwrap_or_else(|| Path::new("/")).to_owned())
}

fn first(places: &[PathBuf], name: &str, fix: &str) -> anyhow::Result<PathBuf> {
    if let Some(place) = places.iter().find(|place| place.is_file()) {
        return absolute(place, fix);
    }
    let looked: Vec<String> = places
        .iter()
        .map(|place| place.display().to_string())
        .collect();
    let reason = format!("not found; looked for {}", looked.join(" and "));
    Err(Failure::new(name, reason, fix).into())
}

fn absolute(path: &Path, fix: &str) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .map_err(|error| Failure::new(path.display(), error, fix).into())
}
