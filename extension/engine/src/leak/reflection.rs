//! What an event said that does harm where the function repeats it as it stood.
//! It never keeps more than 32 KiB of one event, never shows any of it, and is gone with the
//! invocation.
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell};
use core::fmt;

use credenza_event::Form;

use self::echo::{Echo, Grams, Search};
use super::{
    LOOK_BEHIND_BYTES, Leak, Leaks, Media, OutputText, reflected_error, reflected_header,
    reflected_script,
};
use crate::detector::Rule;
use crate::report::Confidence;

mod code;
mod danger;
mod echo;
mod page;

pub(super) use self::code::Part;
pub(super) use self::page::{Page, Raw, State};

/// What a text of the event does where it stands in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deed {
    pub(super) confidence: Confidence,
    pub(super) kind: &'static str,
}

// Limit: with 64 invocations under way 32 KiB each are 2 MiB; values of forms have 10 to 200 bytes,
// so 64 texts are more than an event has that could do harm.
const ROOM_BYTES: usize = 32 * 1024;
const TEXTS_MAX: usize = 64;

// Limit: a quarter of it is for texts in which a rule found something, so that nobody fills the
// room with what is harmless.
const COMMON_ROOM_BYTES: usize = ROOM_BYTES / 4 * 3;
const COMMON_TEXTS_MAX: usize = TEXTS_MAX / 4 * 3;

/// The texts of one event that could do harm in its answer.
#[derive(Clone, Default)]
pub struct Reflections {
    /// The texts, side by side.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u16>,
    /// How sure a rule of events was of something in it.
    suspected: Vec<Option<Confidence>>,
    grams: OnceCell<Grams>,
    /// Where in a stream the reader of its page stands.
    view: Cell<Option<View>>,
}

/// A reader of a page, and the offset in the output that it has come to.
#[derive(Clone, Copy, Debug)]
struct View {
    page: Page,
    at: usize,
}

// Limit: the next window sees what stands so far from the end of one again, and twice as much.
const LAG_BYTES: usize = LOOK_BEHIND_BYTES / 2;

impl PartialEq for Reflections {
    fn eq(&self, other: &Self) -> bool {
        (&self.bytes, &self.ends, &self.suspected) == (&other.bytes, &other.ends, &other.suspected)
    }
}

impl Eq for Reflections {}

impl fmt::Debug for Reflections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reflections({} texts)", self.ends.len())
    }
}

impl Reflections {
    /// True if nothing of the event could do harm.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Keeps a form of the event if it could do harm; `suspected` as sure as the rules of
    /// events are of something in it.
    pub(crate) fn see(&mut self, form: &Form<'_>, suspected: Option<Confidence>) {
        let (texts_max, room_bytes) = if suspected.is_some() {
            (TEXTS_MAX, ROOM_BYTES)
        } else {
            (COMMON_TEXTS_MAX, COMMON_ROOM_BYTES)
        };
        let left = room_bytes.saturating_sub(self.bytes.len());
        if self.ends.len() >= texts_max || left < echo::TEXT_BYTES_MIN {
            return;
        }
        if !danger::may_harm(form) && suspected.is_none() {
            return;
        }
        let text = form.text.get(..left).unwrap_or(form.text);
        let known = self.texts().position(|known| known == text);
        if let Some(known) = known {
            if let Some(known) = self.suspected.get_mut(known) {
                *known = suspected.max(*known);
            }
            return;
        }
        self.bytes.extend_from_slice(text);
        let end = u16::try_from(self.bytes.len()).unwrap_or(u16::MAX);
        self.ends.push(end);
        self.suspected.push(suspected);
    }

    /// The kept texts.
    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let starts = core::iter::once(&0).chain(self.ends.iter());
        let spans = starts.zip(self.ends.iter());
        spans.map(|(start, end)| {
            let span = usize::from(*start)..usize::from(*end);
            self.bytes.get(span).unwrap_or(&[])
        })
    }

    /// The pieces of an output that stood in the event.
    fn echoes<'s>(&'s self, output: &'s [u8]) -> Search<'s> {
        let grams = self
            .grams
            .get_or_init(|| Grams::of(&self.bytes, &self.ends));
        Search::new(&self.bytes, &self.ends, grams, output)
    }

    /// How sure a deed is, given what rules of events said of the text.
    fn raised(&self, kept: usize, deed: Deed) -> Confidence {
        let suspected = self.suspected.get(kept).copied().flatten();
        // Who embeds a frame or leads to another host means it, unless it looks like nobody does.
        let is_shown = matches!(
            deed.kind,
            "markup" | "loading-element" | "location" | "refresh"
        );
        let needed = if is_shown {
            Confidence::High
        } else {
            Confidence::Medium
        };
        match deed.confidence {
            confidence if suspected < Some(needed) => confidence,
            Confidence::Low => Confidence::Medium,
            Confidence::Medium | Confidence::High => Confidence::High,
        }
    }

    /// Adds what the texts of the event do in a text of the answer, of which the first byte has an
    /// offset there.
    ///
    /// Errors of databases are those that [`super::seek`] has added for `leaky-error` before.
    pub fn seek(&self, text: &OutputText<'_>, offset: usize, leaks: &mut Leaks) {
        if self.is_empty() {
            return;
        }
        // A browser that is told nothing may take it for a page.
        let is_page = text.follows || text.bytes.trim_ascii_start().starts_with(b"<");
        let (page, most) = match text.media {
            Media::Html => (Some(Page::new()), Confidence::High),
            Media::Script => (Some(Page::script()), Confidence::High),
            Media::Text if is_page => (Some(Page::new()), Confidence::Medium),
            Media::Text | Media::Json | Media::Header => (None, Confidence::Low),
        };
        if !text.follows {
            self.view.set(page.map(|page| View { page, at: offset }));
        }
        if page.is_some() {
            self.seek_script(text, offset, most, leaks);
        }
        if text.media != Media::Header {
            self.seek_errors(text, leaks);
        }
    }

    fn seek_script(
        &self,
        text: &OutputText<'_>,
        offset: usize,
        most: Confidence,
        leaks: &mut Leaks,
    ) {
        let Some(View { mut page, at }) = self.view.get() else {
            return;
        };
        let mut echoes = self.echoes(text.bytes).peekable();
        // Reading a page costs ten times what seeking in it does, and nobody asks where the reader
        // stands at the end of one in which nothing was repeated.
        if !text.continues && echoes.peek().is_none() {
            return;
        }
        let len = text.bytes.len();
        let mut read = at.saturating_sub(offset).min(len);
        // Behind this place the next window reads again.
        let until = if text.continues {
            len.saturating_sub(LAG_BYTES).max(read)
        } else {
            len
        };
        let mut left: Option<View> = None;
        let view = |page: Page, at: usize| View {
            page,
            at: offset.saturating_add(at),
        };
        for echo in echoes {
            let start = echo.start.max(read);
            if echo.end <= read {
                continue;
            }
            if left.is_none() && echo.end > until {
                let place = start.min(until);
                let mut page = page;
                page.read(text.bytes.get(read..place).unwrap_or(&[]));
                left = Some(view(page, place));
            }
            page.read(text.bytes.get(read..start).unwrap_or(&[]));
            let deed = reflected_script::deed(&mut page, text.bytes, start, echo.end);
            read = echo.end;
            self.add(&reflected_script::RULE, deed, echo, most, leaks);
        }
        if !text.continues {
            return;
        }
        page.read(text.bytes.get(read..until).unwrap_or(&[]));
        self.view
            .set(left.or_else(|| Some(view(page, until.max(read)))));
    }

    /// How many bytes at the end of a text may begin a text of the event that goes on behind it.
    pub fn pending(&self, text: &[u8]) -> usize {
        if self.is_empty() {
            return 0;
        }
        self.echoes(text).pending()
    }

    /// Adds what the texts of the event do in the field of the answer's header called `name`, of
    /// which `text` is the value.
    pub fn seek_header(&self, name: &[u8], text: &OutputText<'_>, leaks: &mut Leaks) {
        if self.is_empty() {
            return;
        }
        for echo in self.echoes(text.bytes) {
            let deed = reflected_header::deed(name, text.bytes, echo.start, echo.end);
            self.add(&reflected_header::RULE, deed, echo, Confidence::High, leaks);
        }
    }

    fn seek_errors(&self, text: &OutputText<'_>, leaks: &mut Leaks) {
        for (start, end) in reflected_error::places(text, leaks) {
            let near = text.bytes.get(start..end).unwrap_or(&[]);
            for echo in self.echoes(near) {
                let deed = reflected_error::deed(near, echo.start, echo.end);
                let echo = Echo {
                    start: start.saturating_add(echo.start),
                    end: start.saturating_add(echo.end),
                    ..echo
                };
                self.add(&reflected_error::RULE, deed, echo, Confidence::High, leaks);
            }
        }
    }

    fn add(
        &self,
        rule: &'static Rule,
        deed: Option<Deed>,
        echo: Echo,
        most: Confidence,
        leaks: &mut Leaks,
    ) {
        let Some(deed) = deed else {
            return;
        };
        leaks.add(Leak {
            rule,
            kind: deed.kind,
            confidence: self.raised(echo.kept, deed).min(most),
            start: echo.start,
            end: echo.end,
        });
    }
}

#[cfg(test)]
pub(crate) mod tests;
