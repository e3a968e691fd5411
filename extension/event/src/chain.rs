//! The steps of decoding from an event to a form, as a small value.
//! It never allocates.
use crate::form::Decoder;

// Limit: 4 steps on the transport's value, one container, 4 more on its leaf and six levels of JSON
// between them make 16; the encodings of the evasion set need 8.
pub(crate) const CHAIN_STEPS_MAX: usize = 16;

/// A decode chain, first step first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    steps: [Decoder; CHAIN_STEPS_MAX],
    len: u8,
}

impl Chain {
    /// No step: the text as it stands in the event.
    pub(crate) const EMPTY: Self = Self {
        steps: [Decoder::Url; CHAIN_STEPS_MAX],
        len: 0,
    };

    /// The steps so far.
    pub(crate) fn steps(&self) -> &[Decoder] {
        self.steps.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// The chain with one step more; `None` when it is full.
    pub(crate) fn then(&self, decoder: Decoder) -> Option<Self> {
        let mut longer = *self;
        *longer.steps.get_mut(usize::from(self.len))? = decoder;
        longer.len += 1;
        Some(longer)
    }

    /// The step that led here.
    pub(crate) fn last(&self) -> Option<Decoder> {
        self.steps().last().copied()
    }
}
