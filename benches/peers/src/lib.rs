//! One event as other libraries want it declared.
//!
//! It owns their structs and what each of them needs to write the event. It must
//! never measure.
#![forbid(unsafe_code)]

pub mod hiding;
pub mod storing;
