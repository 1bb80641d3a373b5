//! What the spool keeps, drops, shows and erases.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, SystemTime};

use telemetry_core::spool::internals::{self, Spool};
use telemetry_core::spool::{self, Defect, Filter, Limits, Reason, Stored};
use telemetry_tests::spool::files;
use telemetry_tests::spool::{event_line, stored_line};

const CHILD: &str = env!("CARGO_BIN_EXE_spool_child");
const TIME: &str = "2026-01-01T00:00:00.000Z";

/// A folder that disappears, and the spool's folder in it, not made yet.
struct Home {
    _home: tempfile::TempDir,
    spool: PathBuf,
}

fn home() -> Home {
    let home = tempfile::tempdir().unwrap();
    let spool = home.path().join("telemetry");
    Home { _home: home, spool }
}

/// No age: the times in these tests are fixed, the clock is not.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.age = Duration::MAX;
    limits.pause = Duration::ZERO;
    limits
}

fn open(home: &Home) -> Spool {
    Spool::open(&home.spool, limits()).unwrap()
}

fn id(spool: &Spool) -> String {
    let mut id = String::new();
    spool.next_id(&mut id);
    id
}

fn append(spool: &Spool) -> String {
    append_event(spool, "test.event", "text")
}

fn append_event(spool: &Spool, event: &str, text: &str) -> String {
    let id = id(spool);
    spool.append(event_line(&id, TIME, event, text).as_bytes()).unwrap();
    id
}

fn ids(folder: &Path) -> Vec<String> {
    spool::read(folder).unwrap().map(|item| item.unwrap().id).collect()
}

/// Whether any file of the spool holds these bytes.
fn on_disk(folder: &Path, needle: &str) -> bool {
    let holds = |path: &Path| {
        fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    files(folder).iter().any(|path| holds(path))
}

/// A complete segment with these bytes, as if an earlier process had sealed it.
fn plant(home: &Home, number: u64, bytes: &[u8]) -> PathBuf {
    for folder in [&home.spool, &home.spool.join("sealed")] {
        fs::create_dir_all(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let name = format!("{number:08}-{number:024x}-1-{lines}.ndjson");
    let path = home.spool.join("sealed").join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn time(text: &str) -> SystemTime {
    // Through the library: what it reads is what it stored.
    let home = home();
    plant(&home, 1, stored_line("x-1", text, 0).as_bytes());
    let stored: Vec<Stored> = spool::read(&home.spool).unwrap().map(Result::unwrap).collect();
    stored[0].recorded().unwrap()
}

mod storing {
    use super::*;

    #[test]
    fn nothing_exists_before_the_first_event() {
        let home = home();
        let spool = open(&home);
        id(&spool);
        spool.flush().unwrap();
        spool.seal().unwrap();
        internals::recover(&home.spool).unwrap();
        assert_eq!(spool::erase(&home.spool, Filter::All).unwrap(), 0);
        assert!(internals::try_lock_delivery(&home.spool).unwrap().is_none());
        assert_eq!(spool.counts().unwrap().total(), 0);
        drop(spool);
        assert!(!home.spool.exists());
    }

    #[test]
    fn everything_is_for_the_owner_only() {
        let home = home();
        let mut small = limits();
        small.line = 300;
        let spool = Spool::open(&home.spool, small).unwrap();
        append(&spool);
        spool.seal().unwrap();
        append(&spool);
        spool.append(stored_line("x-1", TIME, 300).as_bytes()).unwrap_err();
        let _lock = internals::try_lock_delivery(&home.spool).unwrap().unwrap();
        for path in files(&home.spool) {
            assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600, "{}", path.display());
            let folder = path.parent().unwrap();
            assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700, "{}", folder.display());
        }
        assert_eq!(files(&home.spool).len(), 4);
    }

    #[test]
    fn a_stored_event_is_read_back_byte_for_byte() {
        let home = home();
        let spool = open(&home);
        let id = id(&spool);
        let line = event_line(&id, TIME, "run.finished", "grüße");
        spool.append(line.as_bytes()).unwrap();
        let stored = spool::read(&home.spool).unwrap().next().unwrap().unwrap();
        assert_eq!(stored.raw, line.trim_end().as_bytes());
        assert_eq!((stored.id, stored.event.as_str(), stored.version), (id, "run.finished", 1));
        assert_eq!((stored.purpose.as_str(), stored.time.as_str()), ("service", TIME));
        assert_eq!(stored.fields["text"], "grüße");
        assert_eq!(stored.place.line, 1);
    }

    #[test]
    fn an_id_is_the_run_in_hex_and_a_number() {
        let home = home();
        let (one, other) = (open(&home), open(&home));
        let (first, second, third) = (id(&one), id(&one), id(&other));
        let (run, number) = first.split_once('-').unwrap();
        assert_eq!((run.len(), number), (24, "1"));
        assert!(run.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_eq!(second, format!("{run}-2"));
        assert!(!third.starts_with(run), "two spools of one process are two runs");
    }

    #[test]
    fn segments_are_read_in_the_order_of_sealing_and_the_active_one_last() {
        let home = home();
        let spool = open(&home);
        let mut expected = Vec::new();
        for _ in 0..12 {
            expected.push(append(&spool));
            spool.seal().unwrap();
        }
        expected.push(append(&spool));
        assert_eq!(ids(&home.spool), expected);
        assert_eq!(internals::sealed(&home.spool).unwrap().len(), 12);
    }

    #[test]
    fn a_full_segment_is_sealed_and_the_last_is_left_for_whoever_recovers() {
        let home = home();
        let mut limits = limits();
        limits.segment = 1000;
        let spool = Spool::open(&home.spool, limits).unwrap();
        let expected: Vec<String> = (0..10).map(|_| append(&spool)).collect();
        assert!(internals::sealed(&home.spool).unwrap().len() >= 2);
        drop(spool);
        assert_eq!(ids(&home.spool), expected);
        internals::recover(&home.spool).unwrap();
        assert!(files(&home.spool.join("active")).is_empty());
        assert_eq!(ids(&home.spool), expected);
    }

    #[test]
    fn what_is_not_one_line_is_refused() {
        let home = home();
        let spool = open(&home);
        for line in [&b""[..], b"\n", b"{}", b"{}\n{}\n", b" {}\n", b"text\n"] {
            let error = spool.append(line).unwrap_err();
            assert!(error.is_argument(), "{error}");
        }
        assert!(!home.spool.exists());
    }

    #[test]
    fn a_line_over_the_limit_is_refused_and_counted() {
        let home = home();
        let spool = open(&home);
        let error = spool.append(stored_line("x-1", TIME, spool::MAX_LINE).as_bytes()).unwrap_err();
        assert!(error.is_spool() && !error.to_string().contains("xxx"), "{error}");
        append(&spool);
        assert_eq!(ids(&home.spool).len(), 1);
        assert_eq!(spool.counts().unwrap().get(Reason::TooLong), 1);
        assert_eq!(spool::counts(&home.spool).unwrap(), spool.counts().unwrap());
    }

    #[test]
    fn threads_share_a_spool_without_mixing_their_lines() {
        let home = home();
        let spool = open(&home);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..200).for_each(|_| drop(append(&spool))));
            }
        });
        let mut ids = ids(&home.spool);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 1600);
    }

    #[test]
    fn a_folder_removed_by_hand_is_made_again_and_what_was_in_it_is_counted() {
        let home = home();
        let spool = open(&home);
        append(&spool);
        append(&spool);
        fs::remove_dir_all(&home.spool).unwrap();
        spool.seal().unwrap();
        let kept = append(&spool);
        assert_eq!(ids(&home.spool), [kept]);
        assert_eq!(spool.counts().unwrap().get(Reason::Removed), 2);
    }

    #[test]
    fn a_child_by_fork_gets_a_run_and_a_segment_of_its_own() {
        let home = home();
        let output = Command::new(CHILD).arg(&home.spool).arg("fork").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut said: Vec<&str> = text.lines().collect();
        said.sort_unstable();
        assert_eq!(said.len(), 4, "{text}");
        let mut stored = ids(&home.spool);
        stored.sort();
        assert_eq!(stored, said, "no id twice, no event lost");
        let mut runs: Vec<_> = said.iter().map(|id| id.split_once('-').unwrap().0).collect();
        runs.dedup();
        assert_eq!(runs.len(), 2);
    }
}

mod caps {
    use super::*;

    #[test]
    fn by_bytes_the_oldest_go_first_and_are_counted() {
        let home = home();
        let mut limits = limits();
        limits.segment = 2_000;
        limits.bytes = 10_000;
        let spool = Spool::open(&home.spool, limits).unwrap();
        let all: Vec<String> = (0..200).map(|_| append(&spool)).collect();
        let kept = ids(&home.spool);
        let bytes: u64 = files(&home.spool.join("sealed"))
            .iter()
            .chain(&files(&home.spool.join("active")))
            .map(|path| path.metadata().unwrap().len())
            .sum();
        // The segment that is being written may come on top.
        assert!(bytes <= 12_000, "{bytes}");
        assert!(bytes >= 6_000, "{bytes}");
        assert_eq!(kept, all[all.len() - kept.len()..], "the newest stay");
        let counts = spool.counts().unwrap();
        assert_eq!(counts.get(Reason::CapBytes), 200 - kept.len() as u64);
        assert_eq!(counts.total(), counts.get(Reason::CapBytes));
    }

    #[test]
    fn by_count() {
        let home = home();
        let spool = open(&home);
        for _ in 0..10 {
            (0..10).for_each(|_| drop(append(&spool)));
            spool.seal().unwrap();
        }
        let mut limits = limits();
        limits.events = 35;
        assert_eq!(internals::enforce(&home.spool, &limits, SystemTime::now()).unwrap(), 70);
        assert_eq!(ids(&home.spool).len(), 30);
        assert_eq!(spool.counts().unwrap().get(Reason::CapEvents), 70);
    }

    #[test]
    fn by_segments() {
        let home = home();
        let mut limits = limits();
        limits.segments = 3;
        let all: Vec<String> = (0..5)
            .map(|_| {
                let spool = Spool::open(&home.spool, limits).unwrap();
                append(&spool)
            })
            .collect();
        assert_eq!(ids(&home.spool), all);
        assert!(internals::tidy(&home.spool, &limits).is_empty());
        assert_eq!(ids(&home.spool), all[2..]);
        assert_eq!(spool::counts(&home.spool).unwrap().get(Reason::CapSegments), 2);
    }

    #[test]
    fn by_age_an_event_from_the_future_is_young_and_a_clock_that_went_back_drops_nothing() {
        let home = home();
        let times =
            ["2026-01-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z", "2099-01-01T00:00:00Z"];
        for (number, time) in (1..).zip(times) {
            plant(&home, number, stored_line(&format!("x-{number}"), time, 0).as_bytes());
        }
        let limits = Limits::default();
        let enforce = |now: &str| internals::enforce(&home.spool, &limits, time(now)).unwrap();
        assert_eq!(enforce("1970-01-02T00:00:00Z"), 0, "the clock went back");
        assert_eq!(enforce("2026-01-30T00:00:00Z"), 0, "29 days");
        assert_eq!(enforce("2026-03-30T00:00:00Z"), 1, "the first is too old");
        assert_eq!(ids(&home.spool), ["x-2", "x-3"]);
        assert_eq!(enforce("2026-04-30T00:00:00Z"), 1);
        assert_eq!(ids(&home.spool), ["x-3"], "from the future: as if from now");
        assert_eq!(spool::counts(&home.spool).unwrap().get(Reason::CapAge), 2);
    }

    #[test]
    fn the_order_of_segments_does_not_ask_the_clock() {
        let home = home();
        // Sealed in this order, by clocks that disagree.
        let times = ["2027-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "2026-01-01T00:00:00Z"];
        for (number, time) in (1..).zip(times) {
            let path =
                plant(&home, number, stored_line(&format!("x-{number}"), time, 0).as_bytes());
            fs::File::open(path).unwrap().set_modified(super::time(time)).unwrap();
        }
        let spool = open(&home);
        let last = append(&spool);
        spool.seal().unwrap();
        assert_eq!(ids(&home.spool), ["x-1", "x-2", "x-3", &last]);
    }

    #[test]
    fn a_segment_on_its_way_to_a_receiver_is_passed_over() {
        let home = home();
        let spool = open(&home);
        for _ in 0..3 {
            append(&spool);
            spool.seal().unwrap();
        }
        let claim = internals::sealed(&home.spool).unwrap()[0].claim().unwrap().unwrap();
        let mut limits = limits();
        limits.events = 0;
        assert_eq!(internals::enforce(&home.spool, &limits, SystemTime::now()).unwrap(), 2);
        assert_eq!(claim.events().unwrap().count(), 1);
        drop(claim);
        assert_eq!(internals::enforce(&home.spool, &limits, SystemTime::now()).unwrap(), 1);
    }

    #[test]
    fn counts_of_many_processes_add_up_and_the_file_stays_small() {
        let home = home();
        let counted: u64 = thread::scope(|scope| {
            let count = || {
                (0..1000)
                    .filter(|_| internals::add_dropped(&home.spool, Reason::Withdrawn, 2).is_ok())
                    .count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap() as u64).sum()
        });
        assert!(counted > 0);
        assert_eq!(spool::counts(&home.spool).unwrap().get(Reason::Withdrawn), counted * 2);
        let length = home.spool.join("dropped").metadata().unwrap().len();
        assert!(length < 70 * 1024, "{length}");
    }
}

mod erasing {
    use super::*;

    #[test]
    fn each_filter_takes_its_own_and_the_bytes_are_gone() {
        let home = home();
        let spool = open(&home);
        append_event(&spool, "first.event", "canary-one");
        let second = append_event(&spool, "second.event", "canary-two");
        spool.seal().unwrap();
        let third = append_event(&spool, "second.event", "canary-three");
        let fourth = append_event(&spool, "fourth.event", "canary-four");

        assert_eq!(spool::erase(&home.spool, Filter::Event("first.event")).unwrap(), 1);
        assert!(!on_disk(&home.spool, "canary-one") && on_disk(&home.spool, "canary-two"));
        assert_eq!(spool::erase(&home.spool, Filter::Id(&third)).unwrap(), 1);
        assert!(!on_disk(&home.spool, "canary-three"));
        assert_eq!(ids(&home.spool), [second, fourth]);

        assert_eq!(spool::erase(&home.spool, Filter::Purpose("diagnostics")).unwrap(), 0);
        assert_eq!(spool::erase(&home.spool, Filter::Before(time(TIME))).unwrap(), 0);
        let later = time(TIME) + Duration::from_millis(1);
        assert_eq!(spool::erase(&home.spool, Filter::Before(later)).unwrap(), 2);
        assert!(!on_disk(&home.spool, "canary"));
    }

    #[test]
    fn the_writer_goes_on_and_only_what_came_before_is_gone() {
        let home = home();
        let spool = open(&home);
        append(&spool);
        append(&spool);
        assert_eq!(spool::erase(&home.spool, Filter::All).unwrap(), 2);
        let kept = append(&spool);
        assert_eq!(ids(&home.spool), [&*kept]);
        drop(spool);
        assert_eq!(ids(&home.spool), [kept]);
        assert_eq!(spool::erase(&home.spool, Filter::All).unwrap(), 1);
        assert!(internals::sealed(&home.spool).unwrap().is_empty());
    }

    #[test]
    fn erasing_while_threads_write_takes_each_event_once_or_leaves_it() {
        let home = home();
        let spool = open(&home);
        let erased = thread::scope(|scope| {
            let write = || (0..2000).for_each(|_| drop(append(&spool)));
            let writers: Vec<_> = (0..2).map(|_| scope.spawn(write)).collect();
            let mut erased = 0;
            while !writers.iter().all(|writer| writer.is_finished()) {
                erased += spool::erase(&home.spool, Filter::All).unwrap();
            }
            erased
        });
        let written = 2 * 2000;
        assert_eq!(ids(&home.spool).len() as u64 + erased, written);
        assert_eq!(spool.counts().unwrap().total(), 0);
    }

    #[test]
    fn in_the_segment_of_another_living_process() {
        let home = home();
        let mut holder = Command::new(CHILD)
            .arg(&home.spool)
            .arg("hold")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut id = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut id).unwrap();
        assert_eq!(spool::erase(&home.spool, Filter::Id(id.trim_end())).unwrap(), 1);
        assert!(!on_disk(&home.spool, id.trim_end()));
        holder.kill().unwrap();
        holder.wait().unwrap();
        internals::recover(&home.spool).unwrap();
        assert!(files(&home.spool.join("active")).is_empty());
        assert!(ids(&home.spool).is_empty());
    }

    #[test]
    fn an_erasing_that_was_killed_half_way_is_finished_by_the_next() {
        let home = home();
        let line = event_line("x-1", TIME, "test.event", "canary");
        // Killed after the first byte.
        let half = format!(" {}{}", &line[1..], event_line("x-2", TIME, "test.event", "other"));
        plant(&home, 1, half.as_bytes());
        assert_eq!(ids(&home.spool), ["x-2"]);
        assert_eq!(spool::erase(&home.spool, Filter::Event("none")).unwrap(), 0);
        assert!(!on_disk(&home.spool, "canary"));
        assert_eq!(ids(&home.spool), ["x-2"]);
    }

    #[test]
    fn reaches_what_was_set_aside_and_lines_that_nobody_can_read() {
        let home = home();
        plant(
            &home,
            1,
            format!("{}canary-text\n", event_line("x-1", TIME, "e", "canary")).as_bytes(),
        );
        let claim = internals::sealed(&home.spool).unwrap()[0].claim().unwrap().unwrap();
        let first = claim.events().unwrap().next().unwrap().unwrap();
        claim
            .keep_as_dead_letters(&[first.place], Reason::Rejected, "HTTP 400", &limits())
            .unwrap();
        drop(claim);
        assert!(on_disk(&home.spool.join("dead-letters"), "canary"));
        assert_eq!(spool::erase(&home.spool, Filter::Id("x-1")).unwrap(), 1);
        assert!(!on_disk(&home.spool.join("dead-letters"), "canary"));
        assert_eq!(spool::erase(&home.spool, Filter::All).unwrap(), 1);
        assert!(!on_disk(&home.spool, "canary"));
    }
}

mod delivering {
    use super::*;

    #[test]
    fn a_segment_is_gone_only_after_it_was_removed() {
        let home = home();
        let spool = open(&home);
        append(&spool);
        assert!(internals::sealed(&home.spool).unwrap().is_empty(), "not complete yet");
        spool.seal().unwrap();
        let segment = &internals::sealed(&home.spool).unwrap()[0];
        let claim = segment.claim().unwrap().unwrap();
        assert!(segment.claim().unwrap().is_none(), "claimed already");
        drop(claim);
        assert_eq!(ids(&home.spool).len(), 1);
        segment.claim().unwrap().unwrap().remove().unwrap();
        assert!(segment.claim().unwrap().is_none());
        assert!(ids(&home.spool).is_empty());
    }

    #[test]
    fn single_events_can_be_taken_out() {
        let home = home();
        let spool = open(&home);
        let all: Vec<String> = (0..5).map(|_| append(&spool)).collect();
        spool.seal().unwrap();
        let claim = internals::sealed(&home.spool).unwrap()[0].claim().unwrap().unwrap();
        let events: Vec<Stored> = claim.events().unwrap().map(Result::unwrap).collect();
        claim.remove_events([&events[1].place, &events[4].place]).unwrap();
        assert_eq!(ids(&home.spool), [&*all[0], &all[2], &all[3]]);
    }

    #[test]
    fn what_is_set_aside_is_kept_with_its_reason_and_counted_once() {
        let home = home();
        let bad = b"\xFF\xFE not utf-8\n".to_vec();
        let path =
            plant(&home, 1, &[&bad[..], event_line("x-2", TIME, "e", "good").as_bytes()].concat());
        let before = fs::read(&path).unwrap();
        for _ in 0..2 {
            let claim = internals::sealed(&home.spool).unwrap()[0].claim().unwrap().unwrap();
            let unreadable = claim.events().unwrap().find_map(Result::err).unwrap();
            assert_eq!(unreadable.defect, Defect::NotUtf8);
            let detail = unreadable.defect.to_string();
            claim
                .keep_as_dead_letters(&[unreadable.place], Reason::Unreadable, &detail, &limits())
                .unwrap();
            assert_eq!(ids(&home.spool), ["x-2"]);
            // As if killed before the line was taken out of the segment.
            fs::write(&path, &before).unwrap();
        }
        assert_eq!(spool::counts(&home.spool).unwrap().get(Reason::Unreadable), 1);
        let aside = fs::read_to_string(&files(&home.spool.join("dead-letters"))[0]).unwrap();
        let first: serde_json::Value = serde_json::from_str(aside.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&first["reason"], &first["detail"]),
            (&"unreadable".into(), &"not UTF-8".into())
        );
        assert!(first["text"].as_str().unwrap().contains("not utf-8"));
    }

    #[test]
    fn aside_has_a_cap_of_its_own() {
        let home = home();
        let mut limits = limits();
        limits.dead_letters = 2_000;
        for number in 1..=20 {
            plant(&home, number, stored_line("x-1", TIME, 300).as_bytes());
        }
        for segment in internals::sealed(&home.spool).unwrap() {
            let claim = segment.claim().unwrap().unwrap();
            let event = claim.events().unwrap().next().unwrap().unwrap();
            claim
                .keep_as_dead_letters(&[event.place], Reason::Rejected, "HTTP 400", &limits)
                .unwrap();
        }
        let left = files(&home.spool.join("dead-letters"));
        let bytes: u64 = left.iter().map(|path| path.metadata().unwrap().len()).sum();
        assert!((1..=2_000).contains(&bytes), "{bytes}");
        assert!(left.iter().any(|path| path.to_str().unwrap().contains("00000020-")), "the newest");
        assert_eq!(spool::counts(&home.spool).unwrap().get(Reason::Rejected), 20);
    }

    #[test]
    fn one_deliverer_at_a_time() {
        let home = home();
        drop(append(&open(&home)));
        let lock = internals::try_lock_delivery(&home.spool).unwrap();
        assert!(lock.is_some());
        assert!(internals::try_lock_delivery(&home.spool).unwrap().is_none());
        drop(lock);
        assert!(internals::try_lock_delivery(&home.spool).unwrap().is_some());
    }
}

mod bad_input {
    use super::*;

    fn defects(folder: &Path) -> Vec<Defect> {
        spool::read(folder).unwrap().filter_map(Result::err).map(|bad| bad.defect).collect()
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_ends_nothing() {
        let home = home();
        let long = "x".repeat(spool::MAX_LINE);
        let good = stored_line("x-1", TIME, 0);
        let half = &good[..good.len() / 2];
        let lines =
            [&b"\xFF\n"[..], b"canary\n", b"{}\n", long.as_bytes(), b"\n\n", good.as_bytes()];
        plant(&home, 1, &[&lines.concat()[..], half.as_bytes()].concat());
        plant(&home, 2, stored_line("x-2", TIME, 0).as_bytes());
        assert_eq!(
            defects(&home.spool),
            [Defect::NotUtf8, Defect::NotJson, Defect::NotAnEvent, Defect::TooLong, Defect::Torn]
        );
        let good: Vec<String> =
            spool::read(&home.spool).unwrap().flatten().map(|stored| stored.id).collect();
        assert_eq!(good, ["x-1", "x-2"]);
        for bad in spool::read(&home.spool).unwrap().filter_map(Result::err) {
            assert!(!bad.to_string().contains("canary"), "{bad}");
            assert!(bad.to_string().contains("sealed/00000001-"), "{bad}");
        }
    }

    #[test]
    fn a_line_of_100_mb_is_not_loaded() {
        let home = home();
        let path = plant(&home, 1, b"");
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        file.set_len(100 * 1024 * 1024).unwrap();
        file.write_all(b"\n").unwrap();
        file.write_all(stored_line("x-1", TIME, 0).as_bytes()).unwrap();
        let output = Command::new(CHILD).arg(&home.spool).arg("read").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (counts, peak) = text.trim_end().rsplit_once(" peak ").unwrap();
        assert_eq!(counts, "events 1 unreadable 1");
        let peak: u64 = peak.parse().unwrap();
        assert!(peak < 50 * 1024, "{peak} KiB");
        // It can be set aside and erased, too.
        let claim = internals::sealed(&home.spool).unwrap()[0].claim().unwrap().unwrap();
        let long = claim.events().unwrap().find_map(Result::err).unwrap();
        claim
            .keep_as_dead_letters(&[long.place], Reason::Unreadable, "too long", &limits())
            .unwrap();
        assert_eq!(ids(&home.spool), ["x-1"]);
    }

    #[test]
    fn a_symbolic_link_is_never_followed() {
        let home = home();
        let target = home.spool.with_file_name("target");
        fs::create_dir(&target).unwrap();
        symlink(&target, &home.spool).unwrap();
        assert!(Spool::open(&home.spool, limits()).unwrap_err().is_io());
        assert!(spool::read(&home.spool).is_err());
        assert!(spool::erase(&home.spool, Filter::All).is_err());
        fs::remove_file(&home.spool).unwrap();

        // In the place of a folder of the spool.
        drop(append(&open(&home)));
        fs::remove_dir_all(home.spool.join("active")).unwrap();
        symlink(&target, home.spool.join("active")).unwrap();
        let spool = open(&home);
        spool.append(stored_line("x-1", TIME, 0).as_bytes()).unwrap_err();
        assert_eq!(spool.counts().unwrap().get(Reason::WriteFailed), 1);
        assert!(files(&target).is_empty());
        fs::remove_file(home.spool.join("active")).unwrap();

        // In the place of a segment: named, and what it points to is untouched.
        plant(&home, 8, b"");
        let outside = target.join("outside");
        fs::write(&outside, stored_line("x-9", TIME, 0)).unwrap();
        let name = home.spool.join("sealed").join(format!("00000009-{:024x}-1-1.ndjson", 9));
        symlink(&outside, name).unwrap();
        assert!(matches!(defects(&home.spool)[..], [Defect::NotOpened(_)]));
        assert!(spool::erase(&home.spool, Filter::All).is_err());
        assert_eq!(fs::read_to_string(&outside).unwrap(), stored_line("x-9", TIME, 0));

        // In the place of the counts.
        fs::remove_file(home.spool.join("dropped")).unwrap();
        symlink(&outside, home.spool.join("dropped")).unwrap();
        internals::add_dropped(&home.spool, Reason::Rejected, 3).unwrap();
        let length = home.spool.join("dropped.rejected").metadata().unwrap().len();
        assert_eq!(length, 3, "counted in another place");
        assert!(spool::counts(&home.spool).is_err());
        assert_eq!(fs::read_to_string(&outside).unwrap(), stored_line("x-9", TIME, 0));
    }

    #[test]
    fn a_folder_that_others_can_write_to_or_that_is_none_is_refused() {
        let home = home();
        fs::create_dir(&home.spool).unwrap();
        fs::set_permissions(&home.spool, fs::Permissions::from_mode(0o777)).unwrap();
        let error = Spool::open(&home.spool, limits()).unwrap_err();
        assert!(error.to_string().contains("chmod 700"), "{error}");
        fs::remove_dir(&home.spool).unwrap();
        fs::write(&home.spool, "").unwrap();
        let error = Spool::open(&home.spool, limits()).unwrap_err();
        assert!(error.to_string().contains("is not a folder"), "{error}");
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let home = home();
        fs::create_dir(&home.spool).unwrap();
        // Only root can give a folder away; everybody else has root's at hand.
        let foreign = match std::os::unix::fs::chown(&home.spool, Some(65534), None) {
            Ok(()) => home.spool.clone(),
            Err(_) => PathBuf::from("/usr"),
        };
        let error = Spool::open(&foreign, limits()).unwrap_err();
        assert!(error.to_string().contains("belongs to another user"), "{error}");
        assert!(spool::erase(&foreign, Filter::All).is_err() || foreign == Path::new("/usr"));
    }

    #[test]
    fn where_nothing_can_be_written_events_are_counted_in_memory() {
        // No user, root included, makes a folder there.
        let folder = Path::new("/proc/self/telemetry");
        let spool = Spool::open(folder, limits()).unwrap();
        for _ in 0..3 {
            let error = spool.append(stored_line("x-1", TIME, 0).as_bytes()).unwrap_err();
            assert!(error.is_io() && error.to_string().contains("/proc/self/telemetry"), "{error}");
        }
        assert_eq!(spool.counts().unwrap().get(Reason::WriteFailed), 3);
        spool.flush().unwrap();
        spool.seal().unwrap();
    }

    #[test]
    fn after_a_failed_write_events_are_dropped_without_a_try_until_the_pause_is_over() {
        let home = home();
        let mut long = limits();
        long.pause = Duration::MAX;
        let spool = Spool::open(&home.spool, long).unwrap();
        fs::write(&home.spool, "in the way").unwrap();
        let line = stored_line("x-1", TIME, 0);
        assert!(spool.append(line.as_bytes()).unwrap_err().is_io());
        fs::remove_file(&home.spool).unwrap();
        assert!(spool.append(line.as_bytes()).unwrap_err().is_spool(), "the pause");
        assert_eq!(spool.counts().unwrap().get(Reason::WriteFailed), 2);
        drop(spool);
        assert_eq!(spool::counts(&home.spool).unwrap().get(Reason::WriteFailed), 2, "on disk now");
    }

    #[test]
    fn files_that_are_not_the_spools_are_left_alone() {
        let home = home();
        let spool = open(&home);
        append(&spool);
        spool.seal().unwrap();
        let note = home.spool.join("sealed/my notes.txt");
        fs::write(&note, "mine").unwrap();
        assert_eq!(ids(&home.spool).len(), 1);
        spool::erase(&home.spool, Filter::All).unwrap();
        assert_eq!(fs::read_to_string(note).unwrap(), "mine");
    }
}

#[test]
fn after_recovering_what_ended_processes_left_is_there_whoever_takes_it_over() {
    // A deliverer that looks while another process takes a segment over must
    // not find that nothing waits.
    for round in 0..200 {
        let home = home();
        let active = home.spool.join("active");
        fs::create_dir_all(&active).unwrap();
        for folder in [&home.spool, &active] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let run = format!("{round:024x}");
        let line = event_line(&format!("{run}-1"), TIME, "test.event", "text");
        fs::write(active.join(format!("{run}-1.ndjson")), line).unwrap();
        let both = Barrier::new(2);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    both.wait();
                    internals::recover(&home.spool).unwrap();
                    assert_eq!(internals::sealed(&home.spool).unwrap().len(), 1, "round {round}");
                });
            }
        });
    }
}
