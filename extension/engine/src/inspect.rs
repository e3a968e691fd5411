//! One inspection: walk, gate, judge.
//! It never lets a detector see a form that the gate calls cold.
use alloc::vec::Vec;
use core::hash::Hasher;
use core::ops::Range;

use credenza_event::{
    Beside, Classes, Coverage, Decoder, Form, Gap, Heads, Part, Role, Shape, Steps, Visitor,
};
use siphasher::sip::SipHasher24;

use crate::detector::{DETECTORS, Detector, Evidence, Judgement, Rule};
use crate::gate::{self, Hot};
use crate::leak::Reflections;
use crate::pieces::{self, Pieces, Seen};
use crate::report::{Confidence, FINDINGS_MAX, Finding, Report};
use crate::sought;

/// The key of the keyed hash in findings; drawn by the process, never logged.
#[derive(Clone, Copy)]
pub struct HashKey(pub [u8; 16]);

impl HashKey {
    /// The keyed hash of a text: equal texts can be told, nothing else.
    pub fn hash(&self, text: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(text);
        hasher.finish()
    }
}

impl core::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HashKey(..)")
    }
}

// Limit: nobody counts further than 64 findings that were dropped; an event of nothing but attacks
// costs no more than one that is clean.
const DROPPED_MAX: u32 = 64;

// Limit: what a form costs however short it is: as much as 60 bytes.
const FORM_STEPS: usize = 60;

// Limit: 4 KiB; a page of prose or markup holds something for every rule, and in a long text each
// would read all of it again for the sake of a few places.
const WHOLE_BYTES: usize = 4 << 10;
// Limit: in an event of 16 KiB what every budget has for free pays for a long text or two.
const SMALL_BYTES: usize = 16 << 10;
// Limit: a dozen rules at two to four steps a byte.
const WHOLE_PRICE: usize = 32;

/// The steps that are left.
fn left(steps: &Steps) -> usize {
    usize::try_from(steps.left()).unwrap_or(usize::MAX)
}

/// The rules that are looked for; no work is done for the others.
#[derive(Clone, Copy, Debug)]
pub struct Watch(Hot);

impl Watch {
    /// Those that look where no policy says anything of them.
    pub fn by_default() -> Self {
        Self(Hot::by_default())
    }

    /// Every rule there is.
    pub const fn all() -> Self {
        Self(Hot::ALL)
    }

    /// Those for which `is_on` says so.
    pub fn of(is_on: impl Fn(&'static Rule) -> bool) -> Self {
        Self(Hot::watched(is_on))
    }
}

/// Says of what would be a finding that it is none.
pub trait Exempt {
    /// For whom what `rule` sees in `form` is no finding, a bit for each; `None` for everyone.
    fn exempts(&self, rule: &'static Rule, form: &Form<'_>) -> Option<u8>;
}

/// Inspects an event (or any other message of an invocation) to its last byte or to the end of the
/// budget.
pub fn inspect(event: &[u8], steps: Steps, key: &HashKey) -> Report {
    inspect_watching(event, steps, key, Watch::by_default())
}

/// The same for the rules that somebody watches.
pub fn inspect_watching(event: &[u8], steps: Steps, key: &HashKey, watch: Watch) -> Report {
    inspect_beside(event, &[], steps, key, watch)
}

/// The same for an event and the texts that come beside it.
pub fn inspect_beside(
    event: &[u8],
    beside: &[Beside<'_>],
    steps: Steps,
    key: &HashKey,
    watch: Watch,
) -> Report {
    inspect_exempting(event, beside, steps, key, watch, None)
}

/// The same with somebody who says what is no finding.
pub fn inspect_exempting(
    event: &[u8],
    beside: &[Beside<'_>],
    steps: Steps,
    key: &HashKey,
    watch: Watch,
    exempt: Option<&dyn Exempt>,
) -> Report {
    let inspection = Inspection {
        exempt,
        ..Inspection::new(key, true, watch)
    };
    inspected(event, beside, steps, inspection)
}

/// The same, and keeps of the event what could do harm in its answer.
pub fn inspect_reflecting(
    event: &[u8],
    beside: &[Beside<'_>],
    steps: Steps,
    key: &HashKey,
    watch: Watch,
    exempt: Option<&dyn Exempt>,
) -> (Report, Reflections) {
    let mut reflections = Reflections::default();
    let inspection = Inspection {
        exempt,
        reflections: Some(&mut reflections),
        ..Inspection::new(key, true, watch)
    };
    let report = inspected(event, beside, steps, inspection);
    (report, reflections)
}

fn inspected(
    event: &[u8],
    beside: &[Beside<'_>],
    mut steps: Steps,
    mut inspection: Inspection<'_>,
) -> Report {
    inspection.is_small = event.len() <= SMALL_BYTES;
    let mut coverage = credenza_event::walk(event, &mut steps, &mut inspection);
    coverage.merge(credenza_event::walk_beside(
        beside,
        &mut steps,
        &mut inspection,
    ));
    inspection.report(event.len(), coverage, &steps)
}

/// Inspects one text in all its forms for every rule, as if it stood alone in a field of `role`;
/// what the tests of rule pages use.
pub fn inspect_text(text: &[u8], role: Role, part: Part, key: &HashKey) -> Report {
    inspection_of_text(text, role, part, Inspection::new(key, true, Watch::all()))
}

fn inspection_of_text(
    text: &[u8],
    role: Role,
    part: Part,
    mut inspection: Inspection<'_>,
) -> Report {
    inspection.is_small = text.len() <= SMALL_BYTES;
    let mut steps = Steps::for_bytes(text.len());
    let coverage = credenza_event::walk_text(text, role, part, &mut steps, &mut inspection);
    inspection.report(text.len(), coverage, &steps)
}

/// The twin of [`inspect_text`] that lets every detector see every form.
#[cfg(test)]
pub(crate) fn inspect_text_ungated(text: &[u8], role: Role, part: Part, key: &HashKey) -> Report {
    inspection_of_text(text, role, part, Inspection::new(key, false, Watch::all()))
}

struct Inspection<'k> {
    findings: Vec<Finding>,
    dropped: u32,
    exempted: u32,
    exempt: Option<&'k dyn Exempt>,
    key: &'k HashKey,
    /// Off only in tests that compare the gated verdict with the ungated one.
    gated: bool,
    watch: Hot,
    complete: bool,
    /// True for an event that is small enough for its long texts to be judged whole.
    is_small: bool,
    /// What stood in long texts so far.
    seen: Seen,
    /// What could do harm in the answer, if somebody asks.
    reflections: Option<&'k mut Reflections>,
}

impl<'k> Inspection<'k> {
    fn new(key: &'k HashKey, gated: bool, watch: Watch) -> Self {
        Self {
            findings: Vec::new(),
            dropped: 0,
            exempted: 0,
            exempt: None,
            key,
            gated,
            watch: watch.0,
            complete: true,
            is_small: false,
            seen: Seen::new(),
            reflections: None,
        }
    }

    /// What the detector finds in a form, or in a piece of one.
    fn evidence(
        &mut self,
        detector: &'static dyn Detector,
        form: &Form<'_>,
        steps: &mut Steps,
    ) -> Option<Evidence> {
        let judgement = if steps.take(detector.steps()) {
            steps.at_price(detector.price(), |steps| detector.judge(form, steps))
        } else {
            Judgement::UNPAID
        };
        self.complete &= judgement.complete;
        judgement.evidence
    }

    /// How sure the detector is of something, if it found anything.
    fn judge(
        &mut self,
        detector: &'static dyn Detector,
        form: &Form<'_>,
        steps: &mut Steps,
    ) -> Option<Confidence> {
        let evidence = self.evidence(detector, form, steps)?;
        self.note(detector, form, &evidence);
        Some(evidence.confidence)
    }

    /// The same, piece by piece.
    fn judge_pieces(
        &mut self,
        detector: &'static dyn Detector,
        form: &Form<'_>,
        pieces: impl Iterator<Item = Range<usize>>,
        steps: &mut Steps,
    ) -> Option<Confidence> {
        let mut strongest: Option<Evidence> = None;
        for range in pieces {
            let piece = pieces::piece(form, &range);
            if let Some(mut found) = self.evidence(detector, &piece, steps) {
                found.span = found.span.behind(range.start);
                if strongest.is_none_or(|old| old.confidence < found.confidence) {
                    strongest = Some(found);
                }
            }
            // Nothing surer will be found.
            if strongest.is_some_and(|found| found.confidence == Confidence::High) {
                break;
            }
        }
        self.note(detector, form, &strongest?);
        strongest.map(|found| found.confidence)
    }

    /// How sure the rules that are hot for a form are of something.
    fn judge_hot(&mut self, form: &Form<'_>, steps: &mut Steps) -> Option<Confidence> {
        let is_whole = form.text.len() <= WHOLE_BYTES
            || self.is_small && form.text.len().saturating_mul(WHOLE_PRICE) <= left(steps);
        let mut suspected = None;
        if !self.gated || is_whole {
            let hot = if self.gated {
                gate::hot(form)
            } else {
                Hot::ALL
            };
            for detector in hot.within(self.watch).detectors() {
                suspected = suspected.max(self.judge(detector, form, steps));
            }
            return suspected;
        }
        let pieces = Pieces::of(form, &mut self.seen, self.key);
        for rule in pieces.rules().within(self.watch).each() {
            for detector in rule.detectors() {
                suspected = suspected.max(if detector.is_local() {
                    self.judge_pieces(detector, form, pieces.for_rule(rule), steps)
                } else {
                    self.judge(detector, form, steps)
                });
            }
        }
        suspected
    }

    /// True if a finding of this confidence finds no place any more.
    fn is_full_of(&self, confidence: Confidence) -> bool {
        let weakest = self.findings.get(FINDINGS_MAX.saturating_sub(1));
        weakest.is_some_and(|weakest| weakest.confidence >= confidence)
    }

    /// Keeps the strongest finding of a rule and location, and the strongest sixteen in all.
    fn note(&mut self, detector: &'static dyn Detector, form: &Form<'_>, evidence: &Evidence) {
        let rule = detector.rule();
        let evidence = &in_what_is_text(form, evidence);
        let exempt = match self.exempt {
            Some(who) => who.exempts(rule, form),
            None => Some(0),
        };
        let Some(exempt) = exempt else {
            self.exempted = self.exempted.saturating_add(1);
            return;
        };
        if self.is_full_of(evidence.confidence) {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let location = form.pointer();
        let same = |old: &Finding| {
            old.rule.id == rule.id
                && old.part == form.part
                && old.location == location
                && old.exempt == exempt
        };
        if let Some(at) = self.findings.iter().position(same) {
            let weaker = self
                .findings
                .get(at)
                .is_some_and(|old| old.confidence < evidence.confidence);
            if !weaker {
                return;
            }
            self.findings.remove(at);
        }
        let place = self
            .findings
            .partition_point(|old| old.confidence >= evidence.confidence);
        let finding = Finding::in_form(rule, evidence, form, self.key, exempt);
        self.findings.insert(place, finding);
        if self.findings.len() > FINDINGS_MAX {
            self.findings.truncate(FINDINGS_MAX);
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    fn report(self, bytes: usize, coverage: Coverage, steps: &Steps) -> Report {
        let mut coverage = coverage;
        if !self.complete {
            coverage.add(Gap::Budget);
        }
        Report {
            findings: self.findings,
            findings_dropped: self.dropped,
            exempted: self.exempted,
            coverage,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            steps: steps.spent(),
        }
    }
}

/// The evidence, but no surer than medium where it is strung together from a picture, a font or a
/// binary message: of a thousand such files two say something that is high in a text.
///
/// A field beside an uploaded file has no byte before its attack that is no text.
fn in_what_is_text(form: &Form<'_>, evidence: &Evidence) -> Evidence {
    let end = usize::try_from(evidence.span.end).unwrap_or(usize::MAX);
    let before = form.text.get(..end).unwrap_or(form.text);
    let is_loose = form.decoded.contains(&Decoder::Text)
        && sought::find(before, "\u{fffd}".as_bytes()).is_some();
    let most = if is_loose {
        Confidence::Medium
    } else {
        Confidence::High
    };
    Evidence {
        confidence: evidence.confidence.min(most),
        ..*evidence
    }
}

impl Visitor for Inspection<'_> {
    #[expect(clippy::inline_always, reason = "a call takes as long as what it does")]
    #[inline(always)]
    fn ignores(&self, text: &[u8], classes: Classes, part: Part) -> bool {
        self.gated && gate::is_plain(text, classes, part)
    }

    fn heads(&self) -> Option<&'static Heads> {
        self.gated.then_some(&gate::HEADS)
    }

    fn shape(&mut self, form: &Form<'_>, shape: &Shape) {
        for (index, detector) in DETECTORS.iter().enumerate() {
            if self.watch.has(index)
                && let Some(evidence) = detector.judge_shape(form, shape)
            {
                self.note(*detector, form, &evidence);
            }
        }
    }

    fn form(&mut self, form: &Form<'_>, steps: &mut Steps) {
        // Each leaf of an opened container was judged on its own; between them stand only signs.
        if form.opened {
            // The quotes around a text are signs, too, where the function repeats it.
            if let Some(reflections) = &mut self.reflections
                && form.text.first() == Some(&b'"')
            {
                reflections.see(form, None);
            }
            return;
        }
        // Nothing can change what the report says, save how much more there is.
        if self.is_full_of(Confidence::High) && self.dropped >= DROPPED_MAX {
            return;
        }
        // The gate looks at each byte once.
        if !steps.take(form.text.len().saturating_add(FORM_STEPS)) {
            self.complete = false;
            return;
        }
        let suspected = self.judge_hot(form, steps);
        if let Some(reflections) = &mut self.reflections {
            reflections.see(form, suspected);
        }
    }
}
