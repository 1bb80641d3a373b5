//! Where a program keeps its telemetry, and what the user decided about it.
//!
//! It owns the usual places per operating system, and the one rule for the
//! name of a program. It must never know what is written there.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind};

/// The two folders of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folders {
    /// What was collected; the user may delete all of it.
    pub(crate) data: PathBuf,
    /// What the user decided; deleting the data must not delete it.
    pub(crate) config: PathBuf,
}

/// Why there is no folder: the end of a sentence, and what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Homeless;

impl Homeless {
    pub(crate) const WHAT: &'static str = "there is no home folder with an absolute path";
    pub(crate) const REMEDY: &'static str = "set HOME to an absolute path";
}

impl Folders {
    /// The places that the operating system keeps for `app`: on Unix
    /// `~/.local/share/<app>/telemetry` and `~/.config/<app>` (also on macOS,
    /// where command-line tools have it so), or below `XDG_DATA_HOME` and
    /// `XDG_CONFIG_HOME`; on Windows the roaming application data.
    ///
    /// A relative path is no path: it would name another folder each time that
    /// the program is started elsewhere.
    pub(crate) fn of_system(app: &str) -> Result<Self, Homeless> {
        let (data, config) = Self::bases()?;
        Ok(Self::below(&data, &config, app))
    }

    /// Where programs have their data, and where their config.
    pub(crate) fn bases() -> Result<(PathBuf, PathBuf), Homeless> {
        bases().ok_or(Homeless)
    }

    /// The folders of `app` in these places.
    pub(crate) fn below(data: &Path, config: &Path, app: &str) -> Self {
        Self { data: data.join(app).join("telemetry"), config: config.join(app) }
    }

    /// Everything below one folder of the program's own.
    pub(crate) fn in_one(folder: &Path) -> Self {
        Self { data: folder.join("telemetry"), config: folder.to_path_buf() }
    }

    /// For a program that has no folder. Nothing can be there and nothing is
    /// ever made there: without a folder telemetry is off.
    pub(crate) fn nowhere(app: &str) -> Self {
        Self::in_one(&Path::new("/nonexistent").join(app))
    }

    /// The file of the user's choice.
    pub(crate) fn choice(&self) -> PathBuf {
        self.config.join("telemetry.toml")
    }

    /// The copy of the user's refusals beside the data.
    pub(crate) fn copy(&self) -> PathBuf {
        self.data.join("consent.toml")
    }
}

#[cfg(unix)]
fn bases() -> Option<(PathBuf, PathBuf)> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let variable = |name: &str| absolute(PathBuf::from(std::env::var_os(name)?));
    // Without HOME it is looked up in the list of users.
    let home = std::env::home_dir().and_then(absolute);
    let below = |folder: &str| home.as_ref().map(|home| home.join(folder));
    let data = variable("XDG_DATA_HOME").or_else(|| below(".local/share"))?;
    let config = variable("XDG_CONFIG_HOME").or_else(|| below(".config"))?;
    Some((data, config))
}

#[cfg(not(unix))]
fn bases() -> Option<(PathBuf, PathBuf)> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().ok()?;
    let (data, config) = (strategy.data_dir(), strategy.config_dir());
    (data.is_absolute() && config.is_absolute()).then_some((data, config))
}

/// The rule for the name of a program, which is a part of paths: 1 to 64 ASCII
/// letters, digits, `-`, `_` or `.`, not starting with `.`.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // 64: longer than any program's name, and far below any file system's limit.
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.chars().all(plain)
}

/// The same, as an error of the author's.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), Error> {
    if is_name(name) {
        return Ok(());
    }
    let message = format!(
        "the name of {what} has 1 to 64 ASCII letters, digits, `-`, `_` or `.`, and does not start with `.`"
    );
    Err(Error::new(Kind::Argument, message))
}
