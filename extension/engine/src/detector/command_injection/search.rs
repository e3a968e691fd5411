//! The search for places where a second command may begin.
//! It never reads the text more than a few times over, however many such places there are.
use credenza_event::{Form, Span, Steps};

use super::argument::{self, Fit};
use super::around::{self, Around};
use super::command::{self, Kind};
use super::compound::{self, Compound};
use super::guess;
use super::option;
use super::prefix::{self, Prefix};
use super::script::{self, Site};
use super::spelling;
use super::variable;
use super::word::{self, Word, skip_blank};
use super::worth::{self, Break, Command};
use crate::gate;
use crate::prose;
use crate::report::Confidence;
use crate::sought;

/// A command that is worth something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) confidence: Confidence,
    pub(super) production: &'static str,
    pub(super) context: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A span from `start` to `end`, clipped to what a span can say.
pub(super) fn span(start: usize, end: usize) -> Span {
    let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: clip(start),
        end: clip(end),
    }
}

/// The strongest command of a value, and whether all of it was looked at.
pub(super) fn strongest(form: &Form<'_>, steps: &mut Steps) -> (Option<Found>, bool) {
    let text = form.text;
    if !steps.take(text.len()) {
        return (None, false);
    }
    if let Some(found) = spelling::function_prefix(text) {
        return (Some(found), true);
    }
    let is_plussed = spelling::is_plussed(text);
    let mut search = Search {
        form,
        text,
        steps,
        best: None,
        complete: true,
        left: text
            .len()
            .saturating_mul(READ_BYTES_PER_BYTE)
            .saturating_add(READ_BYTES_FREE),
        blank: if is_plussed { b'+' } else { 0 },
        line: 0,
        is_document: None,
        variables: 0,
        opens: gate::opens_command(text) || text.starts_with(variable::ALIAS),
        guesses: 0,
        compounds: 0,
    };
    search.whole();
    search.start();
    search.breaks();
    (search.best, search.complete)
}

// Limit: commands and their arguments follow one another, so that each byte is read about once; a
// quoted argument may hold separators of its own, four levels of them at most.
const READ_BYTES_PER_BYTE: usize = 4;
const READ_BYTES_FREE: usize = 4 << 10;
const WORD_STEPS: usize = 60; // Limit: 900 instructions, until a word is no command.
// Limit: a prefix is told by its first and its last 96 bytes, prose by 256 bytes on either side.
const PREFIX_BYTES: usize = 192;
const PROSE_BYTES: usize = 512;
// Limit: a command is spelled with a few variables; what sixteen could not say no more can.
const VARIABLES_MAX: u32 = 16;
// Limit: the first commands of a value are those that break out of something.
const GUESSES_MAX: u32 = 4;
// Limit: an injection tests or loops once; eight words of that kind are a program.
const COMPOUNDS_MAX: u32 = 8;

struct Search<'t, 's> {
    form: &'t Form<'t>,
    text: &'t [u8],
    steps: &'s mut Steps,
    best: Option<Found>,
    complete: bool,
    /// Bytes that may still be read behind separators.
    left: usize,
    /// The sign that stands for a space, if any.
    blank: u8,
    /// Where the line at hand begins.
    line: usize,
    is_document: Option<bool>,
    /// Variables that were met where a command may stand.
    variables: u32,
    /// A sign of the shell stands first in the value.
    opens: bool,
    /// Names that were taken for a command by their place alone.
    guesses: u32,
    /// Words that may begin a command that holds others.
    compounds: u32,
}

impl<'t> Search<'t, '_> {
    fn is_done(&self) -> bool {
        let best = self.best.map(|best| best.confidence);
        !self.complete || best == Some(Confidence::High)
    }

    fn peek(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// `$IFS`, `$((6*7))`: a value that is nothing else and means something to shells alone.
    fn whole(&mut self) {
        let value = self.text.trim_ascii();
        let production =
            spelling::whole(value).or_else(|| option::runs_program(self.text).then_some("option"));
        if let Some(production) = production {
            self.best = Some(Found {
                confidence: Confidence::High,
                production,
                context: "start",
                start: 0,
                end: self.text.len(),
            });
        }
    }

    /// The value itself as a command line.
    fn start(&mut self) {
        let at = skip_blank(self.text, 0, self.blank);
        self.command(Break::Start, at, at);
        if self.text.starts_with(b"\\n") {
            self.command(Break::Both, 0, 2);
        }
    }

    fn breaks(&mut self) {
        let mut at = 0_usize;
        while !self.is_done() {
            match sought::first(self.text, at, spelling::BREAKS) {
                Some(next) => at = self.break_at(next),
                None => return,
            }
        }
    }

    /// Looks at what follows the sign at `at`; gives where to go on.
    fn break_at(&mut self, at: usize) -> usize {
        let next = at.saturating_add(1);
        let sign = self.peek(at);
        let break_out = match sign {
            b'\n' | b'\r' => Break::Line,
            // `\;`: a sign that a shell takes for a letter.
            b';' | b'|' | b'&' if self.around().is_escaped(at) => return next,
            b';' if self.around().ends_entity(at) => return next,
            b';' => Break::Semicolon,
            // Two and more quote a word in Markdown and its kin.
            b'`' if self.peek(next) == b'`' => return at.saturating_add(self.run(at)),
            b'`' => Break::Substitution,
            b'$' | b'<' | b'>' => {
                if self.peek(next) != b'(' || self.peek(next.saturating_add(1)) == b'(' {
                    return next;
                }
                Break::Substitution
            }
            _ if self.peek(next) == sign => Break::Both,
            // A row of a table of Markdown has its cells between them.
            b'|' if self.in_document() && self.around().is_row(self.line) => return next,
            b'|' => Break::Pipe,
            _ => Break::Ampersand,
        };
        let mut behind = next;
        if matches!(sign, b'$' | b'<' | b'>') {
            behind = behind.saturating_add(1);
        }
        // `&& | dir`: what stands between signs is nothing.
        loop {
            let blank = skip_blank(self.text, behind, self.blank);
            let blank = match word::ifs(self.text.get(blank..).unwrap_or_default()) {
                Some(bytes) => blank.saturating_add(bytes),
                None => blank,
            };
            let is_more = matches!(self.peek(blank), b';' | b'|' | b'&' | b'\n' | b'\r');
            if !is_more {
                behind = blank;
                break;
            }
            behind = blank.saturating_add(1);
        }
        if sign == b'$' && self.peek(behind) == b'`' {
            behind = behind.saturating_add(1);
        }
        self.command(break_out, at, behind);
        let passed = self.text.get(at..behind).unwrap_or_default();
        if let Some(last) = passed.iter().rposition(|b| matches!(b, b'\n' | b'\r')) {
            self.line = at.saturating_add(last).saturating_add(1);
        }
        behind.max(next)
    }

    /// How often the sign at `at` stands in a row.
    fn run(&self, at: usize) -> usize {
        let sign = self.peek(at);
        let rest = self.text.get(at..).unwrap_or_default();
        rest.iter().take_while(|byte| **byte == sign).count().max(1)
    }

    /// Reads a command at `at` behind the sign at `sign`.
    fn command(&mut self, break_out: Break, sign: usize, at: usize) {
        if !self.may_begin(at) {
            return;
        }
        let (at, blank) = self.around().skip_openings(at);
        let word = self.word(break_out, at, blank);
        if !self.pay(word.end.saturating_sub(at).saturating_add(WORD_STEPS)) || word.is_empty() {
            return;
        }
        if self.compounds(break_out, sign, &word) {
            return;
        }
        let is_hidden = break_out != Break::Start
            && (spelling::is_hidden_path(&word)
                || break_out != Break::Line && variable::is_alias(self.text, &word));
        let known = match (word.text, break_out) {
            // What a usage calls its program.
            (b"$0", Break::Pipe | Break::Both) => command::kind(&word),
            (b"$0", _) => return,
            _ => command::kind(&word),
        };
        let is_variable = spelling::is_variable(&word) && !known.is_command();
        let kind = match (is_hidden, is_variable) {
            (true, _) => Kind::SURE,
            (_, true) => variable::kind(self.text, sign, &word, self.blank, self.opens),
            _ => known,
        };
        let kind = self.guessed(break_out, &word, kind, blank);
        if !kind.is_command() || spelling::is_two_words(&word) {
            return;
        }
        let arguments = argument::read(self.text, &word, kind, blank);
        if arguments.fit == Fit::Never || !self.pay(arguments.end.saturating_sub(word.end)) {
            return;
        }
        let is_spelled = match break_out {
            Break::Start => spelling::is_shown(&word, &arguments),
            _ => word.is_odd || is_variable || word.is_threaded && self.peek(sign) != b'`',
        };
        let around = self.around();
        let command = Command {
            kind,
            break_out,
            prefix: Prefix::Words,
            arguments,
            is_odd: is_spelled || is_hidden || blank == b',',
            has_path: spelling::is_program_path(&word),
            after_number: false,
            after_datum: false,
            after_word: false,
            is_written: self.text.ends_with(b" \\"),
            fills_value: self.fills(break_out, sign, &word),
            is_joined: guess::is_joined(self.text, &word),
            is_spaced: self.peek(sign.saturating_sub(1)) == b' ',
            is_ended: around.is_ended(arguments.end),
            is_enclosed: around.is_enclosed(arguments.end),
            is_last: arguments.fit == Fit::None && around.is_last(arguments.end, break_out),
            in_document: false,
        };
        let is_title = spelling::is_title(&word, self.peek(sign), command.is_joined);
        if !is_title && !spelling::is_shouted(&word, break_out) {
            self.weigh(command, sign, &word);
        }
    }

    /// What a name that is no command's is taken for in a value that begins with a sign.
    fn guessed(&mut self, break_out: Break, word: &Word<'_>, kind: Kind, blank: u8) -> Kind {
        let is_placed = matches!(
            break_out,
            Break::Semicolon | Break::Pipe | Break::Both | Break::Ampersand
        );
        if kind.is_command() || !is_placed || !self.may_guess() || self.in_document() {
            return kind;
        }
        self.guesses = self.guesses.saturating_add(1);
        guess::kind(self.text, word, kind, blank)
    }

    fn may_guess(&self) -> bool {
        self.opens && self.guesses < GUESSES_MAX
    }

    /// The word at `at`, or the one behind a variable that is not set: `$u cat`.
    fn word(&mut self, break_out: Break, at: usize, blank: u8) -> Word<'t> {
        let word = word::read(self.text, at, blank);
        if !spelling::is_variable(&word) {
            return word;
        }
        self.variables = self.variables.saturating_add(1);
        if word.text.len() > 3 || break_out == Break::Start {
            return word;
        }
        let mut behind = word::read(self.text, skip_blank(self.text, word.end, blank), blank);
        let is_known = command::kind(&behind);
        if is_known.any(Kind::SURE) || self.opens && is_known.any(Kind::FILES) {
            behind.is_odd = true;
            return behind;
        }
        word
    }

    /// Looks at what stands before a command and offers it.
    fn weigh(&mut self, command: Command, sign: usize, word: &Word<'_>) {
        let around = self.around();
        let end = command.arguments.end;
        let break_out = command.break_out;
        let is_quoting = self.peek(sign) == b'`';
        let is_inside = break_out == Break::Substitution;
        // Lines of documents begin with commands.
        let is_line =
            break_out == Break::Line && !command.arguments.is_secret && self.in_document();
        if is_line
            || !command.may_mean_something()
            || is_quoting && !around.is_closed(end)
            || break_out == Break::Ampersand && around.is_anchor(sign)
        {
            return;
        }
        let line = self.text.get(self.line..sign).unwrap_or_default();
        if !self.pay(line.len().min(PREFIX_BYTES)) {
            return;
        }
        let site = Site {
            text: self.text,
            line,
            sign,
            break_out,
        };
        let is_opened = is_inside && script::is_opened(self.form);
        let is_written = is_opened
            || is_inside && site.is_assigned()
            || is_quoting && site.is_told() && around.is_markdown(line, end)
            || site.is_written(word, command.kind, &command.arguments);
        let prefix = match prefix::of(line) {
            _ if is_inside && compound::assigns(line) => Prefix::Alone,
            _ if is_inside && site.takes_output() || site.is_scripted() => Prefix::Line,
            _ if is_inside && site.is_wrapped(end) => Prefix::Code,
            _ if !is_inside && site.is_in_ticks() => Prefix::Line,
            _ if is_quoting && around.is_markdown(line, end) => Prefix::Words,
            // `x=$(id)` is what scripts do, and within quotes as well.
            Prefix::Quoted | Prefix::Data if is_inside && line.contains(&b'=') => Prefix::Line,
            Prefix::Alone | Prefix::Quoted if is_opened => Prefix::Line,
            Prefix::Quoted if is_inside => Prefix::Words,
            Prefix::Alone | Prefix::Data if script::is_set(self.form) => Prefix::Line,
            prefix => prefix,
        };
        let command = Command {
            prefix,
            after_number: line.iter().all(u8::is_ascii_digit),
            after_datum: prefix::is_datum(line),
            after_word: line.trim_ascii().iter().all(u8::is_ascii_alphabetic),
            is_written: command.is_written || is_written,
            in_document: self.in_document(),
            ..command
        };
        self.offer(&command, sign, end);
    }

    /// True if the value is a sign and a name, and no more than a sign behind.
    fn fills(&self, break_out: Break, sign: usize, word: &Word<'_>) -> bool {
        let around = self.around();
        let is_list = matches!(break_out, Break::Ampersand | Break::Line | Break::Start);
        let is_first = self.opens && self.text.get(..sign).is_some_and(|t| t.len() < 2);
        sign == 0 && around.is_between_signs(word.end)
            || is_first && !is_list && word.end == self.text.trim_ascii_end().len()
    }

    fn around(&self) -> Around<'t> {
        Around {
            text: self.text,
            blank: self.blank,
        }
    }

    /// False where a glance tells that no name of a command begins at `at`.
    #[inline]
    fn may_begin(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let next = rest.get(letters).copied().unwrap_or(0);
        if letters > 0 {
            let is_plain = matches!(next, b' '..=b'!' | b'&' | b'('..=b'-' | b':'..=b'>' | b'|'..)
                || matches!(next, 9..=13);
            return !is_plain
                || command::may_be_known(rest.get(..letters).unwrap_or_default())
                || self.may_guess();
        }
        match next {
            b'$' if self.variables >= VARIABLES_MAX => false,
            b'$' => !matches!(rest.get(1), None | Some(b'(' | b')' | b'$' | b' ')),
            b'/' | b'.' => rest
                .iter()
                .take(32)
                .take_while(|byte| !matches!(byte, b';' | b'|' | b'&' | b' '))
                .any(|byte| byte.is_ascii_alphabetic() || *byte == b'?'),
            b'!'..=b'"' | b'%' | b'\'' | b'(' | b'+' | b',' | b'?' | b'@' | b'['..=b'_' | b'{' => {
                true
            }
            0 => letters < rest.len(),
            _ => false,
        }
    }

    fn offer(&mut self, command: &Command, start: usize, end: usize) {
        let Some(confidence) = worth::of(self.form, command) else {
            return;
        };
        // What the gate takes a command line by: words alone are a sentence.
        let span_text = self.text.get(start..end).unwrap_or_default();
        if command.break_out == Break::Start
            && !span_text.iter().any(|byte| spelling::is_mark(*byte))
        {
            return;
        }
        let best = self.best.map(|best| best.confidence);
        let is_better = |new: &Confidence| Some(*new) > best;
        if !is_better(&confidence) || !self.pay(PROSE_BYTES) {
            return;
        }
        let confidence = if prose::surrounds(self.text, span(start, end)) {
            worth::lowered(confidence)
        } else {
            Some(confidence)
        };
        let Some(confidence) = confidence.filter(is_better) else {
            return;
        };
        self.best = Some(Found {
            confidence,
            production: command.break_out.name(),
            context: command.prefix.name(),
            start,
            end,
        });
    }

    fn pay(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        let paid = left.is_some() && self.steps.take(bytes.saturating_mul(2));
        self.complete &= paid;
        paid
    }

    /// `for /f %i in (…) do`, `if [ 1 = 1 ]; then`: commands that hold others.
    fn compounds(&mut self, break_out: Break, sign: usize, word: &Word<'_>) -> bool {
        if break_out == Break::Start || self.compounds >= COMPOUNDS_MAX {
            return false;
        }
        let Some(kind) = compound::of(self.text, word, break_out) else {
            return false;
        };
        self.compounds = self.compounds.saturating_add(1);
        if !kind.is_whole(self.text, word) || self.in_document() {
            return false;
        }
        let line = self.text.get(self.line..sign).unwrap_or_default();
        let is_step =
            kind != Compound::Windows && compound::is_step(self.text, line, sign, break_out);
        let is_out = !is_step && prefix::of(line).is_left();
        let end = compound::end(self.text, word);
        if is_out && !prose::surrounds(self.text, span(sign, end)) {
            self.best = Some(Found {
                confidence: Confidence::High,
                production: "loop",
                context: "start",
                start: sign,
                end,
            });
        }
        true
    }

    fn in_document(&mut self) -> bool {
        let text = self.text;
        *self
            .is_document
            .get_or_insert_with(|| around::is_document(text))
    }
}
