//! `sandbox`.
