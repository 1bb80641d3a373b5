//! How far it is, on a terminal.
//!
//! It owns the line that is written over. It must never know a file.

use std::io;
use std::time::{Duration, Instant};

use crate::io::Io;

/// What takes less than this needs no line.
const PATIENCE: Duration = Duration::from_secs(1);
/// Ten times a second is as much as anybody sees.
const INTERVAL: Duration = Duration::from_millis(100);
const WIDTH: u64 = 30;

#[derive(Debug)]
pub(super) struct Progress {
    total: Option<u64>,
    read: u64,
    began: Instant,
    shown: Option<Instant>,
    wanted: bool,
}

impl Progress {
    pub(super) fn new(io: &Io<'_>, total: Option<u64>) -> Self {
        let total = total.filter(|total| *total > 0);
        Self { total, read: 0, began: Instant::now(), shown: None, wanted: io.shows_progress() }
    }

    pub(super) fn add(&mut self, io: &mut Io<'_>, bytes: u64) -> io::Result<()> {
        self.read += bytes;
        let due = self.shown.map_or(self.began + PATIENCE, |shown| shown + INTERVAL);
        let now = Instant::now();
        if !self.wanted || now < due {
            return Ok(());
        }
        self.shown = Some(now);
        let line = line(self.read, self.total, now - self.began);
        write!(io.err(), "\r\x1b[K{line}")?;
        io.err().flush()
    }

    /// Takes the line away.
    pub(super) fn finish(&self, io: &mut Io<'_>) -> io::Result<()> {
        match self.shown {
            Some(_) => write!(io.err(), "\r\x1b[K"),
            None => Ok(()),
        }
    }
}

fn line(read: u64, total: Option<u64>, time: Duration) -> String {
    let speed = read as f64 / 1e6 / time.as_secs_f64().max(1e-3);
    let done = format!("{:.0} MB, {speed:.0} MB/s", read as f64 / 1e6);
    let Some(total) = total else { return done };
    let read = read.min(total);
    let full = usize::try_from(read * WIDTH / total).unwrap_or(0);
    let bar = "#".repeat(full) + &".".repeat(usize::try_from(WIDTH).unwrap_or(0) - full);
    format!("[{bar}] {:>3} %, {done}", read * 100 / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is() {
        let second = Duration::from_secs(1);
        assert_eq!(
            line(500_000_000, Some(1_000_000_000), second),
            "[###############...............]  50 %, 500 MB, 500 MB/s"
        );
        assert!(line(2, Some(1), second).contains("100 %"));
        assert_eq!(line(3_000_000, None, second), "3 MB, 3 MB/s");
    }
}
