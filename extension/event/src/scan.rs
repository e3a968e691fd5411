//! Byte scanning: where a string ends, and which kinds of bytes stand in it.
//! It never looks outside the text it was given.
use crate::form::Classes;

/// The end of a string and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Offset of the closing quote, or of the end of the text.
    pub(crate) end: usize,
    /// Kinds of bytes before the end.
    pub(crate) classes: Classes,
    /// Whether a closing quote was found.
    pub(crate) closed: bool,
}

/// The class bits of each byte, plus `STOP` for the two bytes at which a string scan stops.
static BITS: [u8; 256] = bits();

const STOP: u8 = 128;

const fn bits() -> [u8; 256] {
    let mut table = [0_u8; 256];
    let mut index = 0;
    while index < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the index ends at 255")]
        let byte = index as u8;
        let mut bits = 0;
        if !(byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b' ' | b'-' | b'_' | b'.' | b',' | b':' | b'/' | b'@' | b'+' | b'?'
            ))
        {
            bits |= Classes::ODD.bits();
        }
        if !(byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\r' | b'\n'))
        {
            bits |= Classes::LOOSE.bits();
        }
        bits |= match byte {
            b'"' => STOP,
            b'\\' => Classes::ESCAPED.bits() | STOP,
            b'%' => Classes::PERCENT.bits(),
            b'&' => Classes::AMPERSAND.bits(),
            b'+' => Classes::PLUS.bits(),
            0x80.. => Classes::HIGH.bits(),
            _ => 0,
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "in a constant, checked by the compiler"
        )]
        {
            table[index] = bits;
        }
        index += 1;
    }
    table
}

fn bits_of(byte: u8) -> u8 {
    BITS.get(usize::from(byte)).copied().unwrap_or(STOP)
}

/// Scans a string from just behind its opening quote.
pub(crate) fn string(text: &[u8], start: usize) -> Scanned {
    let mut found = 0;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        let bits = bits_of(byte);
        if bits & STOP != 0 {
            if byte == b'"' {
                return Scanned {
                    end: at,
                    classes: Classes::from_bits(found),
                    closed: true,
                };
            }
            found |= bits & !STOP;
            at += 1;
            let Some(&escaped) = text.get(at) else { break };
            found |= bits_of(escaped) & !STOP;
        } else {
            found |= bits;
        }
        at += 1;
    }
    Scanned {
        end: text.len().max(start),
        classes: Classes::from_bits(found),
        closed: false,
    }
}

/// The classes of a whole text.
pub(crate) fn classes(text: &[u8]) -> Classes {
    let mut found = 0;
    for &byte in text {
        found |= bits_of(byte);
    }
    Classes::from_bits(found & !STOP)
}
