//! Events from files and folders: a `.json` file is one event, a `.jsonl` file one a line.
//! It never parses an event; broken JSON is an event worth trying.
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::failure::Failure;

/// An event and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fed {
    /// File name within the folder that was named, with the line's number in a `.jsonl` file.
    pub(crate) name: String,
    /// The event's bytes.
    pub(crate) event: Bytes,
}

/// All events of `paths`, folders in the order of their names; `-` is stdin.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Fed>> {
    let mut events = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .map_err(|error| Failure::new("stdin", error, "pipe events in, one a line"))?;
            split("stdin", &bytes, &mut events);
        } else if path.is_dir() {
            read_folder(path, &mut events)?;
        } else {
            read_file(path, path.display().to_string(), &mut events)?;
        }
    }
    if events.is_empty() {
        let places: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let fix = "name a .json or .jsonl file, or a folder that holds some";
        return Err(Failure::new(places.join(", "), "there is no event in here", fix).into());
    }
    Ok(events)
}

fn read_folder(folder: &Path, events: &mut Vec<Fed>) -> anyhow::Result<()> {
    // Folders in folders, by a list instead of recursion: links may go round in circles.
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let fix = "name a folder that you may read";
        let failed = |error| Failure::new(folder.display(), error, fix);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if is_one_of(&path, &["json", "jsonl"]) {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().try_for_each(|file| {
        let name = file
            .strip_prefix(folder)
            .unwrap_or(file)
            .display()
            .to_string();
        read_file(file, name, events)
    })
}

fn read_file(path: &Path, name: String, events: &mut Vec<Fed>) -> anyhow::Result<()> {
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::new(
            path.display(),
            error,
            "name a file or folder that you may read",
        )
    })?;
    if is_one_of(path, &["jsonl"]) {
        split(&name, &bytes, events);
    } else {
        events.push(Fed {
            name,
            event: bytes.into(),
        });
    }
    Ok(())
}

fn split(name: &str, bytes: &[u8], events: &mut Vec<Fed>) {
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if !line.is_empty() {
            let event = Bytes::copy_from_slice(line);
            events.push(Fed {
                name: format!("{name}:{number}"),
                event,
            });
        }
    }
}

fn is_one_of(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .is_some_and(|own| extensions.iter().any(|extension| own == *extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_their_events_in_the_order_of_names() {
        let folder = std::env::temp_dir().join(format!("credenza-feed-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("b")).unwrap();
        std::fs::write(folder.join("a.json"), "{\n}").unwrap();
        std::fs::write(folder.join("b/c.jsonl"), "{\"n\":1}\n\n{\"n\":2}\n").unwrap();
        std::fs::write(folder.join("readme.txt"), "no event").unwrap();
        let events = read(std::slice::from_ref(&folder)).unwrap();
        let names: Vec<&str> = events.iter().map(|fed| fed.name.as_str()).collect();
        assert_eq!(names, ["a.json", "b/c.jsonl:1", "b/c.jsonl:3"]);
        assert_eq!(events[0].event, "{\n}");
        assert_eq!(events[2].event, "{\"n\":2}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_place_without_events_is_named() {
        let error = read(&[PathBuf::from("no/such/file.json")]).unwrap_err();
        assert!(
            error.to_string().starts_with("no/such/file.json: "),
            "{error}"
        );
    }
}
