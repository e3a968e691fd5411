//! A text that comes in pieces, and as much of what came before as judging the next one takes.
//! It never holds more than that.
use alloc::vec::Vec;

use credenza_engine::leak::{LOOK_BEHIND_BYTES, Media, OutputText};

use super::guard::{Findings, Guard};

/// The end of such a text.
#[derive(Debug)]
pub(super) struct Window {
    text: Vec<u8>,
    media: Media,
    /// The offset of its first byte in the whole text.
    at: usize,
}

impl Window {
    pub(super) fn new(media: Media) -> Self {
        Self {
            text: Vec::new(),
            media,
            at: 0,
        }
    }

    /// What is kept of it.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Looks at the next piece.
    pub(super) fn feed(
        &mut self,
        guard: &Guard<'_>,
        piece: &[u8],
        is_last: bool,
        found: &mut Findings,
    ) {
        self.text.extend_from_slice(piece);
        let text = OutputText::window(&self.text, self.media, self.at > 0, !is_last);
        guard.judge(&text, self.at, found);
        let gone = self.text.len().saturating_sub(LOOK_BEHIND_BYTES);
        self.text.drain(..gone);
        self.at = self.at.saturating_add(gone);
    }
}
