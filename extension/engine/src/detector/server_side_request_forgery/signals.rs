//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no URL is read: a digit or a bracket somewhere behind two slashes, or
/// a word of the names and protocols that mean something.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::ADDRESS,
    Signals::SLASHES.with(Signals::CONSTANT),
    Signals::SLASHES.with(Signals::BRACKET),
];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::ADDRESS.bits(),
    "http https gopher dict ldap ldaps tftp jar netdoc sftp file smb \
     localhost localdomain loopback metadata meta computemetadata instance rancher internal \
     kubernetes \
     nip sslip xip rbndr localtest lvh vcap lacolhost \
     oastify burpcollaborator interact oast dnslog ceye canarytokens bxss requestbin",
)];
