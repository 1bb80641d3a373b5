//! Where the events of other programs go.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{
    BatchLogProcessor, LogBatch, LogExporter, SdkLogger, SdkLoggerProvider,
};
use rusqlite::Connection;
use telemetry_benches::{ERROR, EVENT};

/// OpenTelemetry's batches: an exporter that takes all of them and is done. It
/// counts what arrives.
#[derive(Debug)]
struct Nowhere(Arc<AtomicU64>);

impl LogExporter for Nowhere {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.0.fetch_add(batch.iter().count() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// A logger whose records wait in a queue for a thread that exports them, and
/// the number of those that were exported.
pub fn opentelemetry() -> (SdkLoggerProvider, SdkLogger, Arc<AtomicU64>) {
    let arrived = Arc::new(AtomicU64::new(0));
    let processor = BatchLogProcessor::builder(Nowhere(Arc::clone(&arrived))).build();
    let provider = SdkLoggerProvider::builder().with_log_processor(processor).build();
    let logger = provider.logger("benches");
    (provider, logger, arrived)
}

/// The event without any protection, as a log record.
pub fn log(logger: &SdkLogger) {
    let mut record = logger.create_log_record();
    record.set_event_name("run.failed");
    record.set_severity_number(Severity::Info);
    record.add_attribute("target", EVENT.target);
    record.add_attribute("user", EVENT.user);
    record.add_attribute("protocol", "ssh");
    record.add_attribute("duration_ms", AnyValue::Int(EVENT.duration_ms as i64));
    record.add_attribute("exit_code", AnyValue::Int(i64::from(EVENT.exit_code)));
    record.add_attribute("version", "1.2.3");
    record.add_attribute("attempts", AnyValue::Int(i64::from(EVENT.attempts)));
    record.add_attribute("interactive", AnyValue::Boolean(EVENT.interactive));
    record.add_attribute("error", ERROR);
    logger.emit(record);
}

/// The event without any protection, as a `tracing` event.
pub fn trace() {
    tracing::info!(
        name: "run.failed",
        target = EVENT.target,
        user = EVENT.user,
        protocol = "ssh",
        duration_ms = EVENT.duration_ms,
        exit_code = EVENT.exit_code,
        version = "1.2.3",
        attempts = EVENT.attempts,
        interactive = EVENT.interactive,
        error = ERROR,
    );
}

/// A table for events, with the log that SQLite writes fastest and still
/// survives the death of the process.
///
/// # Errors
///
/// Those of SQLite.
pub fn sqlite(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.execute_batch(
        "CREATE TABLE events (id INTEGER PRIMARY KEY, target TEXT, user TEXT, protocol TEXT,
         duration_ms INTEGER, exit_code INTEGER, version TEXT, attempts INTEGER,
         interactive INTEGER, error TEXT)",
    )?;
    Ok(connection)
}

/// The event without any protection, as a row.
pub fn insert(connection: &Connection) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO events (target, user, protocol, duration_ms, exit_code, version, attempts,
         interactive, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    statement.execute((
        EVENT.target,
        EVENT.user,
        "ssh",
        EVENT.duration_ms as i64,
        EVENT.exit_code,
        "1.2.3",
        EVENT.attempts,
        EVENT.interactive,
        ERROR,
    ))
}
