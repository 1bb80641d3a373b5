//! Drives fd as it was and as it is with telemetry: what `examples/adopt/run`
//! built.
//!
//! `drive BEFORE AFTER`. That nothing leaks and that everything arrives is
//! asserted; how long a start takes is printed.
#![expect(clippy::print_stdout, reason = "its findings are for whoever runs it")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use telemetry_core::testing::{Answer, Evidence, RecordingReceiver, Request, assert_nothing_leaks};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// What is nobody's business: a word for each place where a user has one.
const CANARIES: &[&str] = &[
    "kowalczyk",
    "zwierzyniec",
    "wisniewska",
    "hunter2",
    "nowakowski",
    "szczebrzeszyn",
    "krzemien",
];

fn main() -> Done {
    let programs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [before, after] = programs.as_slice() else {
        return Err("usage: drive BEFORE AFTER".into());
    };
    nothing_leaks(before, after)?;
    for delay in [100, 500] {
        everything_arrives(after, Duration::from_millis(delay))?;
    }
    start_up(before, after)
}

/// A user with a home, and a folder to search in.
struct User {
    folder: PathBuf,
    url: String,
}

impl User {
    fn new(name: &str, url: String) -> Done<Self> {
        let folder = std::env::temp_dir().join(format!("adopt-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let user = Self { folder, url };
        fs::create_dir_all(user.home())?;
        fs::create_dir_all(user.searched())?;
        for file in ["zwierzyniec.txt", "plan.toml"] {
            fs::write(user.searched().join(file), "")?;
        }
        Ok(user)
    }

    fn home(&self) -> PathBuf {
        self.folder.join("wisniewska")
    }

    /// The working folder.
    fn searched(&self) -> PathBuf {
        self.folder.join("szczebrzeszyn")
    }

    fn data(&self) -> PathBuf {
        self.home().join(".local/share/fd/telemetry")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.searched());
        command.env("HOME", self.home()).env("PATH", "/usr/bin:/bin");
        command.env("USER", "wisniewska").env("FD_TELEMETRY_URL", &self.url);
        command.env("DATABASE_PASSWORD", "hunter2");
        command
    }

    fn run<A: AsRef<OsStr>>(&self, program: &Path, arguments: &[A]) -> Done<Output> {
        Ok(self.command(program).args(arguments).output()?)
    }

    /// The same of a command that has to succeed.
    fn telemetry(&self, program: &Path, arguments: &[&str]) -> Done<Output> {
        let output = self.run(program, &[&["--telemetry"], arguments].concat())?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("fd --telemetry {}: {}{said}", arguments.join(" "), output.status).into())
    }

    /// As if the time had passed in which no second sender is started.
    fn a_minute_later(&self) {
        let _ = fs::remove_file(self.data().join("sender"));
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a user of fd types, with a canary wherever one fits.
fn typed() -> Vec<Vec<OsString>> {
    let lines = [
        "-q kowalczyk",
        "-q -H --no-ignore kowalczyk .",
        "-q --exclude=kowalczyk -e nowakowski -- -kowalczyk",
        "-q --search-path . --and kowalczyk nowakowski",
        "kowalczyk --exec echo hunter2",
        // Mistakes whose words quote what was typed.
        "kowalczyk[",
        "--base-directory /srv/kowalczyk/krzemien x",
        "--changed-within kowalczyk",
        "kowalczyk /srv/nowakowski",
        // Mistakes that end it before it began.
        "--kowalczyk",
        "--owner=kowalczyk:krzemien",
        "--max-depth kowalczyk",
    ];
    let split = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
    let mut typed: Vec<_> = lines.into_iter().map(split).collect();
    typed.push(vec!["-q".into(), OsString::from_vec(b"kowalczyk\xff".to_vec())]);
    typed
}

/// Nothing that was typed, found, or in the environment is on the disk, on the
/// wire, or in what the command says, and fd says what it said before.
fn nothing_leaks(before: &Path, after: &Path) -> Done {
    let receiver = RecordingReceiver::answering([])?;
    let user = User::new("leaks", receiver.url("/fd"))?;
    user.telemetry(after, &["on"])?;
    let mut recorded = 0;
    for arguments in typed() {
        let (was, is) = (user.run(before, &arguments)?, user.run(after, &arguments)?);
        // Its own words may quote what was typed; telemetry adds none.
        if was != is {
            return Err(
                format!("fd says something else for {arguments:?}:\n{was:?}\n{is:?}").into()
            );
        }
        // A command line that cannot be used ends with 2, and no event.
        recorded += usize::from(is.status.code() != Some(2));
    }
    let mut said = Vec::new();
    for command in ["show", "status", "why", "schema", "purposes", "path"] {
        said.push(user.telemetry(after, &[command])?);
    }
    let requests = all_arrive(&user, after, &receiver, recorded)?;
    said.push(user.telemetry(after, &["show", "--sent"])?);
    // Where the user's folder is, the command may say to the user.
    let home = user.home().to_string_lossy().into_owned();
    let said: Vec<String> = said
        .iter()
        .flat_map(|output| [&output.stdout, &output.stderr])
        .map(|bytes| String::from_utf8_lossy(bytes).replace(&home, "~"))
        .collect();
    let said = said.iter().map(|text| Evidence::Bytes("what the command says", text.as_bytes()));
    let kept = [Evidence::Folder(&user.home()), Evidence::Receiver(&receiver)];
    assert_nothing_leaks(kept.into_iter().chain(said), CANARIES);
    println!(
        "nothing leaks: {} command lines, {recorded} events, {requests} request(s), {} canaries",
        typed().len(),
        CANARIES.len()
    );
    Ok(())
}

/// Has what waits sent until the receiver has `number` events, and says in how
/// many requests they came.
fn all_arrive(
    user: &User,
    program: &Path,
    receiver: &RecordingReceiver,
    number: usize,
) -> Done<usize> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        // It fails while a sender in the background delivers, and so its success
        // says that nobody does.
        let said = user.run(program, &["--telemetry", "send"])?;
        let enough = |requests: &[Request]| ids(requests).is_ok_and(|ids| ids.len() >= number);
        let arrived = receiver.wait_until(Duration::from_millis(500), enough);
        match arrived {
            Ok(requests) if said.status.success() => return Ok(requests.len()),
            _ if Instant::now() > deadline => {
                let arrived = ids(&receiver.requests())?.len();
                return Err(format!("{arrived} of {number} events arrived: {said:?}").into());
            }
            _ => {}
        }
    }
}

/// How often each event arrived, by its id.
fn ids(requests: &[Request]) -> Done<BTreeMap<String, usize>> {
    let mut ids = BTreeMap::new();
    for request in requests {
        for event in request.lines()? {
            *ids.entry(id(&event)?).or_default() += 1;
        }
    }
    Ok(ids)
}

fn id(event: &Value) -> Done<String> {
    Ok(event.get("id").and_then(Value::as_str).ok_or("an event without an id")?.to_owned())
}

/// Runs that are over long before the receiver has answered: every event arrives,
/// hardly one twice, and the user is shown what was sent.
fn everything_arrives(program: &Path, delay: Duration) -> Done {
    const RUNS: usize = 200;
    /// What a receiver is asked at most in a minute, unless the author says more.
    const UPLOADS: u128 = 15;
    let receiver = RecordingReceiver::answering([Answer::ok().after(delay)])?;
    let user = User::new("arrives", receiver.url("/fd"))?;
    user.telemetry(program, &["on"])?;
    let begin = Instant::now();
    for run in 0..RUNS {
        user.a_minute_later();
        let output = user.run(program, &["-q", "plan"])?;
        if !output.status.success() {
            return Err(format!("run {run}: {output:?}").into());
        }
    }
    let took = begin.elapsed();
    let background = receiver.requests().len();
    all_arrive(&user, program, &receiver, RUNS)?;
    let arrived = ids(&receiver.requests())?;
    let twice: usize = arrived.values().map(|times| times - 1).sum();
    println!(
        "{RUNS} runs in {:.1} s, answers after {delay:?}: {} events, {twice} twice, {background} requests meanwhile",
        took.as_secs_f64(),
        arrived.len(),
    );
    if arrived.len() != RUNS || twice * 100 >= RUNS {
        return Err("not every event arrived, or too many did twice".into());
    }
    if background as u128 > UPLOADS * (1 + took.as_millis() / 60_000) {
        return Err("the receiver was asked too often".into());
    }
    // What the user is shown is what the receiver got.
    let shown = user.telemetry(program, &["show", "--sent", "--json"])?;
    let bodies: Vec<Vec<u8>> = shown_bodies(&shown.stdout)?;
    let got: BTreeSet<Vec<u8>> = receiver.requests().into_iter().map(|sent| sent.body).collect();
    if bodies.iter().cloned().collect::<BTreeSet<_>>() != got {
        let (shown, got) = (bodies.len(), got.len());
        return Err(format!("`show --sent` shows {shown} requests of {got}, or others").into());
    }
    Ok(())
}

/// The bodies of the requests that `show --sent --json` tells of.
fn shown_bodies(shown: &[u8]) -> Done<Vec<Vec<u8>>> {
    let lines = shown.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let body = |line| -> Done<Vec<u8>> {
        let request: Value = serde_json::from_slice(line)?;
        Ok(request.get("body").and_then(Value::as_str).ok_or("a request without a body")?.into())
    };
    lines.map(body).collect()
}

/// How long a run takes with telemetry, over how long it took without, in pairs;
/// and how many system calls each makes.
fn start_up(before: &Path, after: &Path) -> Done {
    println!("\na run of fd with telemetry, over one without (median of {PAIRS} pairs)");
    println!(
        "{:<22} {:>9} {:>9} {:>7} {:>14}",
        "telemetry", "without", "with", "ratio", "system calls"
    );
    // Nobody listens: what waits goes on waiting.
    let user = User::new("start", "http://127.0.0.1:9/fd".to_owned())?;
    user.row("itself (the noise)", before, before, &QUIET, false)?;
    // It ends before telemetry is set up: what the loader has more to do.
    user.row("linked (`--version`)", before, after, &["--version"], false)?;
    user.row("undecided", before, after, &QUIET, false)?;
    user.telemetry(after, &["off"])?;
    user.row("off", before, after, &QUIET, false)?;
    user.telemetry(after, &["on"])?;
    // Makes the secret, and starts the sender of the next minute.
    for _ in 0..2 {
        user.run(after, &QUIET)?;
    }
    user.row("on, nothing waits", before, after, &QUIET, true)?;
    for files in [1_000, 2_000] {
        while user.waiting() < files {
            user.run(after, &QUIET)?;
        }
        user.row(&format!("on, {files} files wait"), before, after, &QUIET, false)?;
    }
    Ok(())
}

const PAIRS: usize = 100;

const QUIET: [&str; 3] = ["--threads=1", "-q", "plan"];

impl User {
    /// The files with events that wait.
    fn waiting(&self) -> usize {
        ["active", "sealed"]
            .iter()
            .filter_map(|folder| fs::read_dir(self.data().join(folder)).ok())
            .map(Iterator::count)
            .sum()
    }

    fn forget(&self) {
        for folder in ["active", "sealed"] {
            let _ = fs::remove_dir_all(self.data().join(folder));
        }
    }

    /// One row of the table; with `forget` nothing waits at the start of a run.
    fn row(
        &self,
        name: &str,
        before: &Path,
        after: &Path,
        arguments: &[&str],
        forget: bool,
    ) -> Done {
        let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            if forget {
                self.forget();
            }
            let time = |program| -> Done<f64> {
                let mut command = self.command(program);
                command.args(arguments);
                let begin = Instant::now();
                command.output()?;
                Ok(begin.elapsed().as_secs_f64() * 1e3)
            };
            // By turns, since the second of a pair finds warmer caches.
            let (was, is) = if pair % 2 == 0 {
                let was = time(before)?;
                (was, time(after)?)
            } else {
                let is = time(after)?;
                (time(before)?, is)
            };
            without.push(was);
            with.push(is);
            ratios.push(is / was);
        }
        if forget {
            self.forget();
        }
        let calls = match (self.calls(before, arguments)?, self.calls(after, arguments)?) {
            (Some(was), Some(is)) => format!("{was} -> {is}"),
            _ => "no strace".to_owned(),
        };
        let (without, with, ratio) = (median(without), median(with), median(ratios));
        println!("{name:<22} {without:>6.2} ms {with:>6.2} ms {ratio:>7.3} {calls:>14}");
        Ok(())
    }

    /// How many system calls a run makes, its threads included.
    fn calls(&self, program: &Path, arguments: &[&str]) -> Done<Option<u64>> {
        let summary = self.folder.join("calls");
        let mut command = self.command(Path::new("strace"));
        command.arg("-fc").arg("-o").arg(&summary).arg(program).args(arguments);
        if !command.output().is_ok_and(|output| output.status.success()) {
            return Ok(None);
        }
        let summary = fs::read_to_string(summary)?;
        let total = summary.lines().find(|line| line.ends_with(" total"));
        let words = total.map(|line| line.split_whitespace().collect::<Vec<_>>());
        Ok(words.and_then(|words| words.get(3)?.parse().ok()))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
