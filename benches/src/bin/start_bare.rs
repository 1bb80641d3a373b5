//! A small tool without telemetry: it counts the files below a folder.
//!
//! `start_bare <folder>`. The floor of the bench `startup`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: start_bare FOLDER")?;
    std::hint::black_box(telemetry_benches::walk::files_below(Path::new(&folder))?);
    Ok(())
}
