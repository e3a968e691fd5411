//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no expression is read.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::EXPRESSION,
    Signals::DOLLAR.with(Signals::REFLECTION),
    Signals::BRACE.with(Signals::REFLECTION),
];

/// The words that show a signal: what an expression without a sign of its own needs (a reference of
/// Velocity, a tag of Smarty); the words with the role `REFLECTION` in this rule's own table.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::REFLECTION.bits(),
    "forname getruntime inspect classloader loadclass newinstance getmethod php smarty system \
     passthru popen exec phpinfo self",
)];
