//! What the attributes of types, variants and fields say.
//!
//! It owns the keys beside the policies, and where each belongs. It must never
//! know what is written for a key.

use proc_macro2::Span;
use syn::{Attribute, Ident, Lit, LitStr, Path};

use crate::case::{CASES, Case};
use crate::choose::choose;
use crate::errors::{Errors, nearest};
use crate::item::{AttributeItem, ItemValue, telemetry};
use crate::keys::Site;
use crate::policy::Policy;
use crate::table::row;

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
    pub(crate) count: Option<CountAttribute>,
    /// The keys that are written, with and without mistakes.
    written: Vec<Ident>,
}

/// `max_bits = 24`.
pub(crate) struct MaxBits {
    pub(crate) value: u32,
    pub(crate) span: Span,
}

/// `count = "day"` or `count(period = "day", top = 1_000, identified)`.
pub(crate) struct CountAttribute {
    /// The name of a variant of `Period`.
    pub(crate) period: &'static str,
    pub(crate) top: Option<u32>,
    /// Whether the lines name the installation.
    pub(crate) identified: bool,
    pub(crate) span: Span,
}

impl Container {
    pub(crate) fn parse(attributes: &[Attribute], site: Site, errors: &mut Errors) -> Self {
        let mut container = Self::default();
        let items = telemetry(attributes, errors);
        // A nested type with a purpose is an event too.
        let also_an_event = site == Site::Fields && items.iter().any(|item| item.is("purpose"));
        let site = if also_an_event { Site::Event } else { site };
        for item in items {
            if !site.keys().iter().any(|key| item.is(key)) {
                errors.push(misplaced(&item, site));
            } else if container.written.contains(&item.name) {
                errors.push(item.error(format!("`{}` is written twice", item.name)));
            } else if let Err(error) = container.take(&item) {
                errors.push(error);
            }
            container.written.push(item.name);
        }
        container
    }

    /// Whether the key is written here, be it with a mistake.
    pub(crate) fn attempts(&self, key: &str) -> bool {
        self.written.iter().any(|written| written == key)
    }

    fn take(&mut self, item: &AttributeItem) -> syn::Result<()> {
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
fn day(item: &AttributeItem) -> syn::Result<LitStr> {
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

fn max_bits(item: &AttributeItem) -> syn::Result<MaxBits> {
    match &item.value {
        ItemValue::Lit(Lit::Int(int)) => {
            Ok(MaxBits { value: int.base10_parse()?, span: int.span() })
        }
        _ => Err(item.error("`max_bits` takes a whole number of bits: `max_bits = 24`")),
    }
}

fn count(item: &AttributeItem) -> syn::Result<CountAttribute> {
    const FORM: &str = "`count` takes the period that is counted over, `count = \"day\"`, or with the number of combinations that are counted apart `count(period = \"day\", top = 1_000)`; with `identified` among them the lines name the installation";
    let span = item.name.span();
    let ItemValue::List(_) = &item.value else {
        let ItemValue::Lit(Lit::Str(period)) = &item.value else { return Err(item.error(FORM)) };
        return Ok(CountAttribute {
            period: choice(period, &PERIODS)?,
            top: None,
            identified: false,
            span,
        });
    };
    let (mut period, mut top, mut identified) = (None, None, false);
    for option in item.list()? {
        match (option.name.to_string().as_str(), &option.value) {
            ("period", ItemValue::Lit(Lit::Str(text))) if period.is_none() => {
                period = Some(choice(text, &PERIODS)?);
            }
            ("top", ItemValue::Lit(Lit::Int(int))) if top.is_none() => {
                let number: u32 = int.base10_parse()?;
                if number == 0 {
                    return Err(syn::Error::new(int.span(), "a number from 1 on"));
                }
                top = Some(number);
            }
            ("identified", ItemValue::Word) if !identified => identified = true,
            _ => return Err(option.error(FORM)),
        }
    }
    match period {
        Some(period) => Ok(CountAttribute { period, top, identified, span }),
        None => Err(item.error(FORM)),
    }
}

fn version(item: &AttributeItem) -> syn::Result<u32> {
    match &item.value {
        ItemValue::Lit(Lit::Int(int)) => match int.base10_parse() {
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
fn misplaced(item: &AttributeItem, site: Site) -> syn::Error {
    let name = item.plain_name();
    let keys: Vec<String> = site.keys().iter().map(|key| format!("`{key}`")).collect();
    let takes = format!("{} takes {}", site.what(), keys.join(", "));
    if row(&name).is_some() || name == "domain" {
        let which = if site == Site::Value || site == Site::ValueVariant {
            "it belongs on the field of the event that holds this value"
        } else {
            "it belongs on a field"
        };
        return item.error(format!("`{name}` does nothing here: {which}"));
    }
    if matches!(site, Site::Fields) && Site::Event.keys().contains(&name.as_str()) {
        return item.error(format!(
            "`{name}` does nothing here: it belongs on the event that nests this type; {takes}"
        ));
    }
    if site == Site::Variant && name == "crate" {
        return item.error("`crate` belongs on the enum: it holds for all variants");
    }
    if name == "rename" && site.keys().contains(&"name") {
        return item.error("an event's name is set by `name = \"...\"`; `rename` is for fields");
    }
    match nearest(&name, site.keys().iter().copied()) {
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
        let chosen = choose(rest, hint, errors);
        field.attempted |= chosen.attempted;
        field.policy = chosen.policy;
        if let (Some(Policy::Drop), Some(useless)) =
            (&field.policy, field.rename.as_ref().or(field.purpose.as_ref()))
        {
            errors.at(useless, "this does nothing: a dropped field is never in the output");
        }
        field
    }
}
