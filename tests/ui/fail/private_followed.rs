use telemetry_core::Private;

fn main() {
    let name = Private::new(String::from("jane.doe"));
    let _: &str = &*name;
}
