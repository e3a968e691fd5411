//! Leaks, latency, partial inspections, faults, and what the records cannot tell.
//! It never calls a figure zero that nobody has counted.
use std::fmt::Write as _;

use credenza_event::Gap;

use super::Page;
use super::html::{bytes, esc, section, time, top_list};
use crate::evidence::function::Basis;
use crate::evidence::readiness::{group, plural};
use crate::evidence::tally::Histogram;

// Limit: ten are read; the rest is counted.
const SHOWN: usize = 10;

pub(super) fn leaks(page: &Page<'_>, out: &mut String) {
    let about = "What the function was about to say: its own secrets and what must not leave. \
                 Rule, kind, kind of answer and verdict.";
    section(out, "leaks", "Leaks in answers", about);
    let leaks = &page.evidence.leaks;
    if leaks.len() == 0 {
        let text = if page.sums.leaks > 0 {
            format!(
                "{} counted, and no line tells more.",
                plural(page.sums.leaks, "leak")
            )
        } else {
            "No answer held anything that must not leave.".to_owned()
        };
        let _ = write!(
            out,
            "<div class=\"card\"><p class=\"empty\">{text}</p></div>"
        );
    } else {
        top_list(out, "Leaks", "flag", &leaks.most(SHOWN), leaks.len());
    }
    out.push_str("</section>");
}

pub(super) fn latency(page: &Page<'_>, out: &mut String) {
    let evidence = page.evidence;
    let about = "What inspection took, by the agent's own clock, of the events that have a line; \
                 in mode monitor the function runs meanwhile.";
    section(out, "latency", "Latency", about);
    out.push_str("<div class=\"grid even\">");
    histogram(&evidence.latency, out);
    minutes(page, out);
    if evidence.steps.total() > 0 {
        out.push_str("<div class=\"card\"><h3>Work, in steps</h3>");
        quantiles(&evidence.steps, group, out);
        let _ = write!(
            out,
            "<p class=\"facts\">of {}; a step is about a byte looked at, and is the same on every \
             machine</p></div>",
            plural(evidence.steps.total(), "event")
        );
    }
    out.push_str("</div></section>");
}

fn quantiles(histogram: &Histogram, write: fn(u64) -> String, out: &mut String) {
    out.push_str("<div class=\"quantiles\">");
    for (name, permille) in [("50 %", 500), ("99 %", 990), ("99.9 %", 999)] {
        let value = write(histogram.quantile(permille));
        let _ = write!(out, "<div><b>{value}</b><span>{name}</span></div>");
    }
    let _ = write!(
        out,
        "<div><b>{}</b><span>longest</span></div></div>",
        write(histogram.largest())
    );
}

fn histogram(latency: &Histogram, out: &mut String) {
    out.push_str("<div class=\"card\"><h3>Inspection</h3>");
    if latency.total() == 0 {
        out.push_str("<p class=\"empty\">No line tells how long an inspection took.</p></div>");
        return;
    }
    quantiles(latency, time, out);
    let powers = latency.powers();
    let most = powers
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(1)
        .max(1);
    let first = powers.first().map_or(1, |(size, _)| *size);
    let last = powers.last().map_or(1, |(size, _)| *size);
    let _ = write!(
        out,
        "<div class=\"columns\" role=\"img\" aria-label=\"Inspections by duration, {} to {}\">",
        time(first),
        time(last * 2)
    );
    let mut size = first;
    while size <= last {
        let count = powers
            .iter()
            .find(|(at, _)| *at == size)
            .map_or(0, |(_, count)| *count);
        let share = (count * 100).div_ceil(most);
        let late = if size >= 16_384 {
            " class=\"late\""
        } else {
            ""
        };
        let _ = write!(
            out,
            "<i{late} style=\"--share:{share}%\" title=\"{} to {}: {}\"></i>",
            time(size),
            time(size * 2),
            group(count)
        );
        size *= 2;
    }
    let _ = write!(
        out,
        "</div><div class=\"axis\" style=\"margin-bottom:0\"><span>{}</span><span>{}</span></div>\
         </div>",
        time(first),
        time(last * 2)
    );
}

/// What the metrics lines say of each minute.
fn minutes(page: &Page<'_>, out: &mut String) {
    let (p50, p99) = (&page.evidence.added_p50, &page.evidence.added_p99);
    if p99.total() == 0 {
        return;
    }
    let cells = [
        (time(p50.quantile(500)), "median of a usual minute"),
        (time(p99.quantile(500)), "99 % of a usual minute"),
        (time(p99.largest()), "99 % of the worst minute"),
    ];
    out.push_str(
        "<div class=\"card\"><h3>Added to an event on its way</h3><div class=\"quantiles\">",
    );
    for (value, name) in cells {
        let _ = write!(out, "<div><b>{value}</b><span>{name}</span></div>");
    }
    let _ = write!(
        out,
        "</div><p class=\"facts\">of {}, from an event&#39;s first byte to the last one handed on\
         </p></div>",
        plural(p99.total(), "minute")
    );
}

pub(super) fn faults(page: &Page<'_>, out: &mut String) {
    let evidence = page.evidence;
    let about = "Where not every byte was looked at, and what broke. An event that is partial is \
                 no proof of anything.";
    section(out, "partial", "Partial inspections and faults", about);
    let mut cards = String::new();
    let gaps: Vec<(String, u64)> = evidence
        .gaps
        .most(SHOWN)
        .into_iter()
        .map(|(gap, count)| (format!("{gap}: {}", meaning(gap)), count))
        .collect();
    let gaps: Vec<(&str, u64)> = gaps
        .iter()
        .map(|(gap, count)| (gap.as_str(), *count))
        .collect();
    top_list(
        &mut cards,
        "Partial, by gap",
        "part",
        &gaps,
        evidence.gaps.len(),
    );
    let faults = evidence.faults.most(SHOWN);
    top_list(&mut cards, "Faults", "flag", &faults, evidence.faults.len());
    let tampers = evidence.tampers.most(SHOWN);
    top_list(
        &mut cards,
        "Past the agent",
        "block",
        &tampers,
        evidence.tampers.len(),
    );
    let problems = evidence.problems.most(SHOWN);
    top_list(
        &mut cards,
        "Problems",
        "flag",
        &problems,
        evidence.problems.len(),
    );
    if cards.is_empty() {
        out.push_str("<div class=\"card\"><p class=\"empty\">");
        out.push_str("Every event was inspected to its last byte, and nothing broke.</p></div>");
    } else {
        let _ = write!(out, "<div class=\"grid\">{cards}</div>");
    }
    out.push_str("</section>");
}

/// What a gap is.
fn meaning(gap: &str) -> &'static str {
    match Gap::ALL.into_iter().find(|known| known.name() == gap) {
        Some(Gap::Budget) => "the steps ended",
        Some(Gap::Depth) => "nested deeper than is walked",
        Some(Gap::Forms) => "more decoded forms than are made",
        Some(Gap::Ratio) => "compressed beyond the cap",
        Some(Gap::Damaged) => "compressed or encoded, and damaged",
        Some(Gap::Nested) => "more levels of JSON in texts than are opened",
        Some(Gap::Fault) => "inspection itself failed",
        Some(Gap::Off) => "nobody asked",
        None => "not known to this version",
    }
}

/// What the records cannot tell.
pub(super) fn gaps(page: &Page<'_>, out: &mut String) {
    let about = "What these records cannot tell, and what to do about it.";
    section(out, "coverage", "Coverage gaps", about);
    out.push_str("<div class=\"card\"><ul class=\"notes\">");
    let notes = notes(page);
    if notes.is_empty() {
        out.push_str(
            "<li class=\"good\">None: every invocation is counted, and inspected whole.</li>",
        );
    }
    for (is_bad, note) in notes {
        let class = if is_bad { " class=\"bad\"" } else { "" };
        let _ = write!(out, "<li{class}>{}</li>", esc(&note));
    }
    out.push_str("</ul></div></section>");
}

fn notes(page: &Page<'_>) -> Vec<(bool, String)> {
    let (evidence, intake) = (page.evidence, page.evidence.intake);
    let mut notes = Vec::new();
    let uncounted: Vec<&str> = evidence
        .functions
        .iter()
        .filter(|(_, function)| {
            function.lines.inspected > 0 && function.trials().1 == Basis::Nothing
        })
        .map(|(name, _)| {
            if name.is_empty() {
                "unnamed"
            } else {
                name.as_str()
            }
        })
        .collect();
    if !uncounted.is_empty() {
        notes.push((
            true,
            format!(
                "Nobody has counted the clean invocations of {}: include the metrics lines and the \
             summaries at SHUTDOWN in the export, or set CREDENZA_LOG_LEVEL=debug for a while.",
                uncounted.join(", ")
            ),
        ));
    }
    let seen = page.sums.invocations;
    if intake.reported > seen {
        notes.push((true, format!(
            "The platform reports {}, the agent has counted {}: {} went past it, or their lines \
             are missing.",
            plural(intake.reported, "invocation"), group(seen), group(intake.reported - seen)
        )));
    }
    if evidence.bypasses > 0 {
        let count = plural(evidence.bypasses, "invocation");
        notes.push((true, format!("{count} went past the agent (proxy-bypass).")));
    }
    let unknown = evidence.sources.most(usize::MAX);
    let unknown: u64 = unknown
        .iter()
        .filter(|(source, _)| matches!(*source, "unknown" | "direct"))
        .map(|(_, times)| times)
        .sum();
    if unknown > 0 {
        notes.push((
            false,
            format!(
                "{} stand in events of no known source; they are inspected as plain JSON.",
                plural(unknown, "finding")
            ),
        ));
    }
    let partial = page.sums.partial;
    if partial > 0 {
        let said = "were inspected in part, and prove nothing; their gaps stand above.";
        notes.push((false, format!("{} {said}", plural(partial, "event"))));
    }
    notes.extend(mixtures(page));
    notes.extend(losses(page));
    notes
}

/// What was met and is not shown.
fn losses(page: &Page<'_>) -> Vec<(bool, String)> {
    let (evidence, intake) = (page.evidence, page.evidence.intake);
    let mut notes = Vec::new();
    for (count, what) in [
        (intake.damaged, "cut or damaged, and not read"),
        (intake.oversized, "too large to be read"),
    ] {
        if count > 0 {
            notes.push((
                false,
                format!("{} of the files: {what}.", plural(count, "line")),
            ));
        }
    }
    let lost: u64 = evidence
        .functions
        .values()
        .map(|function| function.dropped)
        .sum();
    if lost > 0 {
        let said = "lost; hits of their functions are those that metrics have counted.";
        notes.push((true, format!("{} {said}", plural(lost, "record"))));
    }
    if evidence.findings_dropped > 0 {
        notes.push((
            false,
            format!(
                "{} beyond the most that one event may have.",
                plural(evidence.findings_dropped, "finding")
            ),
        ));
    }
    if evidence.clusters.forgotten > 0 {
        notes.push((
            false,
            format!(
                "{} at rare places are counted and not shown.",
                plural(evidence.clusters.forgotten, "finding")
            ),
        ));
    }
    notes
}

/// Records of more than one policy, agent or mode prove less of each.
fn mixtures(page: &Page<'_>) -> Vec<(bool, String)> {
    use std::collections::BTreeSet;
    let mut notes = Vec::new();
    let all = |of: fn(&crate::evidence::function::Function) -> &BTreeSet<String>| {
        let names: BTreeSet<&String> = page.evidence.functions.values().flat_map(of).collect();
        names
    };
    for (what, names) in [
        ("policies", all(|function| &function.policies)),
        ("versions of the agent", all(|function| &function.agents)),
    ] {
        if names.len() > 1 {
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            notes.push((false, format!(
                "The records come from {} {what} ({}); a figure holds for all of them together.",
                names.len(), names.join(", ")
            )));
        }
    }
    for (change, times) in page.evidence.shadows.most(4) {
        notes.push((
            false,
            format!(
                "The shadow policy would change {}: {change}.",
                plural(times, "finding")
            ),
        ));
    }
    notes
}

/// Where the numbers come from.
pub(super) fn appendix(page: &Page<'_>, out: &mut String) {
    section(out, "appendix", "How these numbers were made", "");
    let evidence = page.evidence;
    let intake = evidence.intake;
    out.push_str("<div class=\"card\"><dl>");
    let mut counts: Vec<String> = Vec::new();
    for (name, function) in &evidence.functions {
        let (whole, basis) = function.trials();
        let name = if name.is_empty() { "unnamed" } else { name };
        counts.push(format!("{name}: {} from {}", group(whole), basis.name()));
    }
    // Limit: eight functions say how it is done; the table has them all.
    let rest = counts.len().saturating_sub(8);
    counts.truncate(8);
    if rest > 0 {
        counts.push(format!("and {rest} more"));
    }
    let rows = [
        (
            "Read",
            format!(
                "{}, {}: {} of credenza, {} of others",
                plural(intake.files, "file"),
                bytes(intake.bytes),
                plural(intake.records, "record"),
                plural(intake.others, "line")
            ),
        ),
        ("Invocations inspected whole", counts.join("; ")),
        (
            "Would block",
            "an invocation with at least one finding of the rule at or above the \
          policy's minimum confidence, counted once"
                .to_owned(),
        ),
        (
            "False alarms, at most",
            "the upper bound of Clopper and Pearson at 95 %, one-sided; \
          3/N without a hit. Every hit that nobody has called an attack counts as a false alarm"
                .to_owned(),
        ),
        (
            "Callers",
            "tenants where records name them, else traces, else invocations; counted \
          exactly up to 64, then within 4 %"
                .to_owned(),
        ),
        (
            "Latency",
            "microseconds of the agent's clock, to a sixteenth".to_owned(),
        ),
        (
            "Samples",
            "masked by the agent: no value of an event is in any record".to_owned(),
        ),
    ];
    for (name, text) in rows {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", esc(&text));
    }
    out.push_str("</dl></div></section></main>");
}
