//! The derive macros of `telemetry-core`, which re-exports them.
//!
//! Each derive is three calls: `ast` reads the attributes into a model that
//! borrows the input, so that every part keeps its span; `valid` holds the
//! model against the rules; `expand` writes the impls. Mistakes are gathered
//! over the whole input, and `fallback` writes impls even then, so that no
//! second error hides the first.
#![forbid(unsafe_code)]

mod arguments;
mod ast;
mod attr;
mod case;
mod choose;
mod describe;
mod error;
mod errors;
mod expand;
mod expiry;
mod fallback;
mod forms;
mod generics;
mod identifiers;
mod impls;
mod item;
mod keys;
mod message;
mod named;
mod policy;
mod reasons;
mod source;
mod table;
mod template;
mod valid;
mod value;
mod walk;

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
/// | `since = "2"` | the version of the notice that first spoke of it | none |
/// | `owner = "..."` | who answers for it | none |
/// | `question = "..."` | what is to be learnt from it | none |
/// | `expires = "2027-06-30"` | the last day on which it is recorded and sent | none |
/// | `time = "day"` | how exact its time is: `hour` or `day` | to the millisecond |
/// | `max_bits = 24` | the most that one event may tell, in bits; more does not compile | none |
/// | `count = "day"` | that it leaves as counts alone, over a `run`, `hour`, `day` or `week` | each event |
/// | `count(period = "day", top = 1_000)` | the same, and how many combinations are counted apart | all |
/// | `count(period = "day", identified)` | the same, and the lines name the installation | they name none |
/// | `crate = "..."` | the path of `telemetry_core` | `::telemetry_core` |
///
/// Each variant of an enum is an event of its own and takes all of these keys
/// but `crate` too. On a field, `#[telemetry(...)]` takes exactly one policy and:
///
/// | key | meaning |
/// |---|---|
/// | `rename = "..."` | the name in the output |
/// | `domain = "..."` | with `hash`: fields of one domain share a key and can be joined |
/// | `purpose = "..."` | a purpose of the field's own: refused alone, the field alone is absent |
/// | `since = "2"` | the version of the notice that first spoke of the field |
/// | `renamed_from = "..."` | the name that the field had before |
///
/// | policy | what leaves |
/// |---|---|
/// | `allow` | the value; only for types that cannot hold personal data |
/// | `allow(because = "...")` | the value, of any serialisable type; the reason goes into the schema |
/// | `drop` | nothing: the field is never read |
/// | `hash`, `hash(lowercase)` | a keyed pseudonym; with `lowercase` of the value in lower case |
/// | `hash(via = Uuid::as_bytes)` | the same of what a function makes of a reference to the value |
/// | `hash(sha256)`, `hash(sha256, lowercase)` | plain SHA-256, which a dictionary reverses; with `because = "..."` also where the name says what can all be tried |
/// | `scrub`, `scrub(because = "...")` | free text, personal data replaced |
/// | `bucket(10, 100)` | the range a number falls into: `<10`, `10..100`, `>=100` |
/// | `round(10)` | the nearest multiple of 10; halves are rounded away from zero |
/// | `clamp(0, 100)` | the nearest whole number from 0 to 100 |
/// | `round(10), clamp(0, 100)` | the nearest multiple of 10 from 0 to 100; `clamp` stands beside `length` and `count` too |
/// | `one_of("a", "b")` | a known text, or `other` |
/// | `truncate_ip`, `truncate_ip(v4 = 16, v6 = 32)` | the network of an address, by default /24 and /48; more than /24 or /56 needs `because = "..."` too |
/// | `length` | the number of characters of a text |
/// | `presence` | whether there is a value |
/// | `count` | the number of elements |
/// | `file_extension("rs", "toml")` | a known extension of a file name, or `other` |
/// | `host_suffix("corp.example")` | a known domain that a host is in, or `other` |
/// | `email_domain("example.com")` | a known domain of an e-mail address, or `other` |
/// | `with = path::to::function` | what a function makes of a reference to the field |
/// | `nested` | the fields of a type that derives `TelemetryFields`, by their own policies |
/// | `keys(...), values(...)` | a map: a policy for keys and one for values |
///
/// # Names that ask for a reason
///
/// No type tells a customer's number from a number of milliseconds, but a name
/// often does. When the last word of a field's name says an identifier (`user`,
/// `email`, `host`, `ip`, `token`, `birth`, `lat`, an `id` of 32 bits and more),
/// `allow`, `round` and `clamp` of a number and `scrub` of a text ask for
/// another policy or for `because = "..."`. `user_count`, `session_length`,
/// `ipv6_enabled` and plurals of numbers are none, and a value of a closed set
/// is never asked about. The name of the type counts as well (`UserId`), and
/// for a field without a name, that of what it is in; and so it is in
/// `message!` and `TelemetryError`. `identifiers.rs` has the whole list. A reason is a
/// sentence of at least three words; placeholders are refused.
#[proc_macro_derive(TelemetryEvent, attributes(telemetry))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input, Target::Event).into()
}

/// Derives `TelemetryFields`: a struct that can be a `nested` field of an
/// event. It takes `rename_all` and `crate`; its fields take what the fields
/// of an event take.
///
/// A type must not nest itself, nor two types each other: the schema would have
/// no end. Of a type that names itself the derive says so. Of two types only the
/// compiler knows, which reports `cycle detected` (E0391) at the first of the
/// fields; the notes below name the others. `drop` one of them, or leave what
/// you need of it by `count`, `presence` or `with`.
#[proc_macro_derive(TelemetryFields, attributes(telemetry))]
pub fn derive_fields(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input, Target::Fields).into()
}

/// Derives `TelemetryValue`: an enum of unit variants, whose values may be
/// `allow`ed, or a struct of one value, which may be under every policy that
/// the wrapped value may be under.
///
/// Variants are written by name, in snake case unless `rename_all` on the enum
/// or `rename` on a variant says otherwise. It also takes `crate`.
#[proc_macro_derive(TelemetryValue, attributes(telemetry))]
pub fn derive_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(&input, Target::Value).into()
}

/// Derives what the policy `kind` takes of an error: its message, of which the
/// literal pieces leave as they are and each value by a policy of its own.
///
/// The texts are those of `#[error("...")]`, as thiserror reads them; a variant
/// without one says its name in words. Each field that a text names takes a
/// policy, as a field of an event does, and so does the cause (a field `source`,
/// `#[source]` or `#[from]`), if it is to be told behind the error. In the
/// place of a value that does not leave stands its name, `[path]`.
#[proc_macro_derive(TelemetryError, attributes(telemetry, error, source, from))]
pub fn derive_error(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    error::expand(&input).into()
}

/// What `telemetry_core::message!` calls.
#[doc(hidden)]
#[proc_macro]
pub fn __message(input: TokenStream) -> TokenStream {
    parse_macro_input!(input as message::MessageInput).expand().into()
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

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_FIELDS: &str = r#"
        /// A run ended.
        #[telemetry(name = "run.finished", purpose = "product-improvement")]
        struct RunFinished<'a> {
            /// Subcommand that ran, never its arguments.
            #[telemetry(one_of("converge", "upload", "verify"))]
            command: &'a str,
            /// What was typed after the subcommand.
            #[telemetry(drop)]
            arguments: &'a [String],
            /// Host connected to.
            #[telemetry(hash)]
            target: &'a str,
            /// Who ran it.
            #[telemetry(hash(lowercase), domain = "user")]
            user: String,
            /// How the host was reached.
            #[telemetry(allow)]
            protocol: Protocol,
            /// How long it took, in milliseconds.
            #[telemetry(bucket(100, 1_000, 10_000))]
            duration_ms: u64,
            /// The error shown to the user.
            #[telemetry(scrub)]
            error: Option<&'a str>,
            /// From where.
            #[telemetry(truncate_ip)]
            address: std::net::IpAddr,
            /// How many were changed.
            #[telemetry(count)]
            resources: Vec<String>,
            /// How it ended.
            #[telemetry(allow)]
            exit_code: i32,
        }
    "#;

    fn derived(source: &str, target: Target) -> String {
        derive(&syn::parse_str(source).expect("a type"), target).to_string()
    }

    #[test]
    fn ten_fields_expand_to_less_than_4_kilobytes() {
        let expansion = derived(TEN_FIELDS, Target::Event);
        assert!(!expansion.contains("compile_error"), "{expansion}");
        assert!(expansion.len() < 4096, "{} bytes: {expansion}", expansion.len());
    }

    #[test]
    fn nothing_is_unsafe() {
        let fields = "struct Nested { #[telemetry(hash)] host: String }";
        let value = "enum Value { One, Two }";
        for (source, target) in
            [(TEN_FIELDS, Target::Event), (fields, Target::Fields), (value, Target::Value)]
        {
            assert!(!derived(source, target).contains("unsafe"));
        }
    }

    #[test]
    fn mistakes_are_all_reported_and_impls_written_all_the_same() {
        let expansion = derived(
            "struct Event { one: u8, #[telemetry(hash, drop)] two: String }",
            Target::Event,
        );
        assert_eq!(expansion.matches("compile_error").count(), 3, "{expansion}");
        assert!(expansion.contains("__t :: Event for Event"), "{expansion}");
    }
}
