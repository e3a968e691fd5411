//! A wall-clock time as RFC 3339 in UTC, to the millisecond, and the clocks that tell it.
//! It never asks a clock itself.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The two clocks that records are told by.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What a record says.
    pub wall: fn() -> SystemTime,
    /// What minutes are counted by.
    pub steady: fn() -> Instant,
}

impl Clock {
    /// Those of the machine.
    pub const REAL: Self = Self {
        wall: SystemTime::now,
        steady: Instant::now,
    };
}

/// `2026-11-25T01:43:10.123Z`; a time before 1970 reads as 1970.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = since.as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Counted in years that begin in March, so that the leap day comes last: 146,097 days are 400
/// years, and the months from March on repeat 153 days every five.
fn date(day: u64) -> (u64, u64, u64) {
    // Day 0 of the era is 0000-03-01, which lies 719,468 days before 1970-01-01.
    let day = day + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::rfc3339;

    #[test]
    fn known_moments_read_as_the_calendar_says() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(
                rfc3339(UNIX_EPOCH + Duration::from_millis(millis)),
                expected
            );
        }
        assert_eq!(
            rfc3339(UNIX_EPOCH - Duration::from_secs(1)),
            "1970-01-01T00:00:00.000Z"
        );
    }
}
