//! The wrapper: becomes the runtime, its Runtime API pointed at the agent if the agent is there.
//! It never keeps a function from starting, and never hardens itself: the customer's code would
//! inherit that.
//!
//! Three ways in, told apart by what follows `wrap`:
//! a path is the script whose interpreter line started us (`/opt/credenza-wrapper`), and the
//! command follows it; `--` is followed by the command (a `bootstrap`, an `ENTRYPOINT`);
//! `--inner ADDRESS --` is ourselves again, behind the next wrapper of a chain, with the address
//! that the platform gave.
use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{Config, Environment, RUNTIME_API};
use crate::telemetry::say_from_wrapper;
use crate::upstream::Upstream;
use crate::{decoy, handover};

// Limit: a proxy that another extension opens is there when the runtime starts, or never; 50 ms are
// two periods of a starved CPU, and the only wait in a start that goes wrong.
const NEIGHBOUR_PATIENCE: Duration = Duration::from_millis(50);

const INNER: &str = "--inner";

/// Becomes the command; returns only if it cannot be started.
pub fn run(arguments: &[OsString], environment: &Environment) -> ExitCode {
    let way = Way::read(arguments);
    let config = Config::read(environment);
    let given = way
        .given
        .clone()
        .or_else(|| environment.value(RUNTIME_API).map(OsStr::to_owned));
    if way.command.is_empty() {
        say_from_wrapper("no command to start: expected `credenza-agent wrap -- COMMAND`");
        return ExitCode::from(2);
    }
    if way.given.is_none() && !is_inner(&way.command) {
        chain(&way, &config, given.as_deref());
    }
    let mut command = command(&way.command);
    match redirection(&config, environment, given.as_deref()) {
        Redirection::To(agent, seed) => {
            command.env(RUNTIME_API, agent.to_string());
            for name in ["NO_PROXY", "no_proxy"] {
                command.env(name, with_host(environment.value(name), agent));
            }
            for (name, value) in decoys(environment, seed.as_deref()) {
                command.env(name, value);
            }
        }
        Redirection::Back(platform, why) => {
            say_from_wrapper(&why);
            command.env(RUNTIME_API, platform);
        }
        Redirection::None(why) => say_from_wrapper(&why),
    }
    let error = command.exec();
    say_from_wrapper(&format!(
        "{} cannot be started: {error}",
        shown(way.command.first())
    ));
    // What a shell says for these two.
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound {
        127
    } else {
        126
    })
}

/// How we were started, and what to become.
#[derive(Debug, PartialEq, Eq)]
struct Way {
    /// The script whose interpreter we are.
    script: Option<PathBuf>,
    /// The platform's address, as the outer stage found it.
    given: Option<OsString>,
    /// The command to become.
    command: Vec<OsString>,
}

impl Way {
    fn read(arguments: &[OsString]) -> Self {
        let rest = |from: usize| arguments.get(from..).unwrap_or_default().to_vec();
        let (script, given, command) = match arguments.get(2).map(OsString::as_os_str) {
            None => (None, None, Vec::new()),
            Some(dashes) if dashes == "--" => (None, None, rest(3)),
            Some(inner) if inner == INNER => (None, arguments.get(3).cloned(), rest(5)),
            Some(script) => (Some(PathBuf::from(script)), None, rest(3)),
        };
        Self {
            script,
            given,
            command,
        }
    }
}

/// Becomes the next wrapper with ourselves as its command (R25): it may redirect the Runtime API,
/// and the inner stage takes what it finds. Returns if there is none, or if it cannot be started.
fn chain(way: &Way, config: &Config, given: Option<&OsStr>) {
    let Some(next) = config
        .settings
        .next_wrapper
        .as_deref()
        .map(OsStr::from_bytes)
    else {
        return;
    };
    let skipped = |why: &str| {
        say_from_wrapper(&format!(
            "CREDENZA_NEXT_WRAPPER {} is skipped: {why}",
            Path::new(next).display()
        ));
    };
    let Ok(own) = std::env::current_exe() else {
        return skipped("our own path is unknown, so it could not come back to us");
    };
    let ours = [Some(own.as_path()), way.script.as_deref()];
    if ours
        .into_iter()
        .flatten()
        .any(|path| is_same_file(path, Path::new(next)))
    {
        return skipped("it is this wrapper itself");
    }
    let mut command = Command::new(next);
    command
        .arg(own)
        .args(["wrap", INNER])
        .arg(given.unwrap_or_default())
        .arg("--");
    command.args(&way.command);
    skipped(&command.exec().to_string());
}

/// True if the command is our own inner stage: then someone in the chain called us again.
fn is_inner(command: &[OsString]) -> bool {
    matches!(command, [_, wrap, inner, ..] if wrap == "wrap" && inner == INNER)
}

fn is_same_file(left: &Path, right: &Path) -> bool {
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
    identity(left).is_some_and(|left| Some(left) == identity(right))
}

/// What becomes of the runtime's address.
#[derive(Debug, PartialEq, Eq)]
enum Redirection {
    /// The agent's, and what decoys are made of.
    To(SocketAddr, Option<String>),
    /// Back to the platform's, because another wrapper left a dead one.
    Back(OsString, String),
    /// None: it stays as it is.
    None(String),
}

/// Finds the agent and settles with it where events come from.
fn redirection(config: &Config, environment: &Environment, given: Option<&OsStr>) -> Redirection {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return Redirection::None(format!("{RUNTIME_API} is not set: nothing is inspected"));
    };
    let platform = Upstream::parse(&given.to_string_lossy());
    let names = handover::names(platform.as_ref(), config.listen);
    let current = &config.platform;
    let redirected = environment.value(RUNTIME_API) != Some(given);
    let neighbour = current
        .as_ref()
        .filter(|current| !redirected || accepts(current));
    let kept = |why: &str| {
        if redirected && neighbour.is_none() {
            let message = format!(
                "{why}; the address left by another wrapper does not answer \
                                   either: the platform's is used, nothing is inspected"
            );
            return Redirection::Back(given.to_owned(), message);
        }
        Redirection::None(format!("{why}: the address is kept, nothing is inspected"))
    };
    let Some(answer) = handover::hello(&names) else {
        return kept("credenza-agent does not answer");
    };
    let Some(agent) = answer.listen else {
        return kept("credenza-agent has no port");
    };
    // An upstream that was set by hand wins over what a wrapper found, and a runtime that is
    // wrapped twice finds the agent itself.
    let wanted = neighbour
        .filter(|_| config.settings.upstream.is_none())
        .filter(|wanted| !handover::leads_to(wanted, agent));
    if let Some(wanted) = wanted.filter(|wanted| **wanted != answer.upstream) {
        let settled = handover::hand_over(&names, wanted);
        if settled.is_none_or(|settled| settled.upstream != *wanted) {
            say_from_wrapper(&format!(
                "credenza-agent keeps taking events from {}, not from {wanted}",
                answer.upstream
            ));
        }
    }
    Redirection::To(agent, answer.decoy)
}

/// Decoys to plant; a variable that is taken stays as it is.
fn decoys(
    environment: &Environment,
    seed: Option<&str>,
) -> impl Iterator<Item = (&'static str, String)> {
    let planted = seed.map(|seed| decoy::NAMES.into_iter().zip(decoy::credentials(seed)));
    planted
        .into_iter()
        .flatten()
        .filter(|(name, _)| environment.value(name).is_none())
}

/// True if something listens there, now or within a moment.
fn accepts(upstream: &Upstream) -> bool {
    let deadline = Instant::now() + NEIGHBOUR_PATIENCE;
    let Some(address) = upstream.addresses().into_iter().next() else {
        return false;
    };
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(_) => return true,
            Err(_) => thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// A list of hosts without proxy, with the agent's added (R20).
fn with_host(list: Option<&OsStr>, agent: SocketAddr) -> OsString {
    let host = agent.ip().to_string();
    let Some(list) = list else {
        return host.into();
    };
    let known = |entry: &[u8]| entry.trim_ascii() == b"*" || entry.trim_ascii() == host.as_bytes();
    if list.as_bytes().split(|byte| *byte == b',').any(known) {
        return list.to_owned();
    }
    let mut longer = list.to_owned();
    longer.push(",");
    longer.push(host);
    longer
}

fn command(words: &[OsString]) -> Command {
    let mut command = Command::new(
        words
            .first()
            .map_or_else(|| OsStr::new(""), OsString::as_os_str),
    );
    command.args(words.iter().skip(1));
    command
}

fn shown(word: Option<&OsString>) -> String {
    word.map(|word| word.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
