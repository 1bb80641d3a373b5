//! What several tests share: programs to start, folders, canaries.
#![forbid(unsafe_code)]

pub mod spool;
