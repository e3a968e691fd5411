//! The agent's front door: the wrapper's way in, and the extension's.
//! It never does anything itself.
use std::ffi::OsString;
use std::process::ExitCode;

use credenza_agent::config::Environment;
use credenza_agent::{lifecycle, proxy, wrap};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_process();
    if arguments.get(1).is_some_and(|argument| argument == "wrap") {
        wrap::run(&arguments, &environment)
    } else {
        lifecycle::run(&arguments, &environment, proxy::serve)
    }
}
