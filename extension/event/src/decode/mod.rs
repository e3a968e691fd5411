//! The decode lattice: from each value every text that some function could make of it.
//! It never loops without a bound and never hides that it stopped: what was not made is a gap.
//!
//! A value is a work list: each form is opened as a container (JSON, form, cookies, multipart),
//! whose leaves are values of their own, and goes through each decoder that its bytes call for;
//! each new text is shown and joins the list.
use alloc::vec::Vec;

use memchr::memchr;

use crate::chain::Chain;
use crate::coverage::Gap;
use crate::decode::inflate::Left;
use crate::form::{Classes, Decoder, Part, Role};
use crate::scan;
use crate::shape::Shape;
use crate::walk::{Document, Field, Visitor, Walk, Walked};

mod base64;
mod escapes;
mod fields;
mod html;
mod inflate;
mod multipart;
mod rewrite;
mod url;
mod utf7;
mod utf8;
pub(crate) mod wide;
mod width;

// Limit: 24 forms of one value (detection.md section 7); 3 decoders in any order make 16.
const FORMS_MAX: usize = 24;
// Limit: 4 decode steps of one value (detection.md section 7); the evasion set needs 2.
const STEPS_MAX: u8 = 4;
// Limit: 3 rounds of percent-decoding; a fourth has no reader.
const URL_ROUNDS_MAX: u8 = 3;
// Limit: 8 documents inside of each other; SNS in SQS in a body is 3 (lambda-contract.md 4.2).
const LEVELS_MAX: u8 = 8;

/// The decoders of texts, in the order in which they are tried, each with the kinds of bytes one of
/// which it needs; all of them for decoders that need none.
static DECODERS: [(Decoder, Classes); 9] = [
    (Decoder::Url, Classes::PERCENT.with(Classes::PLUS)),
    (Decoder::Escapes, Classes::ESCAPED),
    (Decoder::Html, Classes::AMPERSAND),
    (Decoder::Base64, Classes::UNKNOWN),
    (Decoder::Gzip, Classes::HIGH),
    (Decoder::Utf16, Classes::UNKNOWN),
    (Decoder::Utf7, Classes::PLUS),
    (Decoder::Width, Classes::HIGH),
    (Decoder::Utf8, Classes::HIGH),
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

/// Kinds of bytes that some decoder reads.
pub(crate) const CALLS: Classes = Classes::PERCENT
    .with(Classes::AMPERSAND)
    .with(Classes::ESCAPED)
    .with(Classes::HIGH)
    .with(Classes::PLUS);

/// True if a text without the bytes of [`CALLS`] and of [`Classes::ODD`] is too short for any
/// decoder.
#[inline]
pub(crate) fn is_too_short(text: &[u8]) -> bool {
    text.len() < base64::CHARS_MIN
}

/// The classes of a text, unless it is likely to be opened as a document, where nobody asks.
pub(crate) fn classes(text: &[u8]) -> Classes {
    if is_json(text) {
        Classes::UNKNOWN
    } else {
        Classes::of(text)
    }
}

/// True if a decoder or container may apply; false for almost every ordinary value.
#[inline]
pub(crate) fn may_apply(text: &[u8], classes: Classes, field: &Field<'_>) -> bool {
    const SURE: Classes = Classes::PERCENT.with(Classes::ESCAPED).with(Classes::HIGH);
    if classes.meets(SURE)
        || classes.has(Classes::AMPERSAND) && html::may_be(text)
        || classes.has(Classes::PLUS) && (field.plus || utf7::may_be(text))
    {
        return true;
    }
    if field.part == Part::Key {
        return false;
    }
    match text.first() {
        Some(b'{' | b'[' | b'"' | b' ' | b'\n' | b'\r' | b'\t') => return true,
        Some(b'e' | b'd' | b'B' | b'b') if base64::may_be_carried(text) => return true,
        _ => {}
    }
    if base64::may_be_plain(text, is_path(field)) {
        return true;
    }
    let may_be_form = matches!(field.role, Role::Body | Role::Query | Role::Cookie)
        || classes.has(Classes::AMPERSAND);
    may_be_form && classes.has(Classes::ODD) && memchr(b'=', text).is_some()
}

/// Shows every form of a value: its own text first.
pub(crate) fn work<V: Visitor>(
    walk: &mut Walk<'_, V>,
    text: &[u8],
    classes: Classes,
    field: &Field<'_>,
) {
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
        // Escapes undone in a document that was walked show again what its leaves have shown.
        let is_walked = match at {
            0 => field.is_walked,
            _ => {
                how.steps == 1
                    && how.chain.last() == Some(Decoder::Escapes)
                    && (field.is_walked || is_json(text))
            }
        };
        let opened = open(walk, form, &mut how, field, is_walked);
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
fn decode<V: Visitor>(
    walk: &mut Walk<'_, V>,
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
    for &(decoder, calls) in DECODERS.iter().cycle().skip(first).take(DECODERS.len()) {
        if calls != Classes::UNKNOWN && !how.classes.meets(calls) {
            continue;
        }
        let form = at.checked_sub(1).and_then(|index| made.get(index));
        let form = form.map_or(text, |form| form.text.as_slice());
        if !applies(decoder, form, how, field) {
            continue;
        }
        let Some(decoded) = run(walk, decoder, form, how, field) else {
            continue;
        };
        if decoded == text || made.iter().any(|form| form.text == decoded) {
            walk.recycle(decoded);
            continue;
        }
        match how.after(decoder, &decoded) {
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

impl How {
    /// How the text that `decoder` made came to be; `None` if that is a step too many.
    fn after(&self, decoder: Decoder, text: &[u8]) -> Option<Self> {
        let url_rounds = self.url_rounds + u8::from(decoder == Decoder::Url);
        if self.steps >= STEPS_MAX || url_rounds > URL_ROUNDS_MAX {
            return None;
        }
        let chain = self.chain.then(decoder)?;
        Some(Self {
            classes: classes(text),
            chain,
            steps: self.steps + 1,
            url_rounds,
        })
    }

    /// True for bytes that came out of base64 or compression, which need not be text.
    fn is_unpacked(&self) -> bool {
        matches!(self.chain.last(), Some(Decoder::Base64 | Decoder::Gzip))
    }

    /// True for compressed data and serialized objects, which no decoder of text reads.
    fn is_binary(&self, text: &[u8]) -> bool {
        self.classes.has(Classes::HIGH) && base64::is_known_binary(text)
    }
}

/// True if `decoder` may find something in a text; cheap.
fn applies(decoder: Decoder, text: &[u8], how: &How, field: &Field<'_>) -> bool {
    let classes = how.classes;
    if decoder != Decoder::Gzip && how.is_binary(text) {
        return false;
    }
    match decoder {
        Decoder::Url => {
            classes.has(Classes::PERCENT) || (plus(how, field) && classes.has(Classes::PLUS))
        }
        Decoder::Escapes => classes.has(Classes::ESCAPED),
        Decoder::Html => classes.has(Classes::AMPERSAND) && html::may_be(text),
        Decoder::Base64 => field.part == Part::Value && base64::may_be(text, is_path(field)),
        Decoder::Gzip => classes.has(Classes::HIGH) && inflate::may_be(text),
        Decoder::Utf16 => {
            (how.is_unpacked() || classes.has(Classes::HIGH))
                && wide::encoding_of_text(text).is_some()
        }
        Decoder::Utf7 => classes.has(Classes::PLUS) && utf7::may_be(text),
        Decoder::Width => classes.has(Classes::HIGH) && width::may_be(text),
        Decoder::Utf8 => classes.has(Classes::HIGH) && how.chain.last() != Some(Decoder::Utf8),
        Decoder::Json | Decoder::Form | Decoder::Multipart => false,
    }
}

/// True for paths and object keys, where a value stands behind slashes.
fn is_path(field: &Field<'_>) -> bool {
    field.role == Role::Path || (field.plus && field.role == Role::Other)
}

/// True if `+` means a space here: in forms and queries, in the first round.
fn plus(how: &How, field: &Field<'_>) -> bool {
    field.plus && how.url_rounds == 0
}

/// What `decoder` makes of a text; `None` if that is nothing, or if the budget forbids it.
fn run<V: Visitor>(
    walk: &mut Walk<'_, V>,
    decoder: Decoder,
    text: &[u8],
    how: &How,
    field: &Field<'_>,
) -> Option<Vec<u8>> {
    if !walk.take(text.len()) {
        return None;
    }
    if decoder == Decoder::Gzip {
        return inflated(walk, text, how, field);
    }
    let mut out = walk.buffer();
    let found = match decoder {
        Decoder::Url => url::decode(text, plus(how, field), &mut out),
        Decoder::Escapes => escapes::decode(text, &mut out),
        Decoder::Html => html::decode(text, &mut out),
        Decoder::Base64 => base64::decode(text, is_path(field), &mut out),
        Decoder::Utf16 => wide::decode_text(text, &mut out),
        Decoder::Utf7 => utf7::decode(text, &mut out),
        Decoder::Width => width::decode(text, &mut out),
        Decoder::Utf8 => utf8::decode(text, &mut out),
        Decoder::Gzip | Decoder::Json | Decoder::Form | Decoder::Multipart => false,
    };
    if found {
        Some(out)
    } else {
        walk.recycle(out);
        None
    }
}

/// Inflates, and lets what came out be decoded like bytes of the event.
fn inflated<V: Visitor>(
    walk: &mut Walk<'_, V>,
    text: &[u8],
    how: &How,
    field: &Field<'_>,
) -> Option<Vec<u8>> {
    let mut out = walk.buffer();
    let free = walk.inflated_free;
    let end = inflate::decode(text, walk.inflated_left, free, &mut out);
    walk.inflated_left = walk.inflated_left.saturating_sub(out.len());
    walk.inflated_free = free.saturating_sub(inflate::beyond_ratio(text, out.len()));
    walk.decoded_left = walk
        .decoded_left
        .saturating_add(out.len().saturating_mul(5));
    let paid = walk.take(out.len());
    let packings = how
        .chain
        .steps()
        .iter()
        .filter(|step| **step == Decoder::Gzip);
    let mut shape = Shape {
        packings: u32::try_from(packings.count())
            .unwrap_or(0)
            .saturating_add(1),
        ..Shape::default()
    };
    // What a bomb begins with is not worth its cost: the gap says that nobody looked.
    let is_bomb = match end {
        Some(Left::Bomb(ratio)) => {
            walk.coverage.add(Gap::Ratio);
            shape.ratio = ratio.max(1);
            true
        }
        Some(Left::Damaged) => {
            walk.coverage.add(Gap::Damaged);
            false
        }
        None => false,
    };
    if shape.is_remarkable() {
        let field = Field {
            chain: &how.chain,
            ..*field
        };
        walk.remark(text, &field, &shape);
    }
    if paid && !out.is_empty() && !is_bomb {
        Some(out)
    } else {
        walk.recycle(out);
        None
    }
}

/// Opens a form as the container that it looks like; true if nothing of it was left over.
///
/// Where that leaves something over, `how` knows the text's classes afterwards. A document that was
/// walked in place already is not walked again.
fn open<V: Visitor>(
    walk: &mut Walk<'_, V>,
    text: &[u8],
    how: &mut How,
    field: &Field<'_>,
    is_walked: bool,
) -> bool {
    let mut whole = false;
    if !is_walked && is_json(text) {
        whole = into(walk, text, Decoder::Json, how, field);
    }
    if !whole && how.classes == Classes::UNKNOWN {
        how.classes = Classes::of(text);
    }
    if how.is_binary(text) {
        return false;
    }
    if !whole && multipart::may_be(text, field) {
        into(walk, text, Decoder::Multipart, how, field);
    } else if !whole && fields::may_be(text, how.classes, field, how.steps > 0) {
        whole = into(walk, text, Decoder::Form, how, field);
    }
    whole
}

/// Goes into a container; true if nothing of it was left over.
fn into<V: Visitor>(
    walk: &mut Walk<'_, V>,
    text: &[u8],
    container: Decoder,
    how: &How,
    field: &Field<'_>,
) -> bool {
    let chain = match how.chain.then(container) {
        Some(chain) if field.levels < LEVELS_MAX => chain,
        _ => {
            walk.coverage.add(Gap::Nested);
            return false;
        }
    };
    let paid = walk.within_budget(text);
    let inner = Field {
        chain: &chain,
        levels: field.levels + 1,
        split: false,
        is_walked: false,
        ..*field
    };
    let whole = match container {
        Decoder::Json => {
            let frames = walk.frames();
            Document::nested(paid, &inner, frames).run(walk) == Walked::Whole
        }
        Decoder::Multipart => multipart::split(walk, paid, &inner),
        _ => fields::split(walk, paid, &inner),
    };
    whole && paid.len() == text.len()
}

/// Goes into a JSON document inside its string.
pub(crate) fn open_in_place<V: Visitor>(
    walk: &mut Walk<'_, V>,
    text: &[u8],
    field: &Field<'_>,
) -> Walked {
    let Some(chain) = field.chain.then(Decoder::Json) else {
        return Walked::GaveUp;
    };
    if field.levels >= LEVELS_MAX || !walk.pay(text.len()) {
        return Walked::GaveUp;
    }
    let inner = Field {
        chain: &chain,
        levels: field.levels + 1,
        split: false,
        is_walked: false,
        ..*field
    };
    let frames = walk.frames();
    Document::in_place(text, &inner, frames).run(walk)
}

/// True if a text looks like a JSON document with something inside.
fn is_json(text: &[u8]) -> bool {
    let text = text
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(text)
        .trim_ascii_start();
    let Some((&first, rest)) = text.split_first() else {
        return false;
    };
    let next = rest.trim_ascii_start().first();
    match first {
        b'{' => matches!(next, Some(b'"' | b'}')),
        b'[' => matches!(
            next,
            Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I')
        ),
        // One string and nothing else: `" or "1"="1` is none.
        b'"' => {
            let end = scan::end_of_string(rest, 0);
            let behind = rest.get(end..).unwrap_or(&[]);
            behind.trim_ascii_end() == b"\""
        }
        _ => false,
    }
}

/// Shows one field of a form, cookie header or multipart body.
fn show_field<V: Visitor>(walk: &mut Walk<'_, V>, text: &[u8], part: Part, field: &Field<'_>) {
    let classes = Classes::of(text);
    if !text.is_empty() && !walk.is_cold(text, classes, part) {
        let field = Field {
            part,
            split: true,
            ..*field
        };
        walk.value_within(text, classes, &field);
    }
}
