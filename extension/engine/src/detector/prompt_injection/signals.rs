//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// A verb and what it is said of, or the mark of a turn in a conversation.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::TAKE_BACK.with(Signals::INSTRUCTION),
    Signals::INSTRUCTION.with(Signals::LESS),
    Signals::INSTRUCTION.with(Signals::BRACKET),
];

/// The words that show a signal; the first two groups are read as they stand here, too.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (Signals::TAKE_BACK.bits(), TAKE_BACK),
    (Signals::TAKE_BACK.bits(), TELL),
    (
        Signals::TAKE_BACK.bits(),
        "you are do now enter enable activate",
    ),
    (Signals::INSTRUCTION.bits(), NOUNS),
    (
        Signals::INSTRUCTION.bits(),
        "anything unrestricted jailbroken uncensored unfiltered im inst sys system endoftext dan \
         mode restrictions limits filters",
    ),
];

/// Verbs that take an instruction back.
pub(super) const TAKE_BACK: &str =
    "ignore disregard forget override bypass discard neglect overlook drop skip";
/// Verbs that ask for one.
pub(super) const TELL: &str = "reveal print show repeat output display tell give leak dump \
                               write expose recite disclose share";
/// What they are said of.
pub(super) const NOUNS: &str = "instruction instructions prompt prompts rules guidelines \
                                directions directives commands constraints programming orders \
                                guardrails context";
