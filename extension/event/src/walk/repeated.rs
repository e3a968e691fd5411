//! Query parameters that came more than once, as services hand them over: in an array of their own.
//! It never joins values of anything but a query.
use super::document::Document;
use super::{Field, Walk};
use crate::form::{Classes, Decoder, Part, Role};
use crate::path::{Kind, Path};
use crate::scan;
use crate::text;

impl Document<'_> {
    /// Shows the values of the array that ends at `end` with commas between them, the way some
    /// readers join them, if they are those of one query parameter.
    #[inline(never)]
    pub(super) fn join_repeated(&mut self, walk: &mut Walk<'_>, end: usize) {
        let [outer @ .., array] = self.frames.as_slice() else {
            return;
        };
        let is_repeated = array.kind == Kind::Counted && array.index > 0;
        // The event, its member and the parameter.
        let is_parameter = outer.len() == 2 && self.places.at().role == Role::Query;
        if !is_repeated || !is_parameter {
            return;
        }
        let values = self.text.get(array.key.start as usize..end).unwrap_or(&[]);
        let Some(chain) = self.field.chain.then(Decoder::Joined) else {
            return;
        };
        if !walk.take(values.len()) {
            return;
        }
        let mut joined = walk.buffer();
        let mut at = 0;
        while let Some(start) = values.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
            let start = at.saturating_add(start).saturating_add(1);
            let end = scan::end_of_string(values, start);
            if at > 0 {
                joined.push(b',');
            }
            text::unescape(values.get(start..end).unwrap_or(&[]), &mut joined);
            at = end.saturating_add(1);
        }
        let path = Path {
            parent: Some(self.field.path),
            text: self.text,
            frames: outer,
        };
        let field = Field {
            path: &path,
            role: Role::Query,
            part: Part::Value,
            chain: &chain,
            plus: true,
            ..*self.field
        };
        walk.value_of_message(&joined, Classes::of(&joined), &field);
        walk.recycle(joined);
    }
}
