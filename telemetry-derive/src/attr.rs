//! What `#[telemetry(...)]` says, item by item.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token, parenthesized, token};

use crate::case::{CASES, Case};
use crate::errors::{Errors, nearest};
use crate::policy::{NAMES, Policy, SYNONYMS};

/// One item of the list: `name`, `name(...)` or `name = ...`.
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) value: Value,
    tokens: TokenStream,
}

pub(crate) enum Value {
    Word,
    List(TokenStream),
    Lit(Lit),
    Path(Path),
}

impl Parse for Item {
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
            Value::List(inside)
        } else if input.peek(Token![=]) {
            let equals: Token![=] = input.parse()?;
            equals.to_tokens(&mut tokens);
            if input.peek(Lit) {
                let lit: Lit = input.parse()?;
                lit.to_tokens(&mut tokens);
                Value::Lit(lit)
            } else {
                let path: Path = input.parse().map_err(|error| {
                    syn::Error::new(error.span(), "expected a text, a number or a path")
                })?;
                path.to_tokens(&mut tokens);
                Value::Path(path)
            }
        } else {
            Value::Word
        };
        Ok(Self { name, value, tokens })
    }
}

impl Item {
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> syn::Error {
        syn::Error::new_spanned(&self.tokens, message)
    }

    /// Nothing but the name.
    pub(crate) fn word(&self) -> syn::Result<()> {
        match self.value {
            Value::Word => Ok(()),
            _ => Err(self.error(format!("`{}` is written alone, without arguments", self.name))),
        }
    }

    /// `name = "text"`.
    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        match &self.value {
            Value::Lit(Lit::Str(text)) => Ok(text.clone()),
            _ => Err(self.error(format!("`{0}` takes a text: `{0} = \"...\"`", self.name))),
        }
    }

    /// The items of `name(...)`.
    pub(crate) fn list(&self) -> syn::Result<Vec<Self>> {
        match &self.value {
            Value::List(tokens) => items.parse2(tokens.clone()),
            _ => Err(self.error(format!("`{0}` takes a list: `{0}(...)`", self.name))),
        }
    }

    fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

fn items(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let items = input.parse_terminated(Item::parse, Token![,])?;
    Ok(items.into_iter().collect())
}

/// Every item of every `#[telemetry(...)]` among `attributes`.
fn telemetry(attributes: &[Attribute], errors: &mut Errors) -> Vec<Item> {
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

/// Where an attribute stands, and so what it may say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Event,
    Variant,
    Fields,
    Value,
    ValueVariant,
}

impl Place {
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Event => &["name", "purpose", "version", "rename_all", "crate"],
            Self::Variant => &["name", "purpose", "version", "rename_all"],
            Self::Fields | Self::Value => &["rename_all", "crate"],
            Self::ValueVariant => &["rename"],
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Event => "an event",
            Self::Variant => "a variant, which is an event of its own,",
            Self::Fields => "a type that derives `TelemetryFields`",
            Self::Value => "a type that derives `TelemetryValue`",
            Self::ValueVariant => "a variant of a type that derives `TelemetryValue`",
        }
    }
}

/// What is said on a type or a variant.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) name: Option<LitStr>,
    pub(crate) purpose: Option<LitStr>,
    pub(crate) version: Option<u32>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) krate: Option<Path>,
}

impl Container {
    pub(crate) fn parse(attributes: &[Attribute], place: Place, errors: &mut Errors) -> Self {
        let mut container = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        for item in telemetry(attributes, errors) {
            if !place.keys().iter().any(|key| item.is(key)) {
                errors.push(misplaced(&item, place));
            } else if seen.contains(&item.name) {
                errors.push(item.error(format!("`{}` is written twice", item.name)));
            } else if let Err(error) = container.take(&item) {
                errors.push(error);
            }
            seen.push(item.name);
        }
        container
    }

    fn take(&mut self, item: &Item) -> syn::Result<()> {
        match item.name.to_string().as_str() {
            "name" => self.name = Some(item.text()?),
            "purpose" => self.purpose = Some(item.text()?),
            "rename" => self.rename = Some(item.text()?),
            "version" => self.version = Some(version(item)?),
            "rename_all" => self.rename_all = Some(case(&item.text()?)?),
            _ => self.krate = Some(item.text()?.parse()?),
        }
        Ok(())
    }
}

fn version(item: &Item) -> syn::Result<u32> {
    match &item.value {
        Value::Lit(Lit::Int(int)) => match int.base10_parse() {
            Ok(version) if version > 0 => Ok(version),
            _ => Err(syn::Error::new(int.span(), "a version is a number from 1 on, of 32 bits")),
        },
        _ => Err(item.error("`version` takes a number: `version = 2`")),
    }
}

fn case(text: &LitStr) -> syn::Result<Case> {
    let written = text.value();
    CASES.iter().find(|(name, _)| *name == written).map(|(_, case)| *case).ok_or_else(|| {
        let names: Vec<String> = CASES.iter().map(|(name, _)| format!("`{name}`")).collect();
        syn::Error::new(text.span(), format!("expected one of {}", names.join(", ")))
    })
}

/// An item in a place where it would do nothing.
fn misplaced(item: &Item, place: Place) -> syn::Error {
    let name = item.name.unraw().to_string();
    let keys: Vec<String> = place.keys().iter().map(|key| format!("`{key}`")).collect();
    let takes = format!("{} takes {}", place.what(), keys.join(", "));
    if NAMES.iter().any(|(policy, _)| *policy == name) || name == "domain" {
        let which = if place == Place::Value || place == Place::ValueVariant {
            "it belongs on the field of the event that holds this value"
        } else {
            "it belongs on a field"
        };
        return item.error(format!("`{name}` does nothing here: {which}"));
    }
    if matches!(place, Place::Fields) && Place::Event.keys().contains(&name.as_str()) {
        return item.error(format!(
            "`{name}` does nothing here: it belongs on the event that nests this type; {takes}"
        ));
    }
    if place == Place::Variant && name == "crate" {
        return item.error("`crate` belongs on the enum: it holds for all variants");
    }
    if name == "rename" && place.keys().contains(&"name") {
        return item.error("an event's name is set by `name = \"...\"`; `rename` is for fields");
    }
    match nearest(&name, place.keys().iter().copied()) {
        Some(key) => item.error(format!("unknown key `{name}`: did you mean `{key}`?")),
        None => item.error(format!("unknown key `{name}`: {takes}")),
    }
}

/// What is said on a field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) policy: Option<Policy>,
    /// Whether a mistake in the policy has been reported already.
    pub(crate) attempted: bool,
    pub(crate) rename: Option<LitStr>,
    pub(crate) purpose: Option<LitStr>,
}

impl FieldAttributes {
    pub(crate) fn parse(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut field = Self::default();
        let mut rest = Vec::new();
        let items = telemetry(attributes, errors);
        // An attribute that could not be read may have held the policy.
        field.attempted = items.is_empty()
            && attributes.iter().any(|attribute| attribute.path().is_ident("telemetry"));
        for item in items {
            let slot = match item.name.to_string().as_str() {
                "rename" => &mut field.rename,
                "purpose" => &mut field.purpose,
                _ => {
                    rest.push(item);
                    continue;
                }
            };
            match item.text() {
                Ok(_) if slot.is_some() => {
                    errors.push(item.error(format!("`{}` is written twice", item.name)));
                }
                Ok(text) => *slot = Some(text),
                Err(error) => errors.push(error),
            }
        }
        let hint =
            "a field takes one policy, and beside it `rename`, `purpose`, and with `hash` `domain`";
        let (policy, attempted) = choose(rest, hint, errors);
        field.attempted |= attempted;
        field.policy = policy;
        if let (Some(Policy::Drop), Some(useless)) =
            (&field.policy, field.rename.as_ref().or(field.purpose.as_ref()))
        {
            errors.at(useless, "this does nothing: a dropped field is never in the output");
        }
        field
    }
}

/// The one policy of a list of items, and whether the list names one at all.
fn choose(items: Vec<Item>, hint: &str, errors: &mut Errors) -> (Option<Policy>, bool) {
    let mut chosen: Option<(String, Option<Policy>)> = None;
    let (mut keys, mut values, mut domain): (Option<Side>, Option<Side>, Option<(Item, LitStr)>) =
        (None, None, None);
    for item in items {
        let name = item.name.unraw().to_string();
        if name == "domain" {
            match item.text() {
                Ok(text) => domain = Some((item, text)),
                Err(error) => errors.push(error),
            }
            continue;
        }
        if !NAMES.iter().any(|(policy, _)| *policy == name) {
            errors.push(unknown_policy(&item, &name, hint));
            chosen.get_or_insert((name, None));
            continue;
        }
        let side = match name.as_str() {
            "keys" => Some(&mut keys),
            "values" => Some(&mut values),
            _ => None,
        };
        let other = match (&chosen, side.is_some()) {
            (Some((other, _)), _)
                if !(side.is_some() && (other == "keys" || other == "values")) =>
            {
                Some(other)
            }
            _ => None,
        };
        if let Some(other) = other {
            let message = if *other == name {
                format!("`{name}` is written twice")
            } else {
                format!(
                    "a second policy: a field has exactly one, and this one has `{other}` already"
                )
            };
            errors.push(item.error(message));
            continue;
        }
        match side {
            Some(side) if side.is_some() => {
                errors.push(item.error(format!("`{name}` is written twice")));
            }
            Some(side) => {
                *side = Some(Side::parse(item, errors));
                chosen.get_or_insert((name, None));
            }
            None => {
                let policy = Policy::parse(&item).map_err(|error| errors.push(error)).ok();
                chosen = Some((name, policy));
            }
        }
    }
    let attempted = chosen.is_some();
    let mut policy = match (keys, values) {
        (None, None) => chosen.and_then(|(_, policy)| policy),
        (keys, values) => entries(keys, values, errors),
    };
    if let Some((item, text)) = domain {
        give_domain(policy.as_mut(), attempted, &item, text, errors);
    }
    (policy, attempted)
}

fn give_domain(
    policy: Option<&mut Policy>,
    attempted: bool,
    item: &Item,
    text: LitStr,
    errors: &mut Errors,
) {
    match policy {
        _ if text.value().trim().is_empty() => errors.at(
            text,
            "an empty domain: it is the name that fields share whose pseudonyms may be joined, such as `host`",
        ),
        Some(Policy::Hash { sha256: false, domain, .. }) => *domain = Some(text),
        Some(Policy::Hash { .. }) => errors.push(item.error(
            "`domain` does nothing here: `hash(sha256)` has no key, and equal values are equal everywhere already",
        )),
        Some(Policy::Entries { .. }) => errors.push(item.error(
            "`domain` belongs beside the `hash` that it is for: `keys(hash, domain = \"...\")`",
        )),
        // A policy that could not be read, and has been reported, may be a hash.
        None if attempted => {}
        _ => errors.push(item.error("`domain` does nothing here: it says which fields share the key of `hash`")),
    }
}

/// `keys(...)` or `values(...)`.
struct Side {
    item: Item,
    policy: Option<Policy>,
}

impl Side {
    fn parse(item: Item, errors: &mut Errors) -> Self {
        let mut policy = None;
        match item.list() {
            Ok(items) => {
                let hint = format!("`{}` takes one policy", item.name);
                let attempted;
                (policy, attempted) = choose(items, &hint, errors);
                if policy.is_none() && !attempted {
                    errors.push(item.error(format!("{hint}: `{}(hash)`", item.name)));
                }
            }
            Err(error) => errors.push(error),
        }
        Self { item, policy }
    }
}

fn entries(keys: Option<Side>, values: Option<Side>, errors: &mut Errors) -> Option<Policy> {
    match (keys, values) {
        (Some(keys), Some(values)) => {
            if keys.policy.as_ref().is_some_and(|policy| !policy.keeps_keys_apart()) {
                errors.push(keys.item.error(
                    "keys take `hash`, `allow`, `allow(because = \"...\")` or `one_of(...)`, which leaves unknown keys out: any other policy can make two keys equal, and one value would hide the other",
                ));
            }
            if matches!(values.policy, Some(Policy::Drop)) {
                errors.push(values.item.error(
                    "a map without values: `drop` the whole field, or choose `count` to keep the number of entries",
                ));
            }
            Some(Policy::Entries { keys: Box::new(keys.policy?), values: Box::new(values.policy?) })
        }
        (Some(only), None) => {
            errors.push(
                only.item
                    .error("a map needs a policy for its values too: `keys(...), values(...)`"),
            );
            None
        }
        (None, only) => {
            if let Some(only) = only {
                errors.push(only.item.error(
                    "a map needs a policy for its keys too, because keys are data: `keys(...), values(...)`",
                ));
            }
            None
        }
    }
}

fn unknown_policy(item: &Item, name: &str, hint: &str) -> syn::Error {
    if Place::Event.keys().contains(&name) {
        return item.error(format!("`{name}` does nothing here: it belongs on the event; {hint}"));
    }
    if let Some((_, ours)) = SYNONYMS.iter().find(|(theirs, _)| *theirs == name) {
        return item.error(format!("unknown policy `{name}`: here it is called `{ours}`"));
    }
    let names = NAMES.iter().map(|(name, _)| *name).chain(["rename", "purpose", "domain"]);
    match nearest(name, names) {
        Some(near) => item.error(format!("unknown policy `{name}`: did you mean `{near}`?")),
        None => item.error(format!("unknown policy `{name}`; the policies are {}", choices())),
    }
}

/// All policies, for a message.
pub(crate) fn choices() -> String {
    let names: Vec<&str> =
        NAMES.iter().map(|(_, what)| *what).filter(|what| !what.is_empty()).collect();
    names.join(", ")
}

/// The span of the type's position in messages where there is no name.
pub(crate) fn span_of(tokens: impl ToTokens) -> Span {
    syn::spanned::Spanned::span(&tokens.to_token_stream())
}
