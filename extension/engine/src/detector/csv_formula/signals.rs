//! What the gate looks for on behalf of this rule, and the functions that mean something.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::{Lexicon, Vocabulary, fold_word};

/// The signals without which nothing is found.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::SCRIPT.with(Signals::PARENTHESIS),
    Signals::SEPARATOR
        .with(Signals::QUOTE)
        .with(Signals::COMPARISON),
];

/// Functions of spreadsheets that call out, run programs or lead away.
const FUNCTIONS: &str = "hyperlink webservice importxml importdata importhtml importfeed \
    importrange image call register exec dde rtd filterxml";

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(Signals::SCRIPT.bits(), FUNCTIONS)];

static KNOWN: Lexicon<32, 1> = Lexicon::new(&[&[(1, FUNCTIONS)]]);

/// True for the name of such a function.
pub(super) fn is_function(word: &[u8]) -> bool {
    KNOWN.roles(fold_word(word)) != 0
}
