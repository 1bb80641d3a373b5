//! The id of an installation, as it is written.
//!
//! It owns the form of the id, a UUID of version 8 (RFC 9562). It must never
//! know how long an id lasts, nor anything about the machine or the user.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::error::{Error, Kind};
use crate::leaf::{Context, Sink};
use crate::policy::{NoIdentifier, TelemetryValue};
use crate::schema::{Domain, Opening};

/// The id of an installation: what [`Telemetry::installation_id`] gives. How
/// long it stays the same is the author's choice: see [`Identity`](super::Identity).
///
/// Some wire formats want it in the body too, beside the envelope. A field of
/// this type may be `allow`ed: it holds bits that were made from the
/// installation's secret, and cannot be made from anything else. It does tell that two
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
    const DOMAIN: Domain = Domain::Open(Opening::Vouched);
    type Inner<'v> = &'v Self;

    fn inner(&self) -> &Self {
        self
    }

    fn send<R: Sink>(&self, _: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(&AsText(*self))
    }
}

/// Its field's name says what it is, and this crate draws it: nobody's own.
#[diagnostic::do_not_recommend]
impl NoIdentifier for InstallationId {
    fn send_named<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.send(context, sink)
    }
}

/// The id for serde. Not on the id itself: it leaves in events alone.
struct AsText(InstallationId);

impl Serialize for AsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl InstallationId {
    /// The id that stands for every build machine and container, if the author
    /// wants one for all of them.
    pub(super) const SHARED: Self = Self::derived([0; 16]);

    /// An id out of 16 bytes that came from the secret, as a UUID of version 8,
    /// which RFC 9562 leaves to whoever makes it.
    pub(super) const fn derived(bytes: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(bytes);
        let bits = (bits & !(0xf << 76)) | (0x8 << 76);
        Self((bits & !(0x3 << 62)) | (0x2 << 62))
    }

    /// An id of this run alone.
    pub(super) fn random() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::new(Kind::Io, "the system's random source failed").because(error.to_string())
        })?;
        Ok(Self::derived(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid() {
        let id = InstallationId::random().unwrap();
        let text = id.to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "8", "{id}");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"), "{id}");
        assert_ne!(InstallationId::random().unwrap(), id);
    }
}
