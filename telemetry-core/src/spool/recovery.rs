//! Taking over the segments of processes that are gone.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::counts::{self, Reason};
use super::names::{self, SegmentFile};
use super::seal::{Scan, seal_as};
use crate::error::Error;
use crate::platform::{self, Lock};

/// The empty file whose lock the one process has that takes segments over.
const TURN: &str = "recovery.lock";

/// How long to wait for it. To take over what one run left takes microseconds,
/// and the megabytes of many killed servers some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// What [`recover`] found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Recovered {
    /// Segments without an owner that are sealed now.
    pub segments: u64,
    /// Lines that ended in the middle and were cut off.
    pub torn: u64,
    /// Segments that a living process writes.
    pub living: u64,
    /// Segments that could not be taken over; they stay where they are.
    pub errors: Vec<Error>,
}

/// Seals every segment whose owner is gone, however it went, and cuts off a
/// last line that was not written to its end.
///
/// Whether the owner lives is asked of its lock on the segment, which the
/// system frees when the process ends; process ids play no part. Any number of
/// processes may recover at once: a later one waits a moment for the one that
/// is at it, since a segment that is being taken over looks as if its owner
/// were alive, and who delivers would find nothing to send.
///
/// # Errors
///
/// When the folder of active segments exists and cannot be listed. A single
/// segment that fails is reported in [`Recovered::errors`], and ends nothing.
pub fn recover(dir: &Path) -> Result<Recovered, Error> {
    if names::active(dir)?.is_empty() {
        return Ok(Recovered::default());
    }
    // Without the lock too: it keeps the answer true, not the files whole.
    let _turn = Lock::wait_at(&dir.join(TURN), PATIENCE);
    recover_at_once(dir)
}

/// The same, which waits for nobody: for a user who erases.
pub(super) fn recover_at_once(dir: &Path) -> Result<Recovered, Error> {
    let mut recovered = Recovered::default();
    let active = names::active_by_time(dir)?;
    if active.is_empty() {
        return Ok(recovered);
    }
    let mut number = names::next_number(dir)?;
    for segment in active {
        if let Err(error) = take_over(dir, &segment, &mut number, &mut recovered) {
            recovered.errors.push(error);
        }
    }
    Ok(recovered)
}

fn take_over(
    dir: &Path,
    segment: &SegmentFile,
    number: &mut u64,
    found: &mut Recovered,
) -> Result<(), Error> {
    let path = &segment.path;
    let file = match platform::open_to_change(path) {
        Ok(file) => file,
        // Sealed by its owner, or by another process that recovers.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("open", path, error)),
    };
    match Lock::try_take(file, path)? {
        Some(owner) => seal_ownerless(dir, segment, &owner, number, found),
        None => {
            // Somebody has it, unless it was sealed at this moment.
            found.living += u64::from(path.exists());
            Ok(())
        }
    }
}

fn seal_ownerless(
    dir: &Path,
    segment: &SegmentFile,
    owner: &Lock,
    number: &mut u64,
    found: &mut Recovered,
) -> Result<(), Error> {
    let path = &segment.path;
    let scan = Scan::of(path).map_err(|e| Error::io("read", path, e))?;
    if let Some(torn) = scan.torn {
        // Counted first, and by its place: counted again, it counts once.
        counts::add_once(dir, Reason::Torn, 1, &format!("{}@{torn}", segment.segment))?;
        owner.file().set_len(torn).map_err(|e| Error::io("cut the last line of", path, e))?;
        found.torn += 1;
    }
    if scan.live == 0 {
        return fs::remove_file(path).map_err(|e| Error::io("remove", path, e));
    }
    // No sync: after a power cut the segment is found here once more.
    seal_as(dir, *number, owner.file(), path, &segment.segment, scan.live)?;
    *number = number.saturating_add(1);
    found.segments += 1;
    Ok(())
}
