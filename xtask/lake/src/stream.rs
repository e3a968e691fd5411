//! The delivery stream: what comes in is taken apart, named and gathered as the template says.
//! It never throws anything away: what it cannot take apart lies where errors go.
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::clock;
use crate::template::{Delivery, Step};

/// What is gathered for one object.
struct Buffer {
    since_ms: u64,
    bytes: usize,
    object: GzEncoder<Vec<u8>>,
    plain: Vec<u8>,
}

/// A record on its way.
struct Item {
    bytes: Vec<u8>,
    keys: BTreeMap<String, String>,
}

/// A delivery stream and its bucket, which is a folder.
pub(crate) struct Stream {
    delivery: Delivery,
    bucket: PathBuf,
    buffers: BTreeMap<String, Buffer>,
    /// Objects written, and parcels refused.
    pub(crate) objects: u64,
    pub(crate) refused: u64,
}

impl Stream {
    pub(crate) fn new(delivery: Delivery, bucket: &Path) -> Self {
        Self {
            delivery,
            bucket: bucket.to_owned(),
            buffers: BTreeMap::new(),
            objects: 0,
            refused: 0,
        }
    }

    /// Takes a parcel at the time that it is.
    pub(crate) fn put(&mut self, parcel: &[u8], now: u64) -> Result<()> {
        let first = Item {
            bytes: parcel.to_vec(),
            keys: BTreeMap::new(),
        };
        let mut items = vec![first];
        for step in self.delivery.steps.clone() {
            let mut after = Vec::new();
            for item in items {
                match taken(&step, item) {
                    Ok(made) => after.extend(made),
                    Err(why) => return self.refuse(parcel, &why.to_string(), now),
                }
            }
            items = after;
        }
        for item in items {
            let prefix = filled(&self.delivery.prefix, now, &item.keys);
            match prefix {
                Ok(prefix) => self.gather(&prefix, &item.bytes, now)?,
                Err(why) => return self.refuse(parcel, &why.to_string(), now),
            }
        }
        Ok(())
    }

    /// Writes the objects whose time has come.
    pub(crate) fn tick(&mut self, now: u64) -> Result<()> {
        let wait = self.delivery.wait_ms;
        let is_due = |buffer: &Buffer| now.saturating_sub(buffer.since_ms) >= wait;
        let due: Vec<String> = self
            .buffers
            .iter()
            .filter(|(_, buffer)| is_due(buffer))
            .map(|(prefix, _)| prefix.clone())
            .collect();
        due.iter().try_for_each(|prefix| self.write(prefix, now))
    }

    /// Writes all that is left.
    pub(crate) fn end(&mut self, now: u64) -> Result<()> {
        let all: Vec<String> = self.buffers.keys().cloned().collect();
        all.iter().try_for_each(|prefix| self.write(prefix, now))
    }

    fn gather(&mut self, prefix: &str, bytes: &[u8], now: u64) -> Result<()> {
        let buffer = self
            .buffers
            .entry(prefix.to_owned())
            .or_insert_with(|| Buffer {
                since_ms: now,
                bytes: 0,
                object: GzEncoder::new(Vec::new(), Compression::fast()),
                plain: Vec::new(),
            });
        if self.delivery.is_packed {
            buffer.object.write_all(bytes)?;
        } else {
            buffer.plain.extend_from_slice(bytes);
        }
        buffer.bytes += bytes.len();
        if buffer.bytes >= self.delivery.bytes_max {
            self.write(prefix, now)?;
        }
        Ok(())
    }

    fn write(&mut self, prefix: &str, now: u64) -> Result<()> {
        let Some(buffer) = self.buffers.remove(prefix) else {
            return Ok(());
        };
        let (bytes, end) = if self.delivery.is_packed {
            (buffer.object.finish()?, ".gz")
        } else {
            (buffer.plain, "")
        };
        self.objects += 1;
        let number = self.objects;
        let name = format!("fleet-lake-1-{}-{now}-{number:08}{end}", clock::day(now));
        self.object(&format!("{prefix}{name}"), &bytes)
    }

    fn object(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let file = self.bucket.join(key);
        let folder = file.parent().context("a key without a folder")?;
        fs::create_dir_all(folder)?;
        Ok(fs::write(file, bytes)?)
    }

    fn refuse(&mut self, parcel: &[u8], why: &str, now: u64) -> Result<()> {
        self.refused += 1;
        let mut keys = BTreeMap::new();
        keys.insert(
            "error-output-type".to_owned(),
            "processing-failed".to_owned(),
        );
        let prefix = filled(&self.delivery.refused, now, &keys)?;
        let raw = base64::engine::general_purpose::STANDARD.encode(parcel);
        let told = json!({ "errorMessage": why, "rawData": raw });
        let key = format!("{prefix}{:08}", self.refused);
        self.object(&key, format!("{told}\n").as_bytes())
    }
}

/// What a step makes of a record.
fn taken(step: &Step, mut item: Item) -> Result<Vec<Item>> {
    match step {
        Step::Unpack => {
            let mut plain = Vec::new();
            MultiGzDecoder::new(item.bytes.as_slice()).read_to_end(&mut plain)?;
            item.bytes = plain;
        }
        Step::Extract => {
            let parcel: Value = serde_json::from_slice(&item.bytes)?;
            let events = parcel["logEvents"].as_array().context("no log events")?;
            let messages = events.iter().filter_map(|event| event["message"].as_str());
            item.bytes = messages.collect::<Vec<_>>().join("\n").into_bytes();
        }
        Step::Split => {
            let all = serde_json::Deserializer::from_slice(&item.bytes);
            let mut made = Vec::new();
            let mut values = all.into_iter::<serde::de::IgnoredAny>();
            let mut begin = 0;
            while let Some(value) = values.next() {
                value?;
                let end = values.byte_offset();
                let bytes = item.bytes.get(begin..end).unwrap_or_default();
                made.push(Item {
                    bytes: bytes.trim_ascii().to_vec(),
                    keys: item.keys.clone(),
                });
                begin = end;
            }
            return Ok(made);
        }
        Step::Partition {
            name,
            member,
            otherwise,
        } => {
            let value: Value = serde_json::from_slice(&item.bytes)?;
            let key = value[member.as_str()].as_str().unwrap_or(otherwise);
            item.keys.insert(name.clone(), key.to_owned());
        }
        Step::End(delimiter) => item.bytes.extend_from_slice(delimiter.as_bytes()),
    }
    Ok(vec![item])
}

/// A prefix with its `!{…}` filled in.
fn filled(prefix: &str, now: u64, keys: &BTreeMap<String, String>) -> Result<String> {
    let mut pieces = prefix.split("!{");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').context("an open brace")?;
        let (space, name) = name.split_once(':').context("no namespace")?;
        match (space, name) {
            ("timestamp", "yyyy-MM-dd") => text.push_str(&clock::day(now)),
            ("partitionKeyFromQuery" | "firehose", name) => {
                let key = keys.get(name);
                text.push_str(key.with_context(|| format!("nothing names {name}"))?);
            }
            (space, name) => anyhow::bail!("!{{{space}:{name}}} is not understood"),
        }
        text.push_str(rest);
    }
    Ok(text)
}
