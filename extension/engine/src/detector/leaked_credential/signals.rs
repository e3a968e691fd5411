//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// How some kind of secret begins.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::SECRET];

/// The words that show a signal; kinds that begin with letters without a sign behind them are known
/// to the gate without a word.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::SECRET.bits(),
    "ghp gho ghu ghs ghr github glpat glptt glrt gldt glft glcbt glsoat gloas glffct glimt glagent \
     xoxb xoxp xoxa xoxr xoxs xoxe xapp slack sk rk whsec npm pypi sg dop doo dor hf gocspx shpat \
     shpca shppa shpss shpua dckr accountkey private secret \
     secretaccesskey awssecretaccesskey",
)];
