//! `credenza dev`: a function in a local Lambda, behind the agent, with a front door to knock at.
//! It never listens beyond loopback and never leaves a process behind.
pub(crate) mod feed;
mod line;
mod screen;
mod seen;
mod tally;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::arguments::{DevArguments, Format};
use crate::binaries;
use crate::failure::Failure;
use crate::front_door::{self, Call};
use crate::interrupt::Interrupt;
use crate::paint::Painter;
use crate::stage::{self, Setup, Stage};
use feed::Fed;
use screen::Screen;
use seen::Seen;

/// Starts the function, plays events, serves guests, and sums up at the end.
pub(crate) fn run(
    arguments: &DevArguments,
    format: Format,
    painter: Painter,
) -> anyhow::Result<Outcome> {
    let events = if arguments.events.is_empty() {
        Vec::new()
    } else {
        feed::read(&arguments.events)?
    };
    let setup = setup(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new("this process", error, "allow it to start threads"))?;
    runtime.block_on(live(arguments, setup, events, Screen::new(format, painter)))
}

fn setup(arguments: &DevArguments) -> anyhow::Result<Setup> {
    let agent = if arguments.no_agent {
        None
    } else {
        Some(binaries::agent(arguments.agent.as_deref())?)
    };
    // At a desk the function expects the shell's variables, as on the platform its own.
    let mut env: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    if let Some(mode) = arguments.mode {
        env.push(("CREDENZA_MODE".to_owned(), mode.mode().name().to_owned()));
    }
    if let Some(policy) = &arguments.policy {
        env.push(("CREDENZA_POLICY".to_owned(), policy_path(policy)?));
    }
    binaries::command(arguments.command.first())?;
    Ok(Setup {
        command: arguments.command.clone(),
        agent,
        log_level: "debug",
        env,
        memory_mb: arguments.memory,
        timeout: Duration::from_secs(arguments.timeout),
        concurrency: arguments.concurrency,
    })
}

/// The policy's full path; a policy with problems is said before anything starts.
fn policy_path(path: &Path) -> anyhow::Result<String> {
    let place = path.display().to_string();
    let text = crate::check::read(&place)?;
    let (_, problems) = credenza_policy::Policy::parse(&text);
    if let Some(problem) = problems.first() {
        let place = format!("{place}:{}", problem.at);
        let fix = format!("`credenza check {}` shows every problem", path.display());
        return Err(Failure::new(place, &problem.message, &fix).into());
    }
    let full = path
        .canonicalize()
        .map_err(|error| Failure::new(&place, error, "name a readable policy file"))?;
    Ok(full.display().to_string())
}

async fn live(
    arguments: &DevArguments,
    setup: Setup,
    events: Vec<Fed>,
    screen: Screen,
) -> anyhow::Result<Outcome> {
    let screen = Arc::new(screen);
    // One for the whole run: a Ctrl-C between two waits must not be lost.
    let mut interrupt = Interrupt::listen()?;
    let door = match (arguments.http, events.is_empty()) {
        (None, false) => None,
        (address, _) => Some(front_door::open(address).await?),
    };
    screen.begin(setup.agent.is_some());
    let start = Stage::start(setup, {
        let screen = Arc::clone(&screen);
        move |line| screen.output(line)
    });
    let stage = tokio::select! {
        stage = start => Arc::new(stage?),
        () = interrupt.wait() => {
            screen.interrupted();
            return Ok(Outcome::Clean);
        }
    };
    let address = door.as_ref().and_then(|door| door.local_addr().ok());
    screen.started(&stage, address);
    let slots = usize::from(arguments.concurrency.unwrap_or(1));
    let work = async {
        play(&stage, &screen, events, slots).await;
        if let Some(door) = door {
            serve(&stage, &screen, door).await;
        }
    };
    tokio::select! {
        () = work => (),
        () = interrupt.wait() => {
            screen.interrupted();
        }
    }
    let violations = stage.sandbox().violations();
    stage::stop(stage).await;
    Ok(screen.finished(&violations, arguments.fail_on))
}

/// Plays events from files, as many at a time as the function has slots.
async fn play(stage: &Arc<Stage>, screen: &Arc<Screen>, events: Vec<Fed>, slots: usize) {
    screen.expect(events.len());
    let free = Arc::new(Semaphore::new(slots.max(1)));
    let mut playing = JoinSet::new();
    for Fed { name, event } in events {
        // Whoever holds a permit gives it back; the semaphore is never closed.
        let Ok(permit) = Arc::clone(&free).acquire_owned().await else {
            break;
        };
        let (stage, screen) = (Arc::clone(stage), Arc::clone(screen));
        playing.spawn(async move {
            // Shown already; nobody waits for the output of an event from a file.
            let _ = invoke(&stage, &screen, name, event).await;
            drop(permit);
        });
        while playing.try_join_next().is_some() {}
    }
    while playing.join_next().await.is_some() {}
    screen.expect(0);
}

async fn serve(stage: &Arc<Stage>, screen: &Arc<Screen>, door: TcpListener) {
    let (stage, screen) = (Arc::clone(stage), Arc::clone(screen));
    front_door::serve(door, move |Call { line, event }| {
        let (stage, screen) = (Arc::clone(&stage), Arc::clone(&screen));
        async move { invoke(&stage, &screen, line, event).await }
    })
    .await;
}

/// Runs one event, shows it, and gives the function's output or why there is none.
async fn invoke(
    stage: &Stage,
    screen: &Screen,
    what: String,
    event: Bytes,
) -> Result<Bytes, String> {
    let outcome = stage.invoke(event.clone()).await;
    let records = stage.records(&outcome.request_id).await;
    let payload = outcome.payload();
    let failed = outcome.error_type().map(str::to_owned);
    screen.show(&Seen::of(
        what,
        &event,
        outcome,
        records,
        stage.is_protected(),
    ));
    match failed {
        None => Ok(payload),
        Some(error_type) => Err(error_type),
    }
}
