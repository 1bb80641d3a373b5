use telemetry_core::message;

fn main() {
    let (path, user) = ("plan.toml", "jane");
    let _ = message!("could not open {path} for {user}", path = file_extension("toml"));
}
