//! A candidate that stands in a file of its own, and what the environment says of candidates.
//! It never changes what the policy in force says.
use alloc::boxed::Box;

use crate::file::CUSTOM_STEPS_PER_BYTE_MAX;
use crate::{CustomRule, Mode, Policy, Settings};

impl Policy {
    /// This policy with a whole other one judged beside it, as if that stood in its place; why not,
    /// if both together may take more work than any policy may.
    pub fn beside(self, candidate: Self) -> Result<Self, &'static str> {
        let is_own = |rule: &&CustomRule| self.custom.contains(rule);
        let others = candidate.custom.iter().filter(|rule| !is_own(rule));
        let steps: usize = others.map(CustomRule::steps_per_byte).sum();
        if steps.saturating_add(self.custom_steps_per_byte()) > CUSTOM_STEPS_PER_BYTE_MAX {
            return Err("its own rules and those of the policy in force cost too much together");
        }
        Ok(Self {
            // Records name both by one hash.
            hash: (self.hash ^ candidate.hash).rotate_left(1),
            shadow: Some(Box::new(Self {
                shadow: None,
                ..candidate
            })),
            shadow_file: None,
            ..self
        })
    }

    /// The candidate under what the environment says over every file.
    pub(crate) fn with_choices_of(self, settings: &Settings) -> Self {
        let is_open = self.mode != Mode::Off && !self.broken && !self.is_held;
        Self {
            mode: settings.mode.filter(|_| is_open).unwrap_or(self.mode),
            on_error: settings.on_error.unwrap_or(self.on_error),
            on_partial: settings.on_partial.or(self.on_partial),
            ..self
        }
    }
}
