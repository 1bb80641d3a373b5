//! The sanitised form of an event, and the one place that makes it.
//!
//! It owns [`Sanitizer`] and [`Sanitized`]. It must never know which fields an
//! event has, nor who serialises the result.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{FieldVisitor, TelemetryEvent};
use crate::leaf::{Context, EntrySink, Grants, Sanitize};
use crate::pseudonym::{FieldPlace, Keys, Step};
use crate::schema::{EventSchema, FieldSchema, Purpose};
use crate::scrub::Scrubber;

/// Applies the policies of events: it holds the keys of pseudonyms and the
/// rules for scrubbing.
///
/// ```
/// use telemetry_core::pseudonym::Keys;
/// use telemetry_core::{Sanitizer, TelemetryEvent};
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "diagnostics")]
/// struct Connected<'a> {
///     #[telemetry(drop)]
///     password: &'a str,
///     #[telemetry(allow)]
///     attempts: u32,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sanitizer = Sanitizer::new(Keys::session()?);
/// let event = Connected { password: "hunter2", attempts: 3 };
/// let line = serde_json::to_string(&sanitizer.sanitize(&event))?;
/// assert_eq!(line, r#"{"attempts":3}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sanitizer {
    keys: Keys,
    scrubber: Scrubber,
}

impl Sanitizer {
    /// A sanitizer with these keys and the standard rules for scrubbing.
    pub fn new(keys: Keys) -> Self {
        Self { keys, scrubber: Scrubber::default() }
    }

    /// The same with other rules for scrubbing.
    #[must_use]
    pub fn with_scrubber(mut self, scrubber: Scrubber) -> Self {
        self.scrubber = scrubber;
        self
    }

    /// The sanitised form of `event`. Policies are applied when it is
    /// serialised; nothing is copied before.
    ///
    /// A field with a purpose of its own is absent: see
    /// [`sanitize_for`](Self::sanitize_for).
    pub fn sanitize<'a, E: TelemetryEvent + ?Sized>(&'a self, event: &'a E) -> Sanitized<'a, E> {
        self.sanitize_for(event, &[] as &[Purpose; 0])
    }

    /// The sanitised form of `event`, with those fields of a purpose of their
    /// own that `granted` grants.
    pub fn sanitize_for<'a, E: TelemetryEvent + ?Sized>(
        &'a self,
        event: &'a E,
        granted: &'a dyn Grants,
    ) -> Sanitized<'a, E> {
        Sanitized { event, context: Context::new(&self.keys, &self.scrubber, granted) }
    }
}

/// The sanitised form of an event: the only form that can be serialised.
///
/// It is a map from field names to what the policies let through, for any
/// self-describing serde format. It can be made by [`Sanitizer::sanitize`]
/// alone.
pub struct Sanitized<'a, E: ?Sized> {
    event: &'a E,
    context: Context<'a>,
}

impl<E: TelemetryEvent + ?Sized> Sanitized<'_, E> {
    /// The schema of the event.
    pub fn schema(&self) -> &'static EventSchema {
        self.event.schema()
    }
}

#[cfg(feature = "client")]
impl<E: TelemetryEvent + ?Sized> Sanitized<'_, E> {
    /// Appends the sanitised form to `buffer` as one JSON object: the very
    /// bytes that `serde_json::to_writer` writes, in a fraction of the time. A
    /// buffer that is used again makes it free of allocations.
    ///
    /// ```
    /// use telemetry_core::{Keys, Sanitizer, TelemetryEvent};
    ///
    /// #[derive(TelemetryEvent)]
    /// #[telemetry(purpose = "diagnostics")]
    /// struct Connected {
    ///     #[telemetry(allow)]
    ///     attempts: u32,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sanitizer = Sanitizer::new(Keys::session()?);
    /// let mut buffer = Vec::new();
    /// sanitizer.sanitize(&Connected { attempts: 3 }).write_json(&mut buffer)?;
    /// assert_eq!(buffer, br#"{"attempts":3}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When a `Serialize` of the author's own fails, under
    /// `allow(because = "...")`. What was appended is then of no use.
    pub fn write_json(&self, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        super::json::write(self.event, self.context, buffer)
    }
}

impl<E: ?Sized> Clone for Sanitized<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: ?Sized> Copy for Sanitized<'_, E> {}

impl<E: TelemetryEvent + ?Sized> Serialize for Sanitized<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A map, not a struct: absent fields would shift the positions by
        // which some formats write structs.
        let mut map = serializer.serialize_map(None)?;
        let place = FieldPlace::Event { type_path: E::TYPE_PATH, event: self.schema().name };
        self.event.visit_fields(&mut FieldEntries {
            map: &mut map,
            context: self.context,
            place: &place,
        })?;
        map.end()
    }
}

impl<E: TelemetryEvent + ?Sized> fmt::Debug for Sanitized<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.schema().name)?;
        f.write_str(" ")?;
        serde_fmt::to_debug(self).fmt(f)
    }
}

/// Writes each field that has something left into a map.
pub(super) struct FieldEntries<'s, 'c, S> {
    pub(super) map: &'s mut S,
    pub(super) context: Context<'c>,
    /// Where these fields are.
    pub(super) place: &'c FieldPlace<'c>,
}

impl<S: SerializeMap> FieldVisitor for FieldEntries<'_, '_, S> {
    type Error = S::Error;

    fn visit_field<L: Sanitize>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), S::Error> {
        if !self.context.grants(field) {
            return Ok(());
        }
        let entry = EntrySink { map: self.map, key: field.name };
        if L::NESTED {
            let place = FieldPlace::Inside { outer: self.place, step: Step::Field(field.name) };
            value.sanitize_into(self.context.at(&place), entry)
        } else {
            value.sanitize_into(self.context, entry)
        }
    }

    fn visit_dropped(&mut self, _field: &'static FieldSchema) -> Result<(), S::Error> {
        Ok(())
    }
}
