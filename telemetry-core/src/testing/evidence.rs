//! What a program left behind: files, output, requests.
//!
//! It owns reading all of it, compressed or not. It must never change a file.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::Output;

use flate2::read::MultiGzDecoder;
use memchr::memmem;

use super::canary::Canaries;
use super::receiver::RecordingReceiver;
use super::{TestTelemetry, fail};

/// More than a test's compressed file holds.
const MOST: u64 = 1 << 28;

/// What a gzip stream begins with, by RFC 1952.
const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];

/// Something to be searched by [`assert_nothing_leaks`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Evidence<'e> {
    /// Every file below this folder, and its name.
    Folder(&'e Path),
    /// The standard output and the standard error of a program.
    Output(&'e Output),
    /// Every request that a receiver got: its path, its headers, its body.
    Receiver(&'e RecordingReceiver),
    /// Other bytes, such as a request, with what they are called in a finding.
    Bytes(&'e str, &'e [u8]),
}

/// Asserts that none of `canaries` is in what a program left: in any byte of any
/// file below a folder, its standard output and error, or the requests that a
/// receiver took. What gzip compressed is searched decompressed too.
///
/// ```
/// use telemetry_core::testing::{Evidence, TestTelemetry, assert_nothing_leaks};
///
/// let test = TestTelemetry::new("greeter")?;
/// assert_nothing_leaks([Evidence::Bytes("the request", b"{}")], &["alice"]);
/// # Ok::<(), telemetry_core::Error>(())
/// ```
///
/// # Panics
///
/// When one leaks, and when there is nothing to search: a folder that is not
/// there or without a file, a file that cannot be read, or a receiver that got no
/// request. The message names the
/// file, and shows no value.
#[track_caller]
pub fn assert_nothing_leaks<'e>(
    evidence: impl IntoIterator<Item = Evidence<'e>>,
    canaries: &[&str],
) {
    let canaries = match Canaries::new(canaries) {
        Ok(canaries) => canaries,
        Err(why) => fail(&why),
    };
    let (mut found, mut pieces) = (Vec::new(), 0);
    for evidence in evidence {
        pieces += 1;
        if let Err(why) = search(evidence, &canaries, &mut found) {
            fail(&why);
        }
    }
    if pieces == 0 {
        fail("no evidence was given: nothing would be searched");
    }
    if !found.is_empty() {
        fail(&format!("personal data was left behind:\n  {}", found.join("\n  ")));
    }
}

impl TestTelemetry {
    /// Asserts that none of `canaries` is in any file of this telemetry.
    ///
    /// # Panics
    ///
    /// As [`assert_nothing_leaks`], also when nothing was stored.
    #[track_caller]
    pub fn assert_nothing_leaks(&self, canaries: &[&str]) {
        assert_nothing_leaks([Evidence::Folder(self.home())], canaries);
    }
}

fn search(
    evidence: Evidence<'_>,
    canaries: &Canaries,
    found: &mut Vec<String>,
) -> Result<(), String> {
    match evidence {
        Evidence::Folder(folder) => return search_folder(folder, canaries, found),
        Evidence::Output(output) => {
            search_bytes("the standard output", &output.stdout, canaries, found);
            search_bytes("the standard error", &output.stderr, canaries, found);
        }
        Evidence::Receiver(receiver) => {
            let requests = receiver.requests();
            if requests.is_empty() {
                return Err("no request has arrived: nothing would be searched".to_owned());
            }
            for (place, request) in requests.iter().enumerate() {
                let name = format!("request {}", place + 1);
                search_bytes(&name, &request.bytes(), canaries, found);
            }
        }
        Evidence::Bytes(name, bytes) => search_bytes(name, bytes, canaries, found),
    }
    Ok(())
}

fn search_folder(
    folder: &Path,
    canaries: &Canaries,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let mut files = 0;
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
        let unreadable = |error: io::Error| {
            // Its name may be what must not be shown.
            format!("the folder cannot be searched whole: {}", error.kind())
        };
        let metadata = fs::symlink_metadata(&path).map_err(unreadable)?;
        if let Some(canary) = canaries.find(below.as_os_str().as_encoded_bytes()) {
            found.push(format!("the name of a file or folder holds {canary}"));
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(&path).map_err(unreadable)? {
                waiting.push(entry.map_err(unreadable)?.path());
            }
            continue;
        }
        files += 1;
        let bytes = if metadata.is_symlink() {
            let target: PathBuf = fs::read_link(&path).map_err(unreadable)?;
            target.into_os_string().into_encoded_bytes()
        } else if metadata.is_file() {
            fs::read(&path).map_err(unreadable)?
        } else {
            // A socket or a pipe holds nothing.
            continue;
        };
        let shown = match canaries.find(below.as_os_str().as_encoded_bytes()) {
            Some(_) => "a file whose name leaks".to_owned(),
            None => format!("the file {}", below.display()),
        };
        search_bytes(&shown, &bytes, canaries, found);
    }
    if files == 0 {
        return Err("there is no file in the folder: nothing would be searched".to_owned());
    }
    Ok(())
}

fn search_bytes(name: &str, bytes: &[u8], canaries: &Canaries, found: &mut Vec<String>) {
    if let Some(canary) = canaries.find(bytes) {
        found.push(format!("{name} holds {canary}"));
        return;
    }
    for begin in memmem::find_iter(bytes, GZIP) {
        let mut plain = Vec::new();
        let rest = bytes.get(begin..).unwrap_or_default();
        // What comes before a broken end is searched nevertheless.
        let _ = MultiGzDecoder::new(rest).take(MOST).read_to_end(&mut plain);
        if let Some(canary) = canaries.find(&plain) {
            found.push(format!("{name} holds {canary}, compressed"));
            return;
        }
    }
}
