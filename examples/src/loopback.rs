//! A receiver on this machine, in a thread of the program, so that an example
//! shows what arrives without anything leaving the machine.
//!
//! It speaks as much HTTP as the examples need: a request with a
//! `Content-Length`, answered with 200 and the end of the connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flate2::read::GzDecoder;

/// A client that stops in the middle of a request must not stop the receiver.
const PATIENCE: Duration = Duration::from_secs(10);

/// Far above any request of the examples: one of 500 KB is the largest.
const LONGEST_BODY: u64 = 1024 * 1024;

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The request line and the headers, each in a line of its own.
    pub head: String,
    /// The body, not compressed.
    pub body: Vec<u8>,
}

/// A receiver that runs until it is dropped.
#[derive(Debug)]
pub struct Loopback {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    received: Mutex<Vec<Received>>,
}

impl Loopback {
    /// Starts it on a free port of the loopback address.
    ///
    /// # Errors
    ///
    /// There is no free port, or no thread can be started.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("loopback receiver".to_owned())
            .spawn(move || of_thread.serve(&listener))?;
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// A URL of the receiver; `path` starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What arrived so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread out of its wait for a connection.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            // Whoever does not finish a request sends it again.
            let _ = stream.and_then(|stream| self.answer(stream));
        }
    }

    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
            head.push_str(line.trim_end());
            head.push('\n');
        }
        let mut body = Vec::new();
        reader.by_ref().take(length.min(LONGEST_BODY)).read_to_end(&mut body)?;
        if head.to_ascii_lowercase().contains("content-encoding: gzip") {
            let packed = std::mem::take(&mut body);
            GzDecoder::new(packed.as_slice()).take(LONGEST_BODY).read_to_end(&mut body)?;
        }
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(Received { head, body });
        reader
            .into_inner()
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    }
}
