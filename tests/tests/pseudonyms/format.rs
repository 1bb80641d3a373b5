//! The bytes of pseudonyms, and what is kept apart.

use telemetry_core::pseudonym::{KeyScope, Keys, Secret, Step, TypePath};

use super::{domain, field, fixed_secret, pseudonym, slot};

/// Computed by a second implementation, from the tables in the documentation
/// of `Pseudonym` and with Python's `hmac` alone:
///
/// ```python
/// import hmac
/// def mac(key, data): return hmac.digest(key, data, "sha256")
/// def part(p): return len(p).to_bytes(8, "big") + p
/// def pseudonym(secret, *scope, value, epoch=0, bits=128):
///     parts = (b"telemetry pseudonym v1", *scope, epoch.to_bytes(8, "big"))
///     key = mac(mac(bytes(32), secret), b"".join(map(part, parts)) + b"\x01")
///     return "h1_" + mac(key, value)[:bits // 8].hex()
/// secret = bytes(range(32))
/// pseudonym(secret, b"field", b"", b"run.finished", b"name", b"target", value=b"Web-1.corp.example")
/// run = (b"field", b"program::events::Run", b"run.finished")
/// pseudonym(secret, *run, b"name", b"hosts", b"values", value=b"web-1")
/// pseudonym(secret, *run, b"name", b"hosts", b"keys", value=b"web-1")
/// pseudonym(secret, b"domain", b"host", value="Zoë's Büro-PC".encode())
/// pseudonym(secret, b"domain", b"host", value=b"a" * 65, bits=64)  # and 256
/// second = mac(secret, b"next")
/// pseudonym(second, b"domain", b"host", value=b"web-1", epoch=1)
/// pseudonym(mac(second, b"next"), b"domain", b"host", value=b"web-1", epoch=2)
/// ```
#[test]
fn known_answers() {
    let keys = || Keys::new(fixed_secret());
    let target = field("run.finished", "target");
    let host = domain("host");
    let long = "a".repeat(65);
    assert_eq!(
        pseudonym(&keys(), target, "Web-1.corp.example"),
        "h1_89e51a25435c93be1b1e9153897c4a05"
    );
    let of_a_map = |inside| {
        let type_path = TypePath::new("program::events::Run");
        let (event, field) = ("run.finished", "hosts");
        slot(KeyScope::Field { type_path, event, field, inside })
    };
    let (values, names) = (of_a_map(&[Step::Values]), of_a_map(&[Step::Keys]));
    assert_eq!(pseudonym(&keys(), values, "web-1"), "h1_141e35f1672560b57b3fdd3c5dfcb840");
    assert_eq!(pseudonym(&keys(), names, "web-1"), "h1_714a84a1a76f4e7763a112141fce4039");
    assert_eq!(pseudonym(&keys(), host, "Zoë's Büro-PC"), "h1_5c5cad3083df041335126f63efa89629");
    assert_eq!(pseudonym(&keys().with_length(64).unwrap(), host, &long), "h1_5e3ab0ea0dc09521");
    assert_eq!(
        pseudonym(&keys().with_length(256).unwrap(), host, &long),
        "h1_5e3ab0ea0dc09521bc1bd84f0883101fcefe0f3d8cd3bd521ba05d05ee68b4c2"
    );
    let second = fixed_secret().next_epoch();
    assert_eq!(pseudonym(&Keys::new(second), host, "web-1"), "h1_4cbec0882479d74b4681da31f59695e5");
    let third = fixed_secret().next_epoch().next_epoch();
    assert_eq!(pseudonym(&Keys::new(third), host, "web-1"), "h1_0bfc4b711119195fecb0493f1c85aeb4");
}

#[test]
fn every_length_is_the_beginning_of_the_longest() {
    let host = domain("host");
    let longest = pseudonym(&Keys::new(fixed_secret()).with_length(256).unwrap(), host, "web-1");
    for bits in (64..=256).step_by(8) {
        let keys = Keys::new(fixed_secret()).with_length(bits).unwrap();
        let shorter = pseudonym(&keys, host, "web-1");
        assert_eq!(shorter, longest[..3 + bits / 4]);
    }
    let default = pseudonym(&Keys::new(fixed_secret()), host, "web-1");
    assert_eq!(default, longest[..3 + 128 / 4]);
}

#[test]
fn other_lengths_are_refused_by_name() {
    for bits in [0, 1, 8, 56, 63, 65, 100, 127, 255, 257, 264, 512, usize::MAX] {
        let error = Keys::new(fixed_secret()).with_length(bits).unwrap_err();
        assert!(error.is_argument());
        assert!(error.to_string().contains(&bits.to_string()), "{error}");
        assert!(error.to_string().contains("64 to 256"), "{error}");
    }
}

#[test]
fn text_form_needs_no_escape() {
    let keys = Keys::session().unwrap();
    let host = domain("host");
    for number in 0..1_000 {
        let text = pseudonym(&keys, host, format!("web-{number}"));
        let digits = text.strip_prefix("h1_").unwrap();
        assert_eq!(digits.len(), 32);
        assert!(digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{text}");
    }
}

#[test]
fn same_value_in_two_fields_or_events_differs() {
    let keys = Keys::new(fixed_secret());
    let scopes = [
        field("run.finished", "target"),
        field("run.finished", "user"),
        field("run.failed", "target"),
        domain("target"),
        domain("run.finished"),
    ];
    let all: Vec<_> = scopes.map(|slot| pseudonym(&keys, slot, "anna")).into();
    assert_distinct(&all);
}

#[test]
fn same_domain_joins() {
    let keys = Keys::new(fixed_secret());
    // Two slots, as the derive makes one for each field.
    let (one, two) = (domain("host"), domain("host"));
    assert_eq!(pseudonym(&keys, one, "web-1"), pseudonym(&keys, two, "web-1"));
    assert_ne!(pseudonym(&keys, one, "web-1"), pseudonym(&keys, two, "web-2"));
}

#[test]
fn installations_and_sessions_cannot_be_joined() {
    let host = domain("host");
    let all: Vec<_> = (0..4)
        .map(|_| pseudonym(&Keys::new(Secret::generate().unwrap()), host, "web-1"))
        .chain((0..4).map(|_| pseudonym(&Keys::session().unwrap(), host, "web-1")))
        .collect();
    assert_distinct(&all);
}

#[test]
fn a_fleet_can_be_joined() {
    let host = domain("host");
    let fleet = b"a fleet's key, which has 32 byte";
    let [one, two] =
        [0, 1].map(|_| pseudonym(&Keys::new(Secret::from_bytes(fleet).unwrap()), host, "web-1"));
    assert_eq!(one, two);
}

#[test]
fn epochs_cannot_be_linked() {
    let host = domain("host");
    let mut all = Vec::new();
    for epoch in 0..20 {
        let secret = (0..epoch).fold(fixed_secret(), |secret, _| secret.next_epoch());
        assert_eq!(secret.epoch(), epoch);
        all.push(pseudonym(&Keys::new(secret), host, "web-1"));
    }
    assert_distinct(&all);
}

/// Names that a plain concatenation would confuse, or a one-byte length, or a
/// separator.
#[test]
fn no_two_scopes_share_a_key() {
    let keys = Keys::new(fixed_secret());
    let long: &'static str = "x".repeat(256).leak();
    let longer: &'static str = "x".repeat(257).leak();
    let fields = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc", ""),
        ("", "abc"),
        ("a.b", "c"),
        ("a", "b.c"),
        ("a\0b", "c"),
        ("a", "b\0c"),
        ("a\0\0\0\0\0\0\0\u{1}b", "c"),
        ("a", "\0\0\0\0\0\0\0\u{1}bc"),
        (long, "x"),
        ("x", long),
        (longer, ""),
        ("", longer),
        ("field", "a"),
        ("domain", "a"),
    ];
    let at = |path, event, field, inside| {
        let type_path = TypePath::new(path);
        KeyScope::Field { type_path, event, field, inside }
    };
    let inside = |name: fn() -> &'static str, event, field| {
        let type_path = TypePath::named("p::a", name);
        KeyScope::Field { type_path, event, field, inside: &[] }
    };
    let places = [
        at("p::a", "b", "c", &[]),
        at("p::ab", "", "c", &[]),
        at("a", "b", "c", &[Step::Keys]),
        at("a", "b", "c", &[Step::Values]),
        at("a", "b", "c[keys]", &[]),
        at("a", "b", "c[values]", &[]),
        at("a", "b", "c", &[Step::Field("keys")]),
        at("a", "b", "c", &[Step::Field("values")]),
        at("a", "b", "c", &[Step::Field("name"), Step::Keys]),
        at("a", "b", "c", &[Step::Keys, Step::Values]),
        at("a", "b", "c", &[Step::Values, Step::Keys]),
        at("p::b::a", "b", "c", &[]),
        inside(|| "p::b::a", "b", "c"),
        inside(|| "p::b::c::a<'_>", "b", "c"),
        inside(|| "p::b::_::C::__Beside", "c", "name"),
        inside(|| "p::name::_::C::__Beside", "b", "c"),
    ];
    let domains = ["abc", "ab", "a", "", "fieldabc", "domain", "a.b.c", "a\0b\0c", longer];
    let all: Vec<_> = fields
        .iter()
        .map(|(event, field)| KeyScope::field(event, field))
        .chain(domains.into_iter().map(KeyScope::Domain))
        .chain(places)
        .map(|scope| pseudonym(&keys, slot(scope), "value"))
        .collect();
    assert_distinct(&all);
}

/// More fields than the first buckets of the cache hold, from several threads
/// at once: each field keeps its own key.
#[test]
fn many_fields_keep_their_keys() {
    let names: Vec<&'static str> = (0..500).map(|n| &*format!("field_{n}").leak()).collect();
    let slots: Vec<_> = names.iter().map(|name| field("many", name)).collect();
    let keys = Keys::new(fixed_secret());
    let of_all =
        || -> Vec<String> { slots.iter().map(|slot| pseudonym(&keys, slot, "value")).collect() };
    let results: Vec<Vec<String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(of_all)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_distinct(&results[0]);
    assert!(results.iter().all(|result| *result == results[0]));
    // The same with slots and keys that are used for the first time here.
    for (name, expected) in names.iter().zip(&results[0]) {
        let fresh = Keys::new(fixed_secret());
        assert_eq!(pseudonym(&fresh, field("many", name), "value"), *expected);
    }
}

#[test]
fn empty_value_has_no_pseudonym() {
    assert!(Keys::session().unwrap().pseudonym(domain("host"), b"").is_none());
}

#[test]
fn secrets_are_not_printed() {
    let bytes: [u8; 32] = std::array::from_fn(|index| 0xa0 | (index as u8 & 0x0f));
    let secret = Secret::from_bytes(&bytes).unwrap();
    let host = domain("host");
    let shown = format!("{secret:?} {secret:#?}");
    let keys = Keys::new(secret);
    let value = pseudonym(&keys, host, "web-1");
    let shown = format!("{shown} {keys:?} {keys:#?} {host:?}");
    for form in [super::hex(bytes), "160, 161".into(), "a0, a1".into(), value[3..].into()] {
        assert!(!shown.to_lowercase().contains(&form), "{shown}");
    }
}

#[test]
fn secrets_of_other_lengths_are_refused() {
    for length in (0..32).chain(33..70) {
        let bytes = vec![0x5a; length];
        let error = Secret::from_bytes(&bytes).unwrap_err();
        assert!(error.is_secret());
        let text = format!("{error} {error:?}");
        assert!(text.contains("32 bytes"), "{text}");
        assert!(!text.contains("ZZ") && !text.contains("5a5a") && !text.contains("90, 90"));
    }
    assert!(Secret::from_bytes(&[0; 32]).unwrap_err().is_secret());
}

#[test]
fn secrets_are_wiped_when_dropped() {
    const fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    const {
        wiped::<Secret>();
        wiped::<telemetry_core::pseudonym::primitives::Keyed>();
    }
    // Neither can be copied out of its place.
    const { assert!(std::mem::needs_drop::<Secret>() && std::mem::needs_drop::<Keys>()) };
}

fn assert_distinct(all: &[String]) {
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "{all:?}");
}

/// What the compiler calls a local type may change with the compiler. The keys
/// of a type that a module has must not.
#[test]
fn a_name_that_cannot_be_read_changes_no_key() {
    let plain = TypePath::new("p::m::Run");
    let keys = Keys::new(fixed_secret());
    let names: [fn() -> &'static str; 7] = [
        || "p::m::Run",
        || "p::m::Run<'_, '_>",
        || "p::m::_::P::__Beside",
        || "p::m::{const}::P::__Beside",
        || "p[1f]::m::f::_::P::__Beside",
        || "Run",
        || "",
    ];
    let under = |type_path| {
        let scope = KeyScope::Field { type_path, event: "run", field: "host", inside: &[] };
        pseudonym(&keys, slot(scope), "web-1")
    };
    for name in names {
        assert_eq!(under(TypePath::named("p::m::Run", name)), under(plain), "{}", name());
    }
    let local = under(TypePath::named("p::m::Run", || "p::m::f::Run<'_>"));
    assert_ne!(local, under(plain));
    let beside = TypePath::named("p::m::Run", || "p::m::f::_::P::__Beside");
    assert_eq!(local, under(beside));
}
