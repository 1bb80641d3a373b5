use telemetry_core::Literal;

fn main() {
    let user: &'static str = std::env::var("USER").unwrap_or_default().leak();
    let _ = Literal(user);
}
