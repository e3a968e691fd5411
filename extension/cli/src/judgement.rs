//! A finding that was recorded, under a policy: judged by what its record tells, without its event.
//! It never looks for anything: a value is not there any more.
use credenza_engine::detector::Rule;
use credenza_engine::{Confidence, Explanation, Finding};
use credenza_event::{Part, Role, Source, Span};
use credenza_policy::{Exemption, Place, Policy, Route, Routes};

use crate::exemption;
use crate::records::Record;

/// Where an event came from, by its record and those of its findings.
pub(crate) fn place<'a>(record: &'a Record<'_>, findings: &[Record<'_>]) -> Place<'a> {
    let mut routes = Routes::default();
    for one in findings.iter().filter(|one| one.route.some().is_some()) {
        let route = Route::named(one.route.get().to_owned());
        routes.add(one.location.get().to_owned(), route);
    }
    routes.add(String::new(), Route::named(record.route.get().to_owned()));
    Place {
        source: Source::named(record.source.get()).unwrap_or(Source::Unknown),
        routes,
        tenant: record.tenant.get().as_bytes(),
        request_id: record.request_id.get().as_bytes(),
        today: exemption::today(),
    }
}

/// How sure a finding was, if it tells.
pub(crate) fn confidence(told: &Record<'_>) -> Option<Confidence> {
    let all = [Confidence::Low, Confidence::Medium, Confidence::High];
    let mut all = all.into_iter();
    all.find(|one| one.name() == told.confidence.get())
}

/// A finding as it was told; `None` if that does not say how sure it is.
pub(crate) fn finding(told: &Record<'_>, rule: &'static Rule) -> Option<Finding> {
    let confidence = confidence(told)?;
    let is_key = told.part.get() == "key";
    Some(Finding {
        rule,
        confidence,
        location: told.location.get().to_owned(),
        role: Role::Other,
        part: if is_key { Part::Key } else { Part::Value },
        span: Span::default(),
        length: u32::try_from(told.length.get()).unwrap_or(u32::MAX),
        decoded: Vec::new(),
        explanation: Explanation {
            context: "",
            dialect: "",
            production: "as it was recorded",
        },
        sample: told.sample.get().to_owned(),
        record: told.batch_record.some().map(str::to_owned),
        hash: 0,
        exempt: 0,
    })
}

/// The exemption that covers a finding; a shape is held against the masked form, where that is all
/// of it.
pub(crate) fn exemption<'p>(
    policy: &'p Policy,
    finding: &Finding,
    place: &Place<'_>,
) -> Option<&'p Exemption> {
    let told = (finding.rule.id, finding.location.as_str());
    covering(
        policy,
        told,
        (&finding.sample, finding.length.into()),
        place,
    )
}

/// The same for a finding or a leak of any rule, as its record tells it.
pub(crate) fn exemption_of<'p>(
    policy: &'p Policy,
    record: &Record<'_>,
    place: &Place<'_>,
) -> Option<&'p Exemption> {
    let told = (record.rule.get(), record.location.get());
    // Whatever tells no form is no value of any shape.
    let length = record.length.0.unwrap_or(u64::MAX);
    covering(policy, told, (record.sample.get(), length), place)
}

fn covering<'p>(
    policy: &'p Policy,
    (id, location): (&str, &str),
    (sample, length): (&str, u64),
    place: &Place<'_>,
) -> Option<&'p Exemption> {
    // No shape fits a part of a value.
    let is_whole = sample.len() as u64 == length;
    let form = if is_whole { sample } else { "\0" };
    let mut exemptions = policy.exemptions.iter();
    exemptions.find(|one| one.covers(id, location, form.as_bytes(), place))
}
