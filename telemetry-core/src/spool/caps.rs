//! Applying the limits: what goes first when there is too much.

use std::path::Path;
use std::time::SystemTime;

use super::claim::SealedSegment;
use super::counts::{self, Reason};
use super::limits::Limits;
use super::names::{self, SegmentFile};
use super::seal;
use crate::error::Error;

/// Drops the oldest sealed segments until the rest fits `limits`, and says how
/// many events went. A segment that is being delivered now is passed over, and
/// so is one that cannot be opened: it must not switch the limits off for the
/// others.
///
/// `now` decides the age of events. An event from the future is as if from
/// now, and a clock that went backwards makes nothing older: order never
/// depends on the clock.
///
/// # Errors
///
/// When the folder cannot be listed or a segment cannot be removed; the others
/// are removed nevertheless.
pub fn enforce(dir: &Path, limits: &Limits, now: SystemTime) -> Result<u64, Error> {
    let mut run = CapsRun::new(dir);
    run.sizes(limits)?;
    for file in names::sealed(dir)? {
        if is_older(&file, limits, now) {
            run.drop_segment(file, Reason::CapAge);
        }
    }
    run.end()
}

/// The caps by bytes and by count alone.
pub(super) fn enforce_sizes(dir: &Path, limits: &Limits) -> Result<u64, Error> {
    let mut run = CapsRun::new(dir);
    run.sizes(limits)?;
    run.end()
}

struct CapsRun<'d> {
    dir: &'d Path,
    dropped: u64,
    failed: Option<Error>,
}

impl<'d> CapsRun<'d> {
    fn new(dir: &'d Path) -> Self {
        Self { dir, dropped: 0, failed: None }
    }

    /// By the names alone: no file is opened but those that go.
    fn sizes(&mut self, limits: &Limits) -> Result<(), Error> {
        let sealed = names::sealed(self.dir)?;
        let mut bytes: u64 = sealed.iter().map(SegmentFile::bytes).sum();
        let mut events: u64 = sealed.iter().map(|file| file.events).sum();
        let mut segments = sealed.len() as u64;
        for file in sealed {
            let reason = match () {
                () if bytes > limits.bytes => Reason::CapBytes,
                () if events > limits.events => Reason::CapEvents,
                () if segments > limits.segments => Reason::CapSegments,
                () => break,
            };
            let (length, sealed_in) = (file.bytes(), file.events);
            if self.drop_segment(file, reason) {
                bytes = bytes.saturating_sub(length);
                events = events.saturating_sub(sealed_in);
                segments = segments.saturating_sub(1);
            }
        }
        Ok(())
    }

    /// Says whether the segment is gone.
    fn drop_segment(&mut self, file: SegmentFile, reason: Reason) -> bool {
        match drop_segment(self.dir, file, reason) {
            Ok(Some(events)) => {
                self.dropped += events;
                true
            }
            Ok(None) => false,
            Err(error) => {
                self.failed.get_or_insert(error);
                false
            }
        }
    }

    fn end(self) -> Result<u64, Error> {
        self.failed.map_or(Ok(self.dropped), Err)
    }
}

/// The count is written before the segment goes, and bears the segment's name:
/// who is killed in between counts it again under the same name, which counts once.
fn drop_segment(dir: &Path, file: SegmentFile, reason: Reason) -> Result<Option<u64>, Error> {
    let segment = file.segment.clone();
    let Some(claim) = SealedSegment::of(dir, file).claim()? else { return Ok(None) };
    let live = claim.live()?;
    if live > 0 {
        counts::add_once(dir, reason, live, &segment)?;
    }
    claim.remove_without_sync().map(|()| Some(live))
}

fn is_older(file: &SegmentFile, limits: &Limits, now: SystemTime) -> bool {
    let last = file.recorded().or_else(|| seal::last_time(&file.path));
    last.is_some_and(|time| now.duration_since(time).is_ok_and(|elapsed| elapsed > limits.age))
}
