//! An HTTP/1.1 receiver of our own, with all the ways to misbehave.
//!
//! `receiver <folder> <modes>` listens on a free port of 127.0.0.1, prints its
//! address, and then `request` for each request whose head it has read. What it
//! takes goes into the folder: `<n>.body`, not compressed, and then `<n>.head`,
//! before the answer starts, and `<n>.done` after it. It ends with its standard
//! input.
//!
//! `<modes>` has one mode for each request, separated by commas; the last one
//! goes on for ever.
//!
//! | mode | taken | answer |
//! |---|---|---|
//! | `ok` | yes | 200 |
//! | `partial` | yes | 200, and of the body what the file `answer` in the folder holds |
//! | `slow` | yes | 200, a piece every 10 ms |
//! | `trickle` | yes | begins, and never ends |
//! | `wait=<milliseconds>` | yes | 200, after so long |
//! | `refuse=<text>` | unless the body holds the text | 200, or 400 |
//! | `silent` | no | none, the connection stays open |
//! | `die-before` | no | none, the process is gone |
//! | `die-after` | yes | none, the process is gone |
//! | `die-during` | yes | 200 up to the middle of the head, then the process is gone |
//! | `reset-before` | no | the connection is reset with the body unread |
//! | `reset-after` | yes | the connection is closed |
//! | `garbage` | yes | bytes that are not HTTP |
//! | `truncated` | yes | 200 with less of a body than it says |
//! | `storm-seconds` | no | 429, `Retry-After: 7` |
//! | `storm-date` | no | 503, `Retry-After` as a date in 2100 |
//! | `redirect=<url>`, `found=<url>` | no | 307 or 302 to the URL |
//! | `proxy` | no | to `CONNECT`, a tunnel that ends here: `ok` |
//! | a number | no | that status |

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

struct Receiver {
    dir: PathBuf,
    modes: Vec<String>,
    requests: AtomicUsize,
}

struct Head {
    text: String,
    length: usize,
    gzip: bool,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().expect("a folder"));
    let modes = arguments.next().expect("modes").split(',').map(str::to_owned).collect();
    let receiver = Arc::new(Receiver { dir, modes, requests: AtomicUsize::new(0) });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    say(&listener.local_addr().unwrap().to_string());
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    for stream in listener.incoming() {
        let receiver = Arc::clone(&receiver);
        thread::spawn(move || {
            // A sender that is killed ends the connection anywhere.
            let _ = receiver.serve(stream?);
            io::Result::Ok(())
        });
    }
}

fn say(line: &str) {
    // Nobody needs to listen.
    let _ = writeln!(io::stdout(), "{line}");
}

impl Receiver {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(head) = head(&mut reader)? {
            let number = self.requests.fetch_add(1, Ordering::SeqCst);
            say("request");
            let mode = self.modes.get(number).or(self.modes.last()).expect("a mode").clone();
            if !self.answer(&mode, number, &head, &mut reader, &stream)? {
                break;
            }
            let head = self.dir.join(name(number)).with_extension("head");
            if head.exists() {
                fs::write(head.with_extension("done"), "")?;
            }
        }
        Ok(())
    }

    /// Whether the connection goes on.
    fn answer(
        &self,
        mode: &str,
        number: usize,
        head: &Head,
        reader: &mut BufReader<TcpStream>,
        mut stream: &TcpStream,
    ) -> io::Result<bool> {
        match mode {
            "silent" => loop {
                thread::park();
            },
            "reset-before" => {
                // Closed with bytes unread, a connection is reset.
                return Ok(false);
            }
            "die-before" => std::process::abort(),
            _ => {}
        }
        if mode == "proxy" && head.text.starts_with("CONNECT") {
            self.take(number, head, &[])?;
            stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
            return Ok(true);
        }
        let body = body(head, reader)?;
        if let Some((what, value)) = mode.split_once('=') {
            let refused = what == "refuse"
                && body.windows(value.len()).any(|window| window == value.as_bytes());
            if refused {
                stream.write_all(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")?;
                return Ok(true);
            }
            if what == "wait" {
                thread::sleep(Duration::from_millis(value.parse().expect("milliseconds")));
            }
            if matches!(what, "refuse" | "wait") {
                self.take(number, head, &body)?;
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
                return Ok(true);
            }
        }
        if matches!(
            mode,
            "ok" | "partial"
                | "slow"
                | "trickle"
                | "die-after"
                | "die-during"
                | "reset-after"
                | "garbage"
                | "truncated"
                | "proxy"
        ) {
            self.take(number, head, &body)?;
        }
        let (status, headers) = match mode {
            "ok" | "proxy" => (200, String::new()),
            "partial" => {
                let answer = fs::read(self.dir.join("answer"))?;
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len())?;
                stream.write_all(&answer)?;
                return Ok(true);
            }
            "slow" => {
                for piece in ["HTTP/1.1 200", " OK\r\nContent-", "Length: 2\r\n\r\n", "o", "k"] {
                    stream.write_all(piece.as_bytes())?;
                    thread::sleep(Duration::from_millis(10));
                }
                return Ok(true);
            }
            "trickle" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nX-Pad: ")?;
                loop {
                    stream.write_all(b"x")?;
                    thread::sleep(Duration::from_millis(10));
                }
            }
            "die-after" => std::process::abort(),
            "die-during" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le")?;
                std::process::abort()
            }
            "reset-after" => return Ok(false),
            "garbage" => {
                stream.write_all(b"\x00\xff\x16\x03\x01 220 smtp.example ready\r\n\r\n")?;
                return Ok(false);
            }
            "truncated" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntaken")?;
                return Ok(false);
            }
            "storm-seconds" => (429, "Retry-After: 7\r\n".to_owned()),
            "storm-date" => (503, "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n".to_owned()),
            _ => match mode.split_once('=') {
                Some(("found", url)) => (302, format!("Location: {url}\r\n")),
                Some((_, url)) => (307, format!("Location: {url}\r\n")),
                None => (mode.parse().expect("a mode"), String::new()),
            },
        };
        write!(stream, "HTTP/1.1 {status} Said\r\n{headers}Content-Length: 0\r\n\r\n")?;
        Ok(true)
    }

    fn take(&self, number: usize, head: &Head, body: &[u8]) -> io::Result<()> {
        let name = name(number);
        fs::write(self.dir.join(format!("{name}.body")), body)?;
        let partial = self.dir.join(format!("{name}.partial"));
        fs::write(&partial, &head.text)?;
        fs::rename(partial, self.dir.join(Path::new(&name).with_extension("head")))
    }
}

/// The process id keeps receivers apart that share a folder.
fn name(number: usize) -> String {
    format!("{:08}-{number:06}", std::process::id())
}

/// `None` when the connection ends instead.
fn head(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Head>> {
    let mut text = String::new();
    loop {
        let start = text.len();
        if reader.read_line(&mut text)? == 0 {
            return Ok(None);
        }
        if text.get(start..).is_some_and(|line| line.trim().is_empty()) {
            break;
        }
    }
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length = value("content-length").map_or(0, |length| length.parse().expect("a length"));
    let gzip = value("content-encoding").is_some_and(|encoding| encoding == "gzip");
    Ok(Some(Head { length, gzip, text }))
}

fn body(head: &Head, reader: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut sent = vec![0; head.length];
    reader.read_exact(&mut sent)?;
    if !head.gzip {
        return Ok(sent);
    }
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(sent.as_slice()).read_to_end(&mut body)?;
    Ok(body)
}
