//! What a word means where it stands in an expression: a call, a member, an argument of a filter.
//! It never reads further than a few bytes around the word.
use super::expression::{Expression, Token};
use super::opening::Kind;
use super::stand::Grade;
use super::word::{Roles, roles};

/// A word and what stands around it.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    /// The word.
    pub(super) word: &'t [u8],
    /// Its roles.
    pub(super) roles: Roles,
    /// The byte before it.
    pub(super) before: u8,
    /// What follows it.
    pub(super) behind: &'t [u8],
    /// The signs around the expression.
    pub(super) kind: Kind,
    /// What was read before it.
    pub(super) read: &'t Expression,
}

type Meaning = Option<(Grade, &'static str)>;

// Limit: white space between a name and its parenthesis; nobody writes more.
const GAP_BYTES_MAX: usize = 8;
// Limit: a path of a class or a short literal is read no further than this.
const NEAR_BYTES: usize = 64;

impl<'t> Place<'t> {
    /// What follows behind white space.
    fn next(&self) -> &'t [u8] {
        skip_space(self.behind)
    }

    fn is_called(&self) -> bool {
        self.next().first() == Some(&b'(')
    }

    /// What stands behind the opening parenthesis, or where a language needs none.
    fn argument(&self) -> &'t [u8] {
        let next = self.next();
        let next = next.strip_prefix(b"!").unwrap_or(next);
        skip_space(next.strip_prefix(b"(").unwrap_or(next))
    }

    fn is_called_with_text(&self) -> bool {
        self.is_called() && is_quote(self.argument().first().copied().unwrap_or(0))
    }

    fn is_member(&self) -> bool {
        matches!(self.before, b'.' | b':' | b'>')
    }

    /// True if the word is all that stands between two quotes.
    fn is_quoted(&self) -> bool {
        is_quote(self.before) && self.behind.first() == Some(&self.before)
    }

    /// What the word means here, the strongest reading first.
    pub(super) fn meaning(&self) -> Meaning {
        if self.roles.0 == 0 {
            let led = Roles::SERVLET_ROOT.with(Roles::SELF);
            if !self.read.has.any(led) {
                return None;
            }
            return self.servlet_call().or_else(|| self.alone());
        }
        let is_of = |roles| self.roles.any(roles);
        let attack = is_of(Roles::IN_ATTACKS).then(|| self.attack()).flatten();
        // What only tells which package or engine is meant has no effect of its own.
        let is_name_only = Roles::TYPE_OPERATOR.with(Roles::FREEMARKER).0 & self.roles.0 != 0;
        if attack.is_some() || is_name_only {
            return attack;
        }
        let is_led = self.read.has.any(Roles::SELF);
        self.effect().or_else(|| {
            (is_led || is_of(Roles::ALONE))
                .then(|| self.alone())
                .flatten()
        })
    }

    /// Readings that no template of a working system has.
    fn attack(&self) -> Meaning {
        let found = |production| Some((Grade::Attack, production));
        let [one, two, _] = self.read.last;
        if self.roles.any(Roles::REACH) && self.before != b'$' {
            return found("python-object-chain");
        }
        if self.roles.any(Roles::DUNDER) && self.read.dunders > 0 {
            return found("python-object-chain");
        }
        if self.roles.any(Roles::ONLY_ATTACKS) {
            return found("engine-internals");
        }
        if self.roles.any(Roles::ENV) && one == Token::Sign(b'.') && two.is(Roles::SELF) {
            return found("engine-internals");
        }
        if self.roles.any(Roles::FREEMARKER) && self.behind.starts_with(b".template.utility.") {
            return found("freemarker-utility");
        }
        if self.roles.any(Roles::TYPE_OPERATOR) && self.is_java_type() {
            return found("spel-type");
        }
        if self.roles.any(Roles::PACKAGE) && self.before == b'@' && self.is_static_member() {
            return found("ognl-static-member");
        }
        if self.roles.any(Roles::FOR_NAME) && self.read.has.any(Roles::CLASS) {
            return found("java-reflection");
        }
        let is_shown = Roles::CLASS.with(Roles::FOR_NAME);
        if self.roles.any(Roles::EXEC)
            && self.read.has.any(Roles::RUNTIME)
            && self.read.has.any(is_shown)
            && self.is_called()
        {
            return found("java-reflection");
        }
        let is_mustache = matches!(self.kind, Kind::Mustache | Kind::Tag);
        if is_mustache && self.is_constructor_walk() {
            return found("constructor-chain");
        }
        None
    }

    /// Readings with an effect, which templates and program text may have, too.
    fn effect(&self) -> Meaning {
        let found = |production| Some((Grade::Effect, production));
        let [one, two, three] = self.read.last;
        if self.roles.any(Roles::DUNDER) {
            return found("python-object-member");
        }
        if self.roles.any(Roles::CALL) && (self.is_called() || self.is_required()) {
            return found("call");
        }
        if self.roles.any(Roles::TEXT_CALL) && self.is_called_with_text() {
            return found("call");
        }
        if self.roles.any(Roles::CALLBACK) && self.is_quoted() && self.read.has.any(Roles::FILTER) {
            return found("filter-callback");
        }
        // `'id'|system`: a function of PHP is the filter itself.
        let is_mustache = self.kind == Kind::Mustache;
        if is_mustache && self.roles.any(Roles::CALLBACK) && one == Token::Sign(b'|') {
            return found("filter-callback");
        }
        // `.System "id"`: a method of Go is called without parentheses.
        let is_fed = is_quote(self.next().first().copied().unwrap_or(0));
        let is_method = self.roles.any(Roles::CALL) && self.before == b'.';
        if is_mustache && is_method && is_fed && self.next().len() < self.behind.len() {
            return found("call");
        }
        if self.is_constructor_walk() {
            return found("constructor-chain");
        }
        if self.roles.any(Roles::LEADS_OUT) && one == Token::Sign(b'.') && two.is(Roles::CLASS) {
            return found("java-reflection");
        }
        if self.roles.any(Roles::LEADS_OUT) && three.is(Roles::CLASS) {
            return found("java-reflection");
        }
        if self.roles.any(Roles::BUILT_IN) && self.before == b'?' && self.is_builder() {
            return found("freemarker-builder");
        }
        if self.roles.any(Roles::TYPE) && one.is(Roles::NEW) && self.is_made() {
            return found("object-creation");
        }
        if self.roles.any(Roles::ATTR) && self.is_attribute_filter() {
            return found("attribute-filter");
        }
        if self.roles.any(Roles::FILE_FILTER) && one == Token::Sign(b'|') {
            return found("file-filter");
        }
        if self.roles.any(Roles::MODULE) && one.is(Roles::IMPORT) && self.read.words() == 1 {
            return found("import");
        }
        if self.reads_file() {
            return found("file-read");
        }
        self.shell_like()
    }

    /// The effects that one engine or language each has.
    fn shell_like(&self) -> Meaning {
        let found = |production| Some((Grade::Effect, production));
        let [one, _, _] = self.read.last;
        let argument = self.argument().first().copied().unwrap_or(0);
        if self.roles.any(Roles::CHAR) && self.is_called() && argument.is_ascii_alphanumeric() {
            return found("character-code");
        }
        if self.roles.any(Roles::EXECUTE) && one == Token::Sign(b'.') && self.is_executed() {
            return found("call");
        }
        if self.roles.any(Roles::DIAGNOSTICS) && self.behind.starts_with(b".Process.Start(") {
            return found("call");
        }
        if self.roles.any(Roles::SHELL) && self.is_member() && self.is_called_with_text() {
            return found("call");
        }
        if self.roles.any(Roles::PHP) && self.kind == Kind::Smarty && one == Token::Start {
            return found("call");
        }
        let is_items = self.roles.any(Roles::ITEMS) && one == Token::Sign(b'.') && self.is_called();
        if is_items && self.read.last.iter().any(|token| token.is(Roles::ROOT)) {
            return found("root-items");
        }
        self.servlet_call()
    }

    /// Readings that count only where nothing stands around the expression.
    fn alone(&self) -> Meaning {
        let [one, two, _] = self.read.last;
        if self.roles.any(Roles::SMARTY)
            && self.before == b'$'
            && self.behind.first() == Some(&b'.')
        {
            return Some((Grade::Alone, "engine-internals"));
        }
        if self.roles.any(Roles::SERVER)
            && one == Token::Sign(b'.')
            && two.is(Roles::SERVLET_ROOT)
            && self.behind.starts_with(b".all")
        {
            return Some((Grade::Alone, "root-items"));
        }
        if self.roles.any(Roles::SECRET) && one == Token::Sign(b'.') && two.is(Roles::SETTINGS) {
            return Some((Grade::Alone, "secret"));
        }
        let is_shown = self.roles.any(Roles::SHOW) && self.kind == Kind::Mustache;
        if (is_shown && one == Token::Start || self.roles.any(Roles::GET_CLASS)) && self.is_called()
        {
            return Some((Grade::Alone, "call"));
        }
        let is_told = self.roles.any(Roles::ENVIRON) && self.kind == Kind::Mustache;
        if is_told && one == Token::Sign(b'.') && two.is(Roles::SERVLET_ROOT) {
            return Some((Grade::Alone, "root-items"));
        }
        let is_self = one == Token::Sign(b'.') && two.is(Roles::SELF);
        if is_self && self.kind == Kind::Mustache {
            return Some((Grade::Alone, "engine-internals"));
        }
        if self.roles.any(Roles::DEBUG)
            && self.kind == Kind::Tag
            && self.next().starts_with(b"%}")
            && self.read.words() == 0
        {
            return Some((Grade::Alone, "debug"));
        }
        None
    }

    /// `request.getAttribute(`: a call on what a servlet container gives to each page.
    fn servlet_call(&self) -> Meaning {
        let is_engine = matches!(self.kind, Kind::Dollar | Kind::Hash | Kind::Brace);
        let is_accessor = self.word.len() > 5
            && (self.word.starts_with(b"get") || self.word.starts_with(b"set"))
            && self.word.get(3).is_some_and(u8::is_ascii_uppercase);
        let is_call = is_engine && is_accessor && self.is_member() && self.is_called();
        (is_call && self.read.first.is(Roles::SERVLET_ROOT))
            .then_some((Grade::Effect, "servlet-call"))
    }

    /// `T(java.lang.Runtime)`.
    fn is_java_type(&self) -> bool {
        let Some(inside) = self.behind.strip_prefix(b"(") else {
            return false;
        };
        let len = path_len(inside);
        let path = inside.get(..len).unwrap_or(&[]);
        inside.get(len) == Some(&b')') && path.contains(&b'.') && self.before != b'.'
    }

    /// `@java.lang.Runtime@getRuntime`.
    fn is_static_member(&self) -> bool {
        let len = path_len(self.behind);
        let path = self.behind.get(..len).unwrap_or(&[]);
        path.contains(&b'.') && self.behind.get(len) == Some(&b'@')
    }

    /// `child_process` in quotes.
    fn is_required(&self) -> bool {
        self.is_quoted() && self.word.eq_ignore_ascii_case(b"child_process")
    }

    /// `x.constructor('…')`, `constructor.constructor`, `['constructor']`, `constructor.prototype`.
    fn is_constructor_walk(&self) -> bool {
        let [one, two, _] = self.read.last;
        if self.roles.any(Roles::PROTOTYPE) {
            return one == Token::Sign(b'.') && two.is(Roles::CONSTRUCTOR);
        }
        if !self.roles.any(Roles::CONSTRUCTOR) {
            return false;
        }
        let is_again = one == Token::Sign(b'.') && two.is(Roles::CONSTRUCTOR);
        let is_looked_up = self.is_quoted()
            && (matches!(two, Token::Sign(b'[' | b'=')) || self.read.has.any(Roles::LOOKUP));
        let is_fed = self.is_called_with_text() && !self.read.has.any(Roles::NEW);
        is_again || is_looked_up || is_fed
    }

    /// `?new()`, `?eval`, `?interpret`, `?api.`.
    fn is_builder(&self) -> bool {
        !self.word.eq_ignore_ascii_case(b"new") || self.is_called()
    }

    /// `new File(`, `new java.lang.ProcessBuilder(`.
    fn is_made(&self) -> bool {
        let len = path_len(self.behind);
        let behind = self.behind.get(len..).unwrap_or(&[]);
        matches!(skip_space(behind).first(), Some(b'(' | b'['))
    }

    /// `request|attr(`, `()|attr(`, `''|attr(`: the filter on what every template has.
    fn is_attribute_filter(&self) -> bool {
        let [one, two, _] = self.read.last;
        let is_on_anything = matches!(two, Token::Sign(b')' | b'\'' | b'"' | b']'));
        let is_filter = one == Token::Sign(b'|') && self.is_called();
        is_filter && (is_on_anything || two.is(Roles::ROOT.with(Roles::SERVLET_ROOT)))
    }

    /// A file that is read by a path from the root on.
    fn reads_file(&self) -> bool {
        if !self.roles.any(Roles::READ) {
            return false;
        }
        let argument = self.argument();
        let path = match argument.split_first() {
            Some((quote, path)) if is_quote(*quote) => path,
            _ => return false,
        };
        let [one, two, _] = self.read.last;
        let is_ruby = one == Token::Sign(b'.') && two.is(Roles::FILES);
        let is_secret = [&b"/etc/"[..], b"/proc/", b"/root/", b"/var/"]
            .iter()
            .any(|root| path.starts_with(root));
        let is_loaded = self.is_called() || self.kind == Kind::Tag;
        path.starts_with(b"/") && is_ruby || is_secret && is_loaded
    }

    /// `"id".execute()`, `x.execute().text`.
    fn is_executed(&self) -> bool {
        let [_, two, _] = self.read.last;
        matches!(two, Token::Sign(b'\'' | b'"')) || self.behind.starts_with(b"().text")
    }
}

/// The length of a path of names at the start of a text, up to a bound.
fn path_len(text: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$');
    text.iter()
        .take(NEAR_BYTES)
        .take_while(|byte| is_part(byte))
        .count()
}

fn skip_space(text: &[u8]) -> &[u8] {
    let space = text
        .iter()
        .take(GAP_BYTES_MAX)
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let text = text.get(space..).unwrap_or(&[]);
    text.strip_prefix(b"/**/").unwrap_or(text)
}

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'\'' | b'"')
}

/// True if a tag of Smarty begins with this word.
pub(super) fn opens_smarty(behind: &[u8]) -> bool {
    let len = behind
        .iter()
        .take(NEAR_BYTES)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let word = behind.get(..len).unwrap_or(&[]);
    let next = behind.get(len..).unwrap_or(&[]);
    let roles = roles(word);
    roles.any(Roles::CALLBACK) && next.starts_with(b"(")
        || word == b"php" && matches!(next.first(), Some(b'}' | b' '))
        || roles.any(Roles::ROOT) && next.starts_with(b"::")
        || roles.any(Roles::ONLY_ATTACKS) && next.starts_with(b"::")
        || word == b"if" && next.starts_with(b" ") && opens_smarty_call(next)
}

/// ` phpinfo(` behind `{if`.
fn opens_smarty_call(behind: &[u8]) -> bool {
    let behind = skip_space(behind);
    let len = path_len(behind);
    let word = behind.get(..len).unwrap_or(&[]);
    roles(word).any(Roles::CALLBACK) && behind.get(len) == Some(&b'(')
}
