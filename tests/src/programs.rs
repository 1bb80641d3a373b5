//! The example programs, as a test starts them.

use std::path::PathBuf;
use std::process::Command;

/// The example `name`, built. `cargo test --workspace` has built it already;
/// when a single test is run, it is built here.
///
/// # Panics
///
/// When it cannot be built.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("a test lies in `deps` of its profile");
    let path = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "-p", "telemetry-examples", "--example", name]);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    // Also when it exists: it may be older than its source.
    let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo can be run");
    assert!(built.success(), "`{name}` could not be built");
    path
}
