//! The program whose command line is tested, and what it printed.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Parser;
use telemetry_core::spool::Stored;
use telemetry_tests::spool::{entries, stored};

/// An installation of the program, with a home of its own.
pub(crate) struct Program {
    pub(crate) home: tempfile::TempDir,
    pub(crate) receiver: String,
    pub(crate) variables: Vec<(&'static str, &'static str)>,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), receiver: "-".to_owned(), variables: Vec::new() }
    }

    pub(crate) fn with_receiver(listener: &TcpListener) -> Self {
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        Self { receiver: url, ..Self::new() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedding_program"));
        command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.envs(self.variables.iter().copied());
        command.arg(self.home.path()).arg(&self.receiver).args(arguments);
        command
    }

    pub(crate) fn work(&self) {
        assert!(self.command(&["work"]).status().unwrap().success());
    }

    pub(crate) fn telemetry(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(&[&["telemetry"], arguments].concat()).output().unwrap())
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("telemetry")
    }

    /// A file in the telemetry folder, as another program might have left it.
    pub(crate) fn write_private(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    pub(crate) fn stored(&self) -> Vec<Stored> {
        stored(&self.folder())
    }
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// The line of `status` that begins with `name`.
    pub(crate) fn line(&self, name: &str) -> &str {
        let line = self.out.lines().find(|line| line.split("  ").next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in {self:?}"))[name.len()..].trim_start()
    }
}

/// Everything in a folder that is a file, byte by byte, the oldest first.
pub(crate) fn contents(folder: &Path) -> Vec<u8> {
    let mut paths = entries(folder);
    paths.sort_by_key(|path| path.metadata().unwrap().modified().unwrap());
    paths.iter().flat_map(|path| fs::read(path).unwrap()).collect()
}

#[derive(Parser)]
pub(crate) struct Alone {
    #[command(subcommand)]
    pub(crate) command: telemetry_cli::Command,
}
