//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// A repeated group, brackets in a row, ranges of bytes; and an exponent with its digits.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::BOMB];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(Signals::BOMB.bits(), "bytes e")];
