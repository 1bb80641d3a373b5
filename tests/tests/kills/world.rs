//! One world: what is started, killed and waited for, as the dice say.
#![allow(clippy::zombie_processes, reason = "all children are waited for at once")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait};
use telemetry_core::spool::Limits;
use telemetry_core::spool::internals::{recover, tidy};
use telemetry_tests::spool::entries;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_killed_program");
const RECEIVER: &str = env!("CARGO_BIN_EXE_receiver");

/// How many things are done in a world.
const STEPS: u64 = 100;

/// What receivers do with a request.
const MODES: [&str; 20] = [
    "ok",
    "ok",
    "ok",
    "ok",
    "ok",
    "ok",
    "ok",
    "ok",
    "slow",
    "slow",
    "wait=30",
    "500",
    "503",
    "429",
    "reset-before",
    "reset-after",
    "garbage",
    "truncated",
    "die-during",
    "silent",
];

/// Random numbers that a world can be made again with.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    /// Mostly short, now and then long: a kill is to hit each part of what a
    /// program does. In a world that is slow programs come further.
    fn moment(&mut self, slow: u64) -> Duration {
        let longest = 1 << (7 + slow + self.below(9));
        Duration::from_micros(self.below(longest))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Writer,
    Deliverer,
    Sender,
    Receiver,
    User,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) id: i32,
    pub(crate) role: Role,
    /// In nanoseconds from 1970; a little later than it was.
    pub(crate) time: u128,
    pub(crate) killed: bool,
}

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) plan: String,
    pub(crate) with_off: bool,
    home: TempDir,
    dice: Dice,
    url: String,
    living: BTreeMap<i32, Role>,
    /// The processes that ended: the id, as what, when, and whether killed.
    pub(crate) ended: Vec<Ended>,
    /// In which states an off was begun.
    pub(crate) offs: BTreeMap<&'static str, u64>,
    silent: bool,
    disk: Option<Disk>,
    slow: u64,
}

/// A file system of its own that is soon full, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` without the right to mount.
    fn new(point: &Path) -> Option<Self> {
        fs::create_dir(point).unwrap();
        let disk = Self(point.to_owned());
        disk.mount(&["-t", "tmpfs", "-o", "size=160k,mode=0700", "tmpfs"]).then_some(disk)
    }

    fn mount(&self, options: &[&str]) -> bool {
        let mut command = Command::new("mount");
        command.args(options).arg(&self.0).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn grow(&self) {
        assert!(self.mount(&["-o", "remount,size=64m"]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).stderr(Stdio::null()).status();
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed | 1);
        dice.below(2);
        let mut plan =
            vec![["child", "child", "every", "start", "request"][dice.below(5) as usize]];
        if dice.below(4) == 0 {
            plan.push("small");
        }
        let with_off = dice.below(2) == 0;
        if with_off && dice.below(2) == 0 {
            plan.push("opt-in");
        }
        let home = tempfile::tempdir().unwrap();
        let disk = (dice.below(6) == 0).then(|| Disk::new(&home.path().join("home"))).flatten();
        if disk.is_some() {
            plan.push("full");
        }
        for folder in ["diaries", "taken"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        Self {
            seed,
            plan: plan.join(","),
            with_off,
            home,
            url: String::new(),
            living: BTreeMap::new(),
            ended: Vec::new(),
            offs: BTreeMap::new(),
            silent: false,
            disk,
            slow: dice.below(4),
            dice,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.path("home/telemetry")
    }

    pub(crate) fn about(&self) -> String {
        format!("TELEMETRY_TESTS_SEED={} ({})", self.seed, self.plan)
    }

    /// Until it is over, and nobody runs any more.
    pub(crate) fn run(mut self) -> Self {
        self.start_receiver();
        if self.with_off {
            self.user("off");
        }
        for _ in 0..STEPS {
            self.step();
            std::thread::sleep(self.dice.moment(self.slow));
            self.reap();
        }
        self.end();
        self.deliver_the_rest();
        self
    }

    fn step(&mut self) {
        if self.dice.below(2) == 0 {
            // Time goes by: the waits after failures are over.
            let _ = fs::remove_file(self.spool().join("delivery.json"));
        }
        match self.dice.below(12) {
            0..=3 if self.count(Role::Writer) < 3 => self.write(),
            4 if self.count(Role::Deliverer) < 2 => drop(self.program(&["send"], Role::Deliverer)),
            5 if self.with_off => {
                let word = if self.dice.below(3) == 0 { "off" } else { "on" };
                self.user(word);
            }
            _ => self.kill_one(),
        }
        if self.count(Role::Receiver) == 0 {
            self.start_receiver();
        }
    }

    fn write(&mut self) {
        let (threads, events) = (1 + self.dice.below(3), 1 + self.dice.below(60));
        let off = self.with_off && self.dice.below(8) == 0;
        let off = if off { 1 + self.dice.below(events) } else { 0 };
        if off > 0 {
            self.note_off();
        }
        let numbers = [threads, events, off].map(|number| number.to_string());
        let [threads, events, off] = &numbers;
        self.program(&["write", threads, events, off], Role::Writer);
    }

    fn user(&mut self, word: &str) {
        if word == "off" {
            self.note_off();
        }
        self.program(&[word], Role::User);
    }

    fn note_off(&mut self) {
        self.notice_children();
        let states = [
            ("before the first run", !self.spool().exists()),
            ("while writing", self.count(Role::Writer) > 0),
            ("while delivering", self.count(Role::Deliverer) > 0),
            ("while a child sends", self.count(Role::Sender) > 0),
            ("beside a receiver that hangs", self.silent),
            ("on a disk that fills up", self.disk.is_some()),
            ("with nothing else running", self.living.values().all(|r| *r == Role::Receiver)),
        ];
        for (state, _) in states.into_iter().filter(|(_, holds)| *holds) {
            *self.offs.entry(state).or_default() += 1;
        }
    }

    fn count(&self, role: Role) -> usize {
        self.living.values().filter(|of| **of == role).count()
    }

    fn program(&mut self, role: &[&str], of: Role) -> i32 {
        let mut command = Command::new(PROGRAM);
        command.arg(self.path("home")).arg(&self.url).arg(self.path("diaries")).arg(&self.plan);
        command.args(role).env_remove("DO_NOT_TRACK");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        let id = id_of(&child);
        self.living.insert(id, of);
        id
    }

    fn start_receiver(&mut self) {
        let modes: Vec<&str> =
            (0..40).map(|_| MODES[self.dice.below(MODES.len() as u64) as usize]).collect();
        self.silent = modes.iter().take(8).any(|mode| *mode == "silent");
        self.receiver(&format!("{},ok", modes.join(",")));
    }

    fn receiver(&mut self, modes: &str) {
        let mut command = Command::new(RECEIVER);
        command.arg(self.path("taken")).arg(modes).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        self.url = format!("http://{}/", address.trim());
        self.living.insert(id_of(&child), Role::Receiver);
        // It ends with its input, which ends with this process.
        std::mem::forget(child.stdin.take());
    }

    /// Children that deliver have come to be without this process's doing.
    fn notice_children(&mut self) {
        // Those that their parents took note of are gone.
        self.living.retain(|_, role| *role != Role::Sender);
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
            else {
                continue;
            };
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let ours = self.path("diaries");
            let ours = ours.as_os_str().as_encoded_bytes();
            let is_ours = command.windows(ours.len()).any(|part| part == ours);
            if is_ours && command.ends_with(b"\0child\0") {
                self.living.entry(id).or_insert(Role::Sender);
            }
        }
    }

    fn kill_one(&mut self) {
        self.notice_children();
        let mut ids: Vec<i32> = self.living.keys().copied().collect();
        // A receiver now and then alone: else little would arrive.
        if self.dice.below(10) > 0 {
            ids.retain(|id| self.living.get(id) != Some(&Role::Receiver));
        }
        let Some(id) = ids.get(self.dice.below(ids.len().max(1) as u64) as usize) else { return };
        kill(*id);
    }

    /// Takes note of whoever ended.
    fn reap(&mut self) {
        while let Ok(Some((id, status))) = wait(WaitOptions::NOHANG) {
            self.note_end(id, status);
        }
    }

    fn note_end(&mut self, id: Pid, status: WaitStatus) {
        let id = id.as_raw_nonzero().get();
        // A child of which nobody took notice while it lived.
        let role = self.living.remove(&id).unwrap_or(Role::Sender);
        let killed = status.terminating_signal() == Some(9);
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        assert!(
            killed || status.exit_status() == Some(0) || role == Role::Receiver,
            "{}: a {role:?} ended with {status:?}",
            self.about()
        );
        self.ended.push(Ended { id, role, time, killed });
    }

    /// Kills everybody. The children of the killed come to this process.
    fn end(&mut self) {
        loop {
            self.notice_children();
            let mine = self.living.keys().copied().chain(children_of_this_process());
            mine.collect::<Vec<_>>().into_iter().for_each(kill);
            match wait(WaitOptions::empty()) {
                Ok(Some((id, status))) => self.note_end(id, status),
                Ok(None) => {}
                // Nobody is left.
                Err(_) => break,
            }
        }
        self.living.clear();
    }

    /// Every world ends well: a receiver that works gets what is left. Before,
    /// the temporaries of the killed grow old.
    fn deliver_the_rest(&mut self) {
        let spool = self.spool();
        if !spool.exists() {
            return;
        }
        self.disk.iter().for_each(Disk::grow);
        let _ = fs::remove_file(spool.join("delivery.json"));
        self.receiver("ok");
        let sender = self.program(&["send"], Role::Deliverer);
        while let Ok(Some((id, status))) = wait(WaitOptions::empty()) {
            self.note_end(id, status);
            if id.as_raw_nonzero().get() == sender {
                break;
            }
        }
        // Nobody runs but the receiver.
        let ended = self.ended.len();
        self.end();
        self.ended.truncate(ended);
        let hours_ago = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
        for folder in [&spool, &spool.join("active"), &spool.join("sealed")] {
            for path in entries(folder) {
                if path.to_str().is_some_and(|path| path.ends_with(".tmp")) {
                    fs::File::open(path).unwrap().set_modified(hours_ago).unwrap();
                }
            }
        }
        let failed = tidy(&spool, &Limits::default());
        assert!(failed.is_empty(), "{}: {failed:?}", self.about());
        recover(&spool).unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end();
        drop(self.disk.take());
        if std::thread::panicking() {
            let kept = self.home.path().with_extension("kept");
            let _ = fs::rename(self.home.path(), &kept);
            println!("{}: what was left is in {}", self.about(), kept.display());
        }
    }
}

fn id_of(child: &Child) -> i32 {
    i32::try_from(child.id()).unwrap()
}

fn kill(id: i32) {
    // It may have ended by itself.
    let _ = Pid::from_raw(id).map(|id| kill_process(id, Signal::KILL));
}

fn children_of_this_process() -> impl Iterator<Item = i32> {
    let this = std::process::id();
    fs::read_dir("/proc").unwrap().flatten().filter_map(move |entry| {
        let id: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // From `proc_pid_stat(5)`: the state, then the parent.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
        (parent == this.to_string()).then_some(id)
    })
}
