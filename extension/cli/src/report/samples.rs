//! What would have been refused: samples with the way to each decision, masked.
//! It never shows a letter or a digit of a value; records hold none.
use std::fmt::Write as _;

use super::Page;
use super::html::{esc, section};
use crate::evidence::cluster::{Cluster, Sample};
use crate::evidence::readiness::{group, plural};
use crate::exemption;
use crate::propose::whole;
use crate::records::clock;

// Limit: a dozen places are looked at in one sitting; `credenza propose` has them all.
const CLUSTERS_MAX: usize = 12;

pub(super) fn write(page: &Page<'_>, out: &mut String) {
    let about = "The places with the most findings that block mode would refuse, each with a \
                 masked sample: letters are a, digits are 0. Attacks by the word of people are \
                 left out.";
    section(out, "samples", "Would have been refused", about);
    let mut clusters: Vec<&Cluster> = page
        .evidence
        .clusters
        .sorted(|cluster| (cluster.rule.clone(), cluster.place.clone()))
        .into_iter()
        .filter(|cluster| cluster.blocking > cluster.attacks)
        .collect();
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.blocking));
    if clusters.is_empty() {
        out.push_str("<div class=\"card\"><p class=\"empty\">Nothing would have been refused.</p>");
        out.push_str("</div></section>");
        return;
    }
    out.push_str("<div class=\"grid\">");
    for cluster in clusters.iter().take(CLUSTERS_MAX) {
        card(page, cluster, out);
    }
    out.push_str("</div>");
    let rest = clusters.len().saturating_sub(CLUSTERS_MAX);
    if rest > 0 {
        let _ = write!(
            out,
            "<p class=\"about\">And {}; <code>credenza propose</code> lists them all.</p>",
            plural(rest as u64, "more place")
        );
    }
    out.push_str("</section>");
}

fn card(page: &Page<'_>, cluster: &Cluster, out: &mut String) {
    let seen = match (cluster.first, cluster.last) {
        (Some(first), Some(last)) if first != last => {
            format!("{} to {}", clock::minute(first), clock::minute(last))
        }
        (Some(first), _) => clock::minute(first),
        _ => String::new(),
    };
    let _ =
        write!(
        out,
        "<article class=\"card sample\"><header><h3>{}</h3><span class=\"badge block\">{} would be
         {}</span><span>{seen}</span></header><p class=\"where\">at <code>{}</code>",
        esc(&cluster.rule),
        group(cluster.blocking),
        if cluster.is_leak { "withheld" } else { "refused" },
        esc(whole(cluster))
    );
    for (word, text) in [
        (" of ", &cluster.route),
        (", event source ", &cluster.source),
    ] {
        if !text.is_empty() {
            let _ = write!(out, "{word}<code>{}</code>", esc(text));
        }
    }
    out.push_str("</p>");
    for sample in cluster.samples.iter().take(2) {
        one(sample, out);
    }
    let values = cluster.values.count();
    let facts = [
        Some((values, "different value")),
        // The record of a leak tells nothing of who asked.
        (!cluster.is_leak).then(|| (cluster.callers.count(), "caller")),
        Some((cluster.hours.count(), "hour")),
    ];
    out.push_str("<p class=\"facts\">");
    for (count, noun) in facts.into_iter().flatten().filter(|(count, _)| *count > 0) {
        let s = if count == 1 { "" } else { "s" };
        let _ = write!(out, "<span><b>{}</b> {noun}{s}</span>", group(count));
    }
    let _ = write!(
        out,
        "<span><b>{}</b> together with another rule</span></p>",
        group(cluster.in_company)
    );
    let exemption = exemption::of(cluster, page.author, page.expires);
    let _ = write!(
        out,
        "<details><summary>If it is harmless: the exemption to paste</summary><pre>{}</pre>\
         </details><details><summary>Why: the rule's page</summary><pre>credenza explain {}</pre>\
         </details></article>",
        esc(&exemption),
        esc(&cluster.rule)
    );
}

/// A sample: the chain of decoding, and the masked form with the bytes that decided.
fn one(sample: &Sample, out: &mut String) {
    if sample.text.is_empty() {
        let what = esc(&sample.production);
        let _ = write!(out, "<ul class=\"chain\"><li><span>{what}</span></li></ul>");
        return;
    }
    out.push_str("<ul class=\"chain\"><li><span>as sent</span></li>");
    for step in &sample.decoded {
        let _ = write!(out, "<li><span>{}</span></li>", esc(step));
    }
    let grammar = match (sample.dialect.as_str(), sample.context.as_str()) {
        ("", "") => sample.production.clone(),
        ("", context) => format!("{context}: {}", sample.production),
        (dialect, "") => format!("{dialect}: {}", sample.production),
        (dialect, context) => format!("{dialect}, {context}: {}", sample.production),
    };
    let bytes = sample
        .span
        .map_or_else(String::new, |(start, end)| format!(" {start}..{end}"));
    let _ = write!(
        out,
        "<li><span>{}{bytes}</span></li></ul><pre class=\"masked\">{}</pre>",
        esc(&grammar),
        marked(sample)
    );
}

/// The masked form with a mark under the bytes that decided.
fn marked(sample: &Sample) -> String {
    let (before, decisive, after) = parts(sample);
    let (before, decisive, after) = (esc(&before), esc(&decisive), esc(&after));
    let more = |is_cut: bool| if is_cut { "…" } else { "" };
    let start = sample.span.map_or(0, |(start, _)| start);
    let shown = sample.text.chars().count() as u64;
    let begins_cut = start > LEAD;
    let ends_cut = start.saturating_sub(LEAD) + shown < sample.length;
    let mark = if decisive.is_empty() {
        String::new()
    } else {
        format!("<mark>{decisive}</mark>")
    };
    format!(
        "{}{before}{mark}{after}{}",
        more(begins_cut),
        more(ends_cut)
    )
}

/// How many bytes a sample shows of what stands before the decisive ones (the engine's `mask.rs`).
pub(crate) const LEAD: u64 = 8;

/// A sample's text before, in and after the bytes that decided; each byte is one character.
pub(crate) fn parts(sample: &Sample) -> (String, String, String) {
    let (start, end) = sample.span.unwrap_or((0, 0));
    let lead = usize::try_from(start.min(LEAD)).unwrap_or_default();
    let length = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
    let signs = || sample.text.chars();
    let end = lead.saturating_add(length);
    let decisive: String = signs().skip(lead).take(length).collect();
    (
        signs().take(lead).collect(),
        decisive,
        signs().skip(end).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_that_decided_are_marked() {
        let sample = Sample {
            text: "aaa' AA 0=0 --".to_owned(),
            span: Some((3, 11)),
            length: 14,
            ..Sample::default()
        };
        assert_eq!(marked(&sample), "aaa<mark>&#39; AA 0=0</mark> --");
        let later = Sample {
            span: Some((40, 44)),
            length: 90,
            ..sample
        };
        assert_eq!(marked(&later), "…aaa&#39; AA <mark>0=0 </mark>--…");
    }
}
