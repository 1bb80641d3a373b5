//! The derive macros of `telemetry-core`.
#![forbid(unsafe_code)]
use proc_macro::TokenStream;
/// to come
#[proc_macro_derive(TelemetryEvent, attributes(telemetry))]
pub fn derive_event(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
/// to come
#[proc_macro_derive(TelemetryFields, attributes(telemetry))]
pub fn derive_fields(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
/// to come
#[proc_macro_derive(TelemetryValue, attributes(telemetry))]
pub fn derive_value(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
