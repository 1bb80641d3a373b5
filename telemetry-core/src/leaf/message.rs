//! Messages whose every value has a policy.
//!
//! It owns [`Message`], which [`message!`](crate::message) makes. It must never
//! know which policy a value has.

use std::fmt;

use super::describe::{Describe, Description, Wording};
use super::{HasLeaves, LeafPolicy, Sanitize, Sink, kind};

/// A text whose literal pieces the compiler saw, and whose every value has a
/// policy, as a field of an event has.
///
/// [`message!`](crate::message) is the only way to make one. It is a field
/// under the policy `kind`.
///
/// ```
/// use std::path::Path;
///
/// use telemetry_core::{Keys, Message, Sanitizer, TelemetryEvent, message};
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "diagnostics")]
/// struct Failed<'a> {
///     #[telemetry(kind)]
///     error: Message<'a>,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (path, user) = (Path::new("/home/jane/acme/plan.toml"), "jane");
/// let error = std::io::Error::from_raw_os_error(13);
/// let failed = Failed {
///     error: message!(
///         "could not open a {path} file for {user}: {error}",
///         path = file_extension("toml", "json"),
///         user = drop,
///         error = kind,
///     ),
/// };
/// let sanitizer = Sanitizer::new(Keys::session()?);
/// assert_eq!(
///     serde_json::to_string(&sanitizer.sanitize(&failed))?,
///     r#"{"error":"could not open a toml file for [user]: permission denied (os error 13)"}"#
/// );
/// # Ok(())
/// # }
/// ```
pub struct Message<'a> {
    words: &'static [&'static str],
    parts: Vec<Part<'a>>,
}

/// A part of a message: its literal words, or its value's name, by their place
/// among the words of the message.
#[doc(hidden)]
pub enum Part<'a> {
    Literal(usize),
    Dropped(usize),
    Value(usize, Box<dyn MessageValue + 'a>),
}

impl<'a> Part<'a> {
    /// A value under its policy.
    pub fn value(name: usize, value: impl Sanitize + 'a) -> Self {
        Self::Value(name, Box::new(value))
    }
}

/// A value under its policy, whatever both are.
#[doc(hidden)]
pub trait MessageValue {
    fn write(&self, name: &'static str, description: &mut Description<'_>);
}

impl<L: Sanitize> MessageValue for L {
    fn write(&self, name: &'static str, description: &mut Description<'_>) {
        description.value_named(name, self);
    }
}

/// What [`message!`](crate::message) calls.
#[doc(hidden)]
pub fn message<W: Wording>(parts: Vec<Part<'_>>) -> Message<'_> {
    Message { words: W::WORDS, parts }
}

impl Message<'_> {
    fn word(&self, place: usize) -> &'static str {
        self.words.get(place).copied().unwrap_or_default()
    }
}

impl Describe for Message<'_> {
    fn describe(&self, description: &mut Description<'_>) {
        for part in &self.parts {
            match part {
                Part::Literal(place) => description.known(self.word(*place)),
                Part::Dropped(name) => description.stand_in(self.word(*name)),
                Part::Value(name, value) => value.write(self.word(*name), description),
            }
        }
    }
}

/// Shows the pieces of the program and the names of the values.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(place) => text.push_str(self.word(*place)),
                Part::Dropped(name) | Part::Value(name, _) => {
                    text.extend(["{", self.word(*name), "}"]);
                }
            }
        }
        fmt::Debug::fmt(&text, f)
    }
}

/// What describes itself, as a leaf. What the derive calls.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Described<'v>(pub &'v dyn Describe);

impl fmt::Debug for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Described").finish_non_exhaustive()
    }
}

impl HasLeaves<kind::Parts> for Described<'_> {
    type Inner<'v>
        = Described<'v>
    where
        Self: 'v;

    fn inner(&self) -> Described<'_> {
        *self
    }

    fn apply_to_leaves<P: LeafPolicy<Kind = kind::Parts>, R: Sink>(
        &self,
        policy: &P,
        context: super::Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        policy.apply(self.0, context, sink)
    }
}

impl HasLeaves<kind::Parts> for Message<'_> {
    type Inner<'v>
        = Described<'v>
    where
        Self: 'v;

    fn inner(&self) -> Described<'_> {
        Described(self)
    }
}
