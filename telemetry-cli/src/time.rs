//! Times on the command line.

use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SpanRelativeTo, Timestamp};

/// Understands a time (`2026-01-31T12:00:00Z`), a date or a time without a
/// zone, both in UTC, or how long ago (`24h`, `7d`).
pub(crate) fn moment(text: &str) -> Result<SystemTime, String> {
    at(text, Timestamp::now()).map(SystemTime::from)
}

fn at(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return time
            .to_zoned(TimeZone::UTC)
            .map(|time| time.timestamp())
            .map_err(|_| "this time is out of range".to_owned());
    }
    let span = text.parse::<jiff::Span>().ok().filter(|span| !span.is_negative());
    let ago = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let Some(ago) = ago else {
        return Err("give a time such as 2026-01-31T12:00:00Z, a date such as 2026-01-31 (UTC), \
                    or how long ago, such as 30min, 24h or 7d"
            .to_owned());
    };
    now.checked_sub(ago).map_err(|_| "this is longer ago than there are dates".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_dates_and_durations_are_understood() {
        let now: Timestamp = "2026-02-01T12:00:00Z".parse().unwrap();
        for (text, meant) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.5Z"),
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T08:00", "2026-01-31T08:00:00Z"),
            ("24h", "2026-01-31T12:00:00Z"),
            ("90min", "2026-02-01T10:30:00Z"),
            ("7d", "2026-01-25T12:00:00Z"),
            ("1w 1h", "2026-01-25T11:00:00Z"),
        ] {
            assert_eq!(at(text, now), Ok(meant.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        let now = Timestamp::UNIX_EPOCH;
        for text in ["", "yesterday", "-24h", "24", "2026-13-01", "99999999y"] {
            assert!(at(text, now).is_err(), "{text}");
        }
        assert!(at("soon", now).unwrap_err().contains("24h"));
    }
}
