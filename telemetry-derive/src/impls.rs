//! How impls are written.
//!
//! Everything is inside one `const _` with a short name for
//! `telemetry_core::__private`, so that nothing of the user's can be in the way
//! and the expansion stays small. Names that the user's could meet begin with
//! two underscores. It owns the frame of an impl and its bounds; it must never
//! know what stands inside.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

use crate::ast::Input;
use crate::generics::{is_one_type, where_clause, with_static_lifetimes};

/// `body` where `__t` is the private module of `telemetry_core`.
pub(crate) fn in_const(input: &Input<'_>, body: TokenStream) -> TokenStream {
    let krate = match &input.attributes.krate {
        Some(path) => quote!(#path),
        None => quote!(::telemetry_core),
    };
    quote! {
        #[allow(deprecated)]
        #[allow(unused_qualifications)]
        const _: () = {
            use #krate::__private::{self as __t, IfUnknown as _};
            #body
        };
    }
}

/// Where the type is declared, which keeps the keys of two events of one name apart.
pub(crate) fn type_path(input: &Input<'_>) -> TokenStream {
    let ident = input.original.ident.unraw().to_string();
    let ty = is_one_type(&input.original.generics).then(|| with_static_lifetimes(input));
    let ty = ty.map(|ty| quote!(, #ty));
    quote!(
        const __P: __t::TypePath = __t::type_path!(#ident #ty);
    )
}

/// An impl of `bound` with the bounds that the fields need.
pub(crate) fn implement(input: &Input<'_>, bound: &TokenStream, body: &TokenStream) -> TokenStream {
    implement_where(input, bound, None, body)
}

pub(crate) fn implement_where(
    input: &Input<'_>,
    bound: &TokenStream,
    predicate: Option<TokenStream>,
    body: &TokenStream,
) -> TokenStream {
    // At the type, so that the compiler's notes do not speak of a derive whose
    // bounds one could widen by hand. It also takes the trait for one that the
    // user wrote, which is why `__private` has names of its own for these
    // traits: a path to one that is imported would be an `unused_qualifications`.
    let ident = &input.original.ident;
    let bound = bound.clone().into_iter().map(|mut token| {
        token.set_span(ident.span());
        token
    });
    let bound: TokenStream = bound.collect();
    let (parameters, arguments, _) = input.original.generics.split_for_impl();
    let mut clause = where_clause(input);
    if let Some(predicate) = predicate {
        let mut with = clause.unwrap_or_else(|| syn::parse_quote!(where));
        with.predicates.push(syn::parse_quote!(#predicate));
        clause = Some(with);
    }
    quote! {
        #[automatically_derived]
        impl #parameters #bound for #ident #arguments #clause { #body }
    }
}

/// The impls that collide with a second `Debug`, `Serialize` or `Display`;
/// `debug` is what `Debug` calls.
pub(crate) fn raw(input: &Input<'_>, debug: &TokenStream) -> TokenStream {
    let ident = &input.original.ident;
    let (parameters, arguments, _) = input.original.generics.split_for_impl();
    let clause = where_clause(input);
    let predicates = clause.iter().flat_map(|clause| &clause.predicates);
    quote!(__t::raw!([#parameters] [#ident #arguments] [#(#predicates,)*] [#debug]);)
}
