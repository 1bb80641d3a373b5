//! zerocopy's own derive, on a field that is private.

#[derive(zerocopy::IntoBytes, zerocopy::Immutable)]
#[repr(C)]
pub struct Connected {
    #[cfg(not(control))]
    pub host: telemetry_core::Private<[u8; 4]>,
    #[cfg(control)]
    pub host: [u8; 4],
}

fn main() {}
