use telemetry_core::message;

fn main() {
    let count = 17_u32;
    let _ = message!("{count:>8} files", count = bucket(10, 100));
}
