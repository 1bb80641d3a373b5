//! What the derives make of every shape and policy.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use telemetry_core::{TelemetryEvent, TelemetryFields, TelemetryValue};

#[derive(Clone, Copy, TelemetryValue)]
enum Protocol {
    Ssh,
    WinRm,
}

/// A run ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement", version = 2)]
struct RunFinished<'a> {
    /// Subcommand that ran.
    #[telemetry(one_of("converge", "upload"))]
    command: &'a str,
    #[telemetry(drop)]
    arguments: &'a [String],
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(allow)]
    protocol: Protocol,
    #[telemetry(bucket(100, 1_000))]
    duration_ms: u64,
    #[telemetry(scrub)]
    error: Option<&'a str>,
    #[telemetry(length)]
    cookbook: String,
    #[telemetry(truncate_ip)]
    address: Option<IpAddr>,
    #[telemetry(keys(one_of("a")), values(allow))]
    counts: BTreeMap<String, u32>,
    #[telemetry(keys(hash), values(count))]
    lists: HashMap<String, Vec<String>>,
    #[telemetry(nested)]
    system: Vec<System>,
    #[telemetry(with = tenth)]
    size: u64,
}

fn tenth(size: &u64) -> u64 {
    size / 10
}

#[derive(TelemetryFields)]
struct System {
    #[telemetry(allow)]
    cores: u8,
    #[telemetry(presence)]
    name: Option<String>,
}

#[test]
fn debug_shows_allowed_values_and_the_policies_of_the_rest() {
    let event = RunFinished {
        command: "x",
        arguments: &[],
        target: "web-1",
        protocol: Protocol::WinRm,
        duration_ms: 5,
        error: None,
        cookbook: String::new(),
        address: None,
        counts: BTreeMap::new(),
        lists: HashMap::new(),
        system: vec![System { cores: 4, name: None }],
        size: 100,
    };
    let shown = format!("{event:?}");
    assert!(shown.contains("protocol: \"win_rm\""), "{shown}");
    assert!(!shown.contains("web-1"));
    let _ = (Protocol::Ssh, Duration::ZERO);
    assert_eq!(RunFinished::SCHEMA[0].fields.len(), 12);
}
