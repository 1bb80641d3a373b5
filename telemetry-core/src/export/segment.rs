//! Segment's batches of `track` calls.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde_json::{Map, Value, json};

use super::{App, BatchLimits, Exporter, Outcome, Payload, Response, WaitingEvent};
use crate::error::{Error, Kind};

/// Segment: a batch of `track` calls for the path `/v1/batch`.
///
/// The receiver's URL and the write key belong to the transport: the key goes
/// into the `Authorization` header (HTTP basic, the key as the user's name, no
/// password), never into the body, so that it is in no file.
///
/// The body, `Content-Type: application/json`:
///
/// | key | value |
/// |---|---|
/// | `batch` | the events, oldest first, each as below |
/// | `sentAt` | when the batch was sent |
///
/// Each event:
///
/// | key | value |
/// |---|---|
/// | `type` | `track` |
/// | `event` | the event's display name, or its name |
/// | `messageId` | the event id, by which Segment drops a duplicate |
/// | `anonymousId` | the installation id, or instead of it |
/// | `userId` | the value of the field that [`user_id_field`](Self::user_id_field) names |
/// | `context` | `{"library":{"name":…,"version":…}}`: the program; and `"container":true`, if it ran in one |
/// | `properties` | the event's fields, without the one that became `userId` |
/// | `originalTimestamp`, `timestamp` | when the event happened |
/// | `sentAt` | when the batch was sent |
///
/// # No address
///
/// `context` is made here and has no other key: `context.ip` cannot be
/// built. Segment's HTTP interface does not take the address of the connection
/// either, unless the call has `context.direct` (its documentation, "HTTP API
/// source", section "Collecting the IP address"); that cannot be built here. An
/// id that is an IP address is refused: the event goes to the dead letters.
///
/// # Limits
///
/// 32 KB an event, 500 KB and 2,500 events a batch (the same page, "Errors").
/// Answers 408, 410, 429, 460 and 5xx are tried again, as Segment's own
/// libraries do. Where those give up (501, 505, 511, a wrong key), the events are
/// kept, and tried again after longer and longer waits: nothing must be lost to
/// the log-in page of a network, or to a key that somebody mistyped.
///
/// ```
/// use telemetry_core::export::Segment;
///
/// let exporter = Segment::new()
///     .event_name("installation.started", "Installation Started")
///     .user_id_field("user_id");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Segment {
    user_id_field: Option<String>,
    event_names: BTreeMap<String, String>,
}

/// Segment's limit of one event, which must be below 32 KB; a thousand bytes
/// to the kilobyte is the narrower way to read that.
const EVENT_BYTES: usize = 32_000 - 1;

/// Segment's limit of a batch, less what stands around the events.
const BATCH_BYTES: usize = 500_000 - 256;

/// Segment's limit of events in a batch.
const BATCH_EVENTS: usize = 2_500;

impl Segment {
    /// Events under their own names, each of the installation.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the event `name` under the name `display`.
    #[must_use]
    pub fn event_name(mut self, name: impl Into<String>, display: impl Into<String>) -> Self {
        self.event_names.insert(name.into(), display.into());
        self
    }

    /// Takes the value of the field `name`, where an event has it, as the user
    /// id, in place of the installation id.
    ///
    /// A field that is text, not empty, and not an IP address is taken; with
    /// anything else in the field the event goes to the dead letters. The field is to be a
    /// pseudonym (`hash`): what it holds was decided by its policy.
    #[must_use]
    pub fn user_id_field(mut self, name: impl Into<String>) -> Self {
        self.user_id_field = Some(name.into());
        self
    }

    /// One event as a `track` call.
    ///
    /// # Privacy
    ///
    /// The call holds the sanitised fields, the event's own id, name and time,
    /// the program's name and version, and exactly one id, which is never an IP
    /// address. Nothing is read from the machine.
    fn track(&self, event: &WaitingEvent<'_>, app: &App, sent_at: &str) -> Result<Value, Error> {
        let mut properties = event.fields()?;
        if let Some(period) = event.period() {
            // As they stand in the line; `fields` has none here, and a `userId`
            // of its own neither.
            properties.insert("period".to_owned(), period.into());
            properties.insert("counts".to_owned(), event.counts_value()?);
        }
        let (key, id) = self.identity(event, &mut properties)?;
        let name = self.event_names.get(event.name()).map_or(event.name(), String::as_str);
        let mut context = json!({ "library": { "name": app.name(), "version": app.version() } });
        if let (true, Some(context)) = (event.is_from_container(), context.as_object_mut()) {
            context.insert("container".to_owned(), Value::Bool(true));
        }
        let mut call = json!({
            "type": "track",
            "event": name,
            "messageId": event.id(),
            "context": context,
            "properties": properties,
            "originalTimestamp": event.time(),
            "timestamp": event.time(),
            "sentAt": sent_at,
        });
        if let Some(call) = call.as_object_mut() {
            call.insert(key.to_owned(), Value::String(id));
        }
        Ok(call)
    }

    /// The one id of the call, and the key it stands under.
    fn identity(
        &self,
        event: &WaitingEvent<'_>,
        properties: &mut Map<String, Value>,
    ) -> Result<(&'static str, String), Error> {
        let field = self.user_id_field.as_deref();
        let (key, id) = match field.and_then(|field| properties.remove(field)) {
            Some(Value::String(id)) => ("userId", id),
            Some(_) => return Err(refused("the user id is not text", event.name())),
            // Segment asks for one: of what carries no id, the line's own.
            None => ("anonymousId", event.installation().unwrap_or(event.id()).to_owned()),
        };
        if id.trim().is_empty() {
            return Err(refused("the id is empty", event.name()));
        }
        if is_address(&id) {
            return Err(refused("an IP address cannot be an id", event.name()));
        }
        Ok((key, id))
    }
}

fn refused(why: &str, event: &str) -> Error {
    Error::new(Kind::Export, format!("{why} (event `{event}`)"))
}

/// Whether `text` is an IP address, in any of the ways that one is written:
/// with a port, in brackets, with a zone, with a prefix length.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    if text.parse::<SocketAddr>().is_ok() {
        return true;
    }
    let bare = text.split(['%', '/']).next().unwrap_or(text);
    let bare = bare.strip_prefix('[').unwrap_or(bare);
    let bare = bare.strip_suffix(']').unwrap_or(bare);
    bare.parse::<IpAddr>().is_ok()
}

impl Exporter for Segment {
    fn limits(&self) -> BatchLimits {
        BatchLimits {
            event_bytes: EVENT_BYTES,
            batch_bytes: BATCH_BYTES,
            batch_events: BATCH_EVENTS,
        }
    }

    fn append(
        &self,
        app: &App,
        sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let call = self.track(event, app, sent_at)?;
        serde_json::to_writer(&mut *events, &call)
            .map_err(|_| refused("it cannot be written as JSON", event.name()))?;
        events.push(b',');
        Ok(())
    }

    fn payload(&self, _app: &App, sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        let mut body = Vec::with_capacity(events.len() + 64);
        body.extend_from_slice(br#"{"batch":["#);
        // Each event ends with a comma; the last needs none.
        body.extend_from_slice(events.strip_suffix(b",").unwrap_or(events));
        body.extend_from_slice(br#"],"sentAt":""#);
        body.extend_from_slice(sent_at.as_bytes());
        body.extend_from_slice(br#""}"#);
        Ok(Payload { content_type: "application/json", body })
    }

    fn outcome(&self, response: &Response) -> Outcome {
        match response.status {
            410 | 460 => Outcome::Retry,
            _ => Outcome::by_status(response),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_are_known_however_they_are_written() {
        for text in [
            "111.65.255.130",
            " 203.192.213.46 ",
            "203.192.213.46:443",
            "203.192.213.0/24",
            "2001:db8::1",
            "[2001:db8::1]",
            "[2001:db8::1]:443",
            "2001:db8::/48",
            "fe80::1%eth0",
            "::ffff:49.207.192.209",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in ["", "12", "0b62ab60-02ad-4f69-a181-d9c5eb2f97fa", "1.2.3", "v1.2.3.4"] {
            assert!(!is_address(text), "{text}");
        }
    }
}
