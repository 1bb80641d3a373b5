//! How each policy reads what stands in its parentheses and beside it.
//!
//! It owns the forms of policies and what is said of a wrong one. It must never
//! know the field that a policy is for.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{Lit, TypePath};

use crate::arguments::{ClosedList, bits, bounds, closed_list, range, step};
use crate::item::{AttributeItem, ItemValue};
use crate::policy::{ANY, DIGESTIBLE, HashKey, IDENTIFIER, LeafPolicy, Policy, Row, SERIALIZE};
use crate::source::type_text;

pub(crate) fn word(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    item.word().map(|()| Policy::Leaf(LeafPolicy::new(row)))
}

pub(crate) fn allow(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    const FORM: &str = "`allow` is written alone, or with a reason: `allow(because = \"...\")`";
    let inner = match &item.value {
        ItemValue::Word => {
            return Ok(Policy::Leaf(LeafPolicy {
                described_by: Some("ALLOWED"),
                ..LeafPolicy::new(row)
            }));
        }
        ItemValue::List(..) => item.list()?,
        _ => return Err(item.error(FORM)),
    };
    let [because] = inner.as_slice() else { return Err(item.error(FORM)) };
    if !because.is("because") {
        return Err(item.error(FORM));
    }
    let reason = because.text()?;
    Ok(Policy::Leaf(LeafPolicy {
        function: "vouched",
        schema: "vouched",
        bound: SERIALIZE,
        described_with: vec![quote!(#reason)],
        because: Some(reason),
        ..LeafPolicy::new(row)
    }))
}

pub(crate) fn scrub(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    const FORM: &str = "`scrub` is written alone, with `known` (which hides unknown words too), or with a reason: `scrub(because = \"...\")`";
    let inner = match &item.value {
        ItemValue::Word => return word(row, item),
        ItemValue::List(..) => item.list().map_err(|error| syn::Error::new(error.span(), FORM))?,
        _ => return Err(item.error(FORM)),
    };
    let mut leaf = LeafPolicy::new(row);
    if inner.is_empty() {
        return Err(item.error(FORM));
    }
    for option in inner {
        let twice = match option.name.to_string().as_str() {
            "known" => {
                option.word()?;
                leaf.function = "scrub_known";
                std::mem::replace(&mut leaf.schema, "scrub_known") == "scrub_known"
            }
            "because" => leaf.because.is_some() || leaf.give_reason(&option).map(|()| false)?,
            _ => return Err(option.error(FORM)),
        };
        if twice {
            return Err(option.error(format!("`{}` is written twice", option.name)));
        }
    }
    Ok(Policy::Leaf(leaf))
}

impl LeafPolicy {
    /// `because = "..."` inside the policy, for what leaves more than usual.
    fn give_reason(&mut self, item: &AttributeItem) -> syn::Result<()> {
        let reason = item.text()?;
        let more = &self.described_more;
        self.described_more = quote!(#more.because(#reason));
        self.because = Some(reason);
        Ok(())
    }
}

pub(crate) fn hash(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    let (mut sha256, mut lowercase, mut via, mut because) = (false, false, None, None);
    if !matches!(item.value, ItemValue::Word) {
        let inner = item.list()?;
        if inner.is_empty() {
            return Err(item.error("write `hash` without parentheses"));
        }
        for option in inner {
            let twice = match option.name.to_string().as_str() {
                "sha256" => option.word().map(|()| std::mem::replace(&mut sha256, true))?,
                "lowercase" => option.word().map(|()| std::mem::replace(&mut lowercase, true))?,
                "via" => via.replace(path(&option)?).is_some(),
                "because" => because.replace(option.copy()).is_some(),
                "domain" => {
                    return Err(option.error(
                        "`domain` stands beside `hash`, not inside: `#[telemetry(hash, domain = \"...\")]`",
                    ));
                }
                _ => {
                    return Err(option.error(
                        "`hash` takes `sha256`, `lowercase` and `via = path::to::function`, and with `sha256` `because = \"...\"`",
                    ));
                }
            };
            if twice {
                return Err(option.error(format!("`{}` is written twice", option.name)));
            }
        }
    }
    let described_more = via.as_ref().map(|function| {
        let text = type_text(function.to_token_stream());
        quote!(.via(#text))
    });
    let mut leaf = LeafPolicy {
        arguments: vec![quote!(#lowercase)],
        described_more: described_more.unwrap_or_default(),
        // Whether the function tells two keys apart, nobody knows.
        folds: lowercase || via.is_some(),
        ..LeafPolicy::new(row)
    };
    (leaf.function, leaf.schema, leaf.bound) = match (sha256, via.is_some()) {
        (false, false) => ("hash", "hash", IDENTIFIER),
        (false, true) => ("hash_via", "hash", ANY),
        (true, false) => ("sha256", "sha256", DIGESTIBLE),
        (true, true) => ("sha256_via", "sha256", ANY),
    };
    leaf.key = (!sha256).then(HashKey::default);
    leaf.via = via;
    if let Some(because) = because {
        if !sha256 {
            return Err(because.error(
                "a keyed `hash` needs no reason: take `because` out; `hash(sha256, because = \"...\")` has one",
            ));
        }
        leaf.give_reason(&because)?;
    }
    Ok(Policy::Leaf(leaf))
}

/// `name = path::to::function`.
fn path(item: &AttributeItem) -> syn::Result<TypePath> {
    match &item.value {
        ItemValue::Path(path) => Ok(path.clone()),
        _ => {
            Err(item
                .error(format!("`{0}` takes a function: `{0} = path::to::function`", item.name)))
        }
    }
}

/// `domain = "user"` beside `hash`.
pub(crate) fn domain(leaf: &mut LeafPolicy, item: &AttributeItem) -> syn::Result<()> {
    let text = item.text()?;
    if text.value().trim().is_empty() {
        return Err(syn::Error::new(
            text.span(),
            "an empty domain: it is the name that fields share whose pseudonyms may be joined, such as `host`",
        ));
    }
    let Some(key) = &mut leaf.key else {
        return Err(item.error(
            "`domain` does nothing here: `hash(sha256)` has no key, and equal values are equal everywhere already",
        ));
    };
    let more = &leaf.described_more;
    leaf.described_more = quote!(#more.in_domain(#text));
    key.domain = Some(text);
    Ok(())
}

pub(crate) fn bucket(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    let bounds = bounds(item)?;
    let labels = bounds.labels();
    Ok(Policy::Leaf(LeafPolicy {
        arguments: vec![bounds.tokens()],
        applied_with: vec![quote!(&[#(#labels),*])],
        ..LeafPolicy::new(row)
    }))
}

/// `histogram(10, 100)`, also as `histogram = "10, 100"`.
pub(crate) fn histogram(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    let mut item = item.copy();
    if let ItemValue::Lit(Lit::Str(text)) = &item.value {
        item.value = ItemValue::List(text.parse()?);
    }
    let bounds = bounds(&item)?;
    if bounds.len() > MOST_BOUNDS {
        return Err(item.error(format!(
            "a histogram has at most {MOST_BOUNDS} bounds, and this one has {}: a number is kept for each range of each combination",
            bounds.len()
        )));
    }
    if !bounds.fit_json() {
        return Err(item.error("a bound of a histogram is a number of 64 bits with a sign"));
    }
    Ok(Policy::Leaf(LeafPolicy { arguments: vec![bounds.tokens()], ..LeafPolicy::new(row) }))
}

/// The usual number of ranges is about ten; who needs more than a hundred wants
/// the numbers themselves.
const MOST_BOUNDS: usize = 100;

pub(crate) fn round(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    let step = step(item)?;
    let literal = Literal::u64_unsuffixed(step);
    Ok(Policy::Leaf(LeafPolicy { arguments: vec![quote!(#literal)], step, ..LeafPolicy::new(row) }))
}

pub(crate) fn clamp(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    let arguments = bounds_of_clamp(item, 1)?;
    Ok(Policy::Leaf(LeafPolicy { arguments, ..LeafPolicy::new(row) }))
}

/// `clamp(0, 100)` beside a policy that leaves a whole number.
pub(crate) fn clamped(
    leaf: &mut LeafPolicy,
    item: &AttributeItem,
    function: &'static str,
    of: &'static str,
) -> syn::Result<()> {
    leaf.arguments.extend(bounds_of_clamp(item, leaf.step)?);
    (leaf.function, leaf.schema) = (function, function);
    leaf.bound.of = Some(of);
    Ok(())
}

fn bounds_of_clamp(item: &AttributeItem, step: u64) -> syn::Result<Vec<TokenStream>> {
    let (low, high) = range(item, step)?;
    let [low, high] = [low, high].map(Literal::i128_unsuffixed);
    Ok(vec![quote!(&[#low, #high])])
}

pub(crate) fn known(
    row: &'static Row,
    item: &AttributeItem,
    list: &ClosedList,
) -> syn::Result<Policy> {
    let values = closed_list(item, list)?;
    Ok(Policy::Leaf(LeafPolicy {
        arguments: vec![quote!(&[#(#values),*])],
        ..LeafPolicy::new(row)
    }))
}

pub(crate) const ONE_OF: ClosedList = ClosedList {
    example: "one_of(\"ssh\", \"winrm\")",
    why: "any other value leaves as `other`",
    lowercase: false,
};
pub(crate) const FILE_EXTENSION: ClosedList = ClosedList {
    example: "file_extension(\"rs\", \"toml\")",
    why: "what follows the last dot of a name can itself be personal (`notes.jane_doe`), so that only extensions from a closed list leave, and any other as `other`",
    lowercase: true,
};
pub(crate) const HOST_SUFFIX: ClosedList = ClosedList {
    example: "host_suffix(\"corp.example\", \"cloud.example\")",
    why: "the last parts of a host's name can name a person or a customer (`jane-doe.example`), so that only domains from a closed list leave, and any other as `other`",
    lowercase: true,
};
pub(crate) const EMAIL_DOMAIN: ClosedList = ClosedList {
    example: "email_domain(\"gmail.com\", \"corp.example\")",
    why: "the domain of an address can name a person (`me@jane-doe.example`), so that only domains from a closed list leave, and any other as `other`",
    lowercase: true,
};

/// The most bits that leave without a reason: a network of 256 addresses, and
/// the network that a provider gives one household of 256 such networks.
const MOST_BITS: [u8; 2] = [24, 56];

pub(crate) fn truncate_ip(row: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    // What is commonly held to be a network of many users, not one line.
    let (mut v4, mut v6) = (24, 48);
    let mut leaf = LeafPolicy::new(row);
    if !matches!(item.value, ItemValue::Word) {
        const FORM: &str =
            "`truncate_ip` takes the bits that are kept: `truncate_ip(v4 = 24, v6 = 48)`";
        for option in item.list().map_err(|error| syn::Error::new(error.span(), FORM))? {
            match option.name.to_string().as_str() {
                "v4" => v4 = bits(&option, 32)?,
                "v6" => v6 = bits(&option, 128)?,
                "because" => leaf.give_reason(&option)?,
                _ => return Err(option.error(FORM)),
            }
        }
    }
    let [most_v4, most_v6] = MOST_BITS;
    if leaf.because.is_none() && (v4 > most_v4 || v6 > most_v6) {
        return Err(item.error(format!(
            "this keeps so much that few share it: at most {most_v4} bits of an IPv4 address and {most_v6} of an IPv6 address leave without a reason, `truncate_ip(v4 = {v4}, v6 = {v6}, because = \"...\")`",
        )));
    }
    let arguments = [v4, v6].map(Literal::u8_unsuffixed);
    leaf.arguments = arguments.map(|bits| quote!(#bits)).into();
    Ok(Policy::Leaf(leaf))
}

pub(crate) fn with(_: &'static Row, item: &AttributeItem) -> syn::Result<Policy> {
    path(item).map(Policy::With)
}
