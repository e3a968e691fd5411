//! Positions: where in an event which text stands, as one table of all sources.
//! It never holds a name twice at one place, and never lets two sources disagree: that fails the
//! build, at which the table is made.
//!
//! One table of all sources needs no recognition: an event that fits several sources is inspected
//! as each of them, and nobody can shape an event so that it is inspected as less.
use crate::form::Role;

/// What stands at a position, and beneath it where no other position says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Texts of one role.
    Text(Role),
    /// A message that somebody else shaped, often an event of its own in a string.
    Message,
    /// Headers by name; cookies stand in the header `cookie`.
    Headers,
    /// Arrays of numbers that are the bytes of a text.
    Bytes(Role),
    /// A whole event of any source.
    Event,
}

/// Positions of one source: names joined by `/`, `[]` for any element, `*` for any member.
pub(crate) type Positions = [(&'static str, Holds)];

/// A place in the tree of all positions.
pub(crate) type Id = u16;

/// The place beneath which nothing has a position.
pub(crate) const NOWHERE: Id = 0;
/// The top of an event.
pub(crate) const EVENT: Id = 1;
/// The top of a document in a string.
pub(crate) const NESTED: Id = 2;

#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(crate) holds: Option<Holds>,
    /// The place of each element of an array.
    pub(crate) element: Id,
    /// The place of each member that has none of its own.
    any: Id,
    /// True if members of some name have places of their own.
    has_members: bool,
}

impl Node {
    const NEW: Self = Self {
        holds: None,
        element: NOWHERE,
        any: NOWHERE,
        has_members: false,
    };

    /// True if the names of members change anything.
    pub(crate) const fn reads_names(self) -> bool {
        self.has_members || self.any != NOWHERE || matches!(self.holds, Some(Holds::Headers))
    }
}

#[derive(Clone, Copy)]
struct Edge {
    from: Id,
    to: Id,
    name: &'static str,
}

/// The tree of all positions: at most `NODES` places, members found in `SLOTS` slots (a power of
/// two).
pub(crate) struct Table<const NODES: usize, const SLOTS: usize> {
    nodes: [Node; NODES],
    used: Id,
    edges: [Edge; SLOTS],
    edges_used: usize,
}

#[expect(
    clippy::indexing_slicing,
    reason = "the table is built at build time: a wrong index fails the build"
)]
impl<const NODES: usize, const SLOTS: usize> Table<NODES, SLOTS> {
    /// The table without a position.
    pub(crate) const fn new() -> Self {
        Self {
            nodes: [Node::NEW; NODES],
            used: 3,
            edges: [Edge {
                from: NOWHERE,
                to: NOWHERE,
                name: "",
            }; SLOTS],
            edges_used: 0,
        }
    }

    /// The table with these positions more, beneath `top`.
    pub(crate) const fn with(mut self, top: Id, positions: &Positions) -> Self {
        let mut at = 0;
        while at < positions.len() {
            self.add(top, positions[at].0, positions[at].1);
            at += 1;
        }
        // A quarter empty at least, so that a look-up ends after a few slots.
        assert!(self.edges_used * 4 <= SLOTS * 3, "too many names");
        self
    }

    const fn add(&mut self, top: Id, path: &'static str, holds: Holds) {
        let mut node = top;
        let mut rest = path;
        loop {
            let (name, behind) = split(rest);
            let is_last = behind.is_empty();
            let to = if is_last && matches!(holds, Holds::Event) {
                EVENT
            } else {
                NOWHERE
            };
            node = self.step(node, name, to);
            if is_last {
                break;
            }
            rest = behind;
        }
        if matches!(holds, Holds::Event) {
            return;
        }
        let old = &mut self.nodes[node as usize].holds;
        match old {
            None => *old = Some(holds),
            Some(old) => assert!(is_same(*old, holds), "two sources disagree on a position"),
        }
    }

    /// The place beneath `node` at `name`, made if there is none: `to`, or a new one.
    const fn step(&mut self, node: Id, name: &'static str, to: Id) -> Id {
        let known = match name.as_bytes() {
            b"[]" => self.nodes[node as usize].element,
            b"*" => self.nodes[node as usize].any,
            name => self.member(node, name),
        };
        if known != NOWHERE {
            assert!(
                to == NOWHERE || to == known,
                "two sources disagree on an event"
            );
            return known;
        }
        let made = if to == NOWHERE {
            let made = self.used;
            self.used += 1;
            made
        } else {
            to
        };
        match name.as_bytes() {
            b"[]" => self.nodes[node as usize].element = made,
            b"*" => self.nodes[node as usize].any = made,
            bytes => {
                self.nodes[node as usize].has_members = true;
                let mut slot = slot(node, bytes) & (SLOTS - 1);
                while self.edges[slot].to != NOWHERE {
                    slot = (slot + 1) & (SLOTS - 1);
                }
                self.edges[slot] = Edge {
                    from: node,
                    to: made,
                    name,
                };
                self.edges_used += 1;
            }
        }
        made
    }

    /// The place of the member `name` beneath `node`; [`NOWHERE`] if it has none of its own.
    const fn member(&self, node: Id, name: &[u8]) -> Id {
        let mut slot = slot(node, name) & (SLOTS - 1);
        while self.edges[slot].to != NOWHERE {
            let edge = &self.edges[slot];
            if edge.from == node && is_equal(edge.name.as_bytes(), name) {
                return edge.to;
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
        NOWHERE
    }
}

impl<const NODES: usize, const SLOTS: usize> Table<NODES, SLOTS> {
    /// What is known of a place; `None` for [`NOWHERE`].
    #[inline]
    pub(crate) fn node(&self, node: Id) -> Option<&Node> {
        if node == NOWHERE {
            return None;
        }
        self.nodes.get(usize::from(node))
    }

    /// The place of a member of `node`.
    pub(crate) fn find(&self, node: Id, name: &[u8]) -> Id {
        let known = self.node(node);
        if known.is_some_and(|node| node.has_members) {
            let mut at = slot(node, name) & (SLOTS - 1);
            // Bounded by the quarter of the table that is empty.
            while let Some(edge) = self.edges.get(at).filter(|edge| edge.to != NOWHERE) {
                if edge.from == node && edge.name.as_bytes() == name {
                    return edge.to;
                }
                at = (at + 1) & (SLOTS - 1);
            }
        }
        known.map_or(NOWHERE, |node| node.any)
    }
}

/// The first name of a path, and what stands behind its slash.
const fn split(path: &'static str) -> (&'static str, &'static str) {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        #[expect(clippy::indexing_slicing, reason = "at build time, behind a check")]
        if bytes[at] == b'/' {
            let (name, rest) = path.split_at(at);
            return (name, rest.split_at(1).1);
        }
        at += 1;
    }
    (path, "")
}

/// Where the search for a name begins: its length and its ends tell names apart well enough.
#[inline]
const fn slot(node: Id, name: &[u8]) -> usize {
    let ends = match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u32::from_le_bytes(*first) ^ u32::from_le_bytes(*last).rotate_left(7)
        }
        _ => match name {
            [first, .., last] => ((*first as u32) << 8) | *last as u32,
            [one] => *one as u32,
            [] => 0,
        },
    };
    #[expect(clippy::cast_possible_truncation, reason = "a hash may lose bits")]
    let len = name.len() as u32;
    let mixed = (ends ^ (len << 16) ^ node as u32).wrapping_mul(0x9e37_79b1);
    (mixed >> 16) as usize
}

const fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        #[expect(clippy::indexing_slicing, reason = "at build time, behind a check")]
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn is_same(one: Holds, other: Holds) -> bool {
    match (one, other) {
        (Holds::Text(one), Holds::Text(other)) | (Holds::Bytes(one), Holds::Bytes(other)) => {
            one as u8 == other as u8
        }
        (Holds::Message, Holds::Message)
        | (Holds::Headers, Holds::Headers)
        | (Holds::Event, Holds::Event) => true,
        _ => false,
    }
}
