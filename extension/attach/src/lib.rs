//! The layer put on functions of an account, and taken off again: read, plan, change, undo.
//! It never changes a function before the journal holds what has to come back.
//!
//! [`fleet`] reads functions, [`plan`] says for each what would be done and what stands in the way,
//! [`journal`] remembers, and [`work`] changes. [`aws`] is the only way out.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
pub mod aws;
pub mod change;
pub mod configuration;
pub mod fleet;
pub mod journal;
pub mod layer;
pub mod owner;
pub mod plan;
pub mod start;
pub mod undo;
pub mod work;
