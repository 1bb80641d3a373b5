use std::sync::LazyLock;

use telemetry_core::literal;

static USER: LazyLock<String> = LazyLock::new(|| std::env::var("USER").unwrap_or_default());

fn main() {
    let _ = literal!(&**USER);
}
