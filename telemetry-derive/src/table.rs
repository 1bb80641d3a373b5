//! The table of policies.
//!
//! It owns one row for each policy: how it is written, what it is for, and the
//! functions of `telemetry_core` that apply and describe it. It must never know
//! how a row's arguments are read.
//!
//! To add a policy: a row here, and a file in `telemetry_core::policy` with the
//! functions that the row names.

use crate::forms::{
    EMAIL_DOMAIN, FILE_EXTENSION, HOST_SUFFIX, ONE_OF, allow, bucket, clamp, clamped, domain, hash,
    histogram, known, round, scrub, truncate_ip, with, word,
};
use crate::policy::{
    ADDRESS, COUNTABLE, FILE, IDENTIFIER, KeyCollisions, NUMBER, PARTS, PRESENT, Policy, Row, TEXT,
    VALUE, WHOLE,
};

/// What most rows have.
const ROW: Row = Row {
    name: "",
    form: "",
    about: "",
    synonyms: &[],
    inside: &[],
    beside: &[],
    keys: KeyCollisions::Collide,
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
        keys: KeyCollisions::Apart,
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
        keys: KeyCollisions::Apart,
        parse: hash,
        function: "hash",
        bound: IDENTIFIER,
    },
    Row {
        name: "scrub",
        form: "scrub",
        about: "free text, personal data replaced; with `known`, unknown words too",
        synonyms: &["redact", "mask"],
        inside: &["because", "known"],
        parse: scrub,
        function: "scrub",
        bound: TEXT,
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
        synonyms: &["range"],
        parse: bucket,
        function: "bucket",
        bound: NUMBER,
        ..ROW
    },
    Row {
        name: "histogram",
        form: "histogram(10, 100)",
        about: "of a counted event's number: how many were in each range, and their sum",
        synonyms: &["distribution", "summary"],
        beside: &[("clamp", |leaf, item| clamped(leaf, item, "histogram_clamped", "NUMBER"))],
        parse: histogram,
        function: "histogram",
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
        bound: WHOLE,
        ..ROW
    },
    Row {
        name: "clamp",
        form: "clamp(0, 100)",
        about: "the whole number, not below 0 nor above 100",
        parse: clamp,
        function: "clamp",
        bound: WHOLE,
        ..ROW
    },
    Row {
        name: "one_of",
        form: "one_of(\"a\", \"b\")",
        about: "a known text, or `other`",
        synonyms: &["enum", "values_of"],
        keys: KeyCollisions::ApartBy("known_key"),
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
        bound: TEXT,
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
