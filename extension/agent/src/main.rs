//! The agent's front door.
fn main() {}
