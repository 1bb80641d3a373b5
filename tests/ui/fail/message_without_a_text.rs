use telemetry_core::message;

fn main() {
    let text = "hello {user}";
    let _ = message!(text);
}
