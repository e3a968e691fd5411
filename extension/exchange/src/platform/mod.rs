//! The platforms: one table each.
//! This list is the only place that knows all of them.
pub mod lambda;
