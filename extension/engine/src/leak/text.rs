//! A text of an output as the detectors of leaks see it.
//! It never copies the text.

/// What a text of an output is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// Not known, or nothing of the others.
    Text,
    /// A page.
    Html,
    /// A document.
    Json,
    /// Program text that a browser runs.
    Script,
    /// The value of a header.
    Header,
}

/// A text of an output: raw or decoded bytes, what it is read as, and whether it is a window of
/// something longer.
#[derive(Clone, Copy, Debug)]
pub struct OutputText<'t> {
    /// The bytes.
    pub bytes: &'t [u8],
    /// What they are read as.
    pub media: Media,
    /// True if bytes came before: what begins in the first 512 was judged with the
    /// window before, and is left out.
    pub follows: bool,
    /// True if more may come: what touches the end is left to the next window.
    pub continues: bool,
}

// Limit: 512 bytes: a name stands within 256 bytes of what it names, and a key's two halves within
// 256 of each other.
/// How far around itself a leak may be judged by what stands there.
pub(super) const CONTEXT_BYTES: usize = 512;

// Limit: 4,096 bytes: the longest secret but keys in PEM has some 2,400, the context on both sides
// 1,024. A longer one is found by its beginning.
/// How far back a stream's window must look so that nothing is cut.
pub const LOOK_BEHIND_BYTES: usize = 4096;

/// How much of a leak the next window is sure to see again.
const SEEN_AGAIN_BYTES: usize = LOOK_BEHIND_BYTES - CONTEXT_BYTES;

impl<'t> OutputText<'t> {
    /// A text that is all there is.
    pub const fn whole(bytes: &'t [u8], media: Media) -> Self {
        Self {
            bytes,
            media,
            follows: false,
            continues: false,
        }
    }

    /// A window of a stream, which begins [`LOOK_BEHIND_BYTES`] before what is new in it unless
    /// nothing came before.
    pub const fn window(bytes: &'t [u8], media: Media, follows: bool, continues: bool) -> Self {
        Self {
            bytes,
            media,
            follows,
            continues,
        }
    }

    /// True if what begins here was judged with the window before.
    pub fn was_judged(&self, start: usize) -> bool {
        self.follows && start < CONTEXT_BYTES
    }

    /// True if what begins at `start` and needs the bytes before `end` is left to the next window,
    /// which will see all of it.
    pub fn is_cut(&self, start: usize, end: usize) -> bool {
        let seen = self.bytes.len().saturating_sub(start);
        self.continues && end >= self.bytes.len() && seen < SEEN_AGAIN_BYTES
    }

    /// The bytes from an offset on.
    pub fn from(&self, at: usize) -> &'t [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// At most `most` bytes before an offset.
    pub fn before(&self, at: usize, most: usize) -> &'t [u8] {
        let from = at.saturating_sub(most);
        self.bytes.get(from..at).unwrap_or_default()
    }
}
