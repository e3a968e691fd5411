//! gzip, zlib and raw deflate, with a cap on what comes out.
//! It never trusts a length in the data.
use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::text;

// Limit: 20 : 1 (detection.md section 7); text deflates to a fifth, repeated log lines to a tenth.
const RATIO_MAX: usize = 20;
// Limit: small data may be repetitive; 64 KiB cost as much as an ordinary value's decode budget.
const OUTPUT_FREE: usize = 64 << 10;

/// True if `text` starts like gzip or zlib.
pub(super) fn may_be(text: &[u8]) -> bool {
    is_gzip(text) || is_zlib(text)
}

fn is_gzip(text: &[u8]) -> bool {
    text.starts_with(&[0x1f, 0x8b, 8])
}

/// The two header bytes of zlib, without a dictionary (RFC 1950 section 2.2).
fn is_zlib(text: &[u8]) -> bool {
    let [method, flags, ..] = *text else {
        return false;
    };
    let is_sound = u16::from_be_bytes([method, flags]).is_multiple_of(31);
    matches!(
        method,
        0x08 | 0x18 | 0x28 | 0x38 | 0x48 | 0x58 | 0x68 | 0x78
    ) && is_sound
        && flags & 0x20 == 0
}

// Limit: 16 bytes hold the header of a block and the lengths of its code lengths (74 bits).
pub(super) const HEAD_BYTES: usize = 16;

/// True if bytes may begin raw deflate that carries text: their first block has a sound header.
///
/// Two bits tell the kind of a block, so that a look at them alone would take half of all bytes.
pub(super) fn could_be_raw(head: &[u8; HEAD_BYTES]) -> bool {
    let bits = u128::from_le_bytes(*head);
    let bits_at = |at: u32, count: u32| {
        u32::try_from(bits.wrapping_shr(at) & ((1 << count) - 1)).unwrap_or(0)
    };
    match bits_at(1, 2) {
        // Stored: its length stands there twice, the second time inverted.
        0 => bits_at(8, 16) == !bits_at(24, 16) & 0xffff && bits_at(8, 16) != 0,
        1 => {
            let literal = |at: u32| {
                let code = u8::try_from(bits_at(at, 8)).unwrap_or(0).reverse_bits();
                code.checked_sub(0x30)
            };
            // The first two symbols are literals of eight bits, as all of ASCII is.
            [3, 11].into_iter().all(|at| {
                literal(at).is_some_and(|byte| byte.is_ascii() && !text::is_control(byte))
            })
        }
        2 => {
            // The code of the code lengths is complete.
            let lengths = (0..bits_at(13, 4).saturating_add(4)).map(|at| bits_at(17 + 3 * at, 3));
            let space: u32 = lengths
                .map(|length| if length > 0 { 128 >> length } else { 0 })
                .sum();
            space == 128 && bits_at(3, 5) <= 29 && bits_at(8, 5) <= 29
        }
        _ => false,
    }
}

/// True if bytes may be raw deflate.
pub(super) fn may_be_raw(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(could_be_raw)
}

// Limit: building the tables of a block takes as long as looking at some 4,000 bytes does; charged,
// so that many small files cost no more than one large text.
pub(super) const BEGIN_STEPS: usize = 4096;
// Limit: 16 members; logs that are written on now and then have a few.
const MEMBERS_FREE: usize = 16;

/// What was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Everything beyond the cap; what had come out was so many times the size of what was read.
    Bomb(u32),
    /// What stands behind the damage.
    Damaged,
}

/// How much of `bytes` inflated bytes lies beyond the ratio.
pub(super) fn beyond_ratio(packed: &[u8], bytes: usize) -> usize {
    bytes.saturating_sub(packed.len().saturating_mul(RATIO_MAX))
}

/// What inflating needs, made once and used again.
#[derive(Default)]
pub(crate) struct Inflater {
    state: Option<Box<DecompressorOxide>>,
}

/// How much may come out.
#[derive(Clone, Copy)]
pub(super) struct Cap {
    /// In all.
    pub(super) bytes_max: usize,
    /// Beyond the ratio.
    pub(super) free: usize,
}

/// Appends what raw deflate inflates to; gives what is left out if it is not all. What is no
/// deflate, or no text, gives nothing: almost any bytes may pass for its beginning.
pub(super) fn decode_raw(
    inflater: &mut Inflater,
    packed: &[u8],
    cap: Cap,
    out: &mut Vec<u8>,
) -> Option<Left> {
    let outcome = member(inflater, packed, 0, cap.of(packed), out);
    let is_text = text::is_mostly_text(out);
    match outcome {
        Member::Ends(_) if is_text => None,
        Member::Full(ratio) if is_text => Some(Left::Bomb(ratio)),
        _ => {
            out.clear();
            None
        }
    }
}

impl Cap {
    /// The bytes that may come out of `packed`.
    fn of(self, packed: &[u8]) -> usize {
        let ratio_max = packed.len().saturating_mul(RATIO_MAX);
        let free = OUTPUT_FREE.saturating_sub(ratio_max).min(self.free);
        self.bytes_max.min(ratio_max.saturating_add(free))
    }
}

/// Appends what `packed` inflates to; gives what is left out if it is not all.
pub(super) fn decode(
    inflater: &mut Inflater,
    packed: &[u8],
    cap: Cap,
    out: &mut Vec<u8>,
) -> Option<Left> {
    let output_max = cap.of(packed);
    if is_zlib(packed) {
        // Two bytes that look like zlib's are no proof: nothing came out means that it was none.
        return match member(
            inflater,
            packed,
            TINFL_FLAG_PARSE_ZLIB_HEADER,
            output_max,
            out,
        ) {
            Member::Full(ratio) => Some(Left::Bomb(ratio)),
            Member::Damaged | Member::Ends(_) => None,
        };
    }
    // A gzip file is a row of members, and readers go on to the last one (RFC 1952 section 2.2).
    // Limit: what reading one costs is paid for each 4 KiB; a few small ones are free.
    let mut left = (packed.len() / BEGIN_STEPS).saturating_add(MEMBERS_FREE);
    let mut rest = packed;
    while let Some(body) = gzip_body(rest) {
        let Some(fewer) = left.checked_sub(1) else {
            return Some(Left::Damaged);
        };
        left = fewer;
        match member(inflater, body, 0, output_max, out) {
            Member::Ends(behind) => {
                rest = behind.get(8..).unwrap_or(&[]);
                // Python passes zeros between members, as tapes have them.
                let zeros = rest.iter().take_while(|byte| **byte == 0).count();
                rest = rest.get(zeros..).unwrap_or(&[]);
            }
            Member::Full(ratio) => return Some(Left::Bomb(ratio)),
            Member::Damaged => return out.is_empty().then_some(Left::Damaged),
        }
    }
    (out.is_empty() && !is_empty_gzip(packed)).then_some(Left::Damaged)
}

/// True if the first member ends well without a byte of output.
fn is_empty_gzip(packed: &[u8]) -> bool {
    gzip_body(packed).is_some()
}

enum Member<'p> {
    Ends(&'p [u8]),
    /// More than may come out; so many times its size was what had come out until then.
    Full(u32),
    Damaged,
}

fn member<'p>(
    inflater: &mut Inflater,
    packed: &'p [u8],
    flags: u32,
    output_max: usize,
    out: &mut Vec<u8>,
) -> Member<'p> {
    let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_IGNORE_ADLER32;
    let state = inflater.state.get_or_insert_default();
    state.init();
    let start = out.len();
    let mut written = 0;
    let mut rest = packed;
    loop {
        let room = (written.max(packed.len()).max(1024)).saturating_mul(2);
        let room = room.min(output_max.saturating_sub(start));
        if room <= written {
            out.truncate(start + written);
            let read = packed.len().saturating_sub(rest.len()).max(1);
            let ratio = written.checked_div(read).unwrap_or(0);
            return Member::Full(u32::try_from(ratio).unwrap_or(u32::MAX));
        }
        out.resize(start + room, 0);
        let window = out.get_mut(start..).unwrap_or(&mut []);
        let (status, read, wrote) = decompress(state, rest, window, written, flags);
        written += wrote;
        rest = rest.get(read..).unwrap_or(&[]);
        match status {
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::Done => {
                out.truncate(start + written);
                return Member::Ends(rest);
            }
            _ => {
                out.truncate(start + written);
                return Member::Damaged;
            }
        }
    }
}

/// What stands behind a gzip header (RFC 1952 section 2.3).
fn gzip_body(text: &[u8]) -> Option<&[u8]> {
    if !is_gzip(text) {
        return None;
    }
    let flags = *text.get(3)?;
    let mut rest = text.get(10..)?;
    if flags & 4 != 0 {
        let (size, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_le_bytes(*size))..)?;
    }
    // File name and comment, each ended by a zero byte.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = memchr::memchr(0, rest)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}
