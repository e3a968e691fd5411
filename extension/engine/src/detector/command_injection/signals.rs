//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use super::command::NAMES;
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is a second command.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::COMMAND.with(Signals::SEPARATOR),
    Signals::COMMAND.with(Signals::OPENING),
    Signals::COMMAND.with(Signals::SLASH),
    Signals::COMMAND.with(Signals::QUOTE),
    Signals::COMMAND.with(Signals::DOLLAR),
    Signals::COMMAND.with(Signals::BRACE),
    // Names that are spelled so that nobody sees them.
    Signals::BREAK_OUT.with(Signals::SEPARATOR),
    Signals::DOLLAR.with(Signals::SEPARATOR),
    Signals::SPELLING.with(Signals::SEPARATOR),
    Signals::SPELLING.with(Signals::INTERNAL),
    Signals::OPENING.with(Signals::PARENTHESIS),
    Signals::PATH_WORD.with(Signals::SEPARATOR),
    Signals::PATH_WORD.with(Signals::QUOTE),
    Signals::PATH_WORD.with(Signals::SPELLING),
    Signals::PATH_WORD.with(Signals::DOLLAR),
    Signals::PARENTHESIS
        .with(Signals::BRACE)
        .with(Signals::SEMICOLON),
];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (Signals::COMMAND.bits(), NAMES[0]),
    (Signals::COMMAND.bits(), NAMES[1]),
    (Signals::COMMAND.bits(), NAMES[2]),
    (Signals::COMMAND.bits(), NAMES[3]),
    (Signals::COMMAND.bits(), NAMES[4]),
    (Signals::COMMAND.bits(), NAMES[5]),
    (Signals::COMMAND.bits(), NAMES[6]),
    (Signals::COMMAND.bits(), NAMES[7]),
    (Signals::COMMAND.bits(), NAMES[8]),
    (Signals::COMMAND.bits(), NAMES[9]),
    (Signals::COMMAND.bits(), NAMES[10]),
    (Signals::COMMAND.bits(), NAMES[11]),
    (Signals::COMMAND.bits(), NAMES[12]),
    (Signals::COMMAND.bits(), NAMES[13]),
    (
        Signals::COMMAND.bits(),
        "base rundll regsvr lwp download ifs shell comspec command invoke for",
    ),
];
