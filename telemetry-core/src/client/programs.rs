//! The programs of a user that keep telemetry by this library.
//!
//! It owns the search of the usual places. It must never know the format of a
//! file: consent and spool say what is theirs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::consent::{self, Folders, Homeless};
use crate::error::{Error, Kind};
use crate::{platform, spool};

/// A program that has a folder of this library; see [`programs`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Program {
    /// Its name, as its folders have it.
    pub name: String,
    /// The folder with everything that was collected, if there is one.
    pub folder: Option<PathBuf>,
    /// The file of the user's choice, if the user chose anything.
    pub choice: Option<PathBuf>,
}

/// Where programs were looked for, and which were found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Programs {
    /// The folders that were searched.
    pub searched: Vec<PathBuf>,
    /// In the order of their names.
    pub found: Vec<Program>,
}

/// Looks for the programs that keep telemetry by this library for the user who
/// runs this one.
///
/// It looks at the usual places alone: a program that was given a folder of its
/// own ([`Builder::home`](super::Builder::home)) is not found. A folder is known
/// by what is in it and not by its name. It must belong to this user, and no
/// symbolic link below the usual places is followed. Nothing is made or changed.
///
/// ```
/// for program in telemetry_core::client::programs()?.found {
///     println!("{}", program.name);
/// }
/// # Ok::<(), telemetry_core::Error>(())
/// ```
///
/// # Errors
///
/// When this user has no home folder, or a place that is there cannot be listed.
pub fn programs() -> Result<Programs, Error> {
    let (data, config) = Folders::bases().map_err(|Homeless| {
        Error::new(Kind::Config, format!("{}: {}", Homeless::WHAT, Homeless::REMEDY))
    })?;
    let (data_names, config_names) = (names(&data)?, names(&config)?);
    let all: BTreeSet<&String> = data_names.union(&config_names).collect();
    let found = all.into_iter().filter_map(|name| {
        let folders = Folders::below(&data, &config, name);
        let has_data = data_names.contains(name)
            && platform::is_own_dir(&folders.data)
            && (spool::is_spool(&folders.data) || consent::is_copy(&folders));
        let has_choice = config_names.contains(name) && consent::is_choice(&folders);
        (has_data || has_choice).then(|| Program {
            name: name.clone(),
            folder: has_data.then(|| folders.data.clone()),
            choice: has_choice.then(|| folders.choice()),
        })
    });
    let found = found.collect();
    let mut searched = vec![data, config];
    searched.dedup();
    Ok(Programs { searched, found })
}

/// The folders in `place` that may be a program's: real ones, of this user. The
/// place itself may be a link, which the user or the system made.
fn names(place: &Path) -> Result<BTreeSet<String>, Error> {
    let place = match std::fs::canonicalize(place) {
        Ok(place) => place,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(Error::io("look into", place, error)),
    };
    let names = platform::list(&place).map_err(|error| Error::io("list", &place, error))?;
    let usable = |name: &String| {
        consent::check_name("a program", name).is_ok() && platform::is_own_dir(&place.join(name))
    };
    Ok(names.into_iter().filter_map(|name| name.into_string().ok()).filter(usable).collect())
}
