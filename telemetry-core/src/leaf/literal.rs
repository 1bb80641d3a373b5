//! Text that the compiler evaluated.
//!
//! It owns [`Literal`] and the proof behind it. It must never know a policy,
//! nor a text that exists only while the program runs.

use std::fmt;

use serde::ser::{Serialize, Serializer};

/// Text that is part of the program, and so the same for everybody who runs
/// it. It may be `allow`ed.
///
/// [`literal!`](crate::literal) is the only way to make one, and it takes
/// nothing but what the compiler can evaluate: literals, constants, `env!`,
/// `concat!`. A `&'static str` proves less: a `LazyLock`, a leaked `String`
/// and a leaked argument have that type too, and hold what the machine's user
/// typed.
///
/// ```
/// use telemetry_core::{Literal, TelemetryEvent, literal};
///
/// const CHANNEL: Literal = literal!("stable");
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "product-improvement")]
/// struct Started {
///     #[telemetry(allow)]
///     version: Literal,
///     #[telemetry(allow)]
///     system: Literal,
///     #[telemetry(allow)]
///     channel: Literal,
/// }
///
/// let started = Started {
///     version: literal!(env!("CARGO_PKG_VERSION")),
///     system: literal!(std::env::consts::OS),
///     channel: CHANNEL,
/// };
/// # let _ = started;
/// ```
///
/// What is known only when the program runs is refused:
///
/// ```compile_fail
/// use telemetry_core::literal;
///
/// let user: &'static str = std::env::var("USER").unwrap_or_default().leak();
/// let literal = literal!(user);
/// ```
///
/// It costs what a `&'static str` costs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal(&'static str);

impl Literal {
    /// The text.
    ///
    /// ```
    /// assert_eq!(telemetry_core::literal!("ssh").as_str(), "ssh");
    /// ```
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl AsRef<str> for Literal {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl PartialEq<str> for Literal {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Literal {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// A text that the compiler evaluated: what an associated constant holds can
/// come from nowhere else. Implemented by [`literal!`](crate::literal) for a
/// type of its own.
#[doc(hidden)]
pub trait Evaluated {
    const TEXT: &'static str;
}

/// The text of `E`. What [`literal!`](crate::literal) calls.
#[doc(hidden)]
pub const fn evaluated<E: Evaluated>() -> Literal {
    Literal(E::TEXT)
}

/// Makes a [`Literal`] of a text that the compiler can evaluate: a literal, a
/// constant, `env!`, `concat!`, `include_str!`.
///
/// ```
/// use telemetry_core::literal;
///
/// const PROTOCOL: &str = "ssh";
///
/// assert_eq!(literal!("ssh"), literal!(PROTOCOL));
/// assert_eq!(literal!(concat!("s", "sh")), "ssh");
/// ```
///
/// A variable, a function's result and a `static` that is filled while the
/// program runs do not compile, whatever their lifetime is. `env!("USER")`
/// does, and is the name of whoever *builds* the program.
#[macro_export]
macro_rules! literal {
    ($text:expr $(,)?) => {{
        enum __Literal {}
        impl $crate::__private::Evaluated for __Literal {
            const TEXT: &'static $crate::__private::Text = $text;
        }
        $crate::__private::evaluated::<__Literal>()
    }};
}
