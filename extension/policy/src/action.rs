//! What a finding causes in block mode.
//! It never says how a source's refusal looks, nor how a text is masked.

/// What becomes in block mode of the event or output that a finding is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It passes, and is told.
    Flag,
    /// The bytes of the finding are masked in an output; an event is never changed, and passes.
    Mask,
    /// It is refused.
    #[default]
    Block,
}

impl Action {
    /// All actions, from the mildest to the severest.
    pub const ALL: [Self; 3] = [Self::Flag, Self::Mask, Self::Block];

    /// The name in policies and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Mask => "mask",
            Self::Block => "block",
        }
    }
}
