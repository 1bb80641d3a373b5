//! The impls of events and of nested types.
//!
//! It owns what stands in them. It must never know a policy.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::ast::{Input, Target};
use crate::describe::{event_schema, field_schema};
use crate::generics::{is_one_type, with_static_lifetimes};
use crate::impls::{implement, in_const, raw, type_path};
use crate::value;
use crate::walk::{path, walk};

/// The impls of what is derived.
pub(crate) fn expand(input: &Input<'_>) -> TokenStream {
    let body = match input.target {
        Target::Event => event(input),
        Target::Fields => fields(input),
        Target::Value => value::expand(input),
    };
    in_const(input, body)
}

fn event(input: &Input<'_>) -> TokenStream {
    let schemas: Vec<TokenStream> =
        input.variants.iter().map(|variant| event_schema(input, variant)).collect();
    let places = input.variants.iter().enumerate().map(|(index, variant)| {
        let path = path(variant);
        let index = Literal::usize_unsuffixed(index);
        quote!(#path { .. } => #index,)
    });
    // A struct is the first and only one, which the trait says.
    let place = (input.variants.len() > 1)
        .then(|| quote!(fn variant(&self) -> usize { match self { #(#places)* } }));
    let (declared, walk) = (declared(input, &schemas), walk(input));
    let counter = is_counted(input).then(|| {
        quote! {
            fn counter() -> __t::Option<&'static __t::Slot> {
                static __COUNTER: __t::Slot = __t::Slot::new();
                __t::Some(&__COUNTER)
            }
        }
    });
    let ours = implement(
        input,
        &quote!(__t::Event),
        &quote! {
            #declared
            const TYPE_PATH: &'static __t::Text = __P;
            fn only_the_derive_may_implement_this_trait() {}
            #place
            #counter
            #walk
        },
    );
    let raw = raw(input, &quote!(debug_event));
    let register = is_one_type(&input.original.generics).then(|| {
        let ty = with_static_lifetimes(input);
        quote!(__t::register!(#ty);)
    });
    let path = type_path(input);
    let held = hold(input);
    quote!(#path #ours #raw #register #held)
}

/// What is said of the events and of their fields, by value: the library makes
/// slices of it when somebody asks, and not each time the program is checked.
fn declared(input: &Input<'_>, events: &[TokenStream]) -> TokenStream {
    let fields: Vec<TokenStream> = field_schemas(input).collect();
    let length = Literal::usize_unsuffixed(fields.len());
    let variants = Literal::usize_unsuffixed(events.len());
    quote! {
        type Declared = __t::Declared<#variants, #length>;
        const DECLARED: __t::Declared<#variants, #length> = ([#(#events),*], [#(#fields),*]);
    }
}

fn field_schemas(input: &Input<'_>) -> impl Iterator<Item = TokenStream> {
    input.variants.iter().flat_map(|variant| &variant.fields).map(field_schema)
}

/// Whether only counts of the event leave.
pub(crate) fn is_counted(input: &Input<'_>) -> bool {
    let said = input.variants.iter().map(|variant| &variant.attributes);
    said.chain([&input.attributes]).any(|attributes| attributes.count.is_some())
}

/// What the compiler holds an event to, at the attribute that asks for it. An
/// event with type or const parameters has no schema of its own here.
fn hold(input: &Input<'_>) -> Option<TokenStream> {
    let span = std::iter::once(&input.attributes)
        .chain(input.variants.iter().map(|variant| &variant.attributes))
        .find_map(|said| {
            let bits = said.max_bits.as_ref().map(|bits| bits.span);
            bits.or(said.count.as_ref().map(|count| count.span))
        })?;
    is_one_type(&input.original.generics).then(|| {
        let ty = with_static_lifetimes(input);
        let span = Span::call_site().located_at(span);
        quote_spanned!(span=> const _: () = __t::hold(<#ty as __t::Event>::SCHEMA);)
    })
}

fn fields(input: &Input<'_>) -> TokenStream {
    let scope = input.base_name();
    let schemas: Vec<TokenStream> = field_schemas(input).collect();
    let (length, walk) = (Literal::usize_unsuffixed(schemas.len()), walk(input));
    // The compiler refuses the call where the purpose is, if it is no event.
    let only_for_events = input.attributes.purpose.as_ref().map(|purpose| {
        let span = Span::call_site().located_at(purpose.span());
        quote_spanned!(span=> __t::also_an_event::<Self>())
    });
    let ours = implement(
        input,
        &quote!(__t::Fields),
        &quote! {
            type Declared = [__t::FieldDescription; #length];
            const DECLARED: [__t::FieldDescription; #length] = [#(#schemas),*];
            fn only_the_derive_may_implement_this_trait() { #only_for_events }
            #walk
        },
    );
    if input.is_also_an_event() {
        // The derive of the event writes the rest.
        return ours;
    }
    let raw = raw(input, &quote!(debug_fields #scope));
    quote!(#ours #raw)
}
