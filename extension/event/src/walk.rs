//! The tolerant walker: every key and every value of an event, in every form worth judging.
//! It never recurses beyond the levels of nested documents, never allocates per value, and never
//! refuses an input.
use alloc::vec::Vec;

use crate::chain::Chain;
use crate::coverage::{Coverage, Gap};
use crate::decode::{self, Inflater, wide};
use crate::form::{Classes, Decoder, Form, Part, Role};
use crate::path::{Frame, Path};
use crate::shape::Shape;
use crate::steps::Steps;

mod bare;
mod beside;
mod bytes;
mod document;
mod heads;
mod in_place;
mod plain;
mod repeated;

pub use beside::{Beside, walk_beside};
pub(crate) use document::{Document, Walked};
pub use heads::Heads;

/// Receives each form of each key and value.
pub trait Visitor {
    /// Whether it wants to see numbers and literals, too, in which nothing can be hidden.
    fn wants_bare(&self) -> bool {
        false
    }

    /// Judges one form; called for the text as it stands first, then for each decoded form.
    /// A container's leaves come before the container itself; a JSON document in a string of which
    /// nothing is left over may not come itself.
    fn form(&mut self, form: &Form<'_>, steps: &mut Steps);

    /// True if this visitor makes nothing of a text, told by the kinds of its bytes and at most by
    /// a glance; where no decoder reads such a text either, it is not shown.
    fn ignores(&self, text: &[u8], classes: Classes, part: Part) -> bool {
        let _ = (text, classes, part);
        false
    }

    /// How the plain texts begin that this visitor does not ignore, if it can tell: it ignores each
    /// text without [`Classes`] that these heads call nothing.
    fn heads(&self) -> Option<&'static Heads> {
        None
    }

    /// Judges the figures of a document, a form or packed data that are out of the ordinary; called
    /// once for each, behind all that is in it. `form` is the text that has this shape.
    fn shape(&mut self, form: &Form<'_>, shape: &Shape) {
        let _ = (form, shape);
    }
}

/// Walks `event` once and shows every form of every key and value to `visitor`.
///
/// A value is shown as the function will see it (JSON escapes undone), then in each decoded form.
/// Whatever the walker cannot follow as JSON is shown as raw text, from there to the end.
pub fn walk(event: &[u8], steps: &mut Steps, visitor: &mut dyn Visitor) -> Coverage {
    let mut walk = Walk::new(steps, visitor);
    match wide::encoding_of_document(event) {
        None => {
            let text = event.strip_prefix(b"\xef\xbb\xbf").unwrap_or(event);
            walk.event(text, Chain::EMPTY);
        }
        Some(encoding) => {
            walk.raw(event);
            let mut text = walk.buffer();
            if walk.take(event.len()) {
                wide::decode(encoding, event, &mut text);
                walk.event(
                    &text,
                    Chain::EMPTY.then(Decoder::Utf16).unwrap_or(Chain::EMPTY),
                );
            }
            walk.recycle(text);
        }
    }
    walk.coverage
}

/// Shows every form of one text that stands alone in a field of `role`.
pub fn walk_text(
    text: &[u8],
    role: Role,
    part: Part,
    steps: &mut Steps,
    visitor: &mut dyn Visitor,
) -> Coverage {
    let mut walk = Walk::new(steps, visitor);
    let text = walk.within_budget(text);
    let field = Field {
        role,
        part,
        ..Field::ALONE
    };
    walk.value_of_message(text, Classes::of(text), &field);
    walk.coverage
}

/// Shows every form of each of some texts that stand in one field of `role`, as pieces of one
/// message: what decoders need is made once.
pub fn walk_texts<'t>(
    texts: impl Iterator<Item = &'t [u8]>,
    role: Role,
    part: Part,
    steps: &mut Steps,
    visitor: &mut impl Visitor,
) -> Coverage {
    let mut walk = Walk::new(steps, visitor);
    let field = Field {
        role,
        part,
        ..Field::ALONE
    };
    for text in texts {
        let text = walk.within_budget(text);
        if text.is_empty() {
            break;
        }
        let free = text.len().saturating_mul(DECODED_BYTES_FREE_PER_BYTE);
        walk.decoded_free = walk.decoded_free.saturating_add(free);
        walk.value_of_message(text, Classes::of(text), &field);
    }
    walk.coverage
}

/// A value's place, before and beside its text.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the place"
)]
pub(crate) struct Field<'a> {
    /// Where it stands.
    pub(crate) path: &'a Path<'a>,
    /// What it means to its sender.
    pub(crate) role: Role,
    /// Key or value.
    pub(crate) part: Part,
    /// Steps that led to its text.
    pub(crate) chain: &'a Chain,
    /// Containers opened inside of strings on the way.
    pub(crate) levels: u8,
    /// Whether `+` may stand for a space.
    pub(crate) plus: bool,
    /// Whether it was just split out of a form, so that it is not split again.
    pub(crate) split: bool,
    /// Whether it is a JSON document whose leaves were shown already.
    pub(crate) is_walked: bool,
    /// Whether an event of another source may stand in it.
    pub(crate) is_message: bool,
}

impl Field<'static> {
    /// A text that stands alone.
    const ALONE: Self = Field {
        path: &Path::ROOT,
        role: Role::Other,
        part: Part::Value,
        chain: &Chain::EMPTY,
        levels: 0,
        plus: false,
        split: false,
        is_walked: false,
        is_message: false,
    };
}

/// What all documents of one walk share.
// The visitor is called through its table: a walker of its own for each kind of visitor would be
// three times the code, which costs more cold than the calls do.
pub(crate) struct Walk<'w> {
    visitor: &'w mut dyn Visitor,
    /// Whether the visitor is shown numbers and literals.
    pub(crate) shows_bare: bool,
    /// What the visitor ignores, if it can tell and is not shown numbers and literals.
    heads: Option<&'static Heads>,
    pub(crate) steps: &'w mut Steps,
    pub(crate) coverage: Coverage,
    /// Bytes that decoders may still make of the value at hand.
    pub(crate) decoded_left: usize,
    /// The part of it that was granted beyond the value's bytes.
    decoded_granted: usize,
    /// Bytes that may still be granted, in all of the event.
    decoded_free: usize,
    /// Bytes that may still be inflated out of the value at hand.
    pub(crate) inflated_left: usize,
    /// Bytes that may still be inflated beyond the ratio, in all of the event.
    pub(crate) inflated_free: usize,
    pub(crate) inflater: Inflater,
    frames: Vec<Vec<Frame>>,
    buffers: Vec<Vec<u8>>,
}

// Limit: 4 × its bytes + 64 KiB of decoded output per value (detection.md section 7).
const DECODED_BYTES_PER_BYTE: usize = 4;
const DECODED_BYTES_FREE: usize = 64 << 10;
// Limit: what all values together take of that: 1 MiB, and 2 × the event. A few values may cost
// many times their bytes, but not all of them: the cost of an event stays linear in its size.
const DECODED_BYTES_FREE_OF_ALL: usize = 1 << 20;
const DECODED_BYTES_FREE_PER_BYTE: usize = 2;
// Limit: 1 MiB inflated per value (lambda-contract.md R41), and as much beyond the ratio in all.
const INFLATED_BYTES_MAX: usize = 1 << 20;
// Limit: one buffer for each level of nesting and each of its decode steps; more are freed.
const BUFFERS_KEPT: usize = 16;

impl<'w> Walk<'w> {
    fn new(steps: &'w mut Steps, visitor: &'w mut dyn Visitor) -> Self {
        let shows_bare = visitor.wants_bare();
        Self {
            shows_bare,
            heads: if shows_bare { None } else { visitor.heads() },
            visitor,
            steps,
            coverage: Coverage::COMPLETE,
            decoded_left: 0,
            decoded_granted: 0,
            decoded_free: DECODED_BYTES_FREE_OF_ALL,
            inflated_left: 0,
            inflated_free: INFLATED_BYTES_MAX,
            inflater: Inflater::default(),
            frames: Vec::new(),
            buffers: Vec::new(),
        }
    }

    /// Walks the event itself.
    fn event(&mut self, text: &[u8], chain: Chain) {
        let text = self.within_budget(text);
        self.decoded_free = self
            .decoded_free
            .saturating_add(text.len().saturating_mul(DECODED_BYTES_FREE_PER_BYTE));
        let field = Field {
            chain: &chain,
            ..Field::ALONE
        };
        Document::event(text, &field, self.frames()).run(self);
    }

    /// Shows bytes as they are.
    fn raw(&mut self, text: &[u8]) {
        self.show(text, Classes::of(text), &Field::ALONE, false);
    }

    /// True if nobody makes anything of a text: no decoder and not the visitor.
    #[inline]
    pub(crate) fn is_cold(&self, text: &[u8], classes: Classes, part: Part) -> bool {
        let may_decode = !decode::is_too_short(text, part);
        !may_decode && !classes.meets(decode::CALLS) && self.visitor.ignores(text, classes, part)
    }

    /// Shows one value of the event and all its forms.
    pub(crate) fn value_of_message(&mut self, text: &[u8], classes: Classes, field: &Field<'_>) {
        if decode::may_apply(text, classes, field) {
            self.begin_value(text.len());
            decode::work(self, text, classes, field);
        } else {
            self.show(text, classes, field, false);
        }
    }

    /// Gives a value of the event its own budget of decoded bytes.
    pub(crate) fn begin_value(&mut self, bytes: usize) {
        // What the value before has not taken of its free part is free again.
        let kept = self.decoded_left.min(self.decoded_granted);
        self.decoded_free = self.decoded_free.saturating_add(kept);
        self.decoded_granted = self.decoded_free.min(DECODED_BYTES_FREE);
        self.decoded_free = self.decoded_free.saturating_sub(self.decoded_granted);
        self.decoded_left = bytes
            .saturating_mul(DECODED_BYTES_PER_BYTE)
            .saturating_add(self.decoded_granted);
        self.inflated_left = INFLATED_BYTES_MAX;
    }

    /// Shows one value of a nested document and all its forms, within the budget of the outer one.
    pub(crate) fn value_within(&mut self, text: &[u8], classes: Classes, field: &Field<'_>) {
        if decode::may_apply(text, classes, field) {
            decode::work(self, text, classes, field);
        } else {
            self.show(text, classes, field, false);
        }
    }

    /// Shows one form; `opened` if its leaves were shown already.
    pub(crate) fn show(&mut self, text: &[u8], classes: Classes, field: &Field<'_>, opened: bool) {
        let Field {
            path,
            role,
            part,
            chain,
            ..
        } = *field;
        let form = Form {
            text,
            classes,
            role,
            part,
            path,
            decoded: chain.steps(),
            opened,
        };
        self.visitor.form(&form, self.steps);
    }

    /// Tells what is out of the ordinary in the shape of a text.
    #[cold]
    pub(crate) fn remark(&mut self, text: &[u8], field: &Field<'_>, shape: &Shape) {
        let form = Form {
            text,
            classes: Classes::UNKNOWN,
            role: field.role,
            part: field.part,
            path: field.path,
            decoded: field.chain.steps(),
            opened: true,
        };
        self.visitor.shape(&form, shape);
    }

    /// Takes steps for `bytes` bytes; notes the gap when not enough are left.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let taken = self.steps.take(bytes);
        if !taken {
            self.coverage.add(Gap::Budget);
        }
        taken
    }

    /// Takes steps for `bytes` bytes if enough are left; where not, somebody else notes the gap.
    pub(crate) fn pay(&mut self, bytes: usize) -> bool {
        self.steps.take(bytes)
    }

    /// True if decoders may still make `bytes` bytes of the value at hand; notes the gap if not.
    pub(crate) fn may_decode(&mut self, bytes: usize) -> bool {
        let may = bytes <= self.decoded_left;
        if !may {
            self.coverage.add(Gap::Budget);
        }
        may
    }

    /// Counts what a decoder made.
    pub(crate) fn decoded(&mut self, bytes: usize) {
        self.decoded_left = self.decoded_left.saturating_sub(bytes);
    }

    /// The part of `text` that the budget still pays for, already paid.
    pub(crate) fn within_budget<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        if self.take(text.len()) {
            return text;
        }
        let left = usize::try_from(self.steps.left()).unwrap_or(usize::MAX);
        self.steps.take(left);
        text.get(..left).unwrap_or(text)
    }

    /// An empty stack of frames.
    pub(crate) fn frames(&mut self) -> Vec<Frame> {
        self.frames.pop().unwrap_or_default()
    }

    /// Gives a stack of frames back.
    pub(crate) fn recycle_frames(&mut self, mut frames: Vec<Frame>) {
        frames.clear();
        self.frames.push(frames);
    }

    /// An empty buffer.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub(crate) fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.buffers.len() < BUFFERS_KEPT {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
