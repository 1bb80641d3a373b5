//! Events with every kind of policy and domain, as an author writes them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use telemetry_core::{TelemetryEvent, TelemetryFields, TelemetryValue};
use telemetry_schema::Schema;

#[derive(Clone, Copy, TelemetryValue)]
pub(crate) enum Protocol {
    Ssh,
    WinRm,
}

/// Where a run went.
#[derive(TelemetryFields)]
pub(crate) struct Host<'a> {
    /// Its name.
    #[telemetry(hash(lowercase), domain = "host")]
    pub(crate) name: &'a str,
    /// Whether it is this machine.
    #[telemetry(allow)]
    pub(crate) local: bool,
}

/// A run ended; its "quoted" text has a | in it.
#[derive(TelemetryEvent)]
#[telemetry(name = "schema.run", purpose = "product-improvement", version = 3, since = "1")]
pub(crate) struct Run<'a> {
    /// The subcommand.
    #[telemetry(one_of("converge", "upload"))]
    pub(crate) command: &'a str,
    /// What was typed.
    #[telemetry(drop)]
    pub(crate) arguments: &'a [String],
    /// The target.
    #[telemetry(hash)]
    pub(crate) target: Option<&'a str>,
    /// All targets.
    #[telemetry(hash)]
    pub(crate) targets: Vec<&'a str>,
    /// How it was connected to.
    #[telemetry(allow)]
    pub(crate) protocol: Option<Protocol>,
    /// From where.
    #[telemetry(truncate_ip)]
    pub(crate) address: IpAddr,
    /// How long it took.
    #[telemetry(bucket(100, 1_000))]
    pub(crate) duration_ms: u64,
    /// A small number.
    #[telemetry(allow)]
    pub(crate) attempts: u8,
    /// A large number.
    #[telemetry(allow)]
    pub(crate) bytes: u64,
    /// What went wrong.
    #[telemetry(scrub, purpose = "diagnostics")]
    pub(crate) error: Option<&'a str>,
    /// The host.
    #[telemetry(nested)]
    pub(crate) host: Host<'a>,
    /// The columns of the report, with how often each was used.
    #[telemetry(keys(one_of("name", "size")), values(allow))]
    pub(crate) columns: BTreeMap<&'a str, u32>,
    /// A sum that another system makes.
    #[telemetry(hash(sha256))]
    pub(crate) digest: &'a str,
    /// A code of the author's.
    #[telemetry(allow(because = "a code of ours; not a name"))]
    pub(crate) code: &'a str,
}

/// A closed event.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "schema.closed",
    purpose = "diagnostics",
    owner = "the core team",
    question = "which protocols are used?",
    expires = "2099-12-31",
    time = "day",
    max_bits = 12
)]
pub(crate) struct Closed {
    /// Two of them.
    #[telemetry(allow)]
    pub(crate) protocols: [Protocol; 2],
    /// Whether it worked.
    #[telemetry(allow)]
    pub(crate) worked: Option<bool>,
}

/// A generic event.
#[derive(TelemetryEvent)]
#[telemetry(name = "schema.generic", purpose = "diagnostics")]
pub(crate) struct Generic<K: TelemetryValue> {
    /// What it was about.
    #[telemetry(allow)]
    pub(crate) kind: K,
}
telemetry_core::register_instance!(Generic<bool>, Generic<Protocol>);

/// How often each combination occurred.
#[derive(TelemetryEvent)]
#[telemetry(name = "schema.counted", purpose = "product-improvement", count = "day")]
pub(crate) struct Counted {
    /// How it was connected to.
    #[telemetry(allow)]
    pub(crate) protocol: Protocol,
}

/// How long connecting took.
#[derive(TelemetryEvent)]
#[telemetry(name = "schema.measured", purpose = "product-improvement", count = "hour")]
pub(crate) struct Measured {
    /// How it was connected to.
    #[telemetry(allow)]
    pub(crate) protocol: Protocol,
    /// How long it took.
    #[telemetry(histogram(10, 100), clamp(0, 1_000))]
    pub(crate) took_ms: u32,
    /// How much of the processor it took.
    #[telemetry(histogram = "0.1, 0.5")]
    pub(crate) load_percent: Option<f64>,
}

/// What is linked into this test.
pub(crate) fn linked() -> Schema {
    telemetry_core::lock::linked().unwrap()
}

/// The event of this title.
pub(crate) fn event<'s>(schema: &'s Schema, title: &str) -> &'s telemetry_schema::Event {
    schema.events.iter().find(|event| event.title() == title).unwrap()
}

#[test]
fn the_owned_schema_has_the_bits_that_the_compiler_has() {
    let schema = linked();
    for described in telemetry_core::schema::linked() {
        let all = schema.events.iter().filter(|event| event.name == described.name);
        let owned: Vec<_> = all.map(|event| (event.forms(), event.millibits())).collect();
        assert!(owned.contains(&(described.forms(), described.millibits())), "{}", described.name);
    }
    assert_eq!(event(&schema, "schema.closed").forms(), Some(2 * 2 * 3));
    assert_eq!(event(&schema, "schema.generic (Generic<bool>)").millibits(), Some(1000));
    let wide =
        telemetry_schema::Event { fields: Vec::new(), ..event(&schema, "schema.closed").clone() };
    assert_eq!((wide.forms(), wide.millibits()), (Some(1), Some(0)));
}
