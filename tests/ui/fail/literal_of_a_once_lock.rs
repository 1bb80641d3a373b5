use std::sync::OnceLock;

use telemetry_core::literal;

static USER: OnceLock<String> = OnceLock::new();

fn main() {
    let _ = literal!(match USER.get() {
        Some(user) => user.as_str(),
        None => "",
    });
}
