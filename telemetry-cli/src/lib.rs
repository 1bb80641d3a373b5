//! The `telemetry` command, for a program of its own or as a subcommand of the author's.
#![forbid(unsafe_code)]
