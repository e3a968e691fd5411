//! Wall-clock numbers and texts in the forms that the platform's messages use.
//! It never measures durations; those come from the monotonic clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, now.
pub(crate) fn epoch_ms() -> u64 {
    since_epoch().as_millis().try_into().unwrap_or(u64::MAX)
}

/// Milliseconds since 1970, this far ahead.
pub(crate) fn epoch_ms_in(ahead: Duration) -> u64 {
    let ahead = u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX);
    epoch_ms().saturating_add(ahead)
}

/// Seconds since 1970, now.
pub(crate) fn epoch_seconds() -> u64 {
    since_epoch().as_secs()
}

/// Now, as `2026-01-31T12:34:56.789Z`.
pub(crate) fn timestamp() -> String {
    format_ms(epoch_ms())
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Splits epoch milliseconds into a calendar date and a time of day (UTC).
fn format_ms(epoch_ms: u64) -> String {
    let (year, month, day) = civil_date(epoch_ms / 86_400_000);
    let of_day = epoch_ms % 86_400_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1000 % 60,
        of_day % 1000
    )
}

/// The date of this day since 1970-01-01, by whole 400-year cycles counted from March.
/// Counting years from March puts the leap day last, so month lengths follow one formula.
pub(crate) fn civil_date(day_since_1970: u64) -> (u64, u64, u64) {
    let shifted = day_since_1970 + 719_468;
    let cycle = shifted / 146_097;
    let of_cycle = shifted % 146_097;
    let year_of_cycle = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_cycle + cycle * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::format_ms;

    #[track_caller]
    fn check(epoch_ms: u64, expected: &str) {
        assert_eq!(format_ms(epoch_ms), expected);
    }

    #[test]
    fn timestamps_are_calendar_dates() {
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_399_999, "2000-02-28T23:59:59.999Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(1_709_251_199_001, "2024-02-29T23:59:59.001Z");
        check(1_772_323_200_000, "2026-03-01T00:00:00.000Z");
    }
}
