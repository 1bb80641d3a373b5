//! bincode's own derive, on a field that is private.

#[derive(bincode::Encode)]
pub struct Connected {
    #[cfg(not(control))]
    pub host: telemetry_core::Private<String>,
    #[cfg(control)]
    pub host: String,
}

fn main() {}
