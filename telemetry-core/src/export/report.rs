//! What one delivery did.

use std::time::SystemTime;

use crate::spool::Counts;

/// What one delivery did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Events that the receiver took.
    pub sent: u64,
    /// Requests that were answered with a status of success.
    pub batches: u64,
    /// Events that went to the dead letters, by reason.
    pub dead_letters: Counts,
    /// Events that were dropped, by reason.
    pub dropped: Counts,
    /// Events of the request that did not succeed; they go again later.
    pub retried_later: u64,
    /// Why the last request did not succeed, or a segment could not be read.
    pub failure: Option<String>,
    /// When the next request may start, if not at once.
    pub next_attempt: Option<SystemTime>,
    /// Why the delivery ended.
    pub end: End,
}

/// Why a delivery ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Nothing is left that could be sent.
    #[default]
    Done,
    /// Consent is denied.
    Denied,
    /// Another process delivers.
    Busy,
    /// The next request may not start yet.
    Waiting,
    /// The time was over, or the rest of it too short for the next request, or
    /// the program ends.
    Stopped,
    /// The transport cannot send in this environment; the report's failure says
    /// why.
    Unable,
}
