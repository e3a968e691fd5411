//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no name reaches a prototype.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::PROTOTYPE];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::PROTOTYPE.bits(),
    "proto prototype protoprototypetype constructor",
)];
