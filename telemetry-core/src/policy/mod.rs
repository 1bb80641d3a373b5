//! The policies: what each makes of a leaf.
//!
//! It owns one file per policy: its type, the bound that names what it takes,
//! the function that puts a value under it, and what the schema says of it. It
//! must never know the shape of a field's type, nor which event the field is in.
//!
//! To add a policy: a file here, and a row in the table of `telemetry-derive`;
//! `CONTRIBUTING.md` walks through it.

mod allow;
mod bounds;
mod bucket;
mod clamp;
mod count;
mod email_domain;
mod file_extension;
mod hash;
mod histogram;
mod host_suffix;
mod kind;
mod known;
mod length;
mod of;
mod one_number;
mod one_of;
mod presence;
mod round;
mod scrub;
mod truncate_ip;
mod tuples;
mod vouched;
mod with;

#[cfg(feature = "client")]
pub(crate) use self::allow::NoIdentifier;
#[cfg(feature = "clap")]
pub(crate) use self::allow::closed;
pub use self::allow::{Allowed, ChosenName, ClosedValue, Names, TelemetryValue};
pub use self::bounds::{Numeric, Textual, Whole};
pub use self::count::Countable;
pub use self::file_extension::FileNamed;
pub use self::hash::{Digestible, Hashable};
pub use self::kind::Describable;
pub use self::of::{IfUnknown, Of};
pub use self::one_number::OneNumber;
pub use self::presence::Present;
pub use self::truncate_ip::Addressable;

/// Puts values under policies, and describes policies. What the derive calls.
#[doc(hidden)]
pub mod derive {
    pub use super::allow::{allow, allow_named};
    pub use super::bucket::{bucket, bucket_schema};
    pub use super::clamp::{clamp, clamp_schema};
    pub use super::count::{count, count_clamped, count_clamped_schema, count_schema};
    pub use super::email_domain::{email_domain, email_domain_schema};
    pub use super::file_extension::{file_extension, file_extension_schema};
    pub use super::hash::{
        NO_KEY, domain_key, field_key, hash, hash_inside, hash_schema, hash_via, hash_via_inside,
        sha256, sha256_schema, sha256_via, shape_via,
    };
    pub use super::histogram::{
        histogram, histogram_clamped, histogram_clamped_schema, histogram_schema,
    };
    pub use super::host_suffix::{host_suffix, host_suffix_schema};
    pub use super::kind::{kind, kind_schema};
    pub use super::length::{length, length_clamped, length_clamped_schema, length_schema};
    pub use super::one_of::{known_key, one_of, one_of_schema};
    pub use super::presence::{presence, presence_schema};
    pub use super::round::{round, round_clamped, round_clamped_schema, round_schema};
    pub use super::scrub::{scrub, scrub_known, scrub_known_schema, scrub_schema};
    pub use super::truncate_ip::{truncate_ip, truncate_ip_schema};
    pub use super::vouched::{vouched, vouched_key, vouched_schema};
    pub use super::with::{any_value, with, with_schema};
}
