//! The last day of an event.
//!
//! It owns the comparison of a date in a schema with a clock, without a time
//! zone: days are those of UTC. It must never know what is done about it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::EventSchema;

impl EventSchema {
    /// Whether the last day on which the event is recorded and sent is over,
    /// by `now`. The derive checks that it is a date; by one that is none,
    /// nothing is recorded.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use telemetry_core::TelemetryEvent;
    ///
    /// /// The new menu was opened.
    /// #[derive(TelemetryEvent)]
    /// #[telemetry(purpose = "product-improvement", expires = "1970-01-02")]
    /// struct MenuOpened {}
    ///
    /// let event = MenuOpened {}.schema();
    /// let hours = |hours: u64| UNIX_EPOCH + Duration::from_secs(3600 * hours);
    /// assert!(!event.is_expired(hours(47)));
    /// assert!(event.is_expired(hours(48)));
    /// ```
    pub fn is_expired(&self, now: SystemTime) -> bool {
        let Some(last) = self.expires else { return false };
        // A clock before 1970 is no clock: the event may be over.
        let today = now
            .duration_since(UNIX_EPOCH)
            .map_or(i64::MAX, |since| i64::try_from(since.as_secs() / 86_400).unwrap_or(i64::MAX));
        days(last).is_none_or(|last| today > last)
    }
}

/// The days from 1970-01-01 to a date of the Gregorian calendar. The year is
/// taken to begin in March, so that a leap day is its last.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let in_range =
        (0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let all = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    in_range.then_some(all - 719_468)
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn dates_are_days_since_1970() {
        for (date, expected) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2027-06-30", 20_999),
            ("2100-03-01", 47_541),
        ] {
            assert_eq!(days(date), Some(expected), "{date}");
        }
        for date in ["", "2027", "2027-13-01", "2027-06-32", "2027-06-xx", "tomorrow"] {
            assert_eq!(days(date), None, "{date}");
        }
    }
}
