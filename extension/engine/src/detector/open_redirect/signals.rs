//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is found: two slashes, or one and a sign that hides a host.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::SLASHES,
    Signals::SLASH.with(Signals::OBJECT),
    Signals::SLASH.with(Signals::LINE),
];

/// This rule needs no words.
pub(in crate::detector) const WORDS: &Vocabulary = &[];
