//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no path is worth anything.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::DOTS.with(Signals::SLASH),
    Signals::DOTS.with(Signals::LIKENESS),
    Signals::DOTS.with(Signals::PERCENT),
    // A zero byte between two dots keeps them apart.
    Signals::ASSERTION.with(Signals::SLASH),
    Signals::LIKENESS.with(Signals::SLASH),
    Signals::PATH_WORD.with(Signals::SLASH),
    Signals::PATH_WORD.with(Signals::PERCENT),
    Signals::PATH_WORD.with(Signals::LIKENESS),
    Signals::WRAPPER.with(Signals::SLASHES),
    Signals::WRAPPER.with(Signals::SEMICOLON),
    Signals::WRAPPER.with(Signals::DOLLAR),
];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (
        Signals::PATH_WORD.bits(),
        "etc proc var windows winnt system boot win web inf inetpub xampp wamp ssh aws git svn hg \
         env htpasswd htaccess netrc npmrc pgpass history pass docker kube gnupg azure \
         applicationhost ntuser metabase unattend sysprep global localstart dotnet bashrc \
         credentials file netdoc httpd repair config sam security software regback passwd \
         dockercfg wp \
         database secrets parameters appsettings lambda settings tomcat server",
    ),
    (
        Signals::WRAPPER.bits(),
        "php phar zip expect glob ogg rar zlib bzip data jar exec shell sftp scp tunnel \
         txt asp aspx jsp cgi inc",
    ),
];
