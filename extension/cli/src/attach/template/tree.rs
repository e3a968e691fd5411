//! A text of YAML or JSON as a tree that knows where everything stands.
//! It never follows an alias.
use yaml_rust2::Event;
use yaml_rust2::parser::{MarkedEventReceiver, Parser};
use yaml_rust2::scanner::Marker;

/// A place: line and column, both from 0, in signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A part of the text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) start: Place,
    /// Where a bracket closes it; for a block somewhere behind it.
    pub(super) end: Place,
    /// Whether brackets hold it.
    pub(super) is_flow: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(String),
    List(Vec<Node>),
    /// Names and values in turn.
    Map(Vec<Node>),
}

impl Node {
    /// The value of a name.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let pairs = self.members();
        let mut pairs = pairs.chunks_exact(2);
        pairs.find_map(|pair| match pair {
            [key, value] if key.text().is_some_and(|text| text == name) => Some(value),
            _ => None,
        })
    }

    /// Names and values in turn; empty if it is no map.
    pub(super) fn members(&self) -> &[Self] {
        match &self.kind {
            Kind::Map(members) => members,
            _ => &[],
        }
    }

    /// Its items; empty if it is no list.
    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// Its text, if it is one.
    pub(super) fn text(&self) -> Option<&String> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is a map.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// The last line in which something of it begins, or a bracket of it closes.
    pub(super) fn last_line(&self) -> usize {
        let own = if self.is_flow {
            self.end.line
        } else {
            self.start.line
        };
        let (mut last, mut waiting) = (own, vec![self]);
        while let Some(node) = waiting.pop() {
            last = last.max(if node.is_flow {
                node.end.line
            } else {
                node.start.line
            });
            waiting.extend(node.members().iter().chain(node.items()));
        }
        last
    }
}

/// Builds the tree; what is open stands in a stack.
struct Builder<'a> {
    lines: Vec<&'a str>,
    open: Vec<Node>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn node(&self, mark: Marker, kind: Kind) -> Node {
        let start = place(mark);
        let line = self.lines.get(start.line).unwrap_or(&"");
        let sign = line.chars().nth(start.column);
        Node {
            start,
            end: start,
            is_flow: !matches!(kind, Kind::Text(_)) && matches!(sign, Some('{' | '[')),
            kind,
        }
    }

    fn close(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.kind) {
            Some(Kind::List(nodes) | Kind::Map(nodes)) => nodes.push(node),
            _ => self.root = Some(node),
        }
    }
}

fn place(mark: Marker) -> Place {
    Place {
        line: mark.line().saturating_sub(1),
        column: mark.col(),
    }
}

impl MarkedEventReceiver for Builder<'_> {
    fn on_event(&mut self, event: Event, mark: Marker) {
        match event {
            Event::Scalar(text, ..) => {
                let node = self.node(mark, Kind::Text(text));
                self.close(node);
            }
            Event::Alias(_) => {
                let node = self.node(mark, Kind::Text(String::new()));
                self.close(node);
            }
            Event::SequenceStart(..) => {
                let node = self.node(mark, Kind::List(Vec::new()));
                self.open.push(node);
            }
            Event::MappingStart(..) => {
                let node = self.node(mark, Kind::Map(Vec::new()));
                self.open.push(node);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut node) = self.open.pop() {
                    node.end = place(mark);
                    self.close(node);
                }
            }
            _ => (),
        }
    }
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Node, String> {
    let mut builder = Builder {
        lines: text.lines().collect(),
        open: Vec::new(),
        root: None,
    };
    let mut parser = Parser::new_from_str(text);
    let read = parser.load(&mut builder, false);
    read.map_err(|error| error.to_string())?;
    builder.root.ok_or_else(|| "it is empty".to_owned())
}
