//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// A document has a brace; a question for the schema that was cut out of one has its name.
pub(in crate::detector) const NEEDS: &[Signals] =
    &[Signals::BRACE, Signals::UNDERSCORES.with(Signals::META)];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(Signals::META.bits(), "schema type")];
