//! Lines of counts as OpenTelemetry metrics over HTTP.

use jiff::{SignedDuration, Timestamp};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric,
    number_data_point,
};
use prost::Message;
use serde_json::Number;

use super::{
    CONTAINER, Encoding, INSTALLATION, LIMITS, OtlpNames, PERIOD, PURPOSE, VERSION, attribute,
    integer, text, value,
};
use crate::error::{Error, Kind};
use crate::export::{
    App, BatchLimits, CountedForm, Exporter, Histogram as Numbers, Outcome, Payload, Response,
    WaitingEvent,
};

/// The format of the lines of counts, for the path `/v1/metrics`: see
/// [`Otlp`](super::Otlp).
#[derive(Clone, Copy, Debug)]
pub(super) struct Metrics {
    pub(super) encoding: Encoding,
}

const ENVELOPE: OtlpNames =
    OtlpNames { resource: "resourceMetrics", scope: "scopeMetrics", records: "metrics" };

/// Attributes of a data point that are not fields.
const LINE: &str = "telemetry.line.id";
const OTHER: &str = "telemetry.other";

/// What is counted, in UCUM's annotation of a unit.
const EVENTS: &str = "{event}";

impl Exporter for Metrics {
    fn limits(&self) -> BatchLimits {
        LIMITS
    }

    fn append(
        &self,
        _app: &App,
        _sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        metrics(event)?.iter().try_for_each(|metric| self.encoding.append(events, metric))
    }

    /// # Privacy
    ///
    /// As for logs: nothing is read from the environment or the machine.
    fn payload(&self, app: &App, _sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        self.encoding.payload(&ENVELOPE, app, events)
    }

    fn outcome(&self, response: &Response) -> Outcome {
        self.encoding.outcome(response, "rejectedDataPoints", |body| {
            let partial = ExportMetricsServiceResponse::decode(body).ok()?.partial_success?;
            Some(partial.rejected_data_points)
        })
    }

    fn path(&self) -> Option<&'static str> {
        Some("/v1/metrics")
    }
}

/// The sum of the line's event, and a histogram for each field that is one.
fn metrics(event: &WaitingEvent<'_>) -> Result<Vec<Metric>, Error> {
    let (start, end) = interval(event)?;
    let (mut sums, mut histograms) = (Vec::new(), Vec::<(String, Vec<_>)>::new());
    for form in event.counts()? {
        let attributes = attributes(event, &form)?;
        for (field, numbers) in &form.histograms {
            let point = histogram(numbers, attributes.clone(), (start, end));
            match histograms.iter_mut().find(|(name, _)| name == field) {
                Some((_, points)) => points.push(point),
                None => histograms.push((field.clone(), vec![point])),
            }
        }
        // No count reaches the sign of 64 bits.
        let count = i64::try_from(form.count).unwrap_or(i64::MAX);
        sums.push(NumberDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: end,
            value: Some(number_data_point::Value::AsInt(count)),
            ..NumberDataPoint::default()
        });
    }
    let aggregation_temporality = AggregationTemporality::Delta.into();
    let sum = Sum { data_points: sums, aggregation_temporality, is_monotonic: true };
    let sum = Metric {
        name: event.name().to_owned(),
        unit: EVENTS.to_owned(),
        data: Some(metric::Data::Sum(sum)),
        ..Metric::default()
    };
    let histograms = histograms.into_iter().map(|(field, data_points)| Metric {
        name: format!("{}.{field}", event.name()),
        data: Some(metric::Data::Histogram(Histogram { data_points, aggregation_temporality })),
        ..Metric::default()
    });
    Ok(std::iter::once(sum).chain(histograms).collect())
}

/// What tells one point from another: the fields of the form, and the line that
/// it is of.
fn attributes(event: &WaitingEvent<'_>, form: &CountedForm) -> Result<Vec<KeyValue>, Error> {
    let mut attributes = vec![
        attribute(LINE, text(event.id())),
        attribute(VERSION, integer(event.version())),
        attribute(PURPOSE, text(event.purpose())),
        attribute(PERIOD, text(event.period().unwrap_or_default())),
    ];
    if let Some(installation) = event.installation() {
        attributes.push(attribute(INSTALLATION, text(installation)));
    }
    if event.is_from_container() {
        attributes.push(attribute(CONTAINER, any_value::Value::BoolValue(true)));
    }
    let Some(fields) = &form.fields else {
        attributes.push(attribute(OTHER, any_value::Value::BoolValue(true)));
        return Ok(attributes);
    };
    for (name, field) in fields {
        if [LINE, INSTALLATION, VERSION, PURPOSE, PERIOD, CONTAINER, OTHER].contains(&name.as_str())
        {
            return Err(refused(event, "a field has the name of an attribute of ours"));
        }
        attributes.extend(value(field).map(|value| attribute(name, value)));
    }
    Ok(attributes)
}

fn histogram(
    numbers: &Numbers,
    attributes: Vec<KeyValue>,
    (start, end): (u64, u64),
) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes,
        start_time_unix_nano: start,
        time_unix_nano: end,
        count: numbers.ranges.iter().fold(0, |all, range| all.saturating_add(*range)),
        sum: numbers.sum.as_f64(),
        bucket_counts: numbers.ranges.clone(),
        explicit_bounds: numbers.bounds.iter().filter_map(Number::as_f64).collect(),
        ..HistogramDataPoint::default()
    }
}

/// When the period began and when it ends, in nanoseconds since 1970. A run
/// names the day that it was on.
fn interval(event: &WaitingEvent<'_>) -> Result<(u64, u64), Error> {
    let unread = || refused(event, "the period cannot be read");
    let hours = match event.period() {
        Some("hour") => 1,
        Some("run" | "day") => 24,
        Some("week") => 7 * 24,
        _ => return Err(unread()),
    };
    let start: Timestamp = event.time().parse().map_err(|_| unread())?;
    let end = start.checked_add(SignedDuration::from_hours(hours)).map_err(|_| unread())?;
    let nanoseconds = |time: Timestamp| u64::try_from(time.as_nanosecond()).map_err(|_| unread());
    Ok((nanoseconds(start)?, nanoseconds(end)?))
}

fn refused(event: &WaitingEvent<'_>, why: &str) -> Error {
    Error::new(Kind::Export, format!("{why} (event `{}`)", event.name()))
}
