use telemetry_core::message;

fn main() {
    let user = String::from("jane");
    let _ = message!("hello {user}", user = allow);
}
