//! The time of an event as text: RFC 3339, UTC, milliseconds.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

use crate::schema::TimePrecision;

/// `2026-01-31T12:00:00`.
type Second = [u8; 19];

thread_local! {
    /// The second that this thread wrote last: events that follow each other
    /// mostly have the same.
    static LAST: Cell<(u64, Second)> = const { Cell::new((0, *b"1970-01-01T00:00:00")) };
}

/// The first second of the year 10000, which has no such text.
const END: u64 = 253_402_300_800;

/// Appends `time`, cut to what the event's schema says.
pub(super) fn write(buffer: &mut Vec<u8>, time: SystemTime, precision: TimePrecision) {
    let begin = buffer.len();
    write_exactly(buffer, time);
    // From the end: a text of a time has 24 bytes.
    let cut: &[u8] = match precision {
        TimePrecision::Millisecond => return,
        TimePrecision::Hour => b"00:00.000Z",
        TimePrecision::Day => b"00:00:00.000Z",
    };
    let from = buffer.len().saturating_sub(cut.len()).max(begin);
    buffer.truncate(from);
    buffer.extend_from_slice(cut);
}

fn write_exactly(buffer: &mut Vec<u8>, time: SystemTime) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) if since.as_secs() < END => {
            let known = LAST.try_with(|last| {
                let (second, text) = last.get();
                if second == since.as_secs() {
                    return text;
                }
                let text = format(since.as_secs());
                last.set((since.as_secs(), text));
                text
            });
            let text = known.unwrap_or_else(|_| format(since.as_secs()));
            buffer.extend_from_slice(&text);
            let [hundreds, tens, ones] = digits(u64::from(since.subsec_millis()));
            buffer.extend_from_slice(&[b'.', hundreds, tens, ones, b'Z']);
        }
        // A clock before 1970 or behind 9999 is rare, and may take its time.
        _ => {
            let time = Timestamp::try_from(time).unwrap_or(Timestamp::MAX);
            buffer.extend_from_slice(format!("{time:.3}").as_bytes());
        }
    }
}

/// The text of a second from 1970 on, before the year 10000.
fn format(second: u64) -> Second {
    let (days, second) = (second / 86_400, second % 86_400);
    let (year, month, day) = date(days);
    let [y1, y2, y3, y4] = digits(year);
    let ([m1, m2], [d1, d2]) = (digits(month), digits(day));
    let ([h1, h2], [n1, n2]) = (digits(second / 3600), digits(second / 60 % 60));
    let [s1, s2] = digits(second % 60);
    [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2]
}

fn digits<const N: usize>(mut number: u64) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    digits
}

/// Year, month and day of a number of days from 1970 on. Years are counted from
/// March, so that the day that is sometimes there comes last, in cycles of 400
/// years; 719,468 days lie between the first of March of the year 0 and 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(time: SystemTime) -> String {
        let mut buffer = Vec::new();
        write(&mut buffer, time, TimePrecision::Millisecond);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn a_day_is_written_as_a_well_kept_crate_writes_it() {
        // Every day of a cycle of 400 years, then some until the year 10000,
        // each at another time of the day.
        for day in (0..150_000).chain((150_000..2_932_890).step_by(101)) {
            let since = Duration::from_millis(day * 86_400_000 + day * 7_919_717 % 86_400_000);
            let time = UNIX_EPOCH + since;
            assert_eq!(text(time), format!("{:.3}", Timestamp::try_from(time).unwrap()));
        }
    }

    #[test]
    fn an_event_says_how_exact_its_time_is() {
        let text = |precision| {
            let mut buffer = b"before ".to_vec();
            write(&mut buffer, UNIX_EPOCH + Duration::from_millis(86_399_999), precision);
            String::from_utf8(buffer).unwrap()
        };
        assert_eq!(text(TimePrecision::Millisecond), "before 1970-01-01T23:59:59.999Z");
        assert_eq!(text(TimePrecision::Hour), "before 1970-01-01T23:00:00.000Z");
        assert_eq!(text(TimePrecision::Day), "before 1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_clock_that_is_far_off_has_a_time_too() {
        assert_eq!(text(UNIX_EPOCH - Duration::from_millis(1)), "1969-12-31T23:59:59.999Z");
        assert_eq!(text(UNIX_EPOCH + Duration::from_secs(END - 1)), "9999-12-31T23:59:59.000Z");
        assert!(text(UNIX_EPOCH + Duration::from_secs(END * 10)).ends_with('Z'));
    }
}
