//! The function that shows each field of an event to a visitor.
//!
//! It owns how a value is put under its policy, and the key that hides it. It
//! must never know what the schema says.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::ast::{Field, Input, Target, Variant};
use crate::named::Asked;
use crate::policy::{KeyCollisions, LeafPolicy, Policy};

pub(crate) fn path(variant: &Variant<'_>) -> TokenStream {
    match variant.ident {
        Some(ident) => quote!(Self::#ident),
        None => quote!(Self),
    }
}

/// As many fields as `telemetry_core` has tuples for.
const LONGEST_ROW: usize = 16;

/// The function that shows each field to a walk; `held` is what the compiler
/// makes sure of for each type that has one.
pub(crate) fn walk(input: &Input<'_>, held: Option<TokenStream>) -> TokenStream {
    let arms = input.variants.iter().enumerate().map(|(index, variant)| {
        let path = path(variant);
        // Even a dropped field is bound, by a reference that nobody follows:
        // otherwise the compiler would call the field unused.
        let patterns = variant.fields.iter().enumerate().map(|(index, field)| {
            let (member, name) = (&field.member, bound_name(field, index));
            quote!(#member: #name)
        });
        let mut slots = TokenStream::new();
        let event = (input.target == Target::Event).then_some(variant.name.as_str());
        let fields: Vec<(usize, &Field<'_>)> = variant.fields.iter().enumerate().collect();
        let variant_index = Literal::usize_unsuffixed(index);
        let (function, which) = match input.target {
            Target::Event => (quote!(row), quote!(self, __w, #variant_index)),
            _ => (quote!(nested_row), quote!(self, __w)),
        };
        let mut rows = Vec::new();
        for chunk in fields.chunks(LONGEST_ROW) {
            let leaves = chunk.iter().map(|(index, field)| leaf(field, *index, event, &mut slots));
            let first = Literal::usize_unsuffixed(rows.len() * LONGEST_ROW);
            // A mistake in a map is found here once more: at the same place, it
            // is told once.
            let is_map = |field: &&Field<'_>| {
                matches!(field.attributes.policy, Some(Policy::Entries { .. }))
            };
            let map = chunk.iter().map(|(_, field)| *field).find(is_map);
            let span = map.map_or_else(Span::call_site, Field::at_type);
            rows.push(quote_spanned!(span=> __t::#function(#which, #first, (#(#leaves,)*))));
        }
        let last = rows.pop().unwrap_or_else(|| quote!(__t::Ok(())));
        quote!(#path { #(#patterns),* } => { #slots #(#rows?;)* #last })
    });
    quote! {
        fn visit_fields<__W: __t::FieldVisitor>(&self, __w: &mut __W) -> __t::Result<(), __W::Error> {
            #held
            match self { #(#arms)* }
        }
    }
}

fn bound_name(field: &Field<'_>, index: usize) -> Ident {
    format_ident!("__{}", index, span = field.at_type())
}

/// One field under its policy.
fn leaf(
    field: &Field<'_>,
    index: usize,
    event: Option<&str>,
    slots: &mut TokenStream,
) -> TokenStream {
    let span = field.at_type();
    let name = bound_name(field, index);
    match &field.attributes.policy {
        None | Some(Policy::Drop) => quote!(__t::Dropped),
        // Its type is not held against a policy that has been refused.
        Some(_) if field.is_refused.get() => quote!(__t::Dropped),
        Some(policy) => {
            let slot = format_ident!("__K{}", index);
            let (inside, asked) = (TokenStream::new(), field.named().asked(policy));
            let scope = Scope { event, field: &field.name, inside, slot, asked };
            apply(policy, &quote!(#name), &scope, span, slots)
        }
    }
}

/// Whose key hides a value, and the name of the `static` that caches it.
pub(crate) struct Scope<'s> {
    /// `None` in a nested type: which event it is in, is known only when the
    /// event is walked.
    pub(crate) event: Option<&'s str>,
    pub(crate) field: &'s str,
    /// The steps from the field to the value.
    pub(crate) inside: TokenStream,
    pub(crate) slot: Ident,
    /// What the value's names forbid, and only the compiler can tell.
    pub(crate) asked: Asked,
}

/// `value` under its policy; the keys' slots are added to `slots`.
pub(crate) fn apply(
    policy: &Policy,
    value: &TokenStream,
    scope: &Scope<'_>,
    span: Span,
    slots: &mut TokenStream,
) -> TokenStream {
    match policy {
        Policy::Drop => quote!(__t::Dropped),
        Policy::Leaf(leaf) => {
            let function = if scope.asked.value { "allow_named" } else { leaf.function };
            apply_leaf(leaf, function, value, scope, span, slots)
        }
        Policy::With(function) => {
            // At the function: what it gives is what may not be allowed.
            let span = Span::call_site().located_at(function.span());
            // At the derive: at the type, the compiler would propose to write
            // `String.to_string()` there.
            let value = value.clone().into_iter().map(|mut token| {
                token.set_span(Span::call_site());
                token
            });
            quote_spanned!(span=> __t::with(move || #function(#(#value)*)))
        }
        Policy::Nested => quote_spanned!(span=> __t::nested(#value)),
        Policy::Entries { keys, values } => {
            let part = |step, slot| {
                let inside = &scope.inside;
                Scope { inside: quote!(#inside __t::Step::#step,), slot, ..*scope }
            };
            let key_scope = part(quote!(Keys), format_ident!("{}K", scope.slot));
            let asks_keys = scope.asked.keys;
            let scope = &part(quote!(Values), format_ident!("{}V", scope.slot));
            let key = quote_spanned!(span=> __k);
            let keys = match &**keys {
                Policy::Leaf(leaf) => {
                    let function = match leaf.row.keys {
                        KeyCollisions::ApartBy(function) => function,
                        _ if asks_keys => "allow_named",
                        _ if leaf.function == "vouched" => "vouched_key",
                        KeyCollisions::Apart | KeyCollisions::Collide => leaf.function,
                    };
                    apply_leaf(leaf, function, &key, &key_scope, span, slots)
                }
                keys => apply(keys, &key, &key_scope, span, slots),
            };
            let values = apply(values, &quote_spanned!(span=> __v), scope, span, slots);
            quote_spanned!(span=> __t::entries(#value, |__k| #keys, |__v| #values))
        }
    }
}

/// `value` under a policy that is one function.
fn apply_leaf(
    leaf: &LeafPolicy,
    function: &str,
    value: &TokenStream,
    scope: &Scope<'_>,
    span: Span,
    slots: &mut TokenStream,
) -> TokenStream {
    let mut function = Ident::new(function, span);
    let (arguments, more) = (&leaf.arguments, &leaf.applied_with);
    let called = leaf.via.as_ref().map(|via| {
        // At the function: what it gives is what may not be hashed.
        let span = Span::call_site().located_at(via.span());
        function.set_span(span);
        quote_spanned!(span=> move || #via(#value))
    });
    let span = called.as_ref().map_or(span, |_| function.span());
    let value = called.as_ref().unwrap_or(value);
    let Some(key) = &leaf.key else {
        return quote_spanned!(span=> __t::#function(#(#arguments,)* #(#more,)* #value));
    };
    let Scope { event, field: name, inside, slot, .. } = scope;
    let key = match (&key.domain, event) {
        (Some(domain), _) => quote!(domain_key(#domain)),
        (None, Some(event)) => quote!(field_key(__P, #event, #name, &[#inside])),
        (None, None) => {
            function = format_ident!("{}_inside", function);
            let steps = quote!(&[__t::Step::Field(#name), #inside]);
            return quote_spanned!(span=> __t::#function(#steps, #(#arguments,)* #value));
        }
    };
    slots.extend(quote!(static #slot: __t::KeySlot = __t::#key;));
    quote_spanned!(span=> __t::#function(&#slot, #(#arguments,)* #value))
}
