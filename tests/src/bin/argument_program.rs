//! A program whose errors quote what was typed.
//!
//! Scrubs its standard input, hiding its arguments.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{Read, Write};

use telemetry_core::Scrubber;

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let scrubber = Scrubber::default().hiding_arguments();
    std::io::stdout().write_all(scrubber.scrub(&text).as_bytes())?;
    Ok(())
}
