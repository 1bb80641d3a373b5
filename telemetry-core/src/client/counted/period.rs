//! The time in which counts are added up.
//!
//! It owns when a period begins. It must never know what is counted.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::schema::Period;

/// When the period began in which `now` is, in UTC: an hour, a day, or a week
/// from Monday on (ISO 8601). The period of a run is the run, and its line
/// names the day, so that it does not say when somebody worked.
pub(super) fn start(period: Period, now: Timestamp) -> Timestamp {
    let now = now.to_zoned(TimeZone::UTC).datetime();
    let midnight = now.date().to_datetime(jiff::civil::Time::midnight());
    let start = match period {
        Period::Hour => now.date().at(now.hour(), 0, 0, 0),
        Period::Run | Period::Day => midnight,
        Period::Week => monday(midnight),
    };
    start.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |start| start.timestamp())
}

fn monday(day: DateTime) -> DateTime {
    let since = i64::from(day.date().weekday().to_monday_zero_offset());
    day.checked_sub(jiff::SignedDuration::from_hours(24 * since)).unwrap_or(day)
}

/// Whether the period that began at `start` is over at `now`. A run ends with
/// the program. A clock that was set back ends no period.
pub(super) fn is_over(period: Period, start_of_line: Timestamp, now: Timestamp) -> bool {
    period != Period::Run && start(period, now) > start_of_line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_at_the_hour_at_midnight_and_on_monday() {
        let now: Timestamp = "2026-11-24T12:34:56.789Z".parse().unwrap();
        let begun = |period| start(period, now).to_string();
        assert_eq!(begun(Period::Hour), "2026-11-24T12:00:00Z");
        assert_eq!(begun(Period::Day), "2026-11-24T00:00:00Z");
        assert_eq!(begun(Period::Week), "2026-11-23T00:00:00Z");
        assert_eq!(begun(Period::Run), "2026-11-24T00:00:00Z");
        let sunday: Timestamp = "2026-11-29T23:59:59Z".parse().unwrap();
        let monday: Timestamp = "2026-11-30T00:00:00Z".parse().unwrap();
        assert!(!is_over(Period::Week, start(Period::Week, now), sunday));
        assert!(is_over(Period::Week, start(Period::Week, now), monday));
        assert!(!is_over(Period::Run, start(Period::Run, now), monday));
        assert!(!is_over(Period::Day, start(Period::Day, monday), now));
    }
}
