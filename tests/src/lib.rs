//! What several tests share: programs to start, folders, canaries.
#![forbid(unsafe_code)]

pub mod spool;
// Tests may stop at the first wrong value, and so may what only they use.
#[allow(clippy::unwrap_used, clippy::panic)]
pub mod receiver;
