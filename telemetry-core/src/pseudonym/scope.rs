//! What a key is for.
//!
//! It owns scopes, and the bytes that stand for one when its key is derived.
//! It must never know a secret, nor a value.

use crate::schema::TypePath;

/// The first part of every `info`: keeps these keys apart from those of any
/// other use of the same secret.
const LABEL: &str = "telemetry pseudonym v1";

/// What a key is for: keys of different scopes cannot be joined.
///
/// ```
/// use telemetry_core::pseudonym::KeyScope;
///
/// let one = KeyScope::field("run.finished", "target");
/// let other = KeyScope::field("run.failed", "target");
/// assert_ne!(one, other);
/// // Two fields with this scope can be joined.
/// let joined = KeyScope::Domain("host");
/// assert_ne!(one, joined);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// One place in one event.
    Field {
        /// The type that the event is. It keeps two events apart that have one
        /// name by mistake. Moving the type gives its fields new pseudonyms;
        /// a domain keeps them.
        type_path: TypePath,
        /// The event's name.
        event: &'static str,
        /// The field's name.
        field: &'static str,
        /// The way from the field to the value, when the field is a map.
        inside: &'static [Step],
    },
    /// Every field that names this domain.
    Domain(&'static str),
}

impl KeyScope {
    /// The scope of a field of an event that is no type of the program.
    ///
    /// ```
    /// use telemetry_core::pseudonym::KeyScope;
    ///
    /// let target = KeyScope::field("run.finished", "target");
    /// assert_ne!(target, KeyScope::field("run.finished", "user"));
    /// ```
    pub const fn field(event: &'static str, field: &'static str) -> Self {
        Self::Field { type_path: TypePath::new(""), event, field, inside: &[] }
    }

    /// Hands the parts of HKDF's `info` to `with`: see [`with_lengths`].
    pub(super) fn with_info<T>(self, epoch: u64, with: impl FnOnce(&[&[u8]]) -> T) -> T {
        match self {
            Self::Field { type_path, event, field, inside } => {
                let mut steps = vec![Step::Field(field)];
                steps.extend_from_slice(inside);
                with_field_info(&FieldPath { type_path, event, steps }, epoch, with)
            }
            Self::Domain(domain) => with_lengths(&["domain", domain], epoch, with),
        }
    }
}

/// One step on the way from an event to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into the field with this name.
    Field(&'static str),
    /// Into the keys of a map.
    Keys,
    /// Into the values of a map.
    Values,
}

/// Where a value inside a nested value is. Which event it is in, and by which
/// fields, is known only while the event is walked.
#[derive(Clone, Copy, Debug)]
pub enum FieldPlace<'p> {
    /// In the event itself.
    Event {
        /// As in [`KeyScope::Field`].
        type_path: TypePath,
        /// The event's name.
        event: &'static str,
    },
    /// One step further than `outer`.
    Inside {
        /// The place before the step.
        outer: &'p FieldPlace<'p>,
        /// The step.
        step: Step,
    },
}

/// A place, written out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FieldPath {
    type_path: TypePath,
    event: &'static str,
    steps: Vec<Step>,
}

impl FieldPath {
    /// The way to `place`, and from there on the steps of `rest`.
    pub(super) fn new(mut place: &FieldPlace<'_>, rest: &[Step]) -> Self {
        // More than four levels are rare.
        let mut steps = Vec::with_capacity(rest.len() + 4);
        let (type_path, event) = loop {
            match place {
                FieldPlace::Event { type_path, event } => break (*type_path, *event),
                FieldPlace::Inside { outer, step } => {
                    steps.push(*step);
                    place = outer;
                }
            }
        };
        steps.reverse();
        steps.extend_from_slice(rest);
        Self { type_path, event, steps }
    }
}

/// Hands the parts of HKDF's `info` for a field to `with`.
pub(super) fn with_field_info<T>(
    path: &FieldPath,
    epoch: u64,
    with: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    let type_path = path.type_path.path();
    let mut parts = match path.type_path.around() {
        "" => vec!["field", type_path, path.event],
        functions => vec!["field of a local type", type_path, functions, path.event],
    };
    for step in &path.steps {
        match step {
            Step::Field(name) => parts.extend(["name", name]),
            Step::Keys => parts.push("keys"),
            Step::Values => parts.push("values"),
        }
    }
    with_lengths(&parts, epoch, with)
}

/// Hands `parts` between the label and the epoch to `with`, each behind its
/// own length, so that no two scopes or epochs share their bytes.
fn with_lengths<T>(parts: &[&str], epoch: u64, with: impl FnOnce(&[&[u8]]) -> T) -> T {
    let epoch = epoch.to_be_bytes();
    let mut all = vec![LABEL.as_bytes()];
    all.extend(parts.iter().map(|part| part.as_bytes()));
    all.push(&epoch);
    let lengths: Vec<[u8; 8]> = all.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
    let info: Vec<&[u8]> =
        lengths.iter().zip(&all).flat_map(|(length, part)| [length.as_slice(), part]).collect();
    with(&info)
}
