//! What the derive costs at compile time, against `serde::Serialize`.
//!
//! `cargo run --release -p telemetry-benches --bin compile_cost` writes four
//! packages with the same 200 structs of ten fields: without a derive, with
//! `serde::Serialize`, with that and `Debug`, and with `TelemetryEvent`, which
//! stands in for both. It prints how many bytes one
//! derive expands to, and how many milliseconds of `cargo check` one struct
//! takes beyond the one without a derive, in processor time where the system
//! tells it. It fails when the expansion of one event is above its budget: bytes
//! are the same on every machine, and time is printed as a ratio alone.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Structs in a package: enough that the derive outweighs starting a compiler.
const STRUCTS: u32 = 200;
/// Runs per package, of which the fastest counts: the others were disturbed.
const RUNS: usize = 7;
/// What an event of ten fields may expand to, without indentation.
const MOST_BYTES: usize = 4096;
type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Clone, Copy)]
struct Derive {
    name: &'static str,
    /// What stands above a struct.
    attribute: &'static str,
    /// Whether fields carry their policies.
    policies: bool,
}

const NONE: Derive = Derive { name: "none", attribute: "", policies: false };
const SERDE: Derive =
    Derive { name: "serde", attribute: "#[derive(serde::Serialize)]", policies: false };
const BOTH: Derive = Derive {
    name: "serde-debug",
    attribute: "#[derive(Debug, serde::Serialize)]",
    policies: false,
};
const TELEMETRY: Derive = Derive {
    name: "telemetry",
    attribute: "#[derive(telemetry_core::TelemetryEvent)]\n\
                #[telemetry(purpose = \"diagnostics\")]",
    policies: true,
};

/// Ten fields under the policies that events have most.
const FIELDS: [(&str, &str); 10] = [
    ("one_of(\"converge\", \"upload\", \"verify\")", "command: &'a str"),
    ("drop", "arguments: &'a [String]"),
    ("hash", "target: &'a str"),
    ("hash(lowercase), domain = \"user\"", "user: String"),
    ("allow", "attempts: u32"),
    ("bucket(100, 1_000, 10_000)", "duration_ms: u64"),
    ("scrub", "error: Option<&'a str>"),
    ("truncate_ip", "address: std::net::IpAddr"),
    ("count", "resources: Vec<String>"),
    ("allow", "exit_code: i32"),
];

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]
fn main() -> ExitCode {
    match measure() {
        Ok((report, within)) => {
            print!("{report}");
            if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Outcome<(String, bool)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let root = workspace.join("target").join("compile_cost");
    let mut measured = Vec::new();
    for derive in [NONE, SERDE, BOTH, TELEMETRY] {
        let package = write_package(&workspace, &root, derive)?;
        measured.push((derive, expanded(&package)?, fastest_check(&package)?));
    }
    let (Some((_, plain_bytes, plain_time)), Some((_, _, serde_time))) =
        (measured.first().copied(), measured.get(1).copied())
    else {
        return Err("nothing was measured".into());
    };
    let mut report = String::from("derive       bytes per struct   x serde in cargo check\n");
    let mut within = true;
    for (derive, bytes, time) in measured.into_iter().skip(1) {
        let bytes = bytes.saturating_sub(plain_bytes) / STRUCTS as usize;
        let ratio = time.saturating_sub(plain_time).as_secs_f64()
            / serde_time.saturating_sub(plain_time).as_secs_f64();
        writeln!(report, "{:<12} {bytes:>16} {ratio:>24.2}", derive.name)?;
        within &= !derive.policies || bytes < MOST_BYTES;
    }
    Ok((report, within))
}

fn write_package(workspace: &Path, root: &Path, derive: Derive) -> Outcome<PathBuf> {
    let package = root.join(derive.name);
    fs::create_dir_all(package.join("src"))?;
    // All have the same dependencies, so that the difference is the derive.
    let manifest = format!(
        "[workspace]\n[package]\nname = {:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\n\
         telemetry-core = {{ path = {:?}, default-features = false }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n",
        format!("cost-{}", derive.name),
        workspace.join("telemetry-core"),
    );
    fs::write(package.join("Cargo.toml"), manifest)?;
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock"))?;
    fs::write(package.join("src").join("lib.rs"), source(derive)?)?;
    Ok(package)
}

fn source(derive: Derive) -> Outcome<String> {
    let mut source = String::new();
    for number in 0..STRUCTS {
        writeln!(source, "{}\npub struct RunFinished{number}<'a> {{", derive.attribute)?;
        for (policy, field) in FIELDS {
            if derive.policies {
                writeln!(source, "    #[telemetry({policy})]")?;
            }
            writeln!(source, "    pub {field},")?;
        }
        writeln!(source, "}}")?;
    }
    Ok(source)
}

/// The bytes of the expanded package, without indentation, which is not the
/// derive's.
fn expanded(package: &Path) -> Outcome<usize> {
    let output = cargo(package)
        .args(["rustc", "--offline", "--quiet", "--", "-Zunpretty=expanded"])
        // Showing the expansion needs a compiler's unstable option.
        .env("RUSTC_BOOTSTRAP", "1")
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("the expansion cannot be shown".into());
    }
    Ok(String::from_utf8(output.stdout)?.lines().map(|line| line.trim().len() + 1).sum())
}

fn fastest_check(package: &Path) -> Outcome<Duration> {
    let source = package.join("src").join("lib.rs");
    let text = fs::read_to_string(&source)?;
    let mut fastest = Duration::MAX;
    for run in 0..=RUNS {
        // A changed source, so that there is something to do.
        fs::write(&source, format!("{text}// {run}\n"))?;
        let (start, spent) = (Instant::now(), spent_by_children());
        let status = cargo(package).args(["check", "--offline", "--quiet"]).status()?;
        if !status.success() {
            return Err("the package does not compile".into());
        }
        // The first run builds the dependencies too.
        if run > 0 {
            let spent = spent_by_children().zip(spent).map(|(after, before)| after - before);
            fastest = fastest.min(spent.unwrap_or_else(|| start.elapsed()));
        }
    }
    Ok(fastest)
}

/// The processor time of finished children, where the system tells (Linux): on
/// a busy machine the clock on the wall measures the other programs.
fn spent_by_children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // After the name in brackets come the fields from the third on; 16 and 17
    // are the children's, in ticks of 10 ms on every Linux.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = |field: usize| fields.split_whitespace().nth(field - 3)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(16)? + ticks(17)?)))
}

fn cargo(package: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(package).env("CARGO_INCREMENTAL", "0").env_remove("RUSTFLAGS");
    // One folder for all: the dependencies are built once.
    cargo.env("CARGO_TARGET_DIR", package.join("..").join("target"));
    cargo
}
