//! The demonstration: builds the agent, the CLI and the vulnerable function, then shows them.
//! It never installs anything and never talks to anything but loopback.
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, bail};

use crate::project;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Passed to `credenza demo` as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    further: Vec<String>,
}

/// Builds with progress, then becomes `credenza demo`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    eprintln!("building the agent, the CLI and the vulnerable function (minutes the first time)");
    project::build_programs(&["credenza", "credenza-demo-function"])?;
    let program = project::desk("credenza");
    let error = Command::new(&program)
        .arg("demo")
        .args(&arguments.further)
        .exec();
    bail!("cannot start {}: {error}", program.display())
}
