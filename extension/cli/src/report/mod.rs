//! `credenza report`: one page that says what would happen if the mode were `block`.
//! It never refers to anything outside of itself, and needs no script to be read.
mod cost;
pub(crate) mod html;
mod ready;
pub(crate) mod samples;
mod time;
mod tops;
mod verdict;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use crate::Outcome;
use crate::arguments::{Format, ReportArguments};
use crate::evidence::Evidence;
use crate::evidence::function::Sums;
use crate::evidence::label::{Label, Labels};
use crate::evidence::readiness::{self, Readiness, State, group, plural};
use crate::exemption;
use crate::failure::Failure;
use crate::paint::{Ink, Painter};

/// The sections that the page's head leads to.
const SECTIONS: [(&str, &str); 9] = [
    ("readiness", "Readiness"),
    ("timeline", "Timeline"),
    ("where", "Where"),
    ("samples", "Samples"),
    ("leaks", "Leaks"),
    ("latency", "Latency"),
    ("partial", "Partial and faults"),
    ("coverage", "Coverage gaps"),
    ("appendix", "How it was counted"),
];

/// What the sections are written from.
pub(crate) struct Page<'a> {
    evidence: &'a Evidence,
    sums: Sums,
    refused: u64,
    rate_max: f64,
    rules: Vec<Readiness>,
    by_function: Vec<Readiness>,
    /// Findings by rule and by function, the most first.
    rule_sums: Vec<(String, u64)>,
    function_sums: Vec<(String, u64)>,
    author: &'a str,
    expires: &'a str,
}

/// Reads the records and writes the page.
pub(crate) fn run(
    arguments: &ReportArguments,
    format: Format,
    painter: &Painter,
) -> Result<(String, Outcome)> {
    let policy = crate::check::policy(arguments.policy.as_deref())?;
    let labels = match &arguments.labels {
        Some(file) => Labels::read(file)?,
        None => Labels::default(),
    };
    let mut evidence = Evidence::new(policy.clone(), labels);
    evidence.read(&arguments.records, Label::None)?;
    let rate_max = arguments.false_alarms_max.0;
    let expires = exemption::expiry(evidence.last);
    let author = exemption::author();
    let by_function = readiness::of_functions(&evidence, &policy, rate_max);
    let page = Page {
        rule_sums: sums_by(&by_function, |row| &row.rule),
        function_sums: sums_by(&by_function, |row| &row.function),
        sums: evidence.sums(),
        refused: evidence
            .functions
            .values()
            .map(crate::evidence::function::Function::refused)
            .sum(),
        rate_max,
        rules: readiness::of_rules(&evidence, &policy, rate_max),
        by_function,
        evidence: &evidence,
        author: &author,
        expires: &expires,
    };
    let html = render(&page);
    store(&arguments.output, html.as_bytes())?;
    Ok((
        said(&page, &arguments.output, format, painter),
        Outcome::Clean,
    ))
}

/// Findings by a name, the most first; nothing of what has no name.
fn sums_by(rows: &[Readiness], name: fn(&Readiness) -> &String) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<&String, u64> = BTreeMap::new();
    for row in rows {
        *sums.entry(name(row)).or_default() += row.findings;
    }
    let named = sums.into_iter().filter(|(name, _)| !name.is_empty());
    let mut sums: Vec<(String, u64)> = named
        .map(|(name, findings)| (name.clone(), findings))
        .collect();
    sums.sort_by_key(|(_, findings)| std::cmp::Reverse(*findings));
    sums
}

/// The whole page.
fn render(page: &Page<'_>) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>credenza rollout report</title><style>",
    );
    out.push_str(include_str!("style.css"));
    out.push_str("</style></head><body>");
    verdict::write(page, &mut out);
    ready::write(page, &mut out);
    time::write(page, &mut out);
    tops::write(page, &mut out);
    samples::write(page, &mut out);
    cost::leaks(page, &mut out);
    cost::latency(page, &mut out);
    cost::faults(page, &mut out);
    cost::gaps(page, &mut out);
    cost::appendix(page, &mut out);
    let version = env!("CARGO_PKG_VERSION");
    out.push_str("<footer>Written by credenza ");
    out.push_str(version);
    out.push_str("; this page asks nothing of any other.</footer></body></html>\n");
    out
}

/// Writes a file, or stdout for `-`.
pub(crate) fn store(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = if path.as_os_str() == "-" {
        std::io::stdout().lock().write_all(bytes)
    } else {
        std::fs::write(path, bytes)
    };
    written.map_err(|error| {
        Failure::new(path.display(), error, "name a file that can be written").into()
    })
}

/// What is said of the page on stdout.
fn said(page: &Page<'_>, output: &Path, format: Format, painter: &Painter) -> String {
    let ready = page
        .rules
        .iter()
        .filter(|rule| rule.state == State::Ready)
        .count();
    if output.as_os_str() == "-" {
        return String::new();
    }
    let sums = page.sums;
    match format {
        Format::Json => {
            let rules: Vec<_> = page.rules.iter().map(rule_json).collect();
            let report = json!({
                "report": output.display().to_string(), "invocations": sums.invocations,
                "inspected": sums.inspected, "partial": sums.partial, "flagged": sums.flagged,
                "blocking": sums.blocking, "refused": page.refused, "leaks": sums.leaks,
                "faults": sums.faults, "records": page.evidence.intake.records, "rules": rules,
            });
            format!("{report:#}\n")
        }
        Format::Text if page.evidence.intake.records == 0 => format!(
            "{}: no line of the records is credenza's, so nothing is known\n",
            painter.ink(Ink::Bold, &output.display().to_string())
        ),
        Format::Text => format!(
            "{}: {}, {} would be refused, {} ready to block\n",
            painter.ink(Ink::Bold, &output.display().to_string()),
            plural(sums.invocations, "invocation"),
            group(sums.blocking),
            plural(ready as u64, "rule")
        ),
    }
}

/// A rule's readiness for machines.
pub(crate) fn rule_json(rule: &Readiness) -> serde_json::Value {
    json!({
        "rule": rule.rule, "state": rule.state.name(), "invocations": rule.trials,
        "counted_by": rule.basis.name(), "findings": rule.findings, "hits": rule.hits,
        "attacks": rule.attacks, "false_alarms": rule.alarms, "callers": rule.callers,
        "false_alarm_rate_max": rule.bound, "reason": rule.reason,
    })
}
