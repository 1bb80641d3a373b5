//! The policies: what each makes of a leaf.
//!
//! It owns one type and one function per policy. It must never know the shape
//! of a field's type, nor which event the field is in.
//!
//! To add a policy: a type that implements `LeafPolicy` in one of the files
//! here, a function in [`apply`] that puts a value under it, a variant of
//! [`crate::schema::Policy`], and in `telemetry-derive` a row in the table, a
//! line in `bounds` and the tokens in `expand`; `CONTRIBUTING.md` walks through it.

mod allow;
mod generalise;
mod hash;
mod scrub;

pub use self::allow::{Allowed, TelemetryValue};
use crate::leaf::HasLeaves;
use crate::leaf::kind::{Address, Identifier, Number, Text};

/// Values from which a keyed hash hides who is meant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be hashed",
    label = "not an identifier with many possible values",
    note = "`bool`, integers below 32 bits and unit enums have so few values that trying them all reverses any hash: use `allow` or `drop`",
    note = "identifiers are text, bytes, paths, IP addresses and integers of 32 bits and more, alone or in `Option`, `Vec`, ...",
    note = "for a type of your own that wraps one, implement `HasLeaves<kind::Identifier>`"
)]
pub trait Hashable: HasLeaves<Identifier> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Identifier> + ?Sized> Hashable for T {}

/// Values that are text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text, and this policy is for text",
    label = "not text",
    note = "text is `str` and `String`, alone or in `Option`, `Vec`, ...; for a type of your own that wraps one, implement `HasLeaves<kind::Text>`",
    note = "for numbers there are `allow` and `bucket`, for collections `count`, for paths `hash`, for addresses `truncate_ip`, for all `drop`"
)]
pub trait Textual: HasLeaves<Text> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Text> + ?Sized> Textual for T {}

/// Values that are numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number, and `bucket` is for numbers",
    label = "not a number",
    note = "numbers are integers, floating-point numbers and `Duration` (in seconds), alone or in `Option`, `Vec`, ...; of a text, use `length`"
)]
pub trait Numeric: HasLeaves<Number> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Number> + ?Sized> Numeric for T {}

/// Values that are IP addresses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an IP address, and `truncate_ip` is for IP addresses",
    label = "not an IP address",
    note = "addresses are those of `std::net`, alone or in `Option`, `Vec`, ...; parse a text first, or `drop` it"
)]
pub trait Addressable: HasLeaves<Address> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Address> + ?Sized> Addressable for T {}

pub use self::generalise::{Bounds, Countable, Present};

/// Puts a value under a policy. What the derive calls.
#[doc(hidden)]
pub mod apply {
    use serde::Serialize;

    use super::generalise::{
        Bounds, Bucket, Counted, EmailDomain, FileExtension, HostSuffix, KnownKey, Length, OneOf,
        PresentOrNot, TruncateIp, Vouched, WithFunction,
    };
    use super::hash::{Keyed, KeyedInside, Sha256};
    use super::scrub::Scrub;
    use super::{Addressable, Countable, Hashable, Numeric, Present, Textual};
    use super::{Allowed, TelemetryValue};
    use crate::event::{Nested, TelemetryFields};
    use crate::leaf::{Applied, EntriesOf, Sanitize};
    use crate::pseudonym::{KeySlot, Step};

    pub fn allow<T: TelemetryValue + ?Sized>(value: &T) -> Allowed<'_, T> {
        Allowed(value)
    }

    pub fn vouched<T: Serialize + ?Sized>(value: &T) -> Vouched<'_, T> {
        Vouched(value)
    }

    pub fn hash<'v, T: Hashable + ?Sized>(
        slot: &'static KeySlot,
        lowercase: bool,
        value: &'v T,
    ) -> Applied<'v, Keyed, T> {
        Applied { policy: Keyed { slot, lowercase }, value }
    }

    /// In a nested type, whose place is known only while the event is walked.
    pub fn hash_inside<'v, T: Hashable + ?Sized>(
        steps: &'static [Step],
        lowercase: bool,
        value: &'v T,
    ) -> Applied<'v, KeyedInside, T> {
        Applied { policy: KeyedInside { steps, lowercase }, value }
    }

    pub fn sha256<T: Hashable + ?Sized>(lowercase: bool, value: &T) -> Applied<'_, Sha256, T> {
        Applied { policy: Sha256 { lowercase }, value }
    }

    pub fn scrub<T: Textual + ?Sized>(value: &T) -> Applied<'_, Scrub, T> {
        Applied { policy: Scrub, value }
    }

    pub fn bucket<'v, T: Numeric + ?Sized>(
        bounds: Bounds,
        labels: &'static [&'static str],
        value: &'v T,
    ) -> Applied<'v, Bucket, T> {
        Applied { policy: Bucket { bounds, labels }, value }
    }

    pub fn one_of<'v, T: Textual + ?Sized>(
        values: &'static [&'static str],
        value: &'v T,
    ) -> Applied<'v, OneOf, T> {
        Applied { policy: OneOf(values), value }
    }

    /// For the keys of a map: the entry of an unknown key is left out.
    pub fn known_key<'v, T: Textual + ?Sized>(
        values: &'static [&'static str],
        value: &'v T,
    ) -> Applied<'v, KnownKey, T> {
        Applied { policy: KnownKey(values), value }
    }

    pub fn truncate_ip<T: Addressable + ?Sized>(
        v4: u8,
        v6: u8,
        value: &T,
    ) -> Applied<'_, TruncateIp, T> {
        Applied { policy: TruncateIp { v4, v6 }, value }
    }

    pub fn length<T: Textual + ?Sized>(value: &T) -> Applied<'_, Length, T> {
        Applied { policy: Length, value }
    }

    pub fn file_extension<'v, T: Textual + ?Sized>(
        values: &'static [&'static str],
        value: &'v T,
    ) -> Applied<'v, FileExtension, T> {
        Applied { policy: FileExtension(values), value }
    }

    pub fn host_suffix<'v, T: Textual + ?Sized>(
        values: &'static [&'static str],
        value: &'v T,
    ) -> Applied<'v, HostSuffix, T> {
        Applied { policy: HostSuffix(values), value }
    }

    pub fn email_domain<'v, T: Textual + ?Sized>(
        values: &'static [&'static str],
        value: &'v T,
    ) -> Applied<'v, EmailDomain, T> {
        Applied { policy: EmailDomain(values), value }
    }

    pub fn count<T: Countable + ?Sized>(value: &T) -> Counted<'_, T> {
        Counted(value)
    }

    pub fn presence<T: Present + ?Sized>(value: &T) -> PresentOrNot<'_, T> {
        PresentOrNot(value)
    }

    /// The function is called when the event is sanitised, and not before.
    pub fn with<U: TelemetryValue, F: Fn() -> U>(function: F) -> WithFunction<F> {
        WithFunction(function)
    }

    pub fn nested<T: TelemetryFields + ?Sized>(value: &T) -> Nested<'_, T> {
        Nested(value)
    }

    pub fn entries<'v, M, K, V>(
        map: &'v M,
        keys: impl Fn(&'v M::Key) -> K + Copy,
        values: impl Fn(&'v M::Value) -> V + Copy,
    ) -> impl Sanitize
    where
        M: crate::leaf::Map + ?Sized,
        K: Sanitize,
        V: Sanitize,
    {
        EntriesOf { map, keys, values }
    }
}
