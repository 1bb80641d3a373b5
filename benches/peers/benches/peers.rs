//! The event through other libraries, in one run:
//! `cd benches/peers && cargo bench`, or `cargo bench -- --json`.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics_exporter_prometheus::PrometheusBuilder;
use telemetry_benches::harness::{self, Case, Form};
use telemetry_benches::{
    COUNTED, ERROR, EVENT, RunFinished, Scratch, client, floor, names, sanitizer,
};
use telemetry_core::Recorded;
use telemetry_peers::hiding::{Engine, JsonLines, VALUES};
use telemetry_peers::storing;

fn main() -> Result<(), Box<dyn Error>> {
    let form = Form::from_arguments();
    hiding(form)?;
    storing(form)?;
    counting(form)
}

fn hiding(form: Form) -> Result<(), Box<dyn Error>> {
    let (sanitizer, keys, names) = (sanitizer()?, floor::Keys::default(), names());
    let mut next = names.iter().cycle();
    let mut first = move || match next.next() {
        Some((target, user)) => RunFinished { target, user, ..EVENT },
        None => EVENT,
    };
    let (raw, with_text) = (EVENT.unprotected(ERROR), EVENT.failed(ERROR));
    let (veil, redact, redactable) = (VALUES.veil(), VALUES.redact(), VALUES.redactable());
    let (expunge, hyperswitch) = (VALUES.expunge(), VALUES.hyperswitch());
    let classified = VALUES.classified();
    let (mut asterisks, mut xxh3) = (Engine::asterisks(), Engine::xxh3());
    let mut hmac = Engine::hmac().ok_or("a key of 32 bytes")?;
    let (sink, lines) = JsonLines::sink();
    let mut outs = [const { Vec::<u8>::new() }; 12];
    show(&veil, |out| {
        redact_to(out, &redact);
        redactable.write(out);
        expunge.write(out);
        hyperswitch.write(out);
        asterisks.write(&classified, out);
        VALUES.emit(&sink);
        out.extend_from_slice(lines.last().as_bytes());
    });
    let [a, b, c, d, e, f, g, h, i, j, k, l] = &mut outs;
    let mut text = String::new();
    let cases = vec![
        Case::new("serde_json.raw", "floor: serde_json of the raw struct, nothing hidden", || {
            a.clear();
            let _ = serde_json::to_writer(&mut *a, black_box(&raw));
        }),
        Case::new("by_hand", "by hand for this event: HMAC twice, nothing checked", || {
            b.clear();
            floor::write(b, black_box(&keys), black_box(&EVENT));
        }),
        Case::new("ours.first", "this library, values not seen before", || {
            c.clear();
            let _ = sanitizer.sanitize(black_box(&first())).write_json(c);
        }),
        Case::new("ours.repeated", "this library, the same values again", || {
            d.clear();
            let _ = sanitizer.sanitize(black_box(&EVENT)).write_json(d);
        }),
        Case::new("ours.text", "the same, and the text scrubbed", || {
            e.clear();
            let _ = sanitizer.sanitize(black_box(&with_text)).write_json(e);
        }),
        Case::new("veil", "veil 0.3: Debug, three fields replaced", || {
            text.clear();
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{:?}", black_box(&veil)));
        }),
        Case::new("redact", "redact 0.1.11: three fields replaced", || {
            f.clear();
            redact_to(f, black_box(&redact));
        }),
        Case::new("redactable", "redactable 0.10.1: three fields replaced", || {
            g.clear();
            black_box(&redactable).write(g);
        }),
        Case::new("expunge", "expunge 0.3.5: three fields replaced", || {
            h.clear();
            black_box(&expunge).write(h);
        }),
        Case::new("hyperswitch", "hyperswitch_masking 0.0.1: three fields replaced", || {
            i.clear();
            black_box(&hyperswitch).write(i);
        }),
        Case::new("data_privacy", "data_privacy 0.13: asterisks", || {
            j.clear();
            asterisks.write(black_box(&classified), j);
        }),
        Case::new("data_privacy.hash", "data_privacy 0.13: its hash, not cryptographic", || {
            k.clear();
            xxh3.write(black_box(&classified), k);
        }),
        Case::new("data_privacy.hmac", "data_privacy 0.13: an HMAC of the user's own", || {
            l.clear();
            hmac.write(black_box(&classified), l);
        }),
        Case::new("observed", "observed 0.29: asterisks, to a processor that writes", || {
            black_box(VALUES).emit(&sink);
        }),
    ];
    harness::run(form, "peers.hide", "an event to JSON, personal data hidden", cases);
    Ok(())
}

fn redact_to(out: &mut Vec<u8>, event: &telemetry_peers::hiding::Redact<'_>) {
    let _ = serde_json::to_writer(out, event);
}

/// With `SHOW=1`, what each of them makes of the event: that it hides anything.
fn show(veil: &telemetry_peers::hiding::Veil<'_>, each: impl FnOnce(&mut Vec<u8>)) {
    if std::env::var_os("SHOW").is_some() {
        let mut out = Vec::new();
        each(&mut out);
        eprintln!("{veil:?}\n{}", String::from_utf8_lossy(&out).replace("}{", "}\n{"));
    }
}

fn storing(form: Form) -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let telemetry = client(&scratch.path().join("on"), true)?;
    assert!(telemetry.record(&EVENT).is_stored());
    let mut line = Vec::new();
    sanitizer()?.sanitize(&EVENT).write_json(&mut line)?;
    // The keys of a stored line beside its fields have some 200 bytes.
    let line = [line.as_slice(), &[b' '; 199], b"\n"].concat();
    let file = |name: &str| -> std::io::Result<File> {
        OpenOptions::new().append(true).create(true).open(scratch.path().join(name))
    };
    let mut bare = file("bare")?;
    // As it is by default, lines that find the queue full are lost.
    let (writer, guard) = tracing_appender::non_blocking(file("appender")?);
    let full = writer.error_counter();
    let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
    let _traced = tracing::subscriber::set_default(subscriber);
    let (provider, logger, arrived) = storing::opentelemetry();
    let (mut traced, mut logged) = (0_u64, 0_u64);
    let connection = storing::sqlite(&scratch.path().join("events.db"))?;
    let cases = vec![
        Case::new("write", "floor: a ready line is appended to a file", || {
            let _ = bare.write_all(black_box(&line));
        }),
        Case::new("ours", "this library: protected, and survives a kill", || {
            black_box(telemetry.record(black_box(&EVENT)));
        }),
        Case::new("tracing-appender", "tracing-appender 0.2: raw, lost on a kill", || {
            traced += 1;
            storing::trace();
        }),
        Case::new("opentelemetry", "opentelemetry_sdk 0.33 batches: raw, lost on a kill", || {
            logged += 1;
            storing::log(&logger);
        }),
        Case::new("sqlite", "rusqlite 0.43, WAL, not synced: raw, survives a kill", || {
            let _ = black_box(storing::insert(&connection));
        }),
    ];
    harness::run(form, "peers.record", "an event to where it waits to be sent", cases);
    drop(guard);
    let _ = provider.force_flush();
    let exported = arrived.load(Ordering::Relaxed);
    lost(form, "tracing-appender", traced, full.dropped_lines() as u64);
    lost(form, "opentelemetry", logged, logged.saturating_sub(exported));
    Ok(())
}

/// What found a queue full is lost without a word in the file.
#[expect(clippy::print_stdout, reason = "the result")]
fn lost(form: Form, case: &str, of: u64, lost: u64) {
    match form {
        Form::Table => println!("{case}: {lost} of {of} events found the queue full and are lost"),
        Form::Json => {
            println!(r#"{{"question":"lost","case":"{case}","of":{of},"lost":{lost}}}"#);
        }
    }
}

fn counting(form: Form) -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let telemetry = client(&scratch.path().join("counted"), true)?;
    assert_eq!(telemetry.record(&COUNTED), Recorded::Counted);
    let counter = AtomicU64::new(0);
    let handle = PrometheusBuilder::new().install_recorder()?;
    let kept = metrics::counter!("connections", "protocol" => "ssh", "ok" => "true");
    let cases = vec![
        Case::new("fetch_add", "floor: an atomic counter", || {
            black_box(counter.fetch_add(1, Ordering::Relaxed));
        }),
        Case::new("ours", "this library: record of a counted event of three fields", || {
            black_box(telemetry.record(black_box(&COUNTED)));
        }),
        Case::new("metrics", "metrics 0.24 with prometheus 0.18, the macro with labels", || {
            metrics::counter!("connections", "protocol" => "ssh", "duration" => "1000..10000", "ok" => "true")
                .increment(1);
        }),
        Case::new("metrics.kept", "the same, a counter that was looked up before", || {
            black_box(&kept).increment(1);
        }),
    ];
    harness::run(form, "peers.count", "an event of which only the count leaves", cases);
    assert!(handle.render().contains("connections"));
    Ok(())
}
