//! Which id a stored line carries.
//!
//! It owns the choice of the author, and how long an id lasts. It must never
//! know the machine or the user: an id is made from the installation's secret
//! alone, and without the secret nobody can say which ids are of one
//! installation.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::installation::InstallationId;
use crate::pseudonym::Secret;
use crate::schema::Purpose;

/// How long the id of an installation lasts: as short as the question allows.
///
/// The id of a line is made from the installation's secret, the purpose and the
/// period (HKDF-SHA-256). Within a period, the ids of one purpose can be counted
/// exactly; *nothing joins two periods or two purposes*, neither for the
/// receiver nor for whoever finds the data. A new secret (`telemetry rotate`)
/// makes new ids.
///
/// | you ask | you need |
/// |---|---|
/// | how many runs | [`None`](Self::None) |
/// | what happens within one run | [`Run`](Self::Run) |
/// | daily users | [`Day`](Self::Day) |
/// | weekly users, and how many days each came | [`Week`](Self::Week) |
/// | monthly users | [`Month`](Self::Month), the default |
/// | whether somebody stays for longer | [`Rotating`](Self::Rotating) |
/// | which events are of one server, for years | [`Stable`](Self::Stable) |
///
/// ```
/// use telemetry_core::Telemetry;
/// use telemetry_core::client::Identity;
///
/// # let home = std::env::temp_dir().join(format!("telemetry-identity-doc-{}", std::process::id()));
/// let telemetry = Telemetry::builder("chef-workstation")
/// #   .home(&home)
///     .identity(Identity::Day)
///     .build()?;
/// # drop(telemetry);
/// # let _ = std::fs::remove_dir_all(&home);
/// # Ok::<(), telemetry_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// No id at all.
    None,
    /// A random id of the run: two runs cannot be joined.
    Run,
    /// For a day, in UTC.
    Day,
    /// For a week from Monday on, in UTC.
    Week,
    /// For a calendar month, in UTC. The default: it is the shortest by which a
    /// program can say how many installations are in use, which is what the
    /// document of Chef Workstation wants its id for. A server whose document
    /// promises one id for its life asks for [`Stable`](Self::Stable).
    #[default]
    Month,
    /// For so many days, counted from 1970-01-01 in UTC.
    Rotating(NonZeroU32),
    /// Until the secret is renewed.
    Stable,
}

const DAY: i64 = 24 * 60 * 60;

/// From 1970-01-01, a Thursday, back to the Monday before.
const SINCE_MONDAY: i64 = 3;

impl Identity {
    /// The name of the kind of period, and its number among them.
    fn period(self, now: Timestamp) -> Option<(&'static str, i64)> {
        let day = now.as_second().div_euclid(DAY);
        Some(match self {
            Self::None | Self::Run => return None,
            Self::Day => ("day", day),
            Self::Week => ("week", (day + SINCE_MONDAY).div_euclid(7)),
            Self::Month => {
                let date = now.to_zoned(TimeZone::UTC).date();
                ("month", i64::from(date.year()) * 12 + i64::from(date.month()) - 1)
            }
            Self::Rotating(days) => ("days", day.div_euclid(i64::from(days.get()))),
            Self::Stable => ("stable", 0),
        })
    }
}

/// The ids of one installation.
pub(super) struct Identities {
    identity: Identity,
    /// `None` when no id is made from it.
    secret: Option<Secret>,
    /// The id of this run.
    run: InstallationId,
    /// What stands in the place of all others, if anything does.
    shared: Option<InstallationId>,
    /// The id of each purpose, for the period with this number.
    made: RwLock<BTreeMap<&'static str, (i64, InstallationId)>>,
}

impl Identities {
    pub(super) fn new(
        identity: Identity,
        secret: Option<Secret>,
        run: InstallationId,
        shared: Option<InstallationId>,
    ) -> Self {
        Self { identity, secret, run, shared, made: RwLock::default() }
    }

    /// The id of lines of `purpose` at `now`.
    pub(super) fn of(&self, purpose: Purpose, now: Timestamp) -> Option<InstallationId> {
        if self.identity == Identity::None {
            return None;
        }
        if self.shared.is_some() {
            return self.shared;
        }
        let Some((kind, number)) = self.identity.period(now) else { return Some(self.run) };
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        match made.get(purpose.name()) {
            Some((at, id)) if *at == number => return Some(*id),
            _ => drop(made),
        }
        let number_bytes = number.to_be_bytes();
        let parts = [purpose.name().as_bytes(), kind.as_bytes(), number_bytes.as_slice()];
        let id = self.secret.as_ref()?.identity(&parts).map(InstallationId::derived)?;
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(purpose.name(), (number, id));
        Some(id)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").field("identity", &self.identity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_change_at_midnight_on_monday_and_on_the_first() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let (sunday, monday) = (at("2026-11-29T23:59:59Z"), at("2026-11-30T00:00:00Z"));
        let first = at("2026-12-01T00:00:00Z");
        let same = |identity: Identity, a, b| identity.period(a) == identity.period(b);
        assert!(!same(Identity::Day, sunday, monday));
        assert!(!same(Identity::Week, sunday, monday));
        assert!(same(Identity::Week, monday, first));
        assert!(same(Identity::Month, sunday, monday));
        assert!(!same(Identity::Month, monday, first));
        assert!(same(Identity::Stable, sunday, at("2036-01-01T00:00:00Z")));
        let ten = Identity::Rotating(NonZeroU32::new(10).unwrap());
        let changes = (0..100).filter(|day| {
            let at = |day: i64| Timestamp::from_second(day * DAY).unwrap();
            !same(ten, at(*day), at(day + 1))
        });
        assert_eq!(changes.count(), 10);
        assert!(Identity::None.period(monday).is_none() && Identity::Run.period(monday).is_none());
    }
}
