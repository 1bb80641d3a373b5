//! Any bytes as a consent file, in each of the forms: what cannot be
//! understood is never on, and a file that is empty of words is no opinion.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use telemetry_core::consent::{Decision, Layers};
use telemetry_core::schema::Purpose;

const PURPOSES: [Purpose; 4] =
    [Purpose::SERVICE, Purpose::DIAGNOSTICS, Purpose::PRODUCT_IMPROVEMENT, Purpose::MODEL_TRAINING];

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|bytes: &[u8]| {
    let Some((form, text)) = bytes.split_first() else { return };
    let file = write(text);
    let none = FOLDER.path().join("none.toml");
    let layers = || Layers::new("app").on_by_default().purposes(&PURPOSES).with_env(|_| None);
    let decision = match form % 4 {
        0 => layers().choice_file(&none).user_config(&file).decide(),
        1 => layers().choice_file(&none).organisation_xml(&file).decide(),
        2 => layers().choice_file(&none).enable_env("TELEMETRY").env_file(&file).decide(),
        _ => layers().choice_file(&file).decide(),
    };
    held(&decision);
    // The same file never says more to a program that nothing turns on.
    let quiet = Layers::new("app").purposes(&PURPOSES).with_env(|_| None);
    if form % 4 == 0 {
        let quiet = quiet.choice_file(&none).user_config(&file).decide();
        held(&quiet);
        for purpose in PURPOSES {
            assert!(!quiet.granted(purpose) || decision.granted(purpose));
        }
    }
});

fn held(decision: &Decision) {
    let granted = PURPOSES.into_iter().any(|purpose| decision.granted(purpose));
    assert!(granted || !decision.is_on(), "on, and for nothing");
    if !decision.diagnostics().is_empty() {
        assert!(!decision.is_on() && !granted, "on, by a file that cannot be understood");
    }
    // Whatever it says, it can be told.
    assert!(!decision.why().to_string().is_empty());
}

/// Written long ago: a file of this moment may be half written, and is off.
fn write(text: &[u8]) -> PathBuf {
    let file = FOLDER.path().join("file");
    std::fs::write(&file, text).expect("a file");
    let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options()
        .write(true)
        .open(&file)
        .and_then(|file| file.set_modified(long_ago))
        .expect("its time");
    file
}
