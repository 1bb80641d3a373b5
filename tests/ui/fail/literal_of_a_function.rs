use telemetry_core::literal;

fn user() -> &'static str {
    std::env::var("USER").unwrap_or_default().leak()
}

fn main() {
    let _ = literal!(user());
}
