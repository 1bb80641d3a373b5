//! Which keys belong where.
//!
//! It owns the names of the keys of types, variants and fields. It must never
//! know what a key is set to.

/// Where an attribute stands, and so what it may say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    Event,
    Variant,
    Fields,
    Value,
    ValueVariant,
    Error,
}

impl Site {
    pub(crate) const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Event => &[
                "name",
                "purpose",
                "version",
                "rename_all",
                "since",
                "owner",
                "question",
                "expires",
                "time",
                "max_bits",
                "count",
                "crate",
            ],
            Self::Variant => &[
                "name",
                "purpose",
                "version",
                "rename_all",
                "since",
                "owner",
                "question",
                "expires",
                "time",
                "max_bits",
                "count",
            ],
            Self::Fields | Self::Value => &["rename_all", "crate"],
            Self::ValueVariant => &["rename"],
            Self::Error => &["crate"],
        }
    }

    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Event => "an event",
            Self::Variant => "a variant, which is an event of its own,",
            Self::Fields => "a type that derives `TelemetryFields`",
            Self::Value => "a type that derives `TelemetryValue`",
            Self::ValueVariant => "a variant of a type that derives `TelemetryValue`",
            Self::Error => "a type that derives `TelemetryError`",
        }
    }
}

/// The keys of a field that are not policies.
pub(crate) const OF_FIELDS: [&str; 5] = ["rename", "purpose", "since", "renamed_from", "domain"];
