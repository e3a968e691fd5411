//! The most frequent rules, routes, fields, sources and tenants.
//! It never shows a list that is empty.
use super::Page;
use super::html::{section, top_list};

// Limit: ten are read; the rest is counted.
const SHOWN: usize = 10;

pub(super) fn write(page: &Page<'_>, out: &mut String) {
    let evidence = page.evidence;
    let about = "Where findings stand. Numbers of list items are written as *.";
    section(out, "where", "Where it happens", about);
    let mut cards = String::new();
    let (rules, functions) = (&page.rule_sums, &page.function_sums);
    top_list(&mut cards, "Rules", "", &first(rules), rules.len());
    if functions.len() > 1 {
        top_list(
            &mut cards,
            "Functions",
            "",
            &first(functions),
            functions.len(),
        );
    }
    for (title, top) in [
        ("Routes", &evidence.routes),
        ("Fields", &evidence.places),
        ("Event sources", &evidence.sources),
        ("Tenants", &evidence.tenants),
    ] {
        top_list(&mut cards, title, "", &top.most(SHOWN), top.len());
    }
    if cards.is_empty() {
        out.push_str("<div class=\"card\"><p class=\"empty\">Nothing was found.</p></div>");
    } else {
        out.push_str("<div class=\"grid\">");
        out.push_str(&cards);
        out.push_str("</div>");
    }
    out.push_str("</section>");
}

fn first(sums: &[(String, u64)]) -> Vec<(&str, u64)> {
    let first = sums.iter().take(SHOWN);
    first
        .map(|(name, findings)| (name.as_str(), *findings))
        .collect()
}
