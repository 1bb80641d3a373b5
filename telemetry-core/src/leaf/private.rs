//! A value that only a policy opens.
//!
//! It owns [`Private`]. It must never have a trait that gives the value away.

/// A value that nothing takes out but a policy.
///
/// A raw event refuses `Serialize`, `Debug` and `Display`, but a struct is
/// open to every other family of traits: a derive of borsh, bincode, miniserde
/// or valuable on the event reads its fields and writes them out. A field of
/// `Private` stops them all, those of the future too: `Private` has none of
/// their traits, so that such a derive does not compile. It has no `Debug`,
/// `Display`, `Deref`, `AsRef`, `Into`, `PartialEq` or `Hash` either, and no
/// method that gives the value back.
///
/// ```
/// use telemetry_core::pseudonym::Keys;
/// use telemetry_core::{Private, Sanitizer, TelemetryEvent};
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "diagnostics")]
/// struct Connected {
///     #[telemetry(hash)]
///     host: Private<String>,
///     #[telemetry(length)]
///     path: Option<Private<String>>,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let connected =
///     Connected { host: Private::new("web-1".into()), path: Some(Private::new("/home".into())) };
/// let sanitizer = Sanitizer::new(Keys::session()?);
/// let line = serde_json::to_string(&sanitizer.sanitize(&connected))?;
/// assert!(line.contains("h1_") && line.ends_with(r#""path":5}"#), "{line}");
/// # Ok(())
/// # }
/// ```
///
/// It is opened by every policy that looks at a value: `hash`, `scrub`,
/// `length`, `one_of`, `bucket`, `count`, `keys` and `values`, `nested`,
/// `allow` on a type that may be allowed, and so on; neither by `with`, whose
/// function is code of yours and is given the `Private`, nor by
/// `allow(because = "...")`, which takes a value that can be serialised.
///
/// It is not wiped when it is dropped, and it is no secret to code that holds
/// the value before it goes in.
#[derive(Clone, Default)]
pub struct Private<T>(T);

impl<T> Private<T> {
    /// Takes the value in. There is no way back.
    ///
    /// ```
    /// use telemetry_core::Private;
    ///
    /// let host = Private::new("web-1.corp.example");
    /// # let _ = host;
    /// ```
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// For policies.
    pub(crate) const fn open(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Private<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
