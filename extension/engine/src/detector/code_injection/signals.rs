//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is program text that runs.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::PROGRAM.with(Signals::PARENTHESIS),
    Signals::PROGRAM.with(Signals::LESS),
    Signals::PROGRAM.with(Signals::BRACKET),
    Signals::PROGRAM.with(Signals::BRACE),
    Signals::LESS.with(Signals::COMPARISON_WORD),
    Signals::DOLLAR.with(Signals::PARENTHESIS),
    Signals::DOLLAR.with(Signals::BRACE),
    Signals::DOLLAR.with(Signals::BRACKET),
    Signals::PERCENT.with(Signals::PARENTHESIS),
    Signals::QUOTE.with(Signals::PARENTHESIS),
    Signals::PROGRAM
        .with(Signals::SEMICOLON)
        .with(Signals::CONSTANT),
];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::PROGRAM.bits(),
    "system shell exec passthru popen proc pcntl spawn execsync spawnsync check getoutput execfile \
     eval assert create function constructor compile instance class import require file readfile \
     readfilesync show highlight fpassthru phpinfo unserialize printf print var getenv filegroup \
     fileowner phpversion call array usort move gzinflate gzuncompress fromcharcode chr atob \
     unescape hex rawurldecode strrev pack str base subclasses builtins globals getruntime \
     processbuilder mainmodule reduce mro process php esi include echo printenv config set fsize \
     flastmod elif else endif if getattr exit die md sha open binding load console kernel \
     runtime os preg write while",
)];
