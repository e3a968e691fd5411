//! The parser differential: whatever Python's or Node's parser accepts, every string that it sees
//! is shown to the detectors. It never compares verdicts, only what is looked at.
use std::collections::HashSet;
use std::io::Write as _;

use anyhow::{Result, bail};
use credenza_event::{Decoder, Form, Steps, Visitor, walk};

use crate::dice::Dice;
use crate::json;

mod reader;

use reader::{Reader, Seen};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many documents.
    #[arg(long, default_value_t = 1_000_000)]
    inputs: u64,
    /// Another seed gives other documents.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

// Limit: 512 documents at once, some 300 KB: as much as keeps a reader busy while the next are
// made.
const BATCH: u64 = 512;

/// Makes documents, lets the readers read them, and compares.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut readers = Reader::all()?;
    let mut tally = Tally::default();
    let mut first = 0;
    while first < arguments.inputs {
        let end = (first + BATCH).min(arguments.inputs);
        let documents: Vec<Vec<u8>> = (first..end)
            .map(|number| json::document(&mut Dice::of(arguments.seed, number)))
            .collect();
        for reader in &mut readers {
            reader.ask(&documents)?;
        }
        let shown: Vec<Shown> = documents
            .iter()
            .map(|document| Shown::of(document, false))
            .collect();
        tally.partial += shown.iter().filter(|shown| !shown.is_complete).count();
        for reader in &mut readers {
            for (document, shown) in documents.iter().zip(&shown) {
                if let Some(strings) = reader.answer()? {
                    reader.accepted += 1;
                    tally.judge(reader.name, document, shown, &strings);
                }
            }
        }
        first = end;
    }
    tally.tell(arguments, &readers)
}

/// What is shown of one document.
struct Shown {
    forms: HashSet<Vec<u8>>,
    /// The forms of a document that holds surrogates as bytes, without a difference between these,
    /// what replaces them, and what two of them make: each parser has its own reading.
    vague: HashSet<String>,
    is_vague: bool,
    /// True if only what stands there is kept, and nothing that a decoder makes of it.
    is_plain: bool,
    is_complete: bool,
}

impl Visitor for Shown {
    fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
        if self.is_plain && form.decoded.iter().any(|step| *step != Decoder::Json) {
            return;
        }
        self.forms.insert(replaced(form.text));
        if self.is_vague {
            self.vague.insert(vague(form.text));
        }
    }
}

/// A text with U+FFFD for what is no UTF-8, lone surrogates among it: Python keeps these where Node
/// replaces them or joins two of them, and what is shown holds both as bytes.
fn replaced(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        if let [
            0xed,
            a @ 0xa0..=0xaf,
            b,
            0xed,
            c @ 0xb0..=0xbf,
            d,
            behind @ ..,
        ] = rest
        {
            let bits = |byte: &u8| u32::from(byte & 0x3f);
            let high = (bits(a) & 0x0f) << 6 | bits(b);
            let low = (bits(c) & 0x0f) << 6 | bits(d);
            let code = 0x1_0000 + (high << 10 | low);
            let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            joined.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            rest = behind;
        } else {
            joined.push(first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&joined).into_owned().into_bytes()
}

/// A text with one U+FFFD for each run of what is replaced, and of characters of two units.
fn vague(text: &[u8]) -> String {
    let mut last = ' ';
    let mut vague = String::with_capacity(text.len());
    for char in String::from_utf8_lossy(text).chars() {
        let char = if u32::from(char) > 0xffff {
            char::REPLACEMENT_CHARACTER
        } else {
            char
        };
        if char != last || char != char::REPLACEMENT_CHARACTER {
            vague.push(char);
        }
        last = char;
    }
    vague
}

impl Shown {
    fn of(document: &[u8], is_plain: bool) -> Self {
        let mut shown = Self {
            forms: HashSet::new(),
            vague: HashSet::new(),
            is_vague: document
                .windows(2)
                .any(|pair| matches!(pair, [0xed, 0xa0..=0xbf])),
            is_plain,
            is_complete: false,
        };
        let mut steps = Steps::for_bytes(document.len());
        shown.is_complete = walk(document, &mut steps, &mut shown).is_complete();
        shown
    }

    /// True if a string is looked at: as it is, or because it is a document of which each string
    /// is.
    fn has(&self, seen: &Seen) -> bool {
        seen.text.is_empty()
            || seen.is_document
            || self.forms.contains(&replaced(&seen.text))
            || self.is_vague && self.vague.contains(&vague(&seen.text))
            || self.has_all(&seen.text)
    }

    /// True if whatever is shown of a text that stands alone is shown here too. What no parser
    /// takes for a document, for a comma too many, may be opened all the same: only signs are left
    /// over.
    fn has_all(&self, text: &[u8]) -> bool {
        let alone = Self::of(text, true);
        let is_document = matches!(text.trim_ascii_start().first(), Some(b'[' | b'{' | b'"'));
        is_document && alone.is_complete && alone.forms.is_subset(&self.forms)
    }
}

/// What was counted.
#[derive(Default)]
struct Tally {
    strings: usize,
    partial: usize,
    missed: Vec<String>,
    missed_documents: usize,
}

// Limit: ten misses are enough to begin with.
const MISSES_TOLD: usize = 10;

impl Tally {
    fn judge(&mut self, reader: &str, document: &[u8], shown: &Shown, strings: &[Seen]) {
        self.strings += strings.len();
        let Some(missed) = strings.iter().find(|seen| !shown.has(seen)) else {
            return;
        };
        // What is partial says so itself.
        if !shown.is_complete {
            return;
        }
        self.missed_documents += 1;
        if self.missed.len() < MISSES_TOLD {
            let start = document.get(..600).unwrap_or(document);
            self.missed.push(format!(
                "{reader} sees `{}` in `{}`",
                missed.text.escape_ascii(),
                start.escape_ascii()
            ));
        }
    }

    fn tell(&self, arguments: &Arguments, readers: &[Reader]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        for reader in readers {
            writeln!(
                out,
                "{} accepted {} documents",
                reader.name, reader.accepted
            )?;
        }
        writeln!(
            out,
            "{} documents of seed {}: {} strings seen by parsers, {} documents inspected in part \
             and said so, {} documents with a string that was missed",
            arguments.inputs, arguments.seed, self.strings, self.partial, self.missed_documents
        )?;
        for miss in &self.missed {
            writeln!(out, "missed: {miss}")?;
        }
        if self.missed_documents > 0 {
            bail!(
                "{} documents were not looked at whole",
                self.missed_documents
            );
        }
        Ok(())
    }
}
