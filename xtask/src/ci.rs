//! Everything that a change must pass, in order of cost, with the time of each step.
//! It never stops at the first failure, and never hides what it skipped.
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::layer::Architecture;
use crate::skips::{self, Skip};
use crate::{accuracy, bench, deploy, differential, docs, fuzz, layer, project, tidy, tools};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the steps whose name holds this word.
    #[arg(long)]
    only: Option<String>,
}

/// One step: a name to find it by, and what it does; it may skip parts of itself.
struct Step {
    name: &'static str,
    run: fn() -> Result<Vec<Skip>>,
}

/// The steps, cheapest verdict first; programs are built before the tests that start them.
const STEPS: [Step; 13] = [
    Step {
        name: "tools",
        run: tools::install,
    },
    Step {
        name: "tidy",
        run: || tidy::run().map(|()| Vec::new()),
    },
    Step {
        name: "format",
        run: || cargo(&["fmt", "--all", "--check"]),
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "build",
        run: build,
    },
    Step {
        name: "layer",
        run: || layer::produce(&Architecture::ALL, true),
    },
    Step {
        name: "deploy",
        run: deploy::prove_all,
    },
    Step {
        name: "test",
        run: test,
    },
    Step {
        name: "differential",
        run: differential::run_small,
    },
    Step {
        name: "fuzz",
        run: fuzz::run_stable,
    },
    Step {
        name: "docs",
        run: || docs::run().map(|()| Vec::new()),
    },
    Step {
        name: "instructions",
        run: || Ok(bench::gate(false)?.into_iter().collect()),
    },
    Step {
        name: "accuracy",
        run: accuracy::score_default,
    },
];

/// How one step went.
struct Outcome {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

/// Runs the steps and sums them up; what was skipped stands in the last lines.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    skips::forget()?;
    let mut outcomes = Vec::new();
    let mut skipped = Vec::new();
    for step in &STEPS {
        if arguments
            .only
            .as_deref()
            .is_some_and(|only| !step.name.contains(only))
        {
            continue;
        }
        println!("\n── {} ──", step.name);
        let started = Instant::now();
        let result = (step.run)();
        let error = result.as_ref().err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            println!("{}: {error}", step.name);
        }
        skipped.extend(result.unwrap_or_default());
        outcomes.push(Outcome {
            name: step.name,
            took: started.elapsed(),
            error,
        });
    }
    skipped.extend(skips::of_tests());
    summary(&outcomes, &skipped)
}

fn summary(outcomes: &[Outcome], skipped: &[Skip]) -> Result<()> {
    println!("\n── summary ──");
    let mut failed = Vec::new();
    for outcome in outcomes {
        let verdict = if outcome.error.is_some() {
            "FAILED"
        } else {
            "passed"
        };
        println!(
            "{verdict}  {:<14}{:>7.1} s",
            outcome.name,
            outcome.took.as_secs_f64()
        );
        if let Some(error) = &outcome.error {
            println!("        {error}");
            failed.push(outcome.name);
        }
    }
    let whole: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    println!("all steps took {:.0} s", whole.as_secs_f64());
    if outcomes.is_empty() {
        bail!("no step has such a name");
    }
    println!(
        "{}",
        if failed.is_empty() {
            "PASSED"
        } else {
            "FAILED"
        }
    );
    skips::print(skipped);
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn cargo(arguments: &[&str]) -> Result<Vec<Skip>> {
    project::run(project::cargo().args(arguments)).map(|()| Vec::new())
}

fn clippy() -> Result<Vec<Skip>> {
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ])
}

/// The agent as it ships and the programs of the desk, where the tests look for them.
fn build() -> Result<Vec<Skip>> {
    project::build_programs(&["credenza", "credenza-demo-function"])?;
    Ok(Vec::new())
}

fn test() -> Result<Vec<Skip>> {
    let mut cargo: Command = project::cargo();
    cargo.env("CREDENZA_SKIPS", skips::file());
    project::run(cargo.args(["test", "--workspace", "--no-fail-fast"]))?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, STEPS, summary};

    fn outcome(error: Option<&str>) -> Outcome {
        let error = error.map(str::to_owned);
        Outcome {
            name: "format",
            took: Duration::ZERO,
            error,
        }
    }

    #[test]
    fn one_failed_step_fails_the_run() {
        assert!(summary(&[outcome(None)], &[]).is_ok());
        let error = summary(&[outcome(None), outcome(Some("bad"))], &[]).unwrap_err();
        assert_eq!(error.to_string(), "failed: format");
    }

    #[test]
    fn a_run_without_steps_is_no_pass() {
        assert!(summary(&[], &[]).is_err());
    }

    #[test]
    fn programs_are_built_before_the_tests_that_start_them() {
        let place = |name: &str| STEPS.iter().position(|step| step.name == name);
        assert!(place("build") < place("test") && place("build").is_some());
        assert!(place("tools") < place("test"));
    }
}
