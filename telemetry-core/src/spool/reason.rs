//! Why an event was dropped: the name, the cause, the remedy, the place.
//!
//! It owns the list of reasons, each complete in one row, so that none can be
//! added without the words that its user reads. It must never know how events
//! are counted.

use std::fmt;

use super::names::{ACTIVE, DEAD_LETTERS, SEALED};

macro_rules! reasons {
    ($(
        $(#[doc = $doc:literal])*
        $Reason:ident $name:literal, $place:expr, $cause:literal, $remedy:literal;
    )*) => {
        /// Why an event was dropped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[doc = $doc])* $Reason,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$Reason),*];

            /// The name, as the file `dropped` writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Reason => $name,)* }
            }

            /// What happened, for the user of the program: a clause without a
            /// full stop.
            pub const fn cause(self) -> &'static str {
                match self { $(Self::$Reason => $cause,)* }
            }

            /// What helps, for the user of the program: an instruction without a
            /// full stop.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$Reason => $remedy,)* }
            }

            /// Where to look: the path of a file or folder below the telemetry
            /// folder; empty for that folder itself.
            pub const fn place(self) -> &'static str {
                match self { $(Self::$Reason => $place,)* }
            }
        }
    };
}
reasons! {
    /// The line was longer than [`Limits::line`](super::Limits::line).
    TooLong "too-long", "",
        "the event was longer than a stored line may be",
        "tell the program's author, who may collect less or raise the limit";
    /// The spool held too many bytes.
    CapBytes "cap-bytes", SEALED,
        "more bytes waited than are kept, so the oldest events went",
        "run `send`, which says what stands in the way of sending";
    /// The spool held too many events.
    CapEvents "cap-events", SEALED,
        "more events waited than are kept, so the oldest went",
        "run `send`, which says what stands in the way of sending";
    /// The spool held too many segments.
    CapSegments "cap-segments", SEALED,
        "more files waited than are kept, so the oldest went",
        "run `send`, which says what stands in the way of sending";
    /// It waited too long.
    CapAge "cap-age", SEALED,
        "the event waited for longer than events are kept",
        "run `send`, which says what stands in the way of sending";
    /// The disk, the quota or the file-size limit was full.
    DiskFull "disk-full", "",
        "the disk, your quota or the limit on the size of a file (`ulimit -f`) was full",
        "make room on the disk of this folder, or raise the limit";
    /// The operating system refused to write for another reason.
    WriteFailed "write-failed", "",
        "the operating system refused to write the event",
        "check that this folder and what is in it are yours, and that its disk may be written";
    /// There was no secret for its pseudonyms, no id or no folder to store it in.
    NotReady "not-ready", "secret",
        "the folder or the secret behind the pseudonyms could not be used",
        "check that this file and its folder are yours alone; once the secret is removed, a new one is made";
    /// A field's own code failed or panicked while the event was serialised.
    NotSerialised "not-serialised", "",
        "the program's own code failed while the event was written",
        "tell the program's author";
    /// A process was killed in the middle of the line. It was never acknowledged.
    Torn "torn", ACTIVE,
        "the program was killed in the middle of writing the event",
        "nothing needs to be done: the rest of the file is whole";
    /// The line could not be read as an event; it is among the dead letters.
    Unreadable "unreadable", DEAD_LETTERS,
        "the line could not be read as an event: the file was damaged or edited",
        "read what is kept in this folder; `erase` removes it";
    /// The receiver refused it; it is among the dead letters.
    Rejected "rejected", DEAD_LETTERS,
        "the receiver refused the event",
        "update the program, or tell its author; what was refused is kept in this folder, and `erase` removes it";
    /// It is larger than the receiver takes, or its format cannot hold it; it is
    /// among the dead letters.
    NotExported "not-exported", DEAD_LETTERS,
        "the event is larger than the receiver takes, or its format cannot hold it",
        "tell the program's author; the event is kept in this folder, and `erase` removes it";
    /// This program cannot have written it: it has no such event, field or value,
    /// or none so deeply nested. It is among the dead letters.
    Unexpected "unexpected", DEAD_LETTERS,
        "this program cannot have written the event: an older version did, or somebody edited the file",
        "read what is kept in this folder; `erase` removes it";
    /// It was recorded at a time without consent.
    Withdrawn "withdrawn", "consent.toml",
        "the event is of a time or a purpose that you did not agree to",
        "nothing needs to be done: it was not sent, as you asked for";
    /// The segment was removed by hand while the program wrote it.
    Removed "removed", ACTIVE,
        "the file was removed while the program wrote it",
        "nothing needs to be done; `erase` removes events without counting them as lost";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
