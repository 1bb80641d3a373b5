//! What became of a withdrawal.
//!
//! It owns what can be said after an off. It must never know how it is done.

use crate::error::Error;

/// What [`Telemetry::off`](super::Telemetry::off) did, beyond that telemetry is
/// off.
#[derive(Debug)]
pub struct Withdrawal {
    erased: Result<u64, Error>,
    under_way: u64,
}

impl Withdrawal {
    pub(super) fn new(erased: Result<u64, Error>, under_way: u64) -> Self {
        Self { erased, under_way }
    }

    /// How many stored events were erased.
    pub fn erased(&self) -> u64 {
        self.erased.as_ref().copied().unwrap_or(0)
    }

    /// Why not everything could be erased, if so. What is left is never sent.
    pub fn not_erased(&self) -> Option<&Error> {
        self.erased.as_ref().err()
    }

    /// How many events this process was sending at that moment: the receiver may
    /// have them, and they could not be called back for sure.
    pub fn under_way(&self) -> u64 {
        self.under_way
    }
}
