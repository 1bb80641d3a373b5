//! What the spool promises of its files: exact counts, files of others, and
//! nothing left behind.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use telemetry_core::spool::internals::{self, Spool};
use telemetry_core::spool::{self, Filter, Limits, Reason};
use telemetry_core::{Telemetry, TelemetryEvent};
use telemetry_tests::mount::Mount;
use telemetry_tests::spool::{event_line, skipped, stored_line};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ending_program");
const TIME: &str = "2026-01-01T00:00:00.000Z";

/// Something happened.
#[derive(TelemetryEvent)]
#[telemetry(name = "happened", purpose = "service")]
struct Happened {
    #[telemetry(allow)]
    times: u32,
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.age = Duration::MAX;
    limits
}

fn private(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
}

/// A complete segment, as an earlier process sealed it.
fn plant(folder: &Path, number: u64, lines: &str) -> PathBuf {
    private(folder);
    private(&folder.join("sealed"));
    let name = format!("{number:08}-{number:024x}-1-{}.ndjson", lines.lines().count());
    let path = folder.join("sealed").join(name);
    fs::write(&path, lines).unwrap();
    path
}

fn ids(folder: &Path) -> Vec<String> {
    spool::read(folder).unwrap().flatten().map(|event| event.id).collect()
}

#[test]
fn erasing_and_off_take_the_temporary_files_of_killed_processes_with_them() {
    for off in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let builder = Telemetry::builder("app").home(home.path()).with_env(|_| None);
        let telemetry = builder.on_by_default().build().unwrap();
        assert!(telemetry.record(&Happened { times: 1 }).is_stored());
        let folder = telemetry.folder();
        let left = ["sent.ndjson", "secret", "installation", "delivery.json"]
            .map(|name| folder.join(format!("{name}.4711.0.0123456789abcdef.tmp")));
        let draft = format!("active/{:024x}-1.ndjson.4711.0.0123456789abcdef.tmp", 1);
        let left = left.into_iter().chain([folder.join(draft)]).collect::<Vec<_>>();
        for left in &left {
            fs::write(left, "canary").unwrap();
        }
        let notes = [folder.join("notes.tmp"), folder.join("sent.ndjson.old.tmp")];
        for notes in &notes {
            fs::write(notes, "mine").unwrap();
        }
        if off {
            telemetry.off().unwrap();
        } else {
            telemetry.erase(Filter::All).unwrap();
        }
        assert!(left.iter().all(|left| !left.exists()), "{off}");
        assert!(notes.iter().all(|notes| notes.exists()), "files of the user stay");
    }
}

#[test]
fn tidying_sweeps_temporary_files_that_are_old_and_no_other() {
    let home = tempfile::tempdir().unwrap();
    private(home.path());
    let [old, new] =
        ["1", "2"].map(|id| home.path().join(format!("sent.ndjson.{id}.0.0123456789abcdef.tmp")));
    for path in [&old, &new] {
        fs::write(path, "canary").unwrap();
    }
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    assert!(internals::tidy(home.path(), &limits()).is_empty());
    assert!(!old.exists() && new.exists());
}

#[test]
fn a_file_with_a_second_name_is_neither_changed_nor_taken_over_nor_removed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("telemetry");
    let content = format!("{}half a li", stored_line("x-1", TIME, 0));
    let [first, second] = ["first", "second"].map(|name| home.path().join(name));
    let sealed = plant(&folder, 1, "");
    fs::remove_file(&sealed).unwrap();
    private(&folder.join("active"));
    let active = folder.join("active").join(format!("{:024x}-1.ndjson", 2));
    for (mine, there) in [(&first, &sealed), (&second, &active)] {
        fs::write(mine, &content).unwrap();
        fs::hard_link(mine, there).unwrap();
    }
    plant(&folder, 3, &stored_line("x-3", TIME, 0));

    let recovered = internals::recover(&folder).unwrap();
    assert_eq!((recovered.segments, recovered.torn, recovered.errors.len()), (0, 0, 1));
    let error = spool::erase(&folder, Filter::All).unwrap_err();
    assert!(error.to_string().contains("ndjson"), "{error}");
    let mut none = limits();
    none.events = 0;
    let _ = internals::enforce(&folder, &none, SystemTime::now());
    for path in [&first, &second, &sealed, &active] {
        assert_eq!(fs::read_to_string(path).unwrap(), content, "{}", path.display());
    }
    assert!(!ids(&folder).contains(&"x-3".to_owned()), "what is ours is erased");
}

#[test]
fn one_segment_that_cannot_be_opened_does_not_switch_the_limits_off() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    for number in 1..=10 {
        plant(folder, number, &stored_line(&format!("x-{number}"), TIME, 0));
    }
    // The oldest, which goes first: a folder in its place.
    let oldest = folder.join("sealed").join(format!("00000001-{:024x}-1-1.ndjson", 1));
    fs::remove_file(&oldest).unwrap();
    fs::create_dir(&oldest).unwrap();
    let mut four = limits();
    four.segments = 4;
    let error = internals::enforce(folder, &four, SystemTime::now()).unwrap_err();
    assert!(error.to_string().contains("00000001-"), "{error}");
    assert_eq!(ids(folder), ["x-8", "x-9", "x-10"]);
    assert_eq!(spool::counts(folder).unwrap().get(Reason::CapSegments), 6);
}

#[test]
fn a_cap_counts_what_is_left_in_a_segment_and_not_what_was_once_in_it() {
    let home = tempfile::tempdir().unwrap();
    let spool = Spool::open(home.path(), limits()).unwrap();
    let append = |event| {
        let mut id = String::new();
        spool.next_id(&mut id);
        spool.append(event_line(&id, TIME, event, "text").as_bytes()).unwrap();
    };
    // Erased while it is written, and erased when it is complete.
    ["kept", "gone", "kept"].into_iter().for_each(append);
    assert_eq!(spool::erase(home.path(), Filter::Event("gone")).unwrap(), 1);
    spool.seal().unwrap();
    ["kept", "gone.too", "gone.too"].into_iter().for_each(append);
    spool.seal().unwrap();
    assert_eq!(spool::erase(home.path(), Filter::Event("gone.too")).unwrap(), 2);
    let mut none = limits();
    none.events = 0;
    assert_eq!(internals::enforce(home.path(), &none, SystemTime::now()).unwrap(), 3);
    assert_eq!(spool::counts(home.path()).unwrap().total(), 3);
}

#[test]
fn what_one_cap_counted_before_a_kill_another_cap_does_not_count_again() {
    let home = tempfile::tempdir().unwrap();
    let lines = event_line("x-1", TIME, "first", "a") + &event_line("x-2", TIME, "second", "b");
    for by_events in [true, false] {
        // Killed between the count and the end of the segment, which is still there.
        plant(home.path(), 1, &lines);
        let mut none = limits();
        *(if by_events { &mut none.events } else { &mut none.segments }) = 0;
        assert_eq!(internals::enforce(home.path(), &none, SystemTime::now()).unwrap(), 2);
        let counts = spool::counts(home.path()).unwrap();
        assert_eq!((counts.get(Reason::CapEvents), counts.total()), (2, 2), "{counts:?}");
    }
}

#[test]
fn what_is_asked_about_before_erasing_is_what_is_erased() {
    let home = tempfile::tempdir().unwrap();
    let fill = || {
        let lines = [event_line("x-1", TIME, "first", "a"), event_line("x-2", TIME, "second", "b")];
        plant(home.path(), 1, &format!("{}{}not json\n", lines[0], lines[1]));
        plant(home.path(), 2, &event_line("x-3", TIME, "second", "c"));
        let claim = internals::sealed(home.path()).unwrap()[1].claim().unwrap().unwrap();
        let event = claim.events().unwrap().next().unwrap().unwrap();
        claim.keep_as_dead_letters(&[event.place], Reason::Rejected, "no", &limits()).unwrap();
    };
    let later: SystemTime = SystemTime::now();
    for (filter, events) in [
        (Filter::All, 4),
        (Filter::Event("second"), 2),
        (Filter::Id("x-3"), 1),
        (Filter::Purpose("service"), 3),
        (Filter::Before(later), 3),
        (Filter::Event("none"), 0),
    ] {
        fill();
        assert_eq!(spool::count_matching(home.path(), filter).unwrap(), events, "{filter:?}");
        assert_eq!(spool::erase(home.path(), filter).unwrap(), events, "{filter:?}");
        assert_eq!(spool::count_matching(home.path(), filter).unwrap(), 0, "{filter:?}");
        spool::erase(home.path(), Filter::All).unwrap();
    }
}

#[test]
fn drops_are_counted_exactly_by_many_processes_at_once_and_the_file_keeps_its_size() {
    let home = tempfile::tempdir().unwrap();
    // No event fits the limit on files: each is dropped.
    let children: Vec<_> = (0..8)
        .map(|_| {
            let script = format!("ulimit -f 0; exec {PROGRAM} \"$0\" record 50");
            let mut command = Command::new("sh");
            command.arg("-c").arg(script).arg(home.path());
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "stored 0 dropped 50\n");
    }
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    internals::add_dropped(home.path(), Reason::Withdrawn, 2).unwrap();
                }
            });
        }
    });
    assert_eq!(spool::counts(home.path()).unwrap().get(Reason::Withdrawn), 8 * 200 * 2);
    assert_eq!(home.path().join("dropped").metadata().unwrap().len(), 4096);
}

#[test]
fn what_a_cap_drops_is_counted_once_however_often_the_process_is_killed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("telemetry");
    let (mut acknowledged, kills) = (0, 40);
    for kill in 0..kills {
        let mut child = Command::new(PROGRAM)
            .arg(home.path())
            .arg("caps")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut said = vec![0; 7 * (50 + 37 * (kill % 11))];
        output.read_exact(&mut said).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        output.read_to_end(&mut said).unwrap();
        acknowledged += said.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    internals::recover(&folder).unwrap();
    let counts = spool::counts(&folder).unwrap();
    let accounted = ids(&folder).len() as u64 + counts.get(Reason::CapBytes);
    // The event that a process was killed with may be there without a word.
    let possible = acknowledged..=acknowledged + kills as u64;
    assert!(possible.contains(&accounted), "{accounted} of {possible:?}: {counts:?}");
    assert!(counts.get(Reason::CapBytes) > 1_000, "{counts:?}");
}

#[test]
fn ten_times_as_many_events_are_recovered_shown_and_erased_in_the_same_memory() {
    const CHILD: &str = env!("CARGO_BIN_EXE_spool_child");
    let peaks = [10_000, 100_000].map(|events| {
        let home = tempfile::tempdir().unwrap();
        private(home.path());
        private(&home.path().join("active"));
        // As a killed process left them, in one file.
        let lines: String =
            (1..=events).map(|n| stored_line(&format!("x-{n}"), TIME, 100)).collect();
        fs::write(home.path().join("active").join(format!("{:024x}-1.ndjson", 1)), lines).unwrap();
        let run = |arguments: &[&str], said: &str| {
            let output = Command::new(CHILD).arg(home.path()).args(arguments).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let (what, peak) = text.trim_end().rsplit_once(" peak ").unwrap();
            assert_eq!(what, said);
            peak.parse::<u64>().unwrap()
        };
        let id = format!("x-{}", events / 2);
        let erasing = run(&["erase", &id], "recovered 1 erased 1");
        let reading = run(&["read"], &format!("events {} unreadable 0", events - 1));
        erasing.max(reading)
    });
    let [few, many] = peaks;
    // The 100,000 lines have 30 MB.
    assert!(many < few + 4 * 1024, "{few} KiB for a tenth, {many} KiB");
}

/// The file of the counts is there before the disk is full: a kill right behind a
/// dropped event loses no count, although there is room for nothing and not even
/// for a name.
#[test]
fn on_a_disk_without_room_for_a_block_or_a_name_every_drop_is_on_the_disk_at_once() {
    let home = tempfile::tempdir().unwrap();
    let options = ["-t", "tmpfs", "-o", "size=256k,nr_inodes=64,mode=0700"];
    let Some(mount) = Mount::new(home.path(), &options, "tmpfs") else {
        return skipped("the right to mount a tmpfs");
    };
    let builder = Telemetry::builder("app").home(&mount.0).with_env(|_| None);
    let telemetry = builder.on_by_default().build().unwrap();
    assert!(telemetry.record(&Happened { times: 1 }).is_stored());
    let names = (0..).map(|number| fs::File::create(mount.0.join(format!("name-{number}"))));
    assert!(names.take_while(Result::is_ok).count() > 1);
    let mut junk = fs::File::options().write(true).open(mount.0.join("name-0")).unwrap();
    while junk.write(&[1; 4096]).is_ok_and(|written| written > 0) {}

    let mut stored = 1;
    for dropped in 1..=300 {
        // What is left of the segment's own block takes some.
        while telemetry.record(&Happened { times: 1 }).is_stored() {
            stored += 1;
        }
        // By the files alone, as another process would count after a kill.
        let counts = spool::counts(telemetry.folder()).unwrap();
        assert_eq!((counts.get(Reason::DiskFull), counts.total()), (dropped, dropped));
    }
    assert_eq!(ids(telemetry.folder()).len(), stored);
}
