//! Lines of counts, on their way to a receiver of OpenTelemetry: read by the
//! official types.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, metric::Data, number_data_point,
};
use prost::Message;
use telemetry_core::export::unstable::{Delivery, Pace, Permission};
use telemetry_core::export::{
    App, Attempt, Deliver, End, HttpTransport, Otlp, Receiver as To, Report, Request, Response,
    Segment, Transport, TransportError,
};
use telemetry_core::spool::{self, Reason};
use telemetry_core::{Telemetry, TelemetryEvent};
use telemetry_tests::receiver::{Received, Receiver};

use crate::Place;

/// A request was answered.
#[derive(TelemetryEvent)]
#[telemetry(name = "requests", purpose = "service", count = "hour")]
struct Requests {
    #[telemetry(one_of("search", "upload"))]
    route: &'static str,
    #[telemetry(histogram(10, 100))]
    took_ms: u32,
}

/// An event of its own, so that there are both kinds.
#[derive(TelemetryEvent)]
#[telemetry(name = "started", purpose = "service")]
struct Started {
    #[telemetry(allow)]
    ok: bool,
}

/// A run that counts three requests and stores an event.
fn count(home: &Path) {
    let telemetry =
        Telemetry::builder("app").home(home).with_env(|_| None).on_by_default().build().unwrap();
    assert!(telemetry.record(&Started { ok: true }).is_stored());
    for (route, took_ms) in [("search", 10), ("search", 11), ("/home/jane", 4_000)] {
        telemetry.record(&Requests { route, took_ms });
    }
}

fn deliver(
    home: &Path,
    url: &str,
    exporter: impl telemetry_core::export::Exporter + 'static,
) -> Report {
    let transport = HttpTransport::builder(url).build().unwrap();
    let to = To::new("1.0.0", exporter, transport).deliver(Deliver::on_request());
    let builder = Telemetry::builder("app").home(home).with_env(|_| None).on_by_default();
    let telemetry = builder.receiver(to).build().unwrap();
    telemetry.send_now(Instant::now() + Duration::from_secs(60)).unwrap().unwrap()
}

fn paths(receiver: &Receiver) -> Vec<String> {
    let path = |request: &Received| request.line.split(' ').nth(1).unwrap().to_owned();
    receiver.received().iter().map(path).collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<&str, &str> {
    attributes
        .iter()
        .filter_map(|attribute| match attribute.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some((attribute.key.as_str(), text.as_str())),
            _ => None,
        })
        .collect()
}

/// The metrics of a request, by name.
fn metrics(request: &ExportMetricsServiceRequest) -> BTreeMap<&str, &Metric> {
    let [resource] = request.resource_metrics.as_slice() else { panic!("{request:?}") };
    let named = texts(&resource.resource.as_ref().unwrap().attributes);
    assert_eq!(named, BTreeMap::from([("service.name", "app"), ("service.version", "1.0.0")]));
    let [scope] = resource.scope_metrics.as_slice() else { panic!("{request:?}") };
    assert_eq!(scope.scope.as_ref().unwrap().name, "telemetry-core");
    scope.metrics.iter().map(|metric| (metric.name.as_str(), metric)).collect()
}

fn assert_holds_the_counts(request: &ExportMetricsServiceRequest, line: &spool::Stored) {
    let metrics = metrics(request);
    assert_eq!(metrics.keys().copied().collect::<Vec<_>>(), ["requests", "requests.took_ms"]);
    let delta = i32::from(AggregationTemporality::Delta);
    let Some(Data::Sum(sum)) = &metrics["requests"].data else { panic!() };
    assert_eq!(metrics["requests"].unit, "{event}");
    assert_eq!((sum.aggregation_temporality, sum.is_monotonic), (delta, true));
    let start: jiff::Timestamp = line.time.parse().unwrap();
    let end = start + jiff::SignedDuration::from_hours(1);
    let nanoseconds = |time: jiff::Timestamp| u64::try_from(time.as_nanosecond()).unwrap();
    let mut counts = BTreeMap::new();
    for point in &sum.data_points {
        assert_eq!(point.start_time_unix_nano, nanoseconds(start));
        assert_eq!(point.time_unix_nano, nanoseconds(end));
        let texts = texts(&point.attributes);
        assert_eq!(texts["telemetry.line.id"], line.id);
        assert_eq!(texts["telemetry.event.purpose"], "service");
        assert_eq!(texts["telemetry.period"], "hour");
        let Some(number_data_point::Value::AsInt(count)) = point.value else { panic!() };
        counts.insert(texts["route"], count);
    }
    assert_eq!(counts, BTreeMap::from([("other", 1), ("search", 2)]));
    let Some(Data::Histogram(histogram)) = &metrics["requests.took_ms"].data else { panic!() };
    assert_eq!(histogram.aggregation_temporality, delta);
    let ranges: BTreeMap<_, _> = histogram
        .data_points
        .iter()
        .map(|point| {
            assert_eq!(point.explicit_bounds, [10.0, 100.0]);
            let said = (point.count, point.sum.unwrap(), point.bucket_counts.clone());
            (texts(&point.attributes)["route"], said)
        })
        .collect();
    let expected = [("other", (1, 4_000.0, vec![0, 0, 1])), ("search", (2, 21.0, vec![1, 1, 0]))];
    assert_eq!(ranges, expected.into());
}

/// The stored line of counts.
fn line_of_counts(place: &Place) -> spool::Stored {
    let lines = spool::read(&place.spool()).unwrap().map(Result::unwrap);
    lines.into_iter().find(|line| line.period.is_some()).unwrap()
}

#[test]
fn counts_are_metrics_beside_the_logs_and_no_request_holds_both() {
    for (exporter, is_json) in [(Otlp::protobuf(), false), (Otlp::json(), true)] {
        let place = Place::new();
        let receiver = place.receiver("ok");
        count(&place.home());
        let line = line_of_counts(&place);
        let url = format!("http://{}/otlp/v1/logs?key=1", receiver.address());
        let report = deliver(&place.home(), &url, exporter);
        assert_eq!((report.end, report.sent, report.batches), (End::Done, 2, 2));
        assert_eq!(paths(&receiver), ["/otlp/v1/logs?key=1", "/otlp/v1/metrics?key=1"]);
        let [logs, metrics] = receiver.received().try_into().unwrap();
        let (logs, metrics) = if is_json {
            (
                serde_json::from_slice(&logs.body).unwrap(),
                serde_json::from_slice(&metrics.body).unwrap(),
            )
        } else {
            (
                ExportLogsServiceRequest::decode(&*logs.body).unwrap(),
                ExportMetricsServiceRequest::decode(&*metrics.body).unwrap(),
            )
        };
        let records = &logs.resource_logs[0].scope_logs[0].log_records;
        let names: Vec<_> = records.iter().map(|record| record.event_name.as_str()).collect();
        assert_eq!(names, ["started"]);
        assert_holds_the_counts(&metrics, &line);
        assert!(place.stored().is_empty());
    }
}

/// The same, and its lines name the installation.
#[derive(TelemetryEvent)]
#[telemetry(name = "identified", purpose = "service", count(period = "day", identified))]
struct Identified {
    #[telemetry(allow)]
    ok: bool,
}

#[test]
fn a_data_point_names_the_installation_where_the_author_asked_for_it_and_no_other_does() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    count(&place.home());
    let builder = Telemetry::builder("app").home(place.home()).with_env(|_| None).on_by_default();
    builder.build().unwrap().record(&Identified { ok: true });
    let mut lines = spool::read(&place.spool()).unwrap().map(Result::unwrap);
    let id = lines.find(|line| line.event == "identified").unwrap().installation.unwrap();
    let url = format!("http://{}/v1/logs", receiver.address());
    let report = deliver(&place.home(), &url, Otlp::json());
    assert_eq!(report.end, End::Done);
    let metrics = receiver.received().into_iter().find(|r| r.line.contains("/v1/metrics")).unwrap();
    let metrics: ExportMetricsServiceRequest = serde_json::from_slice(&metrics.body).unwrap();
    let mut seen = 0;
    for metric in &metrics.resource_metrics[0].scope_metrics[0].metrics {
        let Some(Data::Sum(sum)) = &metric.data else { continue };
        for point in &sum.data_points {
            let said = texts(&point.attributes).get("app.installation.id").copied();
            assert_eq!(said, (metric.name == "identified").then_some(id.as_str()), "{metric:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}

#[test]
fn segment_and_ndjson_name_the_installation_of_counts_in_the_same_way() {
    for is_segment in [true, false] {
        let place = Place::new();
        let receiver = place.receiver("ok");
        count(&place.home());
        let builder =
            Telemetry::builder("app").home(place.home()).with_env(|_| None).on_by_default();
        builder.build().unwrap().record(&Identified { ok: true });
        let lines: Vec<_> = spool::read(&place.spool()).unwrap().map(Result::unwrap).collect();
        let of = |name: &str| lines.iter().find(|line| line.event == name).unwrap();
        let url = format!("http://{}/v1/batch", receiver.address());
        let report = if is_segment {
            deliver(&place.home(), &url, Segment::new())
        } else {
            deliver(&place.home(), &url, telemetry_core::export::Ndjson)
        };
        assert_eq!(report.end, End::Done);
        let body = String::from_utf8(receiver.received()[0].body.clone()).unwrap();
        let id = of("identified").installation.clone().unwrap();
        let calls: Vec<serde_json::Value> = if is_segment {
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            body["batch"].as_array().unwrap().clone()
        } else {
            body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let key = if is_segment { "anonymousId" } else { "installation" };
        let said =
            |name: &str| calls.iter().find(|call| call["event"] == name).unwrap().get(key).cloned();
        assert_eq!(said("identified"), Some(id.clone().into()));
        // Segment asks for an id: that of the line, which stands for nobody.
        let nobody = is_segment.then(|| of("requests").id.clone().into());
        assert_eq!(said("requests"), nobody);
        assert_ne!(said("requests"), Some(id.into()));
    }
}

#[test]
fn a_receiver_without_a_path_for_one_kind_gets_the_other() {
    // The first request is of logs, the second of metrics.
    for (modes, taken, left) in [("ok,404", "/v1/logs", 1), ("404,ok", "/v1/metrics", 1)] {
        let place = Place::new();
        let receiver = place.receiver(modes);
        count(&place.home());
        let url = format!("http://{}/v1/logs", receiver.address());
        let report = deliver(&place.home(), &url, Otlp::protobuf());
        assert_eq!((report.end, report.sent), (End::Waiting, 1), "{modes}");
        assert_eq!(paths(&receiver), [taken]);
        assert_eq!(place.stored().len(), left, "{modes}");
        assert_eq!(place.aside(), []);
    }
    // A receiver that is not there for one is not there for the other.
    let place = Place::new();
    let receiver = place.receiver("503,ok");
    count(&place.home());
    let url = format!("http://{}/v1/logs", receiver.address());
    assert_eq!(deliver(&place.home(), &url, Otlp::protobuf()).end, End::Waiting);
    assert_eq!(paths(&receiver), Vec::<String>::new());
    assert_eq!(place.stored().len(), 2);
}

/// Takes what comes on one path, and has no other. It notes what it was asked for.
struct OnePath {
    has: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Transport for OnePath {
    fn receiver(&self) -> &str {
        "in memory"
    }

    fn send(&self, request: &Request, _attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        let path = request.path.unwrap_or("/v1/logs");
        self.asked.lock().unwrap().push(path.to_owned());
        Ok(Response::new(if path == self.has { 200 } else { 404 }))
    }
}

#[test]
fn a_path_that_is_never_there_is_asked_for_ever_less_often_while_the_other_is_served() {
    const MINUTES: usize = 8 * 60;
    for (has, has_not) in [("/v1/logs", "/v1/metrics"), ("/v1/metrics", "/v1/logs")] {
        let place = Place::new();
        let asked = Arc::default();
        let app = App::new("tests", "1.2.3").unwrap();
        let clock = Arc::new(AtomicU64::new(0));
        let start = SystemTime::now();
        let deliver = |pace| {
            let transport = OnePath { has, asked: Arc::clone(&asked) };
            let now = Arc::clone(&clock);
            let delivery = Delivery::builder(
                place.spool(),
                app.clone(),
                Otlp::json(),
                transport,
                Permission::granted,
            );
            let delivery =
                delivery.clock(move || start + Duration::from_secs(now.load(Ordering::SeqCst)));
            let deadline = Instant::now() + Duration::from_secs(60);
            delivery.build().run_once(pace, deadline).unwrap()
        };
        for _ in 0..MINUTES / 10 {
            count(&place.home());
            // Longer than the wait after a first failure.
            for _ in 0..10 {
                deliver(Pace::Background);
                clock.fetch_add(60, Ordering::SeqCst);
            }
        }
        let times =
            |path: &str| asked.lock().unwrap().iter().filter(|asked| *asked == path).count();
        // After 5, 10, 20, ... seconds, then each hour; each wait at least half.
        assert!((8..=2 * 8 + 10).contains(&times(has_not)), "{has_not}: {}", times(has_not));
        assert!(times(has) >= MINUTES / 10 - 1, "{has}: {}", times(has));
        // What was not taken is still there, and a person who asks is not kept waiting.
        assert_eq!(place.stored().len(), MINUTES / 10);
        let before = times(has_not);
        deliver(Pace::Now);
        assert_eq!(times(has_not), before + 1);
    }
}

#[test]
fn rejected_data_points_are_counted_and_never_sent_again() {
    let partial = ExportMetricsPartialSuccess { rejected_data_points: 1, ..Default::default() };
    let answer = ExportMetricsServiceResponse { partial_success: Some(partial) };
    let json = br#"{"partialSuccess":{"rejectedDataPoints":"1"}}"#.to_vec();
    for (exporter, answer) in [(Otlp::protobuf(), answer.encode_to_vec()), (Otlp::json(), json)] {
        let place = Place::new();
        let receiver = place.receiver("ok,partial");
        std::fs::write(place.taken().join("answer"), answer).unwrap();
        count(&place.home());
        let url = format!("http://{}/v1/logs", receiver.address());
        let report = deliver(&place.home(), &url, exporter);
        assert_eq!((report.end, report.sent), (End::Done, 1));
        assert_eq!(place.counts().get(Reason::Rejected), 1);
        assert!(place.stored().is_empty());
    }
}

#[test]
fn many_lines_of_both_kinds_all_arrive_once() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    // More segments than may be open at once, of both kinds in turn.
    for _ in 0..40 {
        count(&place.home());
    }
    let url = format!("http://{}/v1/logs", receiver.address());
    let report = deliver(&place.home(), &url, Otlp::protobuf());
    assert_eq!((report.end, report.sent), (End::Done, 80));
    assert!(place.stored().is_empty());
    let mut lines = Vec::new();
    for request in receiver.received().iter().filter(|request| request.line.contains("metrics")) {
        let request = ExportMetricsServiceRequest::decode(&*request.body).unwrap();
        for metric in &request.resource_metrics[0].scope_metrics[0].metrics {
            if let Some(Data::Sum(sum)) = &metric.data {
                lines.push(texts(&sum.data_points[0].attributes)["telemetry.line.id"].to_owned());
            }
        }
    }
    assert_eq!(lines.len(), 40);
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 40);
}

#[test]
fn segment_takes_counts_with_their_histograms_as_one_track_call() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    count(&place.home());
    let line = line_of_counts(&place);
    let url = format!("http://{}/v1/batch", receiver.address());
    let report = deliver(&place.home(), &url, Segment::new());
    assert_eq!((report.end, report.sent, report.batches), (End::Done, 2, 1));
    let body: serde_json::Value = serde_json::from_slice(&receiver.received()[0].body).unwrap();
    let calls = body["batch"].as_array().unwrap();
    let call = calls.iter().find(|call| call["event"] == "requests").unwrap();
    assert_eq!(call["type"], "track");
    assert_eq!(call["properties"]["period"], "hour");
    assert_eq!(call["properties"]["counts"], serde_json::Value::Array(line.counts));
}
