//! What a value means to its sender, told from its position in the event.
//! It never looks at values: only the names around them count.
use crate::form::Role;
use crate::path::Kind;
use crate::source::POSITIONS;
use crate::source::position::{EVENT, Holds, Id, NESTED, NOWHERE};

/// A place in an event: where it is in the tree of positions, and the role of a text there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    node: Id,
    /// The role of a text at this place.
    pub(crate) role: Role,
    /// True if an event of another source may stand here in a string.
    pub(crate) is_message: bool,
}

impl Place {
    /// The top of the event itself.
    pub(crate) const EVENT: Self = Self {
        node: EVENT,
        role: Role::Other,
        is_message: false,
    };

    /// The top of a document inside a string of `role`.
    pub(crate) fn nested(role: Role) -> Self {
        Self {
            node: NESTED,
            role,
            is_message: false,
        }
    }

    /// The top of an event inside a string of `role`.
    pub(crate) fn nested_event(role: Role) -> Self {
        Self {
            node: EVENT,
            ..Self::nested(role)
        }
    }

    /// This place, where nothing has a position any more.
    fn unknown(self) -> Self {
        Self {
            node: NOWHERE,
            is_message: false,
            ..self
        }
    }

    /// The place of a member.
    fn member(self, name: &[u8]) -> Self {
        let Some(node) = POSITIONS.node(self.node) else {
            return self;
        };
        if node.holds == Some(Holds::Headers) {
            let is_cookie = name.eq_ignore_ascii_case(b"cookie");
            let role = if is_cookie {
                Role::Cookie
            } else {
                Role::Header
            };
            return Self {
                role,
                ..self.unknown()
            };
        }
        self.step(POSITIONS.find(self.node, name))
    }

    fn step(self, to: Id) -> Self {
        let holds = POSITIONS.node(to).and_then(|node| node.holds);
        let role = match holds {
            Some(Holds::Text(role) | Holds::Bytes(role)) => role,
            Some(Holds::Message) => Role::Message,
            Some(Holds::Headers) => Role::Header,
            Some(Holds::Event) | None => self.role,
        };
        Self {
            node: to,
            role,
            is_message: holds == Some(Holds::Message),
        }
    }

    #[inline(never)]
    fn is_bytes(self) -> bool {
        matches!(self.holds(), Some(Holds::Bytes(_)))
    }

    fn holds(self) -> Option<Holds> {
        POSITIONS.node(self.node)?.holds
    }
}

/// An open container in which something has a position.
#[derive(Clone, Copy)]
struct Level {
    /// The container's own place.
    own: Place,
    /// The place of what stands in it without a name: of each element of an array.
    inside: Place,
}

// Limit: the longest position lies in 7 containers, an object key in another invocation's event in
// 6. What lies deeper has the role of what it lies in.
const LEVELS_MAX: usize = 8;

/// Where a walker stands among the positions: they end a few containers below the top of a
/// document, and from there on nothing is asked and nothing is kept.
pub(crate) struct Places {
    top: Place,
    /// The place of the current member.
    at: Place,
    levels: [Level; LEVELS_MAX],
    /// How many of the open containers are levels; no other is known.
    known: usize,
}

impl Places {
    /// The places of a document.
    pub(crate) fn new(top: Place) -> Self {
        let level = Level {
            own: top,
            inside: top,
        };
        Self {
            top,
            at: top,
            levels: [level; LEVELS_MAX],
            known: 0,
        }
    }

    /// The place of the value at hand.
    #[inline]
    pub(crate) fn at(&self) -> Place {
        self.at
    }

    /// True if the names in the container at hand have places of their own; `depth` counts the open
    /// containers.
    #[inline]
    pub(crate) fn reads_names(&self, depth: usize) -> bool {
        depth == self.known
    }

    /// Comes to a member of the container at hand; gives the place of the container, whose role the
    /// name has.
    pub(crate) fn enter(&mut self, depth: usize, name: &[u8]) -> Place {
        if depth != self.known {
            return self.at;
        }
        let Some(own) = self.level().map(|level| level.own) else {
            return self.top;
        };
        self.at = own.member(name);
        own
    }

    /// Opens a container within `depth` others.
    #[inline]
    pub(crate) fn open(&mut self, depth: usize, kind: Kind) {
        if self.at.node != NOWHERE {
            self.open_known(depth, kind);
        }
    }

    #[inline(never)]
    fn open_known(&mut self, depth: usize, kind: Kind) {
        let (own, inside) = match (POSITIONS.node(self.at.node), kind) {
            (Some(node), Kind::Named) if node.reads_names() => (self.at, self.at.unknown()),
            (Some(node), Kind::Counted) if node.element != NOWHERE => {
                (self.at.unknown(), self.at.step(node.element))
            }
            _ => {
                self.at = self.at.unknown();
                return;
            }
        };
        self.at = inside;
        match self.levels.get_mut(self.known) {
            Some(level) if depth == self.known => {
                *level = Level { own, inside };
                self.known += 1;
            }
            _ => self.at = self.at.unknown(),
        }
    }

    /// Comes back out of a container; `depth` counts those that are still open.
    #[inline]
    pub(crate) fn close(&mut self, depth: usize) {
        if depth <= self.known {
            self.close_known(depth);
        }
    }

    #[inline(never)]
    fn close_known(&mut self, depth: usize) {
        self.known = depth;
        self.at = self.level().map_or(self.top, |level| level.inside);
    }

    /// True if an array of numbers that opens here is the bytes of a text.
    #[inline]
    pub(crate) fn is_bytes(&self) -> bool {
        self.at.node != NOWHERE && self.at.is_bytes()
    }

    fn level(&self) -> Option<&Level> {
        self.levels.get(self.known.checked_sub(1)?)
    }
}
