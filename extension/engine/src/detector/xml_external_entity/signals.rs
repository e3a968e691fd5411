//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is found.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::LESS.with(Signals::DOCTYPE)];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::DOCTYPE.bits(),
    "doctype entity attlist xinclude transform xsl",
)];
