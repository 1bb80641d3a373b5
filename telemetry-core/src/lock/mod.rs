//! What the program can say, compared with committed files, in its own tests.
//!
//! It owns the step from the constants of the derive to the owned schema of
//! `telemetry-schema`, and the macros for tests. It must never know the form
//! of a file, which that crate owns.
//!
//! # The lock
//!
//! In a test of the crate that has the events, with the feature `lock` among
//! the development dependencies:
//!
//! ```no_run
//! #[test]
//! fn what_telemetry_can_say_is_what_was_reviewed() {
//!     telemetry_core::schema_lock!("telemetry.lock");
//! }
//! ```
//!
//! The first run with `TELEMETRY_LOCK=accept` writes the file; commit it. From
//! then on the test fails when an event or field is other than the file says,
//! and names each change in words with its rank. `TELEMETRY_LOCK=accept`
//! accepts. In a pull request the file's difference is what is reviewed, and
//! `telemetry schema diff main HEAD` says the same in words.
//!
//! Two types of one name in one function are refused: their pseudonyms could be
//! joined.
//!
//! Compared are the events that are linked into the test: all of the crate,
//! and of those crates that the test uses.
//!
//! # The pages
//!
//! [`schema_docs!`](crate::schema_docs) holds a committed `PRIVACY.md` (or a
//! page in HTML, or JSON) in the same way.

mod owned;

pub use telemetry_schema;
pub use telemetry_schema::dictionary::Facts;

pub use self::owned::{event, linked};

use std::io::Write as _;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use telemetry_schema::lint::Known;
use telemetry_schema::{Schema, hold};

use crate::schema::registry::twins;

/// The date today and one month later, as a schema writes dates.
pub fn dates() -> Known {
    let now = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let soon = now.checked_add(1.month()).unwrap_or(now);
    Known { today: Some(now.to_string()), soon: Some(soon.to_string()), noticed: None }
}

/// What [`schema_lock!`](crate::schema_lock) calls.
///
/// # Panics
///
/// When the file says something else than the code, and cannot be read.
#[doc(hidden)]
#[track_caller]
pub fn check(folder: &str, file: &str, without: &[&str], noticed: Option<&[&str]>) {
    let path = Path::new(folder).join(file);
    let schema = events(without).map(|mut schema| {
        schema.settings.noticed = noticed.map(sorted);
        schema
    });
    settle(schema.and_then(|schema| hold::lock(&path, &schema, &dates(), mode()?)));
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

/// What [`schema_docs!`](crate::schema_docs) calls.
///
/// # Panics
///
/// When the page says something else than the code, and cannot be read.
#[doc(hidden)]
#[track_caller]
pub fn check_page(folder: &str, file: &str, without: &[&str], facts: &Facts) {
    let path = Path::new(folder).join(file);
    settle(events(without).and_then(|schema| hold::page(&path, &schema, facts, mode()?)));
}

fn events(without: &[&str]) -> Result<Schema, String> {
    if let Some((name, [one, other])) = twins().filter(|(name, _)| !without.contains(name)) {
        return Err(format!(
            "two types of one function are the event `{name}`: their pseudonyms can be joined; give \
             one of them another name, or declare it elsewhere ({one}, {other})"
        ));
    }
    let kept = |mut schema: Schema| {
        schema.events.retain(|event| !without.contains(&event.name.as_str()));
        schema
    };
    linked().map(kept).map_err(|name| {
        format!(
            "two events that differ are called `{name}`: give one another name, or register the \
             instances of a generic one with `telemetry_core::register_instance!`"
        )
    })
}

fn mode() -> Result<hold::Mode, String> {
    hold::Mode::from_variable(std::env::var_os(hold::VARIABLE).as_deref())
}

/// A test's own way to fail, and to say what it did: past the test harness,
/// which keeps what a test that passes prints to itself.
#[track_caller]
#[expect(clippy::panic, reason = "only a test calls it")]
fn settle(held: Result<String, String>) {
    match held {
        Ok(notes) if notes.is_empty() => {}
        Ok(notes) => drop(writeln!(std::io::stderr(), "{notes}")),
        Err(why) => panic!("{why}"),
    }
}

/// Compares all events that are linked into a test with a committed file, and
/// fails with the changes in words: see [`lock`](crate::lock).
///
/// The path is from the folder of the crate's `Cargo.toml`.
///
/// A feature of the library may bring an event along, such as `panic`, and
/// another crate of the workspace may ask for it. A program that never records
/// it says so, and the test is the same for one crate and for the workspace:
///
/// ```no_run
/// telemetry_core::schema_lock!("telemetry.lock", without: ["panic"]);
/// ```
///
/// With the purposes that the program's notice names, the file holds them too, and
/// `telemetry schema lint --lock telemetry.lock` finds what is collected for a
/// purpose that users are not told of:
///
/// ```no_run
/// telemetry_core::schema_lock!("telemetry.lock", notice: ["diagnostics", "product-improvement"]);
/// ```
#[macro_export]
macro_rules! schema_lock {
    ($file:expr, without: [$($name:expr),* $(,)?], notice: [$($purpose:expr),* $(,)?] $(,)?) => {
        $crate::lock::check(
            env!("CARGO_MANIFEST_DIR"), $file, &[$($name),*],
            ::core::option::Option::Some(&[$($purpose),*]),
        )
    };
    ($file:expr, notice: [$($purpose:expr),* $(,)?] $(,)?) => {
        $crate::schema_lock!($file, without: [], notice: [$($purpose),*])
    };
    ($file:expr $(, without: [$($name:expr),* $(,)?])? $(,)?) => {
        $crate::lock::check(
            env!("CARGO_MANIFEST_DIR"), $file, &[$($($name),*)?], ::core::option::Option::None,
        )
    };
}

/// Holds a committed page to the events that are linked into a test: Markdown,
/// or HTML or JSON by the file's ending. What the schema does not say is given
/// by name.
///
/// ```no_run
/// telemetry_core::schema_docs!(
///     "PRIVACY.md",
///     program: "chef-workstation",
///     command: "chef telemetry",
///     variable: "CHEF_TELEMETRY_OPT_OUT=1",
///     controller: "Example Ltd",
///     contact: "privacy@example.com",
/// );
/// ```
///
/// In Markdown, what stands before and behind the part that is written from
/// the code is the author's, and stays.
#[macro_export]
macro_rules! schema_docs {
    ($file:expr, without: [$($name:expr),* $(,)?] $(, $fact:ident: $value:expr)* $(,)?) => {{
        #[allow(unused_mut, reason = "without a fact nothing is set")]
        let mut facts = $crate::lock::Facts::default();
        $(facts.$fact = ::std::option::Option::Some(::std::convert::Into::into($value));)*
        $crate::lock::check_page(env!("CARGO_MANIFEST_DIR"), $file, &[$($name),*], &facts)
    }};
    ($file:expr $(, $fact:ident: $value:expr)* $(,)?) => {
        $crate::schema_docs!($file, without: [] $(, $fact: $value)*)
    };
}
