//! A receiver in another process, as a test starts, reads and stops it. What
//! it can do is told in `src/bin/receiver.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A receiver that runs until it is dropped.
#[derive(Debug)]
pub struct Receiver {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: String,
    dir: PathBuf,
}

/// A request as the receiver got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The request line.
    pub line: String,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, not compressed.
    pub body: Vec<u8>,
}

impl Receiver {
    /// Starts `program`, which writes what it gets into the folder `dir`.
    ///
    /// # Panics
    ///
    /// The program cannot be started.
    pub fn start(program: &str, dir: &Path, modes: &str) -> Self {
        fs::create_dir_all(dir).unwrap();
        let mut child = Command::new(program)
            .arg(dir)
            .arg(modes)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        lines.read_line(&mut address).unwrap();
        assert!(!address.is_empty(), "the receiver did not start");
        Self { child, lines, address: address.trim().to_owned(), dir: dir.to_owned() }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A URL of the receiver.
    pub fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// Waits until the receiver has read the head of one more request.
    ///
    /// # Panics
    ///
    /// The receiver ended before.
    pub fn wait_for_request(&mut self) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "request", "the receiver ended");
    }

    /// Stops the receiver, and says of how many requests it had read the head
    /// for which nobody waited yet.
    ///
    /// # Panics
    ///
    /// What it said cannot be read.
    pub fn stop(mut self) -> usize {
        let _ = self.child.kill();
        let lines = self.lines.by_ref().lines().map(Result::unwrap);
        lines.filter(|line| line.trim() == "request").count()
    }

    /// What it took so far, in order.
    pub fn received(&self) -> Vec<Received> {
        received(&self.dir)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What receivers that wrote into `dir` took, in the order of their files.
///
/// # Panics
///
/// A file cannot be read.
pub fn received(dir: &Path) -> Vec<Received> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut heads: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "head"))
        .collect();
    heads.sort();
    heads.iter().map(|head| read(head)).collect()
}

fn read(head: &Path) -> Received {
    let body = fs::read(head.with_extension("body")).unwrap();
    let head = fs::read_to_string(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Received { line, headers, body }
}
