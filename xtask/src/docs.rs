//! The documentation, built with every warning an error.
//! It never publishes.
use anyhow::Result;

use crate::project;

/// Builds the documentation of every crate of the workspace.
pub(crate) fn run() -> Result<()> {
    let mut cargo = project::cargo();
    cargo.env("RUSTDOCFLAGS", "-D warnings");
    project::run(cargo.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]))
}
