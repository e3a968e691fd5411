//! Pieces of HTML that every section uses.
//! It never lets a text of a record become markup.
use std::fmt::Write as _;

use crate::evidence::readiness::group;

/// A text as it may stand in HTML, in an element or in quotes.
///
/// Control characters and those that turn the direction of text become dots: a record holds what
/// an attacker has sent, as a location for one.
pub(crate) fn esc(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                safe.push('·');
            }
            _ if sign.is_control() => safe.push('·'),
            _ => safe.push(sign),
        }
    }
    safe
}

/// Opens a section with its heading and what it is about.
pub(crate) fn section(page: &mut String, id: &str, title: &str, about: &str) {
    let (title, about) = (esc(title), esc(about));
    let _ = write!(
        page,
        "<section id=\"{id}\"><h2>{title}</h2><p class=\"about\">{about}</p>"
    );
}

/// A card with a list of names and how often each was met; nothing if there are none.
pub(crate) fn top_list(
    page: &mut String,
    title: &str,
    ink: &str,
    names: &[(&str, u64)],
    all: usize,
) {
    if names.is_empty() {
        return;
    }
    let most = names
        .iter()
        .map(|(_, times)| *times)
        .max()
        .unwrap_or(1)
        .max(1);
    let _ = write!(
        page,
        "<div class=\"card\"><h3>{}</h3><ol class=\"top-list {ink}\">",
        esc(title)
    );
    for (name, times) in names {
        let share = (times * 100).div_ceil(most);
        let _ = write!(
            page,
            "<li style=\"--share:{share}%\"><span class=\"name\">{}</span><b>{}</b></li>",
            esc(name),
            group(*times)
        );
    }
    page.push_str("</ol>");
    let rest = all.saturating_sub(names.len());
    if rest > 0 {
        let _ = write!(
            page,
            "<p class=\"facts\">and {} more</p>",
            group(rest as u64)
        );
    }
    page.push_str("</div>");
}

/// Microseconds as people read them.
pub(crate) fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..100_000 => format!("{}.{} ms", us / 1000, us % 1000 / 100),
        100_000..1_000_000 => format!("{} ms", us / 1000),
        _ => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}

/// Bytes as people read them.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{} KB", count / 1000),
        10_000_000..10_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{} GB", count / 1_000_000_000),
    }
}

/// A share as people read it.
pub(crate) fn share(part: u64, whole: u64) -> String {
    use crate::evidence::tally::real;
    if whole == 0 {
        return "–".to_owned();
    }
    let percent = real(part) * 100.0 / real(whole);
    match percent {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        99.995.. => "> 99.99 %".to_owned(),
        99.95.. => format!("{percent:.2} %"),
        ..0.01 => "< 0.01 %".to_owned(),
        ..1.0 => format!("{percent:.2} %"),
        _ => format!("{percent:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let text = esc("<script>\"'&\u{202e}\u{7}\n");
        assert_eq!(text, "&lt;script&gt;&quot;&#39;&amp;··\n");
    }

    #[test]
    fn sizes_and_shares_are_written_for_people() {
        assert_eq!(
            [time(41), time(1_540), time(2_300_000)],
            ["41 µs", "1.5 ms", "2.3 s"]
        );
        assert_eq!(
            [bytes(512), bytes(12_345), bytes(12_345_678)],
            ["512 B", "12 KB", "12 MB"]
        );
        assert_eq!(
            [share(0, 9), share(1, 1_000_000), share(999_999, 1_000_000)],
            ["0 %", "< 0.01 %", "> 99.99 %"]
        );
        assert_eq!(share(1, 0), "–");
    }
}
