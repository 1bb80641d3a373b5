//! The impls of a value: an enum of unit variants, or a newtype.
//!
//! It owns what `TelemetryValue` writes. It must never write text that is not
//! a constant, nor hand a value to anything: of an enum it writes names and
//! which of them it is, of a newtype where the wrapped value is.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Data;
use syn::spanned::Spanned;

use crate::ast::Input;
use crate::impls::{implement, implement_where};
use crate::walk::path;

/// The impls for the input.
pub(crate) fn expand(input: &Input<'_>) -> TokenStream {
    match &input.original.data {
        Data::Struct(_) => newtype(input),
        _ => choice(input),
    }
}

/// The impls of an input with mistakes.
pub(crate) fn fallback(input: &Input<'_>) -> TokenStream {
    let value = implement(
        input,
        &quote!(__t::Value),
        &quote! {
            const DOMAIN: __t::Domain = __t::Domain::closed(__t::Values::Bool);
            type Inner<'__x> = bool where Self: '__x;
            fn inner(&self) -> bool { false }
        },
    );
    let closed = implement(
        input,
        &quote!(__t::Closed),
        &quote! {
            type Closed<'__x> = bool where Self: '__x;
            fn closed(&self) -> bool { false }
        },
    );
    let marks = marks(input);
    quote!(#value #closed #marks)
}

/// It may be the key of a map and a part of a tuple.
fn marks(input: &Input<'_>) -> TokenStream {
    let mark = |name| implement(input, &name, &TokenStream::new());
    let (key, one) = (mark(quote!(__t::Key)), mark(quote!(__t::NumberAtMost)));
    quote!(#key #one)
}

/// An enum: its names, and which of them it is.
fn choice(input: &Input<'_>) -> TokenStream {
    let texts = input.variants.iter().map(|variant| &variant.name);
    let places = input.variants.iter().enumerate().map(|(index, variant)| {
        let (path, index) = (path(variant), Literal::usize_unsuffixed(index));
        quote!(#path { .. } => #index,)
    });
    let names = implement(
        input,
        &quote!(__t::Named),
        &quote!(const NAMES: &'static [&'static __t::Text] = &[#(#texts),*];),
    );
    let value = implement(
        input,
        &quote!(__t::Value),
        &quote! {
            const DOMAIN: __t::Domain = <__t::ChosenName<Self> as __t::TelemetryValue>::DOMAIN;
            type Inner<'__x> = __t::ChosenName<Self>;
            fn inner(&self) -> __t::ChosenName<Self> {
                __t::ChosenName::new(match self { #(#places)* })
            }
        },
    );
    let closed = implement(
        input,
        &quote!(__t::Closed),
        &quote! {
            type Closed<'__x> = __t::ChosenName<Self>;
            fn closed(&self) -> __t::ChosenName<Self> { __t::TelemetryValue::inner(self) }
        },
    );
    let marks = marks(input);
    quote!(#names #value #closed #marks)
}

/// A newtype: whatever the wrapped value may be, it may be. The `for<'__x>`
/// makes the compiler ask only when somebody uses it so.
fn newtype(input: &Input<'_>) -> TokenStream {
    let Some(variant) = input.variants.first() else { return TokenStream::new() };
    let Some((field, member)) = variant.shape.iter().zip(variant.shape.members()).next() else {
        return TokenStream::new();
    };
    let ty = &field.ty;
    let span = Span::call_site().located_at(ty.span());
    let on = |bound: TokenStream, body: TokenStream| {
        let predicate = quote_spanned!(span=> for<'__x> &'__x #ty: #bound);
        implement_where(input, &bound, Some(predicate), &body)
    };
    // Elided: the constant is the same for every lifetime.
    let constant = |bound: TokenStream, name: &str| {
        let name = Ident::new(name, Span::call_site());
        quote!(<&'_ #ty as #bound>::#name)
    };
    let domain = constant(quote!(__t::TelemetryValue), "DOMAIN");
    let value = on(
        quote!(__t::Value),
        quote! {
            const DOMAIN: __t::Domain = #domain;
            type Inner<'__x> = &'__x #ty where Self: '__x;
            fn inner(&self) -> &#ty { &self.#member }
        },
    );
    let closed = on(
        quote!(__t::Closed),
        quote! {
            type Closed<'__x> = &'__x #ty where Self: '__x;
            fn closed(&self) -> &#ty { &self.#member }
        },
    );
    let leaves = ["Text", "Identifier", "Unlisted", "Number", "Address"].map(|kind| {
        let kind = Ident::new(kind, Span::call_site());
        let shape = constant(quote!(__t::HasLeaves<__t::kind::#kind>), "SHAPE");
        on(
            quote!(__t::Leaves<__t::kind::#kind>),
            quote! {
                const SHAPE: __t::Shape = #shape;
                type Inner<'__x> = &'__x #ty where Self: '__x;
                fn inner(&self) -> &#ty { &self.#member }
            },
        )
    });
    let shape = constant(quote!(__t::Countable), "SHAPE");
    let count = on(
        quote!(__t::CanBeCounted),
        quote! {
            const SHAPE: __t::Shape = #shape;
            fn count(&self) -> __t::Option<usize> { __t::Countable::count(&&self.#member) }
        },
    );
    let present = on(
        quote!(__t::CanBePresent),
        quote!(fn is_present(&self) -> bool { __t::Present::is_present(&&self.#member) }),
    );
    let key = on(quote!(__t::Key), TokenStream::new());
    let one = on(quote!(__t::NumberAtMost), TokenStream::new());
    let as_it_is = on(quote!(__t::KeyAsItIs), TokenStream::new());
    quote!(#value #closed #(#leaves)* #count #present #key #as_it_is #one)
}
