//! Statements other than `select`, and whether what follows the verb fits it.
//! It never looks further than a few tokens, and never at what the statement would do.
use super::token::{Kind, Lexer, Token};
use super::word::{self, Roles};

/// How well a verb is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// By nothing that a statement could go on with.
    None,
    /// By the value's end, or by something that may be one.
    Weak,
    /// By what fits it, but the verb is too common to begin a statement without a semicolon.
    Marked,
    /// By the object that the verb needs.
    Fits,
    /// By an object with an effect outside the database, or by a delay.
    Effect,
}

/// Judges the tokens after `verb`; `lexer` stands right behind it.
pub(super) fn object(verb: &Token<'_>, lexer: Lexer<'_>) -> Object {
    let mut lexer = lexer;
    let next = lexer.next();
    let is = |name: &str| word::is(verb.text, name);
    let end = verb.start.saturating_add(verb.text.len());
    if next.start == end && next.kind == Kind::Variable {
        // `exec@example` is an address.
        return Object::None;
    }
    if is("waitfor") {
        return waitfor(&next, lexer);
    }
    if is("exec") || is("execute") {
        return execute(&next, lexer);
    }
    if is("shutdown") || is("reconfigure") || is("commit") || is("rollback") {
        return alone(&next, is("shutdown"));
    }
    if matches!(next.kind, Kind::End | Kind::Cut) {
        return Object::Weak;
    }
    if is("print") {
        return marked(matches!(next.kind, Kind::Setting | Kind::Variable));
    }
    if is("raiserror") {
        return fits(opens(&next));
    }
    if is("declare") || is("set") {
        return variable(verb, &next, lexer);
    }
    if (is("insert") || is("replace")) && rows(&next, lexer) {
        return Object::Marked;
    }
    if is("insert") || is("merge") || is("replace") || is("delete") || is("bulk") {
        return table(&next, lexer);
    }
    if is("update") {
        return update(&next, lexer);
    }
    if is("if") || is("while") || is("begin") {
        return block(verb, &next, lexer);
    }
    if is("drop") || is("create") || is("alter") || is("truncate") || is("rename") {
        let replaces = next.roles.any(Roles::CONNECTIVE);
        if replaces {
            // `create or replace function f(…)`
            lexer.next();
        }
        let object = if replaces { lexer.next() } else { next };
        return defined(&object, lexer);
    }
    if is("grant") || is("revoke") || is("deny") {
        return granted(lexer);
    }
    other(verb, &next, lexer)
}

fn fits(yes: bool) -> Object {
    if yes { Object::Fits } else { Object::None }
}

fn marked(yes: bool) -> Object {
    if yes { Object::Marked } else { Object::None }
}

fn named(token: &Token<'_>) -> bool {
    matches!(
        token.kind,
        Kind::Word | Kind::Name | Kind::Text { .. } | Kind::Setting
    )
}

/// True for the parenthesis of a call; a brace opens none.
fn opens(token: &Token<'_>) -> bool {
    token.text == b"("
}

fn ends(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::End | Kind::Cut | Kind::Semicolon)
}

fn waitfor(next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    if !(word::is(next.text, "delay") || word::is(next.text, "time")) {
        return Object::None;
    }
    match lexer.next().kind {
        Kind::Text { .. } | Kind::Variable => Object::Effect,
        _ => Object::Weak,
    }
}

fn execute(next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    if next.roles.any(Roles::EFFECT) || next.path.any(Roles::EFFECT) {
        return Object::Effect;
    }
    if next.path.any(Roles::SYSTEM) || word::is(next.text, "immediate") {
        return Object::Fits;
    }
    let system = next
        .text
        .get(..3)
        .is_some_and(|p| word::is(p, "sp_") || word::is(p, "xp_"));
    match next.kind {
        Kind::Word if system => Object::Fits,
        Kind::Open if opens(next) => Object::Fits,
        Kind::Variable => Object::Fits,
        Kind::Word | Kind::Name => {
            let after = lexer.next();
            match after.kind {
                Kind::Text { open: false } | Kind::Variable | Kind::Open => Object::Fits,
                Kind::Cut => Object::Weak,
                _ => Object::None,
            }
        }
        Kind::End | Kind::Cut => Object::Weak,
        _ => Object::None,
    }
}

fn alone(next: &Token<'_>, strong: bool) -> Object {
    let closed = ends(next) || word::is(next.text, "with");
    match (closed, strong, next.kind) {
        (true, true, Kind::Word) => Object::Fits,
        (true, true, Kind::Cut | Kind::Semicolon) => Object::Marked,
        (true, ..) => Object::Weak,
        _ => Object::None,
    }
}

fn variable(verb: &Token<'_>, next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    let after = lexer.next();
    let local = next.kind == Kind::Variable && next.text.first() == Some(&b'@');
    match next.kind {
        Kind::Variable if local && word::is(verb.text, "declare") => fits(is_type(&after)),
        Kind::Setting => Object::Fits,
        Kind::Variable if local => {
            fits(after.kind == Kind::Compare || after.kind == Kind::Arithmetic)
        }
        _ => Object::None,
    }
}

/// True for a type of SQL Server, or for the `as` before one: `declare @home your income` has none.
fn is_type(token: &Token<'_>) -> bool {
    let types = [
        "as",
        "bigint",
        "binary",
        "bit",
        "char",
        "cursor",
        "date",
        "datetime",
        "decimal",
        "float",
        "int",
        "integer",
        "money",
        "nchar",
        "ntext",
        "numeric",
        "nvarchar",
        "real",
        "smallint",
        "sysname",
        "table",
        "text",
        "time",
        "tinyint",
        "varbinary",
        "varchar",
        "xml",
    ];
    token.kind == Kind::Name || types.iter().any(|name| word::is(token.text, name))
}

fn table(next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    let mut next = *next;
    for _ in 0..3 {
        if next.roles.any(Roles(Roles::INTO.0 | Roles::FROM.0)) {
            let name = lexer.next();
            let after = lexer.next();
            let goes_on = ends(&after)
                || opens(&after)
                || after
                    .roles
                    .any(Roles(Roles::WHERE.0 | Roles::CLAUSE.0 | Roles::SELECT.0));
            return fits(named(&name) && goes_on);
        }
        next = lexer.next();
    }
    Object::None
}

/// `replace t (a, b) values (…)`: the rows of MySQL's `insert` and `replace`, which need no `into`.
fn rows(next: &Token<'_>, mut lexer: Lexer<'_>) -> bool {
    // Limit: the names of eight columns with the commas between them.
    named(next)
        && opens(&lexer.next())
        && (0..16).any(|_| {
            let token = lexer.next();
            token.roles.any(Roles::ROWS) && opens(&lexer.next())
        })
}

fn update(next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    if !named(next) {
        return Object::None;
    }
    let set = lexer.next();
    let column = lexer.next();
    let equals = lexer.next();
    fits(word::is(set.text, "set") && named(&column) && equals.kind == Kind::Compare)
}

fn block(verb: &Token<'_>, next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    if word::is(verb.text, "begin") {
        let effect = next.roles.any(Roles::EFFECT) || next.path.any(Roles::EFFECT);
        if effect && opens(&lexer.next()) {
            return Object::Effect;
        }
        let verb = next.roles.any(Roles::VERB);
        return if verb || ends(next) {
            Object::Weak
        } else {
            Object::None
        };
    }
    let mut condition = *next;
    if condition.roles.any(Roles::NOT) {
        condition = lexer.next();
    }
    if opens(&condition) || condition.roles.any(Roles(Roles::UNARY.0 | Roles::CALL.0)) {
        return Object::Weak;
    }
    let compared = lexer.next().kind == Kind::Compare;
    let constant = matches!(
        condition.kind,
        Kind::Number | Kind::Text { .. } | Kind::Setting
    );
    if constant && compared {
        Object::Weak
    } else {
        Object::None
    }
}

fn defined(next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    if !next.roles.any(Roles::OBJECT) {
        return Object::None;
    }
    let name = lexer.next();
    if matches!(name.kind, Kind::End | Kind::Cut) {
        return Object::Weak;
    }
    if !named(&name) || name.kind == (Kind::Text { open: true }) {
        return Object::None;
    }
    let after = lexer.next();
    // `drop table users`, `create table t (`, `alter table t add`; `drop table design, then …` not.
    let known = after.roles.any(GOES_ON) || matches!(after.kind, Kind::Name | Kind::Open);
    let goes_on = matches!(after.kind, Kind::Word | Kind::Text { .. }) && alters(&after);
    fits(ends(&after) || known || goes_on || after.kind == Kind::Comma)
}

/// What may stand behind the name of a thing that is defined.
const GOES_ON: Roles = Roles(
    Roles::AS.0
        | Roles::SELECT.0
        | Roles::VERB.0
        | Roles::UNARY.0
        | Roles::NOT.0
        | Roles::COMPARE.0,
);

fn alters(token: &Token<'_>) -> bool {
    [
        "add",
        "change",
        "modify",
        "column",
        "cascade",
        "identified",
        "owner",
        "increment",
        "on",
        "with",
    ]
    .iter()
    .any(|word| word::is(token.text, word))
}

fn granted(mut lexer: Lexer<'_>) -> Object {
    let mut on = false;
    for at in 0..5 {
        let token = lexer.next();
        on |= word::is(token.text, "on");
        // `grant of a licence to you` grants nothing on anything.
        if word::is(token.text, "to") && (on || at == 0) {
            return marked(named(&lexer.next()));
        }
        if ends(&token) {
            break;
        }
    }
    marked(on)
}

fn other(verb: &Token<'_>, next: &Token<'_>, mut lexer: Lexer<'_>) -> Object {
    let is = |name: &str| word::is(verb.text, name);
    let after = lexer.next();
    let second = |names: &[&str]| names.iter().any(|name| word::is(next.text, name));
    if is("call") || is("do") {
        let effect = next.roles.any(Roles::EFFECT) || next.path.any(Roles::EFFECT);
        if effect && opens(&after) {
            return Object::Effect;
        }
        return marked(named(next) && opens(&after));
    }
    if is("copy") {
        return copy(next, after, lexer);
    }
    let yes = (is("attach") || is("detach") || is("backup") || is("restore"))
        && second(&["database", "log"])
        && named(&after)
        || is("load") && second(&["data", "xml"])
        || is("pragma") && next.kind == Kind::Word && (ends(&after) || after.kind != Kind::Word)
        || is("handler") && named(next) && word::is(after.text, "open")
        || is("prepare") && named(next) && after.roles.any(Roles(Roles::FROM.0 | Roles::AS.0))
        || is("with") && named(next) && after.roles.any(Roles::AS)
        || is("show")
            && second(&["tables", "databases", "columns", "grants", "variables"])
            && (ends(&after) || after.roles.0 != 0)
        || is("use") && next.roles.any(Roles::SYSTEM) && ends(&after)
        || is("explain") && next.roles.any(Roles::VERB)
        || (is("desc") || is("describe"))
            && next.kind == Kind::Word
            && matches!(after.kind, Kind::Semicolon | Kind::Cut)
        || is("kill") && next.kind == Kind::Number
        || is("vacuum") && next.roles.any(Roles::INTO)
        || is("dbcc") && next.kind == Kind::Word && ends(&after)
        || is("lock") && second(&["table", "tables"]) && named(&after)
        || is("values") && opens(next)
        || is("table") && named(next) && ends(&after);
    marked(yes)
}

// Limit: a query that somebody copies out of a database by injection has a few words.
const COPIED_TOKENS_MAX: u32 = 24;

/// `COPY t FROM PROGRAM 'id'`, `COPY (SELECT 1) TO PROGRAM 'id'`, or a copy from and to a file.
fn copy(next: &Token<'_>, after: Token<'_>, mut lexer: Lexer<'_>) -> Object {
    let mut way = after;
    if opens(next) {
        let mut depth = 1_u32;
        let mut left = COPIED_TOKENS_MAX;
        while depth > 0 && left > 0 && !ends(&way) {
            match way.kind {
                Kind::Open => depth = depth.saturating_add(1),
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            left = left.saturating_sub(1);
            way = lexer.next();
        }
    }
    let is_way = way.roles.any(Roles::FROM) || word::is(way.text, "to");
    if !is_way || !(named(next) || opens(next)) {
        return Object::None;
    }
    let program = lexer.next();
    if word::is(program.text, "program") && matches!(lexer.next().kind, Kind::Text { .. }) {
        return Object::Effect;
    }
    Object::Marked
}
