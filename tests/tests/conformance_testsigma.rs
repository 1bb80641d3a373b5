//! What Testsigma's document says, sentence by sentence, of the rebuilt server
//! in `examples/src/test_server.rs`.
//!
//! The document is `telemetry.md` of Testsigma's public documentation; what is
//! quoted is quoted as it stands.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use telemetry_core::export::Deliver;
use telemetry_core::schema::{FieldSchema, Purpose};
use telemetry_core::testing::RecordingReceiver;
use telemetry_core::{Builder, Recorded, TelemetryEvent};
use telemetry_examples::deliver_now;
use telemetry_examples::test_server::{
    AgentDeviceStatRequest, AgentStatRequest, DataSource, ElementStatRequest,
    EnvironmentStatRequest, EventType, RowNumber, Server, ServerRequest, TestCaseStatRequest,
    TestDataStatRequest, TestPlanRunStatRequest, TestPlanStatRequest, TestStepStatRequest,
    TestSuiteStatRequest, UploadStatRequest, settings, with_receiver,
};
use telemetry_tests::spool::stored;

/// The document's own installation.
const SERVER_UUID: &str = "0195f3d8-7165-11ec-8d28-2641d35f62cd";

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The twelve requests, in the document's order. Its `ElementStatRequest` ends
/// with a comma that JSON does not have, and that is left out here.
const DOCUMENTED: [&str; 12] = [
    r#"{
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "serverVersion": "1.0.0",
    "serverOs": "LINUX",
    "lastUpTime": "2022-01-10 12:16:28"
    }"#,
    r#"{
    "agentDeviceId": "10",
    "agentDeviceOs": "LINUX",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "agentId": "10",
    "agentOs": "LINUX",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "elementId": "10",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "environmentId": "10",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "testCaseId": "10",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "testDataId": "10",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "testPlanRunId": "10",
    "applicationType": "WebApplication",
    "testPlanType": "ADHOC_TEST_PLAN",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "testPlanId": "10",
    "applicationType": "WebApplication",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "testStepId": "10",
    "testCaseId": "20",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "testSuiteId": "10",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
    r#"{
    "uploadId": "10",
    "uploadExtension": "APK",
    "serverUuid": "0195f3d8-7165-11ec-8d28-2641d35f62cd",
    "eventType": "CREATE"
    }"#,
];

fn builder(home: &Path) -> Builder {
    settings(Some(home)).with_env(|_| None)
}

fn start(home: &Path, now: SystemTime) -> (Server, Option<Recorded>) {
    Server::start(builder(home), now).unwrap()
}

fn start_with(home: &Path, receiver: &RecordingReceiver, now: SystemTime) -> Server {
    let builder = with_receiver(builder(home), &receiver.url("/"), Deliver::at_start()).unwrap();
    Server::start(builder, now).unwrap().0
}

fn source() -> DataSource {
    DataSource {
        url: "postgres://canary-user:canary-password@canary-host.example/canary-db".to_owned(),
        rows: vec!["canary-row-1".to_owned(), "canary-row-2".to_owned()],
    }
}

/// The fields of what is stored, oldest first.
fn fields(home: &Path) -> Vec<Value> {
    let events = stored(&home.join("telemetry"));
    events.into_iter().map(|event| Value::Object(event.fields)).collect()
}

fn bodies(receiver: &RecordingReceiver) -> Vec<Value> {
    let received = receiver.requests();
    received.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// 2022-01-10 12:16:28 UTC, the document's last up-time.
fn documented_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_641_816_988)
}

#[test]
fn the_server_sends_a_ping_when_it_first_starts_and_updates_every_12_hours() {
    // "The Testsigma server sends a ping when it first starts and updates every
    // 12 hours as an ‘is-alive’ status and the last server up-time."
    let home = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let (server, ping) = start(home.path(), now);
    assert_eq!(ping, Some(Recorded::Stored), "the first start");
    assert_eq!(server.tick(now + MINUTE), None);
    assert_eq!(server.tick(now + 12 * HOUR - MINUTE), None, "before the period is over");
    // Up to a tenth of the period is added at random, so that servers that
    // were installed together do not call together.
    let latest = now + 12 * HOUR + 12 * HOUR / 10;
    assert_eq!(server.tick(latest), Some(Recorded::Stored), "after every period");
    assert_eq!(server.tick(latest + 11 * HOUR), None);
    assert_eq!(server.tick(latest + 14 * HOUR), Some(Recorded::Stored));
    drop(server);
    assert_eq!(fields(home.path()).len(), 3);
}

#[test]
fn restarts_make_no_second_ping_and_a_pause_is_made_up_for_by_one() {
    // "sends a ping when it first starts": the first start, not each.
    let home = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    assert_eq!(start(home.path(), now).1, Some(Recorded::Stored));
    assert_eq!(start(home.path(), now + MINUTE / 2).1, None);
    assert_eq!(start(home.path(), now + MINUTE).1, None);
    let (server, ping) = start(home.path(), now + 100 * HOUR);
    assert_eq!(ping, Some(Recorded::Stored), "eight periods passed while it was stopped");
    assert_eq!(server.tick(now + 100 * HOUR + MINUTE), None, "and one ping makes up for them");
}

#[test]
fn the_last_up_time_is_the_last_sign_of_life_of_the_run_before() {
    // "lastUpTime": "2022-01-10 12:16:28"
    let home = tempfile::tempdir().unwrap();
    let (server, _) = start(home.path(), documented_time() - 3 * HOUR);
    assert_eq!(server.tick(documented_time()), None);
    // Killed here, as far as the server is concerned; up again two days later.
    drop(server);
    start(home.path(), documented_time() + 48 * HOUR);
    let pings = fields(home.path());
    let [first, second] = pings.as_slice() else { panic!("{pings:?}") };
    assert_eq!(second["lastUpTime"], "2022-01-10 12:16:28");
    // Nothing was up before the first start, and so there is nothing to say:
    // absent, not the time of the start, as if it had been up.
    assert_eq!(first.get("lastUpTime"), None);
}

#[test]
fn the_twelve_requests_arrive_as_the_document_has_them() {
    // "We also collect the following events:"
    let home = tempfile::tempdir().unwrap();
    let receiver = RecordingReceiver::answering([]).unwrap();
    // A run that ends at the document's time, and the one that reports it.
    let server = start_with(home.path(), &receiver, documented_time() - 3 * HOUR);
    server.tick(documented_time());
    drop(server);
    let server = start_with(home.path(), &receiver, documented_time() + 48 * HOUR);
    let recorded = server.work(&source());
    assert!(recorded.iter().all(|recorded| recorded.is_stored()), "{recorded:?}");
    deliver_now(server.telemetry()).unwrap();

    let documented: Vec<Value> =
        DOCUMENTED.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let id = server.telemetry().installation_id(Purpose::PRODUCT_IMPROVEMENT).unwrap().to_string();
    // The ping of the very first start has no last up-time. It comes before or
    // after the others: in order are the events of one run.
    let is_first =
        |body: &Value| body.get("serverVersion").is_some() && body.get("lastUpTime").is_none();
    let (first, bodies): (Vec<Value>, Vec<Value>) =
        bodies(&receiver).into_iter().partition(is_first);
    assert_eq!((first.len(), bodies.len()), (1, 12));
    for (body, documented) in bodies.iter().zip(&documented) {
        let mut documented = documented.clone();
        // The document's own id says when and on which network card it was made.
        if documented.get("serverUuid").is_some() {
            documented["serverUuid"] = id.as_str().into();
        }
        if documented.get("serverOs").is_some() && !cfg!(target_os = "linux") {
            documented["serverOs"] = body["serverOs"].clone();
        }
        assert_eq!(*body, documented);
    }
    // What is on the disk is what arrives.
    let sent = fs::read_to_string(home.path().join("telemetry/sent.ndjson")).unwrap();
    assert!(sent.contains("agentDeviceId"), "{sent}");
}

#[test]
fn a_repeated_request_can_be_told_by_its_key_and_the_body_has_nothing_added() {
    // The document's bodies have no id of the event: it goes by a header.
    let home = tempfile::tempdir().unwrap();
    let receiver = RecordingReceiver::answering([]).unwrap();
    let server = start_with(home.path(), &receiver, SystemTime::now());
    server.work(&source());
    deliver_now(server.telemetry()).unwrap();
    let received = receiver.requests();
    let keys: BTreeSet<&str> =
        received.iter().filter_map(|request| request.header("idempotency-key")).collect();
    assert_eq!((received.len(), keys.len()), (12, 12));
}

#[test]
fn the_server_is_told_by_a_random_number_alone() {
    // "The data is statistical and cannot be used to identify a user uniquely."
    // The document's own serverUuid is of version 1: made of the time and of an
    // address of the machine's network card.
    assert_eq!(&SERVER_UUID[14..15], "1");
    let id = |home: &Path| {
        let id = start(home, SystemTime::now())
            .0
            .telemetry()
            .installation_id(Purpose::PRODUCT_IMPROVEMENT)
            .unwrap();
        id.to_string()
    };
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, again, other) = (id(one.path()), id(one.path()), id(other.path()));
    // Of version 8: made of this installation's secret alone.
    assert_eq!(&one[14..15], "8", "{one}");
    assert_eq!(one, again, "kept over restarts");
    assert_ne!(one, other, "of two servers of one machine, each has its own");
}

#[test]
fn nothing_of_a_data_source_reaches_the_disk_or_the_receiver() {
    // "Testsigma is a proxy and does not capture any data returned by your APIs,
    // databases, or third-party tools.", "no data is ever captured from the
    // source."
    let home = tempfile::tempdir().unwrap();
    let receiver = RecordingReceiver::answering([]).unwrap();
    let source = source();
    let server = start_with(home.path(), &receiver, SystemTime::now());
    server.work(&source);
    deliver_now(server.telemetry()).unwrap();
    server.work(&source);
    drop(server);
    let mut files = Vec::new();
    read_all(home.path(), &mut files);
    assert!(files.iter().any(|file| find(file, b"testDataId")), "the event was recorded");
    let arrived = receiver.requests();
    assert_eq!(arrived.len(), 12);
    for bytes in files.iter().chain(arrived.iter().map(|request| &request.body)) {
        assert!(!find(bytes, b"canary"), "{}", String::from_utf8_lossy(bytes));
    }
    // Nor is it shown to whoever debugs the server.
    server_shows_nothing(&source);
}

fn server_shows_nothing(source: &DataSource) {
    let home = tempfile::tempdir().unwrap();
    let (server, _) = start(home.path(), SystemTime::now());
    server.record(|server_uuid| {
        let event = TestDataStatRequest {
            test_data_id: RowNumber(10),
            source,
            server_uuid,
            event_type: EventType::Create,
        };
        assert!(!format!("{event:?}").contains("canary"), "{event:?}");
        event
    });
}

fn read_all(folder: &Path, files: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, files);
        } else {
            files.push(fs::read(&path).unwrap());
        }
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_request_has_a_field_that_takes_text() {
    // "The data collected is anonymous and cannot interpret, indicate, or
    // uniquely identify a user." What a field's type cannot hold cannot leave.
    let harmless = [
        "InstallationId",
        "RowNumber",
        "Option<LastUpTime>",
        "Literal",
        "System",
        "EventType",
        "ApplicationType",
        "TestPlanType",
        "UploadExtension",
    ];
    let fields: Vec<&FieldSchema> = [
        ServerRequest::SCHEMA,
        AgentDeviceStatRequest::SCHEMA,
        AgentStatRequest::SCHEMA,
        ElementStatRequest::SCHEMA,
        EnvironmentStatRequest::SCHEMA,
        TestCaseStatRequest::SCHEMA,
        TestDataStatRequest::SCHEMA,
        TestPlanRunStatRequest::SCHEMA,
        TestPlanStatRequest::SCHEMA,
        TestStepStatRequest::SCHEMA,
        TestSuiteStatRequest::SCHEMA,
        UploadStatRequest::SCHEMA,
    ]
    .into_iter()
    .flatten()
    .flat_map(|event| event.fields)
    .collect();
    let documented = DOCUMENTED.map(|body| {
        let body: Value = serde_json::from_str(body).unwrap();
        body.as_object().unwrap().len()
    });
    let documented: usize = documented.iter().sum();
    assert_eq!(fields.len(), documented + 1, "the document's, and the dropped data source");
    for field in fields {
        let known = harmless.contains(&field.rust_type) || field.policy.is_drop();
        assert!(known, "{}: {}", field.name, field.rust_type);
    }
}

#[test]
fn the_switch_of_the_administrator_stops_every_event() {
    // "As a user, you can opt out of Telemetry data anytime by navigating to
    // Testsigma CE portal admin settings and then to the Telemetry section.",
    // "Check the Disable Telemetry option."
    let home = tempfile::tempdir().unwrap();
    let receiver = RecordingReceiver::answering([]).unwrap();
    let now = SystemTime::now();
    let server = start_with(home.path(), &receiver, now);
    server.work(&source());
    assert_eq!(fields(home.path()).len(), 12);

    server.disable_telemetry(true).unwrap();
    // Without a restart: the requests and the ping alike.
    let recorded = server.work(&source());
    assert!(recorded.iter().all(|recorded| *recorded == Recorded::Denied), "{recorded:?}");
    assert_eq!(server.tick(now + 100 * HOUR), None);
    // What waited is gone, and nobody is called, not even to say goodbye.
    assert_eq!(fields(home.path()), Vec::<Value>::new());
    deliver_now(server.telemetry()).unwrap();
    drop(server);
    let server = start_with(home.path(), &receiver, now + 200 * HOUR);
    server.work(&source());
    deliver_now(server.telemetry()).unwrap();
    assert_eq!(receiver.requests(), []);

    // Unchecked, events flow again: those from now on.
    server.disable_telemetry(false).unwrap();
    assert!(server.work(&source()).iter().all(|recorded| recorded.is_stored()));
    deliver_now(server.telemetry()).unwrap();
    assert_eq!(bodies(&receiver).len(), 11);
}

#[test]
fn the_switch_in_one_process_reaches_another_that_runs() {
    // "anytime": also while the server runs, and from outside of it.
    let home = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let (running, _) = start(home.path(), now);
    let (page, _) = start(home.path(), now);
    page.disable_telemetry(true).unwrap();
    // A tick looks at once; a request within a second (see `Telemetry::record`).
    assert_eq!(running.tick(now + 100 * HOUR), None);
    assert!(running.work(&source()).iter().all(|recorded| *recorded == Recorded::Denied));
    page.disable_telemetry(false).unwrap();
    assert_eq!(running.tick(now + 200 * HOUR), Some(Recorded::Stored));
}

#[test]
fn a_server_that_starts_switched_off_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    let denied = || {
        settings(Some(home.path())).with_env(|name| (name == "DO_NOT_TRACK").then(|| "1".into()))
    };
    let (server, ping) = Server::start(denied(), SystemTime::now()).unwrap();
    assert_eq!(ping, None);
    assert!(server.work(&source()).iter().all(|recorded| *recorded == Recorded::Denied));
    assert_eq!(server.telemetry().installation_id(Purpose::PRODUCT_IMPROVEMENT), None);
    drop(server);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}
