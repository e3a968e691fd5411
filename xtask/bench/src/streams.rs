//! A streamed answer of 200 MB: its throughput with and without inspection, and what is held.
//! It never holds the stream: the platform throws away what it reads.
//!
//! The function makes its rows while it streams, as functions do; what a function without any work
//! of its own would reach, which sends one piece again and again, is told beside it.
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use credenza_bench::events;
use credenza_bench::process::Proxy;
use credenza_bench::runtime::Runtime;
use credenza_bench::statistics::median;
use credenza_bench::upstream::Upstream;

use crate::Variant;

/// The longest stream that the platform allows.
const STREAM_BYTES: usize = 200_000_000;

/// What one variant did.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) variant: &'static str,
    /// Of rows as they are made.
    pub(crate) made: Rate,
    /// Of one piece again and again.
    pub(crate) copied: Rate,
    /// How much resident memory grew to at most, beyond what it was before.
    pub(crate) grown_bytes: u64,
}

/// How fast a stream was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Median over rounds.
    pub(crate) megabytes_per_second: f64,
    /// Median of the ratio to the variant without inspection in the same round.
    pub(crate) ratio: f64,
}

struct Lane {
    variant: Variant,
    upstream: Upstream,
    proxy: Proxy,
    runtime: Runtime,
    before: u64,
    made: Vec<f64>,
    copied: Vec<f64>,
}

/// Streams through each variant in turn; the first one is what the others are compared with.
pub(crate) fn measure(variants: &[Variant], quick: bool) -> Result<Vec<Stream>> {
    let mut lanes = Vec::new();
    for variant in variants {
        lanes.push(Lane::open(variant).with_context(|| variant.name)?);
    }
    let bytes = if quick {
        STREAM_BYTES / 4
    } else {
        STREAM_BYTES
    };
    let one = events::benign(64 * 1024);
    for round in 0..=(if quick { 3 } else { 9 }) {
        for turn in 0..lanes.len() {
            let at = (round + turn) % lanes.len();
            let lane = lanes.get_mut(at).context("a lane is missing")?;
            let mut row = 0;
            let mut fill = |piece: &mut Vec<u8>| row = events::rows(row, piece);
            let made = lane.stream(bytes, &mut fill)?;
            let copied = lane.stream(bytes, &mut |piece| piece.extend_from_slice(&one))?;
            // The first round warms buffers and page tables.
            if round > 0 {
                lane.made.push(made);
                lane.copied.push(copied);
            }
        }
    }
    let plain = lanes.first().context("no variant to stream through")?;
    let megabytes = f64::from(u32::try_from(bytes)?) / 1e6;
    let rate = |plain: &[f64], seconds: &[f64]| Rate {
        megabytes_per_second: megabytes / median(seconds.iter().copied()),
        ratio: median(
            plain
                .iter()
                .zip(seconds)
                .map(|(plain, seconds)| plain / seconds),
        ),
    };
    let streams = lanes.iter().map(|lane| {
        Ok(Stream {
            variant: lane.variant.name,
            made: rate(&plain.made, &lane.made),
            copied: rate(&plain.copied, &lane.copied),
            grown_bytes: lane.proxy.memory_bytes_max()?.saturating_sub(lane.before),
        })
    });
    streams.collect()
}

impl Lane {
    fn open(variant: &Variant) -> Result<Self> {
        let upstream = Upstream::start()?;
        let program = variant
            .program
            .clone()
            .context("no program to stream through")?;
        let address = upstream.address;
        let mut proxy = Proxy::start(&[program], address, variant.mode, &variant.variables)?;
        proxy.wait_until_listening()?;
        let mut runtime = Runtime::connect(proxy.address)?;
        let small = Arc::new(events::benign(1_300));
        runtime.invoke(&upstream, &small, Duration::ZERO)?;
        let before = proxy.memory_bytes()?;
        Ok(Self {
            variant: variant.clone(),
            upstream,
            proxy,
            runtime,
            before,
            made: Vec::new(),
            copied: Vec::new(),
        })
    }

    fn stream(&mut self, bytes: usize, piece: &mut dyn FnMut(&mut Vec<u8>)) -> Result<f64> {
        let took = self.runtime.stream(&self.upstream, bytes, piece);
        Ok(took.with_context(|| self.variant.name)?.as_secs_f64())
    }
}

/// Prints a row for each variant.
pub(crate) fn print(streams: &[Stream]) {
    println!("\na stream of 200 MB");
    println!(
        "{:<15}{:>14}{:>8}{:>14}{:>8}{:>14}",
        "", "made, MB/s", "ratio", "copied, MB/s", "ratio", "grown, KiB"
    );
    for stream in streams {
        let (made, copied) = (stream.made, stream.copied);
        println!(
            "{:<15}{:>14.0}{:>8.2}{:>14.0}{:>8.2}{:>14}",
            stream.variant,
            made.megabytes_per_second,
            made.ratio,
            copied.megabytes_per_second,
            copied.ratio,
            stream.grown_bytes / 1024
        );
    }
}
