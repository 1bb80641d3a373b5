use telemetry_core::message;

fn main() {
    let title = String::from("jane");
    let _ = message!("hello {title}", title = allow);
}
