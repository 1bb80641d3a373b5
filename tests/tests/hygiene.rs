//! The shapes that compile, under clippy: `cargo clippy` reads these files as
//! modules of a test, and finds nothing in what the derives wrote.
#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]
// The files are programs of their own, whose public items are used by nobody here.
#![allow(dead_code, unreachable_pub, clippy::indexing_slicing)]

#[path = "../ui/pass/cfg_and_macros.rs"]
mod cfg_and_macros;
#[path = "../ui/pass/hygiene.rs"]
mod hygiene;
#[path = "../ui/pass/shapes.rs"]
mod shapes;

#[test]
fn every_shape_compiles_under_pedantic_lints() {
    cfg_and_macros::main();
    hygiene::main();
    shapes::main();
}
