//! What is looked for in an output, and what was found there.
//! It never holds a byte of a text beyond the window that a stream needs.
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::Confidence;
use credenza_engine::detector::Rule;
use credenza_engine::leak::{
    Fingerprints, LEAK_DETECTORS, Leak, LeakWatch, Leaks, Media, OWN_SECRET, OutputText,
    OwnSecrets, Reflections, UNREAD_OUTPUT, leaked_source, leaky_error, reflected_error, seek,
};
use credenza_event::{Steps, sorted};
use credenza_policy::{Action, Exemption, Judge, Mode, Place, Policy, Verdict};

use super::whence::Whence;
use super::{locate, packed};

// Limit: whoever reads records learns nothing from a 257th leak of one answer, and an answer with
// more of them is withheld and not masked one by one.
pub(super) const FOUND_MAX: usize = 256;

/// A text that no shape fits, for what nobody has as a whole.
const UNSEEN: &[u8] = b"\0";

/// Something in an output that must not leave.
#[derive(Clone, Debug)]
pub struct Found {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What it is: a kind of secret, of data, of error; of an own secret how it is spelled.
    pub kind: &'static str,
    /// Which of the function's own secrets it is, if it is one.
    pub secret: Option<usize>,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// The verdict on it alone, as in block mode.
    pub verdict: Verdict,
    /// What the policy wants of it in block mode.
    pub action: Action,
    /// The verdict of the candidate beside the policy, if there is one.
    pub shadow: Option<Verdict>,
    /// Whether this is one of the invocations for which that is done; `None` where it is for all.
    pub canary: Option<bool>,
    /// Where it stands in the output, as a JSON Pointer; empty where nobody knows.
    pub location: String,
    /// Its first byte in the output.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl Found {
    /// True if the policy or its candidate wants to know of it.
    pub fn is_told(&self) -> bool {
        self.verdict > Verdict::Pass || self.shadow > Some(Verdict::Pass)
    }

    /// Has it withheld where it would be masked, because it stands where nothing can be.
    pub(super) fn never_masked(&mut self) {
        if self.action == Action::Mask {
            self.action = Action::Block;
        }
    }
}

/// What is looked for in outputs under one policy.
#[derive(Clone, Copy, Debug)]
pub struct Guard<'g> {
    pub(super) own: Option<&'g OwnSecrets>,
    watch: LeakWatch,
    /// What only the candidate beside the policy looks for.
    shadow_watch: LeakWatch,
    pub(super) policy: &'g Policy,
    whence: Option<&'g Whence<'g>>,
    /// The output is there as a whole, and what is found in it has a place.
    locates: bool,
    /// What of the event does harm where it is repeated.
    reflections: Option<&'g Reflections>,
    /// The lines of the function's own files.
    files: Option<&'g Fingerprints>,
    /// What is found may be withheld or masked.
    is_blocking: bool,
}

impl<'g> Guard<'g> {
    /// The guard of a function that has these secrets.
    pub fn new(own: Option<&'g OwnSecrets>, policy: &'g Policy) -> Self {
        let watched = own.filter(|own| !own.is_empty() && policy.watches_at_all(&OWN_SECRET));
        Self {
            own: watched,
            watch: LeakWatch::of(|rule| policy.watches_rule(rule)),
            shadow_watch: LeakWatch::of(|rule| {
                policy.shadow.is_some() && policy.watches_at_all(rule) && !policy.watches_rule(rule)
            }),
            policy,
            whence: None,
            locates: false,
            reflections: None,
            files: None,
            is_blocking: policy.mode == Mode::Block,
        }
    }

    /// The same for the answer to an event of which this does harm where it is repeated.
    #[must_use]
    pub fn of_event(self, reflections: &'g Reflections) -> Self {
        if reflections.is_empty() {
            return self;
        }
        // The errors of databases have to be found for what they repeat to be.
        let is_wanted = self.policy.watches_at_all(&reflected_error::RULE);
        let policy = self.policy;
        Self {
            reflections: Some(reflections),
            watch: LeakWatch::of(|rule| {
                policy.watches_rule(rule) || is_wanted && rule.id == leaky_error::RULE.id
            }),
            ..self
        }
    }

    /// The same for a function of which the files are known.
    #[must_use]
    pub fn of_files(self, files: Option<&'g Fingerprints>) -> Self {
        let is_wanted = || self.policy.watches_at_all(&leaked_source::RULE);
        Self {
            files: files.filter(|files| !files.is_empty() && is_wanted()),
            ..self
        }
    }

    /// True if there is anything to look for under a policy, in the outputs of a function that has
    /// secrets or has none.
    pub fn is_needed(has_secrets: bool, policy: &Policy) -> bool {
        let wants_headers = || policy.mode == Mode::Block && policy.output.security_headers;
        let watches_own = || has_secrets && policy.watches_at_all(&OWN_SECRET);
        let mut detectors = LEAK_DETECTORS.iter();
        policy.mode != Mode::Off
            && (watches_own()
                || detectors.any(|detector| policy.watches_at_all(detector.rule()))
                || wants_headers())
    }

    /// True if what is found in the output of an invocation may be withheld or masked.
    pub fn may_block(policy: &Policy, request_id: &[u8]) -> bool {
        policy.mode == Mode::Block && policy.canary_for(request_id) != Some(false)
    }

    /// The same for the output of one invocation: what the policy says of its route, its tenant and
    /// its day holds, and it may be one of those that the policy lets pass for now.
    #[must_use]
    pub fn of_invocation(self, whence: &'g Whence<'g>) -> Self {
        Self {
            is_blocking: Self::may_block(self.policy, whence.request_id),
            whence: Some(whence),
            ..self
        }
    }

    /// The same for an output that is there as a whole.
    pub(super) fn of_whole(self) -> Self {
        Self {
            locates: true,
            ..self
        }
    }

    /// True if nothing is looked for.
    pub fn is_idle(&self) -> bool {
        let has_nothing = self.own.is_none()
            && self.watch.is_empty()
            && self.shadow_watch.is_empty()
            && self.reflections.is_none()
            && self.files.is_none();
        self.policy.mode == Mode::Off || has_nothing
    }

    /// True if what is found may be withheld or masked.
    pub fn is_blocking(&self) -> bool {
        self.is_blocking
    }

    /// True if a leak is withheld together with its output.
    pub(super) fn withholds(&self, found: &Found) -> bool {
        self.is_blocking() && found.canary != Some(false) && found.action == Action::Block
    }

    /// True if a leak is masked.
    pub(super) fn masks(&self, found: &Found) -> bool {
        self.is_blocking() && found.canary != Some(false) && found.action == Action::Mask
    }

    /// True if something may have to be masked.
    pub(super) fn may_mask(&self) -> bool {
        let rules = self.policy.rules.iter().map(|rule| Some(rule.action));
        let scopes = self.policy.scopes.iter().map(|scope| scope.terms.action);
        self.is_blocking()
            && rules
                .chain(scopes)
                .any(|action| action == Some(Action::Mask))
    }

    /// True if headers are to be added to answers.
    pub fn wants_headers(&self) -> bool {
        self.is_blocking() && self.policy.output.security_headers
    }

    /// How many bytes at the end of a text may begin a leak.
    pub(super) fn pending(&self, text: &[u8]) -> usize {
        let own = self.own.map_or(0, |own| own.pending(text));
        let reflected = self.reflections.map_or(0, |kept| kept.pending(text));
        own.max(reflected)
            .max(credenza_engine::leak::begun(text, self.watch))
    }

    fn found(&self, rule: &'static Rule, confidence: Confidence) -> Found {
        let mut found = Found {
            rule,
            kind: "",
            secret: None,
            confidence,
            verdict: Verdict::Pass,
            action: Action::Flag,
            shadow: None,
            canary: None,
            location: String::new(),
            start: 0,
            end: 0,
        };
        if self.locates {
            // Its place decides, which is not known yet.
            found.verdict = self.policy.finding_verdict(rule.id, confidence);
            found.action = self.policy.action(rule.id, confidence);
        } else {
            self.settle(&mut found, UNSEEN);
        }
        found
    }

    /// Says what the policy and its candidate will of what was found, where it stands, in a text.
    pub(super) fn settle(&self, found: &mut Found, text: &[u8]) {
        let place = self.whence.map(|whence| whence.place(self.policy));
        let place = &place.unwrap_or_else(Place::unknown);
        let (id, at) = (found.rule.id, found.location.as_str());
        let will = |policy: &Policy, judge: Judge| {
            let is_own = |exemption: &&Exemption| exemption.rule == id;
            let mut exemptions = policy.exemptions.iter().filter(is_own);
            let is_exempt = exemptions.any(|exemption| {
                let is_asked = self.whence.is_none_or(|whence| whence.may_ask(judge, at));
                is_asked && exemption.covers(id, at, text, place)
            });
            if is_exempt {
                return (Verdict::Pass, Action::Flag, None);
            }
            policy
                .judged_by(place, judge)
                .leak(id, found.confidence, at)
        };
        let shadow = self.policy.shadow.as_deref();
        let shadow = shadow.map(|shadow| will(shadow, Judge::Shadow).0);
        let (verdict, action, canary) = will(self.policy, Judge::Active);
        (found.verdict, found.action, found.canary) = (verdict, action, canary);
        found.shadow = shadow;
    }

    /// Says where in a text, which has a pointer of its own, what was found stands, and what is
    /// willed of it there.
    pub(super) fn locate(&self, of: &str, text: &[u8], findings: &mut Findings) {
        if findings.found.is_empty() {
            return;
        }
        let found = &mut findings.found;
        sorted::sort_by(found, |one, other| {
            (one.start, one.end, one.rule.id) < (other.start, other.end, other.rule.id)
        });
        let spans: Vec<_> = found.iter().map(|found| (found.start, found.end)).collect();
        let offsets: Vec<_> = spans.iter().map(|(start, _)| *start).collect();
        let is_document = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        let document = if is_document { text } else { b"" };
        let pointers = locate::pointers(document, &offsets, &spans);
        for (found, pointer) in found.iter_mut().zip(pointers) {
            found.location = String::from(of);
            found.location.push_str(&pointer);
            let own = text.get(found.start..found.end).unwrap_or(UNSEEN);
            self.settle(found, own);
        }
    }

    /// Looks at a text of which the first byte has an offset in its output.
    pub(super) fn judge(&self, text: &OutputText<'_>, at: usize, found: &mut Findings) {
        self.judge_own(text.bytes, at, found);
        let mut leaks = Leaks::new();
        seek(text, self.watch, &mut leaks);
        if !self.shadow_watch.is_empty() {
            // By itself, so that it crowds nothing out.
            let mut others = Leaks::new();
            seek(text, self.shadow_watch, &mut others);
            self.add(&others, at, found);
        }
        if let Some(reflections) = self.reflections {
            reflections.seek(text, at, &mut leaks);
        }
        if let Some(files) = self.files {
            files.seek(text, &mut leaks);
        }
        self.add(&leaks, at, found);
    }

    /// True if a text has to be there as a whole to be judged.
    pub(super) fn needs_whole(&self) -> bool {
        self.reflections.is_some()
    }

    /// Looks at the value of a header field.
    pub(super) fn judge_field(&self, name: &[u8], value: &[u8], at: usize, found: &mut Findings) {
        let Some(reflections) = self.reflections else {
            return;
        };
        let mut leaks = Leaks::new();
        let text = OutputText::whole(value, Media::Header);
        reflections.seek_header(name, &text, &mut leaks);
        self.add(&leaks, at, found);
    }

    fn add(&self, leaks: &Leaks, at: usize, found: &mut Findings) {
        // Some were only found for the sake of others.
        let is_wanted = |leak: &&Leak| self.policy.watches_at_all(leak.rule);
        for leak in leaks.iter().filter(is_wanted) {
            found.add(Found {
                kind: leak.kind,
                start: at.saturating_add(leak.start),
                end: at.saturating_add(leak.end),
                ..self.found(leak.rule, leak.confidence)
            });
        }
        found.crowded |= leaks.dropped() > 0;
    }

    /// Looks at a text that is there as a whole, and into what is packed in it.
    pub(super) fn judge_whole(&self, text: &OutputText<'_>, found: &mut Findings) {
        self.judge(text, 0, found);
        self.unpack(text.bytes, 0, &mut packed::steps(text.bytes.len()), found);
    }

    /// Looks for own secrets in what is packed in a text, unless one stands there as it is; a leak
    /// is told as one of the whole text.
    pub(super) fn unpack(&self, text: &[u8], at: usize, steps: &mut Steps, found: &mut Findings) {
        let Some(own) = self.own else {
            return;
        };
        if found.found.iter().any(|found| found.secret.is_some()) {
            return;
        }
        let (leak, is_whole) = packed::leak(text, own, steps);
        if !is_whole {
            found.leave_unread("packed");
        }
        if let Some(leak) = leak {
            found.add(Found {
                kind: leak.spelling,
                secret: Some(leak.secret),
                start: at,
                end: at.saturating_add(text.len()),
                ..self.found(&OWN_SECRET, Confidence::High)
            });
        }
    }

    /// Adds that something could not be read, which stands at `start..end`, at a place with this
    /// pointer, if anybody wants to know.
    pub(super) fn tell_unread(
        &self,
        location: &str,
        (start, end): (usize, usize),
        found: &mut Findings,
    ) {
        let Some(kind) = found.unread.take() else {
            return;
        };
        let mut told = Found {
            kind,
            start,
            end,
            location: String::from(location),
            ..self.found(&UNREAD_OUTPUT, Confidence::Medium)
        };
        self.settle(&mut told, UNSEEN);
        // What was not read cannot be masked.
        told.never_masked();
        if told.is_told() {
            found.found.push(told);
        }
    }

    /// True if a secret of the function stands in a text.
    pub fn knows(&self, text: &[u8]) -> bool {
        self.own.is_some_and(|own| own.leaks(text).next().is_some())
    }

    /// Looks for the function's own secrets alone.
    pub(super) fn judge_own(&self, text: &[u8], at: usize, found: &mut Findings) {
        let Some(own) = self.own else {
            return;
        };
        for leak in own.leaks(text) {
            found.add(Found {
                kind: leak.spelling,
                secret: Some(leak.secret),
                start: at.saturating_add(leak.start),
                end: at.saturating_add(leak.end),
                ..self.found(&OWN_SECRET, Confidence::High)
            });
        }
    }
}

/// What was found in one output.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) found: Vec<Found>,
    /// There was more than is kept.
    pub(super) crowded: bool,
    /// What could not be read, if anything.
    pub(super) unread: Option<&'static str>,
}

impl Findings {
    /// Adds a leak; one that goes on with another of its kind makes that one longer.
    pub(super) fn add(&mut self, leak: Found) {
        let known = self.found.iter_mut().rev().find(|known| {
            known.rule.id == leak.rule.id && known.start <= leak.start && leak.start < known.end
        });
        if let Some(known) = known {
            known.end = known.end.max(leak.end);
            if known.confidence < leak.confidence {
                *known = Found {
                    kind: known.kind,
                    secret: known.secret,
                    start: known.start,
                    end: known.end,
                    ..leak
                };
            }
        } else if self.found.len() < FOUND_MAX {
            self.found.push(leak);
        } else if leak.verdict > Verdict::Pass {
            // What only the candidate wants makes room.
            let other = self
                .found
                .iter_mut()
                .find(|other| other.verdict == Verdict::Pass);
            match other {
                Some(other) => *other = leak,
                None => self.crowded = true,
            }
        }
    }

    /// Adds what was found in a part of the output.
    pub(super) fn append(&mut self, part: Self) {
        for leak in part.found {
            self.add(leak);
        }
        self.crowded |= part.crowded;
        self.unread = self.unread.or(part.unread);
    }

    /// Notes that something could not be read.
    pub(super) fn leave_unread(&mut self, kind: &'static str) {
        self.unread = self.unread.or(Some(kind));
    }
}
