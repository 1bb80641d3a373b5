//! The words in which a person is told of a policy, a domain, a number.
//!
//! It owns the sentences, so that every page and message says the same thing
//! in the same way. It must never know where they are shown.

use std::collections::BTreeSet;

use crate::domain::{Domain, Opening};
use crate::model::{Field, Form, Policy};

/// Thousandths of a bit as bits, to the nearest tenth: `12.5`, `13`.
pub fn bits(millibits: u64) -> String {
    let tenths = millibits.saturating_add(50) / 100;
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// The same with a sign: `+3.2`.
pub fn signed_bits(millibits: i64) -> String {
    let sign = if millibits < 0 { '-' } else { '+' };
    format!("{sign}{}", bits(millibits.unsigned_abs()))
}

/// A number with a comma between thousands.
pub fn thousands(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Above this a number of forms says less to a reader than its bits.
const MOST_FORMS: u128 = 1_000_000_000_000;

/// What an event or a field can tell: `can take 5,832 forms (12.5 bits)`,
/// `holds a pseudonym and free text`.
pub fn size(forms: Option<u128>, millibits: Option<u64>, open: &BTreeSet<Opening>) -> String {
    match (forms, millibits) {
        (Some(0), _) => "can take no form".to_owned(),
        (Some(1), _) => "can take 1 form (0 bits)".to_owned(),
        (Some(forms), Some(millibits)) if forms < MOST_FORMS => {
            let unit = if millibits == 1000 { "bit" } else { "bits" };
            format!("can take {} forms ({} {unit})", thousands(forms), bits(millibits))
        }
        (_, Some(millibits)) => {
            format!(
                "can take about 2^{} forms ({} bits)",
                (millibits + 500) / 1000,
                bits(millibits)
            )
        }
        _ => holds(open),
    }
}

/// `holds a pseudonym and free text`: what in an event is open.
pub fn holds(open: &BTreeSet<Opening>) -> String {
    let kinds: Vec<&str> = open
        .iter()
        .map(|opening| opening.holds().strip_prefix("holds ").unwrap_or_default())
        .collect();
    match kinds.split_last() {
        None => "holds values that cannot be listed".to_owned(),
        Some((last, [])) => format!("holds {last}"),
        Some((last, rest)) => format!("holds {} and {last}", rest.join(", ")),
    }
}

/// Every way in which the fields are open.
pub fn openings(fields: &[Field]) -> BTreeSet<Opening> {
    let mut open = BTreeSet::new();
    for field in fields {
        field.openings(&mut |opening| {
            open.insert(opening);
        });
    }
    open
}

/// What one field can tell.
pub fn size_of_field(field: &Field) -> String {
    if field.is_dropped() {
        return "never leaves".to_owned();
    }
    size(field.forms(), field.millibits(), &openings(std::slice::from_ref(field)))
}

/// The longest policy that is shown whole in one line of a report.
const LONGEST: usize = 60;

/// A policy as its attribute writes it; of a long one its name.
pub fn short(policy: &Policy) -> String {
    if policy.as_str().chars().count() <= LONGEST {
        policy.as_str().to_owned()
    } else {
        format!("{}(...)", policy.name())
    }
}

/// A domain in a report; of a long one its beginning.
pub fn domain(domain: &Domain) -> String {
    let text = crate::lock::domain_text(domain);
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// What leaves of a field, as a user reads it.
pub fn leaves(field: &Field) -> String {
    let policy = &field.policy;
    match policy.name() {
        "drop" => "it never leaves".to_owned(),
        "hash" if policy.has("sha256") => {
            "a plain SHA-256 of the value leaves: who has a list of likely values can reverse it"
                .to_owned()
        }
        "hash" => pseudonym(policy),
        "scrub" if policy.has("known") => {
            "text leaves, of which only words that every program says or this one says of itself \
             are kept"
                .to_owned()
        }
        "kind" => {
            "the kind of error leaves, and what the program itself says about it; each value in it \
             in its own way"
                .to_owned()
        }
        "scrub" => "text leaves, with personal data that was found in it replaced".to_owned(),
        "bucket" => "the range that the number falls into leaves".to_owned(),
        "histogram" => histogram(field),
        "round" => "the number leaves, rounded".to_owned(),
        "clamp" => "the number leaves, cut to a range".to_owned(),
        "one_of" => "one of the listed words leaves, or `other`".to_owned(),
        "truncate_ip" => "the network of the address leaves, not the address".to_owned(),
        "length" => "the number of characters leaves, not the text".to_owned(),
        "presence" => "whether there is a value leaves, not the value".to_owned(),
        "count" => "the number of elements leaves, not the elements".to_owned(),
        "file_extension" => {
            "the file name's extension leaves if it is a listed one, else `other`".to_owned()
        }
        "host_suffix" => {
            "the domain that the host is in leaves if it is a listed one, else `other`".to_owned()
        }
        "email_domain" => {
            "the address's domain leaves if it is a listed one, else `other`".to_owned()
        }
        "with" => "what a function of the program makes of it leaves".to_owned(),
        "nested" => "its parts leave, each in its own way".to_owned(),
        "keys" | "values" => "entries leave: keys and values each in their own way".to_owned(),
        "allow" => allowed(field),
        _ => by_domain(&field.domain).to_owned(),
    }
}

/// What of a period's numbers leaves. Of one event, the sum is its number.
fn histogram(field: &Field) -> String {
    let ranges = field.histogram().map_or(1, |bounds| bounds.len() + 1);
    let cut = match field.policy.arguments().iter().find_map(|text| text.strip_prefix("clamp")) {
        Some(_) => ", each cut to a range",
        None => "",
    };
    format!(
        "how many of a period's numbers were in each of {ranges} ranges leaves, and their sum{cut}: \
         when there was one, it is that number"
    )
}

fn pseudonym(policy: &Policy) -> String {
    let mut text =
        "a pseudonym leaves: a code that stands for the value, made with a key that stays on the \
                    user's machine"
            .to_owned();
    if let Some(domain) = policy.argument("domain") {
        text.push_str(&format!("; the same value has the same code in all fields of {domain}"));
    }
    text
}

fn allowed(field: &Field) -> String {
    match (field.policy.because(), by_domain(&field.domain)) {
        (Some(because), _) => {
            format!("the value itself leaves; the author vouches for it: {because}")
        }
        (None, words) => words.to_owned(),
    }
}

fn by_domain(domain: &Domain) -> &'static str {
    match domain.required() {
        Domain::Nothing => "it never leaves",
        Domain::Bool => "yes or no leaves",
        Domain::Texts(_) => "one of the listed words leaves",
        Domain::Integers { .. } => "a whole number of a limited range leaves",
        Domain::Networks { .. } => "the network of an address leaves",
        Domain::Optional(_) | Domain::Tuple(_) | Domain::Array { .. } => {
            "a few listed values leave"
        }
        Domain::Fields => "its parts leave, each in its own way",
        Domain::List(_) => "any number of values leave",
        Domain::Map(..) => "entries leave",
        Domain::Open(opening) => match opening {
            Opening::Program => "words of the program itself leave, never anything typed",
            Opening::Pseudonym => "a pseudonym leaves",
            Opening::Random => "a random id leaves",
            Opening::Time => "a time leaves",
            Opening::Number => "the number itself leaves",
            Opening::Collection => "any number of values leave",
            Opening::Text => "text leaves, with personal data that was found in it replaced",
            Opening::Digest => "a plain SHA-256 leaves",
            Opening::Vouched => "the value itself leaves, as the author vouches for it",
        },
    }
}

/// Whether each event leaves or only counts.
pub fn form(form: Form) -> String {
    match form {
        Form::Each => "each event".to_owned(),
        Form::Counted { period, top, identified } => {
            let mut text = format!("counts per {}", period.name());
            if let Some(top) = top {
                text.push_str(&format!(", the first {}", thousands(top.into())));
            }
            text.push_str(if identified { ", with the installation's id" } else { "" });
            text
        }
    }
}

/// The text for a cell of a Markdown table.
pub fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|").replace('<', "&lt;")
}

/// The text in code style, for a cell of a Markdown table.
pub fn code(text: &str) -> String {
    let text = one_line(text).replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// The text with every stretch of white space as one space.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_told_the_forms_and_the_bits() {
        let none = BTreeSet::new();
        assert_eq!(size(Some(5832), Some(12_510), &none), "can take 5,832 forms (12.5 bits)");
        assert_eq!(size(Some(2), Some(1000), &none), "can take 2 forms (1 bit)");
        let open = BTreeSet::from([Opening::Pseudonym, Opening::Text]);
        assert_eq!(size(None, None, &open), "holds a pseudonym and free text");
        assert_eq!(signed_bits(3_200), "+3.2");
        assert_eq!(signed_bits(-950), "-1");
    }
}
