//! Pseudonyms: their bytes, what they keep apart, what an attacker gets, and
//! the file of the secret behind them.
#![forbid(unsafe_code)]

mod dictionary;
mod first_run;
mod format;
mod policy;
mod secret_file;
mod vectors;

use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys, Secret};

/// A slot for a scope that a test makes up.
fn slot(scope: KeyScope) -> &'static KeySlot {
    Box::leak(Box::new(KeySlot::new(scope)))
}

fn field(event: &'static str, field: &'static str) -> &'static KeySlot {
    slot(KeyScope::field(event, field))
}

fn domain(domain: &'static str) -> &'static KeySlot {
    slot(KeyScope::Domain(domain))
}

/// The secret of all known answers: the bytes 0 to 31.
fn fixed_secret() -> Secret {
    Secret::from_bytes(&std::array::from_fn::<u8, 32, _>(|index| index as u8)).unwrap()
}

fn pseudonym(keys: &Keys, slot: &'static KeySlot, value: impl AsRef<[u8]>) -> String {
    keys.pseudonym(slot, value.as_ref()).unwrap().to_string()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2));
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// Says that a test cannot be done here. Where everything must be there, as in
/// CI, that is a failure.
fn skipped(needs: &str) {
    println!("skipped: needs {needs}");
    assert!(
        std::env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_none(),
        "must not be skipped: needs {needs}"
    );
}
