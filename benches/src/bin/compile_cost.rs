//! What the derive costs at compile time, against what it stands in for.
//!
//! `cargo run --release -p telemetry-benches --bin compile_cost` writes four
//! packages with the same structs of ten fields: without a derive, with
//! `serde::Serialize`, with that and `Debug`, and with `TelemetryEvent`, which
//! stands in for both. It prints how many bytes one derive expands to, and how
//! many instructions the compiler's check of one struct takes beyond the one
//! without a derive. It fails when an event is above the budget of either.
//!
//! Bytes and instructions are the same in every run of one compiler, as time
//! is not. Valgrind counts the instructions: this program stands between cargo
//! and the compiler, and starts the compiler under it. Without valgrind only
//! the bytes are held, and where no test may be left out that is a failure.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

/// Structs in a package: enough that the difference to none is the derive's,
/// few enough for a compiler that valgrind slows down thirty times.
const STRUCTS: u32 = 40;
/// What an event of ten fields may expand to, without indentation.
const MOST_BYTES: usize = 4096;
/// Instructions of the compiler for an event, in percent of those for
/// `Serialize` and `Debug`: whoever counts both would derive both. It was 98.6
/// before the schema asked each hashed and scrubbed type how deep its lists are,
/// and each event's type which functions it is declared in; 104.4 since.
const MOST_PERCENT: u64 = 106;
/// Where this program, between cargo and the compiler, writes the count.
const COUNT_FILE: &str = "COMPILE_COST_COUNT_FILE";
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
    if let Some(file) = env::var_os(COUNT_FILE) {
        return compile(Path::new(&file));
    }
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
    let counts = has_valgrind()?;
    let mut measured = Vec::new();
    for derive in [NONE, SERDE, BOTH, TELEMETRY] {
        let package = write_package(&workspace, &root, derive)?;
        let instructions = if counts { checked(&package)? } else { 0 };
        measured.push((expanded(&package)?, instructions));
    }
    let [none, serde, both, telemetry] = measured[..] else {
        return Err("nothing was measured".into());
    };
    let bytes = |of: (usize, u64)| of.0.saturating_sub(none.0) / STRUCTS as usize;
    let instructions = |of: (usize, u64)| of.1.saturating_sub(none.1) / u64::from(STRUCTS);
    let mut report = String::from("derive       bytes per struct   instructions   % of both\n");
    for (derive, of) in [(SERDE, serde), (BOTH, both), (TELEMETRY, telemetry)] {
        let percent = 100.0 * instructions(of) as f64 / instructions(both).max(1) as f64;
        writeln!(
            report,
            "{:<12} {:>16} {:>14} {percent:>11.1}",
            derive.name,
            bytes(of),
            instructions(of)
        )?;
    }
    let most = instructions(both) * MOST_PERCENT / 100;
    let within = bytes(telemetry) <= MOST_BYTES && instructions(telemetry) <= most;
    writeln!(report, "budget       {MOST_BYTES:>16} {most:>14} {MOST_PERCENT:>9}.0")?;
    Ok((report, within))
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn has_valgrind() -> Outcome<bool> {
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Ok(true);
    }
    if env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_some() {
        return Err("skipped: needs valgrind".into());
    }
    println!("skipped: needs valgrind");
    Ok(false)
}

/// Starts the compiler in cargo's place: the measured package's under
/// valgrind, which writes how many instructions it took.
fn compile(file: &Path) -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(compiler) = arguments.next() else { return ExitCode::FAILURE };
    let arguments: Vec<OsString> = arguments.collect();
    let measured = arguments
        .iter()
        .any(|argument| argument.to_str().is_some_and(|argument| argument.starts_with("cost_")));
    let mut command = if measured {
        let mut valgrind = Command::new("valgrind");
        let mut log = OsString::from("--log-file=");
        log.push(file);
        valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
        valgrind.arg(log).arg(compiler);
        valgrind
    } else {
        Command::new(compiler)
    };
    match command.args(arguments).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
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

/// The instructions of the compiler for the check of `package`.
fn checked(package: &Path) -> Outcome<u64> {
    // Not by rustup's stand-in, which would be counted in its place.
    let sysroot = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "sysroot"])
        .output()?;
    let compiler = Path::new(String::from_utf8(sysroot.stdout)?.trim()).join("bin").join("rustc");
    let file = package.join("count");
    let source = package.join("src").join("lib.rs");
    // A changed source, so that there is something to do.
    let text = fs::read_to_string(&source)?;
    fs::write(&source, format!("{text}// {}\n", std::process::id()))?;
    let status = cargo(package)
        .args(["check", "--offline", "--quiet"])
        .env("RUSTC", compiler)
        .env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?)
        .env(COUNT_FILE, &file)
        .status()?;
    if !status.success() {
        return Err("the package does not compile".into());
    }
    let log = fs::read_to_string(&file)?;
    let count = log.lines().find_map(|line| line.split_once("refs:")).map(|(_, count)| count);
    let count = count.ok_or("valgrind counted nothing")?.trim().replace(',', "");
    Ok(count.parse()?)
}

fn cargo(package: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(package).env("CARGO_INCREMENTAL", "0").env_remove("RUSTFLAGS");
    // One folder for all: the dependencies are built once.
    cargo.env("CARGO_TARGET_DIR", package.join("..").join("target"));
    cargo
}
