//! Times of records: text to seconds and back, in UTC.
//! It never asks the machine for the time; `now` is the caller's to know.

/// Seconds since 1970 of an RFC 3339 time in UTC, or of the platform's `2026-11-26 10:00:00.000`.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse().ok()).flatten()
    };
    let sign = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    if !(sign(4, b"-") && sign(7, b"-") && sign(10, b"T ") && sign(13, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24;
    is_time.then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
///
/// A year is taken to begin in March, so that the leap day is its last: then the days before a
/// month follow from one line, and those before a year from the rule of 4, 100 and 400.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let before_month = (153 * month_from_march + 2) / 5;
    let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    before_year + before_month + day - 1 - 719_468
}

/// Year, month and day of a count of days since 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // A first guess of the year is never too late by more than one.
    let mut year = 1970 + days.div_euclid(366);
    while self::days(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && self::days(year, month + 1, 1) <= days {
        month += 1;
    }
    (year, month, days - self::days(year, month, 1) + 1)
}

/// `2026-11-26 10:00` of seconds since 1970.
pub(crate) fn minute(seconds: i64) -> String {
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute) = (of_day / 3600, of_day % 3600 / 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// `2026-11-26` of seconds since 1970.
pub(crate) fn day(seconds: i64) -> String {
    let (year, month, day) = date(seconds.div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// RFC 3339 of milliseconds since 1970.
pub(crate) fn rfc3339(millis: i64) -> String {
    let seconds = millis.div_euclid(1000);
    let text = minute(seconds).replace(' ', "T");
    format!(
        "{text}:{:02}.{:03}Z",
        seconds.rem_euclid(60),
        millis.rem_euclid(1000)
    )
}

/// A stretch of time in words, the larger of two units: `9 days`, `3 hours`.
pub(crate) fn stretch(seconds: i64) -> String {
    let (count, unit) = match seconds {
        172_800.. => (seconds / 86_400, "day"),
        7_200.. => (seconds / 3600, "hour"),
        120.. => (seconds / 60, "minute"),
        _ => (seconds.max(0), "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_agent_and_the_platform_write_them() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2026-11-26T10:00:00.123Z"), Some(1_795_687_200));
        assert_eq!(seconds("2026-11-26 10:00:00.123"), Some(1_795_687_200));
        assert_eq!(seconds("2000-02-29T23:59:59Z"), Some(951_868_799));
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-26"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in (0..146_097).step_by(13) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!(minute(1_795_687_200), "2026-11-26 10:00");
        assert_eq!(day(951_868_799), "2000-02-29");
        assert_eq!(rfc3339(1_795_687_200_123), "2026-11-26T10:00:00.123Z");
    }

    #[test]
    fn a_stretch_is_told_in_its_larger_unit() {
        assert_eq!(stretch(9 * 86_400 + 7), "9 days");
        assert_eq!(stretch(3 * 3600), "3 hours");
        assert_eq!(stretch(1), "1 second");
    }
}
