//! The forms as they are kept: made of the table at build time, without a pointer.
//! It never runs outside of the compiler.
use super::form::{Form, Part, Piece, Row, Step};
use super::forms::FORMS;
use super::proof::Proof;

/// All rows, their parts, and the bytes of their texts.
pub(super) struct Table {
    pub(super) rows: [Row; FORMS.len()],
    pub(super) steps: [Step; STEPS],
    pub(super) bytes: [u8; BYTES],
}

pub(super) static TABLE: Table = table();

const STEPS: usize = sizes().0;
const BYTES: usize = sizes().1;

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at build time only: a wrong index fails the build"
)]
mod build {
    use super::{BYTES, FORMS, Form, Part, Piece, Proof, Row, STEPS, Step, Table};

    /// How many parts there are, and how many bytes their texts have.
    pub(super) const fn sizes() -> (usize, usize) {
        let (mut steps, mut bytes, mut at) = (0, 0, 0);
        while at < FORMS.len() {
            let form: &Form = &FORMS[at];
            bytes += form.before.0.len();
            let mut part = 0;
            while part < form.parts.len() {
                if let Part::Text(text) = form.parts[part] {
                    bytes += text.len();
                }
                part += 1;
            }
            steps += form.parts.len();
            at += 1;
        }
        (steps, bytes)
    }

    /// Puts a text behind those that are there.
    const fn put(bytes: &mut [u8; BYTES], end: &mut usize, text: &str) -> Piece {
        let piece = Piece {
            at: *end as u16,
            len: text.len() as u8,
        };
        let mut at = 0;
        while at < text.len() {
            bytes[*end] = text.as_bytes()[at];
            (at, *end) = (at + 1, *end + 1);
        }
        piece
    }

    pub(super) const fn table() -> Table {
        let none = Row {
            kind: 0,
            anchor: 0,
            begin: Piece { at: 0, len: 0 },
            before: (super::super::form::Alphabet::Alnum, 0, 0),
            first: 0,
            parts: 0,
            proof: Proof::Drawn,
        };
        let mut table = Table {
            rows: [none; FORMS.len()],
            steps: [Step::Value; STEPS],
            bytes: [0; BYTES],
        };
        let (mut end, mut step, mut at) = (0, 0, 0);
        while at < FORMS.len() {
            let form: &Form = &FORMS[at];
            let (begin, alphabet, least, most) = form.before;
            table.rows[at] = Row {
                kind: form.kind,
                anchor: form.anchor.len() as u8,
                begin: put(&mut table.bytes, &mut end, begin),
                before: (alphabet, least, most),
                first: step as u16,
                parts: form.parts.len() as u8,
                proof: form.proof,
            };
            let mut part = 0;
            while part < form.parts.len() {
                table.steps[step] = match form.parts[part] {
                    Part::Text(text) => Step::Text(put(&mut table.bytes, &mut end, text)),
                    Part::Run(alphabet, least, most) => Step::Run(alphabet, least, most),
                    Part::Value => Step::Value,
                };
                (part, step) = (part + 1, step + 1);
            }
            at += 1;
        }
        table
    }
}

use self::build::{sizes, table};
