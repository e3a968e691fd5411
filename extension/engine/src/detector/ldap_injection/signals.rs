//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no value rewrites a filter.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::ASSERTION,
    // White space between the parentheses.
    Signals::PARENTHESIS.with(Signals::SEPARATOR),
    Signals::PARENTHESIS.with(Signals::COMPARISON),
];

/// No word shows a signal: names of attributes are anybody's words.
pub(in crate::detector) const WORDS: &Vocabulary = &[];
