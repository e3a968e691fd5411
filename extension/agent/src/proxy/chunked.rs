//! The framing of a chunked body, followed byte by byte and passed on as it came.
//! It never changes a byte and never accepts what two parsers could read differently.

// Limit: trailers up to 1.25 MiB (R32): base64 stack traces of 1 MiB occur.
const TRAILER_BYTES_MAX: usize = 1_310_720;

// Limit: nobody sends chunk extensions; 1 KiB is room for what a proxy might add.
const EXTENSION_BYTES_MAX: usize = 1024;

/// A chunked body that two parsers could read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadChunk;

/// Where in a chunked body we are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunked {
    state: State,
    size: u64,
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    Done,
}

impl Chunked {
    /// The start of a body.
    pub(super) fn new() -> Self {
        Self {
            state: State::Size,
            size: 0,
            count: 0,
        }
    }

    /// True after the last byte of the trailer section.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Follows `bytes` and tells how many of them belong to the body; data goes to `data` as well.
    pub(super) fn follow(
        &mut self,
        bytes: &[u8],
        mut data: Option<&mut Vec<u8>>,
    ) -> Result<usize, BadChunk> {
        let mut at = 0;
        while self.state != State::Done {
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            if self.state == State::Data {
                let run = usize::try_from(self.size)
                    .unwrap_or(usize::MAX)
                    .min(rest.len());
                if let (Some(data), Some(run)) = (data.as_deref_mut(), rest.get(..run)) {
                    data.extend_from_slice(run);
                }
                self.size = self
                    .size
                    .saturating_sub(u64::try_from(run).unwrap_or(u64::MAX));
                at = at.saturating_add(run);
                if self.size == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            let Some(byte) = rest.first() else { break };
            self.state = self.step(*byte)?;
            at = at.saturating_add(1);
        }
        Ok(at)
    }

    /// Follows `bytes`, and keeps what they hold apart: data, and what is behind the last chunk.
    pub(super) fn follow_all(
        &mut self,
        bytes: &[u8],
        data: &mut Vec<u8>,
        trailers: &mut Vec<u8>,
    ) -> Result<usize, BadChunk> {
        let mut at = 0;
        while self.state != State::Done && at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            if self.is_behind_data() {
                let count = self.follow(rest, None)?;
                trailers.extend_from_slice(rest.get(..count).unwrap_or_default());
                return Ok(at.saturating_add(count));
            }
            // A chunk's data at once, everything else byte by byte.
            let piece = if self.state == State::Data {
                let run = usize::try_from(self.size).unwrap_or(usize::MAX);
                rest.get(..run).unwrap_or(rest)
            } else {
                rest.get(..1).unwrap_or(rest)
            };
            at = at.saturating_add(self.follow(piece, Some(data))?);
        }
        Ok(at)
    }

    /// What of a whole body is no data: sizes of chunks, what extends them, trailers.
    pub(super) fn beside(bytes: &[u8]) -> Vec<u8> {
        let (mut chunked, mut at, mut beside) = (Self::new(), 0_usize, Vec::new());
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let is_data = chunked.state == State::Data;
            let run = usize::try_from(chunked.size).unwrap_or(usize::MAX);
            let piece = rest.get(..if is_data { run } else { 1 }).unwrap_or(rest);
            if !is_data {
                beside.extend_from_slice(piece);
            }
            match chunked.follow(piece, None) {
                Ok(count) if count > 0 => at = at.saturating_add(count),
                _ => break,
            }
        }
        beside
    }

    /// True behind the last chunk.
    fn is_behind_data(&self) -> bool {
        matches!(
            self.state,
            State::TrailerStart | State::Trailer | State::TrailerLf | State::EndLf
        )
    }

    fn step(&mut self, byte: u8) -> Result<State, BadChunk> {
        Ok(match (self.state, byte) {
            (State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                self.count = self.count.saturating_add(1);
                if self.count > 15 {
                    return Err(BadChunk);
                }
                self.size = self.size.saturating_mul(16).saturating_add(digit);
                State::Size
            }
            (State::Size, b'\r') if self.count > 0 => State::SizeLf,
            (State::Size, b';' | b' ' | b'\t') if self.count > 0 => {
                self.count = 0;
                State::Extension
            }
            (State::Extension, b'\r') => State::SizeLf,
            (State::Extension | State::TrailerStart | State::Trailer, b'\n' | 0) => {
                return Err(BadChunk);
            }
            (State::Extension, _) => {
                self.count = self.count.saturating_add(1);
                if self.count > EXTENSION_BYTES_MAX {
                    return Err(BadChunk);
                }
                State::Extension
            }
            (State::SizeLf, b'\n') => {
                self.count = 0;
                if self.size == 0 {
                    State::TrailerStart
                } else {
                    State::Data
                }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size,
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::Trailer, b'\r') => State::TrailerLf,
            (State::TrailerStart | State::Trailer, _) => {
                self.count = self.count.saturating_add(1);
                if self.count > TRAILER_BYTES_MAX {
                    return Err(BadChunk);
                }
                State::Trailer
            }
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => State::Done,
            _ => return Err(BadChunk),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{BadChunk, Chunked};

    /// Follows `bytes` in pieces that end at `cuts`; the bytes of the body, its data, and whether
    /// it is whole.
    fn follow(bytes: &[u8], cuts: &[usize]) -> Result<(usize, Vec<u8>, bool), BadChunk> {
        let (mut chunked, mut data, mut at) = (Chunked::new(), Vec::new(), 0);
        let ends = cuts.iter().copied().filter(|cut| *cut < bytes.len());
        for end in ends.chain([bytes.len()]) {
            if end < at {
                continue;
            }
            let count = chunked.follow(&bytes[at..end], Some(&mut data))?;
            at += count;
            if at < end {
                break;
            }
        }
        Ok((at, data, chunked.is_done()))
    }

    #[test]
    fn a_body_ends_with_its_trailers_and_takes_nothing_of_what_follows() {
        for (wire, data) in [
            ("0\r\n\r\n", ""),
            ("3\r\nabc\r\n0\r\n\r\n", "abc"),
            (
                "A;x=\"y\"\r\n0123456789\r\n00\r\nT: 1\r\nU: 2\r\n\r\n",
                "0123456789",
            ),
            ("2 \t;\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ] {
            let whole = format!("{wire}GET / HTTP/1.1\r\n\r\n");
            for cut in 0..=whole.len() {
                let seen = follow(whole.as_bytes(), &[cut]).unwrap();
                assert_eq!(seen, (wire.len(), data.into(), true), "{wire} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_body_that_is_not_whole_is_never_done() {
        let wire = b"3\r\nabc\r\n0\r\nT: 1\r\n\r\n";
        for end in 0..wire.len() {
            let (count, _, done) = follow(&wire[..end], &[]).unwrap();
            assert_eq!((count, done), (end, false));
        }
    }

    #[test]
    fn extensions_and_trailers_have_a_bound() {
        let long = |bytes: usize| "x".repeat(bytes);
        let extension = |bytes| format!("1;{}\r\na\r\n0\r\n\r\n", long(bytes));
        assert!(follow(extension(1024).as_bytes(), &[]).is_ok());
        assert!(follow(extension(1025).as_bytes(), &[]).is_err());
        let trailer = |bytes| format!("0\r\n{}\r\n\r\n", long(bytes));
        assert!(follow(trailer(1_310_720).as_bytes(), &[]).is_ok());
        assert!(follow(trailer(1_310_721).as_bytes(), &[]).is_err());
    }

    #[test]
    fn where_a_body_is_cut_changes_nothing_and_nothing_panics() {
        bolero::check!()
            .with_type::<(Vec<u8>, Vec<u8>)>()
            .for_each(|(noise, cuts)| {
                // Noise alone is refused at its first byte, so it stands behind a good start too.
                for start in [&b""[..], b"3\r\nabc\r\n", b"0\r\n", b"f;"] {
                    let bytes = [start, noise].concat();
                    let cuts: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut)).collect();
                    let whole = follow(&bytes, &[]);
                    let cut = follow(&bytes, &cuts);
                    assert_eq!(whole.is_err(), cut.is_err());
                    assert!(whole.is_err() || whole == cut);
                }
            });
    }
}
