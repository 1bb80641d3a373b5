//! Runs one case a given number of times, for an instruction counter:
//! `instructions <case> <times>`. See `benches/instructions`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;

use telemetry_benches::{
    CLEAN, DIRTY, EVENT, RunFinished, Scratch, client, floor, names, sanitizer,
};
use telemetry_core::scrub::Scrubber;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(case), Some(times)) = (arguments.next(), arguments.next()) else {
        return Err("usage: instructions <case> <times>".into());
    };
    run(&case, times.parse()?)
}

fn run(case: &str, times: u32) -> Result<(), Box<dyn Error>> {
    match case {
        "floor" => {
            let (keys, mut out) = (floor::Keys::default(), Vec::new());
            for _ in 0..times {
                out.clear();
                floor::write(&mut out, black_box(&keys), black_box(&EVENT));
            }
        }
        "sanitise" => {
            let (sanitizer, mut out) = (sanitizer()?, Vec::new());
            for _ in 0..times {
                out.clear();
                sanitizer.sanitize(black_box(&EVENT)).write_json(&mut out)?;
            }
        }
        "sanitise-first" => {
            let (sanitizer, mut out, names) = (sanitizer()?, Vec::new(), names());
            for (target, user) in names.iter().cycle().take(times as usize) {
                out.clear();
                let event = RunFinished { target, user, ..EVENT };
                sanitizer.sanitize(black_box(&event)).write_json(&mut out)?;
            }
        }
        "scrub-clean" | "scrub-dirty" => {
            let text = if case == "scrub-clean" { CLEAN } else { DIRTY };
            let scrubber = Scrubber::default();
            for _ in 0..times {
                black_box(scrubber.scrub(black_box(text)));
            }
        }
        "record" | "off" => {
            let scratch = Scratch::new()?;
            let telemetry = client(scratch.path(), case == "record")?;
            for _ in 0..times {
                black_box(telemetry.record(black_box(&EVENT)));
            }
        }
        _ => return Err(format!("there is no case `{case}`").into()),
    }
    Ok(())
}
