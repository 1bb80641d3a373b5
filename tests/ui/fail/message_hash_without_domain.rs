use telemetry_core::message;

fn main() {
    let user = "jane";
    let _ = message!("hello {user}", user = hash);
}
