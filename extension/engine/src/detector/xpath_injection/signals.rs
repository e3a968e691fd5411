//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no value rewrites an XPath.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    // A function behind a quote, or a question about a path.
    Signals::AXIS.with(Signals::PARENTHESIS),
    // An axis, a path or an attribute behind a quote.
    Signals::AXIS.with(Signals::QUOTE),
    Signals::SLASH.with(Signals::QUOTE),
    Signals::QUOTE
        .with(Signals::CONNECTIVE)
        .with(Signals::OBJECT),
    Signals::QUOTE.with(Signals::CONNECTIVE).with(Signals::DOTS),
    Signals::QUOTE
        .with(Signals::SEPARATOR)
        .with(Signals::OBJECT),
    Signals::QUOTE.with(Signals::SEPARATOR).with(Signals::DOTS),
    Signals::QUOTE.with(Signals::BRACKET).with(Signals::OBJECT),
    Signals::QUOTE.with(Signals::BRACKET).with(Signals::DOTS),
    // `fn:` may stand before any name.
    Signals::QUOTE
        .with(Signals::CONNECTIVE)
        .with(Signals::PARENTHESIS),
    Signals::QUOTE
        .with(Signals::BRACKET)
        .with(Signals::PARENTHESIS),
];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::AXIS.bits(),
    "name position last true false text node count string contains starts ends \
     substring translate normalize boolean number sum doc document unparsed id lang not \
     matches local namespace concat exists empty round floor ceiling codepoints \
     ancestor attribute child descendant following parent preceding self",
)];
