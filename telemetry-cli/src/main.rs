//! The `telemetry` binary; what it does is in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    telemetry_cli::main()
}
