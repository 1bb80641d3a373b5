//! `#[derive(TelemetryError)]`: an error whose every value has a policy.
//!
//! It owns the reading of `#[error("...")]`, as thiserror reads it, and what is
//! written for each variant. It must never know how a policy is carried out.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Member, Meta};

use crate::attr::{Container, FieldAttributes};
use crate::case::snake;
use crate::errors::Errors;
use crate::keys::Site;
use crate::message::refuse_without_event;
use crate::named::Named;
use crate::policy::Policy;
use crate::template::{Piece, pieces};
use crate::walk::{Scope, apply};

/// The impls for an error.
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let krate = Container::parse(&input.attrs, Site::Error, &mut errors).krate;
    let mut words = Words::default();
    let arms = match &input.data {
        Data::Struct(data) => {
            let path = quote!(Self);
            vec![arm(&path, &input.ident, &input.attrs, &data.fields, &mut words, &mut errors)]
        }
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| {
                let (ident, attributes) = (&variant.ident, &variant.attrs);
                let path = quote!(Self::#ident);
                arm(&path, ident, attributes, &variant.fields, &mut words, &mut errors)
            })
            .collect(),
        Data::Union(_) => {
            errors.at(&input.ident, "an error is a struct or an enum");
            Vec::new()
        }
    };
    let problems = errors.finish().err().map(|error| error.to_compile_error());
    let body = match (&problems, arms.is_empty()) {
        (Some(_), _) => quote!(let _ = __d;),
        (None, true) => quote!(let _ = __d; match *self {}),
        (None, false) => quote!(match self { #(#arms)* }),
    };
    let words = words.0;
    let krate = krate.map_or_else(|| quote!(::telemetry_core), |path| quote!(#path));
    let ident = &input.ident;
    let (parameters, arguments, clause) = input.generics.split_for_impl();
    quote! {
        #problems
        #[allow(deprecated)]
        #[allow(unused_qualifications)]
        const _: () = {
            use #krate::__private as __t;
            #[automatically_derived]
            impl #parameters __t::Wording for #ident #arguments #clause {
                const WORDS: &'static [&'static __t::Text] = &[#(#words),*];
            }
            #[automatically_derived]
            impl #parameters __t::Describe for #ident #arguments #clause {
                fn describe(&self, __d: &mut __t::Description<'_>) { #body }
            }
            #[automatically_derived]
            impl #parameters __t::HasLeaves<__t::kind::Parts> for #ident #arguments #clause {
                type Inner<'__v> = __t::Described<'__v> where Self: '__v;
                fn inner(&self) -> __t::Described<'_> { __t::Described(self) }
            }
        };
    }
}

/// The words of the program in the texts of an error, and the names of values.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    /// The place of `word`, which it takes in.
    fn place(&mut self, word: &str) -> Literal {
        let known = self.0.iter().position(|known| known == word);
        let place = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push(word.to_owned());
        }
        Literal::usize_unsuffixed(place)
    }
}

/// A field, with what its attributes say.
struct ErrorField<'a> {
    member: Member,
    bound: Ident,
    policy: Option<Policy>,
    attempted: bool,
    is_cause: bool,
    original: &'a syn::Field,
}

/// What one variant writes.
fn arm(
    path: &TokenStream,
    ident: &Ident,
    attributes: &[Attribute],
    shape: &Fields,
    words: &mut Words,
    errors: &mut Errors,
) -> TokenStream {
    let fields: Vec<ErrorField<'_>> = shape
        .iter()
        .zip(shape.members())
        .enumerate()
        .map(|(place, (original, member))| field(original, member, place, errors))
        .collect();
    let patterns = fields.iter().map(|field| {
        let (member, bound) = (&field.member, &field.bound);
        quote!(#member: #bound)
    });
    let (mut slots, mut written) = (TokenStream::new(), Vec::new());
    let mut told = vec![false; fields.len()];
    match text(attributes, ident, errors) {
        VariantText::Pieces(pieces, span) => {
            for piece in pieces {
                let name = match piece {
                    Piece::Literal(literal) => {
                        let place = words.place(&literal);
                        written.push(quote!(__d.literal::<Self>(#place);));
                        continue;
                    }
                    Piece::Value(name) => name,
                };
                let is = |field: &ErrorField<'_>| member_name(&field.member) == name;
                let Some((place, field)) = fields.iter().enumerate().find(|(_, field)| is(field))
                else {
                    errors.push(syn::Error::new(span, format!(
                        "`{name}` is no field of this error: a value that is made in `#[error(...)]` has no policy"
                    )));
                    continue;
                };
                if let Some(told) = told.get_mut(place) {
                    *told = true;
                }
                written.push(value(field, &name, false, words, &mut slots, errors));
            }
        }
        VariantText::Transparent => {
            if let Some((place, field)) = fields.iter().enumerate().next() {
                if let Some(told) = told.get_mut(place) {
                    *told = true;
                }
                written.push(value(field, "error", false, words, &mut slots, errors));
            }
        }
    }
    // The cause is told behind the error, as a chain is.
    for (field, _) in fields.iter().zip(told).filter(|(field, told)| field.is_cause && !told) {
        if field.policy.is_some() || field.attempted {
            written.push(value(field, "cause", true, words, &mut slots, errors));
        }
    }
    let bound = fields.iter().map(|field| &field.bound);
    quote!(#path { #(#patterns),* } => { #slots #(let _ = #bound;)* #(#written)* })
}

fn field<'a>(
    original: &'a syn::Field,
    member: Member,
    place: usize,
    errors: &mut Errors,
) -> ErrorField<'a> {
    let FieldAttributes { policy, attempted, .. } = FieldAttributes::parse(&original.attrs, errors);
    let named = original.ident.as_ref().is_some_and(|ident| ident == "source");
    let marked = original
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("source") || attribute.path().is_ident("from"));
    let span = Span::call_site().located_at(original.ty.span());
    ErrorField {
        member,
        bound: format_ident!("__{}", place, span = span),
        policy,
        attempted,
        is_cause: named || marked,
        original,
    }
}

fn member_name(member: &Member) -> String {
    match member {
        Member::Named(ident) => ident.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Writes one field under its policy.
fn value(
    field: &ErrorField<'_>,
    name: &str,
    as_cause: bool,
    words: &mut Words,
    slots: &mut TokenStream,
    errors: &mut Errors,
) -> TokenStream {
    let span = Span::call_site().located_at(field.original.ty.span());
    let Some(policy) = &field.policy else {
        if !field.attempted {
            let at = field.original.ident.as_ref().map_or(field.original.ty.span(), Ident::span);
            errors.push(syn::Error::new(
                at,
                format!(
                    "`{name}` stands in the message and has no policy: say what of it may leave, `#[telemetry(drop)]`, `#[telemetry(scrub(known))]`, `#[telemetry(kind)]` (of an error), ..."
                ),
            ));
        }
        return TokenStream::new();
    };
    refuse_without_event(policy, span, errors);
    let bound = &field.bound;
    if let Policy::Drop = policy {
        if as_cause {
            return TokenStream::new();
        }
        let place = words.place(name);
        return quote!(__d.dropped::<Self>(#place););
    }
    let slot = format_ident!("__K{}", bound);
    let named = Named { names: vec![name.to_owned()], ty: Some(&field.original.ty), span };
    named.check(policy, errors);
    let (inside, asked) = (TokenStream::new(), named.asked(policy));
    let scope = Scope { event: None, field: name, inside, slot, asked };
    let leaf = apply(policy, &quote!(#bound), &scope, span, slots);
    if as_cause {
        quote_spanned!(span=> __d.cause(&#leaf);)
    } else {
        let place = words.place(name);
        quote_spanned!(span=> __d.value::<Self>(#place, &#leaf);)
    }
}

/// What a variant says.
enum VariantText {
    Pieces(Vec<Piece>, Span),
    /// What its only field says.
    Transparent,
}

/// `#[error("...")]` or `#[error(transparent)]`; without one, the name in words.
fn text(attributes: &[Attribute], ident: &Ident, errors: &mut Errors) -> VariantText {
    let Some(attribute) = attributes.iter().find(|attribute| attribute.path().is_ident("error"))
    else {
        let words = snake(&ident.unraw().to_string()).replace('_', " ");
        return VariantText::Pieces(vec![Piece::Literal(words)], ident.span());
    };
    let Meta::List(list) = &attribute.meta else {
        errors.at(attribute, "expected `#[error(\"...\")]`");
        return VariantText::Transparent;
    };
    // What stands behind the text makes values that are no fields; where the
    // text names one, that is said there.
    let first = list.tokens.clone().into_iter().next().map(TokenStream::from).unwrap_or_default();
    if let Ok(ident) = syn::parse2::<Ident>(first.clone())
        && ident == "transparent"
    {
        return VariantText::Transparent;
    }
    let read = syn::parse2::<LitStr>(first)
        .map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected a text, as in `#[error(\"could not open {path}\")]`",
            )
        })
        .and_then(|text| Ok((pieces(&text, true)?, text.span())));
    match read {
        Ok((pieces, span)) => VariantText::Pieces(pieces, span),
        Err(error) => {
            errors.push(error);
            VariantText::Pieces(Vec::new(), ident.span())
        }
    }
}
