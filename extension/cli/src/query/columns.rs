//! The columns of the table `records`, read off the very statement that makes it in Athena.
//! It never has a column that the statement has not.

/// What makes the table in Athena.
pub(super) const STATEMENT: &str = include_str!("../../../../deploy/fleet/table.sql");

/// What a column holds; lists and objects are texts of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Truth,
}

impl Kind {
    /// Its name in the local table.
    pub(super) const fn local(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Number => "INTEGER",
            Self::Truth => "BOOLEAN",
        }
    }

    /// Of its name in Athena's.
    fn of_remote(name: &str) -> Option<Self> {
        match name {
            "string" => Some(Self::Text),
            "bigint" => Some(Self::Number),
            "boolean" => Some(Self::Truth),
            _ => None,
        }
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// Every column, those of partitions last.
pub(super) fn all() -> Vec<Column> {
    // A list stands in brackets, a column is a name in back-ticks and a type; what comes behind the
    // partitions are texts in quotes.
    let head = STATEMENT.split("ROW FORMAT").next().unwrap_or_default();
    let lines = head.split(['\n', '(', ')', ',']);
    let column = |line: &'static str| {
        let (name, kind) = line.trim().strip_prefix('`')?.split_once('`')?;
        let kind = Kind::of_remote(kind.trim())?;
        Some(Column { name, kind })
    };
    lines.filter_map(column).collect()
}

/// Those that a question may name: a word of it, whatever it stands for there, keeps its column.
pub(super) fn of_question(sql: &str) -> Vec<Column> {
    let mut words = Vec::new();
    let mut before = "";
    let mut takes_all = false;
    for word in tokens(sql) {
        // `count(*)` asks for no column, `SELECT *` and `NATURAL JOIN` for each.
        takes_all |= (word == "*" && before != "(") || word.eq_ignore_ascii_case("natural");
        words.push(word);
        before = word;
    }
    let is_named = |column: &Column| {
        words
            .iter()
            .any(|word| word.eq_ignore_ascii_case(column.name))
    };
    let mut columns = all();
    columns.retain(|column| takes_all || is_named(column));
    columns
}

/// Words, and every other sign by itself.
fn tokens(sql: &str) -> impl Iterator<Item = &str> {
    let mut rest = sql.trim_start();
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = if is_word(first) {
            rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(end);
        rest = after.trim_start();
        Some(word)
    })
}
