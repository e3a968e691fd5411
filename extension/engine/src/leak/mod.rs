//! What must not leave: secrets, personal data, errors that tell too much; one pass over a text of
//! an output finds them all.
//! It never looks at events, and never changes an output.
use crate::detector::Rule;
use crate::report::Confidence;

mod anchors;
mod gram;
mod leaks;
mod reflection;
mod spelling;
mod text;
mod variables;

pub mod leaked_environment;
pub mod leaked_secret;
pub mod leaked_source;
pub mod leaky_error;
pub mod own_secret;
pub mod personal_data;
pub mod reflected_error;
pub mod reflected_header;
pub mod reflected_script;
pub mod unread_output;

use self::anchors::each_anchor;
pub use leaked_source::Fingerprints;
pub use leaks::{LEAKS_MAX, Leak, Leaks};
pub use own_secret::{OwnLeak, OwnSecrets, RUN_BYTES_MIN};
pub use reflection::Reflections;
pub use text::{LOOK_BEHIND_BYTES, Media, OutputText};
pub use unread_output::RULE as UNREAD_OUTPUT;
pub use variables::secret_in;

/// The function's own secrets in its answer.
pub static OWN_SECRET: Rule = Rule {
    id: "own-secret",
    class: "secret",
    cwe: 200,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("own_secret.md"),
};

/// The rules of what leaves that need to know the function or the invocation, and so are no
/// [`LeakDetector`].
const KNOWING: &[&Rule] = &[
    &OWN_SECRET,
    &leaked_source::RULE,
    &reflected_script::RULE,
    &reflected_header::RULE,
    &reflected_error::RULE,
    &unread_output::RULE,
];

/// Declares the detectors of outputs, in the order of their bits.
macro_rules! leak_detectors {
    ($($rule:ident::$detector:ident,)+) => {
        /// All detectors that need nothing but the text, in the order of their bits.
        pub static LEAK_DETECTORS: &[&dyn LeakDetector] = &[$(&$rule::$detector,)+];

        /// What each looks for, in the same order.
        const ANCHORS: &[&[&str]] = &[$($rule::ANCHORS,)+];
    };
}

leak_detectors! {
    leaked_secret::LeakedSecret, // a key that opens something of somebody's
    leaky_error::LeakyError, // an error that tells too much
    personal_data::PersonalData, // what tells of people: cards, accounts, ids, lists of addresses
    leaked_environment::LeakedEnvironment, // many variables of the platform with their values
}

/// A rule of outputs.
pub trait LeakDetector: Sync {
    /// The rule's identity.
    fn rule(&self) -> &'static Rule;
    /// Judges what stands around an anchor: the one with this number in the detector's list, of
    /// which the first byte stands at an offset of the text.
    fn judge(&self, text: &OutputText<'_>, which: usize, at: usize, leaks: &mut Leaks);
    /// Judges the text as a whole, for what no anchor stands in.
    fn sweep(&self, text: &OutputText<'_>, leaks: &mut Leaks) {
        let _ = (text, leaks);
    }
}

/// Every rule of outputs.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let knowing = KNOWING.iter().copied();
    knowing.chain(LEAK_DETECTORS.iter().map(|detector| detector.rule()))
}

/// What the one pass looks for, for whoever makes outputs that are slow.
#[cfg(any(test, feature = "pages"))]
pub fn anchors() -> impl Iterator<Item = &'static str> {
    ANCHORS.iter().copied().flatten().copied()
}

/// The detectors of outputs that somebody watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeakWatch(u32);

impl LeakWatch {
    /// Every detector there is.
    pub const fn all() -> Self {
        Self(u32::MAX)
    }

    /// Those for whose rule `is_on` says so.
    pub fn of(is_on: impl Fn(&'static Rule) -> bool) -> Self {
        let bits = LEAK_DETECTORS.iter().enumerate().map(|(bit, detector)| {
            let bit = u32::try_from(bit).unwrap_or(u32::MAX);
            u32::from(is_on(detector.rule())).unbounded_shl(bit)
        });
        Self(bits.fold(0, |all, bit| all | bit))
    }

    /// True if nothing is to be looked for.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn has(self, bit: usize) -> bool {
        let bit = u32::try_from(bit).unwrap_or(u32::MAX);
        self.0.unbounded_shr(bit) & 1 == 1
    }
}

/// One pass over a text for every watched detector; what is found is added to `leaks`.
///
/// Linear: each anchor is judged by what stands around it within a bound.
pub fn seek(text: &OutputText<'_>, watch: LeakWatch, leaks: &mut Leaks) {
    if watch.is_empty() {
        return;
    }
    leaks.look.begin();
    each_anchor(text.bytes, |detector, which, at| {
        let found = LEAK_DETECTORS.get(detector);
        if let Some(found) = found.filter(|_| watch.has(detector)) {
            found.judge(text, which, at, leaks);
        }
    });
    for (bit, detector) in LEAK_DETECTORS.iter().enumerate() {
        if watch.has(bit) {
            detector.sweep(text, leaks);
        }
    }
}

/// The places in a text at which a detector has to look, by its numbers.
pub(crate) fn each_anchor_of(rule: &Rule, text: &[u8], mut visit: impl FnMut(usize, usize)) {
    each_anchor(text, |detector, which, at| {
        let found = LEAK_DETECTORS.get(detector);
        if found.is_some_and(|found| found.rule().id == rule.id) {
            visit(which, at);
        }
    });
}

// Limit: keys have 20 to 200 bytes; of a longer beginning the end is found behind it.
const BEGUN_BYTES_MAX: usize = 256;

/// How many bytes at the end of a text may begin what a watched detector finds, and so are held
/// back where it must not leave: from an anchor on, as long as no space, quote or bracket follows.
pub fn begun(text: &[u8], watch: LeakWatch) -> usize {
    let from = text.len().saturating_sub(BEGUN_BYTES_MAX);
    let tail = text.get(from..).unwrap_or(text);
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>,;(){}[]\\".contains(byte);
    let last = tail.iter().rposition(ends);
    let word = last.map_or(0, |last| last.saturating_add(1));
    let mut first = tail.len();
    each_anchor(tail.get(word..).unwrap_or_default(), |detector, _, at| {
        if watch.has(detector) {
            first = first.min(word.saturating_add(at));
        }
    });
    tail.len().saturating_sub(first)
}

#[cfg(test)]
mod cost;
#[cfg(test)]
mod props;
#[cfg(test)]
mod tests;
