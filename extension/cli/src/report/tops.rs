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
    let mut rules: Vec<(&str, u64)> = Vec::new();
    for row in &page.by_function {
        match rules.iter_mut().find(|(rule, _)| *rule == row.rule) {
            Some((_, findings)) => *findings += row.findings,
            None => rules.push((&row.rule, row.findings)),
        }
    }
    rules.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    let all = rules.len();
    rules.truncate(SHOWN);
    let mut cards = String::new();
    top_list(&mut cards, "Rules", "", &rules, all);
    let mut functions: Vec<(&str, u64)> = Vec::new();
    for row in &page.by_function {
        match functions.iter_mut().find(|(name, _)| *name == row.function) {
            Some((_, findings)) => *findings += row.findings,
            None => functions.push((&row.function, row.findings)),
        }
    }
    functions.retain(|(name, _)| !name.is_empty());
    functions.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    let all = functions.len();
    functions.truncate(SHOWN);
    if all > 1 {
        top_list(&mut cards, "Functions", "", &functions, all);
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
