//! How long from the start of the process until it has registered with the platform.
//! It never counts the time to end a process.
use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context as _, Result};
use credenza_bench::process::Proxy;
use credenza_bench::secrets;
use credenza_bench::statistics::median;
use credenza_bench::upstream::Upstream;

use crate::{Variant, latency};

/// Medians from start to registration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Startup {
    /// The agent in monitor mode.
    pub(crate) agent_us: f64,
    /// A program that binds and registers and can do nothing else.
    pub(crate) plain_us: f64,
}

/// Starts the agent and the plain program in turn.
pub(crate) fn measure(
    variants: &[Variant],
    plain: Option<&OsString>,
    quick: bool,
) -> Result<Startup> {
    let agent = variants
        .iter()
        .find(|variant| variant.name == latency::MONITOR);
    let agent = agent
        .and_then(|variant| variant.program.as_ref())
        .context("no agent to start")?;
    let plain = plain.context("no plain program to start")?;
    let mut agents = Vec::new();
    let mut plains = Vec::new();
    for round in 0..=(if quick { 20 } else { 100 }) {
        let plain = once(plain)?;
        let agent = once(agent)?;
        // The first start reads the program from disk.
        if round > 0 {
            plains.push(plain);
            agents.push(agent);
        }
    }
    let median_us = |starts: &[Duration]| median(starts.iter().map(Duration::as_secs_f64)) * 1e6;
    Ok(Startup {
        agent_us: median_us(&agents),
        plain_us: median_us(&plains),
    })
}

fn once(program: &OsString) -> Result<Duration> {
    let upstream = Upstream::start()?;
    let command = std::slice::from_ref(program);
    let variables = secrets::of_a_function();
    let proxy = Proxy::start(command, upstream.address, "monitor", &variables)?;
    let registered = upstream.registered()?;
    // Registered means that the platform may start the runtime: the port must be open by now.
    std::net::TcpStream::connect(proxy.address).context("registered before it listened")?;
    Ok(registered - proxy.spawned)
}
