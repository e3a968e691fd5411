//! What comes beside an event: headers of the message that carries it, as callers chose them.
//! It never looks at a header that is not named to it.
use super::{Field, Visitor, Walk};
use crate::coverage::Coverage;
use crate::form::{Classes, Part, Role, Span};
use crate::path::{Frame, Kind, Path};
use crate::steps::Steps;

/// A text beside an event.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Its name in pointers: they begin with `#/` and the name.
    pub name: &'static str,
    /// The text.
    pub text: &'a [u8],
    /// What it means to its sender.
    pub role: Role,
}

/// Shows every form of the texts beside an event.
pub fn walk_beside(texts: &[Beside<'_>], steps: &mut Steps, visitor: &mut dyn Visitor) -> Coverage {
    let mut walk = Walk::new(steps, visitor);
    for beside in texts.iter().filter(|beside| !beside.text.is_empty()) {
        let key = Span::of_offsets(0, beside.name.len());
        let frame = Frame {
            kind: Kind::Beside,
            key,
            index: 0,
        };
        let path = Path {
            parent: None,
            text: beside.name.as_bytes(),
            frames: &[frame],
        };
        let text = walk.within_budget(beside.text);
        let field = Field {
            path: &path,
            role: beside.role,
            part: Part::Value,
            ..Field::ALONE
        };
        walk.value_of_message(text, Classes::of(text), &field);
    }
    walk.coverage
}
