//! Reads, scrubs on every core, and writes in order.
//!
//! It owns the threads and how a stream is cut into chunks of whole lines. It
//! must never know what is done to a chunk.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use memchr::memmem;

use super::csv;

/// Large enough that handing a chunk over costs nothing beside scrubbing it,
/// small enough that a few of them for each core are little memory.
const CHUNK: usize = 1 << 20;
/// A longer line is cut here, so that a file without a line feed does not fill
/// the memory.
const LONGEST_LINE: usize = 64 << 20;
/// Chunks on their way, for each thread: one that is slow does not stop the
/// others.
const ON_THE_WAY: usize = 4;

/// Some whole lines of a file.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    /// Counted from 1.
    pub(super) first_line: u64,
    /// Whether the first line is inside a PEM block that began before.
    pub(super) in_pem: bool,
}

/// Where a chunk may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Line,
    /// A line of CSV, which may hold line feeds in quotes.
    Record,
}

/// Scrubs `input` by `work`, in `threads` threads, and hands every result to
/// `write`, in order. The outer error is one of writing, the inner one of
/// reading.
pub(super) fn run<R: Send>(
    input: impl Read + Send,
    cut: Cut,
    threads: usize,
    work: impl Fn(Chunk) -> R + Sync,
    mut write: impl FnMut(R) -> io::Result<()>,
) -> io::Result<io::Result<()>> {
    let (free, taken) = mpsc::sync_channel(threads * ON_THE_WAY);
    for _ in 0..threads * ON_THE_WAY {
        let _ = free.send(());
    }
    let (chunks, next) = mpsc::sync_channel(threads);
    let (done, results) = mpsc::channel();
    let next = Mutex::new(next);
    thread::scope(|scope| {
        let reader = scope.spawn(move || read(input, cut, &taken, &chunks));
        for _ in 0..threads {
            let (next, work, done) = (&next, &work, done.clone());
            scope.spawn(move || {
                let mut wanted = true;
                while let Some((place, chunk)) = receive(next) {
                    // When writing failed, what was read before the reader
                    // hears of it is taken from its hands all the same: it
                    // would wait for ever.
                    wanted = wanted && done.send((place, work(chunk))).is_ok();
                }
            });
        }
        drop(done);
        let written = in_order(&results, |result| {
            write(result)?;
            // Nobody listens once all was read.
            let _ = free.send(());
            Ok(())
        });
        // Who still waits to hand on a chunk or a result is told so.
        drop((results, free));
        let read = reader.join().unwrap_or_else(|_| Err(io::Error::other("reading stopped")));
        written.map(|()| read)
    })
}

fn receive<T>(next: &Mutex<Receiver<T>>) -> Option<T> {
    next.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn in_order<R>(
    results: &Receiver<(u64, R)>,
    mut write: impl FnMut(R) -> io::Result<()>,
) -> io::Result<()> {
    let (mut early, mut place) = (BTreeMap::new(), 0);
    for (number, result) in results {
        early.insert(number, result);
        while let Some(result) = early.remove(&place) {
            write(result)?;
            place += 1;
        }
    }
    Ok(())
}

/// Cuts `input` into chunks of whole lines. What is there is handed on at once:
/// a pipe may bring its next line much later.
fn read(
    mut input: impl Read,
    cut: Cut,
    free: &Receiver<()>,
    chunks: &SyncSender<(u64, Chunk)>,
) -> io::Result<()> {
    let (mut rest, mut first_line, mut in_pem, mut place) = (Vec::new(), 1, false, 0);
    loop {
        let before = rest.len();
        rest.resize(before + CHUNK, 0);
        let read = loop {
            match input.read(rest.get_mut(before..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        rest.truncate(before + read);
        let end = match () {
            () if read == 0 || rest.len() > LONGEST_LINE => rest.len(),
            () => end_of_lines(&rest, before, cut),
        };
        if end > 0 {
            let bytes = rest.drain(..end).collect::<Vec<u8>>();
            let lines = memchr::memchr_iter(b'\n', &bytes).count();
            let began_in_pem = in_pem;
            in_pem = pem_goes_on(&bytes, in_pem);
            let chunk = Chunk { bytes, first_line, in_pem: began_in_pem };
            if free.recv().is_err() || chunks.send((place, chunk)).is_err() {
                return Ok(());
            }
            first_line += lines as u64;
            place += 1;
        }
        if read == 0 {
            return Ok(());
        }
    }
}

/// Behind the last whole line. What stands before `known` has none.
fn end_of_lines(bytes: &[u8], known: usize, cut: Cut) -> usize {
    match cut {
        Cut::Line => {
            let new = bytes.get(known..).unwrap_or_default();
            memchr::memrchr(b'\n', new).map_or(0, |at| known + at + 1)
        }
        Cut::Record => {
            let mut end = 0;
            while let Some(next) = csv::end_of_record(bytes.get(end..).unwrap_or_default()) {
                end += next;
            }
            end
        }
    }
}

pub(super) const PEM_BEGINS: &[u8] = b"-----BEGIN ";
pub(super) const PEM_ENDS: &[u8] = b"-----END ";

/// Whether a PEM block is open behind `bytes`.
fn pem_goes_on(bytes: &[u8], before: bool) -> bool {
    // Nearly always there is none, which is found out quickly from the front.
    if [PEM_BEGINS, PEM_ENDS].iter().all(|mark| memmem::find(bytes, mark).is_none()) {
        return before;
    }
    match (memmem::rfind(bytes, PEM_BEGINS), memmem::rfind(bytes, PEM_ENDS)) {
        (Some(begins), Some(ends)) => begins > ends,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_whole_lines_and_come_back_in_order() {
        let lines: Vec<u8> =
            (0..200_000).flat_map(|line| format!("line {line}\n").into_bytes()).collect();
        let (mut out, mut next) = (Vec::new(), 1);
        let work = |chunk: Chunk| {
            // The earlier ones take longer.
            thread::sleep(std::time::Duration::from_micros(2_000 / chunk.first_line));
            chunk
        };
        run(lines.as_slice(), Cut::Line, 4, work, |chunk| {
            assert_eq!(chunk.first_line, next);
            assert!(chunk.bytes.ends_with(b"\n"));
            next += chunk.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            out.extend(chunk.bytes);
            Ok(())
        })
        .unwrap()
        .unwrap();
        assert!(out == lines);
    }

    #[test]
    fn a_writer_that_fails_ends_it() {
        let result = run(
            io::repeat(b'\n'),
            Cut::Line,
            2,
            |chunk| chunk,
            |_| Err(io::Error::from(io::ErrorKind::BrokenPipe)),
        );
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
