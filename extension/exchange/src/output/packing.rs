//! Compressed bodies: undone in pieces of bounded size, and written again where they were changed.
//! It never trusts a length in the data, and never holds more than was asked for.
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::parts::Coding;

// Limit: deflate looks back 32 KiB, and the buffer's size must be a power of two.
const RING_BYTES: usize = 64 * 1024;

// Limit: an answer of 6 MiB in base64 holds 4.5 MiB of compressed data; text deflates to a fifth,
// and 32 MiB are seven times as much.
const INFLATED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What compressed data comes to, in pieces; false if its end never came, or too much before it.
pub(super) fn inflate(packed: &[u8], coding: Coding, mut piece: impl FnMut(&[u8])) -> bool {
    let mut inflating = Inflating::new(coding);
    inflating.feed(packed, &mut piece) && inflating.is_done
}

// Limit: names and comments in the head of gzip are file names; what is longer is none.
const HEAD_BYTES_MAX: usize = 4 * 1024;

// A checksum and a length (RFC 1952, 2.3.1).
const GZIP_END_BYTES: usize = 8;

/// Compressed data on its way.
pub(super) struct Inflating {
    coding: Coding,
    /// What came of its head.
    head: Vec<u8>,
    /// How the deflated data is to be read; nothing while the head is not whole.
    flags: Option<u32>,
    state: Box<DecompressorOxide>,
    ring: Vec<u8>,
    at: usize,
    all: usize,
    is_done: bool,
    /// How much of what ends a member of gzip is still to come.
    checksum_bytes: usize,
}

impl core::fmt::Debug for Inflating {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Inflating({:?})", self.coding)
    }
}

impl Inflating {
    pub(super) fn new(coding: Coding) -> Self {
        Self {
            coding,
            head: Vec::new(),
            flags: None,
            state: Box::new(DecompressorOxide::new()),
            ring: vec![0; RING_BYTES],
            at: 0,
            all: 0,
            is_done: false,
            checksum_bytes: 0,
        }
    }

    /// True once the end of the data has come.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Takes the next piece and gives what it comes to; false where it is no such data, or comes to
    /// too much.
    pub(super) fn feed(&mut self, packed: &[u8], piece: &mut dyn FnMut(&[u8])) -> bool {
        if self.is_done {
            return self.begin_again(packed, piece);
        }
        let Some(flags) = self.flags else {
            self.head.extend_from_slice(packed);
            let head = core::mem::take(&mut self.head);
            let Some((data, flags)) = data(&head, self.coding) else {
                let may_come = head.len() < HEAD_BYTES_MAX;
                self.head = head;
                return may_come && !matches!(self.coding, Coding::Other(_));
            };
            self.flags = Some(flags);
            return self.go_on(data, flags, piece);
        };
        self.go_on(packed, flags, piece)
    }

    fn go_on(&mut self, data: &[u8], flags: u32, piece: &mut dyn FnMut(&[u8])) -> bool {
        let flags = flags | TINFL_FLAG_HAS_MORE_INPUT;
        let mut rest = data;
        while !self.is_done && self.all <= INFLATED_BYTES_MAX {
            let (status, taken, made) =
                decompress(&mut self.state, rest, &mut self.ring, self.at, flags);
            rest = rest.get(taken..).unwrap_or_default();
            self.all = self.all.saturating_add(made);
            let end = self.at.saturating_add(made);
            piece(self.ring.get(self.at..end).unwrap_or_default());
            self.at = if end >= RING_BYTES { 0 } else { end };
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput => return true,
                TINFLStatus::Done => {
                    self.is_done = true;
                    self.checksum_bytes = GZIP_END_BYTES;
                    return self.begin_again(rest, piece);
                }
                _ => return false,
            }
        }
        false
    }

    /// Goes on with the next member, because readers of gzip read them as one; what comes behind
    /// other data is read by nobody.
    fn begin_again(&mut self, data: &[u8], piece: &mut dyn FnMut(&[u8])) -> bool {
        let end = self.checksum_bytes.min(data.len());
        self.checksum_bytes = self.checksum_bytes.saturating_sub(end);
        let rest = data.get(end..).unwrap_or_default();
        if rest.is_empty() || self.coding != Coding::Gzip {
            return true;
        }
        self.state.init();
        (self.flags, self.is_done) = (None, false);
        self.feed(rest, piece)
    }
}

/// Where the deflated data begins, and how it is to be read.
fn data(packed: &[u8], coding: Coding) -> Option<(&[u8], u32)> {
    match coding {
        Coding::Gzip => Some((behind_gzip_head(packed)?, 0)),
        Coding::Deflate if packed.len() < 2 => None,
        Coding::Deflate if is_zlib(packed) => {
            let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_IGNORE_ADLER32;
            Some((packed, flags))
        }
        Coding::Deflate => Some((packed, 0)),
        Coding::None | Coding::Other(_) => None,
    }
}

fn is_zlib(packed: &[u8]) -> bool {
    matches!(packed, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..])
}

/// What stands behind the head of RFC 1952.
fn behind_gzip_head(packed: &[u8]) -> Option<&[u8]> {
    let flags = *packed.strip_prefix(&[0x1f, 0x8b, 8])?.first()?;
    let mut rest = packed.get(10..)?;
    if flags & 4 != 0 {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end.saturating_add(1)..)?;
        }
    }
    rest.get(if flags & 2 != 0 { 2 } else { 0 }..)
}

/// Packs a text as it came, in blocks that are stored: every reader takes them, and nothing has to
/// be searched for what repeats.
pub(super) fn pack(text: &[u8], packed: &[u8], coding: Coding) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len().saturating_add(64));
    match coding {
        Coding::Gzip => {
            out.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
            store(text, &mut out);
            out.extend_from_slice(&crc32(text).to_le_bytes());
            let length = u32::try_from(text.len()).ok()?;
            out.extend_from_slice(&length.to_le_bytes());
        }
        Coding::Deflate => {
            let is_zlib = is_zlib(packed);
            if is_zlib {
                out.extend_from_slice(&[0x78, 0x01]);
            }
            store(text, &mut out);
            if is_zlib {
                out.extend_from_slice(&adler32(text).to_be_bytes());
            }
        }
        Coding::None | Coding::Other(_) => return None,
    }
    Some(out)
}

/// Stored blocks of RFC 1951.
fn store(text: &[u8], out: &mut Vec<u8>) {
    let mut blocks = text.chunks(usize::from(u16::MAX)).peekable();
    if text.is_empty() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
}

/// The checksum of gzip, two digits a byte: a table of 64 bytes is enough for what is rare.
fn crc32(text: &[u8]) -> u32 {
    const TABLE: [u32; 16] = [
        0x0000_0000,
        0x1db7_1064,
        0x3b6e_20c8,
        0x26d9_30ac,
        0x76dc_4190,
        0x6b6b_51f4,
        0x4db2_6158,
        0x5005_713c,
        0xedb8_8320,
        0xf00f_9344,
        0xd6d6_a3e8,
        0xcb61_b38c,
        0x9b64_c2b0,
        0x86d3_d2d4,
        0xa00a_e278,
        0xbdbd_f21c,
    ];
    let step = |crc: u32| {
        let known = TABLE.get(usize::try_from(crc & 15).unwrap_or(0));
        known.copied().unwrap_or(0) ^ crc >> 4
    };
    !text
        .iter()
        .fold(u32::MAX, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

/// The checksum of zlib.
fn adler32(text: &[u8]) -> u32 {
    let (one, other) = text.iter().fold((1_u32, 0_u32), |(one, other), byte| {
        let one = one.saturating_add(u32::from(*byte)) % 65_521;
        (one, other.saturating_add(one) % 65_521)
    });
    other << 16 | one
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{Coding, Inflating, adler32, crc32, inflate, pack};

    fn inflated(packed: &[u8], coding: Coding) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let whole = inflate(packed, coding, |piece| out.extend_from_slice(piece));
        (out, whole)
    }

    #[test]
    fn what_is_packed_is_unpacked_whatever_its_size() {
        for bytes in [0, 1, 65_535, 65_536, 300_000] {
            let text: Vec<u8> = (0..bytes).map(|at: usize| at.to_le_bytes()[0]).collect();
            for (coding, like) in [
                (Coding::Gzip, &b""[..]),
                (Coding::Deflate, b"\x78\x9c"),
                (Coding::Deflate, b"\x01"),
            ] {
                let packed = pack(&text, like, coding).unwrap();
                assert_eq!(inflated(&packed, coding), (text.clone(), true), "{bytes}");
                let cut = packed.len() / 2;
                assert!(!inflated(&packed[..cut], coding).1);
            }
        }
    }

    #[test]
    fn what_comes_in_pieces_comes_to_the_same() {
        let text = "a text that repeats itself, ".repeat(9);
        for (coding, like) in [(Coding::Gzip, &b""[..]), (Coding::Deflate, b"\x78\x9c")] {
            let packed = pack(text.as_bytes(), like, coding).unwrap();
            for size in [1, 7, 100] {
                let (mut inflating, mut out) = (Inflating::new(coding), Vec::new());
                for piece in packed.chunks(size) {
                    let mut take = |text: &[u8]| out.extend_from_slice(text);
                    assert!(inflating.feed(piece, &mut take));
                }
                assert_eq!(out, text.as_bytes());
            }
        }
    }

    #[test]
    fn members_of_gzip_are_read_as_one() {
        let members = [&b"one, "[..], b"", b"two, ", b"three"];
        let packed = members.map(|text| pack(text, b"", Coding::Gzip).unwrap());
        let packed = packed.concat();
        let all = (b"one, two, three".to_vec(), true);
        assert_eq!(inflated(&packed, Coding::Gzip), all);
        for size in [1, 7, 18] {
            let (mut inflating, mut out) = (Inflating::new(Coding::Gzip), Vec::new());
            for piece in packed.chunks(size) {
                let mut take = |text: &[u8]| out.extend_from_slice(text);
                assert!(inflating.feed(piece, &mut take));
            }
            assert_eq!((out, inflating.is_done()), all, "{size}");
        }
        let cut = packed.len() - 12;
        assert!(!inflated(&packed[..cut], Coding::Gzip).1);
        let with_more = [&packed[..], b"and more"].concat();
        assert_eq!(inflated(&with_more, Coding::Gzip), (all.0, false));
    }

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn no_data_panics() {
        bolero::check!().for_each(|packed: &[u8]| {
            inflate(packed, Coding::Deflate, |_| ());
            let head = [&[0x1f, 0x8b, 8][..], packed].concat();
            inflate(&head, Coding::Gzip, |_| ());
        });
    }
}
