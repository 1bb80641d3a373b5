//! Consent: one order of layers, any off wins, and what the user wrote lasts.
#![forbid(unsafe_code)]

mod broken;
mod choice;
mod cutoff;
mod later;
#[cfg(unix)]
mod off;
mod processes;
mod rule;
mod sources;
#[cfg(unix)]
mod start;
#[cfg(unix)]
mod unreadable;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use telemetry_core::consent::{Choice, Decision, Layer, Layers, Notice, record_installation};
use telemetry_core::schema::Purpose;

const X: Purpose = Purpose::new("x-own");
const PURPOSES: [Purpose; 5] = [
    Purpose::SERVICE,
    Purpose::DIAGNOSTICS,
    Purpose::PRODUCT_IMPROVEMENT,
    Purpose::MODEL_TRAINING,
    X,
];

/// A home folder of the test's own, and an environment that nobody else sees.
struct Home {
    folder: tempfile::TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    /// Layers whose choice is kept in this home.
    fn layers(&self) -> Layers {
        let variables = self.variables.clone();
        Layers::new("telemetry-consent-test")
            .choice_file(self.path("config/telemetry.toml"))
            .with_env(move |name| variables.get(name).map(Into::into))
    }
}

fn granted(decision: &Decision) -> Vec<&'static str> {
    PURPOSES.iter().filter(|purpose| decision.granted(**purpose)).map(|p| p.name()).collect()
}

fn set_time(path: &Path, time: SystemTime) {
    let file =
        if path.is_dir() { File::open(path) } else { File::options().write(true).open(path) };
    file.unwrap().set_modified(time).unwrap();
}

fn long_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(86_400)
}

fn notice(version: &str, purposes: &[Purpose]) -> Notice {
    Notice::new(version, "What we count, and why.").purposes(purposes)
}

fn skip_unless(present: bool, what: &str) {
    if !present {
        assert!(std::env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_none(), "needs {what}");
        println!("skipped: needs {what}");
    }
}
