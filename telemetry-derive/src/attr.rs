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
            Self::Event => &[
                "name",
                "purpose",
                "version",
                "rename_all",
                "since",
                "owner",
                "question",
                "expires",
                "time",
                "max_bits",
                "count",
                "crate",
            ],
            Self::Variant => &[
                "name",
                "purpose",
                "version",
                "rename_all",
                "since",
                "owner",
                "question",
                "expires",
                "time",
                "max_bits",
                "count",
            ],
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
    pub(crate) since: Option<LitStr>,
    pub(crate) owner: Option<LitStr>,
    pub(crate) question: Option<LitStr>,
    pub(crate) expires: Option<LitStr>,
    /// The name of a variant of `TimePrecision`.
    pub(crate) time: Option<&'static str>,
    pub(crate) max_bits: Option<MaxBits>,
    pub(crate) count: Option<Count>,
}

/// `max_bits = 24`.
pub(crate) struct MaxBits {
    pub(crate) value: u32,
    pub(crate) span: Span,
}

/// `count = "day"` or `count(period = "day", top = 1_000)`.
pub(crate) struct Count {
    /// The name of a variant of `Period`.
    pub(crate) period: &'static str,
    pub(crate) top: Option<u32>,
    pub(crate) span: Span,
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
            "since" => self.since = Some(item.filled_text(SINCE)?),
            "owner" => {
                self.owner = Some(item.filled_text(
                    "the person or team that answers for it: `owner = \"cli-team\"`",
                )?)
            }
            "question" => {
                self.question = Some(item.filled_text(
                    "what you want to learn from it: `question = \"Which commands fail?\"`",
                )?)
            }
            "expires" => self.expires = Some(day(item)?),
            "time" => self.time = Some(choice(&item.text()?, &TIMES)?),
            "max_bits" => self.max_bits = Some(max_bits(item)?),
            "count" => self.count = Some(count(item)?),
            _ => self.krate = Some(item.text()?.parse()?),
        }
        Ok(())
    }
}

/// What `since` says.
const SINCE: &str = "the version of the notice that first speaks of it: `since = \"2\"`";

/// How exact the time is that leaves, and the variant of `TimePrecision`.
const TIMES: [(&str, &str); 2] = [("hour", "Hour"), ("day", "Day")];

/// What is counted over, and the variant of `Period`.
const PERIODS: [(&str, &str); 4] =
    [("run", "Run"), ("hour", "Hour"), ("day", "Day"), ("week", "Week")];

fn choice(text: &LitStr, choices: &[(&str, &'static str)]) -> syn::Result<&'static str> {
    let written = text.value();
    choices.iter().find(|(name, _)| *name == written).map(|(_, variant)| *variant).ok_or_else(
        || {
            let names: Vec<String> =
                choices.iter().map(|(name, _)| format!("`\"{name}\"`")).collect();
            syn::Error::new(text.span(), format!("expected one of {}", names.join(", ")))
        },
    )
}

/// `expires = "2027-06-30"`.
fn day(item: &Item) -> syn::Result<LitStr> {
    let text = item.text()?;
    if is_day(&text.value()) {
        Ok(text)
    } else {
        Err(syn::Error::new(
            text.span(),
            "expected the last day on which it is recorded, as year, month and day: `expires = \"2027-06-30\"`",
        ))
    }
}

/// Whether `text` is a day of the calendar, as `2027-06-30`.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        let part = text.get(range)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (digits(0..4), digits(5..7), digits(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    bytes.len() == 10
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && (1..=days).contains(&day)
}

fn max_bits(item: &Item) -> syn::Result<MaxBits> {
    match &item.value {
        Value::Lit(Lit::Int(int)) => Ok(MaxBits { value: int.base10_parse()?, span: int.span() }),
        _ => Err(item.error("`max_bits` takes a whole number of bits: `max_bits = 24`")),
    }
}

fn count(item: &Item) -> syn::Result<Count> {
    const FORM: &str = "`count` takes the period that is counted over, `count = \"day\"`, or with the number of combinations that are counted apart `count(period = \"day\", top = 1_000)`";
    let span = item.name.span();
    let Value::List(_) = &item.value else {
        let Value::Lit(Lit::Str(period)) = &item.value else { return Err(item.error(FORM)) };
        return Ok(Count { period: choice(period, &PERIODS)?, top: None, span });
    };
    let (mut period, mut top) = (None, None);
    for option in item.list()? {
        match (option.name.to_string().as_str(), &option.value) {
            ("period", Value::Lit(Lit::Str(text))) if period.is_none() => {
                period = Some(choice(text, &PERIODS)?);
            }
            ("top", Value::Lit(Lit::Int(int))) if top.is_none() => {
                let number: u32 = int.base10_parse()?;
                if number == 0 {
                    return Err(syn::Error::new(int.span(), "a number from 1 on"));
                }
                top = Some(number);
            }
            _ => return Err(option.error(FORM)),
        }
    }
    match period {
        Some(period) => Ok(Count { period, top, span }),
        None => Err(item.error(FORM)),
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
    pub(crate) since: Option<LitStr>,
    pub(crate) renamed_from: Option<LitStr>,
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
                "since" => &mut field.since,
                "renamed_from" => &mut field.renamed_from,
                _ => {
                    rest.push(item);
                    continue;
                }
            };
            let text = match item.name.to_string().as_str() {
                "since" => item.filled_text(SINCE),
                "renamed_from" => {
                    item.filled_text("the name that the field had before: `renamed_from = \"...\"`")
                }
                _ => item.text(),
            };
            match text {
                Ok(_) if slot.is_some() => {
                    errors.push(item.error(format!("`{}` is written twice", item.name)));
                }
                Ok(text) => *slot = Some(text),
                Err(error) => errors.push(error),
            }
        }
        let hint = "a field takes one policy, and beside it `rename`, `purpose`, `since`, `renamed_from`, and with `hash` `domain`";
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
    let names = NAMES.iter().map(|(name, _)| *name).chain([
        "rename",
        "purpose",
        "since",
        "renamed_from",
        "domain",
    ]);
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
