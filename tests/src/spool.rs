//! Stored lines for tests of the spool.

/// A line as the client writes it, with a field of `padding` bytes.
pub fn stored_line(id: &str, time: &str, padding: usize) -> String {
    event_line(id, time, "test.event", &"x".repeat(padding))
}

/// A line of the event `event`, with `text` in its one field.
pub fn event_line(id: &str, time: &str, event: &str, text: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"time\":\"{time}\",\"event\":\"{event}\",\"version\":1,\
         \"purpose\":\"service\",\"installation\":\"00000000-0000-4000-8000-000000000000\",\
         \"fields\":{{\"text\":\"{text}\"}}}}\n"
    )
}

/// Says that a test cannot run here, and fails it where no test may be left out.
pub fn skipped(needs: &str) {
    let must_run = std::env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_some();
    assert!(!must_run, "skipped: needs {needs}");
    // The test harness shows it with `--nocapture`.
    {
        eprintln!("skipped: needs {needs}");
    }
}
