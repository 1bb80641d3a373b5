//! What a name asks of the policy that stands under it.
//!
//! It owns what is refused because a name says an identifier, and what only the
//! compiler can tell, for want of the type. It must never know which words say
//! an identifier, nor where the value comes from: a field, a message, an error.

use proc_macro2::Span;
use syn::{GenericArgument, PathArguments, Type};

use crate::errors::Errors;
use crate::identifiers::{self, IdentifyingWord, Width};
use crate::policy::{LeafPolicy, Policy};
use crate::reasons;

/// A value by its names: its own, that in the output, that of its type.
pub(crate) struct Named<'n> {
    pub(crate) names: Vec<String>,
    /// `None` where it is not written, as in a message.
    pub(crate) ty: Option<&'n Type>,
    /// Where a mistake is shown.
    pub(crate) span: Span,
}

/// Of which parts of a value only the compiler can tell whether they are
/// numbers, which its names forbid.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked {
    pub(crate) value: bool,
    pub(crate) keys: bool,
}

type Says = fn(&str) -> Option<IdentifyingWord>;

impl Named<'_> {
    fn say(&self, says: Says) -> Option<IdentifyingWord> {
        let own = self.names.iter().find_map(|name| says(name));
        // `u64` says nothing.
        let ty = || self.ty.filter(|ty| identifiers::number(ty).is_none());
        own.or_else(|| identifiers::type_name(ty()?).and_then(|name| says(&name)))
    }

    /// Adds what the names forbid, and reasons that are none, to `errors`.
    pub(crate) fn check(&self, policy: &Policy, errors: &mut Errors) {
        self.check_reasons(policy, errors);
        match policy {
            Policy::Leaf(leaf) => self.check_leaf(leaf, self.ty, errors),
            Policy::Entries { keys, values } => {
                // The keys of a map are as many as there are users, and so is
                // its name.
                if let Policy::Leaf(leaf) = &**keys
                    && leaves_a_number(leaf)
                    && let Some(identifier) = self.say(identifiers::of_text)
                {
                    self.ask(&identifier, leaf, self.part(0), "keys(allow)", errors);
                }
                if let Policy::Leaf(leaf) = &**values {
                    self.check_leaf(leaf, self.part(1), errors);
                }
            }
            _ => {}
        }
    }

    fn check_leaf(&self, leaf: &LeafPolicy, ty: Option<&Type>, errors: &mut Errors) {
        if leaves_a_number(leaf) {
            // No type tells a customer's number from a number of milliseconds,
            // but names do.
            if let Some(identifier) = self.say(identifiers::of_number).or_else(|| self.place(ty)) {
                self.ask(&identifier, leaf, ty, "allow", errors);
            }
        } else if leaf.row.name == "scrub" && leaf.because.is_none() {
            self.check_scrubbed(errors);
        } else if leaf.schema == "sha256" && leaf.because.is_none() {
            self.check_digest(errors);
        }
    }

    /// All telephone numbers can be tried, also when they are texts.
    fn check_digest(&self, errors: &mut Errors) {
        let listed = self.say(identifiers::of_text).filter(IdentifyingWord::can_be_listed);
        if let Some(identifier) = listed {
            errors.push(syn::Error::new(
                self.span,
                format!(
                    "this name says an identifier whose values can all be tried (`{}`), which reverses a hash without a key: choose `hash`, whose key never leaves the machine; or, if another system's documents ask for it, say so: `hash(sha256, because = \"...\")`",
                    identifier.word
                ),
            ));
        }
    }

    /// Two fractions at a place are one on earth.
    fn place(&self, ty: Option<&Type>) -> Option<IdentifyingWord> {
        let places = || self.names.iter().find_map(|name| identifiers::of_place(name));
        ty.filter(|ty| identifiers::is_pair_of_fractions(ty)).and_then(|_| places())
    }

    /// `scrub` is for prose: of an identifier it finds at best the pattern.
    fn check_scrubbed(&self, errors: &mut Errors) {
        if let Some(identifier) = self.say(identifiers::of_text) {
            errors.push(syn::Error::new(
                self.span,
                format!(
                    "this name says an identifier (`{}`), and `scrub` is for prose: it leaves what has no pattern as it is. Choose `hash`, `one_of(\"...\")` or `drop`; or, if the field holds prose, say so: `scrub(because = \"...\")`",
                    identifier.word
                ),
            ));
        }
    }

    fn ask(
        &self,
        identifier: &IdentifyingWord,
        leaf: &LeafPolicy,
        ty: Option<&Type>,
        policy: &str,
        errors: &mut Errors,
    ) {
        let asks = match ty.and_then(identifiers::number) {
            Some(Width::Wide) => true,
            Some(Width::Narrow) => !identifier.only_wide,
            // Whatever is under these policies is a number.
            None => leaf.row.name != "allow",
        };
        if asks {
            let reason = policy.replacen("allow", "allow(because = \"...\")", 1);
            errors.push(syn::Error::new(
                self.span,
                format!(
                    "this name says an identifier (`{}`), and a number can be one: choose `hash` (a keyed pseudonym), `bucket(...)` or `drop`; or, if it stands for nobody, say why: `{reason}`",
                    identifier.word
                ),
            ));
        }
    }

    /// What is left to ask the compiler: an alias, a newtype.
    pub(crate) fn asked(&self, policy: &Policy) -> Asked {
        let is_allow =
            |policy: &Policy| matches!(policy, Policy::Leaf(leaf) if leaf.function == "allow");
        let unknown = |ty: Option<&Type>| ty.and_then(identifiers::number).is_none();
        let number = || self.say(identifiers::of_number).is_some();
        match policy {
            Policy::Entries { keys, values } => Asked {
                value: is_allow(values) && unknown(self.part(1)) && number(),
                keys: is_allow(keys)
                    && unknown(self.part(0))
                    && self.say(identifiers::of_text).is_some(),
            },
            policy => {
                Asked { value: is_allow(policy) && unknown(self.ty) && number(), keys: false }
            }
        }
    }

    /// The type of the keys (0) or of the values (1) of a map.
    fn part(&self, place: usize) -> Option<&Type> {
        let Type::Path(path) = self.ty? else { return None };
        let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
            return None;
        };
        let mut types = arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        types.nth(place)
    }

    /// A reason that is given, for the whole value or for a side of a map.
    fn check_reasons(&self, policy: &Policy, errors: &mut Errors) {
        match policy {
            Policy::Leaf(leaf) => {
                let Some(reason) = &leaf.because else { return };
                let name = self.names.last().map_or("", String::as_str);
                if let Some(fault) = reasons::fault(&reason.value(), name) {
                    errors.at(
                        reason,
                        format!("{fault}: say in a few words why this may leave; the reason goes into the schema, where reviewers read it"),
                    );
                }
            }
            Policy::Entries { keys, values } => {
                self.check_reasons(keys, errors);
                self.check_reasons(values, errors);
            }
            _ => {}
        }
    }
}

/// Whether a number leaves under the policy as it is, or nearly.
fn leaves_a_number(leaf: &LeafPolicy) -> bool {
    leaf.because.is_none() && matches!(leaf.row.name, "allow" | "round" | "clamp" | "histogram")
}
