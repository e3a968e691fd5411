//! The attacks on a rule's page, as values.
//! It never changes them but to write out what the page abbreviates.

/// Every line of every `attack` fence of a page.
pub(crate) fn attacks(page: &str) -> Vec<String> {
    let mut attacks = Vec::new();
    let mut fence: Option<&str> = None;
    for line in page.lines() {
        if let Some(tag) = line.strip_prefix("```") {
            fence = if fence.is_some() {
                None
            } else {
                Some(tag.trim())
            };
        } else if fence == Some("attack") && !line.trim().is_empty() {
            attacks.push(written_out(line));
        }
    }
    attacks
}

/// A line of a page as its rule's tests read it: `{+}` joins, `<<40*a>>` repeats.
fn written_out(line: &str) -> String {
    let mut text = String::new();
    for piece in line.replace("{+}", "").split_inclusive(">>") {
        let repeated = piece.split_once("<<").and_then(|(before, rest)| {
            let (times, piece) = rest.strip_suffix(">>")?.split_once('*')?;
            let times: usize = times.parse().ok()?;
            // Limit: no page repeats more than some hundred kilobytes.
            (times <= 1 << 20).then(|| format!("{before}{}", piece.repeat(times)))
        });
        text.push_str(repeated.as_deref().unwrap_or(piece));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_of_a_page_are_read_and_written_out() {
        let page = "# a\n```attack\n1 o{+}r 1\n\n<<3*ab>>c\n```\n```benign\nx\n```\n";
        assert_eq!(attacks(page), ["1 or 1", "abababc"]);
    }

    #[test]
    fn the_pages_hold_hundreds_of_attacks() {
        let detectors = credenza_engine::detector::DETECTORS.iter();
        let counts = detectors.map(|detector| attacks(detector.rule().page).len());
        assert!(counts.sum::<usize>() > 300);
    }
}
