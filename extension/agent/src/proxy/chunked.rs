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
