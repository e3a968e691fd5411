//! Items of a corpus that lies elsewhere, crossed with each other and damaged.
//! It never writes one, and tells of one only where it breaks a promise.
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::dice::Dice;

/// The values of all files of a folder.
#[derive(Default)]
pub(crate) struct Corpus {
    values: Vec<Vec<u8>>,
}

impl Corpus {
    /// Reads the member `value`, or else `event`, of each line of each file of JSON lines.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut corpus = Self::default();
        let entries = fs::read_dir(folder);
        let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
        let mut files: Vec<_> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect();
        // In one order on every machine.
        files.sort();
        for file in files {
            if file
                .extension()
                .is_some_and(|extension| extension == "jsonl")
            {
                corpus.add(&fs::read_to_string(&file)?);
            }
        }
        if corpus.is_empty() {
            bail!("no value is in {}", folder.display());
        }
        Ok(corpus)
    }

    fn add(&mut self, lines: &str) {
        for line in lines.lines() {
            let Ok(item) = serde_json::from_str::<serde_json::Value>(line) else {
                continue;
            };
            let value = match item.get("value").or_else(|| item.get("event")) {
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => continue,
            };
            self.values.push(value.into_bytes());
        }
    }

    /// True if there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// An item with up to eight changes.
    pub(crate) fn mutant(&self, dice: &mut Dice) -> Vec<u8> {
        let mut text = self.any(dice).to_vec();
        for _ in 0..dice.below(9) {
            let at = dice.below(text.len() + 1);
            let end = (at + dice.below(24)).min(text.len());
            match dice.below(8) {
                0 => drop(text.drain(at..end)),
                1 => text.insert(at, dice.byte()),
                2 => {
                    if let Some(byte) = text.get_mut(at) {
                        *byte ^= 1 << dice.below(8);
                    }
                }
                3 => {
                    let piece = text.get(at..end).unwrap_or_default().to_vec();
                    let times_max = if dice.once_in(40) { 2000 } else { 4 };
                    let times = 1 + dice.below(times_max);
                    let place = dice.below(text.len() + 1);
                    drop(text.splice(place..place, piece.repeat(times)));
                }
                4 => {
                    let other = self.any(dice);
                    let from = dice.below(other.len() + 1);
                    text.truncate(at);
                    text.extend_from_slice(other.get(from..).unwrap_or_default());
                }
                5 => {
                    const SIGNS: &[u8] = b"'\"`<>(){}[]\\/%&;|$#=-+*:.,!~^@?\0\r\n \t_";
                    let sign = SIGNS.get(dice.below(SIGNS.len())).copied();
                    text.insert(at, sign.unwrap_or(b'\''));
                }
                6 => {
                    for byte in text.iter_mut().skip(at).take(12) {
                        *byte ^= if byte.is_ascii_alphabetic() { 0x20 } else { 0 };
                    }
                }
                _ => {
                    let other = self.any(dice).get(..64).unwrap_or_default().to_vec();
                    drop(text.splice(at..at, other));
                }
            }
        }
        // Limit: 64 KiB, most of them 2 KiB: longer inputs say little new and take the time of
        // many.
        let bytes_max = if dice.once_in(50) { 64 << 10 } else { 2 << 10 };
        text.truncate(bytes_max);
        text
    }

    fn any(&self, dice: &mut Dice) -> &[u8] {
        let at = dice.below(self.values.len());
        self.values.get(at).map_or(b"", Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::Corpus;
    use crate::dice::Dice;

    #[test]
    fn values_are_read_from_lines_and_changed() {
        let mut corpus = Corpus::default();
        corpus.add("{\"value\":\"one' or 1=1\"}\n{\"value\":{\"a\":1}}\nnothing\n{\"id\":1}\n");
        assert_eq!(
            corpus.values,
            [b"one' or 1=1".to_vec(), b"{\"a\":1}".to_vec()]
        );
        let mutants: Vec<_> = (0..50)
            .map(|number| corpus.mutant(&mut Dice::of(1, number)))
            .collect();
        assert!(mutants.iter().any(|mutant| !corpus.values.contains(mutant)));
    }
}
