//! The comparison for build servers: each changed verdict is a failed case, all others are one.
//! It never lets a text of an event become markup.
use std::fmt::Write as _;

use super::compared::Comparison;

pub(super) fn document(comparison: &Comparison) -> String {
    let changed = comparison.changed();
    let unchanged = comparison.events - changed;
    let cases = comparison.changes.len() + 1 + usize::from(comparison.more_changes > 0);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"credenza replay\">\n\
         <testsuite name=\"verdicts\" tests=\"{cases}\" failures=\"{}\" errors=\"0\">\n\
         <testcase classname=\"replay\" name=\"{unchanged} events with the same verdict\"/>\n",
        cases - 1
    );
    for change in &comparison.changes {
        let _ = writeln!(
            text,
            "<testcase classname=\"replay\" name=\"{}\"><failure type=\"{} to {}\" \
             message=\"{}\">{}</failure></testcase>",
            xml(&change.id),
            change.old.name(),
            change.new.name(),
            xml(&change.gist()),
            xml(&change.sample)
        );
    }
    if comparison.more_changes > 0 {
        let _ = writeln!(
            text,
            "<testcase classname=\"replay\" name=\"and more\"><failure message=\"{} more verdicts \
             changed\"/></testcase>",
            comparison.more_changes
        );
    }
    text.push_str("</testsuite>\n</testsuites>\n");
    text
}

/// A text as XML has it; what XML cannot hold becomes a dot.
fn xml(text: &str) -> String {
    let mut safe = String::new();
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => safe.push('·'),
            _ => safe.push(sign),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(xml("a<b>&\"c\"\u{0}"), "a&lt;b&gt;&amp;&quot;c&quot;·");
    }
}
