//! What a host program sees when its files and its clock are not as they
//! should be: it goes on, each event is counted, and the author is told where
//! it fails and what to do.
//!
//! The same conditions one station at a time: `spool.rs`, `consent.rs`,
//! `pseudonyms/secret_file.rs`.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first wrong value, in its helpers too"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use telemetry_core::spool::{self, Limits, Reason};
use telemetry_core::{Recorded, Telemetry, TelemetryEvent};
use telemetry_tests::spool::{skipped, stored_line};

/// Something happened.
#[derive(TelemetryEvent)]
#[telemetry(name = "happened", purpose = "service")]
struct Happened {
    #[telemetry(hash)]
    host: &'static str,
}

const EVENT: Happened = Happened { host: "canary-web-1" };

/// The user `nobody`, who owns nothing here.
const NOBODY: u32 = 65534;

/// A program with a home of its own, and what its author was told.
struct Program {
    home: PathBuf,
    told: Arc<Mutex<Vec<String>>>,
}

impl Program {
    fn new(home: &Path) -> Self {
        Self { home: home.to_owned(), told: Arc::default() }
    }

    fn start(&self) -> Telemetry {
        let told = Arc::clone(&self.told);
        Telemetry::builder("app")
            .home(&self.home)
            .with_env(|_| None)
            .on_by_default()
            .on_error(move |error| told.lock().unwrap().push(error.to_string()))
            .build()
            .unwrap()
    }

    /// One run in which events are stored.
    fn run_once(&self) {
        assert_eq!(self.start().record(&EVENT), Recorded::Stored);
    }

    fn folder(&self) -> PathBuf {
        self.home.join("telemetry")
    }

    /// As if the folder had been tidied for the last time long ago.
    fn tidied_long_ago(&self) {
        let mark = fs::File::open(self.folder().join("tidied")).unwrap();
        mark.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }

    fn stored(&self) -> usize {
        spool::read(&self.folder()).unwrap().flatten().count()
    }

    /// Two events are dropped and counted for `reason`, and the author is told
    /// of `place` with `remedy`. When the cause is gone, the next run stores.
    #[track_caller]
    fn drops(&self, reason: Reason, place: &Path, remedy: &str) {
        let telemetry = self.start();
        assert!(telemetry.is_on());
        let before = telemetry.counts().map_or(0, |counts| counts.get(reason));
        assert_eq!(telemetry.record(&EVENT), Recorded::Dropped);
        assert_eq!(telemetry.record(&EVENT), Recorded::Dropped);
        // All that a program calls may fail, and goes on.
        let _ = (telemetry.flush(), telemetry.erase(spool::Filter::Id("none")));
        match telemetry.counts() {
            Ok(counts) => assert_eq!(counts.get(reason), before + 2, "{counts:?}"),
            Err(error) => assert!(error.to_string().contains("telemetry"), "{error}"),
        }
        drop(telemetry);
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        let place = place.display().to_string();
        assert!(
            told.iter().any(|words| words.contains(&place) && words.contains(remedy)),
            "{told:?}"
        );
        assert!(told.iter().all(|words| !words.contains("canary")), "{told:?}");
    }
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn is_root(home: &tempfile::TempDir) -> bool {
    chown(home.path(), Some(NOBODY), None).and_then(|()| chown(home.path(), Some(0), None)).is_ok()
}

#[test]
fn a_secret_of_the_wrong_length_drops_events_until_it_is_moved_away() {
    let home = home();
    let program = Program::new(home.path());
    program.run_once();
    let secret = program.folder().join("secret");
    let whole = fs::read(&secret).unwrap();
    for length in [1, whole.len() - 2, whole.len() - 1] {
        fs::write(&secret, &whole[..length]).unwrap();
        program.drops(Reason::NotReady, &secret, "remove it to start with a new secret");
        assert_eq!(fs::read(&secret).unwrap(), &whole[..length], "it is never repaired");
    }
    fs::remove_file(&secret).unwrap();
    program.run_once();
}

#[test]
fn what_a_power_cut_left_of_a_secret_that_nothing_was_sent_with_is_replaced() {
    let home = home();
    let program = Program::new(home.path());
    program.run_once();
    let secret = program.folder().join("secret");
    let whole = fs::read(&secret).unwrap();
    for left in [vec![], vec![0; whole.len()]] {
        fs::write(&secret, &left).unwrap();
        program.run_once();
        let new = fs::read(&secret).unwrap();
        assert!(new.len() == whole.len() && new != whole && new != left);
    }
    assert!(program.told.lock().unwrap().is_empty());
}

#[test]
fn what_could_not_be_made_is_tried_again_while_the_program_runs() {
    let home = home();
    let mut limits = Limits::default();
    limits.pause = Duration::ZERO;
    let builder = Telemetry::builder("app").home(home.path()).with_env(|_| None);
    let telemetry = builder.on_by_default().limits(limits).build().unwrap();
    let folder = home.path().join("telemetry");
    fs::write(&folder, "in the way").unwrap();
    assert_eq!(telemetry.record(&EVENT), Recorded::Dropped);
    fs::remove_file(&folder).unwrap();
    assert_eq!(telemetry.record(&EVENT), Recorded::Stored);
    assert_eq!(telemetry.counts().unwrap().get(Reason::NotReady), 1);
}

#[test]
fn the_hook_may_record_when_it_is_told_of_a_failure() {
    let home = home();
    fs::write(home.path().join("telemetry"), "in the way").unwrap();
    let itself = Arc::new(OnceLock::<Telemetry>::new());
    let hook = Arc::downgrade(&itself);
    let mut limits = Limits::default();
    limits.pause = Duration::MAX;
    let telemetry = Telemetry::builder("app")
        .home(home.path())
        .with_env(|_| None)
        .on_by_default()
        .limits(limits)
        .on_error(move |_| {
            if let Some(telemetry) = hook.upgrade().as_deref().and_then(OnceLock::get) {
                assert_eq!(telemetry.record(&EVENT), Recorded::Dropped);
            }
        })
        .build()
        .unwrap();
    itself.set(telemetry.clone()).unwrap();
    assert_eq!(telemetry.record(&EVENT), Recorded::Dropped);
    fs::remove_file(telemetry.folder()).unwrap();
    assert_eq!(telemetry.counts().unwrap().get(Reason::NotReady), 2, "one of the hook's own");
}

#[test]
fn a_link_in_the_place_of_a_file_is_never_followed() {
    let home = home();
    let program = Program::new(home.path());
    program.run_once();
    let file = program.folder().join("secret");
    let outside = home.path().join("outside");
    fs::rename(&file, &outside).unwrap();
    let content = fs::read(&outside).unwrap();
    symlink(&outside, &file).unwrap();
    program.drops(Reason::NotReady, &file, "remove it");
    assert_eq!(fs::read(&outside).unwrap(), content);
    fs::remove_file(&file).unwrap();
    program.run_once();
}

#[test]
fn a_link_in_the_place_of_the_folder_is_never_followed() {
    let home = home();
    let program = Program::new(home.path());
    let outside = home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, program.folder()).unwrap();
    program.drops(Reason::NotReady, &program.folder(), "move it away");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    fs::remove_file(program.folder()).unwrap();
    program.run_once();
}

#[test]
fn a_link_in_the_place_of_the_choice_means_off() {
    let home = home();
    let program = Program::new(home.path());
    program.start().choice().unwrap().agree().unwrap();
    let choice = home.path().join("telemetry.toml");
    let outside = home.path().join("outside");
    fs::rename(&choice, &outside).unwrap();
    symlink(&outside, &choice).unwrap();
    let telemetry = program.start();
    assert_eq!(telemetry.record(&EVENT), Recorded::Denied);
    assert!(telemetry.why().to_string().contains("telemetry.toml"), "{}", telemetry.why());
    assert!(!program.folder().exists());
}

#[test]
fn a_file_in_the_place_of_the_folder_drops_events() {
    let home = home();
    let program = Program::new(home.path());
    fs::write(program.folder(), "mine").unwrap();
    program.drops(Reason::NotReady, &program.folder(), "move it away");
    assert_eq!(fs::read_to_string(program.folder()).unwrap(), "mine");
}

#[test]
fn a_folder_that_others_can_write_drops_events() {
    let home = home();
    let program = Program::new(home.path());
    program.run_once();
    fs::set_permissions(program.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    program.drops(Reason::NotReady, &program.folder(), "chmod 700");
    fs::set_permissions(program.folder(), fs::Permissions::from_mode(0o700)).unwrap();
    program.run_once();
}

#[test]
fn files_and_folders_of_somebody_else_drop_events() {
    let home = home();
    if !is_root(&home) {
        return skipped("root");
    }
    let program = Program::new(home.path());
    program.run_once();
    for place in [program.folder(), program.folder().join("secret")] {
        chown(&place, Some(NOBODY), None).unwrap();
        program.drops(Reason::NotReady, &place, "change its owner");
        chown(&place, Some(0), None).unwrap();
    }
    program.run_once();
}

#[test]
fn an_unreadable_spool_stops_no_new_event() {
    let home = home();
    let program = Program::new(home.path());
    program.run_once();
    program.tidied_long_ago();
    program.run_once();
    program.tidied_long_ago();
    let sealed = program.folder().join("sealed");
    let garbage: [&[u8]; 4] = [b"\xFF\xFE\n", b"{\"half\":", b"\0\0\0\0", b"{}\n"];
    for (number, bytes) in garbage.iter().enumerate() {
        let name = format!("{:08}-{number:024x}-1-1.ndjson", number + 100);
        fs::write(sealed.join(name), bytes).unwrap();
        // As a killed process leaves it: in its own folder, without a lock.
        let name = format!("{number:024x}-2.ndjson");
        fs::write(program.folder().join("active").join(name), bytes).unwrap();
    }
    // A folder in the place of a segment.
    fs::create_dir(sealed.join(format!("00000200-{:024x}-1-1.ndjson", 9))).unwrap();
    program.run_once();
    assert_eq!(program.stored(), 3);
    assert!(spool::counts(&program.folder()).unwrap().get(Reason::Torn) > 0);
    let told = program.told.lock().unwrap();
    assert!(told.iter().all(|words| words.contains("00000200-")), "{told:?}");
}

#[test]
fn a_spool_folder_that_cannot_be_used_drops_events() {
    for name in ["active", "sealed"] {
        let home = home();
        let program = Program::new(home.path());
        program.run_once();
        program.tidied_long_ago();
        let folder = program.folder().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::write(&folder, "in the way").unwrap();
        let telemetry = program.start();
        let expected = if name == "active" { Recorded::Dropped } else { Recorded::Stored };
        assert_eq!(telemetry.record(&EVENT), expected, "{name}");
        drop(telemetry);
        let told = program.told.lock().unwrap();
        let place = folder.display().to_string();
        assert!(told.iter().any(|words| words.contains(&place)), "{name}: {told:?}");
    }
}

#[test]
fn what_a_killed_process_left_is_taken_over_when_the_folder_is_tidied() {
    let home = home();
    let program = Program::new(home.path());
    program.run_once();
    program.tidied_long_ago();
    let line = stored_line("000000000000000000000001-1", &jiff::Timestamp::now().to_string(), 0);
    let half = &line[..line.len() / 2];
    let left = program.folder().join("active").join(format!("{:024x}-1.ndjson", 1));
    fs::write(&left, format!("{line}{half}")).unwrap();
    // Nothing is touched before there is an event.
    let telemetry = program.start();
    assert!(left.exists());
    assert_eq!(telemetry.record(&EVENT), Recorded::Stored);
    assert!(!left.exists());
    assert_eq!(telemetry.counts().unwrap().get(Reason::Torn), 1);
    assert_eq!(program.stored(), 3);
}

#[test]
fn what_is_too_old_goes_when_the_folder_is_tidied_and_a_clock_that_went_back_changes_nothing() {
    let home = home();
    let program = Program::new(home.path());
    program.run_once();
    program.tidied_long_ago();
    program.run_once();
    program.tidied_long_ago();
    let plant = |number: u64, time: &str| {
        let id = format!("{number:024x}");
        let name = format!("{number:08}-{id}-1-1.ndjson");
        let line = stored_line(&format!("{id}-1"), time, 0);
        fs::write(program.folder().join("sealed").join(name), line).unwrap();
    };
    plant(100, "2001-01-01T00:00:00.000Z");
    // Recorded under a clock that was then set back by decades.
    plant(101, "2099-01-01T00:00:00.000Z");
    let telemetry = program.start();
    assert_eq!(telemetry.record(&EVENT), Recorded::Stored);
    assert_eq!(telemetry.counts().unwrap().get(Reason::CapAge), 1);
    drop(telemetry);
    let times: Vec<_> = spool::read(&program.folder()).unwrap().flatten().map(|e| e.time).collect();
    assert_eq!(times.len(), 4, "{times:?}");
    assert!(program.told.lock().unwrap().is_empty());
}

/// A file system of its own below a test's home, unmounted when dropped.
struct Mount(PathBuf);

impl Mount {
    fn new(home: &Path) -> Option<Self> {
        let point = home.join("mount");
        fs::create_dir(&point).unwrap();
        let mount = Self(point);
        mount.with("size=256k,mode=0700").then_some(mount)
    }

    fn with(&self, options: &str) -> bool {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&self.0).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_drops_events_and_counts_them_and_after_the_pause_stores_again() {
    let home = home();
    let Some(mount) = Mount::new(home.path()) else {
        return skipped("the right to mount a tmpfs");
    };
    // From the start, when there is not even a secret.
    let program = Program::new(&mount.0);
    let ballast = mount.0.join("ballast");
    let fill = || {
        let _ = fs::write(&ballast, vec![0; 1024 * 1024]);
    };
    fill();
    program.drops(Reason::NotReady, &program.folder(), "make room on the disk");
    fs::remove_file(&ballast).unwrap();
    program.run_once();
    // In the middle of a run.
    let telemetry = program.start();
    assert_eq!(telemetry.record(&EVENT), Recorded::Stored);
    fill();
    let mut stored = 2;
    let mut dropped = 0;
    for _ in 0..100 {
        match telemetry.record(&EVENT) {
            Recorded::Stored => stored += 1,
            Recorded::Dropped => dropped += 1,
            other => unreachable!("{other:?}"),
        }
    }
    assert!(dropped > 0);
    assert_eq!(telemetry.counts().unwrap().get(Reason::DiskFull), dropped);
    assert_eq!(program.stored(), stored);
    let told = program.told.lock().unwrap();
    assert!(told.iter().any(|words| words.contains("make room on the disk")), "{told:?}");
}

#[test]
fn a_read_only_disk_drops_events_and_the_refusal_cannot_be_kept_but_holds() {
    let home = home();
    let Some(mount) = Mount::new(home.path()) else {
        return skipped("the right to mount a tmpfs");
    };
    let program = Program::new(&mount.0);
    program.run_once();
    assert!(mount.with("remount,ro"));
    program.drops(Reason::WriteFailed, &program.folder(), "make the file system writable");
    let telemetry = program.start();
    let error = telemetry.off().unwrap_err();
    assert!(error.to_string().contains("DO_NOT_TRACK=1"), "{error}");
    assert_eq!(telemetry.record(&EVENT), Recorded::Denied, "off holds until the program ends");
}

#[test]
fn a_home_by_a_relative_path_is_the_same_after_a_change_of_the_working_folder() {
    // Of the whole process: therefore in one of its own.
    if let Some(home) = std::env::var_os("BAD_INPUT_TEST_HOME") {
        std::env::set_current_dir(&home).unwrap();
        let telemetry = Program::new(Path::new("relative")).start();
        assert_eq!(telemetry.record(&EVENT), Recorded::Stored);
        telemetry.choice().unwrap().refuse().unwrap();
        std::env::set_current_dir("/").unwrap();
        assert!(!telemetry.refresh(), "the refusal is found again");
        return;
    }
    let home = home();
    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = "a_home_by_a_relative_path_is_the_same_after_a_change_of_the_working_folder";
    child.args(["--exact", name]).env("BAD_INPUT_TEST_HOME", home.path());
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(home.path().join("relative/telemetry.toml").exists());
}
