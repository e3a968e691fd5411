//! What a command is worth behind what stands before it.
//! It never looks at the text again: only at what was read of it.
use credenza_event::{Decoder, Form, Role};

use super::argument::{Arguments, Fit};
use super::command::Kind;
use super::prefix::Prefix;
use crate::prose;
use crate::report::Confidence;

/// What separates a command from what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// Nothing: the value begins with the command.
    Start,
    /// `;`
    Semicolon,
    /// `|`
    Pipe,
    /// `&`
    Ampersand,
    /// `&&`, `||`
    Both,
    /// A line break.
    Line,
    /// `$(`, `` ` ``, `<(`, `>(`
    Substitution,
}

impl Break {
    /// The name in explanations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Start => "command-line",
            Self::Semicolon | Self::Pipe | Self::Ampersand | Self::Both => "separator",
            Self::Line => "line-break",
            Self::Substitution => "substitution",
        }
    }
}

/// A command that was read, and what stands around it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that was read"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Command {
    pub(super) kind: Kind,
    pub(super) break_out: Break,
    pub(super) prefix: Prefix,
    pub(super) arguments: Arguments,
    /// The name is spelled so that filters do not know it.
    pub(super) is_odd: bool,
    /// The name is a path to the command.
    pub(super) has_path: bool,
    /// A sign of the shell or a quote stands behind it.
    pub(super) is_enclosed: bool,
    /// A number stands before its sign.
    pub(super) after_number: bool,
    /// Nothing but letters stands before its sign.
    pub(super) after_word: bool,
    /// A file or an address stands before its sign.
    pub(super) after_datum: bool,
    /// The value is its name behind a sign or between two, and nothing else.
    pub(super) fills_value: bool,
    /// Nothing stands between its sign and its name.
    pub(super) is_joined: bool,
    /// A blank stands before its sign.
    pub(super) is_spaced: bool,
    /// Behind its arguments nothing follows, or what the value was put in ends.
    pub(super) is_ended: bool,
    /// Nothing stands behind it but signs, or another command.
    pub(super) is_last: bool,
    /// A script, a build or documentation has it as a line of its own.
    pub(super) is_written: bool,
    /// It stands in a text of many lines.
    pub(super) in_document: bool,
}

impl Command {
    /// True unless it is nothing whatever stands before it.
    pub(super) fn may_mean_something(&self) -> bool {
        strength(&Self {
            prefix: Prefix::Alone,
            ..*self
        })
        .is_some()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Weak,
    Fit,
    Strong,
}

/// What a command is worth.
pub(super) fn of(form: &Form<'_>, command: &Command) -> Option<Confidence> {
    let strength = strength(command)?;
    let is_script = matches!(form.role, Role::Body | Role::Message | Role::Other);
    let quality = match command.prefix {
        Prefix::Alone | Prefix::Quoted => 3,
        Prefix::Data => 2,
        Prefix::Name if !is_script => 2,
        Prefix::Name | Prefix::Words => 1,
        Prefix::Line | Prefix::Code => 0,
    };
    let quality = if command.break_out == Break::Start {
        0
    } else {
        quality
    };
    // A document's texts are what somebody wrote in them, not what breaks out of them.
    let is_text = form.decoded.contains(&Decoder::Xml) && quality < 2;
    let is_pipe = command.break_out == Break::Pipe && command.kind.any(Kind::FILTER);
    let confidence = match (strength, quality) {
        (Strength::Fit, 2..) if is_text || is_pipe => Confidence::Medium,
        (Strength::Strong, _) if is_text => Confidence::Medium,
        (Strength::Strong, 1..) | (Strength::Fit, 2..) => Confidence::High,
        (Strength::Strong, _) => bare(command)?,
        (Strength::Fit, 1) | (Strength::Weak, 3) => Confidence::Medium,
        _ => return None,
    };
    let is_line = command.break_out == Break::Line;
    if command.in_document && is_line && !command.arguments.is_secret {
        return None;
    }
    // `export PATH`, `cd $dir`: the next line of somebody's script.
    if is_line && command.kind.any(Kind::SETS) && strength != Strength::Strong {
        return None;
    }
    if command.is_written || prose::in_page(form) {
        return lowered(confidence);
    }
    if command.in_document && !stands_out(command, strength) {
        return lowered(confidence);
    }
    Some(confidence)
}

/// One step less; `None` below `Medium`.
pub(super) fn lowered(confidence: Confidence) -> Option<Confidence> {
    match confidence {
        Confidence::High => Some(Confidence::Medium),
        Confidence::Medium | Confidence::Low => None,
    }
}

/// A command line that is the value: what it does decides.
fn bare(command: &Command) -> Option<Confidence> {
    let arguments = &command.arguments;
    let is_hidden = command.is_odd || arguments.is_odd;
    if arguments.is_secret || is_hidden {
        return Some(Confidence::High);
    }
    let is_telling = command
        .kind
        .any(Kind::NET.with(Kind::CODE).with(Kind::TAKES_WORD));
    is_telling.then_some(Confidence::Medium)
}

/// Lines of documents begin with commands, but never with a semicolon.
fn stands_out(command: &Command, strength: Strength) -> bool {
    let is_strong = strength == Strength::Strong && command.arguments.is_strong;
    match command.prefix {
        Prefix::Alone => is_strong && command.break_out == Break::Semicolon,
        Prefix::Data => {
            is_strong && command.break_out != Break::Line && command.arguments.is_secret
        }
        _ => false,
    }
}

fn strength(command: &Command) -> Option<Strength> {
    let arguments = &command.arguments;
    if command.is_odd || arguments.is_odd {
        return (arguments.fit != Fit::Never).then_some(Strength::Strong);
    }
    if command.kind.any(Kind::GUESS) {
        return guessed(command);
    }
    match arguments.fit {
        Fit::Never => None,
        Fit::Prose if !arguments.is_secret => terse(command),
        _ if arguments.is_strong => Some(Strength::Strong),
        Fit::Fits | Fit::Prose => Some(Strength::Fit),
        Fit::None => alone(command),
    }
}

/// Words behind a name that is no word: `;ifconfig eth0`, `;echo hello`.
fn terse(command: &Command) -> Option<Strength> {
    let arguments = &command.arguments;
    let is_free = matches!(command.prefix, Prefix::Alone | Prefix::Quoted);
    let is_signed = !matches!(
        command.break_out,
        Break::Start | Break::Line | Break::Ampersand
    );
    let is_echo = command.kind.any(Kind::TEXT) && command.break_out == Break::Ampersand;
    if !is_free || !(is_signed || is_echo) || !command.is_ended || !arguments.are_terse() {
        return None;
    }
    let named = Kind::SURE.with(Kind::SHORT).with(Kind::TEXT);
    let is_mixed = arguments.others > 0 && arguments.words <= 2;
    let is_language = command.kind.any(Kind::CODE) && !command.kind.any(Kind::RUNS);
    let named = command.kind.any(named) && !is_language;
    (named || is_mixed).then_some(Strength::Fit)
}

/// A name that is taken for a command's: nothing stands before its sign, and what stands behind
/// it is what tools are told.
fn guessed(command: &Command) -> Option<Strength> {
    let arguments = &command.arguments;
    let is_free = matches!(command.prefix, Prefix::Alone | Prefix::Quoted);
    if arguments.fit == Fit::Never || !is_free && command.prefix != Prefix::Data {
        return None;
    }
    // `; see /etc/hosts` is a comment of a settings file.
    let is_comment = command.break_out == Break::Semicolon && !command.is_joined && is_free;
    if arguments.is_strong && (arguments.is_secret || !is_comment) {
        return Some(Strength::Strong);
    }
    let is_pipe = command.break_out == Break::Pipe && command.is_enclosed;
    let is_free = is_free || command.after_number && arguments.fit != Fit::None;
    if !is_free || !command.kind.any(Kind::TOOL) || !command.is_ended || is_pipe {
        return None;
    }
    let is_marked = command.break_out != Break::Ampersand;
    let is_english = command.kind.any(Kind::ENGLISH);
    let is_near = command.is_joined && is_marked || command.break_out == Break::Both;
    let may_stand = match arguments.fit {
        Fit::None => command.is_last && (!is_english || is_near),
        Fit::Fits => is_near || !is_english,
        _ if is_english => is_near && arguments.others > 0,
        _ => is_near || arguments.others > 0 || is_marked && arguments.words == 1,
    };
    (may_stand && arguments.are_terse()).then_some(Strength::Fit)
}

/// A command without arguments.
fn alone(command: &Command) -> Option<Strength> {
    let is_free = matches!(command.prefix, Prefix::Alone | Prefix::Quoted);
    if !command.is_last {
        return None;
    }
    // `a=1&id` is a query.
    let is_apart = command.is_spaced && !command.is_joined && command.kind.any(Kind::SURE);
    if command.break_out == Break::Ampersand && !is_free && !is_apart {
        return None;
    }
    if matches!(command.prefix, Prefix::Words | Prefix::Line | Prefix::Code) {
        return None;
    }
    // A list has names of languages on its lines.
    let is_language = command.kind.any(Kind::CODE) && !command.kind.any(Kind::SHELL);
    if is_language && command.break_out == Break::Line {
        return None;
    }
    // `table; python` is a list; a language that is told nothing does nothing.
    let is_told_nothing = command.kind.any(Kind::CODE.with(Kind::NET)) && !command.has_path;
    if is_told_nothing && command.after_word && !is_free {
        return None;
    }
    if command.kind.any(Kind::SURE) || command.has_path {
        return Some(Strength::Fit);
    }
    let is_piece = command.prefix == Prefix::Data
        && (command.is_enclosed
            || command.after_number
            || matches!(command.break_out, Break::Both | Break::Line));
    if command.kind.any(Kind::SHORT) && (is_free || is_piece) {
        return Some(Strength::Fit);
    }
    // `ann@example.org;id`, `report$(id)`: who and where is asked first.
    let is_inside = command.break_out == Break::Substitution;
    let is_behind = command.prefix == Prefix::Data && command.after_datum;
    if command.kind.any(Kind::PROBE) && (is_inside || is_behind)
        || command.fills_value && (command.is_enclosed || command.kind.any(Kind::LONE))
    {
        return Some(Strength::Fit);
    }
    is_free.then_some(Strength::Weak)
}
