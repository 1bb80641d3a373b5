//! `message!`: a text whose every value has a policy.
//!
//! It owns the syntax of the macro and what it becomes. It must never know how
//! a policy is carried out.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, LitStr, Token, bracketed, parenthesized, token};

use crate::choose::choose;
use crate::errors::{Errors, nearest};
use crate::item::AttributeItem;
use crate::named::Named;
use crate::policy::Policy;
use crate::template::{Piece, ident, pieces};
use crate::walk::{Scope, apply};

/// `[$crate] "text {value}", value = policy, ...`
pub(crate) struct MessageInput {
    krate: TokenStream,
    text: LitStr,
    values: Vec<MessageArgument>,
}

/// `path = drop`, `path(&self.path) = drop` or `user = (hash, domain = "user")`.
struct MessageArgument {
    name: Ident,
    expression: Option<Expr>,
    items: Vec<AttributeItem>,
}

impl Parse for MessageInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let krate;
        bracketed!(krate in input);
        let krate = krate.parse()?;
        let text: LitStr = input.parse().map_err(|error| {
            syn::Error::new(
                error.span(),
                "a message begins with its text: `message!(\"could not open {path}\", path = drop)`",
            )
        })?;
        let mut values = Vec::new();
        while !input.is_empty() {
            let _: Token![,] = input.parse()?;
            if input.is_empty() {
                break;
            }
            values.push(input.parse()?);
        }
        Ok(Self { krate, text, values })
    }
}

impl Parse for MessageArgument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = Ident::parse_any(input)?;
        let expression = if input.peek(token::Paren) {
            let inside;
            parenthesized!(inside in input);
            Some(inside.parse()?)
        } else {
            None
        };
        let _: Token![=] = input.parse().map_err(|error| {
            syn::Error::new(error.span(), format!("a value has a policy: `{name} = drop`"))
        })?;
        let items = if input.peek(token::Paren) {
            let inside;
            parenthesized!(inside in input);
            let items: Punctuated<AttributeItem, Token![,]> =
                inside.parse_terminated(AttributeItem::parse, Token![,])?;
            items.into_iter().collect()
        } else {
            vec![input.parse()?]
        };
        Ok(Self { name, expression, items })
    }
}

impl MessageInput {
    pub(crate) fn expand(self) -> TokenStream {
        let mut errors = Errors::default();
        let krate = &self.krate;
        let whole = self.made(&mut errors);
        match errors.finish() {
            Ok(()) => quote!({ use #krate::__private as __t; #whole }),
            Err(error) => {
                let error = error.to_compile_error();
                let nothing = made(&[], &[]);
                quote!({ use #krate::__private as __t; #error #nothing })
            }
        }
    }

    fn made(&self, errors: &mut Errors) -> TokenStream {
        let pieces = pieces(&self.text, false).unwrap_or_else(|error| {
            errors.push(error);
            Vec::new()
        });
        let mut slots = TokenStream::new();
        let policies: Vec<Option<Policy>> =
            self.values.iter().map(|value| value.policy(errors)).collect();
        let mut used = vec![false; self.values.len()];
        let mut parts = Vec::new();
        for (place, piece) in pieces.iter().enumerate() {
            let place = Literal::usize_unsuffixed(place);
            let name = match piece {
                Piece::Literal(_) => {
                    parts.push(quote!(__t::Part::Literal(#place)));
                    continue;
                }
                Piece::Value(name) => name,
            };
            let named = |value: &&MessageArgument| value.name.unraw() == *name;
            let Some(which) = self.values.iter().position(|value| named(&value)) else {
                errors.push(self.without_policy(name));
                continue;
            };
            if let Some(used) = used.get_mut(which) {
                *used = true;
            }
            if let (Some(value), Some(Some(policy))) = (self.values.get(which), policies.get(which))
            {
                let slot = format_ident!("__K{}", parts.len());
                parts.push(value.part(name, policy, &place, slot, &mut slots, errors));
            }
        }
        for (value, _) in self.values.iter().zip(used).filter(|(_, used)| !used) {
            let name = &value.name;
            errors.at(name, format!("the text does not have `{{{name}}}`"));
        }
        let made = made(&pieces, &parts);
        quote!(#slots #made)
    }

    fn without_policy(&self, name: &str) -> syn::Error {
        let names: Vec<String> =
            self.values.iter().map(|value| value.name.unraw().to_string()).collect();
        let meant = nearest(name, names.iter().map(String::as_str))
            .map_or_else(String::new, |meant| format!("; did you mean `{{{meant}}}`?"));
        syn::Error::new(
            self.text.span(),
            format!(
                "the value `{name}` has no policy: say behind the text what of it may leave, `{name} = drop`, `{name} = scrub(known)`, `{name} = kind` (of an error), ...{meant}"
            ),
        )
    }
}

/// A type of its own holds the words, so that they are the compiler's.
fn made(pieces: &[Piece], parts: &[TokenStream]) -> TokenStream {
    let words = pieces.iter().map(Piece::word);
    quote! {
        enum __Said {}
        impl __t::Wording for __Said {
            const WORDS: &'static [&'static __t::Text] = &[#(#words),*];
        }
        __t::made_message::<__Said>(__t::vec![#(#parts),*])
    }
}

impl MessageArgument {
    /// The value under its policy; `place` is that of its name.
    fn part(
        &self,
        name: &str,
        policy: &Policy,
        place: &Literal,
        slot: Ident,
        slots: &mut TokenStream,
        errors: &mut Errors,
    ) -> TokenStream {
        let span = self.name.span();
        refuse_without_event(policy, span, errors);
        let read = self.read(errors);
        if let Policy::Drop = policy {
            // The variable is used, whatever becomes of it.
            return quote_spanned!(span=> { let _ = #read; __t::Part::Dropped(#place) });
        }
        let named = Named { names: vec![name.to_owned()], ty: None, span };
        named.check(policy, errors);
        let (inside, asked) = (TokenStream::new(), named.asked(policy));
        let scope = Scope { event: None, field: name, inside, slot, asked };
        let leaf = apply(policy, &read, &scope, span, slots);
        quote_spanned!(span=> __t::Part::value(#place, #leaf))
    }

    fn policy(&self, errors: &mut Errors) -> Option<Policy> {
        let hint = "a value of a message takes one policy, and with `hash` `domain`";
        // An item can be read once: `AttributeItem` holds no copy.
        let items = self.items.iter().map(AttributeItem::copy).collect();
        choose(items, hint, errors).policy
    }

    /// A reference to the value.
    fn read(&self, errors: &mut Errors) -> TokenStream {
        let span = self.name.span();
        match &self.expression {
            Some(expression) => quote_spanned!(span=> &#expression),
            None => match ident(&self.name.to_string(), span) {
                Ok(name) => quote_spanned!(span=> &#name),
                Err(error) => {
                    errors.push(error);
                    TokenStream::new()
                }
            },
        }
    }
}

/// A key of a field is that of its event, and a message is in none.
pub(crate) fn refuse_without_event(policy: &Policy, span: Span, errors: &mut Errors) {
    match policy {
        Policy::Leaf(leaf) if leaf.key.as_ref().is_some_and(|key| key.domain.is_none()) => {
            errors.push(syn::Error::new(
                span,
                "a hash outside of an event has a domain, which says where equal pseudonyms are: `(hash, domain = \"user\")`",
            ));
        }
        Policy::Leaf(leaf) if leaf.row.name == "histogram" => errors.push(syn::Error::new(
            span,
            "`histogram` adds up the numbers of a counted event, and this is none: take `bucket(...)`",
        )),
        Policy::Nested | Policy::Entries { .. } => errors.push(syn::Error::new(
            span,
            "a list or a map is no part of a sentence: take `count`, or make a field of it",
        )),
        _ => {}
    }
}
