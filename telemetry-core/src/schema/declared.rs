//! What the derive says of events and fields, by value.
//!
//! It owns the short form that stands in every expansion, and its way to the
//! descriptions. It must never know what is computed from them.

use super::description::{EventSchema, FieldSchema, JsonKey, Policy, Purpose};

/// What the derive says of a field beyond what every field has.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct FieldNotes {
    purpose: Option<Purpose>,
    since: Option<&'static str>,
    renamed_from: Option<&'static str>,
    private: bool,
}

impl FieldNotes {
    const NONE: Self = Self { purpose: None, since: None, renamed_from: None, private: false };

    pub const fn purpose(mut self, name: &'static str) -> Self {
        self.purpose = Some(Purpose::new(name));
        self
    }

    pub const fn since(mut self, notice: &'static str) -> Self {
        self.since = Some(notice);
        self
    }

    pub const fn renamed_from(mut self, name: &'static str) -> Self {
        self.renamed_from = Some(name);
        self
    }

    pub const fn private(mut self, private: bool) -> Self {
        self.private = private;
        self
    }
}

/// A field of which there is nothing more to say.
#[doc(hidden)]
pub const BARE: FieldNotes = FieldNotes::NONE;

/// A field that is dropped.
#[doc(hidden)]
pub const DROP: Policy = Policy::DROP;

/// What the derive says of an event: name, version, purpose, description. Short
/// names, because they are in every expansion.
#[doc(hidden)]
pub const fn event(
    name: &'static str,
    version: u32,
    purpose: &'static str,
    description: &'static str,
) -> EventSchema {
    EventSchema::new(name, version, purpose, description, &[])
}

/// What the derive says of a type: of each event how many fields it has, and
/// the fields of all events, one after the other.
#[doc(hidden)]
pub type Declared<const EVENTS: usize, const FIELDS: usize> =
    ([(EventSchema, usize); EVENTS], [FieldDescription; FIELDS]);

/// The events, each with its part of `fields`.
pub(crate) const fn events<const N: usize>(
    described: [(EventSchema, usize); N],
    mut fields: &'static [FieldSchema],
) -> [EventSchema; N] {
    let mut events = [EventSchema::new("", 0, "", "", &[]); N];
    let mut index = 0;
    while index < N {
        #[expect(
            clippy::indexing_slicing,
            reason = "both have N elements; iterators are not const"
        )]
        {
            let (event, length) = described[index];
            events[index] = event;
            (events[index].fields, fields) = fields.split_at(length);
        }
        index += 1;
    }
    events
}

/// What the derive says of one field: name as JSON writes it, type, policy, description, notes.
#[doc(hidden)]
pub type FieldDescription = (&'static str, &'static str, Policy, &'static str, FieldNotes);

/// The fields of an event.
pub(crate) const fn fields<const N: usize>(described: [FieldDescription; N]) -> [FieldSchema; N] {
    const EMPTY: FieldSchema = FieldSchema {
        key: JsonKey::new(""),
        forms: 0,
        name: "",
        rust_type: "",
        policy: Policy::DROP,
        description: "",
        purpose: None,
        since: None,
        renamed_from: None,
        private: false,
    };
    let mut fields = [EMPTY; N];
    let mut index = 0;
    while index < N {
        #[expect(
            clippy::indexing_slicing,
            reason = "both have N elements; iterators are not const"
        )]
        {
            let (key, rust_type, policy, description, notes) = described[index];
            // Behind the comma and the quote, up to the quote and the colon.
            let (_, name) = key.split_at(2);
            let (name, _) = name.split_at(name.len() - 2);
            let FieldNotes { purpose, since, renamed_from, private } = notes;
            let domain = match purpose {
                Some(_) => policy.domain.or_absent(),
                None => policy.domain,
            };
            let forms = match domain.forms() {
                // It is no part of the combination that is counted.
                _ if policy.histogram.is_some() => 1,
                Some(forms) if forms <= usize::MAX as u128 => forms as usize,
                _ => 0,
            };
            fields[index] = FieldSchema {
                key: JsonKey::new(key),
                forms,
                name,
                rust_type,
                policy,
                description,
                purpose,
                since,
                renamed_from,
                private,
            };
        }
        index += 1;
    }
    fields
}
