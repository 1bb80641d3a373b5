//! The `telemetry` binary, as a test starts it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    telemetry_cli::main()
}
