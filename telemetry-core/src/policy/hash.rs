//! `hash`: keyed pseudonyms, and plain SHA-256 where it is asked for by name.
//!
//! It owns the two policies. It must never know how a key is made or kept.

use crate::leaf::kind::Identifier;
use crate::leaf::{Context, LeafPolicy, Sink};
use crate::pseudonym::{KeySlot, Pseudonym, Step, format, primitives};

/// `hash`: a value's pseudonym. Nothing is left of an empty value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    pub(super) slot: &'static KeySlot,
    pub(super) lowercase: bool,
}

impl LeafPolicy for Keyed {
    type Kind = Identifier;

    fn apply<R: Sink>(
        &self,
        value: &[u8],
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match context.keys() {
            Some(keys) => {
                folded(self.lowercase, value, |value| sink.pseudonym(keys, self.slot, value, true))
            }
            None => sink.absent(),
        }
    }
}

/// `hash` in a nested type: a key of its own for each place of each event that
/// nests the type, so that nothing can be joined between them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct KeyedInside {
    /// The way from the nested value to this one.
    pub(super) steps: &'static [Step],
    pub(super) lowercase: bool,
}

impl LeafPolicy for KeyedInside {
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
    pub(super) lowercase: bool,
}

impl LeafPolicy for Sha256 {
    type Kind = Identifier;

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
