//! HTTP, blocking.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::config::Config;
use ureq::http::{HeaderName, HeaderValue, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy, SendBody};

use super::transport::retry_after;
use super::{Attempt, Request, Response, Transport, TransportError, proxy};
use crate::error::{Error, Kind};

/// Longest time until there is a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer's body is read: an answer says what became of a batch,
/// and a receiver that says more must not fill the program's memory.
const BODY_BYTES: u64 = 64 * 1024;

/// Sends requests by `POST` over HTTP/1.1.
///
/// | part | value |
/// |---|---|
/// | `User-Agent` | the program's name, `/`, its version, and nothing else |
/// | `Content-Type` | the exporter's |
/// | `Content-Encoding` | `gzip`, unless it was turned off |
/// | `Idempotency-Key` | the batch's id |
/// | headers that the author sets | such as `Authorization` |
///
/// # Rules
///
/// - TLS, with the certificate checked. Plain HTTP goes to this machine alone,
///   unless the author asks for it with
///   [`allow_plain_http`](HttpTransportBuilder::allow_plain_http).
/// - A redirect is never followed: neither the events nor the key go to a host
///   that the author did not name. It counts as "not now".
/// - No connection stays open between requests: none is there when consent is
///   withdrawn. One that is under way then is closed, and consent is asked for
///   once more right before the first byte of the body.
/// - No cookies. Of the answer the status, `Retry-After` and the first 64 KiB of
///   the body are read, nothing else.
/// - `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are honoured when the
///   transport is built, for this machine never. A proxy that cannot be understood
///   is not gone round: nothing is sent, and [`Transport::ready`] says so.
///
/// It blocks. The name is looked up by a thread of its own, since the system
/// offers no other way to give that up in time.
///
/// ```
/// use telemetry_core::export::HttpTransport;
///
/// let transport = HttpTransport::builder("https://telemetry.example/v1/batch")
///     .basic_auth("write-key", "")
///     .build()?;
/// # Ok::<(), telemetry_core::Error>(())
/// ```
pub struct HttpTransport {
    /// Replaced by a fresh one when what is under way is cancelled.
    agent: Mutex<Agent>,
    config: Config,
    /// The proxy that the environment names cannot be understood.
    no_proxy: bool,
    url: Uri,
    receiver: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    gzip: bool,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}

/// Sets up an [`HttpTransport`].
pub struct HttpTransportBuilder {
    url: String,
    headers: Vec<(String, String)>,
    ca_pem: Option<Vec<u8>>,
    plain_http: bool,
    gzip: bool,
    connect_timeout: Duration,
}

impl fmt::Debug for HttpTransportBuilder {
    // Headers hold keys, and so may the URL's path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransportBuilder").finish_non_exhaustive()
    }
}

impl HttpTransportBuilder {
    /// A header on every request. Its value is a secret as far as the library is
    /// concerned: it is in no error, no log and no `Debug`.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// HTTP's basic authentication.
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        let token = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", format!("Basic {token}"))
    }

    /// Trusts the certificates in `pem`, and no others, to vouch for the
    /// receiver. Without it the authorities of Mozilla's list are trusted.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Allows plain HTTP to other machines. Whoever is on the way then reads
    /// the events and the headers.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Sends bodies as they are, not compressed.
    #[must_use]
    pub fn without_gzip(mut self) -> Self {
        self.gzip = false;
        self
    }

    /// The longest time until there is a connection; 10 seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The transport. Nothing is looked up or opened before the first request.
    ///
    /// # Errors
    ///
    /// Only for mistakes of the author, never because of the environment: the URL is none of `https` or `http`, or has a user name in it; it is
    /// plain HTTP to another machine; a header or a certificate cannot be read.
    pub fn build(self) -> Result<HttpTransport, Error> {
        let url: Uri =
            self.url.parse().map_err(|_| refused("the receiver's URL cannot be read"))?;
        let receiver = receiver(&url, self.plain_http)?;
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let name: HeaderName =
                name.parse().map_err(|_| refused("a header's name cannot be sent"))?;
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| refused("a header's value cannot be sent"))?;
            value.set_sensitive(true);
            headers.push((name, value));
        }
        let proxy = environment_proxy(&url);
        let no_proxy = proxy.is_none();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .proxy(proxy.flatten())
            .timeout_connect(Some(self.connect_timeout));
        let config = match &self.ca_pem {
            Some(pem) => config.tls_config(trusting(pem)?),
            None => config,
        };
        let config = config.build();
        let agent = Mutex::new(config.new_agent());
        Ok(HttpTransport { agent, config, no_proxy, url, receiver, headers, gzip: self.gzip })
    }
}

impl HttpTransport {
    /// A transport to `url`.
    pub fn builder(url: impl Into<String>) -> HttpTransportBuilder {
        HttpTransportBuilder {
            url: url.into(),
            headers: Vec::new(),
            ca_pem: None,
            plain_http: false,
            gzip: true,
            connect_timeout: CONNECT_TIMEOUT,
        }
    }

    fn body(&self, request: &Request) -> io::Result<Vec<u8>> {
        if !self.gzip {
            return Ok(request.body.clone());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&request.body)?;
        encoder.finish()
    }

    /// The URL that takes `request`: that of the transport, with the request's
    /// path in the place of the last parts of its own.
    fn url_of(&self, request: &Request) -> Result<Uri, TransportError> {
        let Some(path) = request.path else { return Ok(self.url.clone()) };
        let unfit = || TransportError::unreached("the request's path fits no URL");
        let parts = path.matches('/').count();
        let own = self.url.path().trim_end_matches('/');
        let kept = own.rmatch_indices('/').nth(parts.saturating_sub(1)).map_or(0, |(at, _)| at);
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{path}{query}", own.get(..kept).unwrap_or_default());
        let mut url = self.url.clone().into_parts();
        url.path_and_query = Some(path.parse().map_err(|_| unfit())?);
        Uri::from_parts(url).map_err(|_| unfit())
    }

    fn agent(&self) -> MutexGuard<'_, Agent> {
        // An agent is replaced in one step.
        self.agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went wrong, in words of our own: those of the client may hold a URL
    /// with a key in it.
    fn describe(&self, error: &ureq::Error, body: &Body<'_>) -> TransportError {
        if body.refused.get() {
            let begun = if body.begun.get() { "in the middle of a request" } else { "in time" };
            let message = format!("consent was withdrawn {begun}: the connection was closed");
            return TransportError::by(body.begun.get(), message);
        }
        let (arrived, what) = classify(error);
        TransportError::by(arrived && body.begun.get(), format!("{what} ({})", self.receiver))
    }
}

/// A body that asks for consent before each piece of it.
struct Body<'b> {
    rest: &'b [u8],
    attempt: &'b Attempt<'b>,
    /// Whether a byte of it was handed over.
    begun: Cell<bool>,
    refused: Cell<bool>,
}

impl Read for &mut Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.attempt.is_allowed() {
            self.refused.set(true);
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "consent was withdrawn"));
        }
        let read = self.rest.read(buffer)?;
        self.begun.set(self.begun.get() || read > 0);
        Ok(read)
    }
}

impl Transport for HttpTransport {
    fn receiver(&self) -> &str {
        &self.receiver
    }

    fn send(&self, request: &Request, attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        let left = attempt.left();
        if left.is_zero() {
            return Err(TransportError::unreached("there was no time left to send"));
        }
        self.ready().map_err(|error| TransportError::unreached(error.to_string()))?;
        let bytes = self
            .body(request)
            .map_err(|_| TransportError::unreached("the body could not be compressed"))?;
        let agent = self.agent().clone();
        let mut post = agent
            .post(self.url_of(request)?)
            .content_type(request.content_type)
            .header("user-agent", &request.user_agent)
            .header("idempotency-key", &request.batch)
            // Said here, since the body is read piece by piece.
            .header("content-length", bytes.len().to_string())
            .config()
            .timeout_global(Some(left))
            .build();
        if self.gzip {
            post = post.header("content-encoding", "gzip");
        }
        for (name, value) in &self.headers {
            post = post.header(name, value);
        }
        let (begun, refused) = (Cell::new(false), Cell::new(false));
        let mut body = Body { rest: &bytes, attempt, begun, refused };
        let answer = post.send(SendBody::from_reader(&mut &mut body));
        let mut answer = answer.map_err(|error| self.describe(&error, &body))?;
        let status = answer.status().as_u16();
        let asked = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let wait = asked.and_then(|asked| retry_after(asked, SystemTime::now()));
        let mut body = Vec::new();
        if answer.status().is_success() {
            // An answer that breaks off is none: it could be that of a
            // receiver that died before it had taken the events for good.
            let mut reader = answer.body_mut().as_reader().take(BODY_BYTES);
            reader.read_to_end(&mut body).map_err(|_| {
                TransportError::unanswered(format!("the answer broke off ({})", self.receiver))
            })?;
        }
        Ok(Response::new(status).with_retry_after(wait).with_body(body))
    }

    fn ready(&self) -> Result<(), Error> {
        if self.no_proxy {
            return Err(Error::new(
                Kind::Config,
                "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be understood, \
                 and is not gone round: nothing is sent until the variable is put right",
            ));
        }
        Ok(())
    }

    fn cancel(&self) {
        let fresh = self.config.new_agent();
        let under_way = std::mem::replace(&mut *self.agent(), fresh);
        under_way.shutdown();
    }
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Argument, why)
}

/// Scheme, host and port; an error when the events may not go there.
fn receiver(url: &Uri, plain_http: bool) -> Result<String, Error> {
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return Err(refused("the receiver's URL has no scheme or host"));
    };
    if authority.as_str().contains('@') {
        return Err(refused("the receiver's URL holds a user name: use `basic_auth`"));
    }
    match scheme {
        "https" => {}
        "http" if plain_http || proxy::is_loopback(authority.host()) => {}
        "http" => {
            return Err(refused(
                "plain HTTP to another machine shows the events to everybody on the way: \
                 use `https`, or `allow_plain_http` if you must",
            ));
        }
        _ => return Err(refused("the receiver's URL must begin with `https:` or `http:`")),
    }
    Ok(format!("{scheme}://{authority}"))
}

/// The proxy that the environment names for `url`, if any; `None` when it
/// cannot be understood. Going round such a one would be against what the
/// administrator wants.
fn environment_proxy(url: &Uri) -> Option<Option<Proxy>> {
    let scheme = url.scheme_str().unwrap_or("https");
    let port = url.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
    let variable = |name: &str| {
        // What is no text is no proxy either, and must not count as none.
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    };
    let proxy = proxy::for_receiver(scheme, url.host().unwrap_or_default(), port, &variable);
    proxy.map_or(Some(None), |proxy| Proxy::new(&proxy).ok().map(Some))
}

fn trusting(pem: &[u8]) -> Result<TlsConfig, Error> {
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(refused("the certificates cannot be read: PEM is expected")),
        }
    }
    if certificates.is_empty() {
        return Err(refused("there is no certificate in the PEM text"));
    }
    let roots = RootCerts::Specific(std::sync::Arc::new(certificates));
    Ok(TlsConfig::builder().root_certs(roots).build())
}

/// Whether anything can have arrived, and what happened, in words of our own:
/// those of the client may hold a URL with a key in it.
fn classify(error: &ureq::Error) -> (bool, &'static str) {
    use ureq::Timeout;
    match error {
        ureq::Error::HostNotFound => (false, "the receiver's name is not known"),
        ureq::Error::Timeout(Timeout::Resolve) => (false, "looking up the name took too long"),
        ureq::Error::Timeout(Timeout::Connect) => (false, "connecting took too long"),
        ureq::Error::Timeout(_) => (true, "there was no answer in time"),
        ureq::Error::ConnectionFailed => (false, "there is no connection"),
        ureq::Error::ConnectProxyFailed(_) => (false, "the proxy does not connect"),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::TlsRequired => {
            (false, "the receiver could not be authenticated by TLS")
        }
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            (true, "the answer is not HTTP")
        }
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => (false, "the connection was refused"),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                (false, "the receiver cannot be reached")
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => (true, "the connection broke off"),
            // By its text alone: other errors of TLS can come after the events.
            _ if error.to_string().starts_with("invalid peer certificate") => {
                (false, "the receiver could not be authenticated by TLS")
            }
            io::ErrorKind::InvalidData => (true, "TLS broke off"),
            // The only sign by which the standard library lets a failed
            // look-up be known.
            _ if error.to_string().starts_with("failed to lookup") => {
                (false, "the receiver's name is not known")
            }
            _ => (true, "the connection failed"),
        },
        _ => (true, "the request failed"),
    }
}
