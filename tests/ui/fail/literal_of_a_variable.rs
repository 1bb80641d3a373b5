use telemetry_core::literal;

fn main() {
    let user: &'static str = std::env::var("USER").unwrap_or_default().leak();
    let _ = literal!(user);
}
