//! The head of the report: what it comes to, in a sentence, a bar and a row of numbers.
//! It never shows a share larger than it is without saying so.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Page;
use super::html::{esc, share};
use crate::evidence::function::Sums;
use crate::evidence::readiness::{State, group, plural};
use crate::records::clock;

/// The mark: a cloche over a dish, for what tastes before it serves.
const MARK: &str = "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\"><g fill=\"none\" \
    stroke=\"currentColor\" stroke-width=\"2.4\" stroke-linecap=\"round\"><path d=\"M5 22a11 11 0 \
    0 1 22 0z\"/><path d=\"M3 26h26\"/><circle cx=\"16\" cy=\"8.4\" r=\"1.7\"/></g></svg>";

pub(super) fn write(page: &Page<'_>, out: &mut String) {
    let _ = write!(
        out,
        "<header class=\"top\"><div class=\"brand\">{MARK} credenza <span>rollout report</span>\
         </div><h1>{}</h1><p class=\"lead\">{}</p><nav aria-label=\"Sections\">",
        esc(&headline(page)),
        lead(page)
    );
    for (id, title) in super::SECTIONS {
        let _ = write!(out, "<a href=\"#{id}\">{title}</a>");
    }
    out.push_str("</nav></header><main><section id=\"verdict\" aria-label=\"Verdicts\">");
    bar(page, out);
    tiles(page, out);
    out.push_str("</section>");
}

/// What the reader wants to know first.
fn headline(page: &Page<'_>) -> String {
    let count = |state: State| page.rules.iter().filter(|rule| rule.state == state).count();
    let may_block = page
        .rules
        .iter()
        .filter(|rule| !matches!(rule.state, State::Advice | State::Kept | State::Off))
        .count();
    let ready = count(State::Ready);
    if page.evidence.intake.records == 0 {
        return "No record of credenza in these files.".to_owned();
    }
    match (ready, count(State::Alarms)) {
        _ if count(State::Uncounted) > 0 => {
            "Nobody has counted the clean invocations, so no rule is proven yet.".to_owned()
        }
        (0, _) => "No rule is ready to block yet.".to_owned(),
        (ready, 0) if ready == may_block => {
            format!("All {ready} rules that can block are ready to.")
        }
        (ready, 0) => format!("{ready} of {may_block} rules are ready to block."),
        (ready, alarms) => format!(
            "{ready} of {may_block} rules are ready to block; {alarms} {} a look.",
            if alarms == 1 { "needs" } else { "need" }
        ),
    }
}

/// How much was seen, when, where, and in which mode; bold where it counts.
fn lead(page: &Page<'_>) -> String {
    let evidence = page.evidence;
    let names = |of: fn(&crate::evidence::function::Function) -> &BTreeSet<String>| {
        let all: BTreeSet<&str> = evidence
            .functions
            .values()
            .flat_map(|function| of(function).iter().map(String::as_str))
            .collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    let sums = page.sums;
    let functions = evidence.functions.keys().filter(|name| !name.is_empty());
    let mut text = format!(
        "<b>{}</b> of <b>{}</b>",
        plural(sums.invocations, "invocation"),
        match functions.clone().count() {
            1 => esc(functions
                .clone()
                .next()
                .map_or("a function", String::as_str)),
            count => plural(count as u64, "function"),
        }
    );
    if let (Some(first), Some(last)) = (evidence.first, evidence.last) {
        let (from, to) = (clock::minute(first), clock::minute(last));
        let _ = write!(
            text,
            ", {from} to {to} UTC ({})",
            clock::stretch(last - first)
        );
    }
    let modes = names(|function| &function.modes);
    if !modes.is_empty() {
        let _ = write!(text, ", mode <b>{}</b>", esc(&modes));
    }
    let policies = names(|function| &function.policies);
    if !policies.is_empty() {
        let _ = write!(text, ", policy <code>{}</code>", esc(&policies));
    }
    text.push('.');
    text
}

/// All invocations, and what was not clean enlarged below.
fn bar(page: &Page<'_>, out: &mut String) {
    let sums = page.sums;
    let refused = page.refused;
    let kinds = [
        ("flag", "reported", sums.flagged),
        (
            "block",
            "would be refused",
            sums.blocking.saturating_sub(refused),
        ),
        ("refused", "refused", refused),
    ];
    let unclean: u64 = kinds.iter().map(|(.., count)| count).sum();
    let clean = sums.invocations.saturating_sub(unclean);
    let all = sums.invocations.max(1);
    let flex = |count: u64| (count.saturating_mul(100_000) / all).max(1);
    let _ = write!(
        out,
        "<div class=\"card\"><div class=\"bar\" role=\"img\" aria-label=\"{} clean of {}\">",
        group(clean),
        plural(sums.invocations, "invocation")
    );
    if clean > 0 {
        let _ = write!(out, "<i class=\"pass\" style=\"flex:{}\"></i>", flex(clean));
    }
    for (class, _, count) in kinds.iter().filter(|(.., count)| *count > 0) {
        let _ = write!(
            out,
            "<i class=\"{class}\" style=\"flex:{}\"></i>",
            flex(*count)
        );
    }
    out.push_str("</div>");
    // A share below a few percent cannot be read from a bar, so it gets one of its own.
    if unclean > 0 && unclean * 20 < all {
        out.push_str("<div class=\"lens\"></div><div class=\"bar zoom\" aria-hidden=\"true\">");
        for (class, _, count) in kinds.iter().filter(|(.., count)| *count > 0) {
            let _ = write!(out, "<i class=\"{class}\" style=\"flex:{count}\"></i>");
        }
        out.push_str("</div>");
    }
    out.push_str("<ul class=\"legend\">");
    let legend = [("pass", "clean", clean)].into_iter().chain(kinds);
    for (class, name, count) in legend.filter(|(_, name, count)| *name == "clean" || *count > 0) {
        let _ = write!(
            out,
            "<li><i class=\"dot-{class}\"></i><b>{}</b> {name} ({})</li>",
            group(count),
            share(count, sums.invocations)
        );
    }
    out.push_str("</ul></div>");
}

fn tiles(page: &Page<'_>, out: &mut String) {
    let Sums {
        invocations,
        inspected,
        partial,
        ..
    } = page.sums;
    let evidence = page.evidence;
    let dropped: u64 = evidence
        .functions
        .values()
        .map(|function| function.dropped)
        .sum();
    let whole = inspected.saturating_sub(partial);
    let loud = |count: u64, class: &'static str| if count > 0 { class } else { "" };
    let tiles = [
        (group(invocations), "invocations", ""),
        (share(whole, invocations), "inspected to the last byte", ""),
        (
            share(partial, invocations),
            "inspected in part",
            loud(partial, "cool"),
        ),
        (
            share(page.sums.blocking, invocations),
            "would be refused in block mode",
            loud(page.sums.blocking, "bad"),
        ),
        (group(page.refused), "refused", ""),
        (
            group(page.sums.leaks),
            "leaks in answers",
            loud(page.sums.leaks, "bad"),
        ),
        (
            group(page.sums.faults),
            "faults",
            loud(page.sums.faults, "warm"),
        ),
        (
            group(evidence.bypasses),
            "bypassed",
            loud(evidence.bypasses, "bad"),
        ),
        (group(dropped), "records lost", loud(dropped, "warm")),
    ];
    out.push_str("<div class=\"tiles\">");
    // What is nothing and not asked about has no tile.
    let rare = ["refused", "bypassed"];
    let shown = |(value, name, _): &(String, &str, &str)| value != "0" || !rare.contains(name);
    for (value, name, class) in tiles.into_iter().filter(shown) {
        let _ = write!(
            out,
            "<div class=\"tile {class}\"><b>{}</b><span>{name}</span></div>",
            esc(&value)
        );
    }
    out.push_str("</div>");
}
