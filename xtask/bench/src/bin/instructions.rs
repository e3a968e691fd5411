//! The instructions.
fn main() {}
