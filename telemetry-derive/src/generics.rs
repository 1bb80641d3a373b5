//! The bounds that type parameters need, by the policies of their fields.
//!
//! It owns where-clauses. It must never know what a bound is good for.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Generics, Type, WhereClause, parse_quote};

use crate::ast::Input;
use crate::policy::Policy;
use crate::source::mentions;

/// The where-clause of the input, with one bound for each field whose type
/// mentions a type parameter. A dropped field needs none.
pub(crate) fn where_clause(input: &Input<'_>) -> Option<WhereClause> {
    let generics = &input.original.generics;
    let names: BTreeSet<String> =
        generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    let mut clause = generics.where_clause.clone();
    if names.is_empty() {
        return clause;
    }
    let mut seen = BTreeSet::new();
    for field in input.variants.iter().flat_map(|variant| &variant.fields) {
        let ty = &field.original.ty;
        if !mentions(&names, ty.to_token_stream()) {
            continue;
        }
        for bound in field.attributes.policy.iter().flat_map(|policy| bounds(policy, &quote!(#ty)))
        {
            if seen.insert(bound.to_string()) {
                let clause = clause.get_or_insert_with(|| WhereClause {
                    where_token: Default::default(),
                    predicates: Default::default(),
                });
                clause.predicates.push(parse_quote!(#bound));
            }
        }
    }
    clause
}

fn bounds(policy: &Policy, ty: &TokenStream) -> Vec<TokenStream> {
    let bound = |name: &str| {
        let name = Ident::new(name, Span::call_site());
        vec![quote!(#ty: __t::#name)]
    };
    match policy {
        Policy::Drop | Policy::With(_) => Vec::new(),
        Policy::Leaf(leaf) if leaf.via.is_some() => Vec::new(),
        Policy::Leaf(leaf) => bound(leaf.bound.name),
        Policy::Nested => bound("TelemetryFields"),
        Policy::Entries { keys, values } => {
            let mut all = bound("Map");
            all.push(quote!(<#ty as __t::Map>::Key: __t::MapKey));
            all.extend(bounds(keys, &quote!(<#ty as __t::Map>::Key)));
            all.extend(bounds(values, &quote!(<#ty as __t::Map>::Value)));
            all
        }
    }
}

/// Whether the schema can be listed: a type with type or const parameters is
/// many events.
pub(crate) fn is_one_type(generics: &Generics) -> bool {
    generics.type_params().next().is_none() && generics.const_params().next().is_none()
}

/// The type with every lifetime `'static`.
pub(crate) fn with_static_lifetimes(input: &Input<'_>) -> Type {
    let ident = &input.original.ident;
    let lifetimes: Vec<TokenStream> =
        input.original.generics.lifetimes().map(|_| quote!('static)).collect();
    if lifetimes.is_empty() { parse_quote!(#ident) } else { parse_quote!(#ident<#(#lifetimes),*>) }
}
