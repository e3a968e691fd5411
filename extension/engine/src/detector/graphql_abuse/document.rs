//! A GraphQL document read for its shape: depth, names, directives, fragments, questions for the
//! schema.
//! It never recurses, never allocates, and never judges: it counts.
use super::fragments::Fragments;
use super::lexer::{Lexer, Token};
use crate::lexicon::{WORD_SEED, fold_byte};

// Limit: 64 open selections are followed; more than 20 are a finding already.
const LEVELS_MAX: usize = 64;

/// One open selection.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// The name of the field at hand.
    name: u32,
    /// Everything read of the field at hand but its alias.
    hash: u32,
    has_alias: bool,
    has_selection: bool,
    /// All fields before, as one number.
    sum: u32,
    /// The hash and the alias of the field before.
    before: u32,
    before_had_alias: bool,
    /// Fields in a row of one name: under aliases, and without.
    row: u32,
    row_name: u32,
    /// Fields with an alias.
    aliased: u32,
    /// Fields in a row that are the same to the last sign.
    twins: u32,
}

/// What was counted in a document.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// Definitions that began.
    pub(super) definitions: u32,
    /// Where the first question for the schema stands.
    pub(super) introspection: Option<(usize, usize)>,
    /// The deepest selection, and where it opens.
    pub(super) depth: usize,
    pub(super) deepest_at: usize,
    /// The most fields of one name on the way down.
    pub(super) recurring: usize,
    /// The most fields of one name under aliases in one selection.
    pub(super) aliases: u32,
    /// The most fields under aliases in one selection, whatever their names.
    pub(super) aliased: u32,
    /// The most of one name in a mutation.
    pub(super) mutations: u32,
    /// The most fields of one name without aliases in one selection.
    pub(super) repeats: u32,
    /// The most fields with a selection that are the same but for their aliases, in a row.
    pub(super) twins: u32,
    /// Directives in all, and the most of one name at one place.
    pub(super) directives: u32,
    pub(super) same_directives: u32,
    /// What is wrong with the fragments.
    pub(super) fragments: Option<&'static str>,
    /// Fields in all, and those that ask for the name of their type.
    pub(super) fields: u32,
    pub(super) type_names: u32,
    /// Where the reading ended.
    pub(super) end: usize,
}

struct Reader<'t> {
    lexer: Lexer<'t>,
    shape: Shape,
    levels: [Level; LEVELS_MAX],
    depth: usize,
    fragments: Fragments,
    /// The fragment that is being defined.
    inside: Option<u8>,
    is_mutation: bool,
    /// The last directive, and how many of its name stand in a row.
    directive: u32,
    directive_row: u32,
}

/// Reads as much of a text as is a document.
pub(super) fn read(text: &[u8], start: usize) -> Shape {
    let mut reader = Reader {
        lexer: Lexer::new(text, start),
        shape: Shape::default(),
        levels: [Level::default(); LEVELS_MAX],
        depth: 0,
        fragments: Fragments::new(),
        inside: None,
        is_mutation: false,
        directive: 0,
        directive_row: 0,
    };
    while reader.definition() && reader.selections() {}
    reader.shape.fragments = reader.fragments.production();
    reader.shape.end = reader.lexer.offset();
    reader.shape
}

impl<'t> Reader<'t> {
    /// Reads up to the brace that opens a definition's selection; false if none begins here.
    fn definition(&mut self) -> bool {
        self.inside = None;
        self.is_mutation = false;
        match self.lexer.next() {
            Token::Sign(b'{') => {}
            Token::Name(b"fragment") => {
                let Token::Name(name) = self.lexer.next() else {
                    return false;
                };
                self.inside = self.fragments.define(hash(name));
                if self.lexer.next() != Token::Name(b"on") {
                    return false;
                }
                if !self.heading() {
                    return false;
                }
            }
            Token::Name(kind @ (b"query" | b"mutation" | b"subscription")) => {
                self.is_mutation = kind == b"mutation";
                if !self.heading() {
                    return false;
                }
            }
            _ => return false,
        }
        self.shape.definitions = self.shape.definitions.saturating_add(1);
        self.open();
        true
    }

    /// Passes a name, variables and directives, and the brace behind them.
    fn heading(&mut self) -> bool {
        let mut names = 0;
        loop {
            match self.lexer.next() {
                Token::Sign(b'{') => return true,
                Token::Sign(b'@') => self.note_directive(),
                Token::Sign(b'(') => {
                    if !self.arguments() {
                        return false;
                    }
                }
                Token::Name(_) if names == 0 => names = 1,
                _ => return false,
            }
        }
    }

    /// Reads selections until the first one is closed; false where the document ends or breaks off.
    fn selections(&mut self) -> bool {
        // What is deeper than this is a finding whatever follows.
        while (1..=LEVELS_MAX).contains(&self.depth) {
            let token = self.lexer.next();
            let behind = self.lexer.offset();
            match token {
                Token::Name(name) => self.field(name, behind),
                Token::Spread => self.spread(),
                Token::Sign(b'{') => self.open(),
                Token::Sign(b'}') => self.close(),
                Token::Sign(b'@') => self.note_directive(),
                Token::Sign(b'(') => {
                    if !self.arguments() {
                        return false;
                    }
                }
                _ => return false,
            }
        }
        self.depth == 0
    }

    fn level(&mut self) -> Option<&mut Level> {
        let at = self.depth.checked_sub(1)?;
        self.levels.get_mut(at)
    }

    /// Notes a field, behind its alias if it has one.
    fn field(&mut self, name: &'t [u8], behind: usize) {
        let (mut name, mut behind, mut has_alias) = (name, behind, false);
        if self.lexer.peek() == Token::Sign(b':') {
            self.lexer.next();
            if let Token::Name(field) = self.lexer.peek() {
                self.lexer.next();
                (name, behind, has_alias) = (field, self.lexer.offset(), true);
            }
        }
        self.end_field();
        self.directive_row = 0;
        let named = hash(name);
        self.shape.fields = self.shape.fields.saturating_add(1);
        let is_type_name = name == b"__typename";
        self.shape.type_names = self.shape.type_names.saturating_add(is_type_name.into());
        if matches!(name, b"__schema" | b"__type") {
            let start = behind.saturating_sub(name.len());
            self.shape.introspection.get_or_insert((start, behind));
        }
        let Some(level) = self.level() else { return };
        let goes_on = level.row_name == named && level.before_had_alias == has_alias;
        level.row = if goes_on {
            level.row.saturating_add(1)
        } else {
            1
        };
        level.row_name = named;
        (level.name, level.hash, level.has_alias) = (named, named, has_alias);
        level.has_selection = false;
        level.aliased = level.aliased.saturating_add(has_alias.into());
        let (row, aliased) = (level.row, level.aliased);
        self.shape.aliased = self.shape.aliased.max(aliased);
        let most = match (has_alias, self.is_mutation) {
            (false, _) => &mut self.shape.repeats,
            (true, true) => &mut self.shape.mutations,
            (true, false) => &mut self.shape.aliases,
        };
        *most = (*most).max(row);
    }

    /// The field at hand is over: was it the same as the one before?
    fn end_field(&mut self) {
        let Some(level) = self.level() else { return };
        let is_twin = level.has_selection && level.has_alias && level.hash == level.before;
        level.twins = if is_twin {
            level.twins.saturating_add(1)
        } else {
            1
        };
        (level.before, level.before_had_alias) = (level.hash, level.has_alias);
        level.sum = mixed(level.sum, level.hash);
        let twins = level.twins;
        self.shape.twins = self.shape.twins.max(twins);
    }

    fn open(&mut self) {
        if let Some(level) = self.level() {
            level.has_selection = true;
        }
        self.depth = self.depth.saturating_add(1);
        if let Some(level) = self.level() {
            *level = Level::default();
        }
        if self.depth > self.shape.depth {
            self.shape.depth = self.depth;
            self.shape.deepest_at = self.lexer.offset();
            self.shape.recurring = self.shape.recurring.max(self.recurring());
        }
    }

    /// How many of the open fields have the name of the innermost.
    fn recurring(&self) -> usize {
        let open = self.levels.get(..self.depth.saturating_sub(1));
        let open = open.unwrap_or(&self.levels);
        let Some(name) = open.last().map(|level| level.name) else {
            return 0;
        };
        open.iter().filter(|level| level.name == name).count()
    }

    fn close(&mut self) {
        self.end_field();
        let inner = self.level().map_or(0, |level| level.sum);
        self.depth = self.depth.saturating_sub(1);
        self.mix(inner);
    }

    /// Adds what was read to the field at hand.
    fn mix(&mut self, part: u32) {
        if let Some(level) = self.level() {
            level.hash = mixed(level.hash, part);
        }
    }

    /// Notes what is spread: a fragment by its name, or a selection of its own.
    fn spread(&mut self) {
        self.end_field();
        match self.lexer.peek() {
            Token::Name(b"on") => {
                self.lexer.next();
                if let Token::Name(_) = self.lexer.peek() {
                    self.lexer.next();
                }
            }
            Token::Name(name) => {
                self.lexer.next();
                self.fragments.spread(self.inside, hash(name));
                self.mix(hash(name));
            }
            _ => {}
        }
    }

    /// Passes arguments up to their closing parenthesis; false if the document ends in them.
    fn arguments(&mut self) -> bool {
        let start = self.lexer.offset();
        let mut open = 1_u32;
        loop {
            let token = self.lexer.next();
            open = match token {
                Token::Sign(b'(' | b'[' | b'{') => open.saturating_add(1),
                Token::Sign(b')' | b']' | b'}') => open.saturating_sub(1),
                Token::End | Token::Odd => return false,
                _ => open,
            };
            if open == 0 {
                break;
            }
        }
        // Two fields with arguments are held for different ones unless these are the same bytes.
        let argument = self.lexer.bytes(start);
        self.mix(hash(argument));
        true
    }

    fn note_directive(&mut self) {
        let Token::Name(name) = self.lexer.peek() else {
            return;
        };
        self.lexer.next();
        let named = hash(name);
        self.directive_row = if self.directive == named && self.directive_row > 0 {
            self.directive_row.saturating_add(1)
        } else {
            1
        };
        self.directive = named;
        self.shape.directives = self.shape.directives.saturating_add(1);
        self.shape.same_directives = self.shape.same_directives.max(self.directive_row);
        self.mix(named);
    }
}

/// Two hashes as one, in this order.
fn mixed(one: u32, two: u32) -> u32 {
    one.rotate_left(5).wrapping_mul(0x0100_0193) ^ two
}

fn hash(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(WORD_SEED, |hash, byte| fold_byte(hash, *byte))
}
