//! Where the binaries are that this program starts: the agent and the demo function.
//! It never builds and never downloads one.
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
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
        beside(&folder, "release").join("credenza-agent"),
    ];
    first(&places, "credenza-agent", fix)
}

/// The vulnerable function, which is built beside this program.
pub(crate) fn demo_function() -> anyhow::Result<PathBuf> {
    let folder = own_folder()?;
    let fix = "run `cargo build --profile desk -p credenza-demo-function`";
    let name = "credenza-demo-function";
    let places = [folder.join(name), beside(&folder, "desk").join(name)];
    first(&places, name, fix)
}

/// Says so before anything starts if this command is nowhere to be found.
pub(crate) fn command(program: Option<&OsString>) -> anyhow::Result<()> {
    let Some(program) = program.map(Path::new) else {
        return Ok(());
    };
    // As a shell does: a name with a slash is a path, any other is searched for.
    let is_path = program.as_os_str().as_encoded_bytes().contains(&b'/');
    let places: Vec<PathBuf> = if is_path {
        vec![program.to_owned()]
    } else {
        let search = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&search);
        folders.map(|folder| folder.join(program)).collect()
    };
    let files: Vec<&PathBuf> = places.iter().filter(|place| place.is_file()).collect();
    if files.iter().any(|file| is_executable(file)) {
        return Ok(());
    }
    let (reason, fix) = match (is_path, files.first()) {
        (_, Some(_)) => ("not executable", "allow it to be executed with `chmod +x`"),
        (true, None) => (
            "no such program",
            "name a program that your shell finds from this folder",
        ),
        (false, None) => (
            "no such program on the search path",
            "install it, or write ./ before a program in this folder",
        ),
    };
    Err(Failure::new(program.display(), reason, fix).into())
}

fn is_executable(file: &Path) -> bool {
    let mode = file.metadata().map(|data| data.permissions().mode());
    mode.is_ok_and(|mode| mode & 0o111 != 0)
}

fn own_folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::new("this program", error, "start it by its full path"))?;
    Ok(own.parent().unwrap_or_else(|| Path::new("/")).to_owned())
}

fn beside(folder: &Path, name: &str) -> PathBuf {
    folder.parent().unwrap_or(folder).join(name)
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
