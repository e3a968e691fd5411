//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no lookup is reckoned: its opening, and a kind of lookup or a default.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::EXPRESSION.with(Signals::LOOKUP)];

/// The words that show a signal: the kinds of lookups that spell or reach something.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::LOOKUP.bits(),
    "jndi lower upper date base env sys ctx java script dns url file",
)];
