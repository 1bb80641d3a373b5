//! A process that uses a secret's file, for the tests of first runs, rotations
//! and kills.
//!
//! `secret_process <what> <path>` says `ready`, waits for one line on its
//! standard input, does `what`, and says one line for each thing done:
//!
//! | what | does | says |
//! |---|---|---|
//! | `load` | loads or creates the secret | what its keys make of a fixed value |
//! | `rotate` | starts five new epochs | the number of each |
//! | `create-forever` | makes a secret in one new folder after the other below the path | the number of each folder |
//! | `rotate-forever` | starts one new epoch after the other | the number of each |
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::PathBuf;

use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys, Secret};

static PROBE: KeySlot = KeySlot::new(KeyScope::Domain("probe"));

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let what = arguments.next().unwrap_or_default();
    let path = PathBuf::from(arguments.next().ok_or("usage: secret_process <what> <path>")?);
    say("ready")?;
    stdin().read_line(&mut String::new())?;
    match what.to_str() {
        Some("load") => {
            let keys = Keys::new(Secret::load_or_create(&path)?).with_length(256)?;
            say(keys.pseudonym(&PROBE, b"probe").ok_or("no pseudonym")?)?;
        }
        Some("rotate") => {
            for _ in 0..5 {
                say(Secret::rotate(&path)?.epoch())?;
            }
        }
        Some("create-forever") => {
            for number in 0_u64.. {
                Secret::load_or_create(path.join(number.to_string()).join("secret"))?;
                say(number)?;
            }
        }
        Some("rotate-forever") => loop {
            say(Secret::rotate(&path)?.epoch())?;
        },
        _ => return Err("what to do: load, rotate, create-forever or rotate-forever".into()),
    }
    Ok(())
}

fn say(what: impl std::fmt::Display) -> std::io::Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{what}")?;
    stdout.flush()
}
