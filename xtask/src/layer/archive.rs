//! A zip archive whose bytes depend on names, modes and contents alone.
//! It never records an owner, a clock, a umask or the order in which files were found.
use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

/// One file of the layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// The path below `/opt`.
    pub(crate) path: String,
    /// The permission bits: `0o755` for programs, `0o644` for texts.
    pub(crate) mode: u32,
    /// The contents.
    pub(crate) bytes: Vec<u8>,
}

/// The highest level of deflate: the layer is packed once and fetched often.
const LEVEL: i64 = 9;

/// Packs `entries`, sorted by path, dated 1980-01-01, with modes as Unix writes them.
pub(crate) fn pack(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in sorted {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::DEFAULT)
            .system(System::Unix)
            .unix_permissions(entry.mode);
        zip.start_file(entry.path.as_str(), options)?;
        zip.write_all(&entry.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Writes the same tree as files below `folder`, which is emptied first.
pub(crate) fn spread(entries: &[Entry], folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    for entry in entries {
        let file = folder.join(&entry.path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file, &entry.bytes)
            .with_context(|| format!("cannot write {}", file.display()))?;
        fs::set_permissions(&file, fs::Permissions::from_mode(entry.mode))?;
    }
    Ok(())
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        let nibble = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
        text.extend([nibble(byte >> 4), nibble(byte & 15)]);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};
    use std::os::unix::fs::PermissionsExt as _;
    use std::{env, fs};

    use super::{Entry, pack, sha256, spread};

    fn entries() -> Vec<Entry> {
        let entry = |path: &str, mode, bytes: &[u8]| Entry {
            path: path.to_owned(),
            mode,
            bytes: bytes.to_vec(),
        };
        vec![
            entry("extensions/credenza-agent", 0o755, &[7; 70_000]),
            entry(
                "credenza-wrapper",
                0o755,
                b"#!/opt/extensions/credenza-agent wrap\n",
            ),
            entry("credenza/LICENSE", 0o644, b"Apache"),
        ]
    }

    #[test]
    fn the_order_of_finding_does_not_change_a_byte() {
        let mut reversed = entries();
        reversed.reverse();
        assert_eq!(
            sha256(&pack(&entries()).unwrap()),
            sha256(&pack(&reversed).unwrap())
        );
    }

    #[test]
    fn another_mode_or_another_byte_changes_the_hash() {
        let plain = sha256(&pack(&entries()).unwrap());
        let mut other_mode = entries();
        other_mode[2].mode = 0o755;
        let mut other_byte = entries();
        other_byte[0].bytes[9] = 8;
        assert_ne!(plain, sha256(&pack(&other_mode).unwrap()));
        assert_ne!(plain, sha256(&pack(&other_byte).unwrap()));
    }

    #[test]
    fn names_modes_dates_and_contents_come_out_again() {
        let mut zip = zip::ZipArchive::new(Cursor::new(pack(&entries()).unwrap())).unwrap();
        let names: Vec<String> = zip.file_names().map(str::to_owned).collect();
        assert_eq!(
            names,
            [
                "credenza-wrapper",
                "credenza/LICENSE",
                "extensions/credenza-agent"
            ]
        );
        let mut file = zip.by_name("extensions/credenza-agent").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        assert_eq!(file.last_modified().map(|date| date.year()), Some(1980));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, vec![7; 70_000]);
    }

    #[test]
    fn a_tree_of_files_carries_the_same_modes_and_nothing_of_an_earlier_one() {
        let folder = env::temp_dir().join(format!("credenza-spread-{}", std::process::id()));
        spread(&entries(), &folder).unwrap();
        spread(&entries()[..2], &folder).unwrap();
        let agent = fs::metadata(folder.join("extensions/credenza-agent")).unwrap();
        assert_eq!(agent.permissions().mode() & 0o777, 0o755);
        assert!(!folder.join("credenza/LICENSE").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
