//! What Appsmith's document says, sentence by sentence, of the rebuilt server
//! in `examples/src/app_server.rs`.
//!
//! The document is the page "Telemetry" of Appsmith's public documentation;
//! what is quoted is quoted as it stands.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use telemetry_core::consent::Layer;
use telemetry_core::schema::Purpose;
use telemetry_core::testing::RecordingReceiver;
use telemetry_core::{Builder, Recorded, TelemetryEvent, spool};
use telemetry_examples::app_server::{
    APP, Action, ApplicationsPageLoad, CLIENT_USAGE, Installation, InstallationSupport, Server,
    SupportRequest, VERSION, docker_env, settings, with_receiver,
};
use telemetry_examples::deliver_now;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Who uses the server in these tests.
const PERSON: &str = "canary-person@corp.example";

/// A deployment as the installer leaves it: with a `docker.env`, and the notice
/// shown.
fn deployment() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("docker.env"), docker_env(false)).unwrap();
    builder(folder.path()).build().unwrap();
    folder
}

fn builder(deployment: &Path) -> Builder {
    settings(deployment, |_| true).with_env(|_| None)
}

fn start(deployment: &Path) -> Server {
    Server::start(builder(deployment)).unwrap()
}

fn start_with(deployment: &Path, receiver: &RecordingReceiver) -> Server {
    let url = receiver.url("/v1/batch");
    Server::start(
        with_receiver(
            builder(deployment),
            &url,
            "key",
            telemetry_core::export::Deliver::at_start(),
        )
        .unwrap(),
    )
    .unwrap()
}

/// The calls that arrived, of all batches, in order.
fn calls(receiver: &RecordingReceiver) -> Vec<Value> {
    let received = receiver.requests();
    let bodies = received.iter().map(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        body["batch"].as_array().unwrap().clone()
    });
    bodies.flatten().collect()
}

/// What `record` recorded, as Segment gets it.
fn sent(record: impl FnOnce(&Server)) -> Vec<Value> {
    let (deployment, receiver) = (deployment(), RecordingReceiver::answering([]).unwrap());
    let server = start_with(deployment.path(), &receiver);
    record(&server);
    deliver_now(server.telemetry()).unwrap();
    calls(&receiver)
}

fn page_load() -> ApplicationsPageLoad<'static> {
    ApplicationsPageLoad {
        path: "/applications",
        referrer: Some("https://dev.appsmith.com/applications"),
        search: "",
        title: "Editor | Appsmith",
        url: "https://dev.appsmith.com/applications",
        locale: "en-US",
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.111 Safari/537.36",
        user_id: PERSON,
    }
}

/// Whether the value is a time as the document writes one.
fn is_time(value: &Value) -> bool {
    let bytes = value.as_str().unwrap_or_default().as_bytes();
    bytes.len() == "2021-08-24T07:23:35.610Z".len()
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            10 => *byte == b'T',
            13 | 16 => *byte == b':',
            19 => *byte == b'.',
            23 => *byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

fn is_pseudonym(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.strip_prefix("h1_").is_some_and(|hex| {
        hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The call's context without the mark of a container, which says whether this
/// test runs in one.
fn context(call: &Value) -> Value {
    let mut context = call["context"].clone();
    if let Some(mark) = context.as_object_mut().unwrap().remove("container") {
        assert_eq!(mark, true);
    }
    context
}

/// Every text of the value, keys too.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            found.push(key.clone());
            texts(value, found);
        }),
        _ => {}
    }
}

#[test]
fn the_installation_reports_its_four_steps_by_their_names() {
    // "Installation Started", "Installation Success", "Installation Errors",
    // "Installation Support"; "properties": { "os": "ubuntu" }
    let calls = sent(|server| {
        let telemetry = server.telemetry();
        telemetry.record(&Installation::Started { os: "ubuntu" });
        telemetry.record(&Installation::Success { os: "ubuntu" });
        telemetry.record(&Installation::Errors { os: "ubuntu" });
        let request = SupportRequest::entered("jane.doe@corp.example").unwrap();
        telemetry.record(&InstallationSupport::of(&request, "ubuntu"));
    });
    let names: Vec<&Value> = calls.iter().map(|call| &call["event"]).collect();
    let documented = [
        "Installation Started",
        "Installation Success",
        "Installation Errors",
        "Installation Support",
    ];
    assert_eq!(names, documented);
    for call in &calls[..3] {
        assert_eq!(call["properties"], json!({ "os": "ubuntu" }));
    }
}

#[test]
fn a_system_that_nobody_listed_is_other() {
    // Ours is stricter: `os` is what a file of the machine says, and somebody
    // may have written a name into it.
    let calls = sent(|server| {
        server.telemetry().record(&Installation::Started { os: "canary-linux" });
    });
    assert_eq!(calls[0]["properties"], json!({ "os": "other" }));
}

#[test]
fn an_installation_s_envelope_is_the_document_s_without_the_address() {
    let documented: Value = serde_json::from_str(
        r#"{
          "anonymousId": "anonymoustId",
          "context": {
            "library": {
              "name": "unknown",
              "version": "unknown"
            }
          },
          "event": "Installation Started",
          "integrations": {},
          "messageId": "api-1joj5LZSzuVCI9KshnaX059JYKo",
          "properties": {
            "os": "ubuntu"
          },
          "receivedAt": "2020-11-04T08:05:52.726Z",
          "timestamp": "2020-11-04T08:05:52.726Z",
          "type": "track",
          "userId": "111.65.255.130"
        }"#,
    )
    .unwrap();
    let calls = sent(|server| {
        server.telemetry().record(&Installation::Started { os: "ubuntu" });
    });
    let call = &calls[0];
    for key in ["event", "properties", "type"] {
        assert_eq!(call[key], documented[key], "{key}");
    }
    assert_eq!(context(call), json!({ "library": { "name": APP, "version": VERSION } }));
    assert_eq!(keys(&context(call)), keys(&documented["context"]));
    assert!(is_time(&documented["timestamp"]) && is_time(&call["timestamp"]));
    assert!(call["messageId"].is_string());
    // The installation id, a random UUID, in place of an id that is not one.
    assert_eq!(call["anonymousId"].as_str().unwrap().len(), 36);
    // "userId": "111.65.255.130": who installed it has no id here at all.
    assert_eq!(call.get("userId"), None);
    // The receiver writes these two when it gets the call.
    let theirs = BTreeSet::from(["integrations", "receivedAt", "userId"]);
    // Segment's own libraries write these two, and the document's other samples have them.
    let ours = BTreeSet::from(["originalTimestamp", "sentAt"]);
    let documented = keys(&documented);
    let call = keys(call);
    assert_eq!(documented.difference(&call).copied().collect::<BTreeSet<_>>(), theirs);
    assert_eq!(call.difference(&documented).copied().collect::<BTreeSet<_>>(), ours);
}

#[test]
fn the_server_sends_a_keep_alive_ping_every_6_hours() {
    // "The Appsmith server sends a keep-alive ping every 6 hours to indicate
    // that it is still running without any errors."
    let (deployment, receiver) = (deployment(), RecordingReceiver::answering([]).unwrap());
    let now = SystemTime::now();
    let server = start_with(deployment.path(), &receiver);
    assert_eq!(server.tick(now), Some(Recorded::Stored));
    assert_eq!(server.tick(now + 6 * HOUR - Duration::from_secs(60)), None);
    drop(server);
    // Over a restart, and with the tenth of jitter.
    let server = start_with(deployment.path(), &receiver);
    assert_eq!(server.tick(now + 6 * HOUR - Duration::from_secs(30)), None);
    assert_eq!(server.tick(now + 6 * HOUR + 6 * HOUR / 10), Some(Recorded::Stored));
    deliver_now(server.telemetry()).unwrap();
    // "event": "Instance Active", "properties": { "instanceId": "<uuid>" }
    let calls = calls(&receiver);
    assert_eq!(calls.len(), 2);
    let id = server.telemetry().installation_id(Purpose::DIAGNOSTICS).unwrap().to_string();
    for call in &calls {
        assert_eq!(call["event"], "Instance Active");
        assert_eq!(call["properties"], json!({ "instanceId": id }));
        assert_eq!(call.get("userId"), None);
    }
}

/// The document's action, with the comma that ends its last line left out.
const DOCUMENTED_ACTION: &str = r#"{
  "context": {
    "library": {
      "name": "analytics-java",
      "version": "2.1.1"
    }
  },
  "event": "execute_ACTION_TRIGGERED",
  "integrations": {},
  "messageId": "0f6b07ee-0717-413-808c-c25b09c0468",
  "originalTimestamp": "2021-08-24T07:23:35.610Z",
  "properties": {
    "appId": "612465f87b2230debedfc6",
    "appMode": "edit",
    "appName": "APP1",
    "datasource": {
      "name": "Test App"
    },
    "instanceId": "612460418944011a10fa5b",
    "isExampleApp": false,
    "isSuccessfulExecution": true,
    "name": "Test",
    "orgId": "612464f7f230debedfc4",
    "originService": "appsmith-server",
    "pageId": "612465802230debedfc8",
    "pageName": "Page1",
    "pluginName": "PostgreSQL",
    "statusCode": "",
    "timeElapsed": 8,
    "type": "DB",
    "username": "70280e5d07e61e5e915e5d26ac8704bbd68d3f75ebad67ba439f4c354d7"
  },
  "receivedAt": "2021-08-24T07:23:39.996Z",
  "sentAt": "2021-08-24T07:23:39.885Z",
  "timestamp": "2021-08-24T07:23:35.721Z",
  "type": "track",
  "userId": "70280e5dd9e61e5e91526ac8704bbd68d3f75ebad67ba439f4c354d7"
}"#;

#[test]
fn an_action_s_envelope_is_the_document_s_key_by_key() {
    // "The server also captures anonymous usage data around which plugins are
    // being used."
    let documented: Value = serde_json::from_str(DOCUMENTED_ACTION).unwrap();
    let calls = sent(|server| {
        assert!(server.action_ran(&Action::of_the_document(&[]), PERSON).is_stored());
    });
    let call = &calls[0];
    // The receiver writes these two when it gets the call.
    let mut expected = keys(&documented);
    assert!(expected.remove("integrations") && expected.remove("receivedAt"));
    assert_eq!(keys(call), expected);
    for key in ["event", "type"] {
        assert_eq!(call[key], documented[key], "{key}");
    }
    for key in ["originalTimestamp", "sentAt", "timestamp"] {
        assert!(is_time(&documented[key]) && is_time(&call[key]), "{key}: {}", call[key]);
    }
    assert_eq!(keys(&context(call)), keys(&documented["context"]));
    assert_eq!(keys(&call["context"]["library"]), keys(&documented["context"]["library"]));
    assert!(call["messageId"].as_str().is_some_and(|id| !id.is_empty()));
    assert!(is_pseudonym(&call["userId"]), "{}", call["userId"]);
}

#[test]
fn an_action_s_properties_are_the_document_s_but_for_what_users_wrote() {
    let documented: Value = serde_json::from_str(DOCUMENTED_ACTION).unwrap();
    let documented = &documented["properties"];
    let calls = sent(|server| {
        server.action_ran(&Action::of_the_document(&[]), PERSON);
    });
    let properties = &calls[0]["properties"];
    // Names beside an id: absent, as if they had never been there.
    let mut expected = keys(documented);
    assert!(expected.remove("appName") && expected.remove("pageName"));
    assert_eq!(keys(properties), expected);
    for key in [
        "appMode",
        "isExampleApp",
        "isSuccessfulExecution",
        "originService",
        "pluginName",
        "statusCode",
        "timeElapsed",
        "type",
    ] {
        assert_eq!(properties[key], documented[key], "{key}");
    }
    for key in ["appId", "name", "orgId", "pageId", "username"] {
        assert!(is_pseudonym(&properties[key]), "{key}: {}", properties[key]);
    }
    assert_eq!(keys(&properties["datasource"]), BTreeSet::from(["name"]));
    assert!(is_pseudonym(&properties["datasource"]["name"]));
    assert_eq!(properties["instanceId"], calls_id(&calls[0]));
    // "username" and "userId" are of one person, in the document and here.
    assert_eq!(properties["username"], calls[0]["userId"]);
}

/// The installation id, told by the shape of a UUID.
fn calls_id(call: &Value) -> Value {
    let id = call["properties"]["instanceId"].clone();
    assert_eq!(id.as_str().unwrap().len(), 36);
    id
}

#[test]
fn user_names_are_hashed_so_that_nobody_can_try_names_on_them() {
    // "Data collected is strictly anonymous in nature and cannot be used to
    // uniquely identify a user."
    let user = |person: &str| {
        let calls = sent(|server| {
            server.action_ran(&Action::of_the_document(&[]), person);
            server.action_ran(&Action::of_the_document(&[]), &person.to_uppercase());
        });
        assert_eq!(calls[0]["userId"], calls[1]["userId"], "one person, however it is typed");
        calls[0]["userId"].as_str().unwrap().to_owned()
    };
    // Two installations: nobody can tell that it is the same person.
    let (one, other) = (user(PERSON), user(PERSON));
    assert_ne!(one, other);
    // The sum that everybody can make of the name, as typed and in upper case:
    // `printf %s canary-person@corp.example | sha256sum`.
    for sum in [
        "d129000c39b85521afa4d631659d85003cc85e8be646ffee449649103b2e1180",
        "e529d8712772235d0d795d02bfb299544693845fab11a2a3bba79c1091883439",
    ] {
        for pseudonym in [&one, &other] {
            let hex = pseudonym.strip_prefix("h1_").unwrap();
            assert!(!sum.contains(hex), "{pseudonym}");
        }
    }
}

#[test]
fn no_address_is_in_anything_that_is_sent_or_stored() {
    // "ip": "203.192.213.46", "userId": "203.192.213.46" in the document.
    let (deployment, receiver) = (deployment(), RecordingReceiver::answering([]).unwrap());
    let server = start_with(deployment.path(), &receiver);
    server.tick(SystemTime::now());
    server.telemetry().record(&Installation::Started { os: "111.65.255.130" });
    server.action_ran(&Action::of_the_document(&[]), "49.207.192.209");
    server.telemetry().choice().unwrap().agree_to(CLIENT_USAGE.name()).unwrap();
    assert!(server.telemetry().refresh());
    let load = ApplicationsPageLoad {
        url: "https://203.192.213.46/applications",
        referrer: Some("https://203.192.213.46/"),
        user_id: "203.192.213.46",
        ..page_load()
    };
    assert!(server.telemetry().record(&load).is_stored());
    deliver_now(server.telemetry()).unwrap();
    let calls = calls(&receiver);
    assert_eq!(calls.len(), 4);
    for call in &calls {
        let mut found = Vec::new();
        texts(call, &mut found);
        for text in found {
            assert!(text.parse::<IpAddr>().is_err(), "{text}");
            for known in ["111.65.", "49.207.", "203.192."] {
                assert!(!text.contains(known), "{text}");
            }
        }
        assert_eq!(keys(&context(call)), BTreeSet::from(["library"]));
    }
}

/// What an author may try who vouches for the document's user id.
#[derive(TelemetryEvent)]
#[telemetry(name = "instance.vouched", purpose = "diagnostics", rename_all = "camelCase")]
struct VouchedAddress<'a> {
    #[telemetry(allow(because = "the document has it so"))]
    user_id: &'a str,
}

#[test]
fn an_address_that_an_author_vouches_for_is_not_a_user_id_either() {
    // "userId": "203.192.213.46". That it does not compile without vouching is
    // held by ui/fail/appsmith_documented_event.rs.
    let (deployment, receiver) = (deployment(), RecordingReceiver::answering([]).unwrap());
    let server = start_with(deployment.path(), &receiver);
    server.telemetry().record(&VouchedAddress { user_id: "203.192.213.46" });
    deliver_now(server.telemetry()).unwrap();
    assert_eq!(receiver.requests(), []);
    let counts = server.telemetry().counts().unwrap();
    assert_eq!(counts.get(spool::Reason::NotExported), 1, "{counts:?}");
}

#[test]
fn an_e_mail_address_is_sent_after_a_request_for_support_alone() {
    // "Your email id is captured when you request for support and explicitly
    // enter it in the installation script"
    for nothing in ["", "  ", "n", "no", "jane", "@", "jane@", "@corp.example"] {
        assert!(SupportRequest::entered(nothing).is_none(), "{nothing:?} asks for nothing");
    }
    let calls = sent(|server| {
        let request = SupportRequest::entered(" jane.doe@corp.example\n").unwrap();
        server.telemetry().record(&InstallationSupport::of(&request, "ubuntu"));
    });
    let documented = json!({ "os": "ubuntu", "email": "jane.doe@corp.example" });
    assert_eq!(calls[0]["properties"], documented);
    // No other event has a field that an address could leave by.
    for schema in [Installation::SCHEMA, InstallationSupport::SCHEMA].into_iter().flatten() {
        let fields = schema.fields.iter();
        let vouched: Vec<_> =
            fields.filter(|field| field.policy.parameter("because").is_some()).collect();
        let expected = usize::from(schema.name == "installation.support");
        assert_eq!(vouched.len(), expected, "{}", schema.name);
    }
}

#[test]
fn the_client_s_events_are_off_until_somebody_agrees_to_them() {
    // "The following data is opt-in only and you can say no during the
    // installation process."
    let (deployment, receiver) = (deployment(), RecordingReceiver::answering([]).unwrap());
    let server = start_with(deployment.path(), &receiver);
    let telemetry = server.telemetry();
    // Everything else is on by then.
    assert!(telemetry.record(&Installation::Success { os: "ubuntu" }).is_stored());
    assert_eq!(telemetry.record(&page_load()), Recorded::Denied);
    let why = telemetry.why().to_string();
    assert!(why.contains("client-usage is off: the user has not agreed"), "{why}");

    telemetry.choice().unwrap().agree_to(CLIENT_USAGE.name()).unwrap();
    telemetry.refresh();
    assert_eq!(telemetry.record(&page_load()), Recorded::Stored);
    let decision = telemetry.decision();
    let receipt = decision.receipts().last().unwrap();
    assert_eq!(receipt.purposes(), ["client-usage"]);
    deliver_now(telemetry).unwrap();
    let calls = calls(&receiver);
    let load = calls.last().unwrap();
    assert_eq!(load["event"], "APPLICATIONS_PAGE_LOAD");
    // The page, the referrer, the language and the browser, each by its policy;
    // no title, no URL, no `userAgent` that is as good as a name.
    let kept = json!({
        "path": "/applications",
        "referrer": true,
        "locale": "en-US",
        "userAgent": "chrome",
    });
    assert_eq!(load["properties"], kept);
    assert!(is_pseudonym(&load["userId"]));

    telemetry.choice().unwrap().refuse_purpose(CLIENT_USAGE.name()).unwrap();
    telemetry.refresh();
    assert_eq!(telemetry.record(&page_load()), Recorded::Denied);
    assert!(telemetry.record(&Installation::Success { os: "ubuntu" }).is_stored());
}

#[test]
fn the_installation_shows_the_notice_and_sends_nothing_before() {
    // "In addition we ask you to opt-in to send us regular usage telemetry
    // during the installation process."
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("docker.env"), docker_env(false)).unwrap();
    let receiver = RecordingReceiver::answering([]).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let installer = settings(folder.path(), move |notice| tell.send(notice.clone()).is_ok());
    let url = receiver.url("/v1/batch");
    let installer = with_receiver(
        installer.with_env(|_| None),
        &url,
        "key",
        telemetry_core::export::Deliver::at_start(),
    )
    .unwrap();
    let installer = installer.build().unwrap();
    assert!(told.try_recv().unwrap().text().contains("only if you say yes"));
    assert!(installer.record(&Installation::Started { os: "ubuntu" }).is_stored());
    deliver_now(&installer).unwrap();
    assert_eq!(receiver.requests(), []);
    drop(installer);
    // The server's first start is the run after it.
    let server = start_with(folder.path(), &receiver);
    deliver_now(server.telemetry()).unwrap();
    assert_eq!(calls(&receiver)[0]["event"], "Installation Started");
}

#[test]
fn no_data_from_data_sources_and_no_name_that_a_user_gave_is_captured() {
    // "Appsmith is a lightweight proxy and does not capture any data returned by
    // your APIs, databases, or third-party tools."
    let (deployment, receiver) = (deployment(), RecordingReceiver::answering([]).unwrap());
    let server = start_with(deployment.path(), &receiver);
    let result = ["canary-row".to_owned()];
    let action = Action {
        app_id: "canary-app-id",
        app_name: "canary-app",
        datasource_name: "canary-host.example",
        name: "canary-query",
        org_id: "canary-org",
        page_id: "canary-page-id",
        page_name: "canary-page",
        plugin_name: "canary-plugin",
        status_code: "canary: relation canary_salaries does not exist",
        ..Action::of_the_document(&result)
    };
    assert!(server.action_ran(&action, PERSON).is_stored());
    deliver_now(server.telemetry()).unwrap();
    assert!(server.action_ran(&action, PERSON).is_stored());
    let calls = calls(&receiver);
    assert_eq!(calls[0]["properties"]["pluginName"], "other");
    assert_eq!(calls[0]["properties"]["statusCode"], "other");
    drop(server);
    let stored: Vec<_> = spool::read(&deployment.path().join("telemetry"))
        .unwrap()
        .map(|event| String::from_utf8(event.unwrap().raw).unwrap())
        .collect();
    assert_eq!(stored.len(), 1);
    let sent = fs::read_to_string(deployment.path().join("telemetry/sent.ndjson")).unwrap();
    for text in stored.iter().chain([&sent, &calls[0].to_string()]) {
        assert!(!text.contains("canary"), "{text}");
    }
}

/// Whether a server that starts with this setting records anything, and which
/// layer decided.
fn on(builder: Builder) -> (bool, Option<Layer>) {
    let server = Server::start(builder).unwrap();
    let stored = server.tick(SystemTime::now() + 100 * HOUR).is_some();
    assert_eq!(server.action_ran(&Action::of_the_document(&[]), PERSON).is_stored(), stored);
    let decision = server.telemetry().decision();
    (stored, decision.ruling("diagnostics").source().map(telemetry_core::consent::Source::layer))
}

#[test]
fn the_line_in_docker_env_switches_everything_off_after_a_restart() {
    // "you can set `APPSMITH_DISABLE_TELEMETRY=true` in the docker.env file found
    // in your Appsmith deployment folder. You must restart docker and Nginx with
    // the following command for the changes to take effect."
    let (deployment, receiver) = (deployment(), RecordingReceiver::answering([]).unwrap());
    let file = deployment.path().join("docker.env");
    let server = start(deployment.path());
    assert!(server.action_ran(&Action::of_the_document(&[]), PERSON).is_stored());
    drop(server);

    fs::write(&file, "APPSMITH_MAIL_ENABLED=false\nAPPSMITH_DISABLE_TELEMETRY=true\n").unwrap();
    assert_eq!(on(builder(deployment.path())), (false, Some(Layer::Environment)));
    let server = start_with(deployment.path(), &receiver);
    deliver_now(server.telemetry()).unwrap();
    assert_eq!(receiver.requests(), [], "what was stored before stays, too");
    let why = server.telemetry().why().to_string();
    assert!(
        why.contains("APPSMITH_DISABLE_TELEMETRY in ") && why.contains("docker.env:2"),
        "{why}"
    );
    drop(server);

    // A run that is switched off leaves no trace, so that nobody remembers it.
    // What was stored with consent before may go later; `why` says so, and that
    // `off` erases it.
    assert!(why.contains("may be sent when it is over"), "{why}");
    fs::write(&file, docker_env(false)).unwrap();
    let server = start_with(deployment.path(), &receiver);
    deliver_now(server.telemetry()).unwrap();
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn a_server_that_runs_notices_the_line_without_a_restart() {
    // Ours is stricter: "You must restart docker" holds for switching on alone.
    let deployment = deployment();
    let server = start(deployment.path());
    assert!(server.tick(SystemTime::now()).is_some());
    fs::write(deployment.path().join("docker.env"), docker_env(true)).unwrap();
    assert_eq!(server.tick(SystemTime::now() + 100 * HOUR), None);
    assert_eq!(server.action_ran(&Action::of_the_document(&[]), PERSON), Recorded::Denied);
}

#[test]
fn the_variable_switches_off_from_the_environment_too() {
    let deployment = deployment();
    let with = |value: &'static str| {
        settings(deployment.path(), |_| true)
            .with_env(move |name| (name == "APPSMITH_DISABLE_TELEMETRY").then(|| value.into()))
    };
    assert_eq!(on(with("true")), (false, Some(Layer::Environment)));
    // Not understood is off, not on.
    assert_eq!(on(with("ture")), (false, Some(Layer::Environment)));
    assert_eq!(on(with("false")), (true, Some(Layer::Default)));
}

#[test]
fn a_variable_that_is_misspelt_in_docker_env_is_an_opt_out_too() {
    let deployment = deployment();
    let file = deployment.path().join("docker.env");
    fs::write(&file, "Appsmith_Disable_Telemetry=true\n").unwrap();
    assert!(!on(builder(deployment.path())).0);
}
