//! What several tests share: programs to start, folders, canaries.
#![forbid(unsafe_code)]

pub mod mount;
pub mod ordered;
pub mod programs;
// A test may stop at the first wrong value, and so may what only tests use.
pub mod receiver;
#[cfg(doctest)]
mod refused_when_built;
pub mod spool;

/// The examples of the pages are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The examples of the pages are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
struct Contributing;

/// The examples of the pages are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/command-line.md")]
struct CommandLine;

/// The examples of the pages are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/delivery.md")]
struct Delivery;
