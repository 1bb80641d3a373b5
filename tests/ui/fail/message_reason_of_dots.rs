use telemetry_core::message;

fn main() {
    let name = String::from("jane");
    let _ = message!("hello {name}", name = allow(because = "..."));
}
