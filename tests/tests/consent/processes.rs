//! Real processes: killed, at once, on a failing disk.

use super::*;

/// Runs when another test starts this program again as a process of its own.
#[test]
fn child() {
    let Some(job) = std::env::var_os("CONSENT_TEST_CHILD") else { return };
    let folder = PathBuf::from(std::env::var_os("CONSENT_TEST_FOLDER").unwrap());
    let path = folder.join("telemetry.toml");
    match job.to_str().unwrap() {
        "decide" => {
            let layers = Layers::new("telemetry-consent-test").on_by_default().collect_in_ci(true);
            println!("on={}", layers.decide().is_on());
        }
        "toggle" => {
            let choice = Layers::new("test").choice_file(&path).choice().unwrap();
            loop {
                choice.refuse().unwrap();
                println!("off");
                choice.agree().unwrap();
            }
        }
        "off" => {
            let choice = Layers::new("test").choice_file(&path).choice().unwrap();
            println!("acknowledged={}", choice.refuse().is_ok());
        }
        purpose => {
            let choice = Layers::new("test").choice_file(&path).choice().unwrap();
            choice.refuse_purpose(purpose).unwrap();
        }
    }
}

fn start(job: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "processes::child", "--nocapture", "--test-threads=1"]);
    command.env("CONSENT_TEST_CHILD", job).env("CONSENT_TEST_FOLDER", folder);
    command.env("HOME", folder).env("XDG_CONFIG_HOME", folder).env_remove("DO_NOT_TRACK");
    command.stdout(Stdio::piped());
    command
}

#[test]
fn a_real_process_heeds_its_real_environment_and_home() {
    let home = Home::new();
    let run = |value: Option<&str>| {
        let mut command = start("decide", home.folder.path());
        if let Some(value) = value {
            command.env("DO_NOT_TRACK", value);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(run(None).contains("on=true"));
    assert!(run(Some("1")).contains("on=false"));
    if cfg!(unix) {
        home.write("telemetry-consent-test/telemetry.toml", "[telemetry]\nenabled = false\n");
        assert!(run(None).contains("on=false"), "the choice at its usual place");
    }
}

/// Killed at any moment, the file is whole, and an off that was acknowledged
/// is the oldest thing it can hold.
#[test]
fn a_killed_writer_leaves_the_old_choice_or_the_new() {
    let home = Home::new();
    let path = home.path("telemetry.toml");
    let layers = Layers::new("test").on_by_default().choice_file(&path).with_env(|_| None);
    let (mut outcomes, mut before) = ([0; 2], 0);
    for round in 0..60 {
        let mut child = start("toggle", home.folder.path()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen <= round % 7 {
            seen += usize::from(lines.next().unwrap().unwrap().ends_with("off"));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let decision = layers.decide();
        assert!(decision.diagnostics().is_empty(), "{}", decision.diagnostics()[0]);
        let generation = decision.generation(Purpose::SERVICE);
        assert!(generation >= before + seen as u64, "each refusal is remembered");
        before = generation;
        outcomes[usize::from(decision.is_on())] += 1;
    }
    println!("killed 60 times: off {}, on {}", outcomes[0], outcomes[1]);
    layers.choice().unwrap().refuse().unwrap();
    assert!(!layers.decide().is_on(), "a killed writer's lock is free");
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 2, "and its litter is gone");
}

#[test]
fn of_many_writers_at_once_none_is_lost() {
    let home = Home::new();
    let names: Vec<_> = (0..8).map(|n| format!("purpose-{n}")).collect();
    let children: Vec<_> =
        names.iter().map(|name| start(name, home.folder.path()).spawn().unwrap()).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let layers = Layers::new("test").on_by_default().choice_file(home.path("telemetry.toml"));
    let decision = layers.with_env(|_| None).decide();
    for name in &names {
        assert!(!decision.ruling(name).is_granted(), "{name}");
    }
    assert!(decision.granted(Purpose::SERVICE));
}

/// Fails, or kills at, each call that makes a choice last. Whatever happens,
/// the file is whole, and an off that was acknowledged holds.
#[test]
fn a_failing_disk_never_leaves_a_broken_choice_or_a_false_yes() {
    let traced = |calls: &str, fault: &str, home: &Home| {
        let plain = start("off", home.folder.path());
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
        command.args(["-e", &format!("inject={calls}:{fault}")]);
        command.arg(plain.get_program()).args(plain.get_args());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let works = traced("fsync", "error=EIO:when=99", &Home::new());
    let works = works.is_ok_and(|text| text.contains("acknowledged=true"));
    skip_unless(works, "strace");
    if !works {
        return;
    }
    let renames = "?rename,?renameat,?renameat2";
    let (mut refused, mut kept) = (0, 0);
    for calls in ["fsync", renames, "?flock"] {
        for when in 1..=3 {
            for fault in [format!("error=EIO:when={when}"), format!("signal=KILL:when={when}")] {
                let home = Home::new();
                let layers = Layers::new("test").choice_file(home.path("telemetry.toml"));
                let layers = layers.with_env(|_| None);
                layers.choice().unwrap().agree().unwrap();
                let said = traced(calls, &fault, &home).unwrap();
                let decision = layers.decide();
                assert!(decision.diagnostics().is_empty(), "{calls} {fault}");
                if said.contains("acknowledged=true") {
                    assert!(!decision.is_on(), "{calls} {fault}");
                    kept += 1;
                } else {
                    refused += 1;
                }
                layers.choice().unwrap().refuse().unwrap();
                assert!(!layers.decide().is_on(), "the next off works");
            }
        }
    }
    // Killed, nobody acknowledges. Where one call fails, the refusal is kept in
    // its smallest form instead.
    assert!(refused >= 4 && kept >= 8, "refused {refused}, kept {kept}");
}
