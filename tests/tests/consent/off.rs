//! Off is a wall: nothing that began before it passes, and no missing file, no
//! full disk and no other process takes it down.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::fs::inotify;
#[cfg(target_os = "linux")]
use telemetry_core::consent::Layers;
use telemetry_core::schema::Purpose;
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent};
use telemetry_tests::ordered::Ordered;
use telemetry_tests::spool::skipped;

use crate::Home;
use telemetry_tests::spool::stored;

#[derive(TelemetryEvent)]
#[telemetry(name = "ticked", purpose = "service")]
struct Ticked {
    #[telemetry(allow)]
    number: u64,
}

fn builder(home: &Path) -> Builder {
    Telemetry::builder("app").home(home).with_env(|_| None).on_by_default()
}

/// A folder whose syncs cost nothing, where there is one.
fn quick_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// The program with the folders that the environment names.
fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consent_program"));
    command.env_clear().env("HOME", home);
    command
}

/// A value that takes its time: the event is past the gate and not stored yet.
struct Slow(u64);

impl serde::Serialize for Slow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        std::thread::sleep(Duration::from_micros(self.0 % 3_000));
        serializer.serialize_u64(self.0)
    }
}

#[derive(TelemetryEvent)]
#[telemetry(name = "lingered", purpose = "service")]
struct Lingered {
    #[telemetry(allow(because = "a number, told slowly by a test"))]
    slow: Slow,
}

/// Threads look at consent and record all the time while it is switched on and
/// off. Some of their looks have read the files, and some of their events have
/// passed the gate, when `off` is called, and go on after it has returned: then
/// nothing is on, and nothing is stored.
#[test]
fn no_look_that_began_before_an_off_turns_anything_on() {
    // More by `CONSENT_ROUNDS`.
    let rounds = std::env::var("CONSENT_ROUNDS").ok().and_then(|text| text.parse().ok());
    let rounds: u64 = rounds.unwrap_or(400);
    let home = quick_folder();
    let looks = AtomicU64::new(0);
    let linger = move |name: &str| {
        // The last that a look asks for, after it has read every file.
        let look = if name == "CI" { looks.fetch_add(1, Ordering::Relaxed) } else { 0 };
        if std::thread::current().name() == Some("looks") {
            std::thread::sleep(Duration::from_micros(look * 977 % 5_000));
        }
        None
    };
    let telemetry = builder(home.path()).with_env(linger).build().unwrap();
    let (ended, recorded) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let thread = |name: &str, work: fn(&Telemetry, u64) -> bool| {
        let (telemetry, ended, recorded) =
            (telemetry.clone(), Arc::clone(&ended), Arc::clone(&recorded));
        let works = move || {
            for turn in 0.. {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                recorded.fetch_add(u64::from(work(&telemetry, turn)), Ordering::Relaxed);
                std::thread::yield_now();
            }
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(works).unwrap()
    };
    let threads = [
        thread("looks", |telemetry, _| {
            telemetry.refresh();
            false
        }),
        thread("looks", |telemetry, _| {
            telemetry.refresh();
            false
        }),
        thread("records", |telemetry, turn| {
            telemetry.record(&Lingered { slow: Slow(turn * 977) }).is_stored()
        }),
        thread("records", |telemetry, number| telemetry.record(&Ticked { number }).is_stored()),
    ];
    for round in 0..rounds {
        let before = recorded.load(Ordering::Relaxed);
        assert!(telemetry.on().unwrap(), "round {round}: {}", telemetry.why());
        // Until a thread is at it.
        let at_it = |_: &i32| recorded.load(Ordering::Relaxed) > before;
        let _ = (0..10_000).inspect(|_| std::thread::yield_now()).find(at_it);
        telemetry.off().unwrap();
        for _ in 0..6 {
            assert!(!telemetry.is_on(), "round {round}: {}", telemetry.why());
            assert_eq!(telemetry.record(&Ticked { number: round }), Recorded::Denied);
            assert!(!telemetry.decision().is_on());
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(stored(telemetry.folder()).len(), 0, "round {round}");
    }
    ended.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(recorded.load(Ordering::Relaxed) > rounds / 10, "the threads did store events");
    assert_eq!(stored(telemetry.folder()).len(), 0);
}

#[test]
fn off_holds_for_a_run_with_another_config_folder_on_the_same_data() {
    let home = tempfile::tempdir().unwrap();
    let elsewhere = home.path().join("elsewhere");
    let run = |order: &str, config: Option<&Path>| {
        let mut command = program(home.path());
        if let Some(config) = config {
            command.env("XDG_CONFIG_HOME", config);
        }
        Ordered::start(command).say(order)
    };
    assert_eq!(run("record", None), "Stored");
    assert_eq!(run("off", Some(&elsewhere)), "false");
    assert_eq!(run("record", None), "Denied");
    let why = run("why", None);
    assert!(why.contains("the user's choice (") && why.contains("consent.toml"), "{why}");
    assert_eq!(run("on", None), "true");
    assert_eq!(run("record", None), "Stored");
    assert_eq!(run("record", Some(&elsewhere)), "Denied", "nor the other way round");
}

#[test]
fn a_removed_config_folder_turns_no_off_into_an_on() {
    let home = Home::new();
    let telemetry = builder(&home.path("")).build().unwrap();
    telemetry.record(&Ticked { number: 1 });
    telemetry.off().unwrap();
    fs::remove_file(home.path("telemetry.toml")).unwrap();
    let again = builder(&home.path("")).build().unwrap();
    assert!(!again.is_on(), "{}", again.why());
    assert!(!again.decision().is_undecided(), "the no is remembered");

    // What a program stored before it noticed is not sent after a new yes.
    let before = again.decision().generation(Purpose::SERVICE);
    assert!(again.on().unwrap());
    assert!(!again.decision().cutoff().permits("service", before));
    // And the other way round: the data are gone, the choice stays.
    again.off().unwrap();
    fs::remove_dir_all(again.folder()).unwrap();
    assert!(!builder(&home.path("")).build().unwrap().is_on());
}

#[test]
fn a_purpose_that_was_refused_stays_so_without_the_config_folder() {
    let home = Home::new();
    let telemetry = builder(&home.path("")).build().unwrap();
    telemetry.off_for("model-training").unwrap();
    assert!(telemetry.is_on());
    fs::remove_file(home.path("telemetry.toml")).unwrap();
    let decision = builder(&home.path("")).build().unwrap().decision();
    assert!(!decision.granted(Purpose::MODEL_TRAINING) && decision.granted(Purpose::SERVICE));
}

/// Takes the lock under which choices are changed, as another process does.
fn lock(home: &Path) -> File {
    let options = File::options().create(true).truncate(false).write(true).to_owned();
    let file = options.open(home.join("telemetry.lock")).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn off_waits_for_no_other_process() {
    let home = Home::new();
    let telemetry = builder(&home.path("")).build().unwrap();
    assert!(telemetry.record(&Ticked { number: 1 }).is_stored());
    let held = lock(&home.path(""));
    // It returns although the lock is held until the end of this block.
    assert_eq!(telemetry.off().unwrap().erased(), 1);
    assert!(!builder(&home.path("")).build().unwrap().is_on());
    drop(held);
    assert!(!builder(&home.path("")).build().unwrap().is_on());
    assert!(builder(&home.path("")).build().unwrap().on().unwrap());
    assert!(!home.path("telemetry.off").exists(), "a yes takes the mark away");
}

/// A yes that waits for the lock when the no comes does not undo it.
#[cfg(target_os = "linux")]
#[test]
fn a_yes_that_began_before_an_off_does_not_end_it() {
    let home = Home::new();
    let layers = Layers::new("app").choice_file(home.path("telemetry.toml")).on_by_default();
    let layers = layers.with_env(|_| None);
    let held = lock(&home.path(""));
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, home.path("telemetry.lock"), inotify::WatchFlags::OPEN).unwrap();
    let yes = layers.choice().unwrap();
    let waiting = std::thread::spawn(move || yes.agree());
    // Until it tries to take the lock.
    let mut event = [0; 64];
    assert!(rustix::io::read(&watch, &mut event).unwrap() > 0);
    layers.choice().unwrap().refuse().unwrap();
    drop(held);
    waiting.join().unwrap().unwrap();
    assert!(!layers.decide().is_on(), "{}", layers.decide().why());
}

/// A file system of its own, unmounted at the end.
struct Mount(PathBuf);

impl Mount {
    fn tmpfs(point: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir_all(&point).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&point).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success()).then_some(Self(point))
    }

    fn remount(&self, options: &str) {
        let mut command = Command::new("mount");
        command.args(["-o", &format!("remount,{options}")]).arg(&self.0);
        assert!(command.status().unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn off_works_on_a_full_disk_and_erases() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::tmpfs(folder.path().join("mount"), "size=256k,mode=0700") else {
        return skipped("the right to mount a tmpfs");
    };
    for erased_makes_room in [true, false] {
        let home = mount.0.join(format!("home-{erased_makes_room}"));
        let telemetry = builder(&home).build().unwrap();
        telemetry.choice().unwrap().agree().unwrap();
        let mut events = 0;
        while erased_makes_room && telemetry.record(&Ticked { number: events }).is_stored() {
            events += 1;
        }
        let filler = mount.0.join("filler");
        let full = fs::write(&filler, vec![1; 300 * 1024]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        let _ = telemetry.off().unwrap();
        assert!(!telemetry.is_on());
        let later = builder(&home).build().unwrap();
        assert!(!later.is_on(), "{}", later.why());
        assert_eq!(stored(later.folder()).len(), 0);
        fs::remove_file(&filler).unwrap();
        assert!(!builder(&home).build().unwrap().is_on());
        assert!(builder(&home).build().unwrap().on().unwrap());
    }
}

#[test]
fn an_off_that_can_be_kept_nowhere_says_so_and_holds_in_this_process() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::tmpfs(folder.path().join("mount"), "size=256k,mode=0700") else {
        return skipped("the right to mount a tmpfs");
    };
    let telemetry = builder(&mount.0).build().unwrap();
    assert!(telemetry.record(&Ticked { number: 1 }).is_stored());
    telemetry.flush().unwrap();
    // A segment that is open for writing keeps the disk writable.
    drop(telemetry);
    let telemetry = builder(&mount.0).build().unwrap();
    mount.remount("ro");
    let error = telemetry.off().unwrap_err();
    assert!(error.to_string().contains("DO_NOT_TRACK=1"), "{error}");
    assert!(!telemetry.is_on() && !telemetry.refresh());
    assert_eq!(telemetry.record(&Ticked { number: 2 }), Recorded::Denied);
    let why = telemetry.why().to_string();
    assert!(why.contains("it was switched off while the program runs"), "{why}");
    mount.remount("rw");
    assert!(!telemetry.refresh(), "a disk that works again is no answer of the user's");
    assert!(builder(&mount.0).build().unwrap().is_on(), "which is why it was an error");
    telemetry.choice().unwrap().agree().unwrap();
    assert!(telemetry.refresh(), "an answer is");
}

#[test]
fn a_choice_that_somebody_else_could_have_written_is_off() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let home = Home::new();
    let path = home.write("config/telemetry.toml", "[telemetry]\nenabled = true\n");
    assert!(home.layers().decide().is_on());
    for mode in [0o666, 0o620, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let decision = home.layers().decide();
        assert!(!decision.is_on());
        let said = decision.diagnostics()[0].to_string();
        assert!(said.contains("can be written by other users"), "{said}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(home.layers().decide().is_on());
    if chown(&path, Some(65_534), None).is_err() {
        return skipped("root");
    }
    let said = home.layers().decide().diagnostics()[0].to_string();
    assert!(said.contains("belongs to another user"), "{said}");
    // The user's own word replaces it.
    home.layers().choice().unwrap().refuse().unwrap();
    assert!(!home.layers().decide().is_on() && home.layers().decide().diagnostics().is_empty());
}
