//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is read: a line break, or the name of a field that has a twin.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::LINE, Signals::FIELD];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(Signals::FIELD.bits(), "transfer")];
