use telemetry_core::message;

fn main() {
    let (phone, login) = (491701234567_u64, String::from("jane"));
    let _ = message!("{phone} of {login}", phone = allow, login = scrub);
    let _ = message!("{phone} of {login}", phone = round(1), login = drop);
}
