//! What a process costs, read from `/proc`, and the slope of a series.
//! It never compares absolute times of different runs.
use std::fs;

/// Resident memory in bytes.
pub(crate) fn resident_bytes(pid: u32) -> u64 {
    field(pid, "VmRSS:") * 1024
}

/// The highest resident memory since the process started, in bytes.
pub(crate) fn resident_bytes_max(pid: u32) -> u64 {
    field(pid, "VmHWM:") * 1024
}

/// How long the living threads of a process have waited for a processor that others had, in
/// milliseconds: the second number of `schedstat`, in nanoseconds (the kernel's `sched-stats`).
pub(crate) fn waited_ms(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let waited = |folder: &std::path::Path| -> Option<u64> {
        let text = fs::read_to_string(folder.join("schedstat")).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    };
    let all: u64 = tasks.filter_map(|task| waited(&task.path())).sum();
    std::time::Duration::from_nanos(all).as_secs_f64() * 1_000.0
}

fn field(pid: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next());
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or_default()
}

/// The slope of the straight line through `points`, by least squares.
pub(crate) fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
    let count = count as f64;
    let mean_x = points.iter().map(|point| point.0).sum::<f64>() / count;
    let mean_y = points.iter().map(|point| point.1).sum::<f64>() / count;
    let above: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let below: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if below == 0.0 { 0.0 } else { above / below }
}

/// The middle of `values`.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
