//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is found: a name with one of the words.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::NAME.with(Signals::META)];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::META.bits(),
    "expressionattributenames expressionattributevalues updateexpression keyconditionexpression \
     conditionexpression filterexpression projectionexpression attributeupdates exclusivestartkey \
     lastevaluatedkey requestcontext records",
)];
