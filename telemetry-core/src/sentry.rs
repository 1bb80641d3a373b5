//! A crash reporter that follows consent.
//!
//! It owns the way of a sentry event from the client to the network: asked for
//! consent, stripped, scrubbed, sent. It must never know how consent was
//! decided.
//!
//! What a report holds once it has passed:
//!
//! | part | what becomes of it |
//! |---|---|
//! | `server_name`, `user`, `request`, `contexts.device`, local variables of frames | removed |
//! | every other text, and every key of a map | scrubbed by the rules of [`Scrubber`] |
//! | numbers | sent as they are: an identifier in a number under `extra` leaves |
//! | sessions, transactions, attachments, logs, check-ins | not sent: nothing in them is needed to find an error, and no rule covers them |
//!
//! The envelope's format is that of
//! <https://develop.sentry.dev/sdk/data-model/envelopes/>: a header line, an
//! item's header line, the item.
//!
//! ```no_run
//! use telemetry_core::sentry::ClientOptions;
//! use telemetry_core::{Telemetry, sentry};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let telemetry = Telemetry::builder("studio").build()?;
//! let mut options = ClientOptions::default();
//! options.dsn = Some("https://key@crashes.example/1".parse()?);
//! let options = sentry::follow_consent(options, &telemetry)?;
//! // Then, as ever: `let _guard = sentry::init(options);`
//! # let _ = options;
//! # Ok(())
//! # }
//! ```

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use sentry_core::ClientOptions;
use sentry_core::Envelope;
use sentry_core::protocol::EnvelopeItem;
use serde_json::{Map, Value, json};

use crate::client::Telemetry;
use crate::error::{Error, Kind};
use crate::export::{App, Attempt, HttpTransport, Payload, Request, Transport};
use crate::schema::Purpose;
use crate::scrub::Scrubber;

/// Reports that may wait. A program that fails more often than the network
/// takes its reports says the same thing many times.
const QUEUE: usize = 30;

/// Longest time for one report, the answer included.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where no report may name who or which machine it is from.
const REMOVED: [&str; 3] = ["server_name", "user", "request"];

/// Makes a sentry client follow the consent of `telemetry` for
/// [`Purpose::DIAGNOSTICS`]. A program that lists its purposes must list that
/// one too, or it has no crash reporter.
///
/// While consent is denied at the start, the client is left without a DSN: it
/// makes no transport, no thread and no socket. When consent is withdrawn
/// later, reports are dropped from that moment on, those that wait too, and
/// the thread ends.
///
/// # Errors
///
/// When the DSN's address cannot be used: it is plain HTTP to another machine,
/// or not a URL.
pub fn follow_consent(
    mut options: ClientOptions,
    telemetry: &Telemetry,
) -> Result<ClientOptions, Error> {
    options.send_default_pii = false;
    options.server_name = None;
    let Some(dsn) = options.dsn.take_if(|_| may_send(telemetry)) else {
        options.dsn = None;
        return Ok(options);
    };
    let agent = format!("telemetry-core/{}", env!("CARGO_PKG_VERSION"));
    let transport = HttpTransport::builder(dsn.envelope_api_url().as_str())
        .header("x-sentry-auth", dsn.to_auth(Some(&agent)).to_string())
        .build()?;
    let gate = ConsentTransport {
        telemetry: telemetry.clone(),
        scrubber: telemetry.scrubber().clone(),
        transport: Arc::new(transport),
        queue: Arc::default(),
    };
    options.dsn = Some(dsn);
    options.transport = Some(Arc::new(Arc::new(gate)));
    Ok(options)
}

fn may_send(telemetry: &Telemetry) -> bool {
    telemetry.may_send_for(Purpose::DIAGNOSTICS)
}

/// What the sentry client hands its envelopes to.
struct ConsentTransport {
    telemetry: Telemetry,
    scrubber: Scrubber,
    transport: Arc<HttpTransport>,
    queue: Arc<Queue>,
}

impl fmt::Debug for ConsentTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentTransport").finish_non_exhaustive()
    }
}

impl sentry_core::Transport for ConsentTransport {
    fn send_envelope(&self, envelope: Envelope) {
        if !may_send(&self.telemetry) {
            self.queue.clear();
            return;
        }
        for item in envelope.items() {
            if let EnvelopeItem::Event(event) = item
                && let Ok(event) = serde_json::to_value(event)
            {
                self.push(&clean(event, &self.scrubber));
            }
        }
    }

    /// Waits until nothing is under way, `timeout` at the most.
    fn flush(&self, timeout: Duration) -> bool {
        let state = self.queue.state();
        let busy = |state: &mut SentryQueueState| state.running;
        let waited = self.queue.changed.wait_timeout_while(state, timeout, busy);
        waited.is_ok_and(|(state, _)| !state.running)
    }
}

impl ConsentTransport {
    fn push(&self, event: &Value) {
        let id = event.get("event_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let body = envelope(&id, event);
        let mut state = self.queue.state();
        if state.waiting.len() >= QUEUE {
            return;
        }
        state.waiting.push_back((id, body));
        if !state.running {
            let (queue, transport) = (Arc::clone(&self.queue), Arc::clone(&self.transport));
            let telemetry = self.telemetry.clone();
            // Not joined: the end of the program waits for `flush` alone.
            state.running = thread::Builder::new()
                .name("telemetry-crash".to_owned())
                .spawn(move || deliver(&queue, &transport, &telemetry))
                .is_ok();
        }
    }
}

#[derive(Default)]
struct Queue {
    state: Mutex<SentryQueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct SentryQueueState {
    waiting: VecDeque<(String, Vec<u8>)>,
    running: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, SentryQueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clear(&self) {
        self.state().waiting.clear();
    }

    /// The next report, or the end of the thread, decided in one step, so that
    /// no report is left behind without a thread.
    fn next(&self) -> Option<(String, Vec<u8>)> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.running = false;
            self.changed.notify_all();
        }
        next
    }
}

/// Sends what waits. Consent is asked for again before each report.
fn deliver(queue: &Queue, transport: &HttpTransport, telemetry: &Telemetry) {
    while let Some((batch, body)) = queue.next() {
        if !may_send(telemetry) {
            queue.clear();
            continue;
        }
        let Ok(app) = App::new("telemetry-core", env!("CARGO_PKG_VERSION")) else { continue };
        let payload = Payload { content_type: "application/x-sentry-envelope", body };
        let request = Request::new(&app, batch, payload);
        let allowed = || may_send(telemetry);
        let attempt = Attempt::new(Instant::now() + TIMEOUT, &allowed);
        if let Err(error) = transport.send(&request, &attempt) {
            telemetry.report(
                &Error::new(Kind::Delivery, "a crash report was not delivered").because(error),
            );
        }
    }
}

fn envelope(id: &str, event: &Value) -> Vec<u8> {
    let event = event.to_string();
    let header = json!({ "event_id": id });
    let item = json!({ "type": "event", "length": event.len() });
    format!("{header}\n{item}\n{event}\n").into_bytes()
}

/// The report without what says who and where, every text scrubbed.
fn clean(mut event: Value, scrubber: &Scrubber) -> Value {
    if let Some(event) = event.as_object_mut() {
        for key in REMOVED {
            event.remove(key);
        }
        if let Some(contexts) = event.get_mut("contexts").and_then(Value::as_object_mut) {
            contexts.remove("device");
        }
    }
    scrubbed(event, scrubber)
}

fn scrubbed(value: Value, scrubber: &Scrubber) -> Value {
    match value {
        Value::String(text) => match scrubber.scrub(&text) {
            Cow::Owned(scrubbed) => Value::String(scrubbed),
            Cow::Borrowed(_) => Value::String(text),
        },
        Value::Array(values) => {
            Value::Array(values.into_iter().map(|value| scrubbed(value, scrubber)).collect())
        }
        Value::Object(map) => Value::Object(scrubbed_map(map, scrubber)),
        other => other,
    }
}

fn scrubbed_map(map: Map<String, Value>, scrubber: &Scrubber) -> Map<String, Value> {
    let entries = map.into_iter().filter(|(key, _)| key != "vars");
    entries
        .map(|(key, value)| {
            let value = match value {
                Value::String(text) => Value::String(scrubbed_entry(&key, &text, scrubber)),
                other => scrubbed(other, scrubber),
            };
            (scrubber.scrub(&key).into_owned(), value)
        })
        .collect()
}

/// `password: hunter2` is a secret though neither half says so: the rules see
/// the two together.
fn scrubbed_entry(key: &str, text: &str, scrubber: &Scrubber) -> String {
    let together = format!("{key}={text}");
    let scrubbed = scrubber.scrub(&together);
    let value = scrubbed.strip_prefix(key).and_then(|rest| rest.strip_prefix('='));
    // The two ran into one find: only the text itself can be told apart.
    value.map_or_else(|| scrubber.scrub(text).into_owned(), str::to_owned)
}
