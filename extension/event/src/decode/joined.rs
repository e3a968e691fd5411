//! The values of one parameter that stands in a form more than once, as readers that join them see
//! them: ASP.NET and API Gateway put a comma between.
//! It never joins across parameters, and never more of them than a reader takes.
use alloc::vec::Vec;

use memchr::memchr;

use super::container::show_field;
use crate::form::{Decoder, Part, Span};
use crate::path::{Frame, Kind, Path};
use crate::sorted;
use crate::walk::{Field, Walk};

// Limit: ASP.NET and PHP take 1,000 parameters of a form and refuse or drop what is beyond.
const PAIRS_MAX: usize = 1024;

/// Tells whether a name may have come before, with a bit for each name.
#[derive(Clone, Copy, Default)]
pub(super) struct Names {
    seen: u64,
    repeated: bool,
}

impl Names {
    /// Notes a name.
    #[inline]
    pub(super) fn note(&mut self, name: &[u8]) {
        let ends = match name {
            [first, .., last] => u32::from(*first) ^ u32::from(*last).wrapping_mul(7),
            [only] => u32::from(*only),
            [] => 0,
        };
        let length = u32::try_from(name.len()).unwrap_or(0);
        let bit = 1_u64.wrapping_shl(ends.wrapping_add(length.wrapping_mul(11)));
        self.repeated |= self.seen & bit != 0;
        self.seen |= bit;
    }

    /// True if some name may have come twice.
    pub(super) fn may_repeat(self) -> bool {
        self.repeated
    }
}

/// Shows the joined values of each name that stands in a form more than once.
pub(super) fn show(walk: &mut Walk<'_>, text: &[u8], field: &Field<'_>) {
    let Some(chain) = field.chain.then(Decoder::Joined) else {
        return;
    };
    let mut pairs = pairs(text);
    // Values of one name keep their order.
    sorted::sort_by(&mut pairs, |(one, left), (other, right)| {
        (one.of(text), left.start) < (other.of(text), right.start)
    });
    let mut frames = walk.frames();
    for group in pairs.chunk_by(|(one, _), (other, _)| one.of(text) == other.of(text)) {
        let Some((name, _)) = group.first().filter(|_| group.len() > 1) else {
            continue;
        };
        let mut joined = walk.buffer();
        for (at, (_, value)) in group.iter().enumerate() {
            if at > 0 {
                joined.push(b',');
            }
            joined.extend_from_slice(value.of(text).unwrap_or(&[]));
        }
        frames.clear();
        frames.push(Frame {
            kind: Kind::Named,
            key: *name,
            index: 0,
        });
        let path = Path {
            parent: Some(field.path),
            text,
            frames: &frames,
        };
        let inner = Field {
            path: &path,
            chain: &chain,
            plus: true,
            ..*field
        };
        if walk.take(joined.len()) {
            show_field(walk, &joined, Part::Value, &inner);
        }
        walk.recycle(joined);
    }
    walk.recycle_frames(frames);
}

/// The names and values of a form, as far as a reader takes them.
fn pairs(text: &[u8]) -> Vec<(Span, Span)> {
    let mut pairs = Vec::new();
    let mut start = 0_usize;
    while start < text.len() && pairs.len() < PAIRS_MAX {
        let rest = text.get(start..).unwrap_or(&[]);
        let len = memchr(b'&', rest).unwrap_or(rest.len());
        let pair = rest.get(..len).unwrap_or(rest);
        let end = start.saturating_add(len);
        if let Some(name) = memchr(b'=', pair) {
            let behind = start.saturating_add(name);
            pairs.push((
                Span::of_offsets(start, behind),
                Span::of_offsets(behind.saturating_add(1), end),
            ));
        }
        start = end.saturating_add(1);
    }
    pairs
}
