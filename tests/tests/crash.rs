//! What happens to stored events when processes die and disks refuse.
//!
//! `tests/crash-loop` runs the first test with ten thousand kills.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "a test stops at the first wrong value, in its helpers too, and says what it did"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use telemetry_core::export::unstable::{Delivery, Pace, Permission};
use telemetry_core::export::{
    App, Attempt, Ndjson, Request, Response, Transport, TransportError, sent,
};
use telemetry_core::pseudonym::Secret;
use telemetry_core::schema::Purpose;
use telemetry_core::spool::{self, Reason, internals};
use telemetry_core::{Telemetry, TelemetryEvent};
use telemetry_tests::mount::Mount;
use telemetry_tests::spool::skipped;
use telemetry_tests::spool::stored;

const CHILD: &str = env!("CARGO_BIN_EXE_spool_child");

fn child(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(CHILD);
    command.arg(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// How often each id is stored. Anything unreadable fails the test.
fn times_stored(folder: &Path) -> BTreeMap<String, u32> {
    let mut ids = BTreeMap::new();
    for event in stored(folder) {
        *ids.entry(event.id).or_default() += 1;
    }
    ids
}

#[track_caller]
fn assert_each_once<'a>(
    stored: &BTreeMap<String, u32>,
    acknowledged: impl IntoIterator<Item = &'a String>,
) {
    for id in acknowledged {
        assert_eq!(stored.get(id), Some(&1), "{id} must be stored exactly once");
    }
    assert!(stored.values().all(|count| *count == 1), "no event is stored twice");
}

/// Takes every complete segment out, as a deliverer does.
fn deliver_all(folder: &Path) {
    for segment in internals::sealed(folder).unwrap() {
        segment.claim().unwrap().expect("nobody else delivers").remove().unwrap();
    }
}

/// Numbers for choosing moments; the same in every run, so that a failure
/// comes again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Lets the child acknowledge `wanted` events, kills it, and gives back every
/// id it acknowledged until it was dead.
fn kill_after(mut child: Child, wanted: u64) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    let mut line = String::new();
    for _ in 0..wanted {
        line.clear();
        lines.read_line(&mut line).unwrap();
        acknowledged.push(line.trim_end().to_owned());
    }
    child.kill().unwrap();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    // An id that the kill cut off was acknowledged to nobody.
    let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
    acknowledged.extend(whole.lines().map(str::to_owned));
    acknowledged
}

#[test]
fn what_append_accepted_survives_sigkill_at_any_moment() {
    let kills: u64 = std::env::var("TELEMETRY_TESTS_KILLS").map_or(500, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("telemetry");
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut all, mut torn, mut in_the_middle) = (0, 0, 0);
    for _ in 0..kills {
        let acknowledged =
            kill_after(child(&folder, &["record", "4", "0"]).spawn().unwrap(), random.below(40));
        let recovered = internals::recover(&folder).unwrap();
        assert!(recovered.errors.is_empty(), "{recovered:?}");
        assert_eq!(recovered.living, 0);
        torn += recovered.torn;
        let stored = times_stored(&folder);
        assert_each_once(&stored, &acknowledged);
        all += acknowledged.len();
        in_the_middle += stored.len() - acknowledged.len();
        deliver_all(&folder);
    }
    println!("{kills} kills, {all} acknowledged, {in_the_middle} stored only, {torn} torn");
    assert_eq!(spool::counts(&folder).unwrap().get(Reason::Torn), torn);
    assert_eq!(spool::counts(&folder).unwrap().total(), torn, "nothing else was lost");
    assert!(all > 0);
}

#[test]
fn eight_processes_at_once_lose_nothing_while_two_others_recover() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("telemetry");
    let mut recovering: Vec<Child> = (0..2)
        .map(|_| child(&folder, &["recover"]).stdin(Stdio::piped()).spawn().unwrap())
        .collect();
    let writers: Vec<Child> =
        (0..8).map(|_| child(&folder, &["record", "2", "100"]).spawn().unwrap()).collect();
    let mut acknowledged = Vec::new();
    for writer in writers {
        let output = writer.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (ids, refused) = text.trim_end().rsplit_once('\n').unwrap();
        assert_eq!(refused, "refused 0");
        acknowledged.extend(ids.lines().map(str::to_owned));
    }
    for recovering in &mut recovering {
        drop(recovering.stdin.take());
        assert!(recovering.wait().unwrap().success());
    }
    assert_eq!(acknowledged.len(), 8 * 2 * 100);
    let stored = times_stored(&folder);
    assert_eq!(stored.len(), acknowledged.len());
    assert_each_once(&stored, &acknowledged);
    assert_eq!(spool::counts(&folder).unwrap().total(), 0);
}

#[test]
fn a_segment_is_recovered_when_its_owner_is_dead_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("telemetry");
    let mut holder = child(&folder, &["hold"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut id = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut id).unwrap();

    let recovered = internals::recover(&folder).unwrap();
    assert_eq!((recovered.living, recovered.segments), (1, 0));
    assert!(internals::sealed(&folder).unwrap().is_empty());
    assert_eq!(times_stored(&folder).len(), 1, "a living process's events can be read");

    holder.kill().unwrap();
    holder.wait().unwrap();
    let recovered = internals::recover(&folder).unwrap();
    assert_eq!((recovered.living, recovered.segments, recovered.torn), (0, 1, 0));
    assert_each_once(&times_stored(&folder), [&id.trim_end().to_owned()]);
}

/// Runs one writer that notes what was acknowledged in a file. The last
/// number is how many events were refused, unless it was killed.
fn run_with_ack_file(mut command: Command, acks: &Path) -> (Vec<String>, Option<u64>) {
    let output = command.env("ACK_FILE", acks).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let refused = text.trim_end().strip_prefix("refused ").map(|count| count.parse().unwrap());
    let acks = std::fs::read_to_string(acks).unwrap_or_default();
    (acks.lines().map(|line| line.trim_end().to_owned()).collect(), refused)
}

/// The child under strace, which makes its system calls fail; one thread.
fn traced(folder: &Path, inject: &str, arguments: &[&str]) -> Option<Command> {
    let found = Command::new("strace").arg("-V").output().is_ok_and(|o| o.status.success());
    if !found {
        skipped("strace");
        return None;
    }
    let mut command = Command::new("strace");
    let calls = inject.split(':').next().unwrap();
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
    command.args(["-e", &format!("inject={inject}"), CHILD]).arg(folder).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    Some(command)
}

#[test]
fn a_failed_write_costs_its_own_event_and_no_other() {
    for when in 1..=10 {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("telemetry");
        let inject = format!("write:error=EIO:when={when}");
        let Some(command) = traced(&folder, &inject, &["record", "1", "10"]) else { return };
        let (acknowledged, refused) = run_with_ack_file(command, &home.path().join("acks"));
        assert_eq!((acknowledged.len(), refused), (9, Some(1)), "write {when}");
        let stored = times_stored(&folder);
        assert_eq!(stored.len(), 9);
        assert_each_once(&stored, &acknowledged);
        let counts = spool::counts(&folder).unwrap();
        assert_eq!((counts.get(Reason::WriteFailed), counts.total()), (1, 1));
    }
}

#[test]
fn a_disk_that_is_full_for_a_while_costs_what_did_not_fit_and_counts_it() {
    for when in [1, 3, 8] {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("telemetry");
        // The writes of the counts fail as well, while it is full.
        let inject = format!("write:error=ENOSPC:when={when}..{}", when + 3);
        let Some(command) = traced(&folder, &inject, &["record", "1", "20"]) else { return };
        let (acknowledged, refused) = run_with_ack_file(command, &home.path().join("acks"));
        let refused = refused.expect("it could say so at its end");
        assert!((1..=4).contains(&refused), "{refused}");
        assert_eq!(acknowledged.len() as u64 + refused, 20);
        let stored = times_stored(&folder);
        assert_eq!(stored.len(), acknowledged.len());
        assert_each_once(&stored, &acknowledged);
        let counts = spool::counts(&folder).unwrap();
        assert_eq!((counts.get(Reason::DiskFull), counts.total()), (refused, refused));
    }
}

#[test]
fn on_a_disk_that_stays_full_what_was_accepted_is_whole() {
    for when in [1, 3, 8] {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("telemetry");
        // From then on every write fails, also that of the counts.
        let inject = format!("write:error=ENOSPC:when={when}+");
        let Some(command) = traced(&folder, &inject, &["record", "1", "10"]) else { return };
        let (acknowledged, _) = run_with_ack_file(command, &home.path().join("acks"));
        assert_eq!(acknowledged.len(), when - 1);
        let stored = times_stored(&folder);
        assert_eq!(stored.len(), when - 1);
        assert_each_once(&stored, &acknowledged);
    }
}

#[test]
fn killed_at_each_write_in_turn_nothing_acknowledged_is_lost() {
    for when in 1..=12 {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("telemetry");
        let inject = format!("write:signal=KILL:when={when}");
        let Some(command) = traced(&folder, &inject, &["record", "1", "0"]) else { return };
        let (acknowledged, refused) = run_with_ack_file(command, &home.path().join("acks"));
        assert_eq!(refused, None, "it was killed");
        internals::recover(&folder).unwrap();
        assert_each_once(&times_stored(&folder), &acknowledged);
        assert!(acknowledged.len() >= when - 1);
    }
}

#[test]
fn a_failed_sync_is_reported_and_loses_no_event() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("telemetry");
    let inject = "fdatasync,fsync:error=EIO:when=1+";
    let Some(mut command) = traced(&folder, inject, &["sync"]) else { return };
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.trim_end(), "append ok, flush error, seal error");
    assert_eq!(times_stored(&folder).len(), 1);
}

#[test]
fn a_limit_on_file_sizes_cuts_no_line_and_every_event_is_accounted_for() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("telemetry");
    // 512-byte blocks in some shells, KiB in others: less than a long line
    // and more than a short one in both.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {CHILD} \"$0\" record 2 100");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(&folder).stdin(Stdio::null()).stdout(Stdio::piped());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (ids, refused) = text.trim_end().rsplit_once('\n').unwrap();
    let acknowledged: Vec<String> = ids.lines().map(str::to_owned).collect();
    let refused: u64 = refused.strip_prefix("refused ").unwrap().parse().unwrap();
    assert!(refused >= 24, "no long line fits: {refused}");
    let stored = times_stored(&folder);
    assert_each_once(&stored, &acknowledged);
    assert_eq!(stored.len(), acknowledged.len());
    assert_eq!(stored.len() as u64 + refused, 200);
    let counts = spool::counts(&folder).unwrap();
    assert_eq!((counts.get(Reason::DiskFull), counts.total()), (refused, refused));
}

#[test]
fn on_a_full_file_system_what_was_accepted_is_whole() {
    let home = tempfile::tempdir().unwrap();
    let options = ["-t", "tmpfs", "-o", "size=256k,mode=0700"];
    let Some(mount) = Mount::new(home.path(), &options, "tmpfs") else {
        return skipped("the right to mount a tmpfs");
    };
    let folder = mount.0.join("telemetry");
    let (acknowledged, refused) =
        run_with_ack_file(child(&folder, &["record", "3", "100"]), &home.path().join("acks"));
    assert!(!acknowledged.is_empty());
    assert_eq!(acknowledged.len() as u64 + refused.unwrap(), 300);
    assert!(refused.unwrap() > 0, "the file system is smaller than the events");
    let counts = spool::counts(&folder).unwrap();
    assert_eq!(
        (counts.get(Reason::DiskFull), counts.total()),
        (refused.unwrap(), refused.unwrap())
    );
    let stored = times_stored(&folder);
    assert_eq!(stored.len(), acknowledged.len());
    assert_each_once(&stored, &acknowledged);
}

/// ext4 in a file, shut down without writing its journal: a power cut.
#[test]
fn what_was_flushed_survives_a_power_cut() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(home.path()) else { return };
    let mount = disk.mount().unwrap();
    let folder = mount.0.join("telemetry");
    let mut holder = child(&folder, &["sync"]);
    let output = holder.output().unwrap();
    assert_eq!(output.stdout, b"append ok, flush ok, seal ok\n");
    Disk::cut_power(&mount);
    drop(mount);
    let mount = disk.mount().unwrap();
    assert_eq!(times_stored(&mount.0.join("telemetry")).len(), 1);
}

/// The same cut after each word of the user, after the first event and after a
/// new epoch of the secret. What was acknowledged last is what is read again:
/// a withdrawal never comes back as a yes, an erased secret never comes back.
#[test]
fn the_choice_the_secret_and_the_id_are_as_last_written_after_a_power_cut() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(home.path()) else { return };
    let folder = home.path().join("mount/home");
    let start = || {
        let builder = Telemetry::builder("app").home(&folder).with_env(|_| None);
        builder.collect_in_ci(true).on_by_default().build().unwrap()
    };
    let cut_after = |work: &dyn Fn()| {
        let mount = disk.mount().unwrap();
        work();
        Disk::cut_power(&mount);
        drop(mount);
        disk.mount().unwrap()
    };
    for on in [false, true, false, true] {
        let mount = cut_after(&|| {
            let choice = start().choice().unwrap();
            if on { choice.agree().unwrap() } else { choice.refuse().unwrap() }
        });
        assert_eq!(start().is_on(), on, "{}", start().why());
        let generation = start().decision().generation(Purpose::SERVICE);
        assert!(generation > 0, "the first refusal is remembered");
        drop(mount);
    }

    let secret = folder.join("telemetry").join("secret");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let made = RefCell::new(String::new());
    let record = || {
        let telemetry = start();
        assert!(telemetry.record(&Happened { host: "web-1" }).is_stored());
        made.replace(read(&secret));
        telemetry
    };
    // Nobody waited for the disk, and nothing was sent: whatever the cut left
    // of the secret, the next event is recorded.
    drop(cut_after(&|| drop(record())));
    let mount = cut_after(&|| record().flush().unwrap());
    let made = made.into_inner();
    assert_eq!(made, read(&secret));
    drop(mount);
    let mount = cut_after(&|| assert_eq!(Secret::rotate(&secret).unwrap().epoch(), 1));
    assert_eq!(Secret::load_or_create(&secret).unwrap().epoch(), 1);
    assert_ne!(read(&secret), made);
    drop(mount);

    // That the cut is one: the same without the last step, the sync of the
    // folder, gives the old file back.
    let [file, new] = ["control", "control.new"].map(|name| folder.join(name));
    let write = |path: &Path, text: &str| {
        std::fs::write(path, text).unwrap();
        std::fs::File::open(path).unwrap().sync_all().unwrap();
    };
    let mount = cut_after(&|| {
        write(&file, "enabled = true");
        std::fs::File::open(&folder).unwrap().sync_all().unwrap();
        write(&new, "enabled = false");
        std::fs::rename(&new, &file).unwrap();
    });
    assert_eq!(read(&file), "enabled = true");
    drop(mount);
}

/// Takes everything, and cuts the power while it has the request after the first:
/// the log of what was sent was cut to its size right before.
struct CutsPower(Arc<Mutex<(Vec<String>, Mount)>>);

impl Transport for CutsPower {
    fn receiver(&self) -> &'static str {
        "none"
    }

    fn send(&self, request: &Request, _attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        let mut seen = self.0.lock().unwrap();
        seen.0.push(request.batch.clone());
        if seen.0.len() == 2 {
            Disk::cut_power(&seen.1);
        }
        Ok(Response::new(200))
    }
}

#[test]
fn what_left_is_in_the_log_after_a_power_cut_also_when_the_log_was_cut() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(home.path()) else { return };
    let mount = disk.mount().unwrap();
    let folder = mount.0.join("telemetry");
    assert!(child(&folder, &["record", "1", "3000"]).output().unwrap().status.success());
    let seen = Arc::new(Mutex::new((Vec::new(), mount)));
    let app = App::new("tests", "1.0.0").unwrap();
    let transport = CutsPower(Arc::clone(&seen));
    let delivery = Delivery::builder(&folder, app, Ndjson, transport, Permission::granted);
    // One request fills it.
    let delivery = delivery.sent_cap(1024).build();
    // What comes after the cut fails: there is no disk.
    assert!(delivery.run_once(Pace::Now, Instant::now() + Duration::from_secs(60)).is_err());
    drop(delivery);
    let (batches, mount) = Arc::into_inner(seen).unwrap().into_inner().unwrap();
    drop(mount);
    let mount = disk.mount().unwrap();
    let log = sent::read(&mount.0.join("telemetry")).unwrap();
    assert_eq!(log.last().map(|sent| &sent.batch), batches.last());
    assert_eq!((batches.len(), log.len()), (2, 1), "the log was cut");
}

/// Something happened.
#[derive(TelemetryEvent)]
#[telemetry(name = "happened", purpose = "service")]
struct Happened<'a> {
    #[telemetry(hash)]
    host: &'a str,
}

struct Disk {
    home: PathBuf,
    image: PathBuf,
}

impl Disk {
    /// A missing program can be installed, and where no test may be left out it
    /// must be. A missing loop device or right to mount cannot: then this says
    /// so, and the test passes.
    fn new(home: &Path) -> Option<Self> {
        let image = home.join("disk.img");
        std::fs::File::create(&image).unwrap().set_len(16 * 1024 * 1024).unwrap();
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).status();
        let python = Command::new("python3").arg("-V").output();
        if !made.is_ok_and(|s| s.success()) || !python.is_ok_and(|o| o.status.success()) {
            skipped("mkfs.ext4 and python3");
            return None;
        }
        let disk = Self { home: home.to_owned(), image };
        let able = disk.mount().is_some();
        if !able {
            println!("skipped: needs root and a loop device");
        }
        able.then_some(disk)
    }

    fn mount(&self) -> Option<Mount> {
        // The journal is written when somebody asks for it, and not because
        // the test took long.
        Mount::new(&self.home, &["-o", "loop,commit=300"], self.image.to_str().unwrap())
    }

    fn cut_power(mount: &Mount) {
        // EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH.
        let script = "import fcntl, os, struct, sys\n\
                      folder = os.open(sys.argv[1], os.O_RDONLY)\n\
                      fcntl.ioctl(folder, 0x8004587D, struct.pack('I', 2))\n";
        let status = Command::new("python3").args(["-c", script]).arg(&mount.0).status();
        assert!(status.unwrap().success());
    }
}
