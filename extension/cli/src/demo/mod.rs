//! `credenza demo`: a vulnerable function under attack, alone and behind the agent.
//! It never touches anything but the function's own database in memory.
mod doors;
mod script;
mod tally;
mod view;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use credenza_policy::Policy;
use credenza_sandbox::Outcome as Invoked;

use crate::arguments::{DemoArguments, Format};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::paint::Painter;
use crate::record::Record;
use crate::stage::{self, Setup, Stage};
use crate::{Outcome, binaries};
use script::{Kind, Scene};
use tally::{Played, Served, Tally};

pub(crate) use tally::percentile;

// Limit: real traffic is sparse and finds caches cold; loops without a gap flatter whoever is
// slow to wake. 2 ms is the gap of the project's measurements.
const GAP: Duration = Duration::from_millis(2);

/// The same function twice.
#[derive(Debug)]
struct Sides {
    unprotected: Stage,
    protected: Stage,
}

/// One side's answer to one event.
#[derive(Debug)]
struct Serving {
    served: Served,
    records: Vec<Record>,
    /// The function's output, or the type of its error.
    output: Result<Bytes, String>,
}

/// Plays the demo; clean if the protected side lost nothing and turned nobody away.
pub(crate) fn run(
    arguments: &DemoArguments,
    format: Format,
    painter: Painter,
) -> anyhow::Result<Outcome> {
    let agent = binaries::agent(arguments.agent.as_deref())?;
    let unprotected = Setup {
        command: vec![binaries::demo_function()?.into()],
        agent: None,
        // A record for every event, because each line shows what its inspection cost.
        log_level: "debug",
        env: vec![("CREDENZA_MODE".to_owned(), "block".to_owned())],
        memory_mb: None,
        timeout: Duration::from_secs(10),
        concurrency: None,
    };
    let protected = Setup {
        agent: Some(agent),
        ..unprotected.clone()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new("this process", error, "allow it to start threads"))?;
    runtime.block_on(async {
        let sides = Sides {
            unprotected: Stage::start(unprotected, |_| ()).await?,
            protected: Stage::start(protected, |_| ()).await?,
        };
        live(arguments, sides, &View { format, painter }).await
    })
}

async fn live(arguments: &DemoArguments, sides: Sides, view: &View) -> anyhow::Result<Outcome> {
    // One for the whole run: a Ctrl-C between two waits must not be lost.
    let mut interrupt = Interrupt::listen()?;
    view.text(view::head);
    let show = async {
        let played = play(&sides, view).await;
        let latencies = measure(&sides, usize::from(arguments.pairs), view).await;
        (played, latencies)
    };
    let (played, latencies) = tokio::select! {
        shown = show => shown,
        () = interrupt.wait() => {
            view.progress_done();
            let fix = "let it play to its end, which takes seconds";
            return Err(Failure::new("the demo", "interrupted", fix).into());
        }
    };
    let tally = Tally::count(&played, (&latencies.0, &latencies.1));
    view.text(|painter| view::foot(&tally, painter));
    if view.format == Format::Json {
        write(&format!("{}\n", tally.json(&played)));
    }
    let sides = [sides.unprotected, sides.protected].map(Arc::new);
    if arguments.http {
        doors::open(&sides, view, interrupt).await?;
    }
    for side in sides {
        stage::stop(side).await;
    }
    Ok(if tally.shortfalls().is_empty() {
        Outcome::Clean
    } else {
        Outcome::Findings
    })
}

/// Plays every scene on both sides.
async fn play(sides: &Sides, view: &View) -> Vec<Played> {
    let mut played = Vec::new();
    let mut kind = None;
    for scene in script::scenes() {
        if kind != Some(scene.kind) {
            kind = Some(scene.kind);
            view.text(|painter| view::section(scene.kind, painter));
        }
        let unprotected = serve(&sides.unprotected, scene.event.clone()).await.served;
        let Serving {
            served: protected,
            records,
            ..
        } = serve(&sides.protected, scene.event.clone()).await;
        let scene = Played {
            scene,
            unprotected,
            protected,
            records,
        };
        view.text(|painter| view::scene(&scene, painter));
        played.push(scene);
    }
    played
}

/// Runs an event on one side; the agent's has records, of a refusal or of the cost alone.
async fn serve(stage: &Stage, event: Bytes) -> Serving {
    let refusal = credenza_exchange::refusal_unseen(&event, &Policy::default()).body;
    let outcome = stage.invoke(event).await;
    let payload = outcome.payload();
    let served = Served::read(&payload, &refusal, turnaround_us(&outcome));
    let records = stage.records(&outcome.request_id).await;
    let output = match outcome.error_type() {
        None => Ok(payload),
        Some(error_type) => Err(error_type.to_owned()),
    };
    Serving {
        served,
        records,
        output,
    }
}

/// Round trips of a benign event, one side after the other, each pair the other way round.
async fn measure(sides: &Sides, pairs: usize, view: &View) -> (Vec<u64>, Vec<u64>) {
    let scenes = script::scenes();
    let benign: Vec<&Scene> = scenes
        .iter()
        .filter(|scene| scene.kind == Kind::Benign)
        .collect();
    let mut latencies = (Vec::new(), Vec::new());
    for (pair, scene) in (0..pairs).zip(benign.iter().cycle()) {
        let order = if pair % 2 == 0 {
            [false, true]
        } else {
            [true, false]
        };
        for protected in order {
            tokio::time::sleep(GAP).await;
            let stage = if protected {
                &sides.protected
            } else {
                &sides.unprotected
            };
            let us = turnaround_us(&stage.invoke(scene.event.clone()).await);
            if protected {
                latencies.1.push(us);
            } else {
                latencies.0.push(us);
            }
        }
        if pair % 10 == 0 {
            view.progress(pair, pairs);
        }
    }
    view.progress_done();
    latencies
}

/// From the event's last byte out to the answer's last byte in.
fn turnaround_us(outcome: &Invoked) -> u64 {
    let turnaround = outcome.turnaround.unwrap_or(outcome.duration);
    u64::try_from(turnaround.as_micros()).unwrap_or(u64::MAX)
}

/// Where the demo is shown.
#[derive(Clone, Copy, Debug)]
struct View {
    format: Format,
    painter: Painter,
}

impl View {
    /// Shows text to people.
    fn text(&self, render: impl Fn(&Painter) -> String) {
        if self.format == Format::Text {
            write(&render(&self.painter));
        }
    }

    fn progress(&self, done: usize, all: usize) {
        if self.format == Format::Text && self.painter.terminal {
            write(&format!(
                "\r\x1b[K{}",
                view::progress(done, all, &self.painter)
            ));
        }
    }

    fn progress_done(&self) {
        if self.format == Format::Text && self.painter.terminal {
            write("\r\x1b[K");
        }
    }
}

/// Writes to stdout, whole.
fn write(text: &str) {
    let mut stdout = io::stdout().lock();
    // A reader that went away must not leave processes behind; the exit code still tells.
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}
