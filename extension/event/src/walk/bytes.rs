//! Arrays of numbers that are the bytes of a text, as headers of Kafka and RabbitMQ come.
//! It never takes an array for one by its numbers alone: only positions of sources name them.
use alloc::vec::Vec;

use super::document::Document;
use super::{Field, Walk};
use crate::form::{Classes, Decoder, Part};
use crate::path::Path;

impl Document<'_> {
    /// Shows the text whose bytes are the numbers behind `start`, if all of them are bytes.
    #[cold]
    pub(super) fn bytes(&self, walk: &mut Walk<'_>, start: usize) {
        let rest = self.text.get(start..).unwrap_or(&[]);
        let Some(chain) = self.field.chain.then(Decoder::Bytes) else {
            return;
        };
        let mut text = walk.buffer();
        let read = collect(rest, &mut text);
        if !text.is_empty() && walk.take(read) {
            let path = Path {
                parent: Some(self.field.path),
                text: self.text,
                frames: &self.frames,
            };
            let place = self.places.at();
            let field = Field {
                path: &path,
                role: place.role,
                part: Part::Value,
                chain: &chain,
                plus: self.takes_plus(place.role),
                split: false,
                is_walked: false,
                is_message: false,
                ..*self.field
            };
            if self.is_event {
                walk.value_of_message(&text, Classes::of(&text), &field);
            } else {
                walk.value_within(&text, Classes::of(&text), &field);
            }
        }
        walk.recycle(text);
    }
}

/// Appends the bytes that an array's numbers are, signed as Java writes them or not; gives how many
/// bytes of the array were read. Nothing is appended if one of them is no byte.
fn collect(array: &[u8], out: &mut Vec<u8>) -> usize {
    let mut at = 0_usize;
    let mut number: Option<i32> = None;
    let mut is_negative = false;
    while let Some(&byte) = array.get(at) {
        at = at.saturating_add(1);
        match byte {
            b'0'..=b'9' => {
                let digit = i32::from(byte).saturating_sub(i32::from(b'0'));
                number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            }
            b'-' if number.is_none() => is_negative = true,
            b' ' | b'\n' | b'\r' | b'\t' => {}
            b',' | b']' => {
                match number.map(|number| if is_negative { -number } else { number }) {
                    Some(number @ -128..=255) => {
                        let [low, ..] = number.to_le_bytes();
                        out.push(low);
                    }
                    None if byte == b']' && out.is_empty() => {}
                    _ => break,
                }
                if byte == b']' {
                    return at;
                }
                (number, is_negative) = (None, false);
            }
            _ => break,
        }
    }
    out.clear();
    at
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::collect;

    #[test]
    fn an_array_is_a_text_if_all_of_its_numbers_are_bytes() {
        for (array, text) in [
            ("104,105]", "hi"),
            (" 104 , 105 ] , 7", "hi"),
            ("90,-61,-68,114]", "Zür"),
            ("90,195,188,114]", "Zür"),
            ("]", ""),
            ("104,256]", ""),
            ("104,-129]", ""),
            ("104,1.5]", ""),
            ("104,\"a\"]", ""),
            ("104,]", ""),
            ("104", ""),
            ("99999999999999999999]", ""),
            ("[104]]", ""),
        ] {
            let mut out = Vec::new();
            collect(array.as_bytes(), &mut out);
            assert_eq!(out, text.as_bytes(), "{array}");
        }
    }
}
