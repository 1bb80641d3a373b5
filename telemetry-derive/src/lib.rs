//! The derive macros of `telemetry-core`, which re-exports them.
//!
//! Each derive is three calls: [`ast`] reads the attributes into a model that
//! borrows the input, so that every part keeps its span; [`valid`] holds the
//! model against the rules; [`expand`] writes the impls. Mistakes are gathered
//! over the whole input, and [`fallback`] writes impls even then, so that no
//! second error hides the first.
#![forbid(unsafe_code)]

mod ast;
mod attr;
mod case;
mod errors;
mod expand;
mod fallback;
mod generics;
mod policy;
mod valid;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use crate::ast::Target;

/// Derives `TelemetryEvent`: an event whose every field has a policy.
///
/// On the struct or enum, `#[telemetry(...)]` takes:
///
/// | key | meaning | default |
/// |---|---|---|
/// | `purpose = "..."` | why the event is collected, in kebab case | required |
/// | `name = "..."` | the event's name, segments in snake case joined by `.` | the type's name; of a variant, the enum's, `.` and its own |
/// | `version = 2` | counts up when the event's meaning changes | `1` |
/// | `rename_all = "..."` | the case of field names, as serde names them | as written |
/// | `crate = "..."` | the path of `telemetry_core` | `::telemetry_core` |
///
/// Each variant of an enum is an event of its own and takes the first four
/// keys too. On a field, `#[telemetry(...)]` takes exactly one policy and:
///
/// | key | meaning |
/// |---|---|
/// | `rename = "..."` | the name in the output |
/// | `domain = "..."` | with `hash`: fields of one domain share a key and can be joined |
/// | `purpose = "..."` | a purpose of the field's own: refused alone, the field alone is absent |
///
/// | policy | what leaves |
/// |---|---|
/// | `allow` | the value; only for types that cannot hold personal data |
/// | `allow(because = "...")` | the value, of any serialisable type; the reason goes into the schema |
/// | `drop` | nothing: the field is never read |
/// | `hash`, `hash(lowercase)` | a keyed pseudonym; with `lowercase` of the value in lower case |
/// | `hash(sha256)`, `hash(sha256, lowercase)` | plain SHA-256, which a dictionary reverses |
/// | `scrub` | free text, personal data replaced |
/// | `bucket(10, 100)` | the range a number falls into: `<10`, `10..100`, `>=100` |
/// | `one_of("a", "b")` | a known text, or `other` |
/// | `truncate_ip`, `truncate_ip(v4 = 16, v6 = 32)` | the network of an address, by default /24 and /48 |
/// | `length` | the number of characters of a text |
/// | `presence` | whether there is a value |
/// | `count` | the number of elements |
/// | `file_extension("rs", "toml")` | a known extension of a file name, or `other` |
/// | `host_suffix("corp.example")` | a known domain that a host is in, or `other` |
/// | `email_domain("example.com")` | a known domain of an e-mail address, or `other` |
/// | `with = path::to::function` | what a function makes of a reference to the field |
/// | `nested` | the fields of a type that derives `TelemetryFields`, by their own policies |
/// | `keys(...), values(...)` | a map: a policy for keys and one for values |
#[proc_macro_derive(TelemetryEvent, attributes(telemetry))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input, Target::Event).into()
}

/// Derives `TelemetryFields`: a struct that can be a `nested` field of an
/// event. It takes `rename_all` and `crate`; its fields take what the fields
/// of an event take.
#[proc_macro_derive(TelemetryFields, attributes(telemetry))]
pub fn derive_fields(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input, Target::Fields).into()
}

/// Derives `TelemetryValue`: an enum of unit variants, whose values may be
/// `allow`ed. They are written by name, in snake case unless `rename_all` on
/// the enum or `rename` on a variant says otherwise. It also takes `crate`.
#[proc_macro_derive(TelemetryValue, attributes(telemetry))]
pub fn derive_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input, Target::Value).into()
}

fn derive(input: &DeriveInput, target: Target) -> proc_macro2::TokenStream {
    let mut errors = errors::Errors::default();
    let model = ast::Input::parse(input, target, &mut errors);
    valid::check(&model, &mut errors);
    match errors.finish() {
        Ok(()) => expand::expand(&model),
        Err(error) => fallback::expand(&model, &error),
    }
}
