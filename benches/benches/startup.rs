//! What a short program pays for telemetry, from its start to its end, as whole
//! processes.
//!
//! `cargo bench -p telemetry-benches --bench startup [-- RUNS]`; 200 runs unless
//! said otherwise. Each case runs in turns with the same program without
//! telemetry, which counts the files below a folder. `ratio` is the median of the
//! ratios of neighbours; `added` is the median of their differences.
//!
//! | case | goal |
//! |---|---|
//! | linked, and not called: the program is larger, and nothing of the library runs | the floor of all below it |
//! | off, undecided | within 2 % of the same program, linked |
//! | an event | at most 1 ms added |
//! | 1,000 and 2,000 files waiting | within 10 % of none |
//! | a receiver that does not answer: a child delivers, or a thread | 1 ms; the exit's 20 ms |
#![allow(clippy::print_stdout, reason = "a program that prints its figures")]

use std::error::Error;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use telemetry_benches::Scratch;

const BARE: &str = env!("CARGO_BIN_EXE_start_bare");
const PROGRAM: &str = env!("CARGO_BIN_EXE_start_program");

struct Case {
    name: &'static str,
    home: PathBuf,
    what: &'static str,
    variable: Option<(&'static str, &'static str)>,
    times: Vec<Duration>,
}

impl Case {
    fn new(scratch: &Scratch, name: &'static str, what: &'static str) -> Self {
        let home = scratch.path().join(name.replace([' ', ','], "-"));
        Self { name, home, what, variable: None, times: Vec::new() }
    }

    fn command(&self, folder: &Path, receiver: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg(folder).arg(&self.home).arg(receiver).arg(self.what).env_clear();
        command.envs(self.variable).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

fn bare(folder: &Path) -> Command {
    let mut command = Command::new(BARE);
    command.arg(folder).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn time(mut command: Command) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let status = command.status()?;
    let took = begun.elapsed();
    if status.success() { Ok(took) } else { Err(format!("{command:?}: {status}").into()) }
}

/// Some thousand files, as a small tool meets them.
fn make_files(folder: &Path) -> std::io::Result<()> {
    for directory in 0..40 {
        let directory = folder.join(format!("{directory}"));
        fs::create_dir_all(&directory)?;
        (0..60).try_for_each(|file| fs::write(directory.join(format!("{file}")), ""))?;
    }
    Ok(())
}

/// As many short runs' complete segments as `segments`. Each has its line, and the
/// names that the library gives them.
fn wait_in(home: &Path, segments: u64) -> Result<(), Box<dyn Error>> {
    let spool = telemetry_core::spool::internals::Spool::open(
        home.join("telemetry"),
        telemetry_core::spool::Limits::default(),
    )?;
    for _ in 0..segments {
        let mut id = String::new();
        spool.next_id(&mut id);
        let line = format!(
            "{{\"id\":\"{id}\",\"time\":\"2026-11-24T10:00:00.000Z\",\"event\":\"counted\",\
             \"version\":1,\"purpose\":\"product-improvement\",\"generation\":0,\
             \"fields\":{{\"files\":\"1000..10000\",\"host\":\"h1_{id}\"}}}}\n"
        );
        spool.append(line.as_bytes())?;
        spool.seal()?;
    }
    Ok(())
}

fn median<T: Copy + PartialOrd>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

fn ratio(of: &[Duration], to: &[Duration]) -> f64 {
    let ratios = of.iter().zip(to).map(|(of, to)| of.as_secs_f64() / to.as_secs_f64());
    median(ratios).unwrap_or(f64::NAN)
}

fn added(of: &[Duration], to: &[Duration]) -> f64 {
    let added = of.iter().zip(to).map(|(of, to)| (of.as_secs_f64() - to.as_secs_f64()) * 1e3);
    median(added).unwrap_or(f64::NAN)
}

fn print(name: &str, of: &[Duration], to: &[Duration]) {
    let milliseconds = median(of.iter().map(|time| time.as_secs_f64() * 1e3)).unwrap_or(f64::NAN);
    println!("{name:44}{milliseconds:>9.2}{:>9.3}{:>10.3}", ratio(of, to), added(of, to));
}

/// The whole of `runs` processes that are started together.
fn together(runs: usize, make: impl Fn() -> Command) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let started = (0..runs).map(|_| make().spawn()).collect::<Result<Vec<_>, _>>()?;
    for mut process in started {
        process.wait()?;
    }
    Ok(begun.elapsed())
}

fn main() -> Result<(), Box<dyn Error>> {
    // cargo adds arguments of its own.
    let runs = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(200);
    let scratch = Scratch::new()?;
    let folder = scratch.path().join("files");
    make_files(&folder)?;
    // It takes connections, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let receiver = silent.local_addr()?.to_string();

    let mut cases = vec![
        Case::new(&scratch, "the same again", ""),
        Case::new(&scratch, "linked, and not called", "linked"),
        Case::new(&scratch, "off, by a variable", "on"),
        Case::new(&scratch, "off, by the user's choice", "on"),
        Case::new(&scratch, "undecided", "opt-in"),
        Case::new(&scratch, "an event", "on"),
        Case::new(&scratch, "an event, 1,000 files wait", "on"),
        Case::new(&scratch, "an event, 2,000 files wait", "on"),
        Case::new(&scratch, "a receiver that does not answer, child", "child"),
        Case::new(&scratch, "a receiver that does not answer, thread", "thread"),
    ];
    for case in &mut cases {
        match case.name {
            "off, by a variable" => case.variable = Some(("DO_NOT_TRACK", "1")),
            "off, by the user's choice" => {
                fs::create_dir_all(&case.home)?;
                fs::write(case.home.join("telemetry.toml"), "[telemetry]\nenabled = false\n")?;
            }
            "an event, 1,000 files wait" => wait_in(&case.home, 1_000)?,
            "an event, 2,000 files wait" => wait_in(&case.home, 1_900)?,
            _ => {}
        }
        if case.what == "on" && case.variable.is_none() {
            // The child that the first run starts finds nobody, and there is none in
            // the hour after it.
            time(case.command(&folder, "127.0.0.1:9"))?;
            time(case.command(&folder, "127.0.0.1:9"))?;
        }
    }
    let mut floor = Vec::new();
    for _ in 0..runs {
        floor.push(time(bare(&folder))?);
        for case in &mut cases {
            let command = match case.what {
                "" => bare(&folder),
                _ => case.command(&folder, &receiver),
            };
            case.times.push(time(command)?);
        }
    }
    println!("{:44}{:>9}{:>9}{:>10}", "whole processes, in ms", "median", "ratio", "added");
    print("without telemetry", &floor, &floor);
    cases.iter().for_each(|case| print(case.name, &case.times, &floor));
    let times = |name: &str| {
        cases.iter().find(|case| case.name == name).map_or(&[][..], |case| &case.times)
    };
    for off in ["off, by a variable", "off, by the user's choice", "undecided"] {
        let linked = times("linked, and not called");
        let (ratio, added) = (ratio(times(off), linked), added(times(off), linked));
        println!("{:44}{:>9}{ratio:>9.3}{added:>10.3}", format!("{off}: to linked"), "");
    }
    for many in ["an event, 1,000 files wait", "an event, 2,000 files wait"] {
        let ratio = ratio(times(many), times("an event"));
        println!("{:44}{:>9}{ratio:>9.3}", format!("{many}: to none"), "");
    }
    let parallel = |home: &str| {
        let case = Case::new(&scratch, "in parallel", "on");
        let case = Case { home: scratch.path().join(home), ..case };
        let alone = together(runs, || bare(&folder))?;
        let with = together(runs, || case.command(&folder, &receiver))?;
        Ok::<_, Box<dyn Error>>((with, alone))
    };
    let rounds = (0..7).map(|round| parallel(&format!("parallel-{round}")));
    let (with, alone): (Vec<_>, Vec<_>) =
        rounds.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    print(&format!("{runs} in parallel, first runs, all of them"), &with, &alone);
    Ok(())
}
