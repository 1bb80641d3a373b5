//! Taking over the segments of processes that are gone.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::counts::{self, Reason};
use super::lines::{LineKind, Lines};
use super::names::{self, SegmentFile};
use super::segment::seal_file;
use crate::error::Error;
use crate::platform;

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
/// processes may recover at once.
///
/// # Errors
///
/// When the folder of active segments exists and cannot be listed. A single
/// segment that fails is reported in [`Recovered::errors`], and ends nothing.
pub fn recover(dir: &Path) -> Result<Recovered, Error> {
    let mut recovered = Recovered::default();
    for segment in names::active(dir)? {
        if let Err(error) = take_over(dir, &segment, &mut recovered) {
            recovered.errors.push(error);
        }
    }
    Ok(recovered)
}

fn take_over(dir: &Path, segment: &SegmentFile, found: &mut Recovered) -> Result<(), Error> {
    let path = &segment.path;
    let file = match platform::open_to_change(path) {
        Ok(file) => file,
        // Sealed by its owner, or by another process that recovers.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("open", path, error)),
    };
    if !platform::try_lock(&file, path)? {
        found.living += 1;
        return Ok(());
    }
    let done = if platform::is_file_at(&file, path) {
        seal_ownerless(dir, segment, &file, found)
    } else {
        Ok(())
    };
    let _ = file.unlock();
    done
}

/// With the segment's lock held.
fn seal_ownerless(
    dir: &Path,
    segment: &SegmentFile,
    file: &File,
    found: &mut Recovered,
) -> Result<(), Error> {
    let path = &segment.path;
    let scan = Scan::of(path).map_err(|e| Error::io("read", path, e))?;
    if let Some(torn) = scan.torn {
        // Counted first, and by its place: counted again, it counts once.
        counts::count_once(dir, Reason::Torn, 1, &format!("{}@{torn}", segment.segment))?;
        file.set_len(torn).map_err(|e| Error::io("cut the last line of", path, e))?;
        found.torn += 1;
    }
    if scan.live == 0 {
        return fs::remove_file(path).map_err(|e| Error::io("remove", path, e));
    }
    // No sync: after a power cut the segment is found here once more.
    seal_file(dir, path, &segment.segment, scan.live)?;
    found.segments += 1;
    Ok(())
}

/// What a segment holds, whatever its lines mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    /// Lines that are complete and not blank.
    pub(super) live: u64,
    /// Where a last line starts that does not end.
    pub(super) torn: Option<u64>,
}

impl Scan {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut lines = Lines::new(platform::open_regular(path)?);
        let mut scan = Self { live: 0, torn: None };
        while let Some(line) = lines.next()? {
            match line.kind {
                LineKind::Whole | LineKind::TooLong => scan.live += 1,
                LineKind::Torn => scan.torn = Some(line.offset),
                LineKind::Blank => {}
            }
        }
        Ok(scan)
    }
}
