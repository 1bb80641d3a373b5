//! Files that are being written, or cannot be read at the moment.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use telemetry_tests::ordered::Ordered;
use telemetry_tests::spool::skipped;

use crate::{Home, long_ago, set_time};

const OFF: &str = "# What the user wants.\n[telemetry]\nenabled = false\n";

/// How many of 1500 starts are on beside a file that always says off and is
/// rewritten all the time, for a program that is on by default.
fn on_beside(rewrite: impl Fn(&Path) + Send + 'static) -> usize {
    let home = Home::new();
    let file = home.write("app/config.toml", OFF);
    let layers = home.layers().on_by_default().user_config(&file);
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    let writer = std::thread::spawn(move || {
        while !end.load(Ordering::Relaxed) {
            rewrite(&file);
        }
    });
    let on = (0..1_500).filter(|_| layers.decide().is_on()).count();
    ended.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    on
}

#[test]
fn a_file_that_says_off_and_is_rewritten_in_place_is_always_off() {
    assert_eq!(on_beside(|file| fs::write(file, OFF).unwrap()), 0);
}

#[test]
fn a_file_that_says_off_and_is_replaced_atomically_is_always_off() {
    let replace = |file: &Path| {
        let other = file.with_extension("new");
        fs::write(&other, OFF).unwrap();
        fs::rename(&other, file).unwrap();
    };
    assert_eq!(on_beside(replace), 0);
}

/// A file that is there again, or whole, within three milliseconds is never taken
/// for missing or silent. (Whoever stops for longer in the middle of writing
/// cannot be told from one who has finished.)
#[test]
fn a_file_that_is_removed_or_cut_for_a_moment_is_waited_for() {
    for round in 0..100 {
        let home = Home::new();
        let file = home.write("app/config.toml", OFF);
        let layers = home.layers().on_by_default().user_config(&file);
        let begun = Instant::now();
        match round % 3 {
            0 => fs::remove_file(&file).unwrap(),
            1 => fs::write(&file, &OFF[..20]).unwrap(),
            _ => fs::write(&file, "# What the user wants.\n[telemetry]\n").unwrap(),
        }
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1));
            fs::write(&file, OFF).unwrap();
            begun.elapsed()
        });
        let on = layers.decide().is_on();
        let written = writer.join().unwrap();
        // The last look comes after at least three milliseconds.
        assert!(!on || written > Duration::from_millis(3), "round {round}: {written:?}");
    }
}

#[test]
fn a_file_that_is_half_written_is_off_until_the_next_look() {
    for half in ["", "[telemetry]\nenab", "[telem", "[telemetry]\nenabled = "] {
        let home = Home::new();
        let file = home.write("config.toml", half);
        let layers = home.layers().on_by_default().user_config(&file);
        let decision = layers.decide();
        assert!(!decision.is_on() && decision.is_off_for_the_moment(), "{half:?}");
        fs::write(&file, "[telemetry]\nenabled = true\n").unwrap();
        assert!(decision.changed_now());
        assert!(layers.decide().is_on());
    }
    // What has been there for long is not half written.
    let home = Home::new();
    let file = home.write("config.toml", "");
    set_time(&file, long_ago());
    assert!(home.layers().on_by_default().user_config(&file).decide().is_on());
    fs::write(&file, "[telemetry]\nenable = false\n").unwrap();
    assert!(!home.layers().on_by_default().user_config(&file).decide().is_off_for_the_moment());
}

/// A program whose every file descriptor is taken when it looks is off until
/// the next look, and not until it is started again; what is lost is counted.
#[test]
fn without_descriptors_it_is_off_until_the_next_look_and_counts() {
    let home = Home::new();
    let config = home.write("config.toml", "[telemetry]\nenabled = true\n");
    let script = "ulimit -n 64; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_consent_program"), "--home"]);
    command.arg(home.path("")).arg("--config").arg(&config).env_clear().stderr(Stdio::inherit());
    let mut program = Ordered::start(command);
    assert_eq!(program.say("record"), "Stored");
    assert_eq!(program.say("exhaust"), "exhausted");
    assert_eq!(program.say("refresh"), "false");
    let why = program.say("why");
    assert!(why.contains("cannot be understood at the moment"), "{why}");
    assert_eq!(program.say("record"), "Dropped");
    assert_eq!(program.say("release"), "released");
    assert_eq!(program.say("wait"), "waited");
    assert_eq!(program.say("record"), "Stored");
    assert_eq!(program.say("lost"), "1");
}

/// A file system that does not answer: the tracer holds every `stat` of the
/// file up for eight seconds.
#[test]
fn a_file_system_that_does_not_answer_holds_no_event_up() {
    let home = Home::new();
    let config = home.write("config.toml", "[telemetry]\nenabled = true\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_consent_program"));
    command.arg("--home").arg(home.path("")).arg("--config").arg(&config).env_clear();
    let mut program = Ordered::start(command);
    assert_eq!(program.say("record"), "Stored");
    let mut tracer = Command::new("strace");
    tracer.args(["-f", "-qq", "-o", "/dev/null", "-p", &program.id().to_string(), "-P"]);
    tracer.arg(&config).args(["-e", "trace=stat,lstat,fstat,newfstatat,statx"]);
    tracer.args(["-e", "inject=all:delay_enter=8000000"]);
    let Ok(mut tracer) = tracer.stderr(Stdio::null()).spawn() else { return skipped("strace") };
    let traced = || {
        let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
        status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
    };
    while !traced() {
        if tracer.try_wait().unwrap().is_some() {
            return skipped("the right to trace a process");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(program.say("wait"), "waited");
    let answer = program.say("record-timed");
    let (recorded, time) = answer.split_once(' ').unwrap();
    assert!(time.parse::<u64>().unwrap() < 4_000, "half of what one `stat` takes: {answer}");
    // What held a moment ago holds a second longer; then nobody can say whether
    // it may be recorded: it is not, and it is counted.
    assert_eq!(recorded, "Stored");
    assert_eq!(program.say("wait"), "waited");
    assert_eq!(program.say("record"), "Dropped");
    let _ = tracer.kill();
    let _ = tracer.wait();
}
