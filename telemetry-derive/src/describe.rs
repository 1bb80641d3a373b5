//! What the schema says of events, fields and policies.
//!
//! It owns the constants that the expansion holds. It must never know how a
//! policy is applied.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, TypePath};

use crate::ast::{Field, Input, Variant};
use crate::policy::{LeafPolicy, Policy};
use crate::source::{mentions, type_text};

pub(crate) fn event_schema(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let (name, description) = (&variant.name, &variant.description);
    let (own, all) = (&variant.attributes, &input.attributes);
    let version = Literal::u32_unsuffixed(own.version.or(all.version).unwrap_or(1));
    let purpose = own.purpose.as_ref().or(all.purpose.as_ref());
    let fields = Literal::usize_unsuffixed(variant.fields.len());
    let text = |own: &Option<LitStr>, all: &Option<LitStr>, method: &str| {
        let method = Ident::new(method, Span::call_site());
        own.as_ref().or(all.as_ref()).map(|text| quote!(.#method(#text)))
    };
    let since = text(&own.since, &all.since, "since");
    let owner = text(&own.owner, &all.owner, "owner");
    let question = text(&own.question, &all.question, "question");
    let expires = text(&own.expires, &all.expires, "expires");
    let time = own.time.or(all.time).map(|time| {
        let time = Ident::new(time, Span::call_site());
        quote!(.time(__t::TimePrecision::#time))
    });
    let max_bits = own.max_bits.as_ref().or(all.max_bits.as_ref()).map(|bits| {
        let bits = Literal::u32_unsuffixed(bits.value);
        quote!(.max_bits(#bits))
    });
    let count = own.count.as_ref().or(all.count.as_ref()).map(|count| {
        let period = Ident::new(count.period, Span::call_site());
        let top = match count.top {
            Some(top) => {
                let top = Literal::u32_unsuffixed(top);
                quote!(__t::Some(#top))
            }
            None => quote!(__t::None),
        };
        let identified = count.identified.then(|| quote!(.identified()));
        quote!(.counted(__t::Period::#period, #top) #identified)
    });
    quote! {
        (__t::event(#name, #version, #purpose, #description)            #since #owner #question #expires #time #max_bits #count, #fields)
    }
}

pub(crate) fn field_schema(field: &Field<'_>) -> TokenStream {
    let ty = &field.original.ty;
    // As JSON writes it before the value, so that writing an event copies a
    // constant; `valid` has refused what would be escaped.
    let key = format!(",\"{}\":", field.name);
    let (text, description) = (type_text(ty.to_token_stream()), &field.description);
    let policy =
        field.attributes.policy.as_ref().map(|policy| describe(policy, &quote!(#ty), "", field));
    let note = |text: &Option<LitStr>, method: &str| {
        let method = Ident::new(method, Span::call_site());
        text.as_ref().map(|text| quote!(.#method(#text)))
    };
    let purpose = note(&field.attributes.purpose, "purpose");
    let since = note(&field.attributes.since, "since");
    let renamed_from = note(&field.attributes.renamed_from, "renamed_from");
    // Asked of the compiler, and only where the source has the word. Its letters
    // are looked for first: few types have even those.
    let private = (text.contains("Private")
        && mentions(&BTreeSet::from(["Private".to_owned()]), ty.to_token_stream()))
    .then(|| quote!(.private(__t::Of::<#ty>::PRIVATE)));
    quote!((#key, #text, #policy, #description, __t::BARE #purpose #since #renamed_from #private))
}

/// What the schema says of the policy of a value of type `ty` or, by `prefix`,
/// of the keys or the values of a map of that type.
fn describe(policy: &Policy, ty: &TokenStream, prefix: &str, field: &Field<'_>) -> TokenStream {
    let span = field.at_type();
    let of = |constant: &str| {
        let constant = Ident::new(&format!("{prefix}{constant}"), span);
        quote_spanned!(span=> __t::Of::<#ty>::#constant)
    };
    match policy {
        Policy::Drop => quote!(__t::DROP),
        Policy::Leaf(leaf) => {
            if let Some(constant) = leaf.described_by {
                return of(constant);
            }
            let function = format_ident!("{}_schema", leaf.schema);
            let of = match &leaf.via {
                // Of what the function returns only the compiler knows the type.
                Some(via) => Some(shape_via(leaf, via, ty, prefix)),
                None => leaf.bound.of.map(of),
            };
            let arguments = of.iter().chain(&leaf.arguments).chain(&leaf.described_with);
            let and = &leaf.described_more;
            quote!(__t::#function(#(#arguments),*) #and)
        }
        Policy::With(function) => {
            let text = type_text(function.to_token_stream());
            let name = Ident::new("__v", Span::call_site());
            let span = Span::call_site().located_at(function.span());
            // The same call as in the walk, so that a function of another type
            // is reported once.
            quote_spanned! {span=> __t::with_schema(
                &__t::with(|| { let #name = __t::any_value::<&#ty>(); #function(#name) }), #text
            )}
        }
        Policy::Nested => of("NESTED"),
        Policy::Entries { keys, values } => {
            let ty = match prefix {
                "" => ty.clone(),
                // Of a map inside a map.
                _ => quote!(<#ty as __t::Map>::Value),
            };
            let keys = describe(keys, &ty, "KEY_", field);
            let values = describe(values, &ty, "MAPPED_", field);
            quote!(__t::Policy::entries(&#keys, &#values))
        }
    }
}

/// How the leaves stand in what a function of the author's makes of the value.
fn shape_via(leaf: &LeafPolicy, via: &TypePath, ty: &TokenStream, prefix: &str) -> TokenStream {
    let ty = match prefix {
        "" => ty.clone(),
        "KEY_" => quote!(<#ty as __t::Map>::Key),
        _ => quote!(<#ty as __t::Map>::Value),
    };
    let name = Ident::new("__v", Span::call_site());
    let span = Span::call_site().located_at(via.span());
    // The same call as in the walk, so that a function of another type is
    // reported once.
    let function = Ident::new(leaf.function, span);
    let slot = leaf.key.is_some().then(|| quote!(&__t::NO_KEY,));
    let arguments = &leaf.arguments;
    quote_spanned! {span=>
        __t::shape_via(&__t::#function(#slot #(#arguments,)* || {
            let #name = __t::any_value::<&#ty>();
            #via(#name)
        }))
    }
}
