//! Lines of scripts, builds and documentation: command lines that break out of nothing.
//! It never looks further than a line, and at the first and last signs of a value.
use credenza_event::{Decoder, Form};

use super::argument::{Arguments, Fit};
use super::command::Kind;
use super::word::Word;
use super::worth::Break;

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
    if split.is_none() || last(Decoder::Url) > split {
        return false;
    }
    let is_variable =
        |name: &[u8]| name.len() > 2 && name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    form.text.contains(&b' ') || form.path.names().next().is_some_and(is_variable)
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
        let is_make = self.rest().starts_with(b"$(eval $(call ");
        is_test && is_spaced || is_file && is_named && is_spaced || is_make
    }

    /// `` x=`cd a && pwd` ``: a separator within a substitution that the line has opened.
    pub(super) fn is_in_ticks(&self) -> bool {
        let open = memchr::memrchr(b'`', self.line);
        let ticks = memchr::memchr_iter(b'`', self.line).count();
        let inner = open.and_then(|at| self.line.get(at..));
        ticks % 2 == 1 && inner.is_some_and(|inner| inner.trim_ascii_end().contains(&b' '))
    }

    /// `name="$(…)"`: all that stands before is a variable that takes what the command says.
    pub(super) fn is_assigned(&self) -> bool {
        let line = self.line.trim_ascii();
        let line = line.strip_suffix(b"\"").unwrap_or(line);
        let line = line.strip_prefix(b"export ").unwrap_or(line);
        line.strip_suffix(b"=").is_some_and(|name| {
            !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        })
    }

    /// True for what builds and documentation have as a line or a piece of code of their own.
    pub(super) fn is_written(&self, word: &Word<'_>, kind: Kind, arguments: &Arguments) -> bool {
        let is_plain = !arguments.is_secret && !arguments.is_odd && !word.is_odd;
        is_plain && (self.is_step(word, arguments) || self.is_shown(word, kind, arguments))
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
            name => BUILDERS.contains(&name) && !arguments.is_strong,
        }
    }

    /// `` `node --version` ``: code in a text, which asks a tool of itself.
    fn is_shown(&self, word: &Word<'_>, kind: Kind, arguments: &Arguments) -> bool {
        let value = self.text.trim_ascii();
        let is_code = self.rest().first() == Some(&b'`')
            && self.line.trim_ascii().is_empty()
            && value.ends_with(b"`")
            && memchr::memchr_iter(b'`', value).count() == 2;
        let told = self.text.get(word.end..arguments.end).unwrap_or_default();
        let mut told = told
            .split(u8::is_ascii_whitespace)
            .filter(|w| !w.is_empty());
        let asks = kind.any(Kind::CODE)
            && arguments.fit != Fit::None
            && told.all(|option| {
                option.starts_with(b"-")
                    && option
                        .iter()
                        .all(|b| *b == b'-' || b.is_ascii_alphanumeric())
            });
        is_code && (asks || matches!(word.name(), b"export" | b"alias"))
    }
}

/// What builds tell first.
const BUILDERS: [&[u8]; 36] = [
    b"apt",
    b"apt-get",
    b"yum",
    b"dnf",
    b"apk",
    b"brew",
    b"pip",
    b"pip3",
    b"npm",
    b"yarn",
    b"pnpm",
    b"git",
    b"make",
    b"cmake",
    b"cargo",
    b"go",
    b"mvn",
    b"gradle",
    b"mkdir",
    b"rmdir",
    b"chmod",
    b"chown",
    b"chgrp",
    b"ln",
    b"cp",
    b"mv",
    b"tar",
    b"touch",
    b"cd",
    b"unzip",
    b"gunzip",
    b"useradd",
    b"groupadd",
    b"usermod",
    b"dpkg",
    b"gem",
];

/// `-rf /var/lib/x/lists/*`: every path is three folders deep, and none goes up.
fn is_deep(told: &[u8]) -> bool {
    let mut paths = told
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty() && !word.starts_with(b"-"));
    let is_deep = |path: &[u8]| {
        let folders = path.iter().filter(|byte| **byte == b'/').count();
        path.starts_with(b"/") && folders >= 3 && !path.windows(2).any(|two| two == b"..")
    };
    paths.clone().next().is_some() && paths.all(is_deep)
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
