//! The life of the process: bind, register, wait for SHUTDOWN, leave.
//! It never exits for a bad setting, and never asks the Runtime API for anything.
//!
//! Everything that a runtime needs is ready before `register` is sent, because the platform starts
//! the runtime as soon as every extension has registered (R9).
pub(crate) mod call;

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use credenza_policy::Policy;
use nix::sys::signal::{SigSet, Signal};

use crate::config::{Config, Environment, POLICY_PATHS};
use crate::live::Live;
use crate::own::Own;
use crate::remote::Remote;
use crate::secret::Secret;
use crate::telemetry::{self, FaultNote, Log, Origin, Sink};
use crate::upstream::{Route, Upstream};
use crate::witness::{Lines, Wanted, Witness};
use crate::{Shared, decoy, handover, harden};

use call::{Call, Reply};

// Limit: the platform grants 2,000 ms after SHUTDOWN (R12) and our promise is 200 ms; a stuck
// reader may take three quarters of that before what is left unwritten is given up.
const FLUSH_PATIENCE: Duration = Duration::from_millis(150);

// Limit: the Runtime API may come up after us; the contract allows it 2 s.
const REGISTER_PATIENCE: Duration = Duration::from_secs(2);

// Limit: a platform that took the request and says nothing for 5 s has half of INIT left for a
// line that says why.
const REPLY_PATIENCE: Duration = Duration::from_secs(5);

// Limit: 8 tries double from 10 ms to 1,280 ms, the others wait 1 s each: about a minute in which
// the platform's API does not exist at all, after which nobody is left to serve.
const RETRIES_MAX: u32 = 64;

const STACK_BYTES: usize = 64 * 1024;

/// Runs the agent; returns when it may leave.
///
/// `arguments` begin with the path that we were started by: its base name is the name under which
/// the platform knows us.
/// `serve` takes the connections of runtimes and returns at once.
pub fn run(
    arguments: &[OsString],
    environment: &Environment,
    serve: fn(TcpListener, Shared) -> io::Result<()>,
) -> ExitCode {
    let undone = harden::harden();
    let mut config = Config::read(environment);
    let (Some(platform), Some(upstream)) = (config.platform.clone(), config.upstream.clone())
    else {
        telemetry::say_not_on_lambda();
        return ExitCode::from(2);
    };
    // Before any thread exists, because threads inherit the mask.
    let terminated = terminated();
    let listener = listen(&mut config);
    let policy = config.policy(&POLICY_PATHS);
    let log = log(&config, &policy);
    for call in undone {
        log.fault(&own_fault("not-hardened", "ran on", call));
    }

    let route = Arc::new(Route::new(upstream));
    let listening = listener.iter().find_map(|it| it.local_addr().ok());
    let decoy = policy.decoy.plant.then(decoy::seed);
    let named = policy.decoy.variables.as_slice();
    let own = Arc::new(Own::with_decoys(environment, named, decoy.as_deref()));
    meet_wrappers(&config, &platform, (listening, decoy), &route, &log);
    let witness: Arc<Witness> = Arc::default();
    let (policy, remote) = live(&config, policy, &log);
    let shared = Shared {
        witness: Arc::clone(&witness),
        policy: Arc::clone(&policy),
        own: Arc::clone(&own),
        key: Arc::new(Secret::draw()),
        route: Arc::clone(&route),
        memory_bytes: config.memory_bytes,
        sink: Arc::clone(&log) as Arc<dyn Sink>,
    };
    let served = listener.map_or(Ok(()), |listener| serve(listener, shared));
    if let Err(error) = served {
        let detail = error.to_string();
        log.fault(&own_fault("no-proxy", "runtime unprotected", &detail));
    }
    own.prepare();
    leave_on_sigterm(terminated, &log);

    let name = name(arguments.first());
    let mut call = Call::new(platform);
    let identifier = match register(&mut call, &name) {
        Ok(identifier) => identifier,
        Err(why) => {
            log.lifecycle(&format!("registration as `{name}` failed, leaving: {why}"));
            log.finish("not registered", FLUSH_PATIENCE);
            return ExitCode::SUCCESS;
        }
    };
    own.files.read();
    let listening = listening.map_or_else(|| "nowhere".to_owned(), |at| at.to_string());
    let heard = (&own, &policy);
    let told = be_told(&mut call, &identifier, &config, &witness, heard, &log);
    log.init(&listening, &route.current().to_string(), told);
    // INIT is over for us: what is fetched from here on delays nobody.
    if let Some(remote) = remote {
        remote.start();
    }
    let reason = wait_for_shutdown(&mut call, &identifier, log.as_ref());
    log.finish(&reason, FLUSH_PATIENCE);
    ExitCode::SUCCESS
}

/// The policy in force, and whoever fetches another one, where that is wanted.
fn live(config: &Config, policy: Policy, log: &Arc<Log>) -> (Arc<Live>, Option<Remote>) {
    let Some(url) = config.settings.policy_url.clone() else {
        return (Arc::new(Live::fixed(policy)), None);
    };
    let live = Arc::new(Live::changing(policy.clone()));
    let sink = Arc::clone(log) as Arc<dyn Sink>;
    let key = config.settings.policy_key;
    let remote = Remote::new(
        url,
        key,
        policy,
        config.function.clone(),
        Arc::clone(&live),
        sink,
    );
    (live, Some(remote))
}

/// The log on standard output, with every problem that is known so far.
fn log(config: &Config, policy: &Policy) -> Arc<Log> {
    let origin = Origin::new(
        config.function.clone(),
        config.version.clone(),
        policy,
        config.settings.log_format,
    );
    let log = Log::to_stdout(origin, config.settings.log_level);
    let budget = policy.log_bytes_per_minute;
    let log = match budget.and_then(|bytes| usize::try_from(bytes).ok()) {
        Some(bytes) => log.within(bytes),
        None => log,
    };
    for problem in &config.problems {
        log.problem(problem);
    }
    Arc::new(log)
}

/// Binds the wanted address, or any other port of loopback (R29); `None` means that we inspect
/// nothing and the wrapper leaves the runtime where it is.
fn listen(config: &mut Config) -> Option<TcpListener> {
    if !config.chainable {
        return None;
    }
    let wanted = config.listen;
    let error = match TcpListener::bind(wanted) {
        Ok(listener) => return Some(listener),
        Err(error) => error,
    };
    let other = TcpListener::bind(SocketAddr::new(wanted.ip(), 0));
    let message = match other.as_ref().map(TcpListener::local_addr) {
        Ok(Ok(at)) => format!("{wanted} cannot be had ({error}); listening on {at} instead"),
        _ => format!("{wanted} cannot be had ({error}), nor any other port: nothing is inspected"),
    };
    config.problems.push(credenza_policy::Problem {
        at: "CREDENZA_LISTEN".into(),
        message,
    });
    other.ok()
}

/// Lets wrappers find us; a wrapper that cannot leaves the runtime unprotected, so that is said.
fn meet_wrappers(
    config: &Config,
    platform: &Upstream,
    (listening, decoy): (Option<SocketAddr>, Option<String>),
    route: &Arc<Route>,
    log: &Log,
) {
    let names = handover::names(Some(platform), config.listen);
    match handover::serve(&names, listening, decoy, Arc::clone(route)) {
        Ok(taken) if taken.len() == names.len() => {
            let detail = "another process holds the names under which wrappers look for us";
            log.fault(&own_fault(
                "no-hand-over",
                "wrapper keeps the platform's address",
                detail,
            ));
        }
        Ok(_) => {}
        Err(error) => {
            let detail = error.to_string();
            log.fault(&own_fault(
                "no-hand-over",
                "wrapper keeps the platform's address",
                &detail,
            ));
        }
    }
}

fn own_fault<'a>(kind: &'static str, behaviour: &'static str, detail: &'a str) -> FaultNote<'a> {
    FaultNote {
        kind,
        family: "ours",
        behaviour,
        detail,
        request_id: b"",
    }
}

/// The name to register under: the base name of the file that the platform started.
fn name(argument: Option<&OsString>) -> String {
    let name = argument.map(Path::new).and_then(Path::file_name);
    name.unwrap_or_else(|| OsStr::new("credenza-agent"))
        .to_string_lossy()
        .into_owned()
}

/// Registers for SHUTDOWN only (R8), straight with the platform; gives the identifier back.
fn register(call: &mut Call, name: &str) -> Result<String, String> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let header = format!("Lambda-Extension-Name: {}", header_text(name));
    loop {
        let reply = call.send(
            "POST",
            "/2020-01-01/extension/register",
            &header,
            r#"{"events":["SHUTDOWN"]}"#,
            Some(REPLY_PATIENCE),
        );
        match reply {
            Ok(Reply {
                status: 200,
                identifier,
                ..
            }) if !identifier.is_empty() => {
                return Ok(identifier);
            }
            Ok(Reply { status: 200, .. }) => {
                return Err("the reply has no Lambda-Extension-Identifier".into());
            }
            Ok(Reply { status, body, .. }) => {
                let body = String::from_utf8_lossy(&body);
                let kind = member(&body, "errorType").unwrap_or("no error type");
                return Err(format!("the platform answered {status} ({kind})"));
            }
            // Nobody listens yet: the only failure that time cures.
            Err(error)
                if error.kind() == io::ErrorKind::ConnectionRefused
                    && start.elapsed() < REGISTER_PATIENCE =>
            {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            Err(error) => return Err(format!("{error}")),
        }
    }
}

/// Asks the platform to tell of invocations and log lines, where somebody wants to hear of them;
/// says what came of it, in the word of the INIT record.
///
/// After `register` and before INIT ends, or never (lambda-contract.md, 2.7).
fn be_told(
    call: &mut Call,
    identifier: &str,
    config: &Config,
    witness: &Witness,
    (own, policy): (&Arc<Own>, &Arc<Live>),
    log: &Arc<Log>,
) -> &'static str {
    let settings = &config.settings;
    if !settings.has_witness && !settings.inspects_logs {
        return "off";
    }
    let sink = Arc::clone(log) as Arc<dyn Sink>;
    let lines = settings.inspects_logs.then(|| {
        let (own, policy, sink) = (Arc::clone(own), Arc::clone(policy), Arc::clone(&sink));
        Box::new(move |line: &[u8]| own.look_at_line(line, &policy.now(), sink.as_ref())) as Lines
    });
    let header = format!("Lambda-Extension-Identifier: {}", header_text(identifier));
    let wanted = Wanted {
        schema: config.telemetry_schema(),
        invocations: settings.has_witness,
        lines,
    };
    let begun = witness.start(&sink, wanted, |subscription| {
        let path = "/2022-07-01/telemetry";
        match call.send("PUT", path, &header, subscription, Some(REPLY_PATIENCE)) {
            Ok(Reply { status: 200, .. }) => Ok(()),
            Ok(Reply { status, .. }) => Err(format!("the platform answered {status}")),
            Err(error) => Err(error.to_string()),
        }
    });
    match begun {
        Ok(()) if settings.has_witness => "on",
        Ok(()) => "off",
        Err(why) => {
            log.fault(&own_fault("no-telemetry", "nothing is witnessed", &why));
            "refused"
        }
    }
}

/// What a header may carry; a file name may hold anything.
fn header_text(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).collect()
}

/// Waits in `event/next` until the platform says SHUTDOWN, and says why it did.
fn wait_for_shutdown(call: &mut Call, identifier: &str, sink: &dyn Sink) -> String {
    let header = format!("Lambda-Extension-Identifier: {}", header_text(identifier));
    let mut failures = 0_u32;
    loop {
        let reply = call.send("GET", "/2020-01-01/extension/event/next", &header, "", None);
        let trouble = match reply {
            Ok(Reply {
                status: 200, body, ..
            }) => {
                let body = String::from_utf8_lossy(&body);
                match member(&body, "eventType") {
                    Some("SHUTDOWN") => {
                        let reason = member(&body, "shutdownReason").unwrap_or("unknown");
                        return reason.to_owned();
                    }
                    // We asked for no other event; one of a later version is not for us.
                    Some(_) => {
                        failures = 0;
                        continue;
                    }
                    None => "an event without a type".to_owned(),
                }
            }
            Ok(Reply { status, .. }) => format!("status {status}"),
            Err(error) => error.to_string(),
        };
        failures += 1;
        // The first failure is what a thaw looks like: a socket that died while frozen.
        if failures == 1 {
            continue;
        }
        if failures == 2 {
            sink.fault(&FaultNote {
                kind: "event-next-failed",
                family: "platform",
                behaviour: "retried",
                detail: &trouble,
                request_id: b"",
            });
        }
        if failures > RETRIES_MAX {
            return "platform gone".into();
        }
        let millis = 10_u64.saturating_mul(1 << failures.saturating_sub(2).min(10));
        thread::sleep(Duration::from_millis(millis.min(1_000)));
    }
}

/// The string member `name` of a small JSON text from the platform; escapes are not decoded,
/// because none of the words that we look for has any.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let quoted = format!("\"{name}\"");
    let (_, rest) = json.split_once(&quoted)?;
    let rest = rest
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Blocks SIGTERM for this thread and all that it will start, so that one of them can wait for it;
/// `None` leaves the default, which is to die at once.
fn terminated() -> Option<SigSet> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.thread_block().ok()?;
    Some(signals)
}

/// On SIGTERM without a SHUTDOWN event (a container that is stopped), leaves as on SHUTDOWN.
fn leave_on_sigterm(signals: Option<SigSet>, log: &Arc<Log>) {
    let Some(signals) = signals else { return };
    let log = Arc::clone(log);
    let waiting = thread::Builder::new()
        .name("sigterm".into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            while signals.wait().is_err() {}
            log.finish("sigterm", FLUSH_PATIENCE);
            leave();
        });
    if waiting.is_err() {
        let _ = signals.thread_unblock();
    }
}

#[expect(
    clippy::exit,
    reason = "the main thread waits in a read that nothing else can end"
)]
fn leave() -> ! {
    std::process::exit(0)
}

#[cfg(test)]
mod tests;
