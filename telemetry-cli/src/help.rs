//! What stands at the end of every help: an example, and the exit codes.
//!
//! It owns these words. It must never know a command.

/// How a process ends. The page on the command line has the same table.
macro_rules! exit_codes {
    () => {
        "Exit codes:
  0  done
  1  failed: standard error says what happened and what to do next
  2  the command line cannot be used, or a question cannot be asked
  3  telemetry is off (status, on, send), or the answer was no (erase)
  4  something was found (schema lint, verify, scrub --check)
  10 to 13  changed (schema diff): cosmetic, tightened, widened, loosened"
    };
}

/// The end of a command's help, with an example of its use.
macro_rules! example {
    ($example:literal) => {
        concat!("Example:\n  ", $example, "\n\n", exit_codes!())
    };
}
