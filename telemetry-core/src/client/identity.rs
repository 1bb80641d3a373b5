//! Which id a stored line carries.
//!
//! It owns the choice of the author, and how long an id lasts. It must never
//! know the machine or the user: an id is made from the installation's secret
//! alone, and without the secret nobody can say which ids are of one
//! installation.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::installation::InstallationId;
use crate::envelope::Origin;
use crate::error::Error;
use crate::pseudonym::Secret;
use crate::schema::{EventSchema, Form, Purpose};

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

/// A stretch of time in which an id stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct IdPeriod {
    /// The kind of period, and its number among those of its kind.
    kind: &'static str,
    number: i64,
    /// The seconds since 1970 in which it lies.
    from: i64,
    until: i64,
}

impl IdPeriod {
    /// The one with `second` in it, of periods of so many days, of which one
    /// began `shift` days before 1970-01-01.
    const fn of_days(kind: &'static str, days: i64, shift: i64, second: i64) -> Self {
        let number = (second.div_euclid(DAY) + shift).div_euclid(days);
        let from = (number * days - shift) * DAY;
        Self { kind, number, from, until: from + days * DAY }
    }

    fn of_month(second: i64) -> Self {
        let day = Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let number = i64::from(day.year()) * 12 + i64::from(day.month()) - 1;
        let first = |date: jiff::civil::Date| {
            date.to_zoned(TimeZone::UTC).map_or(second, |date| date.timestamp().as_second())
        };
        // At the end of time, the id is made anew each time.
        let next = day.last_of_month().tomorrow().map_or(second, first);
        Self { kind: "month", number, from: first(day.first_of_month()), until: next }
    }

    fn contains(&self, second: i64) -> bool {
        (self.from..self.until).contains(&second)
    }
}

impl Identity {
    /// `None` when the id is not of a period.
    fn period(self, second: i64) -> Option<IdPeriod> {
        Some(match self {
            Self::None | Self::Run => return None,
            Self::Day => IdPeriod::of_days("day", 1, 0, second),
            Self::Week => IdPeriod::of_days("week", 7, SINCE_MONDAY, second),
            Self::Month => IdPeriod::of_month(second),
            Self::Rotating(days) => IdPeriod::of_days("days", i64::from(days.get()), 0, second),
            Self::Stable => IdPeriod { kind: "stable", number: 0, from: i64::MIN, until: i64::MAX },
        })
    }

    /// Whether ids are made from the installation's secret.
    pub(super) fn needs_secret(self) -> bool {
        !matches!(self, Self::None | Self::Run)
    }
}

/// The id of one purpose for a period, and what its lines say.
type Made = (IdPeriod, InstallationId, Arc<Origin>);

/// The ids of one installation, as they stand in lines.
pub(super) struct Identities {
    identity: Identity,
    /// `None` when no id is made from it.
    secret: Option<Secret>,
    /// The id of this run, or the one that stands in the place of all others.
    fixed: Option<InstallationId>,
    in_container: bool,
    /// What the lines of each purpose say, and how long.
    made: RwLock<BTreeMap<&'static str, Made>>,
    /// The same where no period decides.
    other: Arc<Origin>,
    /// What lines say that name no installation.
    nobody: Arc<Origin>,
}

impl Identities {
    /// # Errors
    ///
    /// When the system's random source failed.
    pub(super) fn new(
        identity: Identity,
        secret: Option<Secret>,
        shared: bool,
        in_container: bool,
    ) -> Result<Self, Error> {
        let identity = if shared && identity != Identity::None { Identity::Run } else { identity };
        let fixed = match identity {
            Identity::Run if shared => Some(InstallationId::SHARED),
            Identity::Run => Some(InstallationId::random()?),
            _ => None,
        };
        let written = fixed.map(|id| id.to_string());
        let other = Arc::new(Origin::new(written.as_deref(), in_container));
        let nobody = Arc::new(Origin::new(None, in_container));
        Ok(Self { identity, secret, fixed, in_container, made: RwLock::default(), other, nobody })
    }

    /// What the lines of counts of `event` say, of a period that began at `start`.
    ///
    /// # Privacy
    ///
    /// They name the installation only where the event's author asked for it.
    pub(super) fn origin_of_counts(&self, event: &EventSchema, start: Timestamp) -> Arc<Origin> {
        match event.form {
            Form::Counted { identified: true, .. } => self.origin(event.purpose, start.into()),
            _ => Arc::clone(&self.nobody),
        }
    }

    /// What lines of `purpose` say at `now`.
    pub(super) fn origin(&self, purpose: Purpose, now: SystemTime) -> Arc<Origin> {
        self.at(purpose, now).map_or_else(|| Arc::clone(&self.other), |(_, origin)| origin)
    }

    /// The id of lines of `purpose` at `now`.
    pub(super) fn id(&self, purpose: Purpose, now: SystemTime) -> Option<InstallationId> {
        match self.identity {
            Identity::None => None,
            Identity::Run => self.fixed,
            _ => self.at(purpose, now).map(|(id, _)| id),
        }
    }

    fn at(&self, purpose: Purpose, now: SystemTime) -> Option<(InstallationId, Arc<Origin>)> {
        if !self.identity.needs_secret() {
            return None;
        }
        let second = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(_) => 0,
        };
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        match made.get(purpose.name()) {
            Some((period, id, origin)) if period.contains(second) => {
                return Some((*id, Arc::clone(origin)));
            }
            _ => drop(made),
        }
        self.make(purpose, self.identity.period(second)?)
    }

    #[cold]
    fn make(&self, purpose: Purpose, period: IdPeriod) -> Option<(InstallationId, Arc<Origin>)> {
        let number = period.number.to_be_bytes();
        let parts = [purpose.name().as_bytes(), period.kind.as_bytes(), number.as_slice()];
        let id = self.secret.as_ref()?.identity(&parts).map(InstallationId::derived)?;
        let origin = Arc::new(Origin::new(Some(&id.to_string()), self.in_container));
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(purpose.name(), (period, id, Arc::clone(&origin)));
        Some((id, origin))
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
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        let (sunday, monday) = (at("2026-11-29T23:59:59Z"), at("2026-11-30T00:00:00Z"));
        let first = at("2026-12-01T00:00:00Z");
        let same = |identity: Identity, a, b| {
            let (a, b) = ((identity.period(a).unwrap(), a), (identity.period(b).unwrap(), b));
            assert!(a.0.contains(a.1) && b.0.contains(b.1), "{a:?} {b:?}");
            assert_eq!(a.0 == b.0, a.0.contains(b.1));
            a.0 == b.0
        };
        assert!(!same(Identity::Day, sunday, monday));
        assert!(!same(Identity::Week, sunday, monday));
        assert!(same(Identity::Week, monday, first));
        assert!(same(Identity::Month, sunday, monday));
        assert!(!same(Identity::Month, monday, first));
        assert!(same(Identity::Stable, sunday, at("2036-01-01T00:00:00Z")));
        let ten = Identity::Rotating(NonZeroU32::new(10).unwrap());
        let changes = (0..100).filter(|day| !same(ten, day * DAY, (day + 1) * DAY));
        assert_eq!(changes.count(), 10);
        assert!(Identity::None.period(0).is_none() && Identity::Run.period(0).is_none());
    }
}
