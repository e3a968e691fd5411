//! Resident memory of the agent: idle, at its peak, and its slope over many invocations.
//! It never counts pages that only other processes touch.
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use credenza_bench::events;
use credenza_bench::process::Proxy;
use credenza_bench::runtime::Runtime;
use credenza_bench::secrets;
use credenza_bench::statistics::slope;
use credenza_bench::upstream::Upstream;

use crate::latency;

/// What the agent holds, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// After registration, before the first invocation.
    pub(crate) idle: u64,
    /// The most during an invocation with the largest event.
    pub(crate) peak: u64,
    /// The same in a function that may use so much memory that the answer is kept beside its event.
    pub(crate) peak_beside: u64,
    /// The size of that event.
    pub(crate) event: u64,
    /// Some invocations after it.
    pub(crate) afterwards: u64,
    /// Bytes per invocation, least squares.
    pub(crate) slope: f64,
    /// Over how many invocations.
    pub(crate) invocations: u32,
}

/// The largest event that the platform delivers.
// Limit: 6,291,556 bytes, the platform's own.
const EVENT_BYTES_MAX: usize = 6_291_556;

/// How often memory is read while invocations run.
const POINTS: u32 = 50;

/// The most that an agent holds during invocations with a large event and a large answer, in a
/// function that may use a gigabyte and more.
fn peak_beside(agent: &Path, large: &Arc<Vec<u8>>) -> Result<u64> {
    let upstream = Upstream::start()?;
    let command = [agent.as_os_str().to_owned()];
    let variables = [secrets::of_a_function(), latency::of_memory("1769")].concat();
    let mut proxy = Proxy::start(&command, upstream.address, "monitor", &variables)?;
    proxy.wait_until_listening()?;
    let mut runtime = Runtime::connect(proxy.address)?;
    for _ in 0..5 {
        runtime.invoke(&upstream, large, Duration::ZERO)?;
    }
    proxy.memory_bytes_max()
}

/// Measures one agent in monitor mode from its start.
pub(crate) fn measure(agent: &Path, quick: bool) -> Result<Memory> {
    let upstream = Upstream::start()?;
    let command = [agent.as_os_str().to_owned()];
    let mut proxy = Proxy::start(
        &command,
        upstream.address,
        "monitor",
        &secrets::of_a_function(),
    )?;
    proxy.wait_until_listening()?;
    upstream.registered()?;
    let idle = proxy.memory_bytes()?;
    let mut runtime = Runtime::connect(proxy.address)?;
    let small = Arc::new(events::benign(1_300));
    let invocations = if quick { 10_000 } else { 200_000 };
    let mut points = Vec::new();
    for done in 0..invocations {
        runtime.invoke(&upstream, &small, Duration::ZERO)?;
        // The first tenth fills buffers that stay.
        if done > invocations / 10 && done % (invocations / POINTS) == 0 {
            let held = u32::try_from(proxy.memory_bytes()? / 1024)?;
            points.push((f64::from(done), f64::from(held) * 1024.0));
        }
    }
    let large = Arc::new(events::benign(EVENT_BYTES_MAX));
    runtime.invoke(&upstream, &large, Duration::ZERO)?;
    let peak = proxy.memory_bytes_max()?;
    runtime.invoke(&upstream, &small, Duration::ZERO)?;
    let afterwards = proxy.memory_bytes()?;
    let event = u64::try_from(large.len())?;
    Ok(Memory {
        idle,
        peak,
        peak_beside: peak_beside(agent, &large)?,
        event,
        afterwards,
        slope: slope(&points),
        invocations,
    })
}
