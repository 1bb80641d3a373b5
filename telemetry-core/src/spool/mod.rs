//! Segments on disk: writing, sealing, recovering, caps, counts of what was
//! dropped, reading and erasing.
//!
//! It owns the files below. It must never know a policy, a consent or a
//! receiver.
//!
//! | path | what |
//! |---|---|
//! | `active/<run>-<n>.ndjson` | the segments that one process writes now, locked by it, or that it left |
//! | `sealed/<number>-<run>-<n>-<events>-<bytes>-<seconds>.ndjson` | complete segments, in the order of `<number>` |
//! | `dead-letters/` | what could not be read or was refused, with the reason |
//! | `dropped` | counts of what was dropped, by reason |
//! | `tidied` | empty: when the folder was tidied last |
//! | `delivery.lock` | held by the one process that delivers |
//! | `recovery.lock` | held by the one process that takes over what ended ones left |
//!
//! A line is one JSON object and a line feed, and begins with `{`. A line that
//! begins with a space is not there: that is how an event is taken out of a
//! file that somebody else may be writing.
//!
//! Every process writes a segment of its own. In a shared file, a process that
//! is killed leaves half a line, and the next writer would append its own
//! event to it and lose it.
//!
//! Imports between these files run in one direction: `limits`, `lines`, `names`,
//! `reason` and `counts`; then `read`, `seal`, `outgoing` with `dead_letters`; then `claim`; then `caps`
//! and `recovery`; then `tidy`, `erase`, `writer`; then `store`. `recognise` stands
//! beside them, on `counts` and `read`.

mod caps;
mod claim;
mod counts;
mod dead_letters;
mod draft;
mod erase;
mod limits;
mod lines;
mod names;
mod outgoing;
mod read;
mod reason;
mod recognise;
mod recovery;
mod seal;
mod store;
mod tidy;
mod writer;

pub use self::counts::{Counts, Reason, counts};
pub(crate) use self::draft::Draft;
pub use self::erase::{Filter, count_matching, erase};
pub use self::limits::Limits;
pub use self::lines::MAX_LINE;
pub use self::read::{Defect, LinePosition, Stored, StoredEvents, Unreadable, read};

pub(crate) use self::claim::{Claim, SealedSegment, sealed, try_lock_delivery};
pub(crate) use self::counts::Drops;
pub(crate) use self::outgoing::{ByteRange, DeadLetter, Outgoing, anything_waits};
pub(crate) use self::recognise::is_spool;
pub(crate) use self::recovery::recover;
pub(crate) use self::store::Spool;
pub(crate) use self::tidy::tidy;

/// What the tests of this project reach of the inside. It is exempt from
/// semantic versioning: it changes without notice.
#[doc(hidden)]
pub mod internals {
    use std::path::Path;

    use super::Reason;
    use crate::error::Error;

    pub use super::caps::enforce;
    pub use super::claim::{Claim, DeliveryLock, SealedSegment, sealed, try_lock_delivery};
    pub use super::read::Events;
    pub use super::recovery::{Recovered, recover};
    pub use super::store::Spool;
    pub use super::tidy::tidy;

    /// Counts events that were dropped by somebody outside the spool.
    ///
    /// # Errors
    ///
    /// When nothing that counts can be written.
    pub fn add_dropped(dir: &Path, reason: Reason, events: u64) -> Result<(), Error> {
        super::counts::add(dir, reason, events)
    }
}
