//! The arguments of a command: whether they fit it, and what they reach.
//! It never reads further than a one-liner is long.
use super::command::{self, Kind};
use super::redirect::{feeds_shell, is_fed_by_shell, redirected, skip_spaces};
use super::word::{Word, read as read_word};
use crate::detector::path_traversal::{Reach, reach};
use crate::prose;

/// How the arguments suit the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// There are none.
    None,
    /// They are options, paths, addresses, quoted texts, variables.
    Fits,
    /// They are words of a sentence.
    Prose,
    /// What stands behind the name makes it something else than a command.
    Never,
}

/// The arguments of one simple command.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that was read"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Arguments {
    pub(super) fit: Fit,
    /// They reach what no value names innocently, or fetch and run a program.
    pub(super) is_secret: bool,
    /// They do what an injection does: run program text, speak to a host, read the system.
    pub(super) is_strong: bool,
    /// Spelled so that filters do not know them.
    pub(super) is_odd: bool,
    /// How many of them are words or numbers, and how many are not.
    pub(super) words: u32,
    pub(super) others: u32,
    /// Some are words and no numbers.
    has_words: bool,
    /// Some are words that only sentences have.
    pub(super) is_said: bool,
    pub(super) end: usize,
}

// Limit: a simple command has a few words; what it is shows in the first eight.
const WORDS_MAX: u32 = 8;
const BYTES_MAX: usize = 320;

/// Reads the arguments behind the name of a command.
pub(super) fn read(text: &[u8], name: &Word<'_>, kind: Kind, blank: u8) -> Arguments {
    let mut found = Arguments {
        fit: Fit::None,
        is_secret: false,
        is_strong: false,
        is_odd: name.has_ifs,
        words: 0,
        has_words: false,
        others: 0,
        is_said: false,
        end: name.end,
    };
    if !may_follow(text, name, kind) {
        found.fit = Fit::Never;
        return found;
    }
    let limit = name.end.saturating_add(BYTES_MAX);
    let mut wants_program = false;
    let mut words = 0_u32;
    while words < WORDS_MAX && found.end < limit {
        let at = skip_spaces(text, found.end, blank);
        let rest = text.get(at..).unwrap_or_default();
        let Some(&byte) = rest.first() else { break };
        words = words.saturating_add(1);
        if matches!(byte, b';' | b'|' | b'&' | b'\n' | b'\r' | b')' | b'}') || is_comment(rest) {
            found.note_behind(text, at, blank);
            break;
        }
        // `a >= b`: a program compares.
        if matches!(rest, [b'<' | b'>', b'=', ..] | [b'{', ..]) && words == 1 {
            found.fit = Fit::Never;
            return found;
        }
        if let Some(target) = redirected(text, at, blank) {
            found.note_redirected((rest, kind, words), &target, text);
            continue;
        }
        // Without a blank before it, it ends the substitution that the command stands in.
        if byte == b'`' && at == found.end && !opens_command(text, at) {
            break;
        }
        if matches!(byte, b'`' | b'(') || rest.starts_with(b"$(") {
            found.fit_first(Fit::Fits, words);
            found.fit_made(at, words);
            break;
        }
        let word = read_word(text, at, blank);
        if word.is_empty() {
            break;
        }
        if words == 1 && is_operator(&word, text) && !is_everything(&word, text, kind) {
            found.fit = Fit::Never;
            return found;
        }
        found.note(&word, kind, words, &mut wants_program);
        found.end = word.end;
    }
    if kind.any(Kind::NET) && found.is_strong {
        found.is_secret |= feeds_shell(text, found.end, blank) || is_fed_by_shell(text, name.start);
    }
    found
}

impl Arguments {
    fn fit_first(&mut self, fit: Fit, words: u32) {
        if words == 1 {
            self.fit = fit;
        }
    }

    /// What is read, written or told by signs of redirection that stand before a target.
    fn note_redirected(
        &mut self,
        (signs, kind, words): (&[u8], Kind, u32),
        target: &Word<'_>,
        text: &[u8],
    ) {
        self.note_target(target.text);
        // `bash <<<$(…)`: a shell is told what to run.
        let is_told = kind.any(Kind::SHELL) && signs.starts_with(b"<<<");
        self.is_strong |= is_told;
        self.is_secret |= is_told;
        // `eval <<EOT;`: what follows is written on the lines below.
        let is_below = matches!(signs, [b'<', b'<', next, ..] if *next != b'<');
        self.fit_first(if is_below { Fit::Prose } else { Fit::Fits }, words);
        self.others = self.others.saturating_add(1);
        let is_made = is_told && text.get(target.end) == Some(&b'$');
        self.end = target.end.saturating_add(usize::from(is_made));
    }

    /// `x$((6*7))`, `x$(id)`: a word that shells put together is no word of a sentence.
    fn fit_made(&mut self, at: usize, words: u32) {
        if words == 2 && at == self.end && self.fit == Fit::Prose && !self.is_said {
            self.fit = Fit::Fits;
        }
    }

    /// `(sh)0>/dev/tcp/…`: what a group reads and writes.
    fn note_behind(&mut self, text: &[u8], at: usize, blank: u8) {
        if text.get(at) != Some(&b')') || self.fit != Fit::None {
            return;
        }
        let Some(target) = redirected(text, at.saturating_add(1), blank) else {
            return;
        };
        self.note_target(target.text);
        if self.is_secret {
            self.fit = Fit::Fits;
            self.end = target.end;
        }
    }

    fn note_target(&mut self, path: &[u8]) {
        // Whoever sends a signal to a service reads its number there.
        if path.ends_with(b".pid") {
            return;
        }
        match reach(path) {
            Reach::Nothing => {}
            Reach::System => self.is_strong = true,
            Reach::Secret => {
                self.is_strong = true;
                self.is_secret = true;
            }
        }
        if starts(path, b"/dev/tcp/") || starts(path, b"/dev/udp/") {
            self.is_secret = true;
            self.is_strong = true;
        }
    }

    fn note(&mut self, word: &Word<'_>, kind: Kind, words: u32, wants_program: &mut bool) {
        let shape = shape(word);
        let bare = word.text.trim_ascii();
        let bare = bare
            .strip_prefix(b"\"")
            .or_else(|| bare.strip_prefix(b"'"))
            .unwrap_or(bare);
        let bare = bare
            .strip_suffix(b"\"")
            .or_else(|| bare.strip_suffix(b"'"))
            .unwrap_or(bare);
        // `node server.js` runs a program that lies beside it.
        let is_own = kind.any(Kind::CODE) && words == 1 && !bare.contains(&b'/');
        if !is_own && (shape != Shape::Quoted || bare.len() <= 128) {
            self.note_target(bare);
        }
        if word.is_odd && matches!(shape, Shape::Path) && word.has_path {
            self.is_odd |= word.is_glob && word.text.windows(2).any(|two| two == b"??");
        }
        self.is_odd |= word.has_ifs;
        if shape == Shape::Quoted && !kind.any(Kind::TEXT) && is_hostile(bare) {
            self.is_strong = true;
            self.is_secret = true;
        }
        if kind.any(Kind::CODE) && has_program(word.text) {
            self.is_strong = true;
            self.is_secret |= is_hostile(word.text);
        }
        let runs_file = kind.any(Kind::CODE) && shape == Shape::Path && ends_in_exe(bare);
        // Nothing but tools of Windows is told a drive.
        self.is_strong |= kind.any(Kind::GUESS) && is_of_windows(bare);
        if kind.any(Kind::FILES) && is_drive_root(bare) || runs_file {
            self.is_strong = true;
            self.is_secret = true;
        }
        if *wants_program {
            self.is_strong = true;
            self.is_odd |= word.is_odd;
            self.is_secret |= is_hostile(bare);
            *wants_program = false;
        }
        if kind.any(Kind::CODE) && is_program_flag(word.text) {
            *wants_program = true;
        }
        if kind.any(Kind::NET) && matches!(shape, Shape::Address) {
            self.is_strong = true;
        }
        let runs = kind.any(Kind::RUNS) && words <= 3 && !self.has_words;
        if runs && command::kind(word).any(RUN) {
            self.is_strong = true;
            self.fit = Fit::Fits;
            return;
        }
        self.count(word, shape);
        if kind.any(Kind::TAKES_WORD) && words == 1 && command::kind(word).any(Kind::WORD_TAKEN) {
            self.is_strong = true;
            self.fit = Fit::Fits;
            return;
        }
        let fit = match shape {
            Shape::Plain if kind.any(Kind::TEXT) && !word.text.is_ascii() => Fit::Prose,
            Shape::Number if kind.any(Kind::NUMBER) => Fit::Fits,
            Shape::Plain | Shape::Number => Fit::Prose,
            Shape::Flag | Shape::Path | Shape::Address | Shape::Quoted | Shape::Variable => {
                Fit::Fits
            }
        };
        self.fit_first(fit, words);
    }
}

/// Commands that another command is told to run: names that are no words.
const RUN: Kind = Kind::SURE.with(Kind::SHORT);

impl Arguments {
    fn count(&mut self, word: &Word<'_>, shape: Shape) {
        if matches!(shape, Shape::Plain | Shape::Number) {
            self.words = self.words.saturating_add(1);
            self.has_words |= shape == Shape::Plain;
            self.is_said |= prose::is_of_sentences(word.text);
        } else {
            self.others = self.others.saturating_add(1);
        }
    }

    /// True if the arguments are as few as those of a command, and no sentence.
    pub(super) fn are_terse(&self) -> bool {
        self.words <= 3 && !self.is_said
    }
}

/// `cat *`: all files, and nothing behind.
fn is_everything(word: &Word<'_>, text: &[u8], kind: Kind) -> bool {
    let behind = text.get(word.end..).unwrap_or_default().trim_ascii_start();
    word.text == b"*"
        && kind.any(Kind::FILES.with(Kind::TEXT))
        && matches!(behind.first(), None | Some(b';' | b'|' | b'&' | b'>'))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    Number,
    Flag,
    Path,
    Address,
    Quoted,
    Variable,
}

fn shape(word: &Word<'_>) -> Shape {
    let text = word.text;
    let first = text.first().copied().unwrap_or(0);
    let second = text.get(1).copied().unwrap_or(0);
    let is_sentence = text
        .last()
        .is_some_and(|last| matches!(last, b',' | b'.' | b'!' | b'?' | b':'));
    match first {
        b'\'' | b'"' => Shape::Quoted,
        b'-' if second.is_ascii_alphanumeric() || second == b'-' && text.len() > 2 => Shape::Flag,
        _ if is_drive_of_powershell(text) => Shape::Path,
        b'$' if text.len() > 1 && !second.is_ascii_digit() => Shape::Variable,
        b'%' if text.len() > 2 && second.is_ascii_alphabetic() => Shape::Variable,
        b'/' | b'~' if text.len() > 1 => Shape::Path,
        b'\\' if second == b'\\' => Shape::Path,
        b'.' if matches!(second, b'/' | b'.' | 0 | b'a'..=b'z') => Shape::Path,
        b'*' if text.len() == 1 => Shape::Path,
        b'0'..=b'9' if is_number(text) => Shape::Number,
        _ if second == b':' && first.is_ascii_alphabetic() && is_drive(text) => Shape::Path,
        _ if text.windows(3).any(|three| three == b"://") => Shape::Address,
        b'0'..=b'9' if is_host_number(text) => Shape::Address,
        _ if is_sentence => Shape::Plain,
        _ if is_login(text) => Shape::Address,
        _ if text.contains(&b'_') => Shape::Variable,
        _ if text.contains(&b'.') && is_dotted(text) => Shape::Address,
        _ if text.contains(&b'/') && word.is_odd | word.has_path => Shape::Path,
        _ if text.contains(&b'*') => Shape::Path,
        _ => Shape::Plain,
    }
}

/// `env:`, `HKLM:\…`: what PowerShell lists as it lists a disk.
fn is_drive_of_powershell(text: &[u8]) -> bool {
    let drives = [
        b"env:".as_slice(),
        b"hklm:",
        b"hkcu:",
        b"cert:",
        b"variable:",
    ];
    drives.iter().any(|drive| starts(text, drive))
}

fn is_number(text: &[u8]) -> bool {
    // `sleep 5#`: what follows in the line is a comment.
    let text = text.strip_suffix(b"#").unwrap_or(text);
    let digits = text
        .strip_suffix(b"s")
        .or_else(|| text.strip_suffix(b"m"))
        .unwrap_or(text);
    digits.iter().all(u8::is_ascii_digit)
}

fn is_drive(text: &[u8]) -> bool {
    matches!(text.get(2), None | Some(b'\\' | b'/' | b'"' | b'\''))
}

/// An address of four numbers.
fn is_host_number(text: &[u8]) -> bool {
    let dots = memchr::memchr_iter(b'.', text).count();
    dots == 3
        && text
            .iter()
            .all(|b| b.is_ascii_digit() || b".:/".contains(b))
}

/// `root@10.0.0.1`
fn is_login(text: &[u8]) -> bool {
    let at = memchr::memchr(b'@', text).unwrap_or(0);
    let host = text.get(at.saturating_add(1)..).unwrap_or_default();
    at > 0 && (is_host_number(host) || host.contains(&b'.') && is_dotted(host))
}

/// `file.txt`, `host.example`: letters on both sides of a dot.
fn is_dotted(text: &[u8]) -> bool {
    let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/:@?=&".contains(byte);
    text.iter().all(is_known) && text.windows(3).any(joins)
}

/// A letter or digit, a dot, a letter.
fn joins(three: &[u8]) -> bool {
    matches!(three, [a, b'.', b] if a.is_ascii_alphanumeric() && b.is_ascii_alphabetic())
}

/// True if what comes next leaves the name a command's.
fn may_follow(text: &[u8], name: &Word<'_>, kind: Kind) -> bool {
    match text.get(name.end).copied() {
        Some(b'(') => kind.any(Kind::CODE) && name.name() == b"iex",
        _ => true,
    }
}

/// `=`, `==`, `+`, `-`, `?`, `:`: a program goes on with its expression.
fn is_operator(word: &Word<'_>, text: &[u8]) -> bool {
    let first = word.text.first().copied().unwrap_or(0);
    match first {
        b'=' | b'+' | b':' | b',' | b'!' | b'}' | b']' => true,
        b'-' | b'*' | b'%' => word.text.len() == 1,
        b'?' => word.text.len() == 1 && text.len() > word.end,
        _ => false,
    }
}

fn is_comment(rest: &[u8]) -> bool {
    matches!(rest, [b'#', ..]) && !matches!(rest, [b'#', b'{', ..])
}

/// `` x`expr 6 `` behind a word: a back-tick that opens a command with arguments.
fn opens_command(text: &[u8], at: usize) -> bool {
    let word = read_word(text, at.saturating_add(1), 0);
    text.get(word.end) == Some(&b' ') && command::kind(&word).is_command()
}

/// `-c`, `-e`, `-r`, `/c`, `-enc`, `-ic`: program text comes next.
fn is_program_flag(text: &[u8]) -> bool {
    let is = |known: &[u8]| text.eq_ignore_ascii_case(known);
    let short = matches!(text, [b'-' | b'/', letters @ ..]
        if letters.len() <= 4 && letters.last().is_some_and(|b| b"cerCERk".contains(b)));
    short || is(b"-command") || is(b"-encodedcommand") || is(b"-enc") || is(b"--eval")
}

/// `-e'…'`: program text in one word with its flag.
fn has_program(text: &[u8]) -> bool {
    matches!(text, [b'-', b'c' | b'e' | b'r', b'\'' | b'"', ..])
}

/// True for a program of Windows.
fn ends_in_exe(text: &[u8]) -> bool {
    let start = text.len().saturating_sub(4);
    text.get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case(b".exe"))
}

/// `c:\…`, `\\host\…`
pub(super) fn is_of_windows(text: &[u8]) -> bool {
    matches!(text, [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic())
        || matches!(text, [b'\\', b'\\', host, ..] if host.is_ascii_alphanumeric())
}

/// `c:\`, and nothing in it.
fn is_drive_root(text: &[u8]) -> bool {
    matches!(text, [drive, b':', b'\\' | b'/'] if drive.is_ascii_alphabetic())
}

/// Words that only the programs of attackers have.
fn is_hostile(program: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] = [
        b"socket",
        b"/dev/tcp",
        b"/bin/sh",
        b"/bin/bash",
        b"/etc/passwd",
        b"/etc/shadow",
        b"downloadstring",
        b"whoami",
        b"/proc/self",
    ];
    WORDS.iter().any(|known| {
        program
            .windows(known.len())
            .any(|window| window.eq_ignore_ascii_case(known))
    })
}

fn starts(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
