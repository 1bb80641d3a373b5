//! The impls of events and of nested types.
//!
//! It owns what stands in them. It must never know a policy.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::ast::{Input, Target, Variant};
use crate::describe::{event_schema, field_schema};
use crate::expiry::is_near;
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
    let body = in_const(input, body);
    // Outside, where what is deprecated is not allowed.
    let is_event = input.target == Target::Event;
    let variants = input.variants.iter().filter(|_| is_event);
    let warned = variants.filter_map(|variant| warn_of_the_end(input, variant));
    quote!(#body #(#warned)*)
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
    let held = hold_each_type(input);
    let (declared, walk) = (declared(input, &schemas), walk(input, held));
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
            const TYPE_PATH: __t::TypePath = __P;
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

/// A warning of the compiler's at `expires`, when that day is near. Only what
/// is deprecated can be warned of by a derive.
fn warn_of_the_end(input: &Input<'_>, variant: &Variant<'_>) -> Option<TokenStream> {
    let said = [&variant.attributes, &input.attributes];
    let day = said.into_iter().find_map(|said| said.expires.as_ref())?;
    let text = day.value();
    let note = format!(
        "the last day of the event `{}` is {text}: behind it, it is neither recorded nor sent; remove it, or write a later day",
        variant.name
    );
    // In the words of the source, so that it is not taken for another crate's.
    let name = Ident::new("__expires", day.span());
    is_near(&text).then(|| {
        quote!(const _: () = {
            #[deprecated(note = #note)]
            const fn #name() {}
            #name()
        };)
    })
}

/// Whether only counts of the event leave.
pub(crate) fn is_counted(input: &Input<'_>) -> bool {
    let said = input.variants.iter().map(|variant| &variant.attributes);
    said.chain([&input.attributes]).any(|attributes| attributes.count.is_some())
}

/// The same for an event with parameters, inside a function of it: each of its
/// types is held to it when the program that uses it is built.
fn hold_each_type(input: &Input<'_>) -> Option<TokenStream> {
    let span = asks_to_be_held(input)?;
    (!is_one_type(&input.original.generics)).then(|| {
        let span = Span::call_site().located_at(span);
        quote_spanned!(span=> const { __t::hold(<Self as __t::Event>::SCHEMA) };)
    })
}

/// Where the event asks the compiler to hold it to something.
fn asks_to_be_held(input: &Input<'_>) -> Option<Span> {
    std::iter::once(&input.attributes)
        .chain(input.variants.iter().map(|variant| &variant.attributes))
        .find_map(|said| {
            let bits = said.max_bits.as_ref().map(|bits| bits.span);
            bits.or(said.count.as_ref().map(|count| count.span))
        })
}

/// What the compiler holds an event to, at the attribute that asks for it. An
/// event with type or const parameters has no schema of its own here.
fn hold(input: &Input<'_>) -> Option<TokenStream> {
    let span = asks_to_be_held(input)?;
    is_one_type(&input.original.generics).then(|| {
        let ty = with_static_lifetimes(input);
        let span = Span::call_site().located_at(span);
        quote_spanned!(span=> const _: () = __t::hold(<#ty as __t::Event>::SCHEMA);)
    })
}

fn fields(input: &Input<'_>) -> TokenStream {
    let scope = input.base_name();
    let schemas: Vec<TokenStream> = field_schemas(input).collect();
    let (length, walk) = (Literal::usize_unsuffixed(schemas.len()), walk(input, None));
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
