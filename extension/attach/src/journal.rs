//! What was changed and is to come back: one line before each change and one after it, on the disk
//! before anything else happens.
//! It never holds a value of a variable that is not ours.
//!
//! A line is an object with `step` (`begin`, `done`, `refused`), `what` (`attach`, `detach`), the
//! function's `arn`, the time in seconds, and for `begin` the change.
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::change::Change;
use crate::configuration::Configuration;

/// What is done with functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The layer is put on.
    Attach,
    /// What was put on is taken off.
    Detach,
}

impl What {
    /// As it stands in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Attach => "attach",
            Self::Detach => "detach",
        }
    }
}

/// What the journal knows of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// All changes since the function was as it is to be again, as one.
    pub done: Option<Change>,
    /// A change that was begun, and of which nobody knows whether it arrived.
    pub open: Option<(What, Change)>,
}

impl Entry {
    /// What has to come back, whatever became of a change that was begun.
    pub fn owed(&self) -> Option<Change> {
        match (&self.done, &self.open) {
            (Some(done), Some((What::Attach, open))) => Some(done.then(open)),
            (None, Some((What::Attach, open))) => Some(open.clone()),
            (done, _) => done.clone(),
        }
    }
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Another run writes into it.
    #[error("another run writes into it")]
    Busy,
    /// A line is none of a journal.
    #[error("line {0} is no line of a journal")]
    Line(usize),
}

/// The journal, read whole.
#[derive(Debug, Default)]
pub struct Journal {
    entries: BTreeMap<String, Entry>,
    /// Functions that have come back.
    undone: BTreeSet<String>,
    /// Where lines go; nothing if they are only read.
    sink: Option<File>,
}

impl Journal {
    /// Reads a journal, if there is one, without changing anything.
    pub fn read(path: &Path) -> Result<Self, Broken> {
        let text = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut journal = Self::default();
        journal.take(&text)?;
        Ok(journal)
    }

    /// Opens a journal for writing, which nobody else may do meanwhile; makes it if there is none.
    pub fn open(path: &Path) -> Result<Self, Broken> {
        let is_new = !path.exists();
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Err(Broken::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        if is_new {
            // The name of the file has to be on the disk as well.
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            File::open(folder.unwrap_or(&PathBuf::from(".")))?.sync_all()?;
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let mut journal = Self::default();
        let whole = journal.take(&text)?;
        // A line without its end was being written when the run before ended: nothing followed it.
        if whole < text.len() {
            file.set_len(whole as u64)?;
            file.seek(SeekFrom::End(0))?;
            file.sync_all()?;
        }
        journal.sink = Some(file);
        Ok(journal)
    }

    /// Takes all whole lines; gives how many bytes they are.
    fn take(&mut self, text: &[u8]) -> Result<usize, Broken> {
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        let whole = whole.map_or(0, |at| at.saturating_add(1));
        let lines = text.get(..whole).unwrap_or_default();
        for (at, line) in lines.split(|byte| *byte == b'\n').enumerate() {
            let number = at.saturating_add(1);
            if line.is_empty() {
                continue;
            }
            let line: Value = serde_json::from_slice(line).map_err(|_| Broken::Line(number))?;
            self.fold(&line).ok_or(Broken::Line(number))?;
        }
        Ok(whole)
    }

    fn fold(&mut self, line: &Value) -> Option<()> {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let arn = text("arn")?;
        let what = match text("what")? {
            "attach" => What::Attach,
            "detach" => What::Detach,
            _ => return None,
        };
        let entry = self.entries.entry(arn.to_owned()).or_default();
        match text("step")? {
            "begin" => {
                // One that was begun and never settled is owed as well.
                entry.done = entry.owed();
                entry.open = Some((what, Change::read(line.get("change")?)?));
            }
            "done" if what == What::Attach => {
                entry.done = entry.owed();
                entry.open = None;
            }
            "done" => *entry = Entry::default(),
            "refused" => entry.open = None,
            _ => return None,
        }
        if *entry == Entry::default() {
            self.entries.remove(arn);
            self.undone.insert(arn.to_owned());
        } else {
            self.undone.remove(arn);
        }
        Some(())
    }

    fn write(&mut self, line: &Value) -> io::Result<()> {
        if let Some(sink) = &mut self.sink {
            let mut bytes = line.to_string().into_bytes();
            bytes.push(b'\n');
            sink.write_all(&bytes)?;
            sink.sync_data()?;
        }
        // A line of our own is a line of a journal.
        let _ = self.fold(line);
        Ok(())
    }

    /// Notes that a change begins; only then may it begin.
    pub fn begin(&mut self, what: What, arn: &str, change: &Change) -> io::Result<()> {
        let change = change.json();
        self.write(
            &json!({ "step": "begin", "what": what.name(), "arn": arn, "time": now(),
            "change": change }),
        )
    }

    /// Notes that the change that was begun is in force.
    pub fn done(&mut self, what: What, arn: &str) -> io::Result<()> {
        self.write(&json!({ "step": "done", "what": what.name(), "arn": arn, "time": now() }))
    }

    /// Notes that the change that was begun is not in force, and why.
    pub fn refused(&mut self, what: What, arn: &str, why: &str) -> io::Result<()> {
        self.write(
            &json!({ "step": "refused", "what": what.name(), "arn": arn, "time": now(),
            "why": why }),
        )
    }

    /// Finds out from the function what became of a change that was begun and not ended.
    ///
    /// In doubt the function is taken for one that has something to come back.
    pub fn settle(&mut self, configuration: &Configuration) -> io::Result<()> {
        let arn = configuration.arn.clone();
        let open = self.entries.get(&arn).and_then(|entry| entry.open.clone());
        let never = "it had not arrived when the run ended";
        match open {
            None => Ok(()),
            Some((What::Attach, change)) => {
                if change.reversed().is_in_place(configuration) {
                    return self.refused(What::Attach, &arn, never);
                }
                self.done(What::Attach, &arn)
            }
            Some((What::Detach, change)) => {
                if change.is_in_place(configuration) {
                    return self.done(What::Detach, &arn);
                }
                self.refused(What::Detach, &arn, never)
            }
        }
    }

    /// What is known of a function.
    pub fn entry(&self, arn: &str) -> Option<&Entry> {
        self.entries.get(arn)
    }

    /// The functions of a region that have something to come back.
    pub fn functions(&self, region: &str) -> Vec<&str> {
        let arns = self.entries.keys().filter(|arn| is_of(arn, region));
        arns.map(String::as_str).collect()
    }

    /// True if functions of a region were changed, and all of them are as they were.
    pub fn is_undone(&self, region: &str) -> bool {
        self.functions(region).is_empty() && self.undone.iter().any(|arn| is_of(arn, region))
    }
}

fn is_of(arn: &str, region: &str) -> bool {
    arn.split(':').nth(3) == Some(region)
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
