//! The installation id.
//!
//! It owns a random UUID (version 4, RFC 9562) in the file `installation`. It
//! must never know anything about the machine or the user: the id is random,
//! and says only that two events come from one installation.

use std::fmt;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::error::{Error, Kind};
use crate::leaf::{Context, Sink};
use crate::platform;
use crate::policy::{NoIdentifier, TelemetryValue};
use crate::schema::{Domain, Open};

const FILE: &str = "installation";
/// 36 characters and a line feed.
const LIMIT: u64 = 64;

/// The random id of an installation: what [`Telemetry::installation_id`] gives.
///
/// Some wire formats want it in the body too, beside the envelope. A field of
/// this type may be `allow`ed: it holds 128 bits that came from the system's
/// random source, and cannot be made from anything else. It does tell that two
/// events come from one installation, as the envelope of every event does.
///
/// `Display` writes it as a UUID, in lower case.
///
/// [`Telemetry::installation_id`]: super::Telemetry::installation_id
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InstallationId(u128);

impl fmt::Display for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
        let parts: Vec<&str> = parts.iter().filter_map(|&(from, to)| hex.get(from..to)).collect();
        f.write_str(&parts.join("-"))
    }
}

impl TelemetryValue for InstallationId {
    const DOMAIN: Domain = Domain::Open(Open::Vouched);
    type Inner<'v> = &'v Self;

    fn inner(&self) -> &Self {
        self
    }

    fn emit<R: Sink>(&self, _: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(&AsText(*self))
    }
}

/// Its field's name says what it is, and this crate draws it: nobody's own.
#[diagnostic::do_not_recommend]
impl NoIdentifier for InstallationId {}

/// The id for serde. Not on the id itself: it leaves in events alone.
struct AsText(InstallationId);

impl Serialize for AsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The id, made on first use. Of several processes that start at once, all
/// get the same.
///
/// # Errors
///
/// When the file cannot be read or written, or others can read it. A file that
/// holds no id is replaced: an id that was damaged is worth nothing.
///
/// Nobody waits for the disk: an id that a power cut took is replaced, as a
/// damaged one is.
pub(super) fn load_or_create(folder: &Path) -> Result<InstallationId, Error> {
    let path = folder.join(FILE);
    // Another process may remove a damaged file between our look and our own
    // attempt, and so may we: the second look finds what one of us made.
    for _ in 0..8 {
        if let Some(bytes) = platform::read_private(&path, LIMIT)? {
            if let Some(id) = parse(&bytes) {
                return Ok(id);
            }
            let _ = std::fs::remove_file(&path);
        }
        platform::create_once_quickly(&path, format!("{}\n", random_uuid()?).as_bytes())?;
    }
    Err(Error::new(Kind::Io, format!("{} keeps being damaged: remove it", path.display())))
}

/// Makes the id survive a power cut, if there is one.
pub(super) fn make_durable(folder: &Path) -> Result<(), Error> {
    let path = folder.join(FILE);
    if path.exists() { platform::sync(&path) } else { Ok(()) }
}

fn parse(bytes: &[u8]) -> Option<InstallationId> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, c): (usize, char)| {
        if hyphen(at) { c == '-' } else { matches!(c, '0'..='9' | 'a'..='f') }
    };
    if text.len() != 36 || !text.chars().enumerate().all(fits) {
        return None;
    }
    u128::from_str_radix(&text.replace('-', ""), 16).ok().map(InstallationId)
}

fn random_uuid() -> Result<InstallationId, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Kind::Io, "the system's random source failed").because(error.to_string())
    })?;
    // Version 4 in the upper half of byte 6, variant 10 in the top of byte 8.
    let bits = u128::from_be_bytes(bytes);
    let bits = (bits & !(0xf << 76)) | (0x4 << 76);
    let bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    Ok(InstallationId(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_random_uuid_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("telemetry");
        platform::private_dir(&folder).unwrap();
        let id = load_or_create(&folder).unwrap();
        let text = id.to_string();
        assert_eq!(&text[14..15], "4", "{id}");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"), "{id}");
        assert_eq!(std::fs::read_to_string(folder.join(FILE)).unwrap(), format!("{text}\n"));
        assert_eq!(load_or_create(&folder).unwrap(), id);
        assert_ne!(random_uuid().unwrap(), random_uuid().unwrap());
    }

    #[test]
    fn a_damaged_id_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("telemetry");
        platform::private_dir(&folder).unwrap();
        load_or_create(&folder).unwrap();
        platform::replace_durably(&folder.join(FILE), b"0195f3d8-7165").unwrap();
        let id = load_or_create(&folder).unwrap();
        assert_eq!(id.to_string().len(), 36);
        assert_eq!(load_or_create(&folder).unwrap(), id);
    }
}
