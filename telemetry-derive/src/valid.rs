//! The rules that look at more than one attribute.
//!
//! It owns what is refused and why. It must never write an impl.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Data, LitStr};

use crate::ast::{Field, Input, Target, Variant};
use crate::errors::{Errors, nearest};
use crate::generics::is_one_type;
use crate::policy::Policy;
use crate::source::mentions;
use crate::table::table;

/// Adds every breach of a rule to `errors`.
pub(crate) fn check(input: &Input<'_>, errors: &mut Errors) {
    check_shape(input, errors);
    match input.target {
        Target::Event => check_event(input, errors),
        Target::Fields => {}
        Target::Value => {
            let names = input.variants.iter().filter_map(|variant| {
                Some((
                    variant.name.as_str(),
                    variant.attributes.rename.as_ref().map_or_else(
                        || variant.ident.map(|ident| ident.span()),
                        |name| Some(name.span()),
                    )?,
                ))
            });
            check_unique(names, "value", errors);
            for name in
                input.variants.iter().filter_map(|variant| variant.attributes.rename.as_ref())
            {
                check_output_name(name, errors);
            }
        }
    }
    for variant in &input.variants {
        check_fields(input, variant, errors);
        check_histograms(input, variant, errors);
    }
}

/// A histogram adds numbers up over a period, which only a counted event has.
fn check_histograms(input: &Input<'_>, variant: &Variant<'_>, errors: &mut Errors) {
    let count = variant.attributes.count.as_ref().or(input.attributes.count.as_ref());
    for field in &variant.fields {
        match &field.attributes.policy {
            Some(Policy::Leaf(leaf)) if leaf.row.name == "histogram" => match count {
                Some(count) if count.top.is_none() => {}
                Some(count) => errors.push(syn::Error::new(
                    count.span,
                    "`top` and a `histogram` do not go together: the ranges are kept for each combination; leave `top` out, and let fewer combinations leave",
                )),
                None => {
                    field.is_refused.set(true);
                    errors.push(syn::Error::new(
                        field.span(),
                        "`histogram` adds up the numbers of a period, and this is no counted event: say `count = \"day\"` on the event, or choose `bucket(...)` for this field",
                    ));
                }
            },
            Some(Policy::Entries { keys, values }) => {
                let is_histogram = |side: &Policy| matches!(side, Policy::Leaf(leaf) if leaf.row.name == "histogram");
                if is_histogram(keys) || is_histogram(values) {
                    field.is_refused.set(true);
                    errors.push(syn::Error::new(
                        field.span(),
                        "`histogram` is for one number, not for the entries of a map: choose `bucket(...)`",
                    ));
                }
            }
            _ => {}
        }
    }
}

fn check_shape(input: &Input<'_>, errors: &mut Errors) {
    let ident = &input.original.ident;
    match (&input.original.data, input.target) {
        (Data::Union(data), _) => errors.at(
            data.union_token,
            "a union cannot be an event or a part of one: nothing says which of its fields holds a value",
        ),
        (Data::Enum(data), Target::Event | Target::Value) if data.variants.is_empty() => {
            errors.at(ident, "an enum without variants has no values: there is nothing to derive");
        }
        (Data::Enum(data), Target::Fields) => errors.at(
            data.enum_token,
            "`TelemetryFields` is for structs; an enum of unit variants derives `TelemetryValue`, and is `allow`ed",
        ),
        (Data::Struct(data), Target::Value) if data.fields.len() != 1 => errors.at(
            ident,
            "`TelemetryValue` is for enums of unit variants and for structs of one value; a struct of several derives `TelemetryFields`, with a policy on each field, and is `nested`",
        ),
        (Data::Enum(_), Target::Value) => {
            for variant in &input.variants {
                if !variant.shape.is_empty() {
                    errors.at(
                        variant.shape,
                        "a variant with fields can hold personal data: `TelemetryValue` is for enums whose every variant is a unit",
                    );
                }
            }
        }
        _ => {}
    }
    let is_enum = matches!(input.original.data, Data::Enum(_));
    if input.target == Target::Value && is_enum && !input.original.generics.params.is_empty() {
        errors.at(&input.original.generics, "an enum of unit variants needs no parameters");
    }
}

fn check_event(input: &Input<'_>, errors: &mut Errors) {
    if let Some(name) = &input.attributes.name {
        check_event_name(&name.value(), name.span(), errors);
    }
    let lacks = |variant: &Variant<'_>| !variant.attributes.attempts("purpose");
    if !input.attributes.attempts("purpose") && input.variants.iter().any(lacks) {
        errors.at(
            &input.original.ident,
            "no purpose: say why this is collected, `#[telemetry(purpose = \"...\")]`, as one of `service`, `diagnostics`, `product-improvement`, `model-training`, or a purpose of your own",
        );
    }
    check_counted(input, errors);
    for purpose in input
        .attributes
        .purpose
        .iter()
        .chain(input.variants.iter().filter_map(|variant| variant.attributes.purpose.as_ref()))
    {
        check_purpose(purpose, errors);
    }
    for variant in &input.variants {
        if let Some(name) = &variant.attributes.name {
            check_event_name(&name.value(), name.span(), errors);
        } else if input.attributes.name.is_none() || variant.ident.is_some() {
            // Made from identifiers, which may hold letters that names may not.
            let ident = variant.ident.unwrap_or(&input.original.ident);
            if input.attributes.name.as_ref().is_none_or(|name| event_name(&name.value()).is_ok()) {
                check_event_name(&variant.name, ident.span(), errors);
            }
        }
    }
    let names = input.variants.iter().filter_map(|variant| {
        let span = variant.attributes.name.as_ref().map(LitStr::span);
        Some((variant.name.as_str(), span.or(variant.ident.map(|ident| ident.span()))?))
    });
    check_unique(names, "event", errors);
}

/// Counts are kept for a type: all of its variants are counted, or none, and it
/// is one type.
fn check_counted(input: &Input<'_>, errors: &mut Errors) {
    let of_all = input.attributes.count.as_ref();
    let of_one = input.variants.iter().find_map(|variant| variant.attributes.count.as_ref());
    let Some(count) = of_all.or(of_one) else { return };
    if of_all.is_none() && input.variants.iter().any(|v| v.attributes.count.is_none()) {
        errors.push(syn::Error::new(
            count.span,
            "`count` belongs on the enum: its variants are counted together, or none of them is",
        ));
    }
    if !is_one_type(&input.original.generics) {
        errors.push(syn::Error::new(
            count.span,
            "a counted event has no type parameters and no const parameters: its counts are kept for one type",
        ));
    }
}

/// The longest name of an event: long enough for any path of words, short
/// enough for the narrowest column of the systems that receive events.
const LONGEST_EVENT_NAME: usize = 64;

fn check_event_name(name: &str, span: Span, errors: &mut Errors) {
    if let Err(why) = event_name(name) {
        errors.push(syn::Error::new(
            span,
            format!("{why}: the words of an event's name are of `a-z`, `0-9` and `_`, start with a letter, and are joined by `.`, such as `run.finished`"),
        ));
    }
}

fn event_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("an empty name".into());
    }
    if name.len() > LONGEST_EVENT_NAME {
        return Err(format!(
            "`{name}` has {} bytes, and {LONGEST_EVENT_NAME} are allowed",
            name.len()
        ));
    }
    for word in name.split('.') {
        let rest = word.strip_prefix(|letter: char| letter.is_ascii_lowercase());
        let good =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if !rest.is_some_and(|rest| rest.chars().all(good)) {
            return Err(match word {
                "" => format!("an empty word in `{name}`"),
                _ => format!("`{word}` cannot be a word of an event's name"),
            });
        }
    }
    Ok(())
}

const PURPOSES: [&str; 4] = ["service", "diagnostics", "product-improvement", "model-training"];

fn check_purpose(purpose: &LitStr, errors: &mut Errors) {
    let name = purpose.value();
    let rest = name.strip_prefix(|letter: char| letter.is_ascii_lowercase());
    let good =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if !rest.is_some_and(|rest| rest.chars().all(good))
        || name.ends_with('-')
        || name.contains("--")
    {
        errors.at(
            purpose,
            "a purpose is a name in kebab case: `a-z`, `0-9` and `-`, such as `product-improvement`",
        );
    } else if !PURPOSES.contains(&name.as_str())
        && let Some(near) = nearest(&name, PURPOSES)
    {
        errors.at(
            purpose,
            format!("did you mean `{near}`? Consent is given by this name, and a misspelt purpose would be a purpose of its own"),
        );
    }
}

fn check_unique<'n>(names: impl Iterator<Item = (&'n str, Span)>, what: &str, errors: &mut Errors) {
    let mut seen = BTreeMap::new();
    for (name, span) in names {
        if seen.insert(name, ()).is_some() {
            errors.push(syn::Error::new(
                span,
                format!(
                    "a second {what} with the name `{name}`: one would hide the other in the output"
                ),
            ));
        }
    }
}

fn check_output_name(name: &LitStr, errors: &mut Errors) {
    let text = name.value();
    if text.is_empty() {
        errors.at(name, "an empty name");
    } else if text.trim() != text || text.contains(char::is_control) {
        errors.at(name, "a name has no space around it and no control characters");
    }
}

fn check_fields(input: &Input<'_>, variant: &Variant<'_>, errors: &mut Errors) {
    for field in &variant.fields {
        if let Some(name) = &field.attributes.rename {
            check_output_name(name, errors);
            if name.value().contains(['"', '\\']) {
                errors.at(
                    name,
                    "a field's name has no quote and no backslash: it stands in the output as it is",
                );
            }
        }
        if let Some(purpose) = &field.attributes.purpose {
            check_purpose(purpose, errors);
        }
        if let Some(policy) = &field.attributes.policy {
            field.named().check(policy, errors);
        }
        match &field.attributes.policy {
            Some(Policy::Nested) if input.target == Target::Fields => {
                check_recursion(input, field, errors);
            }
            None if !field.attributes.attempted => {
                // The table once: below the first field that needs it.
                let table = if errors.says_table() { String::new() } else { table() };
                let which = if table.is_empty() { " the policies above" } else { "" };
                errors.push(syn::Error::new(
                    field.span(),
                    format!("no policy: say how this field leaves, `#[telemetry(...)]`, by one of{which}{table}"),
                ));
            }
            _ => {}
        }
    }
    // A dropped field has no place in the output, but in the schema.
    let names = variant.fields.iter().map(|field| {
        let span = field.attributes.rename.as_ref().map_or_else(|| field.span(), LitStr::span);
        (field.name.as_str(), span)
    });
    check_unique(names, "field", errors);
}

/// The compiler would speak of a cycle in sixty lines.
fn check_recursion(input: &Input<'_>, field: &Field<'_>, errors: &mut Errors) {
    let ty = &field.original.ty;
    let ident = &input.original.ident;
    if mentions(&BTreeSet::from([ident.to_string()]), ty.to_token_stream()) {
        field.is_refused.set(true);
        errors.at(
            ty,
            format!("`{ident}` nests itself: its schema would have no end; `drop` this field, or leave what you need of it by `count`, `presence` or `with`"),
        );
    }
}
