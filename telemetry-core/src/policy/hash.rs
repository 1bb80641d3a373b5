//! `hash`: keyed pseudonyms, and plain SHA-256 where it is asked for by name.
//!
//! It owns the two policies. It must never know how a key is made or kept.

use crate::leaf::kind::{Identifier, Unlisted};
use crate::leaf::{Applied, Context, HasLeaves, LeafPolicy, Sanitize, Sink};
use crate::pseudonym::{KeyScope, KeySlot, Pseudonym, Step, TypePath, format, primitives};
use crate::schema::{Opening, ParameterValue, Policy, Shape, Written};

/// Values from which a keyed hash hides who is meant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be hashed",
    label = "not an identifier with many possible values",
    note = "`bool`, integers and arrays of bytes below 32 bits and unit enums have so few values that trying them all reverses any hash: use `allow` or `drop`",
    note = "identifiers are text, bytes, paths, IP addresses and integers of 32 bits and more, alone or in `Option`, `Vec`, ...",
    note = "a newtype of yours derives `TelemetryValue`; of a type of another crate a function gives one: `hash(via = Uuid::as_bytes)`"
)]
pub trait Hashable: HasLeaves<Identifier> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Identifier> + ?Sized> Hashable for T {}

/// Values whose plain SHA-256 is not reversed by trying all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be hashed without a key",
    label = "all its values can be tried",
    note = "SHA-256 of every IPv4 address takes two minutes, of every number of 32 bits less: choose `hash`, whose key never leaves the machine",
    note = "`hash(sha256)` is for text, paths, bytes, and numbers of 128 bits, where another system's documents ask for it"
)]
pub trait Digestible: HasLeaves<Unlisted> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Unlisted> + ?Sized> Digestible for T {}

/// `hash`: a value's pseudonym. Nothing is left of an empty value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Pseudonymised {
    slot: &'static KeySlot,
    lowercase: bool,
}

impl LeafPolicy for Pseudonymised {
    type Kind = Identifier;

    #[inline(always)]
    fn apply<R: Sink>(
        &self,
        value: &[u8],
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match context.keys() {
            Some(keys) => {
                let remember = context.may_remember();
                folded(self.lowercase, value, |value| {
                    sink.pseudonym(keys, self.slot, value, remember)
                })
            }
            None => sink.absent(),
        }
    }
}

/// `hash` in a nested type: a key of its own for each place of each event that
/// nests the type, so that nothing can be joined between them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct PseudonymisedInside {
    /// The way from the nested value to this one.
    steps: &'static [Step],
    lowercase: bool,
}

impl LeafPolicy for PseudonymisedInside {
    type Kind = Identifier;

    fn apply<R: Sink>(
        &self,
        value: &[u8],
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        let pseudonym = context.keys().zip(context.place()).and_then(|(keys, place)| {
            let steps = self.steps;
            folded(self.lowercase, value, |value| keys.pseudonym_inside(place, steps, value))
        });
        send(pseudonym, sink)
    }
}

/// `value`, in lower case if that is asked for.
#[inline(always)]
fn folded<T>(lowercase: bool, value: &[u8], with: impl FnOnce(&[u8]) -> T) -> T {
    if lowercase { format::with_lowercase(value, with) } else { with(value) }
}

fn send<R: Sink>(pseudonym: Option<Pseudonym>, sink: R) -> Result<R::Ok, R::Error> {
    match pseudonym {
        Some(pseudonym) => sink.value(pseudonym.as_str()),
        None => sink.absent(),
    }
}

/// `hash(sha256)`: plain SHA-256 of a value, as `printf %s value | sha256sum`
/// prints it. Nothing is left of an empty value.
///
/// Everybody who has a list of likely values reverses it: it is for data that
/// must be joined with hashes which another system makes in this way.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Sha256 {
    lowercase: bool,
}

impl LeafPolicy for Sha256 {
    type Kind = Unlisted;

    fn apply<R: Sink>(
        &self,
        value: &[u8],
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        if value.is_empty() {
            return sink.absent();
        }
        let digest = folded(self.lowercase, value, primitives::sha256);
        let mut digits = [0; 2 * primitives::DIGEST];
        format::encode(&digest, &mut digits);
        match std::str::from_utf8(&digits) {
            Ok(digits) => sink.value(digits),
            // Out of reach: hexadecimal digits are ASCII.
            Err(_) => sink.absent(),
        }
    }
}

/// The slot for the key of one field of one event.
#[doc(hidden)]
pub const fn field_key(
    type_path: TypePath,
    event: &'static str,
    field: &'static str,
    inside: &'static [Step],
) -> KeySlot {
    KeySlot::new(KeyScope::Field { type_path, event, field, inside })
}

/// The slot for the key of a domain.
#[doc(hidden)]
pub const fn domain_key(domain: &'static str) -> KeySlot {
    KeySlot::new(KeyScope::Domain(domain))
}

/// Puts a value under `hash`.
#[doc(hidden)]
pub fn hash<'v, T: Hashable + ?Sized>(
    slot: &'static KeySlot,
    lowercase: bool,
    value: &'v T,
) -> Applied<'v, Pseudonymised, T> {
    Applied { policy: Pseudonymised { slot, lowercase }, value }
}

/// Puts a value of a nested type, whose place is known only while the event is
/// walked, under `hash`.
#[doc(hidden)]
pub fn hash_inside<'v, T: Hashable + ?Sized>(
    steps: &'static [Step],
    lowercase: bool,
    value: &'v T,
) -> Applied<'v, PseudonymisedInside, T> {
    Applied { policy: PseudonymisedInside { steps, lowercase }, value }
}

/// Puts a value under `hash(sha256)`.
#[doc(hidden)]
pub fn sha256<T: Digestible + ?Sized>(lowercase: bool, value: &T) -> Applied<'_, Sha256, T> {
    Applied { policy: Sha256 { lowercase }, value }
}

/// What a function of the author's makes of a value, under a policy.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Via<P, F> {
    policy: P,
    function: F,
    /// Of what it returns.
    shape: Shape,
}

impl<P, U, F> Sanitize for Via<P, F>
where
    P: LeafPolicy,
    U: HasLeaves<P::Kind>,
    F: Fn() -> U,
{
    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        (self.function)().apply_to_leaves(&self.policy, context, sink)
    }
}

/// Puts what a function returns under `hash`. It is called when the event is
/// sanitised, and not before.
#[doc(hidden)]
pub const fn hash_via<U: Hashable, F: Fn() -> U>(
    slot: &'static KeySlot,
    lowercase: bool,
    function: F,
) -> Via<Pseudonymised, F> {
    Via {
        policy: Pseudonymised { slot, lowercase },
        function,
        shape: <U as HasLeaves<Identifier>>::SHAPE,
    }
}

/// The same in a nested type.
#[doc(hidden)]
pub const fn hash_via_inside<U: Hashable, F: Fn() -> U>(
    steps: &'static [Step],
    lowercase: bool,
    function: F,
) -> Via<PseudonymisedInside, F> {
    Via {
        policy: PseudonymisedInside { steps, lowercase },
        function,
        shape: <U as HasLeaves<Identifier>>::SHAPE,
    }
}

/// Puts what a function returns under `hash(sha256)`.
#[doc(hidden)]
pub const fn sha256_via<U: Digestible, F: Fn() -> U>(
    lowercase: bool,
    function: F,
) -> Via<Sha256, F> {
    Via { policy: Sha256 { lowercase }, function, shape: <U as HasLeaves<Unlisted>>::SHAPE }
}

/// How the leaves stand in what a function returns. It takes what [`hash_via`]
/// and [`sha256_via`] return, so that a function of the wrong type is reported once.
#[doc(hidden)]
pub const fn shape_via<P, F>(applied: &Via<P, F>) -> Shape {
    applied.shape
}

/// Stands for the key's slot where only the function's type matters.
#[doc(hidden)]
pub static NO_KEY: KeySlot = domain_key("");

/// What the schema says of `hash`.
#[doc(hidden)]
pub const fn hash_schema(shape: Shape, lowercase: bool) -> Policy {
    // Nothing is left of an empty value.
    flagged(Policy::new("hash", shape.leaf_or_absent().open(Opening::Pseudonym)), lowercase)
}

/// What the schema says of `hash(sha256)`.
#[doc(hidden)]
pub const fn sha256_schema(shape: Shape, lowercase: bool) -> Policy {
    let policy = Policy::new("hash", shape.leaf_or_absent().open(Opening::Digest));
    flagged(policy.with("sha256", ParameterValue::Flag, Written::Inside), lowercase)
}

const fn flagged(policy: Policy, lowercase: bool) -> Policy {
    if lowercase { policy.with("lowercase", ParameterValue::Flag, Written::Inside) } else { policy }
}
