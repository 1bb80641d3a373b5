//! Requests, answers, and what carries them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::fmt::strtime;

use super::{App, Payload};
use crate::error::{Error, Kind};

/// Carries requests to the author's receiver.
///
/// Sending may block until the attempt's deadline; it happens on the thread that
/// delivers, never on one that records.
pub trait Transport: Send + Sync {
    /// The receiver, as the log of what was sent names it: scheme, host and
    /// port, without a user name, a password, a path or a query.
    fn receiver(&self) -> &str;

    /// Sends `request` and waits for the answer, until the deadline of `attempt`
    /// at the latest.
    ///
    /// # Privacy
    ///
    /// Right before the first byte of the body it asks
    /// [`Attempt::is_allowed`], and sends nothing of the body when that says no:
    /// consent may have been withdrawn while the connection was made.
    ///
    /// # Errors
    ///
    /// There is no answer, or it is not one of the protocol; the error says
    /// whether anything can have reached the receiver.
    fn send(&self, request: &Request, attempt: &Attempt<'_>) -> Result<Response, TransportError>;

    /// Whether it can send at all, asked before a delivery begins.
    ///
    /// # Errors
    ///
    /// It cannot, because of the environment that the program runs in. The
    /// events stay.
    fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Closes what is under way, at once: consent was withdrawn. Called from
    /// another thread than the one that sends, which then returns an error.
    /// A transport that cannot do it does nothing.
    fn cancel(&self) {}
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn receiver(&self) -> &str {
        T::receiver(self)
    }

    fn send(&self, request: &Request, attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        T::send(self, request, attempt)
    }

    fn ready(&self) -> Result<(), Error> {
        T::ready(self)
    }

    fn cancel(&self) {
        T::cancel(self);
    }
}

/// The bounds of one attempt to send: until when, and whether it still may.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    deadline: Instant,
    allowed: &'a dyn Fn() -> bool,
}

impl<'a> Attempt<'a> {
    /// An attempt that ends at `deadline`, and for which `allowed` says whether
    /// the user's consent still holds.
    pub fn new(deadline: Instant, allowed: &'a dyn Fn() -> bool) -> Self {
        Self { deadline, allowed }
    }

    /// An attempt that ends at `deadline` and needs nobody's consent: for tests
    /// of a transport.
    pub fn until(deadline: Instant) -> Self {
        Self::new(deadline, &|| true)
    }

    /// When it ends at the latest.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How much time is left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether the events may be sent at this very moment.
    pub fn is_allowed(&self) -> bool {
        (self.allowed)()
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// What goes to the receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The program's name and version, as an HTTP product: over HTTP the
    /// `User-Agent`.
    pub user_agent: String,
    /// The batch's id. A transport hands it on so that the receiver can drop a
    /// repeated batch; over HTTP as `Idempotency-Key`.
    pub batch: String,
    /// The path of the receiver that takes it, such as `/v1/metrics`; without
    /// one, that which the transport was given. A format with several kinds of
    /// requests has a path for each. Over HTTP it takes the place of as many
    /// last parts of the URL's path as it has itself: of `/otlp/v1/logs` and
    /// `/v1/metrics` is made `/otlp/v1/metrics`.
    pub path: Option<&'static str>,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body, not compressed.
    pub body: Vec<u8>,
}

impl Request {
    /// A request of `app` that carries `payload` under the id `batch`.
    pub fn new(app: &App, batch: impl Into<String>, payload: Payload) -> Self {
        let Payload { content_type, body } = payload;
        let user_agent = format!("{}/{}", app.name(), app.version());
        Self { user_agent, batch: batch.into(), path: None, content_type, body }
    }

    /// The same to another path of the receiver.
    #[must_use]
    pub fn with_path(mut self, path: Option<&'static str>) -> Self {
        self.path = path;
        self
    }
}

/// What the receiver answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status, in HTTP's numbers.
    pub status: u16,
    /// How long the receiver asks to wait before the next request.
    pub retry_after: Option<Duration>,
    /// The beginning of the answer's body, as far as the transport reads it.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with this status and nothing else.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The same with the time that the receiver asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

/// What an answer means for the events of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The receiver took them: they are removed.
    Taken {
        /// How many of them it says it dropped; they are counted as dropped.
        rejected: u64,
    },
    /// Not now: they stay, and go again after a while.
    Retry,
    /// Not to this receiver, or not with this key: they stay, and go again after
    /// a while. A wrong setting must not cost data; `status` names the remedy.
    Misdirected,
    /// Something in this batch is refused: fewer events are tried, down to the
    /// one that is refused, which goes to the dead letters with the status.
    Refused,
}

impl Outcome {
    /// What the status means where a format says nothing else.
    ///
    /// | status | outcome |
    /// |---|---|
    /// | 200 to 299 | taken |
    /// | 400, 413, 422 | refused: the receiver has looked at the body |
    /// | 300 to 399 | retry: no redirect is followed, and one that a network's log-in page puts in the way must lose nothing |
    /// | 407, 511 | retry: a proxy or a network wants the user to log in, and the receiver has not seen the request |
    /// | 408, 425, 429, 500 to 599 but 501 and 505 | retry |
    /// | anything else, such as 401, 403, 404, 410, 501 | misdirected |
    pub fn by_status(response: &Response) -> Self {
        match response.status {
            200..=299 => Self::Taken { rejected: 0 },
            400 | 413 | 422 => Self::Refused,
            300..=399 | 407 | 408 | 425 | 429 => Self::Retry,
            501 | 505 => Self::Misdirected,
            500..=599 => Self::Retry,
            _ => Self::Misdirected,
        }
    }
}

/// A request without an answer.
pub struct TransportError {
    may_have_arrived: bool,
    error: Error,
}

impl TransportError {
    /// Nothing of the events can have reached the receiver: its name is unknown, or there is
    /// no connection. `message` says which; it must not hold a secret.
    pub fn unreached(message: impl Into<String>) -> Self {
        Self { may_have_arrived: false, error: Error::new(Kind::Delivery, message) }
    }

    /// The receiver may have got the request, all of it or a part, and the
    /// answer did not come. `message` says what happened; it must not hold a secret.
    pub fn unanswered(message: impl Into<String>) -> Self {
        Self { may_have_arrived: true, error: Error::new(Kind::Delivery, message) }
    }

    #[cfg(feature = "http")]
    pub(super) fn by(may_have_arrived: bool, message: String) -> Self {
        if may_have_arrived { Self::unanswered(message) } else { Self::unreached(message) }
    }

    /// Whether anything of the events can have reached the receiver.
    pub fn may_have_arrived(&self) -> bool {
        self.may_have_arrived
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("may_have_arrived", &self.may_have_arrived)
            .field("error", &self.error)
            .finish()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for TransportError {}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        error.error
    }
}

/// The wait that the value of a `Retry-After` header asks for: seconds, or a
/// date in one of the three forms of RFC 9110, section 5.6.7. A date in the
/// past is no wait; what cannot be read is `None`.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too long for 64 bits is a wait without end; who
        // asks for the wait caps it.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = http_date(value)?;
    Some(SystemTime::from(date).duration_since(now).unwrap_or_default())
}

fn http_date(value: &str) -> Option<Timestamp> {
    if let Ok(date) = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value) {
        return Some(date);
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"].into_iter().find_map(|format| {
        let civil = strtime::parse(format, value).ok()?.to_datetime().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_three_dates_of_rfc_9110_are_read() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(retry_after(date, at(784_111_770)), Some(Duration::from_secs(7)), "{date}");
            assert_eq!(retry_after(date, at(784_111_780)), Some(Duration::ZERO), "{date}");
        }
    }

    #[test]
    fn what_is_no_wait_is_none() {
        for value in ["", " ", "-1", "1.5", "soon", "Sun, 99 Nov 1994 08:49:37 GMT", "\u{661}"] {
            assert_eq!(retry_after(value, at(0)), None, "{value}");
        }
        let longest = Some(Duration::from_secs(u64::MAX));
        assert_eq!(retry_after("99999999999999999999999", at(0)), longest);
    }
}
