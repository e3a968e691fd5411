//! What a text of the event does in the page in which it stands: whether it leaves its place there,
//! and what of it a browser runs.
//! It never judges a text by its looks alone: the page around it decides what it is read as.
//!
#![doc = include_str!("reflected_script.md")]
use super::reflection::{Deed, Page, Part, Raw, State};
use crate::detector::Rule;
use crate::detector::cross_site_scripting::browser;
use crate::report::Confidence;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "reflected-script",
    class: "xss",
    cwe: 79,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("reflected_script.md"),
};

/// Reads one text of the event where it stands in a page.
struct Reader<'t> {
    page: Page,
    text: &'t [u8],
    /// The tag at hand begins in the text.
    tag: bool,
    /// Where the value at hand begins, if that is in the text, and whether its quote is, too.
    value: Option<(usize, bool)>,
    /// Where the text became program text, and whether it had to leave something for that.
    code: Option<(usize, bool)>,
    best: Option<Deed>,
}

/// What the text `start..end` of a page does; `page` has read what stands before it and has read
/// the text, too, afterwards.
pub(super) fn deed(page: &mut Page, text: &[u8], start: usize, end: usize) -> Option<Deed> {
    let begins_value = matches!(page.state, State::Value(_)) && page.value_bytes == 0;
    let is_code = page.is_code() && page.code.part == Part::Plain;
    let mut reader = Reader {
        page: *page,
        text,
        tag: false,
        value: begins_value.then_some((start, false)),
        code: is_code.then_some((start, false)),
        best: None,
    };
    for (at, byte) in text.iter().enumerate().take(end).skip(start) {
        reader.step(at, *byte);
    }
    reader.finish(end);
    *page = reader.page;
    reader.best
}

impl Reader<'_> {
    fn note(&mut self, confidence: Confidence, kind: &'static str) {
        if self.best.is_none_or(|best| best.confidence < confidence) {
            self.best = Some(Deed { confidence, kind });
        }
    }

    fn step(&mut self, at: usize, byte: u8) {
        let (state, part, was_code) = (self.page.state, self.page.code.part, self.page.is_code());
        self.page.step(byte);
        let is_code = self.page.is_code();
        if was_code && is_code {
            self.code_step(part, at, byte);
        }
        let now = self.page.state;
        if core::mem::discriminant(&state) == core::mem::discriminant(&now) {
            return;
        }
        match (state, now) {
            (State::Less, State::Name) => self.tag = true,
            (State::Attribute | State::After, State::Equals) => self.named(),
            (State::Equals, State::Value(quote)) => {
                self.value = Some((at.saturating_add(usize::from(quote != 0)), true));
                // The program text of a handler begins with its value.
                self.code = None;
            }
            (State::Value(_), _) => self.value_ends(at),
            (State::Raw(Raw::Script, _), _) => self.code_ends(at),
            _ => {}
        }
        let names = matches!(state, State::Name) && !matches!(now, State::Name);
        if names && self.tag && !self.page.is_end {
            self.element();
        }
        if matches!(now, State::Data | State::Raw(..)) {
            self.tag = false;
        }
        if let State::Raw(Raw::Script, _) = now {
            self.code = Some((at.saturating_add(1), false));
        }
    }

    fn finish(&mut self, end: usize) {
        if self.value.is_some() {
            self.value_says(end);
        }
        self.code_ends(end);
    }

    /// A start tag of which the name stands in the text.
    fn element(&mut self) {
        let (confidence, kind) = match self.page.element.as_bytes() {
            b"script" => (Confidence::High, "script-element"),
            b"iframe" | b"frame" | b"object" | b"embed" | b"applet" | b"base" | b"link"
            | b"meta" | b"style" | b"form" => (Confidence::Medium, "loading-element"),
            _ => (Confidence::Low, "markup"),
        };
        self.note(confidence, kind);
    }

    /// An attribute of which the name and `=` stand in the text.
    fn named(&mut self) {
        if !self.tag && !self.page.is_end {
            self.note(Confidence::Medium, "attribute");
        }
    }

    fn value_ends(&mut self, at: usize) {
        let is_own = matches!(self.value, Some((_, true)));
        if self.value.is_some() {
            self.value_says(at);
        } else {
            self.code_ends(at);
        }
        if !is_own {
            // The text has left the value in which it stands.
            self.note(Confidence::Low, "attribute-end");
        }
    }

    /// Judges what of the text is the value of an attribute.
    fn value_says(&mut self, at: usize) {
        let Some((from, _)) = self.value.take() else {
            return;
        };
        let value = self.text.get(from..at).unwrap_or(&[]);
        let name = self.page.attribute.as_bytes();
        if browser::handles_event(name) {
            let confidence = if browser::acts(value) {
                Confidence::High
            } else {
                Confidence::Medium
            };
            self.note(confidence, "event-handler");
        } else if is_address(name) && browser::runs_as_address(value) {
            self.note(Confidence::High, "script-address");
        } else if name == b"srcdoc" && value.contains(&b'<') {
            self.note(Confidence::Medium, "framed-document");
        }
        self.code = None;
    }

    /// One byte of program text.
    fn code_step(&mut self, before: Part, at: usize, byte: u8) {
        if self.code.is_some() {
            return;
        }
        let leaves = match before {
            Part::Text(b'`') if byte == b'{' => {
                let last = at.checked_sub(1).and_then(|at| self.text.get(at));
                last == Some(&b'$')
            }
            // A line that ends in a string breaks the whole script.
            Part::Text(end) => byte == end && self.page.code.part == Part::Plain,
            Part::Line | Part::Block => self.page.code.part == Part::Plain,
            Part::Plain | Part::Expression { .. } => false,
        };
        if leaves {
            self.code = Some((at.saturating_add(1), true));
        }
    }

    /// Judges what of the text is program text.
    fn code_ends(&mut self, at: usize) {
        let Some((from, has_left)) = self.code.take() else {
            return;
        };
        let code = self.text.get(from..at).unwrap_or(&[]);
        if browser::acts(code) {
            let kind = if has_left {
                "script-break-out"
            } else {
                "script"
            };
            self.note(Confidence::High, kind);
        } else if has_left {
            self.note(Confidence::Medium, "script-string-end");
        }
    }
}

/// True for an attribute that holds an address which a browser follows or loads.
fn is_address(name: &[u8]) -> bool {
    matches!(
        name,
        b"href"
            | b"src"
            | b"action"
            | b"formaction"
            | b"data"
            | b"xlink:href"
            | b"to"
            | b"values"
            | b"from"
            | b"poster"
            | b"background"
    )
}

#[cfg(test)]
mod tests {
    use super::{Deed, deed};
    use crate::leak::reflection::Page;
    use crate::report::Confidence::{self, High, Low, Medium};

    /// What a text does in the page in which it stands at `§`.
    fn of(page: &str, text: &str) -> Option<(Confidence, &'static str)> {
        let whole = page.replace('§', text);
        let start = page.find('§').unwrap();
        let mut reader = Page::new();
        reader.read(&whole.as_bytes()[..start]);
        let end = start + text.len();
        let found = deed(&mut reader, whole.as_bytes(), start, end);
        found.map(|Deed { confidence, kind }| (confidence, kind))
    }

    /// A page, a text that stands in it at `§`, and what that does.
    type Case = (
        &'static str,
        &'static str,
        Option<(Confidence, &'static str)>,
    );

    const CASES: &[Case] = &[
        (
            "<p>§</p>",
            "<script>go()</script>",
            Some((High, "script-element")),
        ),
        (
            "<p>§</p>",
            "<img src=x onerror=alert(1)>",
            Some((High, "event-handler")),
        ),
        (
            "<p>§</p>",
            "<a href='javascript:alert(1)'>",
            Some((High, "script-address")),
        ),
        (
            "<p>§</p>",
            "<iframe src=//x.example>",
            Some((Medium, "loading-element")),
        ),
        ("<p>§</p>", "<b>bold</b>", Some((Low, "markup"))),
        ("<p>§</p>", "a < b and c > d", None),
        ("<p>§</p>", "say \"alert(1)\"", None),
        ("<!-- § -->", "<script>go()</script>", None),
        (
            "<!-- § -->",
            "--><script>go()</script>",
            Some((High, "script-element")),
        ),
        ("<title>§</title>", "<script>go()</script>", None),
        (
            "<title>§</title>",
            "</title><svg onload=go()>",
            Some((High, "event-handler")),
        ),
        (
            "<input value=\"§\">",
            "\" autofocus onfocus=go() x=\"",
            Some((High, "event-handler")),
        ),
        ("<input value=\"§\">", "' autofocus onfocus=go() x='", None),
        (
            "<input value='§'>",
            "' autofocus onfocus=go() x='",
            Some((High, "event-handler")),
        ),
        (
            "<input value=\"§\">",
            "\"><script>go()</script>",
            Some((High, "script-element")),
        ),
        (
            "<input value=\"§\">",
            "\" class=\"wide",
            Some((Medium, "attribute")),
        ),
        (
            "<input value=\"§\">",
            "5\" wide",
            Some((Low, "attribute-end")),
        ),
        ("<input value=\"§\">", "<b> onload=go()", None),
        (
            "<input value=§>",
            "x onclick=alert(1)",
            Some((High, "event-handler")),
        ),
        (
            "<div §>",
            "onclick=alert(1) ",
            Some((High, "event-handler")),
        ),
        (
            "<a href=\"§\">",
            "javascript:alert(1)",
            Some((High, "script-address")),
        ),
        ("<a href=\"§\">", "https://x.example/'", None),
        ("<a href=\"/go?to=§\">", "javascript:alert(1)", None),
        ("<a title=\"§\">", "javascript:alert(1)", None),
        (
            "<script>var q = \"§\";</script>",
            "\";alert(1);//",
            Some((High, "script-break-out")),
        ),
        (
            "<script>var q = \"§\";</script>",
            "\"-alert(1)-\"",
            Some((High, "script-break-out")),
        ),
        ("<script>var q = \"§\";</script>", "';alert(1);//", None),
        (
            "<script>var q = '§';</script>",
            "it's it",
            Some((Medium, "script-string-end")),
        ),
        (
            "<script>var q = \"§\";</script>",
            "</script><script>go()",
            Some((High, "script-element")),
        ),
        (
            "<script>var q = `§`;</script>",
            "${alert(1)}",
            Some((High, "script-break-out")),
        ),
        (
            "<script>var q = §;</script>",
            "alert(1)",
            Some((High, "script")),
        ),
        (
            "<script>// §\n</script>",
            "\nalert(1)",
            Some((High, "script-break-out")),
        ),
        ("<script>// §\n</script>", "alert(1)", None),
        (
            "<a onclick=\"go('§')\">",
            "');alert(1);('",
            Some((High, "script-break-out")),
        ),
        (
            "<a onclick=\"§\">",
            "alert(1)",
            Some((High, "event-handler")),
        ),
        ("<a onclick=\"go('§')\">", "alert(1)", None),
        ("<style>§</style>", "<script>go()</script>", None),
        (
            "<style>§</style>",
            "</style><script>go()</script>",
            Some((High, "script-element")),
        ),
        (
            "<iframe srcdoc='§'>",
            "<svg onload=go()>",
            Some((Medium, "framed-document")),
        ),
    ];

    #[test]
    fn a_text_is_judged_by_what_it_does_where_it_stands() {
        for (page, text, expected) in CASES {
            assert_eq!(of(page, text), *expected, "{page} with {text}");
        }
    }
}
