//! Names that say an identifier.
//!
//! It owns the list of words and what makes a name one of them. It must never
//! know a policy, nor what is done about a name.
//!
//! No type tells a customer's number from a number of milliseconds, but a
//! field's name often does: the *last* word of an English name says what it is
//! (`session_count` is a count, `session_token` a token), and the words before
//! it whose. The list is short on purpose: it is asked for a reason, and a
//! question that comes too often is answered without thought.

use syn::{GenericArgument, PathArguments, Type};

/// A name whose last word is one of these says an identifier.
const IDENTIFIERS: &str = "\
    user username login account person customer employee patient owner member subscriber visitor \
    tenant caller email mail phone telephone cellphone msisdn fax birth birthday birthdate dob born \
    ssn passport iban card creditcard cvv pin postcode zipcode vin host hostname fqdn machine \
    computer device serial imei imsi iccid ip ipv4 ipv6 ipaddr addr clientip remoteip sourceip \
    userip address ipaddress macaddress mac macaddr ssid bssid lat latitude lon lng longitude \
    latlon latlong latlng lnglat gps geo geohash coords coordinate coordinates location token \
    session cookie secret password passwd credential credentials fingerprint hash hashed digest \
    uuid guid userid uid";

/// Those of so few digits that all can be tried, against a hash without a key.
const LISTED: &str = "\
    ip ipv4 ipaddr ipaddress clientip remoteip sourceip userip phone telephone cellphone mobile cell \
    tel msisdn fax ssn social tax card creditcard cvv pin birth birthday birthdate dob born mac \
    macaddr macaddress imei lat latitude lon lng longitude postcode zipcode";

/// Of a text, these too: a name or an address of somebody.
const NAMES: &str = "\
    surname forename firstname lastname fullname nickname realname displayname street sender \
    recipient author committer";

/// Words before `name` that make it somebody's.
const WHOSE_NAMES: &str = "\
    first last full given family middle maiden display real nick screen sur server";

/// Words that say an identifier wherever they stand, if the last word does not
/// say something else: `birth_year`, `email_domain`.
const ANYWHERE: &str = "\
    username email phone telephone birth birthdate birthday born dob ssn passport iban hostname \
    latitude longitude password imei";

/// Last words that only say that it is a value of what stands before them:
/// `phone_number` is one, `exit_code` is not.
const OF_ANOTHER: &str = "\
    name number no nr key code string raw v4 v6 last4 hex value long u32 u64 u128 int integer \
    decimal";

/// Words before these that are numbered, but no identifiers alone: how many
/// visits were `mobile` is none.
const NUMBERED: &str = "\
    mobile cell tel tax social insurance reference";

/// Last words that say a number of what stands before them.
const NUMBERS: &str = "number no nr num";

/// Last words that a pair of fractions makes a place on earth.
const PLACES: &str = "position pos point place home here there origin destination center centre";

/// Words before `key` that make it one.
const KEYS: &str = "\
    api access private secret license ssh";

/// Last words of measures, states and prose: none of them is an identifier,
/// whatever stands before it.
const MEASURES: &str = "\
    count total sum num quantity amount size len length bytes kb mb gb kib mib gib bits chars \
    characters words lines ms us ns s sec secs seconds millis micros nanos minutes hours days \
    weeks months years duration latency elapsed age rate ratio percent score max min limit budget \
    usage quota depth level index attempts retries failures errors version status state kind type \
    mode enabled disabled verified provider format reason message error text body description \
    comment";

/// First words that make a count, a limit or a question of the rest.
const COUNTS: &str = "\
    num n count total max min avg mean is has uses";

/// What only holds another type.
const WRAPPERS: &str =
    "Option Box Rc Arc Cow Vec VecDeque Private Wrapping Saturating BTreeSet HashSet";

/// Types of well-known crates, which are no numbers: the policies say more of
/// them than a name does.
const STANDARD: &str = "IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6 Uuid Guid";

/// What a name says, and by which of its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdentifyingWord {
    pub(crate) word: String,
    /// Whether a number below 32 bits is none: `worker_id: u8` is a small
    /// number of workers.
    pub(crate) only_wide: bool,
}

impl IdentifyingWord {
    /// Whether a machine tries all its values in a day.
    pub(crate) fn can_be_listed(&self) -> bool {
        is_in(&self.word, LISTED)
    }
}

/// The identifier that the name of a number says, if it says one. A plural
/// says none: `hosts: u32` is how many there are.
pub(crate) fn of_number(name: &str) -> Option<IdentifyingWord> {
    identifier(&words(name))
}

/// The identifier that the name of a text says, if it says one. A plural says
/// several of them.
pub(crate) fn of_text(name: &str) -> Option<IdentifyingWord> {
    let mut words = words(name);
    let found = identifier(&words).or_else(|| somebody(&words));
    if found.is_some() {
        return found;
    }
    let last = words.pop()?;
    let one = ["es", "s"].iter().filter_map(|end| last.strip_suffix(end)).find(|one| {
        *one == "id" || [IDENTIFIERS, OF_ANOTHER, NAMES].iter().any(|list| is_in(one, list))
    })?;
    words.push(one.to_owned());
    identifier(&words).or_else(|| somebody(&words))
}

/// What a text alone can be: the name of somebody.
fn somebody(words: &[String]) -> Option<IdentifyingWord> {
    let (last, before) = words.split_last()?;
    let whose = before.last().is_some_and(|whose| is_in(whose, WHOSE_NAMES));
    (is_in(last, NAMES) || (last == "name" && whose))
        .then(|| IdentifyingWord { word: last.clone(), only_wide: false })
}

/// The place that the name of a pair of fractions says, if it says one.
pub(crate) fn of_place(name: &str) -> Option<IdentifyingWord> {
    let word = words(name).pop().filter(|last| is_in(last, PLACES))?;
    Some(IdentifyingWord { word, only_wide: false })
}

/// The name of a type that an author gave: of `Option<UserId>`, `UserId`.
pub(crate) fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => type_name(&reference.elem),
        Type::Group(group) => type_name(&group.elem),
        Type::Paren(paren) => type_name(&paren.elem),
        Type::Slice(slice) => type_name(&slice.elem),
        Type::Array(array) => type_name(&array.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let name = last.ident.to_string();
            match &last.arguments {
                PathArguments::AngleBracketed(arguments) if is_in(&name, WRAPPERS) => {
                    arguments.args.iter().find_map(|argument| match argument {
                        GenericArgument::Type(ty) => type_name(ty),
                        _ => None,
                    })
                }
                _ => Some(name).filter(|name| !is_in(name, STANDARD)),
            }
        }
        _ => None,
    }
}

/// Whether a type holds two fractions or more, side by side.
pub(crate) fn is_pair_of_fractions(ty: &Type) -> bool {
    let is_fraction = |ty: &&Type| type_name(ty).is_some_and(|name| name == "f64" || name == "f32");
    match ty {
        Type::Group(group) => is_pair_of_fractions(&group.elem),
        Type::Paren(paren) => is_pair_of_fractions(&paren.elem),
        Type::Reference(reference) => is_pair_of_fractions(&reference.elem),
        Type::Tuple(tuple) => tuple.elems.iter().filter(is_fraction).count() > 1,
        Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().any(
                |argument| matches!(argument, GenericArgument::Type(ty) if is_pair_of_fractions(ty)),
            ),
            _ => false,
        }),
        _ => false,
    }
}

fn identifier(words: &[String]) -> Option<IdentifyingWord> {
    let (last, before) = words.split_last()?;
    let found = |word: &str| Some(IdentifyingWord { word: word.to_owned(), only_wide: false });
    if before.first().is_some_and(|first| is_in(first, COUNTS)) {
        return None;
    }
    if last == "id" {
        return Some(IdentifyingWord { word: last.clone(), only_wide: true });
    }
    if is_in(last, IDENTIFIERS) {
        return found(last);
    }
    if is_in(last, NUMBERS)
        && let Some(numbered) = before.last().filter(|word| is_in(word, NUMBERED))
    {
        return found(numbered);
    }
    if last == "num"
        && let Some(word) = before.last().filter(|word| is_in(word, ANYWHERE) || *word == "card")
    {
        return found(word);
    }
    if is_in(last, MEASURES) {
        return None;
    }
    if is_in(last, OF_ANOTHER) {
        let whose =
            |word: &&String| is_in(word, IDENTIFIERS) || (last == "key" && is_in(word, KEYS));
        if let Some(word) = before.iter().rev().find(whose) {
            return found(word);
        }
    }
    // `ts` is no plural.
    if last.len() > 2 && last.ends_with('s') && !last.ends_with("ss") {
        return None;
    }
    before.iter().find(|word| is_in(word, ANYWHERE)).and_then(|word| found(word))
}

fn is_in(word: &str, list: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// The words of a name in snake, kebab, camel or any other case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = '_';
    for letter in name.chars() {
        if letter.is_alphanumeric() {
            let starts =
                !previous.is_alphanumeric() || (letter.is_uppercase() && previous.is_lowercase());
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        previous = letter;
    }
    words
}

/// How wide a number is that a type holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Width {
    /// Integers below 32 bits.
    Narrow,
    /// Integers of 32 bits and more, floating-point numbers, durations.
    Wide,
}

/// The widest number in `ty`, as far as its words tell: of an alias, nothing.
pub(crate) fn number(ty: &Type) -> Option<Width> {
    match ty {
        Type::Reference(reference) => number(&reference.elem),
        Type::Group(group) => number(&group.elem),
        Type::Paren(paren) => number(&paren.elem),
        // Two small numbers are a large one.
        Type::Tuple(tuple) if tuple.elems.iter().filter_map(number).count() > 1 => {
            Some(Width::Wide)
        }
        Type::Tuple(tuple) => tuple.elems.iter().find_map(number),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if let PathArguments::AngleBracketed(arguments) = &last.arguments {
                return arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(ty) => number(ty),
                    _ => None,
                });
            }
            width(&last.ident.to_string())
        }
        _ => None,
    }
}

fn width(name: &str) -> Option<Width> {
    let name = name.strip_prefix("NonZero").or_else(|| name.strip_prefix("Atomic")).unwrap_or(name);
    match name.to_lowercase().as_str() {
        "u8" | "u16" | "i8" | "i16" => Some(Width::Narrow),
        "u32" | "u64" | "u128" | "usize" | "i32" | "i64" | "i128" | "isize" | "f32" | "f64"
        | "duration" => Some(Width::Wide),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_identifiers_are_found() {
        for name in [
            "user",
            "user_id",
            "userId",
            "UserID",
            "user_name",
            "username",
            "login",
            "loginName",
            "account",
            "account_no",
            "email",
            "email_address",
            "email_hash",
            "contact_phone",
            "phone_number",
            "host",
            "hostname",
            "host_name",
            "target-host",
            "ip",
            "client_ip",
            "ip_address",
            "mac",
            "mac_addr",
            "lat",
            "lon",
            "latitude",
            "home_location",
            "birth",
            "birth_date",
            "date_of_birth",
            "birth_year",
            "ssn",
            "card",
            "card_number",
            "card_last4",
            "token",
            "session",
            "session_key",
            "api_key",
            "device",
            "deviceId",
            "customer_id",
            "hash",
            "machine_hash",
            "order_id",
            "id",
            "uuid",
            "dob",
            "born_at",
            "birth_ts",
            "birthdate_unix",
            "lat_long",
            "latlon",
            "coords",
            "ip_u32",
            "clientip",
            "account_nr",
            "mobile_number",
            "tax_no",
            "phone_num",
            "card_num",
            "user_hashed",
            "member",
            "tenant",
            "credit_card",
        ] {
            assert!(of_number(name).is_some(), "{name}");
            assert!(of_text(name).is_some(), "{name}");
        }
        assert!(of_number("worker_id").is_some_and(|found| found.only_wide));
        assert!(of_number("user").is_some_and(|found| !found.only_wide));
        for name in [
            "hosts",
            "user_names",
            "usernames",
            "emails",
            "addresses",
            "user_ids",
            "hashes",
            "first_name",
            "lastName",
            "full_names",
            "surname",
            "display_name",
            "sender",
            "recipients",
            "home_street",
            "server_name",
        ] {
            assert!(of_text(name).is_some(), "{name}");
        }
        assert!(of_place("home_position").is_some() && of_place("cursor").is_none());
    }

    /// Names of numbers in events that real programs send.
    #[test]
    fn names_of_measures_and_counts_are_not() {
        for name in [
            "user_count",
            "token_count",
            "session_count",
            "hosts",
            "ipv6_enabled",
            "exit_code",
            "duration_ms",
            "trip_count",
            "users",
            "devices",
            "sessions",
            "max_tokens",
            "tokens",
            "prompt_tokens",
            "completionTokens",
            "token_usage",
            "token_limit",
            "session_length",
            "session_duration_secs",
            "host_version",
            "host_cores",
            "login_attempts",
            "account_age_days",
            "email_count",
            "hash_rate",
            "hash_ms",
            "card_count",
            "ip_version",
            "cache_hits",
            "retries",
            "http_status",
            "status_code",
            "error_code",
            "line_number",
            "port",
            "width",
            "height",
            "files_changed",
            "bytes_sent",
            "startup_time",
            "is_user",
            "num_user",
            "total_device",
            "has_account",
            "phone_calls",
            "latency",
            "platform",
            "machine_learning",
            "build_number",
            "user_agent_length",
            "valid",
            "grid",
            "paid",
            "described",
            "island",
            "macro_count",
            "hostility",
            "ship",
            "zip_ms",
            "longest",
            "position",
            "key",
            "keys",
            "name_length",
            "version",
            "device_memory_mb",
            "email_verified",
            "password_length",
            "plan",
            "seats",
            "rows",
            "columns",
            "checksum_ms",
            "feature_flags",
            "tests_failed",
            "resources",
            "nodes",
            "projects",
            "app_size",
            "mobile",
            "cells",
            "birthdays",
            "members",
            "clients",
            "client_version",
            "position",
            "point",
            "pos",
            "session_ts",
            "login_at",
            "user_num",
            "prime",
            "reference",
            "long",
            "string",
            "integer",
            "mouse_position",
            "pid",
            "peers",
            "checksum_errors",
            "word_count",
            "embedding",
        ] {
            assert_eq!(of_number(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_prose_are_not() {
        for name in [
            "message",
            "error",
            "login_error",
            "email_body",
            "user_message",
            "description",
            "host_error_text",
            "comment",
            "session_description",
            "stderr",
            "panic",
            "reason",
            "name",
            "file_name",
            "table_name",
            "title",
            "summary",
            "output",
        ] {
            assert_eq!(of_text(name), None, "{name}");
        }
    }

    #[test]
    fn widths_are_read_through_what_only_holds_a_number() {
        for (ty, expected) in [
            ("u8", Some(Width::Narrow)),
            ("Option<u16>", Some(Width::Narrow)),
            ("&'a u64", Some(Width::Wide)),
            ("std::num::NonZeroU32", Some(Width::Wide)),
            ("Option<Box<f64>>", Some(Width::Wide)),
            ("Wrapping<i64>", Some(Width::Wide)),
            ("AtomicUsize", Some(Width::Wide)),
            ("std::time::Duration", Some(Width::Wide)),
            ("(u8, u8)", Some(Width::Wide)),
            ("(bool, u8)", Some(Width::Narrow)),
            ("(f64, f64)", Some(Width::Wide)),
            ("bool", None),
            ("Option<bool>", None),
            ("Protocol", None),
            ("String", None),
        ] {
            let parsed: Type = syn::parse_str(ty).expect("a type");
            assert_eq!(number(&parsed), expected, "{ty}");
        }
    }

    #[test]
    fn the_name_of_a_type_is_read_through_what_only_holds_it() {
        for (ty, expected) in [
            ("UserId", Some("UserId")),
            ("&'a Option<ids::UserId>", Some("UserId")),
            ("[Private<UserId>]", Some("UserId")),
            ("HashMap<UserId, u8>", Some("HashMap")),
            ("std::net::IpAddr", None),
            ("(UserId, u8)", None),
        ] {
            let parsed: Type = syn::parse_str(ty).expect("a type");
            assert_eq!(type_name(&parsed).as_deref(), expected, "{ty}");
        }
        for (ty, expected) in [
            ("(f64, f64)", true),
            ("Option<(f32, f32)>", true),
            ("(u32, u32)", false),
            ("(f64, u8)", false),
            ("f64", false),
        ] {
            let parsed: Type = syn::parse_str(ty).expect("a type");
            assert_eq!(is_pair_of_fractions(&parsed), expected, "{ty}");
        }
    }

    #[test]
    fn no_list_holds_a_word_twice() {
        for list in [
            IDENTIFIERS,
            LISTED,
            NAMES,
            WHOSE_NAMES,
            ANYWHERE,
            OF_ANOTHER,
            NUMBERED,
            NUMBERS,
            PLACES,
            KEYS,
            MEASURES,
            COUNTS,
            WRAPPERS,
            STANDARD,
        ] {
            let words: Vec<&str> = list.split(' ').collect();
            let different: std::collections::BTreeSet<_> = words.iter().collect();
            assert_eq!(words.len(), different.len(), "{list}");
            assert!(!different.contains(&""), "{list}");
        }
        assert!(!IDENTIFIERS.split(' ').any(|word| is_in(word, MEASURES)));
    }
}
