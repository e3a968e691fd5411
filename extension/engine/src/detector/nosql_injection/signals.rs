//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is found.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    // An operator.
    Signals::DOLLAR.with(Signals::OPERATOR),
    // A statement behind a quote or a number, a command on a line of its own.
    Signals::SEPARATOR.with(Signals::OPERATOR),
    // A function or a word behind a quote.
    Signals::QUOTE.with(Signals::OPERATOR),
    // A condition that is always true.
    Signals::QUOTE
        .with(Signals::CONNECTIVE)
        .with(Signals::COMPARISON),
    Signals::QUOTE
        .with(Signals::CONNECTIVE)
        .with(Signals::CONSTANT),
    Signals::CONNECTIVE
        .with(Signals::SEPARATOR)
        .with(Signals::CONSTANT),
    // The protocol of Redis, a request of DynamoDB, a command of the shell.
    Signals::LINE.with(Signals::STAR),
    Signals::PARENTHESIS.with(Signals::OPERATOR),
    Signals::NAME.with(Signals::INTERNAL),
    // A command behind a break that is spelled `\\r\\n`.
    Signals::FIELD,
];

/// The words that show a signal: operators, words of programs, commands.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (Signals::INTERNAL.bits(), "attributevaluelist"),
    (
        Signals::FIELD.bits(),
        "nflushall nflushdb nbgsave nbgrewriteaof nconfig nmodule nkeys nshutdown nslaveof \
         nreplicaof nset neval nadd nreplace nappend nprepend nflush",
    ),
    (
        Signals::OPERATOR.bits(),
        "accumulator bitsallclear bitsallset bitsanyclear bitsanyset elemmatch eq eval exists expr \
     function geointersects geowithin gt gte jsonschema keymapmatch lt lte maxdistance mod ne near \
     nearsphere nin nor not regex where all and in or size type text set unset addtoset bit \
     currentdate facet graphlookup group inc lookup match mul pop pull pullall push rename \
     func setoninsert unionwith iterate drop tolist valuemap \
     return sleep var let const while for if do new throw this db \
     allow attribute begins contains \
     getruntime forname processbuilder comment \
     match detach load call union \
     flushall flushdb bgsave bgrewriteaof config module keys shutdown slaveof replicaof \
     add replace append prepend flush",
    ),
];
