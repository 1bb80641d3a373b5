use telemetry_core::literal;

fn main() {
    let _ = literal!(String::from("jane.doe").leak());
}
