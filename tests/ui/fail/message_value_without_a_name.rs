use telemetry_core::message;

fn main() {
    let path = "plan.toml";
    let _ = message!("could not open {}", path = drop);
}
