//! `telemetry apps`: which programs keep telemetry.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use serde_json::Value;
use telemetry_core::spool::{Reason, internals};

use crate::program::Ran;

/// A user with a home.
struct User(tempfile::TempDir);

impl User {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join(".local/share")
    }

    fn config(&self) -> PathBuf {
        self.0.path().join(".config")
    }

    fn run(&self, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(program);
        command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.env("HOME", self.0.path()).envs(variables.iter().copied());
        Ran::from(command.args(arguments).output().unwrap())
    }

    fn telemetry(&self, arguments: &[&str]) -> Ran {
        self.run(env!("CARGO_BIN_EXE_standalone_program"), arguments, &[])
    }

    /// The program `app`, which `on` switched on, and which recorded `events`.
    fn uses(&self, app: &str, events: usize) {
        let program = env!("CARGO_BIN_EXE_search_program");
        let variables = [("SEARCH_APP", app), ("SEARCH_NOTED", "1")];
        assert_eq!(self.run(program, &["--telemetry", "on"], &variables).code, 0);
        for _ in 0..events {
            let ran = self.run(program, &["word"], &variables);
            assert!(ran.out.ends_with("Stored\n"), "{ran:?}");
        }
    }

    /// The programs that are listed, by name.
    fn apps(&self) -> BTreeMap<String, Value> {
        let ran = self.telemetry(&["apps", "--json"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        crate::json::hold(&document, "apps");
        let programs = document["programs"].as_array().unwrap();
        let name = |program: &Value| program["program"].as_str().unwrap().to_owned();
        programs.iter().map(|program| (name(program), program.clone())).collect()
    }

    fn names(&self) -> Vec<String> {
        self.apps().into_keys().collect()
    }
}

/// Every path below `folder` with its content and the times of its changes.
fn image(folder: &Path) -> BTreeMap<PathBuf, (Option<Vec<u8>>, SystemTime)> {
    let mut image = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            let content = metadata.is_file().then(|| fs::read(&path).unwrap());
            image.insert(path, (content, metadata.modified().unwrap()));
        }
    }
    image
}

#[test]
fn each_program_is_listed_with_its_state_what_waits_and_its_folders() {
    let user = User::new();
    user.uses("alpha", 3);
    user.uses("beta", 1);
    assert_eq!(user.telemetry(&["--app", "beta", "off"]).code, 0);
    user.uses("gamma", 0);
    let folder = user.data().join("alpha/telemetry");
    internals::add_dropped(&folder, Reason::DiskFull, 2).unwrap();

    let apps = user.apps();
    assert_eq!(apps.keys().collect::<Vec<_>>(), ["alpha", "beta", "gamma"]);
    let alpha = &apps["alpha"];
    assert_eq!((&alpha["state"], &alpha["waiting"]["events"]), (&"on".into(), &3.into()));
    assert_eq!(alpha["folder"], folder.display().to_string());
    assert_eq!(alpha["choice"], user.config().join("alpha/telemetry.toml").display().to_string());
    assert_eq!(alpha["dropped"], 2);
    assert_eq!(
        (&apps["beta"]["state"], &apps["beta"]["waiting"]["events"]),
        (&"off".into(), &0.into())
    );
    assert_eq!((&apps["gamma"]["state"], &apps["gamma"]["folder"]), (&"on".into(), &Value::Null));

    let table = user.telemetry(&["apps"]).out;
    let row: Vec<&str> = table.lines().nth(1).unwrap().split("  ").map(str::trim).collect();
    let row: Vec<&str> = row.into_iter().filter(|cell| !cell.is_empty()).collect();
    assert_eq!(row, ["alpha", "on", "3 events", "2", folder.to_str().unwrap()]);
}

#[test]
fn data_without_a_choice_is_undecided() {
    let user = User::new();
    user.uses("alpha", 1);
    fs::remove_dir_all(user.config()).unwrap();
    let apps = user.apps();
    assert_eq!(apps["alpha"]["state"], "undecided");
    assert_eq!(apps["alpha"]["choice"], Value::Null);
    assert!(user.telemetry(&["apps"]).out.contains("not decided"));
}

#[test]
fn looking_changes_nothing() {
    let user = User::new();
    assert_eq!(user.names(), [""; 0]);
    assert_eq!(fs::read_dir(user.0.path()).unwrap().count(), 0);
    user.uses("alpha", 2);
    user.uses("beta", 1);
    user.telemetry(&["--app", "beta", "off"]);
    // A refusal of somebody else, which a run of the program writes down.
    fs::remove_dir_all(user.config().join("alpha")).unwrap();
    let before = image(user.0.path());
    user.apps();
    user.telemetry(&["apps"]);
    assert_eq!(image(user.0.path()), before);
}

#[test]
fn a_folder_is_known_by_what_is_in_it() {
    let user = User::new();
    user.uses("alpha", 1);
    let write = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    // Folders and files of other programs, by the names that ours have.
    write(user.data().join("nvim/telemetry/events.log"), "started\n");
    write(user.data().join("go/telemetry/dropped"), "counts of another kind\n");
    write(user.data().join("empty/telemetry/active/.keep"), "");
    let segment = "telemetry/active/000000000000000000000000-1.ndjson";
    write(user.data().join("logger").join(segment), "{\"level\":\"info\"}\n");
    write(user.config().join("other/telemetry.toml"), "[telemetry]\nendpoint = \"https://x\"\n");
    write(user.config().join("broken/telemetry.toml"), "endpoint = ");
    write(user.config().join("nothing/telemetry.toml"), "");
    write(user.config().join("text/telemetry.off"), "set by hand\n");
    fs::create_dir_all(user.data().join("bare/telemetry")).unwrap();
    assert_eq!(user.names(), ["alpha"]);

    // Ours, although something in it is damaged.
    write(user.config().join("by-hand/telemetry.toml"), "[telemetry]\nenabled = false\n");
    write(user.config().join("marked/telemetry.off"), "");
    let alpha = user.config().join("alpha/telemetry.toml");
    let choice = fs::read_to_string(&alpha).unwrap();
    write(alpha, &(choice + "unknown = 1\n"));
    fs::remove_file(user.data().join("alpha/telemetry/dropped")).unwrap();
    let apps = user.apps();
    assert_eq!(apps.keys().collect::<Vec<_>>(), ["alpha", "by-hand", "marked"]);
    assert!(apps.values().all(|app| app["state"] == "off"), "{apps:?}");
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_and_no_pipe_waited_for() {
    use std::os::unix::fs::symlink;

    let (user, other) = (User::new(), User::new());
    user.uses("alpha", 1);
    other.uses("foreign", 2);
    symlink(other.data().join("foreign"), user.data().join("linked")).unwrap();
    symlink(other.config().join("foreign"), user.config().join("linked")).unwrap();
    fs::create_dir_all(user.data().join("inside")).unwrap();
    let foreign = other.data().join("foreign/telemetry");
    symlink(&foreign, user.data().join("inside/telemetry")).unwrap();
    fs::create_dir_all(user.data().join("deeper/telemetry")).unwrap();
    symlink(foreign.join("active"), user.data().join("deeper/telemetry/active")).unwrap();
    symlink(foreign.join("dropped"), user.data().join("deeper/telemetry/dropped")).unwrap();
    fs::create_dir_all(user.config().join("chosen")).unwrap();
    let choice = other.config().join("foreign/telemetry.toml");
    symlink(choice, user.config().join("chosen/telemetry.toml")).unwrap();
    let pipes = user.data().join("pipes/telemetry");
    fs::create_dir_all(&pipes).unwrap();
    for pipe in [pipes.join("dropped"), pipes.join("consent.toml")] {
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    assert_eq!(user.names(), ["alpha"]);
}

#[test]
fn without_a_home_or_without_programs_it_says_so() {
    let user = User::new();
    let none = user.telemetry(&["apps"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""));
    assert!(none.err.contains(user.config().to_str().unwrap()), "{none:?}");
    let variables = [("HOME", "relative"), ("XDG_DATA_HOME", ""), ("XDG_CONFIG_HOME", "x")];
    let homeless = user.run(env!("CARGO_BIN_EXE_standalone_program"), &["apps"], &variables);
    assert_eq!(homeless.code, 1, "{homeless:?}");
    assert!(homeless.err.contains("HOME") && homeless.err.contains("\nnext: "), "{homeless:?}");
}
