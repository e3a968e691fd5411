//! The timeline: findings by the hour, and a heat map of rules.
//! It never draws more steps than fit a narrow page.
use std::fmt::Write as _;

use super::Page;
use super::html::{esc, section};
use crate::evidence::readiness::{group, plural};
use crate::evidence::timeline::Timeline;
use crate::records::clock;

// Limit: a dozen rules are read at a glance; the others are in the table above.
const RULES_MAX: usize = 14;

pub(super) fn write(page: &Page<'_>, out: &mut String) {
    let timeline = &page.evidence.timeline;
    let about = "An attack comes in bursts, a false alarm with the rhythm of the customers.";
    section(out, "timeline", "Timeline", about);
    out.push_str("<div class=\"card\">");
    match timeline.span() {
        Some((first, last)) => {
            chart(timeline, first, last, out);
            heat(page, timeline, first, last, out);
        }
        None => out.push_str("<p class=\"empty\">No finding has a time.</p>"),
    }
    out.push_str("</div></section>");
}

/// Bars: what was reported, and what would have been refused.
fn chart(timeline: &Timeline, first: i64, last: i64, out: &mut String) {
    let steps = last - first + 1;
    let most = (first..=last)
        .map(|at| timeline.sum(at).findings)
        .max()
        .unwrap_or(1)
        .max(1);
    let width = clock::stretch(timeline.step);
    let _ = write!(
        out,
        "<ul class=\"legend\" style=\"margin:0 0 12px\"><li><i class=\"dot-block\"></i>would be \
         refused</li><li><i class=\"dot-flag\"></i>reported</li><li>at most {} in {width}</li></ul>\
         <svg class=\"chart\" viewBox=\"0 0 {} 100\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Findings over time, at most {} in {width}\">",
        plural(most, "finding"),
        steps * 10,
        group(most)
    );
    for (x, at) in (first..=last).enumerate() {
        let sum = timeline.sum(at);
        if sum.findings == 0 {
            continue;
        }
        // Whatever there is shows, and nothing shows higher than the page.
        let high = |count: u64| (count * 100).div_ceil(most);
        let (all, blocking) = (high(sum.findings), high(sum.blocking));
        let from = x * 10 + 1;
        let _ = write!(
            out,
            "<g><title>{}: {}, {} blocking</title>\
             <path class=\"flag\" d=\"M{from} 100v-{all}h8v{all}z\"/>\
             <path class=\"block\" d=\"M{from} 100v-{blocking}h8v{blocking}z\"/></g>",
            clock::minute(at * timeline.step),
            plural(sum.findings, "finding"),
            group(sum.blocking)
        );
    }
    out.push_str("</svg><div class=\"axis\">");
    let middle = first + steps / 2;
    let label = |at: i64| {
        if timeline.step >= 86_400 {
            clock::day(at * timeline.step)
        } else {
            clock::minute(at * timeline.step)
        }
    };
    let marks = if steps > 2 {
        vec![first, middle, last]
    } else {
        vec![first]
    };
    for at in marks {
        let _ = write!(out, "<span>{}</span>", label(at));
    }
    out.push_str("</div>");
}

/// A strip for each rule: the darker, the more.
fn heat(page: &Page<'_>, timeline: &Timeline, first: i64, last: i64, out: &mut String) {
    out.push_str("<div class=\"heat\">");
    for (rule, findings) in page.rule_sums.iter().take(RULES_MAX) {
        let most = (first..=last)
            .map(|at| timeline.of(at, rule).findings)
            .max();
        let most = most.unwrap_or(1).max(1);
        let _ = write!(
            out,
            "<div class=\"row\"><span class=\"mono\">{}</span><svg viewBox=\"0 0 {} 10\" \
             preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{} over time\">",
            esc(rule),
            (last - first + 1) * 10,
            esc(rule)
        );
        for (x, at) in (first..=last).enumerate() {
            let counts = timeline.of(at, rule);
            if counts.findings == 0 {
                continue;
            }
            let class = if counts.blocking > 0 { "block" } else { "flag" };
            // From a quarter to full, in hundredths.
            let ink = 25 + counts.findings * 75 / most;
            let _ = write!(
                out,
                "<path class=\"{class}\" opacity=\"{}.{:02}\" d=\"M{} 0h9v10h-9z\"/>",
                ink / 100,
                ink % 100,
                x * 10
            );
        }
        let _ = write!(
            out,
            "</svg><span class=\"count num\">{}</span></div>",
            group(*findings)
        );
    }
    out.push_str("</div>");
}
