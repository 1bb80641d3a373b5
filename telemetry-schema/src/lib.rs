//! What a program's telemetry can say, as a file: the lock, and all that is
//! made from it.
//!
//! It owns an owned description of events ([`Schema`]) and its text form
//! ([`lock`]), the ranked comparison of two ([`diff`]), findings ([`lint`]),
//! the dictionary for users ([`dictionary`]), the check of stored lines
//! ([`verify`]) and the forms that outside readers ask for ([`export`]). It must never
//! know a value that was collected, nor how a policy is carried out.
//!
//! It is a crate of its own because a program that records events needs none
//! of it: `telemetry-core` depends on it only under its feature `lock`, which
//! is for an author's tests, and the `telemetry` command has it.
//!
//! ```
//! use telemetry_schema::{diff, lock};
//!
//! let old = "telemetry-lock 1\n\n\
//!     event run.finished; version 1; purpose diagnostics\n\
//!     field run.finished target; hash; pseudonym\n";
//! let new = old.replace("hash; pseudonym", "allow(because = \"test hosts\"); vouched");
//! let (old, new) = (lock::parse(old)?, lock::parse(&new)?);
//! let diff = diff::compare(&old, &new);
//! assert_eq!(diff.rank(), Some(diff::Rank::Loosened));
//! assert!(diff.to_string().contains("LOOSENED"));
//! # Ok::<(), lock::LockError>(())
//! ```
#![forbid(unsafe_code)]

pub mod dictionary;
pub mod diff;
mod domain;
pub mod export;
pub mod hold;
pub mod json_schema;
pub mod lint;
pub mod lock;
mod model;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod verify;
pub mod words;

pub use self::domain::{Domain, Opening};
pub use self::model::{Allowance, Event, Field, Form, Period, Policy, Schema, Settings, Time};
