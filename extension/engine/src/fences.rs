//! The fences of pages as values for tests: every line of every fence is a value of its own.
//! They never judge one.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A line of a fence, and where it stands.
#[derive(Clone)]
pub(crate) struct Value<'p> {
    /// The line, written out.
    pub(crate) text: String,
    /// The words behind the tag: where the value stands.
    pub(crate) place: &'p str,
}

/// The values of a page's fences with a tag: each line, and a benign fence as a whole, too.
///
/// A fence may say where its values stand: `attack path`, `benign key`, `missed event`.
pub(crate) fn values<'p>(page: &'p str, tag: &str) -> Vec<Value<'p>> {
    let mut values = Vec::new();
    let mut rest = page;
    let fence = format!("\n```{tag}");
    while let Some((_, behind)) = rest.split_once(fence.as_str()) {
        let (place, block) = behind.split_once('\n').unwrap_or((behind, ""));
        let (block, after) = block.split_once("\n```").unwrap_or((block, ""));
        let place = place.trim();
        let value = |text| Value {
            text: written_out(text),
            place,
        };
        values.extend(block.lines().map(value));
        if tag == "benign" && place != "event" {
            values.push(value(block));
        }
        rest = after;
    }
    values
}

/// A line as it is judged: `{+}` joins what may not stand whole on a page (a secret), `⏎` stands
/// for a line break, and `<<40*a>>` for forty times `a`.
fn written_out(line: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some((before, behind)) = rest.split_once("<<") {
        text.push_str(before);
        let repeated = behind.split_once(">>").and_then(|(inside, after)| {
            let (times, piece) = inside.split_once('*')?;
            Some((piece.repeat(times.parse().ok()?), after))
        });
        if let Some((pieces, after)) = repeated {
            text.push_str(&pieces);
            rest = after;
        } else {
            text.push_str("<<");
            rest = behind;
        }
    }
    text.push_str(rest);
    text.replace("{+}", "").replace('⏎', "\n")
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::written_out;

    #[test]
    fn a_line_of_a_page_is_written_out() {
        for (line, text) in [
            ("AB{+}CD", "ABCD"),
            ("a⏎b", "a\nb"),
            ("x<<3*{a>>y<<2*}>>", "x{a{a{ay}}"),
            ("1 << 2 and <<b>>", "1 << 2 and <<b>>"),
        ] {
            assert_eq!(written_out(line), text.to_string());
        }
    }
}
