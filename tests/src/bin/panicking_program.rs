//! A program that panics, with a hook of its own.
//!
//! `panicking_program HOME on|off NAME`: panics in a thread with a literal, in
//! another with a text that holds the name, and at last in `main`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{panic, thread};

use telemetry_core::{Telemetry, spool};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: panicking_program HOME on|off NAME");
    let (home, on, name) = (next()?, next()? == "on", next()?);
    tell_what_is_stored(Path::new(&home).join("telemetry"));
    let mut builder = Telemetry::builder("app").home(home).with_env(|_| None);
    if on {
        builder = builder.on_by_default();
    }
    let telemetry = builder.build()?;
    telemetry.record_panics();
    telemetry.record_panics();
    let literal = thread::spawn(|| panic!("the flux capacitor is empty")).join();
    let formatted = {
        let name = name.clone();
        thread::spawn(move || panic!("could not charge for {name}")).join()
    };
    assert!(literal.is_err() && formatted.is_err());
    let number: Result<u8, _> = name.parse();
    number.unwrap();
    Ok(())
}

/// A hook of the program's own, which sees what lies in `folder` at a panic.
fn tell_what_is_stored(folder: PathBuf) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let stored = spool::read(&folder).map(Iterator::count);
        eprintln!("events stored so far: {}", stored.unwrap_or(0));
        before(info);
    }));
}
