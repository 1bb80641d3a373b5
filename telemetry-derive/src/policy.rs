//! The policies, as attributes write them.
//!
//! To add one: a row in [`NAMES`], a variant of [`Policy`], a line in
//! [`Policy::parse`], its bound in `generics`, and its tokens in `expand`.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Lit, LitStr, Path, Token};

use crate::attr::{Item, Value};

/// Every policy's name with what it is for, in the order in which messages
/// list them.
pub(crate) const NAMES: [(&str, &str); 17] = [
    ("allow", "`allow` (its type cannot hold personal data)"),
    ("drop", "`drop` (never read)"),
    ("hash", "`hash` (a keyed pseudonym)"),
    ("scrub", "`scrub` (free text)"),
    ("bucket", "`bucket(10, 100)` (a range)"),
    ("one_of", "`one_of(\"...\")` (known values)"),
    ("truncate_ip", "`truncate_ip`"),
    ("length", "`length`"),
    ("presence", "`presence`"),
    ("count", "`count`"),
    ("file_extension", "`file_extension(\"rs\")`"),
    ("host_suffix", "`host_suffix(\"corp.example\")`"),
    ("email_domain", "`email_domain(\"example.com\")`"),
    ("with", "`with = path::to::function`"),
    ("nested", "`nested` (it derives `TelemetryFields`)"),
    ("keys", "`keys(...), values(...)` (a map)"),
    ("values", ""),
];

/// What other systems call a policy, and what it is called here.
pub(crate) const SYNONYMS: [(&str, &str); 16] = [
    ("anonymize", "hash"),
    ("anonymise", "hash"),
    ("pseudonymize", "hash"),
    ("pseudonym", "hash"),
    ("encrypt", "hash"),
    ("sha256", "hash(sha256)"),
    ("public", "allow"),
    ("plain", "allow"),
    ("keep", "allow"),
    ("ignore", "drop"),
    ("skip", "drop"),
    ("secret", "drop"),
    ("remove", "drop"),
    ("redact", "scrub"),
    ("mask", "scrub"),
    ("len", "length"),
];

/// How a field leaves.
pub(crate) enum Policy {
    Allow,
    Vouched(LitStr),
    Drop,
    Hash { sha256: bool, lowercase: bool, domain: Option<LitStr> },
    Scrub,
    Bucket(Bounds),
    OneOf(Vec<LitStr>),
    TruncateIp { v4: u8, v6: u8 },
    Length,
    Presence,
    Count,
    FileExtension(Vec<LitStr>),
    HostSuffix(Vec<LitStr>),
    EmailDomain(Vec<LitStr>),
    With(Path),
    Nested,
    Entries { keys: Box<Policy>, values: Box<Policy> },
}

/// The bounds of `bucket`, ascending.
pub(crate) enum Bounds {
    Int(Vec<i128>),
    Float(Vec<f64>),
}

impl Policy {
    /// The policy that `item` names; `keys` and `values` are read by `attr`.
    pub(crate) fn parse(item: &Item) -> syn::Result<Self> {
        let name = item.name.unraw().to_string();
        match name.as_str() {
            "allow" => Self::parse_allow(item),
            "hash" => Self::parse_hash(item),
            "bucket" => parse_bounds(item).map(Self::Bucket),
            "one_of" => closed_list(item, ONE_OF).map(Self::OneOf),
            "truncate_ip" => Self::parse_truncate_ip(item),
            "file_extension" => closed_list(item, FILE_EXTENSION).map(Self::FileExtension),
            "host_suffix" => closed_list(item, HOST_SUFFIX).map(Self::HostSuffix),
            "email_domain" => closed_list(item, EMAIL_DOMAIN).map(Self::EmailDomain),
            "with" => match &item.value {
                Value::Path(path) => Ok(Self::With(path.clone())),
                _ => Err(item.error("`with` takes a function: `with = path::to::function`")),
            },
            "drop" => item.word().map(|()| Self::Drop),
            "scrub" => item.word().map(|()| Self::Scrub),
            "length" => item.word().map(|()| Self::Length),
            "presence" => item.word().map(|()| Self::Presence),
            "count" => item.word().map(|()| Self::Count),
            _ => item.word().map(|()| Self::Nested),
        }
    }

    fn parse_allow(item: &Item) -> syn::Result<Self> {
        const FORM: &str = "`allow` is written alone, or with a reason: `allow(because = \"...\")`";
        let inner = match &item.value {
            Value::Word => return Ok(Self::Allow),
            Value::List(..) => item.list()?,
            _ => return Err(item.error(FORM)),
        };
        match inner.as_slice() {
            [because] if because.name == "because" => {
                let reason = because.text()?;
                if reason.value().trim().is_empty() {
                    return Err(syn::Error::new(
                        reason.span(),
                        "the reason is empty: say why this value is harmless; the reason goes into the schema, where reviewers read it",
                    ));
                }
                Ok(Self::Vouched(reason))
            }
            _ => Err(item.error(FORM)),
        }
    }

    fn parse_hash(item: &Item) -> syn::Result<Self> {
        let (mut sha256, mut lowercase) = (false, false);
        if !matches!(item.value, Value::Word) {
            let inner = item.list()?;
            if inner.is_empty() {
                return Err(item.error("write `hash` without parentheses"));
            }
            for option in inner {
                let flag = match option.name.to_string().as_str() {
                    "sha256" => &mut sha256,
                    "lowercase" => &mut lowercase,
                    "domain" => {
                        return Err(option.error(
                            "`domain` stands beside `hash`, not inside: `#[telemetry(hash, domain = \"...\")]`",
                        ));
                    }
                    _ => return Err(option.error("`hash` takes `sha256` and `lowercase`")),
                };
                option.word()?;
                if std::mem::replace(flag, true) {
                    return Err(option.error(format!("`{}` is written twice", option.name)));
                }
            }
        }
        Ok(Self::Hash { sha256, lowercase, domain: None })
    }

    fn parse_truncate_ip(item: &Item) -> syn::Result<Self> {
        // What is commonly held to be a network of many users, not one line.
        let (mut v4, mut v6) = (24, 48);
        if !matches!(item.value, Value::Word) {
            const FORM: &str =
                "`truncate_ip` takes the bits that are kept: `truncate_ip(v4 = 24, v6 = 48)`";
            for option in item.list().map_err(|error| syn::Error::new(error.span(), FORM))? {
                match option.name.to_string().as_str() {
                    "v4" => v4 = option.bits(32)?,
                    "v6" => v6 = option.bits(128)?,
                    _ => return Err(option.error(FORM)),
                }
            }
        }
        Ok(Self::TruncateIp { v4, v6 })
    }

    /// Whether two different keys of a map stay different, or one is left out.
    pub(crate) fn keeps_keys_apart(&self) -> bool {
        matches!(self, Self::Hash { .. } | Self::Allow | Self::Vouched(_) | Self::OneOf(_))
    }
}

impl Item {
    fn bits(&self, all: u8) -> syn::Result<u8> {
        let Value::Lit(Lit::Int(int)) = &self.value else {
            return Err(self.error(format!("`{}` takes a number of bits", self.name)));
        };
        let bits: u8 = int.base10_parse().unwrap_or(u8::MAX);
        if bits == 0 || bits >= all {
            return Err(syn::Error::new(
                int.span(),
                format!(
                    "between 1 and {} bits can be kept: {all} would keep the whole address, 0 none of it",
                    all - 1
                ),
            ));
        }
        Ok(bits)
    }
}

/// What a policy with a closed list says about it.
struct ClosedList {
    example: &'static str,
    why: &'static str,
    lowercase: bool,
}

const ONE_OF: ClosedList = ClosedList {
    example: "one_of(\"ssh\", \"winrm\")",
    why: "any other value leaves as `other`",
    lowercase: false,
};
const FILE_EXTENSION: ClosedList = ClosedList {
    example: "file_extension(\"rs\", \"toml\")",
    why: "what follows the last dot of a name can itself be personal (`notes.jane_doe`), so that only extensions from a closed list leave, and any other as `other`",
    lowercase: true,
};
const HOST_SUFFIX: ClosedList = ClosedList {
    example: "host_suffix(\"corp.example\", \"cloud.example\")",
    why: "the last parts of a host's name can name a person or a customer (`jane-doe.example`), so that only domains from a closed list leave, and any other as `other`",
    lowercase: true,
};
const EMAIL_DOMAIN: ClosedList = ClosedList {
    example: "email_domain(\"gmail.com\", \"corp.example\")",
    why: "the domain of an address can name a person (`me@jane-doe.example`), so that only domains from a closed list leave, and any other as `other`",
    lowercase: true,
};

fn closed_list(item: &Item, form: ClosedList) -> syn::Result<Vec<LitStr>> {
    let explain = || {
        let ClosedList { example, why, .. } = form;
        format!("`{}` takes the known values: `{example}`; {why}", item.name)
    };
    let Value::List(tokens) = &item.value else { return Err(item.error(explain())) };
    let values = Punctuated::<LitStr, Token![,]>::parse_terminated
        .parse2(tokens.clone())
        .map_err(|error| syn::Error::new(error.span(), explain()))?;
    if values.is_empty() {
        return Err(item.error(explain()));
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut mistakes = crate::errors::Errors::default();
    for value in &values {
        let text = value.value();
        if text.is_empty() {
            mistakes.at(value, "a known value is not empty");
        } else if text == "other" {
            mistakes.at(value, "`other` stands for every value that is not in the list");
        } else if form.lowercase && text != text.to_lowercase() {
            mistakes.at(
                value,
                format!("in lower case, `{}`: case does not matter here", text.to_lowercase()),
            );
        } else if form.lowercase && (text.starts_with('.') || text.contains(['@', '/'])) {
            mistakes
                .at(value, format!("without `.` before it, `@` or `/`, as in `{}`", form.example));
        }
        if !seen.insert(text) {
            mistakes.at(value, "this value is in the list already");
        }
    }
    mistakes.finish()?;
    Ok(values.into_iter().collect())
}

fn parse_bounds(item: &Item) -> syn::Result<Bounds> {
    const FORM: &str =
        "`bucket` takes the bounds between its ranges, ascending: `bucket(10, 100, 1_000)`";
    let Value::List(tokens) = &item.value else { return Err(item.error(FORM)) };
    let bounds = Punctuated::<Bound, Token![,]>::parse_terminated
        .parse2(tokens.clone())
        .map_err(|error| syn::Error::new(error.span(), FORM))?;
    if bounds.is_empty() {
        return Err(item.error(FORM));
    }
    let mut mistakes = crate::errors::Errors::default();
    for (before, bound) in bounds.iter().zip(bounds.iter().skip(1)) {
        if !before.is_below(bound) {
            mistakes.push(syn::Error::new(
                bound.span,
                format!(
                    "bounds ascend, and {} does not come after {}",
                    bound.number, before.number
                ),
            ));
        }
    }
    mistakes.finish()?;
    let ints: Option<Vec<i128>> = bounds.iter().map(|bound| bound.int).collect();
    Ok(match ints {
        Some(ints) => Bounds::Int(ints),
        None => Bounds::Float(bounds.iter().map(|bound| bound.number).collect()),
    })
}

struct Bound {
    span: Span,
    int: Option<i128>,
    number: f64,
}

impl Bound {
    fn is_below(&self, other: &Self) -> bool {
        match (self.int, other.int) {
            (Some(this), Some(other)) => this < other,
            _ => self.number < other.number,
        }
    }
}

impl Parse for Bound {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let minus: Option<Token![-]> = input.parse()?;
        let literal: Lit = input.parse()?;
        let sign = if minus.is_some() { "-" } else { "" };
        let (int, number) = match &literal {
            Lit::Int(int) => {
                let int: i128 = format!("{sign}{}", int.base10_digits()).parse().map_err(|_| {
                    syn::Error::new(int.span(), "this bound needs more than 128 bits")
                })?;
                (Some(int), int as f64)
            }
            Lit::Float(float) => {
                (None, format!("{sign}{}", float.base10_digits()).parse().unwrap_or(f64::NAN))
            }
            _ => return Err(syn::Error::new(literal.span(), "a bound is a number")),
        };
        let span = literal.span();
        let span = minus.and_then(|minus| minus.span().join(span)).unwrap_or(span);
        Ok(Self { span, int, number })
    }
}

impl Bounds {
    /// The label of every range: one more than there are bounds.
    pub(crate) fn labels(&self) -> Vec<String> {
        let bounds: Vec<String> = match self {
            Self::Int(bounds) => bounds.iter().map(ToString::to_string).collect(),
            Self::Float(bounds) => bounds.iter().map(ToString::to_string).collect(),
        };
        let lowest = bounds.first().map(|bound| format!("<{bound}"));
        let between =
            bounds.iter().zip(bounds.iter().skip(1)).map(|(low, high)| format!("{low}..{high}"));
        let highest = bounds.last().map(|bound| format!(">={bound}"));
        lowest.into_iter().chain(between).chain(highest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_each_range() {
        assert_eq!(
            Bounds::Int(vec![10, 100, 1000]).labels(),
            ["<10", "10..100", "100..1000", ">=1000"]
        );
        assert_eq!(Bounds::Float(vec![-0.5, 10.0]).labels(), ["<-0.5", "-0.5..10", ">=10"]);
    }
}
