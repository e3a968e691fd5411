//! The agent's front door: the wrapper's way in, and the extension's.
//! It never does anything itself.
use std::ffi::OsString;
use std::process::ExitCode;

use credenza_agent::config::Environment;
use credenza_agent::{lifecycle, proxy, telemetry, wrap};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match arguments.get(1).and_then(|argument| argument.to_str()) {
        Some("wrap") => wrap::run(&arguments, &Environment::of_process()),
        Some("--version") => telemetry::say_version(),
        _ => {
            telemetry::tame_panics();
            lifecycle::run(&arguments, &Environment::of_process(), proxy::serve)
        }
    }
}
