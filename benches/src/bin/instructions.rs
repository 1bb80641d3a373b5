//! Runs one case a given number of times, for an instruction counter:
//! `instructions <case> <times>`. See `benches/instructions`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;

use telemetry_benches::{
    CLEAN, COUNTED, DIRTY, EVENT, NEAR_MISS, RunFinished, Scratch, client, floor, names, sanitizer,
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
        // What two pseudonyms need of the hash. Where no processor instructions
        // for it are emulated it is most of an event, and not ours.
        "sha" => {
            let (keys, mut out, mut blocks) = (floor::Keys::default(), Vec::new(), [[7; 64]; 2]);
            for _ in 0..times {
                floor::sha(black_box(&keys), black_box(&mut blocks), b"", &mut out);
            }
        }
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
        "counted" => {
            let scratch = Scratch::new()?;
            let telemetry = client(scratch.path(), true)?;
            for _ in 0..times {
                black_box(telemetry.record(black_box(&COUNTED)));
            }
        }
        "scrub-clean" | "scrub-near" | "scrub-dirty" => {
            let text = match case {
                "scrub-clean" => CLEAN,
                "scrub-near" => NEAR_MISS,
                _ => DIRTY,
            };
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
