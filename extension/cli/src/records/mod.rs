//! Records of the agent, read from wherever logs end up: plain lines, exports, queries, sandboxes.
//! It never holds a file in memory, and never stops at a line that it does not understand.
//!
//! The shapes, by their sources:
//! * lines as the agent writes them, or with a time before them: an export to S3
//!   (`2026-11-26T10:00:00.000Z {…}`, gzip), `aws logs tail`, a terminal;
//! * `aws logs filter-log-events` and `get-log-events`: `{"events":[{"timestamp","message"}]}`;
//! * a subscription: `{"messageType":"DATA_MESSAGE","logEvents":[{"id","timestamp","message"}]}`,
//!   gzip, one after another in one object when they come through a delivery stream, or as a
//!   function gets them, base64 in `{"awslogs":{"data"}}`;
//! * Logs Insights: `{"results":[[{"field":"@message","value"}]]}`, its CSV, and its JSON
//!   (`[{"@message"}]`);
//! * `credenza dev --format json` and the lines of the Telemetry API.
pub(crate) mod clock;
mod document;
mod message;
pub(crate) mod progress;
pub(crate) mod record;
mod table;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::bufread::MultiGzDecoder;

use crate::failure::Failure;
use message::Opener;
use progress::{Meter, Progress};
pub(crate) use record::Record;

/// What a reading met besides records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intake {
    /// Files read.
    pub(crate) files: u64,
    /// Bytes read, as they lie on disk.
    pub(crate) bytes: u64,
    /// Records of the agent.
    pub(crate) records: u64,
    /// Lines that are none.
    pub(crate) others: u64,
    /// Lines that name a record and are no JSON: cut or damaged.
    pub(crate) damaged: u64,
    /// Lines, rows or elements too large to be read.
    pub(crate) oversized: u64,
    /// Invocations that the platform itself has reported.
    pub(crate) reported: u64,
}

impl Intake {
    /// Without a record nothing is known, which is another thing than that nothing was found.
    pub(crate) fn is_any(&self) -> Result<()> {
        if self.records > 0 {
            return Ok(());
        }
        let fix = "name the agent's log lines, or an export of them";
        Err(Failure::new("the records", "no line of them is a record", fix).into())
    }
}

/// What is done with each record; false ends the reading.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&Record<'_>) -> Result<bool>;

/// Reads every file of `paths` (folders are walked, `-` is stdin) and hands over each record.
pub(crate) fn each(paths: &[String], take: Take<'_>) -> Result<Intake> {
    let files = files(paths)?;
    let size = |file: &PathBuf| file.metadata().map_or(0, |known| known.len());
    let meter = Meter::default();
    let progress = Progress::new(files.iter().map(size).sum(), meter.clone());
    let mut opener = Opener::new(take, progress);
    for file in &files {
        let input: Box<dyn Read> = if file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(file).map_err(|error| unread(file, error))?)
        };
        let counted = Counted {
            input,
            meter: meter.clone(),
        };
        let read = unpacked(counted).and_then(|input| one(input, &mut opener));
        match read {
            Ok(true) => (),
            Ok(false) => break,
            Err(error) if error.is::<io::Error>() => return Err(unread(file, error).into()),
            Err(error) => return Err(error),
        }
        opener.intake.files += 1;
    }
    opener.intake.bytes = meter.total();
    Ok(opener.intake)
}

fn unread(file: &Path, error: impl std::fmt::Display) -> Failure {
    let place = if file.as_os_str() == "-" {
        "stdin".to_owned()
    } else {
        file.display().to_string()
    };
    let fix = "name files, or folders of files, that can be read; `-` is stdin";
    Failure::new(place, error, fix)
}

/// The files behind `paths`, those of a folder in the order of their names.
fn files(paths: &[String]) -> Result<Vec<PathBuf>> {
    // Limit: the folders that exports make are three deep; 16 end any circle of links.
    const FOLDERS_DEEP_MAX: usize = 16;
    let mut files = Vec::new();
    let mut open: Vec<(PathBuf, usize)> = Vec::new();
    for path in paths.iter().rev() {
        open.push((PathBuf::from(path), 0));
    }
    while let Some((path, depth)) = open.pop() {
        if !path.is_dir() || depth > FOLDERS_DEEP_MAX {
            files.push(path);
            continue;
        }
        let listed = std::fs::read_dir(&path).map_err(|error| unread(&path, error))?;
        let mut inside: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
        inside.sort();
        open.extend(inside.into_iter().rev().map(|path| (path, depth + 1)));
    }
    Ok(files)
}

/// Counts what is read through it.
struct Counted {
    input: Box<dyn Read>,
    meter: Meter,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.meter.add(read);
        Ok(read)
    }
}

// Limit: large enough that system calls cost nothing, small enough for any machine.
const BUFFER_BYTES: usize = 256 << 10;

/// The input without its compression.
fn unpacked(input: Counted) -> Result<Box<dyn BufRead>> {
    let mut input: Box<dyn BufRead> = Box::new(BufReader::with_capacity(BUFFER_BYTES, input));
    let head = begun(input.as_mut(), 2)?;
    let is_packed = head.starts_with(&[0x1f, 0x8b]);
    let whole = io::Cursor::new(head).chain(input);
    if is_packed {
        let decoder = MultiGzDecoder::new(whole);
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder)));
    }
    Ok(Box::new(whole))
}

// Limit: a first line that is longer is a document; a record has at most 700 bytes, metrics a few
// thousand.
const HEAD_BYTES: usize = 64 << 10;

/// The first bytes of an input, up to the end of its first line that is not empty, or so many: a
/// pipe may hand them over in pieces.
fn begun(input: &mut dyn BufRead, most: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < most && !head.trim_ascii_start().contains(&b'\n') {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        let read = chunk.len();
        head.extend_from_slice(chunk);
        input.consume(read);
    }
    Ok(head)
}

/// How a file holds its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Lines,
    Document,
    Table,
}

/// What a file begins with tells its shape.
fn shape(head: &[u8]) -> Shape {
    let head = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = String::from_utf8_lossy(first);
    let is_json = first.starts_with(b"{") || first.starts_with(b"[");
    if !is_json {
        return if is_header(&text) {
            Shape::Table
        } else {
            Shape::Lines
        };
    }
    // A line that is one value is a line; whatever goes on behind the first line, or has no line's
    // end behind it, is not. A line of ours that is cut short is still a line.
    let is_value = serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
    let is_ended = first.len() < head.len();
    let is_record = text.contains("\"record\"") && !text.contains("\"message\"");
    if (is_value && is_ended && first.starts_with(b"{")) || (is_record && !is_value) {
        Shape::Lines
    } else {
        Shape::Document
    }
}

/// Whether a line names the columns of a table: names alone, and one of them is known.
fn is_header(line: &str) -> bool {
    const KNOWN: [&str; 4] = ["@message", "@timestamp", "request_id", "rule"];
    let names = || line.trim().split(',').map(|name| name.trim_matches('"'));
    let is_name = |name: &str| !name.contains([' ', '{', '=', '"']);
    names().all(is_name) && names().any(|name| KNOWN.contains(&name))
}

/// Reads one file; false if no more is wanted.
fn one(mut input: Box<dyn BufRead>, opener: &mut Opener<'_>) -> Result<bool> {
    let head = begun(input.as_mut(), HEAD_BYTES)?;
    let shape = shape(&head);
    let mut input: Box<dyn BufRead> = Box::new(io::Cursor::new(head).chain(input));
    let mut on = true;
    match shape {
        Shape::Lines => on = lines(input.as_mut(), opener)?,
        Shape::Document => {
            let oversized = document::each_element(input.as_mut(), &mut |element| {
                on = opener.open(element)?;
                Ok(on)
            })?;
            opener.intake.oversized += oversized;
        }
        Shape::Table => {
            let mut names: Option<Vec<String>> = None;
            let oversized = table::each_row(input.as_mut(), &mut |row| {
                if let Some(names) = &names {
                    on = opener.row(names.iter().map(String::as_str).zip(row))?;
                } else {
                    names = Some(row.to_vec());
                }
                Ok(on)
            })?;
            opener.intake.oversized += oversized;
        }
    }
    Ok(on)
}

// Limit: a document of a subscription may be one line of some MB; beyond 16 nothing of ours is.
const LINE_BYTES_MAX: u64 = 16 << 20;

fn lines(input: &mut dyn BufRead, opener: &mut Opener<'_>) -> Result<bool> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = Read::take(&mut *input, LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(true);
        }
        if read as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
            opener.intake.oversized += 1;
            skip_line(input)?;
            continue;
        }
        if !opener.open(line.trim_ascii())? {
            return Ok(false);
        }
    }
}

/// Reads to the end of the line without holding it.
fn skip_line(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let chunk = input.fill_buf()?;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let (read, is_end) = match end {
            Some(at) => (at + 1, true),
            None => (chunk.len(), chunk.is_empty()),
        };
        input.consume(read);
        if is_end {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
