//! Lines of scripts, builds and documentation: command lines that break out of nothing.
//! It never looks further than a line, and at the first and last signs of a value.
use credenza_event::{Decoder, Form};

use super::argument::{Arguments, Fit};
use super::command::Kind;
use super::word::Word;
use super::worth::Break;

// Limit: code in a text fits on a line, and so does what a line of a script opens.
const LINE_BYTES: usize = 256;

/// A command where it stands.
pub(super) struct Site<'t> {
    pub(super) text: &'t [u8],
    pub(super) line: &'t [u8],
    pub(super) sign: usize,
    pub(super) break_out: Break,
}

/// `x=$(date +%s)`: a form has no blanks in it, and its names are no variables of a shell.
pub(super) fn is_opened(form: &Form<'_>) -> bool {
    let last = |sought| form.decoded.iter().rposition(|found| *found == sought);
    let split = last(Decoder::Form);
    if split.is_none() {
        return false;
    }
    let is_variable =
        |name: &[u8]| name.len() > 2 && name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    let is_raw = last(Decoder::Url) < split;
    is_raw && form.text.contains(&b' ') || form.path.names().next().is_some_and(is_variable)
}

/// `$env:MODE='dev';node x`: no form has names that begin as variables do.
pub(super) fn is_set(form: &Form<'_>) -> bool {
    let is_split = form.decoded.contains(&Decoder::Form);
    let name = form.path.names().next().unwrap_or_default();
    is_split && name.starts_with(b"$")
}

impl Site<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.sign..).unwrap_or_default()
    }

    /// True where a line of a script puts what a command says.
    pub(super) fn takes_output(&self) -> bool {
        let is_file = matches!(self.rest().first(), Some(b'<' | b'>'));
        let is_named = self.line.iter().any(u8::is_ascii_alphabetic);
        let is_spaced = self.line.ends_with(b" ");
        let is_test = matches!(self.line.trim_ascii_end(), b"[" | b"[[" | b"![" | b"! [");
        let is_folder = self.rest().starts_with(b"$(pwd)/");
        let is_make = self.rest().starts_with(b"$(eval $(call ");
        is_test && is_spaced || is_file && is_named && is_spaced || is_make || is_folder
    }

    /// `$(node).find(".x")`: a method of what a library for pages wraps.
    pub(super) fn is_wrapped(&self, end: usize) -> bool {
        let rest = self.text.get(end..).unwrap_or_default().trim_ascii_start();
        let Some(method) = rest.strip_prefix(b").") else {
            return false;
        };
        let near = method.get(..32).unwrap_or(method);
        let letters = near.iter().take_while(|byte| byte.is_ascii_alphabetic());
        let letters = letters.count();
        letters > 0 && near.get(letters) == Some(&b'(')
    }

    /// `` x=`cd a && pwd` ``: a separator within a substitution that the line has opened.
    pub(super) fn is_in_ticks(&self) -> bool {
        // Many signs stand on a line: none may read all of what is before it.
        let far = self.line.len().saturating_sub(LINE_BYTES);
        let line = self.line.get(far..).unwrap_or_default();
        let open = memchr::memrchr(b'`', line);
        let ticks = memchr::memchr_iter(b'`', line).count();
        let inner = open.and_then(|at| line.get(at..));
        ticks % 2 == 1 && inner.is_some_and(|inner| inner.trim_ascii_end().contains(&b' '))
    }

    /// `name="$(…)"`: all that stands before is a variable that takes what the command says.
    pub(super) fn is_assigned(&self) -> bool {
        let line = self.line.trim_ascii();
        let line = line.strip_suffix(b"\"").unwrap_or(line);
        let line = line.strip_prefix(b"export ").unwrap_or(line);
        let name = line.strip_suffix(b"=");
        name.is_some_and(|name| {
            let name = match name.split_last() {
                Some((b'?' | b':' | b'+', name)) => name.trim_ascii_end(),
                _ => name,
            };
            !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        })
    }

    /// True where the line before a break is a comment or an assignment of a script.
    pub(super) fn is_scripted(&self) -> bool {
        let line = self.line.trim_ascii();
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let name = line.iter().take(32).take_while(is_of_name).count();
        let is_named = line.first().is_some_and(u8::is_ascii_alphabetic);
        let is_assigned = is_named && line.get(name) == Some(&b'=') && !line.contains(&b'&');
        self.break_out == Break::Line && (line.first() == Some(&b'#') || is_assigned)
    }

    /// `` Run `cat a.txt` ``: a word, and code behind it.
    pub(super) fn is_told(&self) -> bool {
        let word = self.line.strip_suffix(b" ").unwrap_or_default();
        let letters = word.iter().rev().take_while(|b| b.is_ascii_alphabetic());
        let letters = letters.count();
        let before = word.len().checked_sub(letters.saturating_add(1));
        let before = before.and_then(|at| word.get(at));
        self.rest().first() == Some(&b'`') && letters >= 2 && before.is_none_or(|b| *b == b' ')
    }

    /// True for what builds and documentation have as a line or a piece of code of their own.
    pub(super) fn is_written(&self, word: &Word<'_>, kind: Kind, arguments: &Arguments) -> bool {
        let is_plain = !arguments.is_secret && !arguments.is_odd && !word.is_odd;
        let is_dated = self.break_out == Break::Substitution
            && word.name() == b"date"
            && arguments.fit == Fit::Fits;
        let is_shown = || self.is_shown(word, kind, arguments);
        is_plain && (is_dated || self.is_step(word, arguments) || is_shown())
    }

    /// `&& apt-get clean`: a line of a build that goes on from the one before it.
    fn is_step(&self, word: &Word<'_>, arguments: &Arguments) -> bool {
        let behind = self.rest().get(2..).unwrap_or_default();
        let is_own = self.break_out == Break::Both
            && self.line.trim_ascii().is_empty()
            && behind.starts_with(b" ");
        if !is_own {
            return false;
        }
        let told = self.text.get(word.end..arguments.end).unwrap_or_default();
        match word.name() {
            b"rm" => is_deep(told),
            b"python" | b"python3" | b"node" | b"sh" | b"bash" => names_script(told),
            b"ls" => !arguments.is_strong && arguments.others > 1,
            b"curl" | b"wget" => self.unpacks(arguments.end),
            // `|| { echo "failed"; exit 1; }`
            b"echo" => matches!(behind, [b' ', b'{' | b'(', ..]),
            name => is_builder(name) && !arguments.is_strong,
        }
    }

    /// `| tar -xz`: what a build fetches is put in its place.
    fn unpacks(&self, end: usize) -> bool {
        let rest = self.text.get(end..).unwrap_or_default().trim_ascii_start();
        let next = rest.strip_prefix(b"|").unwrap_or_default();
        next.trim_ascii_start().starts_with(b"tar ")
    }

    /// `` `node --version` ``: code in a text, which asks a tool of itself.
    fn is_shown(&self, word: &Word<'_>, kind: Kind, arguments: &Arguments) -> bool {
        let value = self.text.trim_ascii();
        let is_code = value.len() <= LINE_BYTES
            && self.rest().first() == Some(&b'`')
            && self.line.trim_ascii().is_empty()
            && value.ends_with(b"`")
            && memchr::memchr_iter(b'`', value).count() == 2;
        let told = self.text.get(word.end..arguments.end).unwrap_or_default();
        let mut words = told
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let is_option = |word: &[u8]| {
            let is_sign = |byte: &u8| *byte == b'-' || byte.is_ascii_alphanumeric();
            word.starts_with(b"-") && word.iter().all(is_sign)
        };
        let is_meant = match word.name() {
            b"export" | b"alias" | b"kill" => true,
            b"find" => !arguments.is_strong,
            b"rm" => words.all(|word| is_option(word) || is_near(word)),
            b"sudo" => words.next().is_some_and(is_builder),
            name if is_builder(name) => !arguments.is_strong,
            b"man" => true,
            b"cc" | b"gcc" => words.all(is_option),
            // `` `fetch` `` is a function of a library, and `` `node` `` a thing to install.
            _ if arguments.fit == Fit::None => kind.any(Kind::CODE.with(Kind::NET)),
            _ if kind.any(Kind::FILTER) => !arguments.is_strong,
            _ if !kind.any(Kind::CODE) => false,
            _ => names_script(told) || words.all(is_option),
        };
        is_code && is_meant
    }
}

/// What builds tell first.
const BUILDERS: &str = "apt apt-get yum dnf apk brew pip pip3 npm yarn pnpm git make cmake cargo \
    go mvn gradle mkdir rmdir chmod chown chgrp ln cp mv tar touch cd unzip gunzip useradd \
    groupadd usermod dpkg gem";

fn is_builder(name: &[u8]) -> bool {
    let mut builders = BUILDERS.split_ascii_whitespace();
    builders.any(|known| known.as_bytes() == name)
}

/// `-rf /var/lib/x/lists/*`: every path is three folders deep, and none goes up.
fn is_deep(told: &[u8]) -> bool {
    let mut paths = told
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty() && !word.starts_with(b"-"));
    let is_deep = |path: &[u8]| {
        let folders = memchr::memchr_iter(b'/', path).count();
        path.starts_with(b"/") && folders >= 3 && !path.windows(2).any(|two| two == b"..")
    };
    paths.clone().next().is_some() && paths.all(is_deep)
}

/// `node_modules`: a name in the folder at hand, written out.
fn is_near(path: &[u8]) -> bool {
    path.first().is_some_and(u8::is_ascii_alphanumeric)
        && path
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

/// `get-pip.py`: the first thing told is a file of a program, and nothing speaks to a host.
fn names_script(told: &[u8]) -> bool {
    let told = told.trim_ascii();
    let first = told
        .split(u8::is_ascii_whitespace)
        .next()
        .unwrap_or_default();
    let is_file = [b".py".as_slice(), b".js", b".sh", b".mjs"]
        .iter()
        .any(|ending| first.ends_with(ending));
    is_file && !told.contains(&b':')
}
