//! A day of the calendar, counted from 1970-01-01 in UTC.
//! It never asks a clock: whoever has one says what day it is.
use core::fmt;

/// A day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u32);

const SECONDS: u64 = 86_400;

impl Day {
    /// The day of a moment, in seconds since 1970.
    pub fn of_seconds(seconds: u64) -> Self {
        Self(u32::try_from(seconds / SECONDS).unwrap_or(u32::MAX))
    }

    /// The day of a date; `None` if there is no such day between 1970 and 9999.
    pub fn of_date(year: u32, month: u32, day: u32) -> Option<Self> {
        let leaps = |year: u32| year / 4 - year / 100 + year / 400;
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let lengths = [
            31,
            28 + u32::from(is_leap),
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ];
        let before = usize::try_from(month.checked_sub(1)?).ok()?;
        let length = *lengths.get(before)?;
        if !(1970..=9999).contains(&year) || day == 0 || day > length {
            return None;
        }
        let months: u32 = lengths.iter().take(before).sum();
        let last = year - 1;
        let years = (year - 1970) * 365 + leaps(last) - leaps(1969);
        Some(Self(years + months + day - 1))
    }

    /// Reads `2027-01-31`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_plain {
            return None;
        }
        let mut parts = text.split('-').map(|part| part.parse().ok());
        Self::of_date(parts.next()??, parts.next()??, parts.next()??)
    }

    /// Year, month and day of the month.
    fn date(self) -> (u32, u32, u32) {
        // Counted in years that begin in March, so that the leap day comes last: day 0 is then
        // 0000-03-01, which lies 719,468 days before 1970-01-01.
        let day = self.0.min(2_932_896) + 719_468;
        let (era, rest) = (day / 146_097, day % 146_097);
        let year = (rest - rest / 1_460 + rest / 36_524 - rest / 146_096) / 365;
        let left = rest - (365 * year + year / 4 - year / 100);
        let march = (5 * left + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = era * 400 + year + u32::from(month <= 2);
        (year, month, left - (153 * march + 2) / 5 + 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::Day;

    #[test]
    fn every_day_of_eighty_centuries_reads_as_it_is_written() {
        let last = Day::of_date(9999, 12, 31).unwrap();
        for day in (0..=last.0).step_by(7) {
            let day = Day(day);
            assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
        assert_eq!(Day::of_seconds(1_709_164_800).to_string(), "2024-02-29");
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "2027-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "27-01-01",
            "2027-1-01",
            "2027-01-01T00",
            "1969-12-31",
            "+027-01-01",
            "",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
