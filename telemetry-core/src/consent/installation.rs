//! The choice made when a program is installed or updated.
//!
//! It owns the rule of what an update does to that choice. It must never know
//! what other sources say.

use std::path::Path;

use crate::consent::document::{self, Document};
use crate::consent::file::{self, Content};
use crate::consent::seen::Owner;
use crate::error::{self, Error};
use crate::platform;

/// What an installer calls: records the choice in `path`, durably and readable
/// by every user, and says what holds now. The program reads it as
/// [`Layers::installation_file`](crate::consent::Layers::installation_file).
///
/// | the installer is | the file has | written |
/// |---|---|---|
/// | given a value | anything | the value |
/// | given none | a value | nothing: the value is kept |
/// | given none | no value, or there is no file | `when_missing` |
/// | given none | something broken | nothing: an error, and off as long as it is so |
///
/// ```
/// use telemetry_core::consent::record_installation;
///
/// # let folder = std::env::temp_dir().join(format!("telemetry-install-doc-{}", std::process::id()));
/// let file = folder.join("telemetry.toml");
/// // `setup TELEMETRY_ENABLED=0`, and later an update without the parameter.
/// assert_eq!(record_installation(&file, Some(false), true)?, false);
/// assert_eq!(record_installation(&file, None, true)?, false);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the file cannot be written, or none is given and the old one cannot
/// be understood.
pub fn record_installation(
    path: &Path,
    given: Option<bool>,
    when_missing: bool,
) -> Result<bool, Error> {
    let on = match given {
        Some(on) => on,
        None => match previous(path)? {
            Some(on) => return Ok(on),
            None => when_missing,
        },
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| Error::io("create the folder", folder, error))?;
    }
    let text = format!("# Chosen when the program was installed.\n[telemetry]\nenabled = {on}\n");
    platform::replace_durably(path, text.as_bytes())?;
    platform::readable_by_all(path)?;
    Ok(on)
}

fn previous(path: &Path) -> Result<Option<bool>, Error> {
    let broken = || {
        let message = format!(
            "{} cannot be understood, so that telemetry is off: run the installer with a value for telemetry",
            path.display()
        );
        Error::new(error::Kind::Config, message)
    };
    match file::read(path, Owner::Others).content {
        Content::Missing => Ok(None),
        Content::Broken(_) => Err(broken()),
        Content::Text(text) => match document::parse(&text, Document::Policy, &[]) {
            Ok((signal, _)) => Ok(signal.enabled.map(|answer| answer.on)),
            Err(_) => Err(broken()),
        },
    }
}
