//! What the sanitised event costs at least: the same bytes, written by hand
//! for this one event, with the keyed states ready and nothing checked.

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

use crate::RunFinished;

/// The keyed states of the two hashed fields.
#[derive(Clone, Debug)]
pub struct Keys {
    target: Hmac<Sha256>,
    user: Hmac<Sha256>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { target: Hmac::new(&[1; 64].into()), user: Hmac::new(&[2; 64].into()) }
    }
}

#[derive(Serialize)]
struct Row<'a> {
    command: &'a str,
    target: &'a str,
    user: &'a str,
    protocol: &'a str,
    duration_ms: &'a str,
    exit_code: i32,
    version: &'a str,
    attempts: u32,
    interactive: bool,
}

/// Appends the event to `out`, as JSON.
///
/// # Errors
///
/// None: every value has a form in JSON.
pub fn write(out: &mut Vec<u8>, keys: &Keys, event: &RunFinished<'_>) -> serde_json::Result<()> {
    let (mut target, mut user) = ([0; 35], [0; 35]);
    let row = Row {
        command: match event.command {
            "converge" => "converge",
            "upload" => "upload",
            "verify" => "verify",
            _ => "other",
        },
        target: pseudonym(&keys.target, event.target, &mut target),
        user: pseudonym(&keys.user, event.user, &mut user),
        protocol: match event.protocol {
            crate::Protocol::Ssh => "ssh",
            crate::Protocol::WinRm => "win_rm",
        },
        duration_ms: match event.duration_ms {
            0..100 => "<100",
            100..1_000 => "100..1000",
            1_000..10_000 => "1000..10000",
            10_000.. => ">=10000",
        },
        exit_code: event.exit_code,
        version: event.version,
        attempts: event.attempts,
        interactive: event.interactive,
    };
    serde_json::to_writer(out, &row)
}

fn pseudonym<'b>(key: &Hmac<Sha256>, value: &str, buffer: &'b mut [u8; 35]) -> &'b str {
    let mut mac = key.clone();
    mac.update(value.as_bytes());
    let tag: [u8; 32] = mac.finalize().into_bytes().into();
    let (prefix, digits) = buffer.split_at_mut(3);
    prefix.copy_from_slice(b"h1_");
    let half = tag.first_chunk::<16>().copied().unwrap_or_default();
    let _ = hex::encode_to_slice(half, digits);
    std::str::from_utf8(buffer).unwrap_or_default()
}
