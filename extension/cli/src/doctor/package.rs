//! What lies in a function's package, where its folder can be seen from here.
//! It never opens more of it than the policy's name and the head of `bootstrap`.
use std::io::Read as _;

use super::checks::{Finding, Level, say};
use super::function::Function;

/// The policy that the function is told to read.
pub(super) fn look(function: &Function, all: &mut Vec<Finding>) {
    if function.later.contains_key("CREDENZA_POLICY") {
        return;
    }
    let Some(name) = function
        .variable("CREDENZA_POLICY")
        .strip_prefix("/var/task/")
    else {
        return;
    };
    let Some(package) = &function.package else {
        let message = format!("whether the package has {name} cannot be seen here");
        all.push(say(Level::Note, "policy", &message, "unzip -l PACKAGE.zip"));
        return;
    };
    let file = package.join(name);
    if file.is_file() {
        all.push(say(
            Level::Good,
            "policy",
            &format!("the package has {name}"),
            "",
        ));
    } else {
        let message =
            format!("the package has no {name}: the agent would watch, and block nothing");
        let fix = format!(
            "put the policy into the package:\ncp credenza.toml {}\nor remove CREDENZA_POLICY",
            file.display()
        );
        all.push(say(Level::Wrong, "policy", &message, &fix));
    }
}

const FIX: &str = "start the function through the agent; as `bootstrap` of the package, mode \
                   0755:\n\
                   #!/bin/sh\n\
                   exec /opt/extensions/credenza-agent wrap -- /var/task/bootstrap.real\n\
                   and rename your program to bootstrap.real";

// Limit: a script that starts a program is a few lines long.
const HEAD_BYTES: u64 = 4096;

/// How an OS-only runtime starts its program.
pub(super) fn bootstrap(function: &Function) -> Finding {
    let name = &function.runtime;
    let file = function
        .package
        .as_ref()
        .map(|package| package.join("bootstrap"));
    if let Some(file) = file.and_then(|file| std::fs::File::open(file).ok()) {
        let mut head = Vec::new();
        let read = file.take(HEAD_BYTES).read_to_end(&mut head);
        let text = String::from_utf8_lossy(&head);
        return if read.is_ok() && text.contains("credenza-agent wrap") {
            say(
                Level::Good,
                "runtime",
                "its bootstrap starts the function through the agent",
                "",
            )
        } else {
            let message = format!("the bootstrap of {name} does not start the agent");
            say(Level::Wrong, "runtime", &message, FIX)
        };
    }
    // Whoever attaches the layer without the variable knows that the variable does nothing here.
    let knows = function.layer(&["credenza"]).is_some()
        && function.variable("AWS_LAMBDA_EXEC_WRAPPER").is_empty();
    if knows {
        let message = "whether its bootstrap starts the agent cannot be seen here";
        return say(Level::Note, "runtime", message, FIX);
    }
    let message = format!("{name} ignores AWS_LAMBDA_EXEC_WRAPPER: nothing would be inspected");
    say(Level::Wrong, "runtime", &message, FIX)
}
