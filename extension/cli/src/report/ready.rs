//! Promotion readiness: rules by what may be done with them, and each function's rules in a table.
//! It never says that a rule may block without the count that proves it.
use std::fmt::Write as _;

use super::Page;
use super::html::{esc, section};
use crate::evidence::readiness::{Readiness, State, group, rate};
use crate::records::clock;

/// The states, the best first, with what is said of them.
const STATES: [(State, &str, &str); 7] = [
    (
        State::Ready,
        "Ready to block",
        "False alarms are proven to be rarer than the bar.",
    ),
    (
        State::Alarms,
        "Look at these first",
        "Hits that nobody has called attacks.",
    ),
    (
        State::TooFew,
        "Keep watching",
        "No unexplained hit, and too few invocations to prove it.",
    ),
    (
        State::Uncounted,
        "Not counted",
        "The records hold no count of clean invocations.",
    ),
    (
        State::Advice,
        "Advice",
        "Reported in every mode, sure enough to block never.",
    ),
    (
        State::Kept,
        "Kept from blocking",
        "A scope of the policy, or the rule's action, lets it report only.",
    ),
    (State::Off, "Off", "Watched only if the policy names them."),
];

// Limit: what fits a page and is read; the heaviest come first.
const ROWS_MAX: usize = 60;

pub(super) fn write(page: &Page<'_>, out: &mut String) {
    let about = format!(
        "A rule may block when its rate of false alarms is, with 95 % confidence, at most {}. \
         Without a hit the upper bound is 3 divided by the invocations seen.",
        rate(page.rate_max)
    );
    section(out, "readiness", "Promotion readiness", &about);
    states(page, out);
    if page.by_function.is_empty() {
        out.push_str(
            "<div class=\"card\"><p class=\"empty\">No rule has found anything.</p></div>",
        );
    } else {
        table(page, out);
    }
    out.push_str("</section>");
}

fn states(page: &Page<'_>, out: &mut String) {
    out.push_str("<div class=\"states\">");
    for (state, title, about) in STATES {
        let rules: Vec<&Readiness> = page
            .rules
            .iter()
            .filter(|rule| rule.state == state)
            .collect();
        if rules.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "<div class=\"state {}\"><h3>{title} · {}</h3><p>{about}</p><div class=\"chips\">",
            state.name(),
            rules.len()
        );
        for rule in rules {
            let _ = write!(
                out,
                "<span class=\"chip\" title=\"{}\">{}</span>",
                esc(&rule.reason),
                esc(&rule.rule)
            );
        }
        out.push_str("</div></div>");
    }
    out.push_str("</div>");
}

fn table(page: &Page<'_>, out: &mut String) {
    out.push_str(
        "<div class=\"card\"><div class=\"scroll\"><table class=\"stack\"><thead><tr>\
         <th scope=\"col\">Rule and function</th>\
         <th scope=\"col\">Watched</th><th scope=\"col\" class=\"num\">Findings</th>\
         <th scope=\"col\" class=\"num\">Would block</th>\
         <th scope=\"col\" class=\"num\">Called attacks</th>\
         <th scope=\"col\" class=\"num\">Callers</th>\
         <th scope=\"col\">False alarms, at most</th><th scope=\"col\">Safe to block?</th>\
         </tr></thead><tbody>",
    );
    for row in page.by_function.iter().take(ROWS_MAX) {
        line(page, row, out);
    }
    out.push_str("</tbody></table></div>");
    let rest = page.by_function.len().saturating_sub(ROWS_MAX);
    if rest > 0 {
        let _ = write!(
            out,
            "<p class=\"facts\">and {} more with fewer findings</p>",
            group(rest as u64)
        );
    }
    out.push_str("</div>");
}

fn line(page: &Page<'_>, row: &Readiness, out: &mut String) {
    let function = page.evidence.functions.get(&row.function);
    let watched = function.and_then(|function| Some(function.last? - function.first?));
    let watched = watched.map_or_else(|| "–".to_owned(), clock::stretch);
    let name = if row.function.is_empty() {
        "unnamed"
    } else {
        &row.function
    };
    let number = |label: &str, value: u64| {
        format!(
            "<td class=\"num\" data-label=\"{label}\">{}</td>",
            group(value)
        )
    };
    let numbers = [
        number("Findings", row.findings),
        number("Would block", row.hits),
        number("Called attacks", row.attacks),
        number("Callers", row.callers),
    ]
    .concat();
    let ok = if row.state == State::Ready { "ok" } else { "" };
    let _ = write!(
        out,
        "<tr><td><span><code>{}</code><small>{}</small></span></td>\
         <td data-label=\"Watched\"><span>{watched}<small>{} events</small></span></td>{numbers}\
         <td data-label=\"False alarms, at most\"><div>{}<div class=\"track {ok}\" \
         style=\"--bar:{}%;--at:{}%\"><i></i></div></div></td>\
         <td class=\"wide\"><span class=\"badge {}\">{}</span><small>{}</small></td></tr>",
        esc(&row.rule),
        esc(name),
        group(row.trials),
        rate(row.bound),
        place(page.rate_max),
        place(row.bound),
        row.state.name(),
        word(row.state),
        esc(&row.reason),
    );
}

fn word(state: State) -> &'static str {
    match state {
        State::Ready => "yes",
        State::TooFew => "not yet",
        State::Alarms => "no",
        State::Uncounted => "unknown",
        State::Advice => "advice",
        State::Kept => "kept",
        State::Off => "off",
    }
}

/// Where a rate stands between one in ten million and all, in percent of a logarithmic track.
fn place(rate: f64) -> u64 {
    let decades = (rate.max(1e-7).log10() + 7.0) / 7.0;
    crate::evidence::tally::whole((decades * 100.0).clamp(2.0, 98.0))
}
