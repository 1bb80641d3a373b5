//! The events that every bench records.
#![forbid(unsafe_code)]
