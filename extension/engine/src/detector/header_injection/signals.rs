//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is read: a line break, or the name of a field that has a twin.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::LINE, Signals::FIELD];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (Signals::FIELD.bits(), "transfer"),
    // The names of fields and the first words of messages behind a break that is spelled `\\n`.
    (
        Signals::FIELD.bits(),
        "nset ncookie nlocation nrefresh ncontent nhost nx nbcc ncc nto nfrom nreply nsubject \
         nhttp nget npost nput nhead ndelete naccess ntransfer nlink nstatus nauthorization \
         ncache nmime nproxy nclear nreferrer nstrict nsender nreturn nrcpt nmail npatch noptions",
    ),
];
