//! What a policy is, to the derive.
//!
//! It owns the model: a policy of a field, and a row of the table of policies.
//! It must never know which policies there are, nor the field that one is for.

use proc_macro2::TokenStream;
use syn::{LitStr, TypePath};

use crate::item::AttributeItem;

/// How a field leaves.
#[expect(clippy::large_enum_variant, reason = "one for each field of what is derived")]
pub(crate) enum Policy {
    Drop,
    Leaf(LeafPolicy),
    With(TypePath),
    Nested,
    Entries { keys: Box<Policy>, values: Box<Policy> },
}

/// A policy that `telemetry_core` applies by one function and describes by
/// another of the same name and `_schema`.
pub(crate) struct LeafPolicy {
    pub(crate) row: &'static Row,
    pub(crate) function: &'static str,
    /// The function that describes it, without `_schema`.
    pub(crate) schema: &'static str,
    pub(crate) bound: Bound,
    /// What both functions take.
    pub(crate) arguments: Vec<TokenStream>,
    /// What the function that applies the policy takes beyond that.
    pub(crate) applied_with: Vec<TokenStream>,
    /// What the function that describes the policy takes beyond that.
    pub(crate) described_with: Vec<TokenStream>,
    /// A constant of `Of` that is the whole description, instead of a call.
    pub(crate) described_by: Option<&'static str>,
    /// What follows the description, such as `.in_domain("user")`.
    pub(crate) described_more: TokenStream,
    /// Whether a value leaves under a key, and which fields share that.
    pub(crate) key: Option<HashKey>,
    /// A function that makes what the policy is for of a reference to the value.
    pub(crate) via: Option<TypePath>,
    /// Whether it makes `Anna` and `anna` one.
    pub(crate) folds: bool,
    /// The reason that is given.
    pub(crate) because: Option<LitStr>,
    /// The distance between two numbers that may leave.
    pub(crate) step: u64,
}

/// Which key hides the value: that of the field alone, or of a domain.
#[derive(Default)]
pub(crate) struct HashKey {
    pub(crate) domain: Option<LitStr>,
}

impl Policy {
    /// What becomes of the keys of a map under it.
    pub(crate) fn row_keys(&self) -> KeyCollisions {
        match self {
            Self::Leaf(leaf) if leaf.folds => KeyCollisions::Collide,
            Self::Leaf(leaf) => leaf.row.keys,
            _ => KeyCollisions::Collide,
        }
    }
}

impl LeafPolicy {
    pub(crate) fn new(row: &'static Row) -> Self {
        Self {
            row,
            function: row.function,
            schema: row.function,
            bound: row.bound,
            arguments: Vec::new(),
            applied_with: Vec::new(),
            described_with: Vec::new(),
            described_by: None,
            described_more: TokenStream::new(),
            key: None,
            via: None,
            folds: false,
            because: None,
            step: 1,
        }
    }
}

/// What a policy asks of a type.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// The trait, among those of `telemetry_core::__private`.
    pub(crate) name: &'static str,
    /// The constant of `Of` that the description takes first, if it takes one.
    pub(crate) of: Option<&'static str>,
}

pub(crate) const VALUE: Bound = Bound { name: "TelemetryValue", of: None };
pub(crate) const SERIALIZE: Bound = Bound { name: "Serialize", of: None };
pub(crate) const IDENTIFIER: Bound = Bound { name: "Hashable", of: Some("HASHED") };
pub(crate) const DIGESTIBLE: Bound = Bound { name: "Digestible", of: Some("DIGESTED") };
/// A function of the author's takes it, whatever it is.
pub(crate) const ANY: Bound = Bound { name: "", of: None };
pub(crate) const TEXT: Bound = Bound { name: "Textual", of: Some("TEXT") };
pub(crate) const FILE: Bound = Bound { name: "FileNamed", of: Some("FILE") };
pub(crate) const PARTS: Bound = Bound { name: "Describable", of: Some("PARTS") };
pub(crate) const NUMBER: Bound = Bound { name: "Numeric", of: Some("NUMBER") };
pub(crate) const WHOLE: Bound = Bound { name: "Whole", of: Some("NUMBER") };
pub(crate) const ADDRESS: Bound = Bound { name: "Addressable", of: Some("ADDRESS") };
pub(crate) const COUNTABLE: Bound = Bound { name: "Countable", of: None };
pub(crate) const PRESENT: Bound = Bound { name: "Present", of: None };

/// What becomes of two different keys of a map.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyCollisions {
    /// They may become equal, so that one value would hide the other.
    Collide,
    /// They stay different.
    Apart,
    /// They stay different under another function, which leaves some out.
    ApartBy(&'static str),
}

/// What a word beside a policy changes.
pub(crate) type Beside = fn(&mut LeafPolicy, &AttributeItem) -> syn::Result<()>;

/// A policy: how it is written, what it is for, and what applies it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// As an attribute writes it.
    pub(crate) form: &'static str,
    /// What leaves, in a few words.
    pub(crate) about: &'static str,
    /// What other systems call it.
    pub(crate) synonyms: &'static [&'static str],
    /// Words that stand in its parentheses.
    pub(crate) inside: &'static [&'static str],
    /// What may stand beside it, and what that changes.
    pub(crate) beside: &'static [(&'static str, Beside)],
    pub(crate) keys: KeyCollisions,
    pub(crate) parse: fn(&'static Self, &AttributeItem) -> syn::Result<Policy>,
    /// The function of `telemetry_core::policy` that applies it.
    pub(crate) function: &'static str,
    pub(crate) bound: Bound,
}

impl Row {
    /// The policy that `item`, which has the row's name, writes.
    pub(crate) fn parse(&'static self, item: &AttributeItem) -> syn::Result<Policy> {
        (self.parse)(self, item)
    }
}
