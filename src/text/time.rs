//! Conversion between seconds since 1970 and RFC 3339, without a clock and without a time library.

const DAY: u64 = 86_400;
/// The first second of the year 10000; times from then on have no RFC 3339 form.
const LIMIT: u64 = 253_402_300_800;

/// Returns a time in the form `2026-01-31T12:00:00Z`; `None` for times after the year 9999.
pub fn rfc3339(seconds: u64) -> Option<String> {
    if seconds >= LIMIT {
        return None;
    }
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// Returns the Gregorian date of a day number (Hinnant's `civil_from_days`): years are counted from March, so that
/// the leap day is the last of its year.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + (month <= 2) as u64, month, day)
}

/// Returns the first second of a day, such as `2026-01-31`, in UTC; `None` for a text that isn't a day since 1970.
pub fn day(text: &str) -> Option<u64> {
    let mut parts = text.split('-').map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?);
    let (year, month, of_month): (u64, u64, u64) = (parts.next()??, parts.next()??, parts.next()??);
    // The search starts at the fewest days that the years since 1970 can have.
    let least = year.checked_sub(1970).filter(|years| *years < 8030)? * 365;
    (least..least + 2_400).find(|days| civil(*days) == (year, month, of_month)).map(|days| days * DAY)
}

/// Returns the seconds since 1970 of a time such as `2026-01-31T12:00:00Z`, possibly with another offset; `None` for
/// any other text.
pub fn seconds(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once('T')?;
    let (clock, offset) = clock.split_at_checked(8)?;
    let (minutes, seconds) = clock.split_at_checked(5)?;
    let of_day = hours(minutes)? + i64::from(seconds.strip_prefix(':')?.parse::<u8>().ok()?);
    let offset = match offset.split_at_checked(1)? {
        ("Z", "") => 0,
        ("+", ahead) => hours(ahead)?,
        ("-", behind) => -hours(behind)?,
        _ => return None,
    };
    Some(i64::try_from(day(date)?).ok()? + of_day - offset)
}

/// Returns the seconds of a time of day such as `12:30`.
fn hours(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    Some(i64::from(hour.parse::<u8>().ok()?) * 3600 + i64::from(minute.parse::<u8>().ok()?) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight() {
        assert_eq!(day("1970-01-01"), Some(0));
        assert_eq!(day("2000-02-29"), Some(951_782_400));
        assert_eq!(day("2025-01-01"), Some(1_735_689_600));
        assert_eq!(day("9999-12-31"), Some(LIMIT - DAY));
        for text in ["2026-02-30", "1969-12-31", "10000-01-01", "2026-1", "main", "v1-2-3", "2026-01-01x", ""] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_of_different_zones_compare_by_instant() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T00:00:00+00:00"), Some(951_782_400));
        assert_eq!(seconds("2000-02-29T02:30:07+02:30"), Some(951_782_407));
        assert_eq!(seconds("2000-02-28T22:00:00-02:00"), Some(951_782_400));
        for text in ["", "2000-02-29", "2000-02-29T0", "2000-02-29T00:00:00", "2000-02-30T00:00:00Z", "aTüüüüüüZ"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn known_timestamps_are_formatted() {
        assert_eq!(rfc3339(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(rfc3339(951_782_399).as_deref(), Some("2000-02-28T23:59:59Z"));
        assert_eq!(rfc3339(951_782_400).as_deref(), Some("2000-02-29T00:00:00Z"));
        assert_eq!(rfc3339(1_735_689_599).as_deref(), Some("2024-12-31T23:59:59Z"));
        assert_eq!(rfc3339(LIMIT - 1).as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!(rfc3339(LIMIT), None);
    }
}
