//! Whether the last day of an event is near.
//!
//! It owns the day on which the compiler runs. It must never know what is done
//! about it.

use std::time::{SystemTime, UNIX_EPOCH};

/// How long before the last day the compiler warns: time for a release.
const AHEAD: i64 = 30;

/// Whether `day` (as `2027-06-30`) is over, or will be within a month. Without
/// a clock nothing is near.
pub(crate) fn is_near(day: &str) -> bool {
    let today = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let today = today.and_then(|since| i64::try_from(since.as_secs() / 86_400).ok());
    today.zip(days(day)).is_some_and(|(today, last)| last <= today + AHEAD)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar. The year is
/// taken to begin in March, so that a leap day is its last.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_counted_from_1970_and_a_past_one_is_near() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2000-03-01"), Some(11_017));
        assert_eq!(days("2027-06-30"), Some(20_999));
        assert!(is_near("2020-02-29") && !is_near("9999-12-31"));
    }
}
