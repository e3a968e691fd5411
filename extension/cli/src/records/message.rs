//! Takes a message out of its envelopes until a record is left.
//! It never unpacks without a bound, in depth or in bytes.
use std::io::Read as _;

use anyhow::Result;
use base64::Engine as _;
use flate2::read::MultiGzDecoder;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::progress::Progress;
use super::record::Record;
use super::{Intake, Take};

// Limit: an export of a subscription of a log in a telemetry line is four deep.
const DEPTH_MAX: usize = 6;

// Limit: a message of a subscription holds at most 6 MB, as an event of a function does.
const UNPACKED_BYTES_MAX: u64 = 16 << 20;

/// Opens messages and hands on the records in them.
pub(super) struct Opener<'a> {
    take: Take<'a>,
    progress: Progress,
    pub(super) intake: Intake,
    seen: u64,
}

impl<'a> Opener<'a> {
    pub(super) fn new(take: Take<'a>, progress: Progress) -> Self {
        Self {
            take,
            progress,
            intake: Intake::default(),
            seen: 0,
        }
    }

    /// Opens one line or element; false if no more is wanted.
    pub(super) fn open(&mut self, message: &[u8]) -> Result<bool> {
        self.seen += 1;
        if self.seen.is_multiple_of(256) {
            self.progress.tick(self.intake.records);
        }
        match std::str::from_utf8(message) {
            Ok(text) => self.text(text, 0),
            Err(_) => self.text(&String::from_utf8_lossy(message), 0),
        }
    }

    /// Takes a row of a table or of a query's result, as names and cells.
    pub(super) fn row<'b>(
        &mut self,
        cells: impl Iterator<Item = (&'b str, &'b String)>,
    ) -> Result<bool> {
        let mut members = Map::new();
        for (name, cell) in cells {
            if name == "@message" {
                return self.open(cell.as_bytes());
            }
            if !cell.is_empty() {
                members.insert(name.to_owned(), Value::String(cell.clone()));
            }
        }
        self.open(Value::Object(members).to_string().as_bytes())
    }

    fn text(&mut self, text: &str, depth: usize) -> Result<bool> {
        let text = text.trim();
        if depth > DEPTH_MAX || text.is_empty() {
            return Ok(true);
        }
        if text.starts_with('[')
            && let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text)
        {
            return self.list(&items, depth);
        }
        // A time, a stream or a level may stand before the object.
        let Some(object) = text.find('{').and_then(|at| text.get(at..)) else {
            self.no_record(text);
            return Ok(true);
        };
        if let Ok(mut record) = serde_json::from_str::<Record<'_>>(object) {
            record.raw = object;
            return self.object(&record, depth);
        }
        if object.contains("\"record\":\"") {
            self.intake.damaged += 1;
        } else {
            self.no_record(text);
        }
        Ok(true)
    }

    /// Counts a line that is none of ours; the platform's tell what it has invoked.
    fn no_record(&mut self, text: &str) {
        self.intake.others += 1;
        if text.contains("REPORT RequestId: ") {
            self.intake.reported += 1;
        }
    }

    fn object(&mut self, record: &Record<'_>, depth: usize) -> Result<bool> {
        let has_event = record.event.is_some() || record.output.is_some();
        if record.kind().is_some() || (has_event && record.record.is_none()) {
            self.intake.records += 1;
            return (self.take)(record);
        }
        let depth = depth + 1;
        let lists = [
            record.log_events,
            record.events,
            record.results,
            record.records,
        ];
        let mut is_envelope = false;
        for list in lists.into_iter().flatten() {
            if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(list.get()) {
                is_envelope = true;
                if !self.list(&items, depth)? {
                    return Ok(false);
                }
            }
        }
        if is_envelope {
            return Ok(true);
        }
        if let Some(message) = record.at_message {
            return self.raw(message, depth);
        }
        if let Some(message) = record.message.some().or_else(|| record.text.some()) {
            return self.text(message, depth);
        }
        if let Some(inner) = record.line.or(record.awslogs) {
            return self.inner(inner, depth);
        }
        if record.kind_of_line.get() == "platform.report" {
            self.intake.reported += 1;
        } else if let Some(line) = record.record {
            // A line of the Telemetry API: `{"time","type":"extension","record":…}`.
            return self.raw(line, depth);
        }
        self.intake.others += 1;
        Ok(true)
    }

    /// What stands in `line` (of the sandbox) or in `awslogs` (of a subscription).
    fn inner(&mut self, inner: &RawValue, depth: usize) -> Result<bool> {
        let inner: Value = serde_json::from_str(inner.get()).unwrap_or_default();
        let data = inner.get("data").and_then(Value::as_str);
        let Some(data) = data else {
            let text = inner.get("text").and_then(Value::as_str);
            return self.text(text.unwrap_or_default(), depth);
        };
        let engine = base64::engine::general_purpose::STANDARD;
        let packed = engine.decode(data).unwrap_or_default();
        let mut unpacked = String::new();
        let decoder = MultiGzDecoder::new(packed.as_slice());
        if decoder
            .take(UNPACKED_BYTES_MAX)
            .read_to_string(&mut unpacked)
            .is_err()
        {
            self.intake.damaged += 1;
            return Ok(true);
        }
        self.text(&unpacked, depth)
    }

    /// A value that is a text with a message in it, or the message itself.
    fn raw(&mut self, value: &RawValue, depth: usize) -> Result<bool> {
        match serde_json::from_str::<String>(value.get()) {
            Ok(text) => self.text(&text, depth),
            Err(_) if value.get().starts_with(['{', '[']) => self.text(value.get(), depth),
            Err(_) => {
                self.intake.others += 1;
                Ok(true)
            }
        }
    }

    /// The items of a list: messages, or the fields of a query's row.
    fn list(&mut self, items: &[&RawValue], depth: usize) -> Result<bool> {
        let fields: Vec<(String, String)> = items.iter().filter_map(|item| field(item)).collect();
        if !fields.is_empty() && fields.len() == items.len() {
            return self.row(fields.iter().map(|(name, value)| (name.as_str(), value)));
        }
        for item in items {
            let is_message = item.get().starts_with(['{', '[']);
            if is_message && !self.text(item.get(), depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A field of a query's row: `{"field":"@message","value":"…"}`.
fn field(item: &RawValue) -> Option<(String, String)> {
    let text = item.get();
    if !text.contains("\"field\"") {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let word = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((word("field")?, word("value")?))
}
