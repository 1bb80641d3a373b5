//! What the derives refuse, and what they take.
//!
//! `ui/fail` holds one mistake a file, named by the mistake, and beside it the
//! compiler's messages. Messages change from one compiler to the next, so that
//! they are compared on the version that wrote them alone. On every version
//! each of those files must fail to compile, and each in `ui/pass` compile.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test --test ui`, and
//! read what it wrote as somebody who has made the mistake.

use std::collections::BTreeSet;
use std::error::Error;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The compiler that wrote the `.stderr` files.
const WRITTEN_BY: &str = "rustc 1.95.";

type Outcome = Result<(), Box<dyn Error>>;

#[test]
fn messages_are_those_that_were_read_and_found_helpful() -> Outcome {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let version = String::from_utf8(Command::new(rustc).arg("--version").output()?.stdout)?;
    if !version.starts_with(WRITTEN_BY) {
        let why = format!(
            "the messages were written by {WRITTEN_BY}x, and this is {version}: write them again, \
             read them, and change WRITTEN_BY"
        );
        // Where nothing may be skipped, a newer compiler must not switch this
        // test off without anybody noticing.
        assert!(env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_none(), "{why}");
        println!("skipped: {why}");
        return Ok(());
    }
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
    Ok(())
}

#[test]
fn mistakes_fail_and_every_shape_compiles_on_any_compiler() -> Outcome {
    let fail = files("fail")?;
    let pass = files("pass")?;
    let project = scratch_project(fail.iter().chain(&pass))?;
    let failed = check(&project)?;
    let names =
        |files: &[PathBuf]| -> BTreeSet<String> { files.iter().map(|file| name(file)).collect() };
    let compiled: Vec<String> = names(&fail).difference(&failed).cloned().collect();
    assert!(compiled.is_empty(), "mistakes that compile: {compiled:?}");
    let refused: Vec<String> = names(&pass).intersection(&failed).cloned().collect();
    assert!(refused.is_empty(), "shapes that do not compile: {refused:?}");
    Ok(())
}

fn files(folder: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui").join(folder);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    assert!(!files.is_empty(), "no files in {}", folder.display());
    files.sort();
    Ok(files)
}

/// The folder and the file's name, as one word.
fn name(file: &Path) -> String {
    let part =
        |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    let folder = file.parent().and_then(Path::file_name);
    format!("{}_{}", part(folder), part(file.file_stem()))
}

/// One package with a program for each file, so that what they depend on is
/// built once.
fn scratch_project<'f>(
    files: impl Iterator<Item = &'f PathBuf>,
) -> Result<PathBuf, Box<dyn Error>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    let mut manifest = format!(
        "[workspace]\n\
         [package]\nname = \"ui\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\n\
         telemetry-core = {{ path = {:?}, default-features = false, features = [\"registry\"] }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         serde_json = \"1\"\n",
        workspace.join("telemetry-core"),
    );
    for file in files {
        write!(manifest, "[[bin]]\nname = {:?}\npath = {file:?}\n", name(file))?;
    }
    fs::create_dir_all(&project)?;
    fs::write(project.join("Cargo.toml"), manifest)?;
    // The workspace's versions, which are there already: nothing is fetched.
    fs::copy(workspace.join("Cargo.lock"), project.join("Cargo.lock"))?;
    Ok(project)
}

/// The programs of `project` that do not compile.
fn check(project: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet", "--bins", "--keep-going", "--message-format=json"])
        .current_dir(project)
        .env("CARGO_TARGET_DIR", project.join("target"))
        .env_remove("RUSTFLAGS")
        .output()?;
    let mut failed = BTreeSet::new();
    let mut libraries = 0;
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        let text = |pointer| message.pointer(pointer).and_then(serde_json::Value::as_str);
        let (reason, name) = (text("/reason"), text("/target/name").unwrap_or_default());
        if reason == Some("compiler-artifact") && name == "telemetry_core" {
            libraries += 1;
        }
        if reason == Some("compiler-message") && text("/message/level") == Some("error") {
            failed.insert(name.to_owned());
        }
    }
    // Otherwise everything would fail, and for another reason.
    assert_eq!(libraries, 1, "{}", String::from_utf8_lossy(&output.stderr));
    Ok(failed)
}
