//! A receiver for tests, that answers as it is told and keeps what it got.
//!
//! It owns as much of HTTP's server side as telemetry is sent by. It must never
//! know what a body means.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use crate::error::{Error, Kind};

/// A client that stops in the middle of a request does not hold a thread for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request's head has some hundred bytes; this is a mistake.
const LONGEST_HEAD: u64 = 1 << 16;

/// More than any batch, packed or not: 1 MiB is the largest that is sent.
const LONGEST_BODY: u64 = 1 << 26;

/// What a [`RecordingReceiver`] answers to one request.
///
/// ```
/// use std::time::Duration;
///
/// use telemetry_core::testing::Answer;
///
/// let busy = Answer::status(503).retry_after(120).after(Duration::from_millis(500));
/// # let _ = busy;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answer {
    status: u16,
    delay: Duration,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    closes: bool,
}

impl Answer {
    /// `200 OK`, at once.
    pub fn ok() -> Self {
        Self::status(200)
    }

    /// This status, at once, without a body.
    pub fn status(status: u16) -> Self {
        Self { status, delay: Duration::ZERO, headers: Vec::new(), body: Vec::new(), closes: false }
    }

    /// No answer: the connection is closed once the request was read.
    pub fn close() -> Self {
        Self { closes: true, ..Self::status(0) }
    }

    /// The same, so long after the request was read. The request counts as
    /// received before that.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The same, with the header `Retry-After` of so many seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", &seconds.to_string())
    }

    /// The same, with this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, with this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes of the answer.
    fn bytes(&self) -> Vec<u8> {
        // A reason is for people; receivers may leave it empty.
        let mut bytes = format!("HTTP/1.1 {} \r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        // By RFC 9110 these have no body, and 204 no length either.
        if self.status != 204 && self.status != 304 {
            bytes.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method, such as `POST`.
    pub method: String,
    /// The path, with what follows it in the URL.
    pub path: String,
    /// The headers, in their order, with their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed if it was sent compressed by gzip.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, in lower or upper case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The lines of the body, as [`Ndjson`](crate::export::Ndjson) sends an event in each.
    ///
    /// # Errors
    ///
    /// A line is not JSON.
    pub fn lines(&self) -> Result<Vec<serde_json::Value>, serde_json::Error> {
        let lines = self.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(serde_json::from_slice).collect()
    }

    /// The whole request, to be searched.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {}\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A receiver on this machine that answers as it is told and keeps every request.
///
/// It speaks HTTP over real sockets of the loopback address, to this program and
/// to its children, and takes as many connections as come. It ends when it is
/// dropped, and answers that are still due are then not given.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use telemetry_core::TelemetryEvent;
/// use telemetry_core::testing::{Answer, Evidence, RecordingReceiver, TestTelemetry};
/// use telemetry_core::testing::assert_nothing_leaks;
/// # #[cfg(feature = "http")]
/// use telemetry_core::export::{Deliver, HttpTransport, Ndjson, Receiver};
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "service")]
/// struct Greeted<'a> {
///     #[telemetry(length)]
///     greeting: &'a str,
/// }
///
/// # #[cfg(feature = "http")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let receiver = RecordingReceiver::answering([Answer::ok()])?;
/// let transport = HttpTransport::builder(receiver.url("/events")).build()?;
/// let route = Receiver::new("1.0.0", Ndjson, transport).deliver(Deliver::on_request());
/// let test = TestTelemetry::with("greeter", |builder| builder.receiver(route))?;
///
/// test.telemetry().record(&Greeted { greeting: "Hello, alice" });
/// test.telemetry().send_now(Instant::now() + Duration::from_secs(10))?;
///
/// let requests = receiver.wait_for(1)?;
/// assert_eq!(requests[0].lines()?[0]["fields"]["greeting"], 12);
/// assert_nothing_leaks([Evidence::Folder(test.home()), Evidence::Receiver(&receiver)], &["alice"]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "http"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct RecordingReceiver {
    address: SocketAddr,
    shared: Arc<ReceiverShared>,
}

#[derive(Debug, Default)]
struct ReceiverShared {
    state: Mutex<ReceiverState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct ReceiverState {
    /// The last one is given again and again.
    answers: VecDeque<Answer>,
    requests: Vec<Request>,
    ended: bool,
}

impl RecordingReceiver {
    /// Starts it on a free port. Requests are given these answers one after the
    /// other, and the last one for ever; without any, `200 OK`.
    ///
    /// # Errors
    ///
    /// There is no free port, or no thread can be started.
    pub fn answering(answers: impl IntoIterator<Item = Answer>) -> Result<Self, Error> {
        let failed = |source: io::Error| {
            Error::new(Kind::Io, "a receiver for tests could not be started").because(source)
        };
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(ReceiverShared::default());
        shared.lock().answers = answers.into_iter().collect();
        let of_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("receiver".to_owned())
            .spawn(move || accept(&listener, &of_thread))
            .map_err(failed)?;
        Ok(Self { address, shared })
    }

    /// A URL of the receiver; `path` starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Gives these answers from the next request on, in the place of those that
    /// are still there.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.lock().answers = answers.into_iter().collect();
    }

    /// The requests that arrived so far, in their order. One counts as soon as it
    /// was read whole, before it is answered.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// Waits until `number` requests have arrived, and gives all that have.
    ///
    /// # Errors
    ///
    /// So many have not arrived within a minute.
    pub fn wait_for(&self, number: usize) -> Result<Vec<Request>, Error> {
        self.wait_until(PATIENCE, |requests| requests.len() >= number)
    }

    /// Waits until `enough` says so of the requests that have arrived, and gives
    /// them. It is asked anew with each one that comes.
    ///
    /// # Errors
    ///
    /// It has not said so within `limit`.
    pub fn wait_until(
        &self,
        limit: Duration,
        mut enough: impl FnMut(&[Request]) -> bool,
    ) -> Result<Vec<Request>, Error> {
        let deadline = Instant::now() + limit;
        let mut state = self.shared.lock();
        while !enough(&state.requests) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text =
                    format!("{} requests arrived, which is not enough", state.requests.len());
                return Err(Error::new(Kind::Delivery, text));
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        Ok(state.requests.clone())
    }
}

impl Drop for RecordingReceiver {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        // Wakes the thread out of its wait for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<ReceiverShared>) {
    for stream in listener.incoming() {
        if shared.lock().ended {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        // Whoever is not served asks again, as by any receiver that is busy.
        let _ = thread::Builder::new().spawn(move || shared.serve(stream));
    }
}

impl ReceiverShared {
    fn lock(&self) -> MutexGuard<'_, ReceiverState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers what comes on one connection until its other end closes it. A
    /// request that does not arrive whole is none.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(stream);
        while let Some(request) = read(&mut reader)? {
            let closes = request.header("connection") == Some("close");
            let Some(answer) = self.take(request) else { return Ok(()) };
            if answer.closes || !self.wait(answer.delay) {
                return Ok(());
            }
            reader.get_mut().write_all(&answer.bytes())?;
            if closes {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Keeps the request, and says what it is answered.
    fn take(&self, request: Request) -> Option<Answer> {
        let mut state = self.lock();
        if state.ended {
            return None;
        }
        state.requests.push(request);
        let answer = match state.answers.len() {
            0 => Answer::ok(),
            1 => state.answers.front().cloned()?,
            _ => state.answers.pop_front()?,
        };
        drop(state);
        self.changed.notify_all();
        Some(answer)
    }

    /// Waits so long; false if the receiver ended meanwhile.
    fn wait(&self, delay: Duration) -> bool {
        let state = self.lock();
        let waited = self.changed.wait_timeout_while(state, delay, |state| !state.ended);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.ended
    }
}

/// The next request on the connection; none when its other end closed it.
fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let mut head = reader.by_ref().take(LONGEST_HEAD);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(broken()) };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        if line.trim_end().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(broken)?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, path, headers, body: Vec::new() };
    let packed = if request.header("transfer-encoding") == Some("chunked") {
        read_chunks(reader)?
    } else {
        let length = request.header("content-length").unwrap_or("0");
        read_bytes(reader, length.parse().map_err(|_| broken())?)?
    };
    request.body = if request.header("content-encoding") == Some("gzip") {
        let mut body = Vec::new();
        GzDecoder::new(packed.as_slice()).take(LONGEST_BODY).read_to_end(&mut body)?;
        body
    } else {
        packed
    };
    Ok(Some(request))
}

fn read_bytes(reader: &mut BufReader<TcpStream>, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if length > LONGEST_BODY {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let read = reader.by_ref().take(length).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read == length) {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// A body in chunks, by RFC 9112.
fn read_chunks(reader: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut line = String::new();
        reader.by_ref().take(LONGEST_HEAD).read_line(&mut line)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        bytes.extend(read_bytes(reader, size)?);
        // What ends the chunk; of the last one, the whole body.
        reader.by_ref().take(LONGEST_HEAD).read_line(&mut line)?;
        if size == 0 {
            return Ok(bytes);
        }
    }
}
