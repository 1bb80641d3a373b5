//! The impls.
//!
//! Everything is inside one `const _` with a short name for
//! `telemetry_core::__private`, so that nothing of the user's can be in the way
//! and the expansion stays small. Names that the user's could meet begin with
//! two underscores.

use proc_macro2::{Delimiter, Ident, Literal, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::ast::{Field, Input, Target, Variant};
use crate::generics::{is_one_type, where_clause, with_static_lifetimes};
use crate::policy::{Bounds, Policy};

/// The impls of what is derived.
pub(crate) fn expand(input: &Input<'_>) -> TokenStream {
    let body = match input.target {
        Target::Event => event(input),
        Target::Fields => fields(input),
        Target::Value => value(input),
    };
    in_const(input, body)
}

/// `body` where `__t` is the private module of `telemetry_core`.
pub(crate) fn in_const(input: &Input<'_>, body: TokenStream) -> TokenStream {
    let krate = match &input.attributes.krate {
        Some(path) => quote!(#path),
        None => quote!(::telemetry_core),
    };
    quote! {
        const _: () = {
            use #krate::__private as __t;
            use __t::IfUnknown as _;
            #body
        };
    }
}

fn event(input: &Input<'_>) -> TokenStream {
    let schemas = input.variants.iter().map(|variant| event_schema(input, variant));
    let places = input.variants.iter().enumerate().map(|(index, variant)| {
        let path = path(variant);
        let index = Literal::usize_unsuffixed(index);
        quote!(#path { .. } => #index,)
    });
    let place =
        if input.variants.len() > 1 { quote!(match self { #(#places)* }) } else { quote!(0) };
    let walk = walk(input, |index| quote!(Self::SCHEMA[#index].fields));
    let ours = implement(
        input,
        &quote!(__t::Event),
        &quote! {
            const SCHEMA: &'static [__t::EventSchema] = &[#(#schemas),*];
            const TYPE_PATH: &'static __t::Text = __P;
            fn only_the_derive_may_implement_this_trait() {}
            fn variant(&self) -> usize { #place }
            #walk
        },
    );
    let debug = debug(input, &quote!(__t::debug_event(self, __f)));
    let serialize = refuse_serialize(input);
    let register = is_one_type(&input.original.generics).then(|| {
        let ty = with_static_lifetimes(input);
        quote!(__t::register!(#ty);)
    });
    let path = type_path(input);
    let held = hold(input);
    quote!(#path #ours #debug #serialize #register #held)
}

/// The path of the type, which keeps the keys of two events of one name apart.
fn type_path(input: &Input<'_>) -> TokenStream {
    let ident = format!("::{}", input.original.ident.unraw());
    quote!(
        const __P: &__t::Text = __t::concat!(__t::module_path!(), #ident);
    )
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
    let schemas = input.variants.iter().flat_map(|variant| &variant.fields).map(field_schema);
    let walk = walk(input, |_| quote!(Self::FIELDS));
    let ours = implement(
        input,
        &quote!(__t::Fields),
        &quote! {
            const FIELDS: &'static [__t::FieldSchema] = &__t::fields([#(#schemas),*]);
            fn only_the_derive_may_implement_this_trait() {}
            #walk
        },
    );
    let debug = debug(input, &quote!(__t::debug_fields(#scope, self, __f)));
    let serialize = refuse_serialize(input);
    quote!(#ours #debug #serialize)
}

fn value(input: &Input<'_>) -> TokenStream {
    let texts = input.variants.iter().map(|variant| &variant.name);
    let places = input.variants.iter().enumerate().map(|(index, variant)| {
        let (path, index) = (path(variant), Literal::usize_unsuffixed(index));
        quote!(#path { .. } => #index,)
    });
    implement(
        input,
        &quote!(__t::Value),
        &quote! {
            const DOMAIN: __t::Domain = __t::Domain::closed(__t::Values::Texts(&[#(#texts),*]));
            fn emit<__R: __t::Sink>(&self, __r: __R) -> __t::Result<__R::Ok, __R::Error> {
                __t::text(&<Self as __t::Value>::DOMAIN, match self { #(#places)* }, __r)
            }
        },
    )
}

/// An impl of `bound` with the bounds that the fields need.
pub(crate) fn implement(input: &Input<'_>, bound: &TokenStream, body: &TokenStream) -> TokenStream {
    implement_where(input, bound, None, body)
}

fn implement_where(
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

/// A second, derived `Debug` collides with this one.
pub(crate) fn debug(input: &Input<'_>, body: &TokenStream) -> TokenStream {
    implement(
        input,
        &quote!(__t::ShowDebug),
        &quote! {
            fn fmt(&self, __f: &mut __t::fmt::Formatter<'_>) -> __t::fmt::Result { #body }
        },
    )
}

/// A second, derived `Serialize` collides with this one, which never holds. The
/// `for<'never>` makes the compiler ask only when somebody serialises.
pub(crate) fn refuse_serialize(input: &Input<'_>) -> TokenStream {
    let never = quote!(for<'never> __t::RawEvent: __t::NotARawEvent<'never>);
    implement_where(
        input,
        &quote!(__t::SerdeSerialize),
        Some(never),
        &quote! {
            fn serialize<__S: __t::Serializer>(&self, __s: __S) -> __t::Result<__S::Ok, __S::Error> {
                __t::refuse(__s)
            }
        },
    )
}

fn path(variant: &Variant<'_>) -> TokenStream {
    match variant.ident {
        Some(ident) => quote!(Self::#ident),
        None => quote!(Self),
    }
}

/// As many fields as `telemetry_core` has tuples for.
const LONGEST_ROW: usize = 16;

/// The function that shows each field to a walk.
fn walk(input: &Input<'_>, schemas: impl Fn(Literal) -> TokenStream) -> TokenStream {
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
        let schemas = schemas(Literal::usize_unsuffixed(index));
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
            let span = map.map_or_else(Span::call_site, at_type);
            rows.push(quote_spanned!(span=> __t::row(__w, #schemas, #first, (#(#leaves,)*))));
        }
        let last = rows.pop().unwrap_or_else(|| quote!(__t::Ok(())));
        quote!(#path { #(#patterns),* } => { #slots #(#rows?;)* #last })
    });
    quote! {
        fn walk<__W: __t::FieldVisitor>(&self, __w: &mut __W) -> __t::Result<(), __W::Error> {
            match self { #(#arms)* }
        }
    }
}

fn bound_name(field: &Field<'_>, index: usize) -> Ident {
    format_ident!("__{}", index, span = at_type(field))
}

/// A span that lies at the field's type, so that the compiler's messages point there.
fn at_type(field: &Field<'_>) -> Span {
    Span::call_site().located_at(field.original.ty.span())
}

/// One field under its policy.
fn leaf(
    field: &Field<'_>,
    index: usize,
    event: Option<&str>,
    slots: &mut TokenStream,
) -> TokenStream {
    let span = at_type(field);
    let name = bound_name(field, index);
    match &field.attributes.policy {
        None | Some(Policy::Drop) => quote!(__t::Dropped),
        Some(policy) => {
            let slot = format_ident!("__K{}", index);
            let scope = Scope { event, field: &field.name, inside: TokenStream::new(), slot };
            under(policy, &quote!(#name), &scope, span, slots)
        }
    }
}

/// Whose key hides a value, and the name of the `static` that caches it.
struct Scope<'s> {
    /// `None` in a nested type: which event it is in, is known only when the
    /// event is walked.
    event: Option<&'s str>,
    field: &'s str,
    /// The steps from the field to the value.
    inside: TokenStream,
    slot: Ident,
}

/// `value` under its policy; the keys' slots are added to `slots`.
fn under(
    policy: &Policy,
    value: &TokenStream,
    scope: &Scope<'_>,
    span: Span,
    slots: &mut TokenStream,
) -> TokenStream {
    match policy {
        Policy::Allow => quote_spanned!(span=> __t::allow(#value)),
        Policy::Vouched(_) => quote_spanned!(span=> __t::vouched(#value)),
        // Never asked for: a dropped field has no leaves.
        Policy::Drop => TokenStream::new(),
        Policy::Hash { sha256: true, lowercase, .. } => {
            quote_spanned!(span=> __t::sha256(#lowercase, #value))
        }
        Policy::Hash { lowercase, domain, .. } => {
            let Scope { event, field: name, inside, slot } = scope;
            let key = match (domain, event) {
                (Some(domain), _) => quote!(Domain(#domain)),
                (None, Some(event)) => {
                    quote!(Field { type_path: __P, event: #event, field: #name, inside: &[#inside] })
                }
                (None, None) => {
                    let steps = quote!(&[__t::Step::Field(#name), #inside]);
                    return quote_spanned!(span=> __t::hash_inside(#steps, #lowercase, #value));
                }
            };
            slots.extend(
                quote!(static #slot: __t::KeySlot = __t::KeySlot::new(__t::KeyScope::#key);),
            );
            quote_spanned!(span=> __t::hash(&#slot, #lowercase, #value))
        }
        Policy::Scrub => quote_spanned!(span=> __t::scrub(#value)),
        Policy::Bucket(bounds) => {
            let labels = bounds.labels();
            let bounds = bounds_tokens(bounds);
            quote_spanned!(span=> __t::bucket(#bounds, &[#(#labels),*], #value))
        }
        Policy::OneOf(values) => quote_spanned!(span=> __t::one_of(&[#(#values),*], #value)),
        Policy::TruncateIp { v4, v6 } => {
            let (v4, v6) = (Literal::u8_unsuffixed(*v4), Literal::u8_unsuffixed(*v6));
            quote_spanned!(span=> __t::truncate_ip(#v4, #v6, #value))
        }
        Policy::Length => quote_spanned!(span=> __t::length(#value)),
        Policy::Presence => quote_spanned!(span=> __t::presence(#value)),
        Policy::Count => quote_spanned!(span=> __t::count(#value)),
        Policy::FileExtension(values) => {
            quote_spanned!(span=> __t::file_extension(&[#(#values),*], #value))
        }
        Policy::HostSuffix(values) => {
            quote_spanned!(span=> __t::host_suffix(&[#(#values),*], #value))
        }
        Policy::EmailDomain(values) => {
            quote_spanned!(span=> __t::email_domain(&[#(#values),*], #value))
        }
        Policy::With(function) => {
            // At the function: what it gives is what may not be allowed.
            let span = Span::call_site().located_at(function.span());
            quote_spanned!(span=> __t::with(move || #function(#value)))
        }
        Policy::Nested => quote_spanned!(span=> __t::nested(#value)),
        Policy::Entries { keys, values } => {
            let part = |step, slot| {
                let inside = &scope.inside;
                Scope { inside: quote!(#inside __t::Step::#step,), slot, ..*scope }
            };
            let key_scope = part(quote!(Keys), format_ident!("{}K", scope.slot));
            let scope = &part(quote!(Values), format_ident!("{}V", scope.slot));
            let keys = match &**keys {
                Policy::OneOf(known) => {
                    quote_spanned!(span=> __t::known_key(&[#(#known),*], __k))
                }
                keys => under(keys, &quote_spanned!(span=> __k), &key_scope, span, slots),
            };
            let values = under(values, &quote_spanned!(span=> __v), scope, span, slots);
            quote_spanned!(span=> __t::entries(#value, |__k| #keys, |__v| #values))
        }
    }
}

fn bounds_tokens(bounds: &Bounds) -> TokenStream {
    match bounds {
        Bounds::Int(bounds) => {
            let bounds = bounds.iter().map(|bound| Literal::i128_unsuffixed(*bound));
            quote!(__t::Numbers::Int(&[#(#bounds),*]))
        }
        Bounds::Float(bounds) => {
            let bounds = bounds.iter().map(|bound| Literal::f64_unsuffixed(*bound));
            quote!(__t::Numbers::Float(&[#(#bounds),*]))
        }
    }
}

fn event_schema(input: &Input<'_>, variant: &Variant<'_>) -> TokenStream {
    let (name, description) = (&variant.name, &variant.description);
    let (own, all) = (&variant.attributes, &input.attributes);
    let version = Literal::u32_unsuffixed(own.version.or(all.version).unwrap_or(1));
    let purpose = own.purpose.as_ref().or(all.purpose.as_ref());
    let fields = variant.fields.iter().map(field_schema);
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
        quote!(.counted(__t::Period::#period, #top))
    });
    quote! {
        __t::EventSchema::new(#name, #version, __t::Purpose::new(#purpose), #description, &__t::fields([#(#fields),*]))
            #since #owner #question #expires #time #max_bits #count
    }
}

fn field_schema(field: &Field<'_>) -> TokenStream {
    let ty = &field.original.ty;
    let (name, text, description) =
        (&field.name, type_text(ty.to_token_stream()), &field.description);
    let policy = field.attributes.policy.as_ref().map(|policy| described(policy, field));
    let note = |text: &Option<LitStr>, method: &str| {
        let method = Ident::new(method, Span::call_site());
        text.as_ref().map(|text| quote!(.#method(#text)))
    };
    let purpose = note(&field.attributes.purpose, "purpose");
    let since = note(&field.attributes.since, "since");
    let renamed_from = note(&field.attributes.renamed_from, "renamed_from");
    quote!((#name, #text, #policy, #description, __t::FieldNotes::NONE #purpose #since #renamed_from))
}

/// What the schema says of the policy.
fn described(policy: &Policy, field: &Field<'_>) -> TokenStream {
    let ty = &field.original.ty;
    described_of(policy, &quote!(#ty), "", field)
}

/// The same of the value itself or, by `prefix`, of the keys or the values of
/// a map of type `ty`.
fn described_of(policy: &Policy, ty: &TokenStream, prefix: &str, field: &Field<'_>) -> TokenStream {
    let span = at_type(field);
    let of = |constant: &str| {
        let constant = Ident::new(&format!("{prefix}{constant}"), span);
        quote_spanned!(span=> __t::Of::<#ty>::#constant)
    };
    let (value, text, number, address) = (of("VALUE"), of("TEXT"), of("NUMBER"), of("ADDRESS"));
    match policy {
        Policy::Allow => quote!(__t::allow_schema(#value)),
        Policy::Vouched(because) => quote!(__t::vouched_schema(#because)),
        Policy::Drop => quote!(__t::Policy::DROP),
        Policy::Hash { sha256: true, lowercase, .. } => quote!(__t::sha256_schema(#lowercase)),
        Policy::Hash { lowercase, domain, .. } => {
            let domain = match domain {
                Some(domain) => quote!(__t::Some(#domain)),
                None => quote!(__t::None),
            };
            quote!(__t::hash_schema(#lowercase, #domain))
        }
        Policy::Scrub => quote!(__t::scrub_schema()),
        Policy::Bucket(bounds) => {
            let bounds = bounds_tokens(bounds);
            quote!(__t::bucket_schema(#number, #bounds))
        }
        Policy::OneOf(values) => quote!(__t::one_of_schema(#text, &[#(#values),*])),
        Policy::TruncateIp { v4, v6 } => {
            let (v4, v6) = (Literal::u8_unsuffixed(*v4), Literal::u8_unsuffixed(*v6));
            quote!(__t::truncate_ip_schema(#address, #v4, #v6))
        }
        Policy::Length => quote!(__t::length_schema()),
        Policy::Presence => quote!(__t::presence_schema()),
        Policy::Count => quote!(__t::count_schema()),
        Policy::FileExtension(values) => {
            quote!(__t::file_extension_schema(#text, &[#(#values),*]))
        }
        Policy::HostSuffix(values) => quote!(__t::host_suffix_schema(#text, &[#(#values),*])),
        Policy::EmailDomain(values) => quote!(__t::email_domain_schema(#text, &[#(#values),*])),
        Policy::With(function) => {
            let text = type_text(function.to_token_stream());
            let at_type = span;
            let span = Span::call_site().located_at(function.span());
            let name = Ident::new("__v", at_type);
            // The same call as in the walk, so that a function of another type
            // is reported once.
            quote_spanned! {span=> __t::with_schema(
                &__t::with(|| { let #name = __t::any_value::<&#ty>(); #function(#name) }), #text
            )}
        }
        Policy::Nested => of("NESTED"),
        Policy::Entries { keys, values } => {
            // Of a map inside a map nothing is asked: the outer one is open.
            let ty = if prefix.is_empty() { ty.clone() } else { quote!(()) };
            let keys = described_of(keys, &ty, "KEY_", field);
            let values = described_of(values, &ty, "MAPPED_", field);
            quote!(__t::Policy::entries(&#keys, &#values))
        }
    }
}

/// A type or path as one line, spaced as `rustfmt` would.
pub(crate) fn type_text(tokens: TokenStream) -> String {
    let mut text = String::new();
    write_tokens(tokens, &mut text);
    text
}

fn write_tokens(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => write_word(&ident.to_string(), text),
            TokenTree::Literal(literal) => write_word(&literal.to_string(), text),
            TokenTree::Punct(punct) => write_punct(&punct, text),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                if !open.is_empty() && ends_apart(text) {
                    text.push(' ');
                }
                text.push_str(open);
                write_tokens(group.stream(), text);
                text.push_str(close);
            }
        }
    }
}

/// Whether `text` ends with a word that stands apart from a bracket after it: a
/// lifetime or a keyword, and not a path.
fn ends_apart(text: &str) -> bool {
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '\'';
    let word = text.rsplit(|letter| !in_word(letter)).next().unwrap_or_default();
    word.starts_with('\'') || matches!(word, "mut" | "const" | "dyn")
}

fn write_word(word: &str, text: &mut String) {
    let glued = text.ends_with(|last: char| !last.is_alphanumeric() && last != '_');
    if !text.is_empty() && !glued {
        text.push(' ');
    }
    text.push_str(word);
}

fn write_punct(punct: &proc_macro2::Punct, text: &mut String) {
    let letter = punct.as_char();
    match letter {
        ',' | ';' => {
            text.push(letter);
            text.push(' ');
        }
        '+' | '=' => {
            text.push(' ');
            text.push(letter);
            text.push(' ');
        }
        '-' if punct.spacing() == Spacing::Joint => text.push_str(" -"),
        '>' if text.ends_with(" -") => text.push_str("> "),
        '\'' => write_word("'", text),
        _ => text.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_rustfmt_would() {
        for text in [
            "Option<&'a str>",
            "&'a mut [std::collections::HashMap<String, Vec<u8>>; 4]",
            "&'a [u8]",
            "Box<dyn Fn(&str) -> u8 + 'static>",
            "fn(u8, (i8, i8)) -> u8",
            "<T as Iterator>::Item",
            "Foo<{ N + 1 }>",
            "*const u8",
        ] {
            let tokens: TokenStream = text.parse().expect("tokens");
            let expected = text.replace("{ ", "{").replace(" }", "}");
            assert_eq!(type_text(tokens), expected);
        }
    }
}
