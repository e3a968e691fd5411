//! The decode lattice: from each value every text that some function could make of it.
//! It never loops without a bound and never hides that it stopped: what was not made is a gap.
//!
//! A value is a work list: each form is opened as a container (JSON, form, cookies, multipart),
//! whose leaves are values of their own, and goes through each decoder that its bytes call for;
//! each new text is shown and joins the list.
use alloc::vec::Vec;

use crate::chain::Chain;
use crate::coverage::Gap;
use crate::decode::inflate::Left;
use crate::form::{Classes, Decoder, Part, Role};
use crate::shape::Shape;
use crate::text;
use crate::walk::{Field, Walk};
use call::is_path;

mod aggregate;
mod among;
mod archive;
mod base64;
mod call;
mod codes;
mod compatibility;
mod compatible;
mod container;
mod css;
mod data_url;
mod escapes;
mod fields;
mod graphql;
mod hex;
mod html;
mod html_names;
mod inflate;
mod joined;
mod multipart;
mod nul;
mod quoted;
mod rewrite;
mod segment;
mod url;
mod utf7;
mod utf8;
pub(crate) mod wide;
mod xml;

pub(crate) use base64::CHARS_MIN as VALUE_BYTES_MIN;
pub(crate) use call::{CALLS, classes, is_too_short, may_apply};
pub(crate) use container::open_in_place;
pub(crate) use inflate::Inflater;

// Limit: 24 forms of one value (detection.md section 7); 3 decoders in any order make 16.
const FORMS_MAX: usize = 24;
// Limit: 4 decode steps of one value (detection.md section 7); the evasion set needs 2.
const STEPS_MAX: u8 = 4;
// Limit: 3 rounds of percent-decoding; a fourth has no reader.
const URL_ROUNDS_MAX: u8 = 3;

// Limit: to ask for containers and decoders takes about 72 steps, however short a form is.
const FORM_STEPS: usize = 72;

/// The decoders of texts, in the order in which they are tried, each with the kinds of bytes one of
/// which it needs; all of them for decoders that need none.
static DECODERS: [(Decoder, Classes); 16] = [
    (Decoder::Url, Classes::PERCENT.with(Classes::PLUS)),
    (Decoder::Escapes, Classes::ESCAPED),
    (Decoder::Html, Classes::AMPERSAND),
    (Decoder::Base64, Classes::UNKNOWN),
    (Decoder::Hex, Classes::UNKNOWN),
    (Decoder::Gzip, Classes::HIGH),
    (Decoder::Utf16, Classes::UNKNOWN),
    (Decoder::Utf7, Classes::PLUS),
    (Decoder::Compatibility, Classes::HIGH),
    (Decoder::Utf8, Classes::HIGH),
    (Decoder::Css, Classes::ESCAPED),
    (Decoder::CharCodes, Classes::SIGN),
    (Decoder::Nul, Classes::SIGN),
    (Decoder::DataUrl, Classes::UNKNOWN),
    (Decoder::Segment, Classes::UNKNOWN),
    (Decoder::Text, Classes::HIGH),
];

/// One form that a decoder made.
struct Made {
    text: Vec<u8>,
    how: How,
}

/// How a form came to be.
#[derive(Clone, Copy)]
struct How {
    classes: Classes,
    chain: Chain,
    steps: u8,
    url_rounds: u8,
}

/// Shows every form of a value: its own text first.
pub(crate) fn work(walk: &mut Walk<'_>, text: &[u8], classes: Classes, field: &Field<'_>) {
    let raw = How {
        classes,
        chain: *field.chain,
        steps: 0,
        url_rounds: 0,
    };
    let mut made: Vec<Made> = Vec::new();
    let mut at = 0_usize;
    loop {
        let (form, mut how) = match at.checked_sub(1).map(|index| made.get(index)) {
            None => (text, raw),
            Some(Some(form)) => (form.text.as_slice(), form.how),
            Some(None) => break,
        };
        if !walk.take(FORM_STEPS) {
            // Somebody has to say that nobody looked.
            walk.show(form, how.classes, field, false);
            break;
        }
        // Escapes undone in a document that was walked show again what its leaves have shown.
        let is_walked = match at {
            0 => field.is_walked,
            _ => {
                how.steps == 1
                    && how.chain.last() == Some(Decoder::Escapes)
                    && (field.is_walked || container::is_json(text))
            }
        };
        let opened = container::open(walk, form, &mut how, field, is_walked);
        walk.show(
            form,
            how.classes,
            &Field {
                chain: &how.chain,
                ..*field
            },
            opened,
        );
        if !opened {
            decode(walk, text, at, &how, &mut made, field);
        }
        at += 1;
    }
    for form in made {
        walk.recycle(form.text);
    }
}

// Limit: a long text rarely has a nested encoding and often one of each kind, which in every order
// would be eight forms of full size; beyond 16 KiB each form gets one successor.
const LONG_BYTES: usize = 16 << 10;

/// Puts what each decoder makes of one form on the list: the form at `at`, where 0 is `text`.
///
/// Of a long form only the next decoder's text is made, in turns, so that all encodings are undone
/// in a row that holds each text once.
fn decode(
    walk: &mut Walk<'_>,
    text: &[u8],
    at: usize,
    how: &How,
    made: &mut Vec<Made>,
    field: &Field<'_>,
) {
    let is_long = text.len() > LONG_BYTES;
    let turn = how.chain.last().filter(|_| is_long && how.steps > 0);
    let turn = DECODERS
        .iter()
        .position(|(decoder, _)| Some(*decoder) == turn);
    let first = turn.map_or(0, |last| last + 1);
    let form = at.checked_sub(1).and_then(|index| made.get(index));
    let is_binary = how.is_binary(form.map_or(text, |form| form.text.as_slice()));
    for decoder in called(how.classes, first) {
        if is_binary != (decoder == Decoder::Text) && decoder != Decoder::Gzip {
            continue;
        }
        let form = at.checked_sub(1).and_then(|index| made.get(index));
        let form = form.map_or(text, |form| form.text.as_slice());
        if !applies(decoder, form, how, field) {
            continue;
        }
        let Some((decoded, second)) = run(walk, decoder, form, how, field) else {
            continue;
        };
        if decoded == text || made.iter().any(|form| form.text == decoded) {
            walk.recycle(decoded);
            continue;
        }
        match how.after(decoder, second, &decoded) {
            // Only now, because most decoders that are asked find nothing to undo.
            Some(_) if !walk.may_decode(decoded.len()) => walk.recycle(decoded),
            Some(how) if made.len() + 1 < FORMS_MAX => {
                walk.decoded(decoded.len());
                made.push(Made { text: decoded, how });
                if is_long {
                    return;
                }
            }
            _ => {
                walk.coverage.add(Gap::Forms);
                walk.recycle(decoded);
            }
        }
    }
}

/// The decoders that find what they need in a text of these classes, in turns from `first` on.
fn called(classes: Classes, first: usize) -> impl Iterator<Item = Decoder> {
    let called = CALLED.get(usize::from(classes.bits())).copied();
    let called = u32::from(called.unwrap_or(u16::MAX));
    // Those from `first` on, and behind them those before it.
    let begun = u32::MAX.wrapping_shl(u32::try_from(first).unwrap_or(0));
    let mut left = called & begun | (called & !begun) << u16::BITS;
    core::iter::from_fn(move || {
        let place = left.trailing_zeros() % u16::BITS;
        if left == 0 {
            return None;
        }
        left &= left.wrapping_sub(1);
        DECODERS.get(place as usize).map(|(decoder, _)| *decoder)
    })
}

/// A bit for each of [`DECODERS`], for each set of classes. 512 bytes.
static CALLED: [u16; 256] = {
    let mut table = [0; 256];
    let mut classes = 0;
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "runs at build time only, over indices below 256"
    )]
    while classes < table.len() {
        let mut at = 0;
        while at < DECODERS.len() {
            let needs = DECODERS[at].1.bits();
            if needs == Classes::UNKNOWN.bits() || needs & classes as u8 != 0 {
                table[classes] |= 1 << at;
            }
            at += 1;
        }
        classes += 1;
    }
    table
};

impl How {
    /// How the text that `decoder` made came to be; `None` if that is a step too many.
    fn after(&self, decoder: Decoder, second: Option<Decoder>, text: &[u8]) -> Option<Self> {
        let url_rounds = self.url_rounds + u8::from(decoder == Decoder::Url);
        if self.steps >= STEPS_MAX || url_rounds > URL_ROUNDS_MAX {
            return None;
        }
        let mut chain = self.chain.then(decoder)?;
        if let Some(second) = second {
            chain = chain.then(second)?;
        }
        Some(Self {
            classes: classes(text),
            chain,
            steps: self.steps + 1,
            url_rounds,
        })
    }

    /// True for bytes that came out of base64 or compression, which need not be text.
    fn is_unpacked(&self) -> bool {
        matches!(
            self.chain.last(),
            Some(Decoder::Base64 | Decoder::Hex | Decoder::Gzip)
        )
    }

    /// True for compressed data and serialized objects, which no decoder of text reads; a text may
    /// begin like one.
    fn is_binary(&self, text: &[u8]) -> bool {
        self.classes.has(Classes::HIGH)
            && base64::is_known_binary(text)
            && !text::is_mostly_text(text)
    }
}

/// True if `decoder` may find something in a text; cheap.
fn applies(decoder: Decoder, text: &[u8], how: &How, field: &Field<'_>) -> bool {
    let classes = how.classes;
    match decoder {
        Decoder::Url => {
            classes.has(Classes::PERCENT) || (plus(how, field) && classes.has(Classes::PLUS))
        }
        Decoder::Escapes => classes.has(Classes::ESCAPED),
        Decoder::Css => classes.has(Classes::ESCAPED) && css::may_be(text),
        Decoder::Html => classes.has(Classes::AMPERSAND) && html::may_be(text),
        Decoder::Base64 => {
            call::is_opened(text, field) && base64::may_be(text, is_path(field))
                || how.steps == 0 && call::may_carry_bytes(text, field)
        }
        // What is packed is opened, and holds no text by itself.
        Decoder::Text => !inflate::may_be(text),
        Decoder::Hex => call::is_opened(text, field) && hex::may_be(text),
        Decoder::Gzip => classes.has(Classes::HIGH) && inflate::may_be(text),
        Decoder::Utf16 => {
            (how.is_unpacked() || classes.has(Classes::HIGH))
                && wide::encoding_of_text(text).is_some()
        }
        Decoder::Utf7 => classes.has(Classes::PLUS) && utf7::may_be(text),
        Decoder::Compatibility => classes.has(Classes::HIGH),
        Decoder::Utf8 => classes.has(Classes::HIGH) && how.chain.last() != Some(Decoder::Utf8),
        Decoder::CharCodes => classes.has(call::SIGNED) && codes::may_be(text),
        Decoder::Nul => classes.has(call::SIGNED) && nul::may_be(text),
        Decoder::DataUrl => data_url::may_be(text),
        Decoder::Segment => {
            matches!(field.role, Role::Path | Role::ObjectKey)
                && field.part == Part::Value
                && !how.chain.steps().contains(&Decoder::Segment)
                && segment::may_be(text)
        }
        _ => false,
    }
}

/// True if `+` means a space here: in forms and queries, in the first round.
fn plus(how: &How, field: &Field<'_>) -> bool {
    field.plus && how.url_rounds == 0
}

/// What `decoder` makes of a text, and the second step that it took at once; `None` if that is
/// nothing, or if the budget forbids it.
fn run(
    walk: &mut Walk<'_>,
    decoder: Decoder,
    text: &[u8],
    how: &How,
    field: &Field<'_>,
) -> Option<(Vec<u8>, Option<Decoder>)> {
    // Short runs of base64 are read at a third of the speed of anything else.
    let price = if decoder == Decoder::Utf7 { 3 } else { 1 };
    if !walk.take(text.len().saturating_mul(price)) {
        return None;
    }
    if decoder == Decoder::Gzip {
        return inflated(walk, text, Packing::Marked, how, field).map(|out| (out, None));
    }
    let mut out = walk.buffer();
    let found = match decoder {
        Decoder::Url => url::decode(text, plus(how, field), &mut out),
        Decoder::Escapes => escapes::decode(text, &mut out),
        Decoder::Css => css::decode(text, &mut out),
        Decoder::Html => html::decode(text, &mut out),
        Decoder::Base64 => base64::decode(text, is_path(field), &mut out),
        Decoder::Hex => hex::decode(text, &mut out),
        Decoder::Utf16 => wide::decode_text(text, &mut out),
        Decoder::Utf7 => utf7::decode(text, &mut out),
        Decoder::Compatibility => compatibility::decode(text, &mut out),
        Decoder::Utf8 => utf8::decode(text, &mut out),
        Decoder::CharCodes => codes::decode(text, &mut out),
        Decoder::Nul => nul::decode(text, &mut out),
        Decoder::DataUrl => data_url::decode(text, &mut out),
        Decoder::Segment => segment::decode(text, &mut out),
        Decoder::Text => among::decode(text, &mut out),
        _ => false,
    };
    let is_packed = matches!(decoder, Decoder::Base64 | Decoder::Hex);
    if found && (!is_packed || base64::is_worth_keeping(&out)) {
        return Some((out, None));
    }
    let inner = if found && inflate::may_be_raw(&out) {
        inflated(walk, &out, Packing::Raw, how, field)
    } else {
        None
    };
    if inner.is_none() && found && how.steps == 0 && call::may_carry_bytes(text, field) {
        let mut among = walk.buffer();
        let holds = walk.take(out.len()) && among::decode(&out, &mut among);
        walk.recycle(out);
        return holds.then_some((among, Some(Decoder::Text)));
    }
    walk.recycle(out);
    inner.map(|inner| (inner, Some(Decoder::Gzip)))
}

/// How compressed data begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// With the mark of gzip or zlib.
    Marked,
    /// With the first block.
    Raw,
}

/// Inflates, and lets what came out be decoded like bytes of the event.
fn inflated(
    walk: &mut Walk<'_>,
    text: &[u8],
    packing: Packing,
    how: &How,
    field: &Field<'_>,
) -> Option<Vec<u8>> {
    if !walk.take(inflate::BEGIN_STEPS) {
        return None;
    }
    let mut out = walk.buffer();
    let cap = inflate::Cap {
        bytes_max: walk.inflated_left,
        free: walk.inflated_free,
    };
    let end = match packing {
        Packing::Marked => inflate::decode(&mut walk.inflater, text, cap, &mut out),
        Packing::Raw => inflate::decode_raw(&mut walk.inflater, text, cap, &mut out),
    };
    walk.inflated_left = walk.inflated_left.saturating_sub(out.len());
    walk.inflated_free = cap
        .free
        .saturating_sub(inflate::beyond_ratio(text, out.len()));
    walk.decoded_left = walk
        .decoded_left
        .saturating_add(out.len().saturating_mul(5));
    let paid = walk.take(out.len());
    let is_bomb = note_packed(walk, text, end, how, field);
    if paid && !out.is_empty() && !is_bomb {
        Some(out)
    } else {
        walk.recycle(out);
        None
    }
}

/// Tells of what was left out, and of packed data in packed data; true for a bomb.
fn note_packed(
    walk: &mut Walk<'_>,
    text: &[u8],
    left: Option<Left>,
    how: &How,
    field: &Field<'_>,
) -> bool {
    let chain = how.chain.steps().iter();
    let packings = chain.filter(|step| **step == Decoder::Gzip).count();
    let mut shape = Shape {
        packings: u32::try_from(packings).unwrap_or(0).saturating_add(1),
        ..Shape::default()
    };
    // What a bomb begins with is not worth its cost: the gap says that nobody looked.
    match left {
        Some(Left::Bomb(ratio)) => {
            walk.coverage.add(Gap::Ratio);
            shape.ratio = ratio.max(1);
        }
        Some(Left::Damaged) => walk.coverage.add(Gap::Damaged),
        None => {}
    }
    if shape.is_remarkable() {
        let field = Field {
            chain: &how.chain,
            ..*field
        };
        walk.remark(text, &field, &shape);
    }
    shape.ratio > 0
}

#[cfg(test)]
mod tests;
