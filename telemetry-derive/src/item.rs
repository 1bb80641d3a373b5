//! What `#[telemetry(...)]` says, item by item, and what doc comments say.
//!
//! It owns the syntax: `name`, `name(...)`, `name = ...`. It must never know
//! which names there are.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token, TypePath, parenthesized, token,
};

use crate::errors::Errors;

/// One item of the list: `name`, `name(...)` or `name = ...`.
pub(crate) struct AttributeItem {
    pub(crate) name: Ident,
    pub(crate) value: ItemValue,
    tokens: TokenStream,
}

#[derive(Clone)]
pub(crate) enum ItemValue {
    Word,
    List(TokenStream),
    Lit(Lit),
    /// Also one that begins with a type: `<str>::is_empty`.
    Path(TypePath),
}

impl Parse for AttributeItem {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // Keywords too: `crate` is one.
        let name = Ident::parse_any(input)
            .map_err(|error| syn::Error::new(error.span(), "expected a name, without quotes"))?;
        let mut tokens = name.to_token_stream();
        let value = if input.peek(token::Paren) {
            let inside;
            let paren = parenthesized!(inside in input);
            let inside: TokenStream = inside.parse()?;
            paren.surround(&mut tokens, |tokens| inside.to_tokens(tokens));
            ItemValue::List(inside)
        } else if input.peek(Token![=]) {
            let equals: Token![=] = input.parse()?;
            equals.to_tokens(&mut tokens);
            if input.peek(Lit) {
                let lit: Lit = input.parse()?;
                lit.to_tokens(&mut tokens);
                ItemValue::Lit(lit)
            } else {
                let path: TypePath = input.parse().map_err(|error| {
                    syn::Error::new(error.span(), "expected a text, a number or a path")
                })?;
                path.to_tokens(&mut tokens);
                ItemValue::Path(path)
            }
        } else {
            ItemValue::Word
        };
        Ok(Self { name, value, tokens })
    }
}

impl AttributeItem {
    /// The same item once more.
    pub(crate) fn copy(&self) -> Self {
        Self { name: self.name.clone(), value: self.value.clone(), tokens: self.tokens.clone() }
    }

    pub(crate) fn error(&self, message: impl std::fmt::Display) -> syn::Error {
        syn::Error::new_spanned(&self.tokens, message)
    }

    /// Nothing but the name.
    pub(crate) fn word(&self) -> syn::Result<()> {
        match self.value {
            ItemValue::Word => Ok(()),
            _ => Err(self.error(format!("`{}` is written alone, without arguments", self.name))),
        }
    }

    /// `name = "text"`.
    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        match &self.value {
            ItemValue::Lit(Lit::Str(text)) => Ok(text.clone()),
            _ => Err(self.error(format!("`{0}` takes a text: `{0} = \"...\"`", self.name))),
        }
    }

    /// `name = "text"`, where the text says `what`.
    pub(crate) fn filled_text(&self, what: &str) -> syn::Result<LitStr> {
        let text = self.text()?;
        if text.value().trim().is_empty() {
            return Err(syn::Error::new(text.span(), format!("an empty text: say {what}")));
        }
        Ok(text)
    }

    /// The items of `name(...)`.
    pub(crate) fn list(&self) -> syn::Result<Vec<Self>> {
        match &self.value {
            ItemValue::List(tokens) => items.parse2(tokens.clone()),
            _ => Err(self.error(format!("`{0}` takes a list: `{0}(...)`", self.name))),
        }
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The name without the `r#` of a keyword.
    pub(crate) fn plain_name(&self) -> String {
        self.name.unraw().to_string()
    }
}

fn items(input: ParseStream<'_>) -> syn::Result<Vec<AttributeItem>> {
    let items = input.parse_terminated(AttributeItem::parse, Token![,])?;
    Ok(items.into_iter().collect())
}

/// Every item of every `#[telemetry(...)]` among `attributes`.
pub(crate) fn telemetry(attributes: &[Attribute], errors: &mut Errors) -> Vec<AttributeItem> {
    let mut all = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("telemetry")) {
        match &attribute.meta {
            Meta::List(list) => match items.parse2(list.tokens.clone()) {
                Ok(items) if items.is_empty() => {
                    errors.at(attribute, "this attribute says nothing");
                }
                Ok(items) => all.extend(items),
                Err(error) => errors.push(error),
            },
            _ => errors.at(attribute, "expected `#[telemetry(...)]`"),
        }
    }
    all
}

/// The doc comment: its lines without the space after `///`, joined.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        {
            for line in text.value().split('\n') {
                lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned());
            }
        }
    }
    lines.join("\n").trim().to_owned()
}
