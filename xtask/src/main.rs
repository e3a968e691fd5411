//! The only tool.
fn main() {}
