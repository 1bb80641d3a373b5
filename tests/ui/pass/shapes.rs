//! Every shape that an event may have.
#![deny(warnings)]
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use telemetry_core::{Literal, TelemetryEvent, TelemetryFields, TelemetryValue};

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct Unit;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct Empty {}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct EmptyTuple();

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct Tuple<'a>(
    #[telemetry(allow)] pub u32,
    #[telemetry(hash)] pub &'a str,
    #[telemetry(drop)] pub String,
    #[telemetry(length, rename = "message")] pub Cow<'a, str>,
);

#[derive(TelemetryEvent)]
#[telemetry(name = "run", purpose = "service", version = 3, rename_all = "camelCase")]
pub enum Run<'a> {
    /// A run starts.
    Started,
    #[telemetry(
        name = "run.ended",
        purpose = "diagnostics",
        version = 4,
        rename_all = "kebab-case"
    )]
    Finished {
        #[telemetry(allow)]
        exit_code: i32,
        #[telemetry(drop)]
        arguments: &'a [String],
    },
    Failed(#[telemetry(scrub)] String, #[telemetry(drop)] PathBuf),
    Nothing {},
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct Generic<'a, T, U: Debug, V, const N: usize>
where
    V: Clone,
{
    #[telemetry(allow)]
    pub one: T,
    #[telemetry(allow)]
    pub many: [T; N],
    #[telemetry(hash)]
    pub borrowed: &'a U,
    #[telemetry(drop)]
    pub dropped: V,
    #[telemetry(keys(hash), values(allow))]
    pub map: HashMap<String, Option<T>>,
    #[telemetry(with = size)]
    pub sized: Vec<V>,
}

fn size<T>(all: &[T]) -> usize {
    all.len()
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct Unsized<T: ?Sized> {
    #[telemetry(allow)]
    pub attempts: u8,
    #[telemetry(hash)]
    pub name: T,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct Defaulted<T = u32> {
    #[telemetry(allow)]
    pub value: T,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct r#Raw {
    #[telemetry(allow)]
    pub r#type: u32,
    #[telemetry(allow)]
    pub r#match: bool,
}

#[derive(Clone, Copy, TelemetryValue)]
#[telemetry(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Protocol {
    Ssh,
    #[telemetry(rename = "winrm")]
    WinRm,
    Braces {},
}

#[derive(TelemetryFields)]
#[telemetry(rename_all = "PascalCase")]
pub struct System<'a> {
    #[telemetry(allow)]
    pub core_count: u32,
    #[telemetry(hash, domain = "host")]
    pub host: &'a str,
    #[telemetry(drop)]
    pub serial: String,
    #[telemetry(nested)]
    pub disks: Vec<Disk>,
}

#[derive(TelemetryFields)]
pub struct Disk(#[telemetry(bucket(1_000, 2_000))] pub u64);

#[derive(TelemetryEvent)]
#[telemetry(purpose = "product-improvement")]
pub struct EveryPolicy<'a> {
    #[telemetry(allow)]
    pub a: Option<Vec<(Protocol, Literal, bool)>>,
    #[telemetry(allow)]
    pub b: Box<NonZeroU32>,
    #[telemetry(allow)]
    pub c: Arc<Cow<'a, [bool]>>,
    #[telemetry(allow(because = "a constant of the program"))]
    pub d: &'a str,
    #[telemetry(hash)]
    pub e: SocketAddr,
    #[telemetry(hash(lowercase), domain = "host")]
    pub f: Option<&'a str>,
    #[telemetry(hash(sha256, lowercase))]
    pub g: Vec<String>,
    #[telemetry(hash)]
    pub h: &'a Path,
    #[telemetry(bucket(-1.5, 0, 2.5))]
    pub i: f64,
    #[telemetry(bucket(-10, 0, 10))]
    pub j: Option<i8>,
    #[telemetry(one_of("ssh", "winrm"))]
    pub k: &'a str,
    #[telemetry(truncate_ip(v4 = 16, v6 = 32))]
    pub l: Option<IpAddr>,
    #[telemetry(presence)]
    pub m: Option<PathBuf>,
    #[telemetry(count)]
    pub n: &'a [String],
    #[telemetry(file_extension("rs", "toml"))]
    pub o: &'a str,
    #[telemetry(host_suffix("corp.example"))]
    pub p: &'a str,
    #[telemetry(email_domain("corp.example"))]
    pub q: &'a str,
    #[telemetry(with = Path::is_absolute)]
    pub r: PathBuf,
    #[telemetry(nested)]
    pub s: Option<System<'a>>,
    #[telemetry(keys(one_of("a", "b")), values(keys(allow), values(hash, domain = "host")))]
    pub t: BTreeMap<String, BTreeMap<u32, String>>,
    #[telemetry(keys(hash), values(nested))]
    pub u: HashMap<String, Disk>,
    #[telemetry(allow, purpose = "model-training")]
    pub v: u32,
    #[telemetry(keys(hash), values(hash))]
    pub w: Option<HashMap<String, String>>,
}

pub fn main() {
    assert_eq!(Unit::SCHEMA[0].name, "unit");
    assert_eq!(Raw::SCHEMA[0].fields[0].name, "type");
    let names: Vec<&str> = Run::SCHEMA.iter().map(|event| event.name).collect();
    assert_eq!(names, ["run.started", "run.ended", "run.failed", "run.nothing"]);
    let _ = [Protocol::Ssh, Protocol::WinRm, Protocol::Braces {}];
    let _ = [
        Run::Started,
        Run::Finished { exit_code: 1, arguments: &[] },
        Run::Failed(String::new(), PathBuf::new()),
        Run::Nothing {},
    ];
}
