//! The arguments of policies.
//!
//! It owns how lists of texts, bounds and numbers are read, and what is wrong
//! with them. It must never know what a policy does with its arguments.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Lit, LitStr, Token};

use crate::errors::Errors;
use crate::item::{AttributeItem, ItemValue};

/// What a policy with a closed list says about it.
pub(crate) struct ClosedList {
    pub(crate) example: &'static str,
    pub(crate) why: &'static str,
    pub(crate) lowercase: bool,
}

pub(crate) fn closed_list(item: &AttributeItem, form: &ClosedList) -> syn::Result<Vec<LitStr>> {
    let explain = || {
        let ClosedList { example, why, .. } = form;
        format!("`{}` takes the known values: `{example}`; {why}", item.name)
    };
    let ItemValue::List(tokens) = &item.value else { return Err(item.error(explain())) };
    let values = Punctuated::<LitStr, Token![,]>::parse_terminated
        .parse2(tokens.clone())
        .map_err(|error| syn::Error::new(error.span(), explain()))?;
    if values.is_empty() {
        return Err(item.error(explain()));
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut mistakes = Errors::default();
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

/// How many bits of `all` are kept, as `item` says.
pub(crate) fn bits(item: &AttributeItem, all: u8) -> syn::Result<u8> {
    let ItemValue::Lit(Lit::Int(int)) = &item.value else {
        return Err(item.error(format!("`{}` takes a number of bits", item.name)));
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

/// The bounds of `bucket` or `histogram`, ascending.
pub(crate) enum Bounds {
    Int(Vec<i128>),
    Float(Vec<f64>),
}

pub(crate) fn bounds(item: &AttributeItem) -> syn::Result<Bounds> {
    let name = &item.name;
    let form = format!(
        "`{name}` takes the bounds between its ranges, ascending: `{name}(10, 100, 1_000)`"
    );
    let bounds = numbers(item, &form)?;
    let mut mistakes = Errors::default();
    for (before, bound) in bounds.iter().zip(bounds.iter().skip(1)) {
        if !before.is_below(bound) {
            mistakes.push(syn::Error::new(
                bound.span,
                format!("bounds ascend, and {} does not come after {}", bound.float, before.float),
            ));
        }
    }
    mistakes.finish()?;
    let ints: Option<Vec<i128>> = bounds.iter().map(|bound| bound.int).collect();
    Ok(match ints {
        Some(ints) => Bounds::Int(ints),
        None => Bounds::Float(bounds.iter().map(|bound| bound.float).collect()),
    })
}

/// `round(10)`: the step, from 1 on.
pub(crate) fn step(item: &AttributeItem) -> syn::Result<u64> {
    const FORM: &str = "`round` takes the step between the numbers that are left: `round(10)`";
    match numbers(item, FORM)?.as_slice() {
        [NumberArgument { int: Some(step), span, .. }] => match u64::try_from(*step) {
            Ok(step) if step > 0 => Ok(step),
            _ => Err(syn::Error::new(*span, "the step is a whole number from 1 on, of 64 bits")),
        },
        _ => Err(item.error(FORM)),
    }
}

/// `clamp(0, 100)`: the lowest and the highest number that is left, which are
/// multiples of `step`.
pub(crate) fn range(item: &AttributeItem, step: u64) -> syn::Result<(i128, i128)> {
    const FORM: &str =
        "`clamp` takes the lowest and the highest whole number that is left: `clamp(0, 100)`";
    let [NumberArgument { int: Some(low), .. }, NumberArgument { int: Some(high), span, .. }] =
        *numbers(item, FORM)?.as_slice()
    else {
        return Err(item.error(FORM));
    };
    if low >= high {
        return Err(syn::Error::new(span, format!("{high} is not above {low}")));
    }
    if let Some(bound) = [low, high].iter().find(|bound| *bound % i128::from(step) != 0) {
        return Err(item.error(format!(
            "beside `round({step})`, both bounds are multiples of {step}, and {bound} is none"
        )));
    }
    Ok((low, high))
}

/// The numbers of `name(1, -2.5)`, at least one.
fn numbers(item: &AttributeItem, form: &str) -> syn::Result<Vec<NumberArgument>> {
    let ItemValue::List(tokens) = &item.value else { return Err(item.error(form)) };
    let literals = Punctuated::<Signed, Token![,]>::parse_terminated
        .parse2(tokens.clone())
        .map_err(|error| syn::Error::new(error.span(), form))?;
    if literals.is_empty() {
        return Err(item.error(form));
    }
    let mut mistakes = Errors::default();
    let mut numbers = Vec::new();
    for literal in &literals {
        match literal.number(form) {
            Ok(number) => numbers.push(number),
            Err(error) => mistakes.push(error),
        }
    }
    mistakes.finish()?;
    Ok(numbers)
}

/// A literal with its sign.
struct Signed {
    minus: Option<Token![-]>,
    literal: Lit,
}

impl Parse for Signed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self { minus: input.parse()?, literal: input.parse()? })
    }
}

impl Signed {
    fn number(&self, form: &str) -> syn::Result<NumberArgument> {
        let sign = if self.minus.is_some() { "-" } else { "" };
        let span = self.literal.span();
        let span = self.minus.and_then(|minus| minus.span.join(span)).unwrap_or(span);
        match &self.literal {
            Lit::Int(int) => {
                let int: i128 = format!("{sign}{}", int.base10_digits())
                    .parse()
                    .map_err(|_| syn::Error::new(span, "this number needs more than 128 bits"))?;
                Ok(NumberArgument { span, int: Some(int), float: int as f64 })
            }
            Lit::Float(float) => match format!("{sign}{}", float.base10_digits()).parse::<f64>() {
                Ok(float) if float.is_finite() => Ok(NumberArgument { span, int: None, float }),
                _ => Err(syn::Error::new(span, "this number is beyond all that a field can hold")),
            },
            _ => Err(syn::Error::new(span, format!("expected a number: {form}"))),
        }
    }
}

/// A number, whole or not.
struct NumberArgument {
    span: Span,
    int: Option<i128>,
    float: f64,
}

impl NumberArgument {
    fn is_below(&self, other: &Self) -> bool {
        match (self.int, other.int) {
            (Some(this), Some(other)) => this < other,
            _ => self.float < other.float,
        }
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

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Int(bounds) => bounds.len(),
            Self::Float(bounds) => bounds.len(),
        }
    }

    /// Whether every reader of JSON takes them: integers of 64 bits.
    pub(crate) fn fit_json(&self) -> bool {
        match self {
            Self::Int(bounds) => bounds.iter().all(|bound| i64::try_from(*bound).is_ok()),
            Self::Float(_) => true,
        }
    }

    /// The bounds as `telemetry_core` takes them.
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Int(bounds) => {
                let bounds = bounds.iter().map(|bound| Literal::i128_unsuffixed(*bound));
                quote!(__t::Int(&[#(#bounds),*]))
            }
            Self::Float(bounds) => {
                let bounds = bounds.iter().map(|bound| Literal::f64_unsuffixed(*bound));
                quote!(__t::Float(&[#(#bounds),*]))
            }
        }
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
