//! The search for program text, and what it is worth where it stands.
//! It never reads the text more than a few times over, however many calls there are.
use credenza_event::{Form, Role, Steps};

use super::around::{self, Before, is_end};
use super::call::{self, Argument, Call};
use super::function::Effect;
use super::probe::Numbers;
use super::{include, php, probe, span};
use crate::prose;
use crate::report::Confidence;
use crate::sought;

/// Program text that is worth something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) confidence: Confidence,
    pub(super) production: &'static str,
    pub(super) context: &'static str,
    pub(super) language: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The strongest program text of a value, and whether all of it was looked at.
pub(super) fn strongest(form: &Form<'_>, steps: &mut Steps) -> (Option<Found>, bool) {
    let text = form.text;
    if !steps.take(text.len()) {
        return (None, false);
    }
    let mut search = Search {
        text,
        role: form.role,
        in_page: prose::in_page(form),
        steps,
        best: None,
        complete: true,
        left: text
            .len()
            .saturating_mul(READ_BYTES_PER_BYTE)
            .saturating_add(READ_BYTES_FREE),
        document: None,
    };
    search.tags();
    search.value();
    search.calls();
    (search.best, search.complete)
}

// Limit: calls of known functions are read once and their arguments once more for each call around
// them, four deep.
const READ_BYTES_PER_BYTE: usize = 4;
const READ_BYTES_FREE: usize = 8 << 10;

// Limit: the name of a file has 255 bytes.
const FOLDER_BYTES_MAX: usize = 256;

struct Search<'t, 's> {
    text: &'t [u8],
    role: Role,
    in_page: bool,
    steps: &'s mut Steps,
    best: Option<Found>,
    complete: bool,
    /// Bytes that may still be read around calls.
    left: usize,
    document: Option<bool>,
}

impl Search<'_, '_> {
    fn is_done(&self) -> bool {
        !self.complete
            || self
                .best
                .is_some_and(|best| best.confidence == Confidence::High)
    }

    fn pay(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        let paid = left.is_some() && self.steps.take(bytes);
        self.complete &= paid;
        paid
    }

    fn in_document(&mut self) -> bool {
        let text = self.text;
        *self
            .document
            .get_or_insert_with(|| around::is_document(text))
    }

    /// Notes what was found, less sure in prose and in documents.
    fn offer(&mut self, found: Found) {
        let is_better = |best: Option<Found>, new| best.is_none_or(|best| best.confidence < new);
        if !is_better(self.best, found.confidence) || !self.pay(512) {
            return;
        }
        let place = span(found.start, found.end);
        let is_lower = self.in_page || self.in_document() || prose::surrounds(self.text, place);
        let confidence = match (is_lower, found.confidence) {
            (false, confidence) => confidence,
            (true, Confidence::High) => Confidence::Medium,
            (true, _) => return,
        };
        if is_better(self.best, confidence) {
            self.best = Some(Found {
                confidence,
                ..found
            });
        }
    }

    /// Directives of servers, and tags of PHP.
    fn tags(&mut self) {
        let text = self.text;
        for at in memchr::memchr_iter(b'<', text) {
            if self.is_done() {
                return;
            }
            let here = text.get(at..).unwrap_or_default();
            match here.get(1) {
                Some(b'?') => self.php(here, at),
                Some(b'%') if include::evaluates_request(here) => self.note(
                    Confidence::High,
                    "evaluate",
                    Before::Tag,
                    at,
                    at.saturating_add(here.len().min(32)),
                ),
                Some(b'!' | b'e' | b'E') => self.include(here, at),
                _ => {}
            }
        }
    }

    fn include(&mut self, here: &[u8], start: usize) {
        let Some(bytes) = include::directive(here) else {
            return;
        };
        self.offer(Found {
            confidence: if include::only_chooses(here) {
                Confidence::Medium
            } else {
                Confidence::High
            },
            production: "include",
            context: "markup",
            language: "ssi",
            start,
            end: start.saturating_add(bytes),
        });
    }

    /// A tag that opens PHP: a program of its own, unless it stands in a document.
    fn php(&mut self, here: &[u8], start: usize) {
        let Some(inner) = php::behind_tag(here) else {
            return;
        };
        if self.in_document() || !self.pay(64) {
            return;
        }
        let window = inner.get(..256).unwrap_or(inner);
        let close = sought::find(window, b"?>");
        let program = window.get(..close.unwrap_or(window.len()));
        let program = program.unwrap_or_default();
        let runs = memchr::memchr(b'`', program).is_some();
        let request = sought::find(program, b"$_").is_some();
        let is_strong = runs || request && program.contains(&b'(');
        let end = start.saturating_add(2).saturating_add(program.len());
        self.offer(Found {
            confidence: if is_strong {
                Confidence::High
            } else {
                Confidence::Medium
            },
            production: "tag",
            context: "markup",
            language: "php",
            start,
            end,
        });
    }

    /// A value that is an expression only PHP has, or a probe of any language.
    fn value(&mut self) {
        if self.is_done() {
            return;
        }
        if let Some(end) = probe::sum(self.text) {
            self.note(Confidence::Medium, "sum", Before::Data, 0, end);
        }
        if probe::prints_call(self.text) || probe::asks_process(self.text) {
            let end = self.text.len();
            self.note(Confidence::Medium, "probe", Before::Nothing, 0, end);
        }
        let Some(worth) = php::worth(self.text) else {
            return;
        };
        self.offer(Found {
            confidence: match worth {
                php::Worth::Runs => Confidence::High,
                php::Worth::Odd => Confidence::Medium,
            },
            production: "dynamic-call",
            context: "value",
            language: "php",
            start: 0,
            end: self.text.len(),
        });
    }

    fn calls(&mut self) {
        let text = self.text;
        for open in memchr::memchr_iter(b'(', text) {
            if self.is_done() {
                return;
            }
            if let Some(call) = call::read(text, open) {
                if !self.pay(call.end.saturating_sub(call.start)) {
                    return;
                }
                self.judge(&call);
            } else if self.is_reckoned(open) {
                self.note(Confidence::Medium, "sum", Before::Quote, 0, open);
            } else if let Some(end) = probe::endless(text, open) {
                self.note(Confidence::Medium, "endless-loop", Before::Nothing, 0, end);
            } else if self.is_spelled_run(open) {
                let start = open.saturating_sub(2);
                self.note(
                    Confidence::High,
                    "command-literal",
                    Before::Nothing,
                    start,
                    open,
                );
            }
        }
    }

    /// `'+response.write(41*3)+'`: out of a quote, a call that reckons; with numbers that nobody
    /// reckons with, the whole value or behind a piece of data.
    fn is_reckoned(&self, open: usize) -> bool {
        let Some(numbers) = probe::argument(self.text, open) else {
            return false;
        };
        let before = self.text.get(..open).unwrap_or_default();
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
        let name = before.iter().rev().take(32).take_while(is_of_name).count();
        let start = open.saturating_sub(name);
        // What joins the name to a text before it is not of it.
        let start = start.saturating_add(usize::from(self.text.get(start) == Some(&b'.')));
        let before = around::before(self.text.get(..start).unwrap_or_default());
        let is_free = matches!(before, Before::Nothing | Before::Data);
        name > 1 && (before == Before::Quote || is_free && numbers == Numbers::Large)
    }

    /// `%x(id)` as the whole value: Ruby's command literal.
    fn is_spelled_run(&self, open: usize) -> bool {
        let before = self.text.get(..open).unwrap_or_default();
        let Some(before) = before.strip_suffix(b"%x") else {
            return false;
        };
        if before.len() >= 64 || before.iter().any(u8::is_ascii_alphanumeric) {
            return false;
        }
        let rest = self.text.get(open..).unwrap_or_default();
        let close = rest.iter().take(256).position(|byte| *byte == b')');
        let behind = close
            .and_then(|close| rest.get(close..))
            .unwrap_or_default();
        close.is_some_and(|close| close > 1) && is_end(behind)
    }

    fn judge(&mut self, call: &Call) {
        let mut before = self.text.get(..call.start).unwrap_or_default();
        if self.role == Role::Path {
            // Folders stand before the value.
            let near = before.len().saturating_sub(FOLDER_BYTES_MAX);
            let near = before.get(near..).unwrap_or_default();
            let folder = near.iter().rposition(|byte| *byte == b'/');
            before = folder.and_then(|at| near.get(at..)).unwrap_or(before);
        }
        let in_call = around::in_call(before);
        let before = around::before(before);
        let behind = self.text.get(call.end..).unwrap_or_default();
        let strong = is_strong(call);
        if strong != Some(true) && call.is_ordinary() && before != Before::Quote {
            return;
        }
        // Lines of documents are program text; nobody breaks out of anything there.
        let is_line = matches!(before, Before::Nothing | Before::Data | Before::Program);
        let is_whole = call.start == 0 && call.is_closed && is_end(behind);
        if (is_line && !is_whole || strong != Some(true)) && self.in_document() {
            return;
        }
        let is_behind = is_end(around::behind_members(behind)) || behind.first() == Some(&b'(');
        let ends = call.is_cut || call.is_closed && is_behind;
        let is_free = before != Before::Program;
        let breaks = matches!(before, Before::Tag | Before::Quote | Before::Data);
        let confidence = match (is_free, strong) {
            (true, Some(true)) if ends || breaks || call.is_telling() => Confidence::High,
            (true, Some(_)) if breaks && before != Before::Data => Confidence::High,
            (true, Some(_)) if ends => Confidence::Medium,
            (true, None) if before == Before::Tag => Confidence::High,
            (true, None) if ends && call.is_closed => Confidence::Medium,
            (false, Some(true)) if self.climbs(call) => Confidence::High,
            (false, Some(true)) if call.is_telling() => Confidence::Medium,
            (false, Some(false)) if in_call && loads_and_asks(call, behind) => Confidence::Medium,
            _ => return,
        };
        self.note(confidence, production(call), before, call.start, call.end);
    }

    /// `().__class__.__base__.__subclasses__()`: from a value to its class, and on to all of them.
    fn climbs(&self, call: &Call) -> bool {
        let chain = self.text.get(call.start..call.end).unwrap_or_default();
        call.effect.any(Effect::CLIMBS) && memchr::memmem::find(chain, b"__class__").is_some()
    }

    fn note(
        &mut self,
        confidence: Confidence,
        production: &'static str,
        before: Before,
        start: usize,
        end: usize,
    ) {
        self.offer(Found {
            confidence,
            production,
            context: before.name(),
            language: "generic",
            start,
            end,
        });
    }
}

/// `require('fs').readdirSync`: a module that is loaded and asked at once.
fn loads_and_asks(call: &Call, behind: &[u8]) -> bool {
    call.effect.any(Effect::LOADS)
        && call.argument == Argument::Module
        && behind.first() == Some(&b'.')
}

/// How strong a call is in itself: surely an attack's, maybe, or only a try.
fn is_strong(call: &Call) -> Option<bool> {
    let effect = call.effect;
    let argument = call.argument;
    if effect.any(Effect::CLIMBS) {
        return Some(true);
    }
    if effect.any(Effect::RUNS) {
        let is_known = matches!(
            argument,
            Argument::Text | Argument::Secret | Argument::Request | Argument::Hidden
        );
        return Some(is_known);
    }
    if effect.any(Effect::EVALUATES) {
        let is_known = matches!(
            argument,
            Argument::Request | Argument::Hidden | Argument::Secret
        );
        return Some(is_known);
    }
    if effect.any(Effect::LOADS) {
        let is_known = matches!(
            argument,
            Argument::Request | Argument::Remote | Argument::Secret
        );
        return Some(is_known);
    }
    if effect.any(Effect::READS) {
        return Some(argument == Argument::Secret || argument == Argument::Request);
    }
    (argument == Argument::Hidden).then_some(true)
}

fn production(call: &Call) -> &'static str {
    let effect = call.effect;
    if effect.any(Effect::RUNS) {
        "run"
    } else if effect.any(Effect::EVALUATES) {
        "evaluate"
    } else if effect.any(Effect::LOADS) {
        "load"
    } else if effect.any(Effect::CLIMBS) {
        "climb"
    } else if effect.any(Effect::READS) {
        "read"
    } else {
        "call"
    }
}
