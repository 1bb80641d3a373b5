//! What an event says about itself, as constant data.
//!
//! It owns the description of events, fields and policies that the derive
//! writes. It must never know a value, a key or how a policy is carried out.

use std::fmt;

/// Why data is collected.
///
/// A name in kebab case. The four constants are the ones most programs need;
/// an author's own is made with [`Purpose::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Needed to provide the service itself.
    pub const SERVICE: Self = Self("service");
    /// Finding and fixing errors.
    pub const DIAGNOSTICS: Self = Self("diagnostics");
    /// Learning how the product is used, to improve it.
    pub const PRODUCT_IMPROVEMENT: Self = Self("product-improvement");
    /// Training or fine-tuning of models.
    pub const MODEL_TRAINING: Self = Self("model-training");

    /// The four above.
    #[cfg(feature = "client")]
    pub(crate) const STANDARD: [Self; 4] =
        [Self::SERVICE, Self::DIAGNOSTICS, Self::PRODUCT_IMPROVEMENT, Self::MODEL_TRAINING];

    /// A purpose of the author's own.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name, as it stands in schemas, consent files and stored events.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One event: a struct, or one variant of an enum.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventSchema {
    /// The event's name, such as `run.finished`.
    pub name: &'static str,
    /// Counts up when the meaning of the event changes.
    pub version: u32,
    /// Why it is collected.
    pub purpose: Purpose,
    /// The doc comment.
    pub description: &'static str,
    /// Every field, the dropped ones too, in the order of declaration.
    pub fields: &'static [FieldSchema],
}

impl EventSchema {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        version: u32,
        purpose: Purpose,
        description: &'static str,
        fields: &'static [FieldSchema],
    ) -> Self {
        Self { name, version, purpose, description, fields }
    }
}

/// One field of an event.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldSchema {
    /// The name in the output; of a tuple struct's field, its position.
    pub name: &'static str,
    /// The type, as the source writes it.
    pub rust_type: &'static str,
    /// How the field leaves.
    pub policy: Policy,
    /// The doc comment.
    pub description: &'static str,
    /// A purpose of the field's own: refused alone, the field alone is absent.
    pub purpose: Option<Purpose>,
}

/// What the derive says of one field: name, type, policy, description, purpose.
#[doc(hidden)]
pub type Said = (&'static str, &'static str, Policy, &'static str, Option<Purpose>);

/// The fields of an event. What the derive calls: one call for all of them is
/// what the compiler is done with soonest.
#[doc(hidden)]
pub const fn fields<const N: usize>(said: [Said; N]) -> [FieldSchema; N] {
    const EMPTY: FieldSchema = FieldSchema {
        name: "",
        rust_type: "",
        policy: Policy::Drop,
        description: "",
        purpose: None,
    };
    let mut fields = [EMPTY; N];
    let mut index = 0;
    while index < N {
        #[expect(
            clippy::indexing_slicing,
            reason = "both have N elements; iterators are not const"
        )]
        {
            let (name, rust_type, policy, description, purpose) = said[index];
            fields[index] = FieldSchema { name, rust_type, policy, description, purpose };
        }
        index += 1;
    }
    fields
}

/// How a field leaves the process, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Policy {
    /// Leaves as it is: its type cannot hold personal data.
    Allow,
    /// Leaves as it is: the author vouches for it.
    Vouched {
        /// Why the author holds it to be harmless.
        because: &'static str,
    },
    /// Never read, and absent.
    Drop,
    /// A keyed pseudonym.
    Hash {
        /// Fields of one domain share a key, so that they can be joined.
        domain: Option<&'static str>,
        /// Upper and lower case give the same pseudonym.
        lowercase: bool,
    },
    /// Plain SHA-256: reversible by trying a dictionary.
    Sha256 {
        /// Upper and lower case give the same sum.
        lowercase: bool,
    },
    /// Free text, personal data found and replaced.
    Scrub,
    /// The range that a number falls into, by its label.
    Bucket {
        /// All labels, from the lowest to the highest.
        labels: &'static [&'static str],
    },
    /// A known value, or `other`.
    OneOf {
        /// The known values.
        values: &'static [&'static str],
    },
    /// The network of an IP address.
    TruncateIp {
        /// Bits kept of an IPv4 address.
        v4: u8,
        /// Bits kept of an IPv6 address.
        v6: u8,
    },
    /// The number of characters (Unicode scalar values) of a text.
    Length,
    /// Whether there is a value.
    Presence,
    /// The number of elements.
    Count,
    /// The extension of a file name, if it is a known one; else `other`.
    FileExtension {
        /// The known extensions, in lower case, without the dot.
        values: &'static [&'static str],
    },
    /// The domain that a host is in, if it is a known one; else `other`.
    HostSuffix {
        /// The known domains, in lower case.
        values: &'static [&'static str],
    },
    /// The domain of an e-mail address, if it is a known one; else `other`.
    EmailDomain {
        /// The known domains, in lower case.
        values: &'static [&'static str],
    },
    /// What the author's function makes of it.
    With {
        /// The path of the function, as the source writes it.
        function: &'static str,
    },
    /// A value whose fields have policies of their own.
    Nested {
        /// Those fields.
        fields: &'static [FieldSchema],
    },
    /// A map: its keys are data too.
    Entries {
        /// How keys leave.
        keys: &'static Policy,
        /// How values leave.
        values: &'static Policy,
    },
}

impl Policy {
    /// The policy's name, as an attribute writes it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Vouched { .. } => "allow(because)",
            Self::Drop => "drop",
            Self::Hash { .. } => "hash",
            Self::Sha256 { .. } => "hash(sha256)",
            Self::Scrub => "scrub",
            Self::Bucket { .. } => "bucket",
            Self::OneOf { .. } => "one_of",
            Self::TruncateIp { .. } => "truncate_ip",
            Self::Length => "length",
            Self::Presence => "presence",
            Self::Count => "count",
            Self::FileExtension { .. } => "file_extension",
            Self::HostSuffix { .. } => "host_suffix",
            Self::EmailDomain { .. } => "email_domain",
            Self::With { .. } => "with",
            Self::Nested { .. } => "nested",
            Self::Entries { .. } => "keys, values",
        }
    }
}

/// Every event that is linked into the program, by name.
///
/// An event with type or const parameters is not among them: it is many types.
#[cfg(feature = "registry")]
pub fn linked() -> impl Iterator<Item = &'static EventSchema> {
    let mut events: Vec<&'static EventSchema> =
        inventory::iter::<registry::Linked>.into_iter().flat_map(|linked| linked.0).collect();
    events.sort_by_key(|event| event.name);
    events.into_iter()
}

/// How events get onto the list of [`linked`].
#[cfg(feature = "registry")]
pub(crate) mod registry {
    pub use inventory;

    /// The events of one type.
    #[derive(Debug)]
    pub struct Linked(pub &'static [super::EventSchema]);
    inventory::collect!(Linked);
}
