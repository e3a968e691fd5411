//! The command line, declared once: usage errors, help and defaults all come from here.
//! It never reads a file or the environment.
use clap::{Parser, Subcommand, ValueEnum};

/// Tastes every event before a serverless function sees it; this is the engine at a desk.
#[derive(Debug, Parser)]
#[command(name = "credenza", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 clean, 1 findings, 2 usage or I/O.")]
pub(crate) struct Arguments {
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// When colour is used; `auto` means on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the rules.
    Rules,
    /// Show the page of a rule: what it finds, how it decides, when it is wrong.
    Explain {
        /// A rule id such as `sql-injection`, or a finding as a JSON line (`-` reads it from
        /// stdin).
        #[arg(value_name = "RULE|FINDING")]
        rule: String,
    },
    /// Check a policy file and say what is wrong with it.
    Check {
        /// The policy file; `-` reads stdin.
        policy: String,
    },
}
