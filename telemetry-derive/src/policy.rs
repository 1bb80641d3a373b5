//! The policies, as attributes write them.
//!
//! It owns the table of policies, [`ROWS`], and how each reads its arguments.
//! It must never know the field that a policy is for.
//!
//! To add one: a row in the table here, and a file in `telemetry_core::policy`
//! with the functions that the row names.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{LitStr, TypePath};

use crate::arguments::{ClosedList, bits, bounds, closed_list, range, step};
use crate::item::{Item, Value};
use crate::source::type_text;

/// How a field leaves.
pub(crate) enum Policy {
    Drop,
    Leaf(Leaf),
    With(TypePath),
    Nested,
    Entries { keys: Box<Policy>, values: Box<Policy> },
}

/// A policy that `telemetry_core` applies by one function and describes by
/// another of the same name and `_schema`.
pub(crate) struct Leaf {
    pub(crate) row: &'static Row,
    pub(crate) function: &'static str,
    /// The function that describes it, without `_schema`.
    pub(crate) schema: &'static str,
    pub(crate) bound: Bound,
    /// What both functions take.
    pub(crate) arguments: Vec<TokenStream>,
    /// What the function that applies the policy takes beyond that.
    pub(crate) applied_with: Vec<TokenStream>,
    /// What the function that describes the policy takes beyond that.
    pub(crate) described_with: Vec<TokenStream>,
    /// A constant of `Of` that is the whole description, instead of a call.
    pub(crate) described_by: Option<&'static str>,
    /// What follows the description, such as `.in_domain("user")`.
    pub(crate) described_more: TokenStream,
    /// Whether a value leaves under a key, and which fields share that.
    pub(crate) key: Option<Key>,
    /// A function that makes what the policy is for of a reference to the value.
    pub(crate) via: Option<TypePath>,
    /// Whether it makes `Anna` and `anna` one.
    folds: bool,
    /// The reason that is given.
    pub(crate) because: Option<LitStr>,
    /// The distance between two numbers that may leave.
    step: u64,
}

/// Which key hides the value: that of the field alone, or of a domain.
#[derive(Default)]
pub(crate) struct Key {
    pub(crate) domain: Option<LitStr>,
}

impl Policy {
    /// What becomes of the keys of a map under it.
    pub(crate) fn row_keys(&self) -> Keys {
        match self {
            Self::Leaf(leaf) if leaf.folds => Keys::Collide,
            Self::Leaf(leaf) => leaf.row.keys,
            _ => Keys::Collide,
        }
    }
}

impl Leaf {
    fn new(row: &'static Row) -> Self {
        Self {
            row,
            function: row.function,
            schema: row.function,
            bound: row.bound,
            arguments: Vec::new(),
            applied_with: Vec::new(),
            described_with: Vec::new(),
            described_by: None,
            described_more: TokenStream::new(),
            key: None,
            via: None,
            folds: false,
            because: None,
            step: 1,
        }
    }
}

/// What a policy asks of a type.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// The trait, among those of `telemetry_core::__private`.
    pub(crate) name: &'static str,
    /// The constant of `Of` that the description takes first, if it takes one.
    pub(crate) of: Option<&'static str>,
}

const VALUE: Bound = Bound { name: "TelemetryValue", of: None };
const SERIALIZE: Bound = Bound { name: "Serialize", of: None };
const IDENTIFIER: Bound = Bound { name: "Hashable", of: None };
const DIGESTIBLE: Bound = Bound { name: "Digestible", of: None };
/// A function of the author's takes it, whatever it is.
const ANY: Bound = Bound { name: "", of: None };
const TEXT: Bound = Bound { name: "Textual", of: Some("TEXT") };
const FILE: Bound = Bound { name: "FileNamed", of: Some("FILE") };
const PARTS: Bound = Bound { name: "Describable", of: None };
const NUMBER: Bound = Bound { name: "Numeric", of: Some("NUMBER") };
const ADDRESS: Bound = Bound { name: "Addressable", of: Some("ADDRESS") };
const COUNTABLE: Bound = Bound { name: "Countable", of: None };
const PRESENT: Bound = Bound { name: "Present", of: None };

/// What becomes of two different keys of a map.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// They may become equal, so that one value would hide the other.
    Collide,
    /// They stay different.
    Apart,
    /// They stay different under another function, which leaves some out.
    ApartBy(&'static str),
}

/// A policy: how it is written, what it is for, and what applies it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// As an attribute writes it.
    pub(crate) form: &'static str,
    /// What leaves, in a few words.
    pub(crate) about: &'static str,
    /// What other systems call it.
    pub(crate) synonyms: &'static [&'static str],
    /// Words that stand in its parentheses.
    pub(crate) inside: &'static [&'static str],
    /// What may stand beside it, and what that changes.
    pub(crate) beside: &'static [(&'static str, fn(&mut Leaf, &Item) -> syn::Result<()>)],
    pub(crate) keys: Keys,
    parse: fn(&'static Self, &Item) -> syn::Result<Policy>,
    /// The function of `telemetry_core::policy` that applies it.
    function: &'static str,
    bound: Bound,
}

/// What most rows have.
const ROW: Row = Row {
    name: "",
    form: "",
    about: "",
    synonyms: &[],
    inside: &[],
    beside: &[],
    keys: Keys::Collide,
    parse: word,
    function: "",
    bound: TEXT,
};

/// Every policy, in the order in which messages list them.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "allow",
        form: "allow",
        about: "the value, if its type cannot hold personal data",
        synonyms: &["public", "plain", "keep", "value", "include"],
        inside: &["because"],
        keys: Keys::Apart,
        parse: allow,
        function: "allow",
        bound: VALUE,
        ..ROW
    },
    Row {
        name: "drop",
        form: "drop",
        about: "nothing: it is never read",
        synonyms: &["ignore", "skip", "secret", "remove"],
        parse: |_, item| item.word().map(|()| Policy::Drop),
        ..ROW
    },
    Row {
        name: "hash",
        form: "hash",
        about: "a keyed pseudonym of who or which it is",
        synonyms: &[
            "anonymize",
            "anonymise",
            "pseudonymize",
            "pseudonymise",
            "pseudonym",
            "encrypt",
        ],
        inside: &["lowercase", "sha256", "via"],
        beside: &[("domain", domain)],
        keys: Keys::Apart,
        parse: hash,
        function: "hash",
        bound: IDENTIFIER,
        ..ROW
    },
    Row {
        name: "scrub",
        form: "scrub",
        about: "free text, personal data replaced; with `known`, unknown words too",
        synonyms: &["redact", "mask"],
        inside: &["because", "known"],
        parse: scrub,
        function: "scrub",
        bound: Bound { of: None, ..TEXT },
        ..ROW
    },
    Row {
        name: "kind",
        form: "kind",
        about: "an error or a `message!`, by the policies of its parts",
        synonyms: &["error", "message"],
        function: "kind",
        bound: PARTS,
        ..ROW
    },
    Row {
        name: "bucket",
        form: "bucket(10, 100)",
        about: "the range that a number falls into",
        synonyms: &["range", "histogram"],
        parse: bucket,
        function: "bucket",
        bound: NUMBER,
        ..ROW
    },
    Row {
        name: "round",
        form: "round(10)",
        about: "the nearest multiple; also `round(10), clamp(0, 100)`",
        beside: &[("clamp", |leaf, item| clamped(leaf, item, "round_clamped", "NUMBER"))],
        parse: round,
        function: "round",
        bound: NUMBER,
        ..ROW
    },
    Row {
        name: "clamp",
        form: "clamp(0, 100)",
        about: "the whole number, not below 0 nor above 100",
        parse: clamp,
        function: "clamp",
        bound: NUMBER,
        ..ROW
    },
    Row {
        name: "one_of",
        form: "one_of(\"a\", \"b\")",
        about: "a known text, or `other`",
        synonyms: &["enum", "values_of"],
        keys: Keys::ApartBy("known_key"),
        parse: |row, item| known(row, item, &ONE_OF),
        function: "one_of",
        ..ROW
    },
    Row {
        name: "truncate_ip",
        form: "truncate_ip",
        about: "the network of an IP address",
        inside: &["v4", "v6", "because"],
        parse: truncate_ip,
        function: "truncate_ip",
        bound: ADDRESS,
        ..ROW
    },
    Row {
        name: "length",
        form: "length",
        about: "the number of characters of a text",
        bound: Bound { of: None, ..TEXT },
        synonyms: &["len", "size"],
        beside: &[("clamp", |leaf, item| clamped(leaf, item, "length_clamped", "TEXT"))],
        function: "length",
        ..ROW
    },
    Row {
        name: "presence",
        form: "presence",
        about: "whether there is a value",
        synonyms: &["is_some", "exists", "present"],
        function: "presence",
        bound: PRESENT,
        ..ROW
    },
    Row {
        name: "count",
        form: "count",
        about: "the number of elements",
        beside: &[("clamp", |leaf, item| clamped(leaf, item, "count_clamped", "COUNTABLE"))],
        function: "count",
        bound: COUNTABLE,
        ..ROW
    },
    Row {
        name: "file_extension",
        form: "file_extension(\"rs\")",
        about: "a known extension of a file, or `other`",
        parse: |row, item| known(row, item, &FILE_EXTENSION),
        function: "file_extension",
        bound: FILE,
        ..ROW
    },
    Row {
        name: "host_suffix",
        form: "host_suffix(\"corp.example\")",
        about: "a known domain of a host, or `other`",
        parse: |row, item| known(row, item, &HOST_SUFFIX),
        function: "host_suffix",
        ..ROW
    },
    Row {
        name: "email_domain",
        form: "email_domain(\"example.com\")",
        about: "a known domain of an address, or `other`",
        parse: |row, item| known(row, item, &EMAIL_DOMAIN),
        function: "email_domain",
        ..ROW
    },
    Row {
        name: "with",
        form: "with = path::to::function",
        about: "what your function makes of it",
        synonyms: &["serialize_with", "map"],
        parse: with,
        ..ROW
    },
    Row {
        name: "nested",
        form: "nested",
        about: "its fields, by their own policies",
        synonyms: &["flatten", "inner", "inline"],
        parse: |_, item| item.word().map(|()| Policy::Nested),
        ..ROW
    },
    Row {
        name: "keys",
        form: "keys(hash), values(count)",
        about: "a map, by a policy for each side",
        ..ROW
    },
];

/// The row of this name. `values` is the other half of `keys`.
pub(crate) fn row(name: &str) -> Option<&'static Row> {
    let name = if name == "values" { "keys" } else { name };
    ROWS.iter().find(|row| row.name == name)
}

/// All policies as a table, a line each, for a message.
pub(crate) fn table() -> String {
    let width = ROWS.iter().map(|row| row.form.len()).max().unwrap_or_default();
    let lines = ROWS.iter().map(|row| format!("\n  {:width$}  {}", row.form, row.about));
    lines.collect()
}

impl Row {
    /// The policy that `item`, which has the row's name, writes.
    pub(crate) fn parse(&'static self, item: &Item) -> syn::Result<Policy> {
        (self.parse)(self, item)
    }
}

fn word(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    item.word().map(|()| Policy::Leaf(Leaf::new(row)))
}

fn allow(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    const FORM: &str = "`allow` is written alone, or with a reason: `allow(because = \"...\")`";
    let inner = match &item.value {
        Value::Word => {
            return Ok(Policy::Leaf(Leaf { described_by: Some("ALLOWED"), ..Leaf::new(row) }));
        }
        Value::List(..) => item.list()?,
        _ => return Err(item.error(FORM)),
    };
    let [because] = inner.as_slice() else { return Err(item.error(FORM)) };
    if !because.is("because") {
        return Err(item.error(FORM));
    }
    let reason = because.text()?;
    Ok(Policy::Leaf(Leaf {
        function: "vouched",
        schema: "vouched",
        bound: SERIALIZE,
        described_with: vec![quote!(#reason)],
        because: Some(reason),
        ..Leaf::new(row)
    }))
}

fn scrub(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    const FORM: &str = "`scrub` is written alone, with `known` (which hides unknown words too), or with a reason: `scrub(because = \"...\")`";
    let inner = match &item.value {
        Value::Word => return word(row, item),
        Value::List(..) => item.list().map_err(|error| syn::Error::new(error.span(), FORM))?,
        _ => return Err(item.error(FORM)),
    };
    let mut leaf = Leaf::new(row);
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

impl Leaf {
    /// `because = "..."` inside the policy, for what leaves more than usual.
    fn give_reason(&mut self, item: &Item) -> syn::Result<()> {
        let reason = item.text()?;
        self.described_more = quote!(.because(#reason));
        self.because = Some(reason);
        Ok(())
    }
}

fn hash(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    let (mut sha256, mut lowercase, mut via) = (false, false, None);
    if !matches!(item.value, Value::Word) {
        let inner = item.list()?;
        if inner.is_empty() {
            return Err(item.error("write `hash` without parentheses"));
        }
        for option in inner {
            let twice = match option.name.to_string().as_str() {
                "sha256" => option.word().map(|()| std::mem::replace(&mut sha256, true))?,
                "lowercase" => option.word().map(|()| std::mem::replace(&mut lowercase, true))?,
                "via" => via.replace(path(&option)?).is_some(),
                "domain" => {
                    return Err(option.error(
                        "`domain` stands beside `hash`, not inside: `#[telemetry(hash, domain = \"...\")]`",
                    ));
                }
                _ => {
                    return Err(option.error(
                        "`hash` takes `sha256`, `lowercase` and `via = path::to::function`",
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
    let mut leaf = Leaf {
        arguments: vec![quote!(#lowercase)],
        described_more: described_more.unwrap_or_default(),
        folds: lowercase,
        ..Leaf::new(row)
    };
    (leaf.function, leaf.schema, leaf.bound) = match (sha256, via.is_some()) {
        (false, false) => ("hash", "hash", IDENTIFIER),
        (false, true) => ("hash_via", "hash", ANY),
        (true, false) => ("sha256", "sha256", DIGESTIBLE),
        (true, true) => ("sha256_via", "sha256", ANY),
    };
    leaf.key = (!sha256).then(Key::default);
    leaf.via = via;
    Ok(Policy::Leaf(leaf))
}

/// `name = path::to::function`.
fn path(item: &Item) -> syn::Result<TypePath> {
    match &item.value {
        Value::Path(path) => Ok(path.clone()),
        _ => {
            Err(item
                .error(format!("`{0}` takes a function: `{0} = path::to::function`", item.name)))
        }
    }
}

/// `domain = "user"` beside `hash`.
fn domain(leaf: &mut Leaf, item: &Item) -> syn::Result<()> {
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

fn bucket(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    let bounds = bounds(item)?;
    let labels = bounds.labels();
    Ok(Policy::Leaf(Leaf {
        arguments: vec![bounds.tokens()],
        applied_with: vec![quote!(&[#(#labels),*])],
        ..Leaf::new(row)
    }))
}

fn round(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    let step = step(item)?;
    let literal = Literal::u64_unsuffixed(step);
    Ok(Policy::Leaf(Leaf { arguments: vec![quote!(#literal)], step, ..Leaf::new(row) }))
}

fn clamp(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    let arguments = bounds_of_clamp(item, 1)?;
    Ok(Policy::Leaf(Leaf { arguments, ..Leaf::new(row) }))
}

/// `clamp(0, 100)` beside a policy that leaves a whole number.
fn clamped(
    leaf: &mut Leaf,
    item: &Item,
    function: &'static str,
    of: &'static str,
) -> syn::Result<()> {
    leaf.arguments.extend(bounds_of_clamp(item, leaf.step)?);
    (leaf.function, leaf.schema) = (function, function);
    leaf.bound.of = Some(of);
    Ok(())
}

fn bounds_of_clamp(item: &Item, step: u64) -> syn::Result<Vec<TokenStream>> {
    let (low, high) = range(item, step)?;
    let [low, high] = [low, high].map(Literal::i128_unsuffixed);
    Ok(vec![quote!(&[#low, #high])])
}

fn known(row: &'static Row, item: &Item, list: &ClosedList) -> syn::Result<Policy> {
    let values = closed_list(item, list)?;
    Ok(Policy::Leaf(Leaf { arguments: vec![quote!(&[#(#values),*])], ..Leaf::new(row) }))
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

/// The most bits that leave without a reason: a network of 256 addresses, and
/// the network that a provider gives one household of 256 such networks.
const MOST_BITS: [u8; 2] = [24, 56];

fn truncate_ip(row: &'static Row, item: &Item) -> syn::Result<Policy> {
    // What is commonly held to be a network of many users, not one line.
    let (mut v4, mut v6) = (24, 48);
    let mut leaf = Leaf::new(row);
    if !matches!(item.value, Value::Word) {
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

fn with(_: &'static Row, item: &Item) -> syn::Result<Policy> {
    path(item).map(Policy::With)
}
