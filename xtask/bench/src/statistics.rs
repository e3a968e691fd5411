//! Medians and slopes.
//! It never averages a time: on a shared machine a mean measures the neighbours.
use std::time::Duration;

/// The median of `samples` in microseconds; not a number when there is none.
pub fn median_us(samples: &mut [Duration]) -> f64 {
    samples.sort_unstable();
    let middle = samples.get(samples.len() / 2);
    middle.map_or(f64::NAN, |median| median.as_secs_f64() * 1e6)
}

/// The slope of the least-squares line through `points` of (x, y).
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let mut count = 0.0;
    let (mut sum_x, mut sum_y) = (0.0, 0.0);
    for (x, y) in points {
        count += 1.0;
        sum_x += x;
        sum_y += y;
    }
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let mut above = 0.0;
    let mut below = 0.0;
    for (x, y) in points {
        above += (x - mean_x) * (y - mean_y);
        below += (x - mean_x) * (x - mean_x);
    }
    above / below
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{median_us, slope};

    #[test]
    fn the_median_ignores_one_bad_neighbour() {
        let mut samples = [3, 1, 9_000].map(Duration::from_micros);
        assert!((median_us(&mut samples) - 3.0).abs() < 1e-9);
        assert!(median_us(&mut []).is_nan());
    }

    #[test]
    fn a_line_has_its_slope() {
        let points = [(0.0, 5.0), (10.0, 25.0), (20.0, 45.0)];
        assert!((slope(&points) - 2.0).abs() < 1e-9);
    }
}
