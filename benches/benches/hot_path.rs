//! The hot path beside its floors: `cargo bench -p telemetry-benches --bench hot_path`.
//!
//! All cases of a question run in turns, so that what slows the machine down
//! slows all of them down. The number that holds is the ratio to the floor.
//! With `--json` each case is one JSON line.

use std::error::Error;
use std::fs::OpenOptions;
use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use telemetry_benches::harness::{self, Case, Form};
use telemetry_benches::{
    CLEAN, COUNTED, DIRTY, ERROR, EVENT, NEAR_MISS, RunFinished, Scratch, client, floor, names,
    sanitizer,
};
use telemetry_core::Recorded;
use telemetry_core::scrub::Scrubber;

fn main() -> Result<(), Box<dyn Error>> {
    let form = Form::from_arguments();
    sanitise(form)?;
    record(form)?;
    counted(form)?;
    off(form)?;
    build(form)?;
    scrub(form);
    Ok(())
}

/// Gives each call the next names.
fn rotating<'n>(names: &'n [(String, String)]) -> impl FnMut() -> RunFinished<'n> {
    let mut next = names.iter().cycle();
    move || match next.next() {
        Some((target, user)) => RunFinished { target, user, ..EVENT },
        None => EVENT,
    }
}

fn sanitise(form: Form) -> Result<(), Box<dyn Error>> {
    let (sanitizer, keys) = (sanitizer()?, floor::Keys::default());
    let names = names();
    let (mut by_hand, mut first, mut first_text) =
        (rotating(&names), rotating(&names), rotating(&names));
    let raw = EVENT.unprotected(ERROR);
    let with_text = EVENT.failed(ERROR);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g] = [const { Vec::new() }; 7];
    // All write the same fields, or the ratios say nothing.
    floor::write(&mut a, &keys, &EVENT);
    sanitizer.sanitize(&EVENT).write_json(&mut b)?;
    assert_eq!(a.len(), b.len());
    let line = a.clone();
    let mut blocks = [[7; 64]; 2];
    harness::run(
        form,
        "sanitise",
        "sanitise: nine fields to JSON, two of them hashed",
        vec![
            Case::new("floor.sha", "floor: the compressions, and a copy of the line", || {
                floor::sha(black_box(&keys), black_box(&mut blocks), black_box(&line), &mut a);
            }),
            Case::new("floor.by_hand", "the same bytes by hand", || {
                b.clear();
                floor::write(&mut b, black_box(&keys), black_box(&by_hand()));
            }),
            Case::new("serde_json.raw", "serde_json of the raw struct, with the text", || {
                c.clear();
                let _ = serde_json::to_writer(&mut c, black_box(&raw));
            }),
            Case::new("sanitise.first", "sanitised, values not seen before", || {
                d.clear();
                let _ = sanitizer.sanitize(black_box(&first())).write_json(&mut d);
            }),
            Case::new("sanitise.repeated", "sanitised, the same values again", || {
                e.clear();
                let _ = sanitizer.sanitize(black_box(&EVENT)).write_json(&mut e);
            }),
            Case::new("sanitise.first_text", "the same with a tenth field, scrubbed", || {
                f.clear();
                let event = first_text().failed(ERROR);
                let _ = sanitizer.sanitize(black_box(&event)).write_json(&mut f);
            }),
            Case::new("sanitise.serde", "with the text, repeated, through serde_json", || {
                g.clear();
                let _ = serde_json::to_writer(&mut g, &sanitizer.sanitize(black_box(&with_text)));
            }),
        ],
    );
    Ok(())
}

fn record(form: Form) -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let on = client(&scratch.path().join("on"), true)?;
    assert!(on.record(&EVENT).is_stored());
    let mut line = Vec::new();
    sanitizer()?.sanitize(&EVENT).write_json(&mut line)?;
    // The keys of a stored line beside its fields have some 200 bytes.
    let line = [line.as_slice(), &[b' '; 199], b"\n"].concat();
    let path = scratch.path().join("floor");
    let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
    let names = names();
    let mut next = rotating(&names);
    harness::run(
        form,
        "record",
        "record: nine fields to the spool",
        vec![
            Case::new("record.floor", "floor: a ready line is appended to a file", || {
                let _ = file.write_all(black_box(&line));
            }),
            Case::new("record", "record, values seen before", || {
                black_box(on.record(black_box(&EVENT)));
            }),
            Case::new("record.first", "record, values not seen before", || {
                black_box(on.record(black_box(&next())));
            }),
        ],
    );
    Ok(())
}

fn counted(form: Form) -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let telemetry = client(&scratch.path().join("counted"), true)?;
    assert_eq!(telemetry.record(&COUNTED), Recorded::Counted);
    let counter = AtomicU64::new(0);
    harness::run(
        form,
        "counted",
        "counted: an event of which only the count leaves",
        vec![
            Case::new("fetch_add", "floor: an atomic counter", || {
                black_box(counter.fetch_add(1, Ordering::Relaxed));
            }),
            Case::new("counted", "record of a counted event", || {
                black_box(telemetry.record(black_box(&COUNTED)));
            }),
        ],
    );
    Ok(())
}

/// What the program itself has to do anyway: a loop of a thousand calls, each of
/// which looks at a flag. Divided by a thousand, the rest is what a call costs
/// where it is inlined.
const CALLS: u32 = 1_000;

fn off(form: Form) -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let off = client(&scratch.path().join("off"), false)?;
    assert!(!off.record(&EVENT).is_stored());
    let flag = AtomicBool::new(false);
    let built = || RunFinished { target: black_box("web-1.corp.example"), ..EVENT };
    harness::run(
        form,
        "off",
        "off: what a call costs while consent is denied",
        vec![
            Case::new("flag", "floor: a flag is read", || {
                for _ in 0..CALLS {
                    black_box(black_box(&flag).load(Ordering::Relaxed));
                }
            })
            .of(CALLS),
            Case::new("off", "record, the event stands ready", || {
                for _ in 0..CALLS {
                    black_box(black_box(&off).record(black_box(&EVENT)));
                }
            })
            .of(CALLS),
            Case::new("off.built", "record, the event is built at the call", || {
                for _ in 0..CALLS {
                    black_box(black_box(&off).record(&built()));
                }
            })
            .of(CALLS),
            Case::new("off.with", "record_with, the event would be built", || {
                for _ in 0..CALLS {
                    black_box(black_box(&off).record_with(built));
                }
            })
            .of(CALLS),
        ],
    );
    Ok(())
}

fn build(form: Form) -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let home = scratch.path().join("build");
    // What the first start of a program makes is there.
    assert!(client(&home, true)?.record(&EVENT).is_stored());
    let missing = scratch.path().join("missing");
    harness::run(
        form,
        "build",
        "build: a client is made and dropped, nothing is recorded",
        vec![
            Case::new("build.floor", "floor: one file is looked for that is not there", || {
                black_box(std::fs::symlink_metadata(black_box(&missing)).is_ok());
            }),
            Case::new("build.on", "consent given", || {
                drop(black_box(client(&home, true)));
            }),
            Case::new("build.off", "consent denied by a variable", || {
                drop(black_box(client(&home, false)));
            }),
        ],
    );
    Ok(())
}

fn scrub(form: Form) {
    let scrubber = Scrubber::default();
    let page = format!("{CLEAN}\n").repeat(16);
    harness::run(
        form,
        "scrub",
        "scrub: 64 bytes",
        vec![
            Case::new("scrub.floor64", "floor: a look at each byte", || {
                let seen = black_box(CLEAN).bytes().fold(0_u8, |seen, byte| seen | byte);
                black_box(seen);
            }),
            Case::new("scrub.clean64", "clean", || {
                drop(black_box(scrubber.scrub(black_box(CLEAN))));
            }),
            Case::new("scrub.near64", "near misses: versions, paths of code, times", || {
                drop(black_box(scrubber.scrub(black_box(NEAR_MISS))));
            }),
            Case::new("scrub.dirty64", "with personal data", || {
                drop(black_box(scrubber.scrub(black_box(DIRTY))));
            }),
            Case::new("scrub.clean1k", "clean, 1 KiB", || {
                drop(black_box(scrubber.scrub(black_box(&page))));
            }),
        ],
    );
}
