//! Where a program keeps its telemetry.
//!
//! It owns the default places per operating system. It must never know what
//! is written there.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::error::{Error, Kind};

/// The two folders of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folders {
    /// What was collected; the user may delete all of it.
    pub(super) data: PathBuf,
    /// What the user decided; deleting the data must not delete it.
    pub(super) config: PathBuf,
}

impl Folders {
    /// The places that the operating system keeps for `app`: on Linux
    /// `~/.local/share/<app>/telemetry` and `~/.config/<app>`, on macOS the
    /// same (as command-line tools have it there), on Windows the roaming
    /// application data.
    pub(super) fn of_system(app: &str) -> Result<Self, Error> {
        let strategy = etcetera::choose_base_strategy().map_err(|error| {
            Error::new(
                Kind::Argument,
                "there is no home folder: set HOME, or name the folders with `Builder::folders`",
            )
            .because(error)
        })?;
        Ok(Self {
            data: strategy.data_dir().join(app).join("telemetry"),
            config: strategy.config_dir().join(app),
        })
    }

    /// Everything below one folder of the program's own.
    pub(super) fn in_one(folder: &Path) -> Self {
        Self { data: folder.join("telemetry"), config: folder.to_path_buf() }
    }

    /// The file of the user's choice.
    pub(super) fn choice(&self) -> PathBuf {
        self.config.join("telemetry.toml")
    }
}

/// Checks that `app` can be part of a path on every system.
pub(super) fn check_app(app: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // 64: longer than any program's name, and far below any file system's limit.
    if app.is_empty() || app.len() > 64 || app.starts_with('.') || !app.chars().all(plain) {
        return Err(Error::new(
            Kind::Argument,
            "the name of a program has 1 to 64 ASCII letters, digits, `-`, `_` or `.`, \
             and does not start with `.`",
        ));
    }
    Ok(())
}
