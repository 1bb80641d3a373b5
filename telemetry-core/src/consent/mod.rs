//! Whether the user, the organisation and the environment let anything be
//! collected, for which purposes, and why.
//!
//! It owns the layers, the decision, and why. It must never know an event or
//! the spool's files.
//!
//! | module | owns |
//! |---|---|
//! | `signal` | what one source says, and how its words add up |
//! | `source` | the layers, where a source is kept, how to change it |
//! | `file`, `document`, `env`, `ci`, `xml` | reading a source |
//! | `gather` | collecting what every source says |
//! | `decision` | the one rule |
//! | `why` | the sentences |
//! | `cutoff` | which stored events are from before a refusal |
//! | `choice`, `notice`, `installation` | what is written, by whom and when |
//! | `watch` | noticing that a file changed |
//! | `folders` | where all of it is kept |
//! | `recognise` | telling a folder of ours by what is in it |
//!
//! # The layers, and the one rule
//!
//! | | layer | where | says |
//! |---|---|---|---|
//! | 0 | the way the program was started | with another user's rights (setuid), by the superuser in another user's folders, without a home folder | off |
//! | 1 | organisation | `/etc/<app>/telemetry.toml` (Windows: `%ProgramData%\<app>\telemetry.toml`) and the author's [`organisation_file`](Layers::organisation_file) | off, on, per purpose |
//! | 2 | environment | `DO_NOT_TRACK`, the author's variables, and files of them | off; on with [`enable_env`](Layers::enable_env) |
//! | 3 | user's config file | the author's [`user_config`](Layers::user_config) | off, on, per purpose |
//! | 4 | user's choice | `<config>/<app>/telemetry.toml`, written by [`Choice`] | off, on, per purpose, receipts |
//! | 5 | installation | the author's [`installation_file`](Layers::installation_file), written by [`record_installation`] | off, on, per purpose |
//! | 6 | build machine | a variable of a continuous-integration system | off, unless [`collect_in_ci`](Layers::collect_in_ci) |
//! | 7 | default | [`on_by_default`](Layers::on_by_default) | on; without it nothing |
//!
//! **Any off wins over every on**, whatever the layer. The order decides only
//! which source is named first. A purpose is granted when no source says off,
//! for it or for all, and at least one says on. So adding an opt-out, or
//! breaking a file, can never turn anything on.
//!
//! The user's choice has two companions, which only ever refuse: a copy of its
//! refusals beside the data, so that a removed or another config folder does
//! not turn an off into an on, and the mark `telemetry.off` beside the choice,
//! by which a refusal is kept when the choice itself cannot be written.
//!
//! What is missing has no opinion. What cannot be read or understood is off,
//! with a [`Diagnostic`]: a broken or unreadable file, one that is larger than
//! 64 KiB, a wrong type, an unknown key under `[telemetry]` (who writes `enable = false`
//! means off), an unknown purpose, a value that is neither true nor false.
//!
//! | key in a file | means |
//! |---|---|
//! | `[telemetry]` `enabled = false` | off for every purpose |
//! | `[telemetry]` `enabled = true` | on for every purpose |
//! | `[telemetry.purposes]` `<name> = false` | off for this purpose |
//! | `[telemetry.purposes]` `<name> = true` | on for this purpose |
//!
//! | variable | value | means |
//! |---|---|---|
//! | `DO_NOT_TRACK` | empty, `0`, `false` | no opinion |
//! | `DO_NOT_TRACK` | anything else | off |
//! | [`opt_out_env`](Layers::opt_out_env) | anything, even empty | off |
//! | [`disable_env`](Layers::disable_env) | `1`, `true`, `yes`, `on` | off |
//! | [`disable_env`](Layers::disable_env) | `0`, `false`, `no`, `off` | no opinion |
//! | [`enable_env`](Layers::enable_env) | `1`, `true`, `yes`, `on` | on |
//! | [`enable_env`](Layers::enable_env) | `0`, `false`, `no`, `off` | off |
//! | the last two | anything else, even empty | off, with a diagnostic |
//!
//! Words are understood in any case. `DO_NOT_TRACK` follows
//! <https://consoledonottrack.com>, which gives a meaning to `1` alone; every
//! other value that is not plainly a no counts as a wish not to be tracked.
//!
//! # What a refusal means for what was recorded before
//!
//! | the refusal | events from before |
//! |---|---|
//! | `telemetry off`, [`Choice::refuse`] | never sent, and erased |
//! | `telemetry off --purpose X` | never sent; those of X are erased |
//! | a variable such as `DO_NOT_TRACK=1`, a build machine | stay, and may be sent by a later run without it: a refused run leaves no trace, so that nobody can remember it |
//! | a file that somebody edits, while the program runs | never sent: the program counts the refusal when it ends |
//! | the same, and no run that was on saw it | stay, and may be sent after the file says on again |
//!
//! # How a file is read
//!
//! While the answer is off, each file is read once, and a missing one costs one
//! system call. An *on* is believed only when two readings agree. A file that
//! says nothing and was changed, or that was removed, within the last 20
//! milliseconds may be in the middle of being written anew: it is read again, for
//! six milliseconds at most, and an empty one younger than a second is off until
//! the next look. What cannot be read for a
//! reason that may pass (no descriptors left, a file half written) is off until
//! the next look too: [`Decision::is_off_for_the_moment`].
//!
//! # Example
//!
//! ```
//! use telemetry_core::consent::{Layer, Layers};
//! use telemetry_core::schema::Purpose;
//!
//! # let folder = std::env::temp_dir().join(format!("telemetry-consent-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let config = folder.join("config.toml");
//! std::fs::write(&config, "[telemetry.purposes]\nmodel-training = false\n")?;
//!
//! let layers = Layers::new("studio")
//!     .on_by_default()
//!     .user_config(&config)
//! #   .choice_file(folder.join("telemetry.toml"))
//!     .with_env(|_| None);
//! let decision = layers.decide();
//! assert!(decision.granted(Purpose::SERVICE));
//! assert!(!decision.granted(Purpose::MODEL_TRAINING));
//! let ruling = decision.ruling("model-training");
//! assert_eq!(ruling.source().unwrap().layer(), Layer::UserConfig);
//! assert_eq!(ruling.source().unwrap().place(), format!("{}:2", config.display()));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Purposes, notices and receipts
//!
//! In a program with a [`Notice`] the user agrees to purposes that a text has
//! explained, and a [`Receipt`] says to which, when, and in which version of
//! the text. What a later version adds is off until the user agrees to it.
//!
//! ```
//! use telemetry_core::consent::{Layers, Notice};
//! use telemetry_core::schema::Purpose;
//!
//! # let folder = std::env::temp_dir().join(format!("telemetry-receipts-doc-{}", std::process::id()));
//! let layers = Layers::new("studio")
//! #   .choice_file(folder.join("telemetry.toml"))
//!     .with_env(|_| None);
//! let first = layers.clone().notice(
//!     Notice::new("1", "We count crashes.").purposes(&[Purpose::SERVICE, Purpose::DIAGNOSTICS]),
//! );
//! first.choice()?.agree_only_to(&["service"])?;
//!
//! let second = layers.notice(
//!     Notice::new("2", "We count crashes and train models.")
//!         .purposes(&[Purpose::SERVICE, Purpose::DIAGNOSTICS, Purpose::MODEL_TRAINING]),
//! );
//! let decision = second.decide();
//! let table: String = decision
//!     .purposes()
//!     .map(|(purpose, ruling)| format!("{purpose}: {}\n", if ruling.is_granted() { "yes" } else { "no" }))
//!     .collect();
//! assert_eq!(table, "diagnostics: no\nmodel-training: no\nservice: yes\n");
//! assert_eq!(decision.receipts()[0].notice(), "1");
//! assert_eq!(decision.receipts()[0].purposes(), ["service"]);
//! assert_eq!(decision.notice_due().unwrap().version(), "2");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choice;
mod ci;
mod contents;
mod cutoff;
mod decision;
mod document;
mod env;
mod file;
mod folders;
mod gather;
mod installation;
mod layers;
mod notice;
mod recognise;
mod ruling;
mod seen;
mod signal;
mod source;
mod watch;
mod why;
#[cfg(feature = "xml")]
mod xml;

pub use self::choice::Choice;
pub use self::cutoff::Cutoff;
pub use self::decision::Decision;
pub(crate) use self::folders::{Folders, Homeless, check_name};
pub use self::installation::record_installation;
pub use self::layers::Layers;
pub use self::notice::{Notice, Receipt};
pub(crate) use self::recognise::{is_choice, is_copy};
pub use self::ruling::Ruling;
pub use self::source::{Diagnostic, Layer, Source};
pub use self::why::Why;
