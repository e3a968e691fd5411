//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// A token begins with a brace in base64, which the gate knows without a word.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::TOKEN];

/// No words: what a token says is packed.
pub(in crate::detector) const WORDS: &Vocabulary = &[];
