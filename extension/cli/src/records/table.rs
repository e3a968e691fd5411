//! Rows of a CSV file, as Logs Insights writes it.
//! It never holds more than one row.
use std::io::{self, BufRead};

// Limit: a row holds one event of at most 256 KB, whose quotes are doubled; see `document.rs`.
const ROW_BYTES_MAX: usize = 8 << 20;

/// Hands over each row as its cells; false from `take` ends the reading. Returns how many rows were
/// too large to be read.
pub(crate) fn each_row(
    input: &mut dyn BufRead,
    take: &mut dyn FnMut(&[String]) -> anyhow::Result<bool>,
) -> anyhow::Result<u64> {
    let mut row = Row::default();
    let mut oversized = 0;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let read = chunk.len();
        let is_end = read == 0;
        let end: &[u8] = if row.is_begun() { b"\n" } else { b"" };
        for byte in if is_end { end } else { chunk } {
            if !row.step(*byte, is_end) {
                continue;
            }
            let cells = row.take();
            match cells {
                Some(cells) if !take(&cells)? => return Ok(oversized),
                Some(_) => (),
                None => oversized += 1,
            }
        }
        if is_end {
            return Ok(oversized);
        }
        input.consume(read);
    }
}

/// A row as far as it was read (RFC 4180).
#[derive(Debug, Default)]
struct Row {
    cells: Vec<Vec<u8>>,
    cell: Vec<u8>,
    bytes: usize,
    quoted: bool,
    /// A quote was met inside of quotes: the end of the cell, or half of a doubled one.
    half: bool,
}

impl Row {
    fn is_begun(&self) -> bool {
        self.bytes > 0
    }

    /// Takes a byte; true if it ended the row.
    fn step(&mut self, byte: u8, is_end: bool) -> bool {
        if self.quoted && !is_end {
            match (byte, self.half) {
                (b'"', false) => {
                    self.half = true;
                    return false;
                }
                (b'"', true) => {
                    self.half = false;
                    self.push(byte);
                    return false;
                }
                (_, false) => {
                    self.push(byte);
                    return false;
                }
                (_, true) => {
                    self.half = false;
                    self.quoted = false;
                }
            }
        }
        match byte {
            b'\n' => {
                let is_row = self.is_begun();
                self.ends_cell();
                if !is_row {
                    self.cells.clear();
                }
                return is_row;
            }
            b'\r' => (),
            b',' => {
                self.bytes += 1;
                self.ends_cell();
            }
            b'"' if self.cell.is_empty() => {
                self.bytes += 1;
                self.quoted = true;
            }
            _ => self.push(byte),
        }
        false
    }

    fn push(&mut self, byte: u8) {
        self.bytes += 1;
        if self.bytes <= ROW_BYTES_MAX {
            self.cell.push(byte);
        }
    }

    fn ends_cell(&mut self) {
        self.cells.push(std::mem::take(&mut self.cell));
    }

    /// The cells; `None` if there was not room for all of them.
    fn take(&mut self) -> Option<Vec<String>> {
        let fits = self.bytes <= ROW_BYTES_MAX;
        let cells = std::mem::take(self).cells;
        let text = |cell: Vec<u8>| String::from_utf8_lossy(&cell).into_owned();
        fits.then(|| cells.into_iter().map(text).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_may_hold_commas_quotes_and_line_breaks() {
        let text =
            "@timestamp,@message\r\n1,\"{\"\"a\"\":\"\"b,c\"\"}\"\n\n2,\"two\nlines\"\n3,\"open";
        let mut rows = Vec::new();
        for capacity in [1, 64] {
            rows.clear();
            let mut input = io::BufReader::with_capacity(capacity, text.as_bytes());
            let mut take = |row: &[String]| {
                rows.push(row.join("|"));
                Ok(true)
            };
            each_row(&mut input, &mut take).unwrap();
            assert_eq!(
                rows,
                [
                    "@timestamp|@message",
                    "1|{\"a\":\"b,c\"}",
                    "2|two\nlines",
                    "3|open"
                ]
            );
        }
    }

    #[test]
    fn a_row_that_is_too_large_is_counted() {
        let text = format!("a\n{}\nb\n", "x".repeat(ROW_BYTES_MAX + 1));
        let mut rows = Vec::new();
        let mut take = |row: &[String]| {
            rows.push(row.concat());
            Ok(true)
        };
        assert_eq!(each_row(&mut text.as_bytes(), &mut take).unwrap(), 1);
        assert_eq!(rows, ["a", "b"]);
    }
}
