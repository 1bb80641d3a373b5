//! The file of the installation secret: what is taken, what is refused, and
//! with which words.

use std::fs;
use std::path::{Path, PathBuf};

use telemetry_core::pseudonym::{Keys, Secret};

use super::{domain, fixed_secret, pseudonym};

const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A home with a folder that passes every check.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.folder()).unwrap();
        set_mode(&home.folder(), 0o700);
        home
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("telemetry")
    }

    fn path(&self) -> PathBuf {
        self.folder().join("secret")
    }

    fn holding(content: impl AsRef<[u8]>) -> Self {
        let home = Self::new();
        fs::write(home.path(), content).unwrap();
        set_mode(&home.path(), 0o600);
        home
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

fn text(epoch: &str, digits: &str) -> String {
    format!("telemetry-secret 1\nepoch {epoch}\nsecret {digits}\n")
}

/// Loading is refused, by words that name the path and `remedy`, and so is
/// rotating; the file stays as it is.
fn assert_refused(path: &Path, remedy: &str) {
    // Reading a pipe would wait for its other end.
    let held = || path.is_file().then(|| fs::read(path).ok());
    let before = held();
    for error in [Secret::load_or_create(path), Secret::rotate(path)].map(Result::unwrap_err) {
        assert!(error.is_secret(), "{error:?}");
        let words = format!("{error} {error:?}");
        let folder = path.parent().unwrap().display().to_string();
        assert!(error.to_string().contains(&folder), "{error}");
        assert!(error.to_string().contains(remedy), "{error}");
        // Not even a part of a secret.
        for start in 0..DIGITS.len() - 8 {
            assert!(!words.to_lowercase().contains(&DIGITS[start..start + 8]), "{words}");
        }
    }
    assert_eq!(held(), before);
}

#[test]
fn what_is_made_is_loaded_again() {
    let home = Home::new();
    let host = domain("host");
    let made = Keys::new(Secret::load_or_create(home.path()).unwrap());
    let loaded = Keys::new(Secret::load_or_create(home.path()).unwrap());
    assert_eq!(pseudonym(&made, host, "web-1"), pseudonym(&loaded, host, "web-1"));
}

#[test]
fn documented_layout_is_read() {
    let host = domain("host");
    let expected = pseudonym(&Keys::new(fixed_secret()), host, "web-1");
    let home = Home::holding(text("0", DIGITS));
    let loaded = Keys::new(Secret::load_or_create(home.path()).unwrap());
    assert_eq!(pseudonym(&loaded, host, "web-1"), expected);
    // The epoch is part of the key.
    let home = Home::holding(text("1", DIGITS));
    let loaded = Secret::load_or_create(home.path()).unwrap();
    assert_eq!(loaded.epoch(), 1);
    assert_ne!(pseudonym(&Keys::new(loaded), host, "web-1"), expected);
}

#[test]
fn a_rotated_file_is_the_next_epoch_of_the_secret() {
    let host = domain("host");
    let home = Home::holding(text("0", DIGITS));
    let old = Keys::new(Secret::load_or_create(home.path()).unwrap());
    let before = pseudonym(&old, host, "web-1");
    let expected = pseudonym(&Keys::new(fixed_secret().next_epoch()), host, "web-1");
    let rotated = Keys::new(Secret::rotate(home.path()).unwrap());
    assert_eq!(pseudonym(&rotated, host, "web-1"), expected);
    let loaded = Keys::new(Secret::load_or_create(home.path()).unwrap());
    assert_eq!(pseudonym(&loaded, host, "web-1"), expected);
    assert!(!fs::read_to_string(home.path()).unwrap().contains(DIGITS));
    // Who holds the old secret goes on with it.
    assert_eq!(pseudonym(&old, host, "web-1"), before);
}

#[test]
fn rotating_nothing_makes_a_secret() {
    let home = Home::new();
    assert_eq!(Secret::rotate(home.path()).unwrap().epoch(), 1);
    assert_eq!(Secret::load_or_create(home.path()).unwrap().epoch(), 1);
}

#[test]
fn content_that_is_not_a_whole_secret_is_refused() {
    let whole = text("0", DIGITS);
    let upper = DIGITS.to_uppercase();
    let contents: Vec<Vec<u8>> = [
        String::new(),
        "\n".into(),
        DIGITS.into(),
        text("0", &DIGITS[..62]),
        text("0", &DIGITS[..63]),
        text("0", &format!("{DIGITS}20")),
        text("0", ""),
        text("0", &upper),
        text("0", &DIGITS.replace('a', "g")),
        text("0", &"0".repeat(64)),
        text("", DIGITS),
        text("-1", DIGITS),
        text("+1", DIGITS),
        text("00", DIGITS),
        text("1.0", DIGITS),
        text("18446744073709551616", DIGITS),
        whole.replace("secret 1", "secret 2"),
        whole.replace('\n', "\r\n"),
        format!(" {whole}"),
        format!("{whole}\n"),
        format!("{whole}{}", "x".repeat(10_000)),
        format!("{whole}{whole}"),
    ]
    .map(String::into_bytes)
    .into_iter()
    // Every way to cut it off.
    .chain((0..whole.len()).map(|length| whole.as_bytes()[..length].to_vec()))
    .chain([vec![0; whole.len()], vec![0xff; whole.len()]])
    .collect();
    for content in contents {
        let home = Home::holding(&content);
        assert_refused(&home.path(), "restore it from a backup, or remove it");
    }
}

#[test]
fn a_folder_in_its_place_is_refused() {
    let home = Home::new();
    fs::create_dir(home.path()).unwrap();
    assert_refused(&home.path(), "is not a regular file: move it away");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt, chown, symlink};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn file_and_folder_are_for_the_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("program").join("telemetry").join("secret");
        Secret::load_or_create(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        Secret::rotate(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&path.with_file_name("secret.lock")), 0o600);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        for open in [0o644, 0o640, 0o604, 0o660, 0o606, 0o610, 0o601, 0o666, 0o777] {
            let home = Home::holding(text("0", DIGITS));
            set_mode(&home.path(), open);
            assert_refused(&home.path(), "chmod 600");
            assert_eq!(mode(&home.path()), open);
        }
        for closed in [0o600, 0o400] {
            let home = Home::holding(text("0", DIGITS));
            set_mode(&home.path(), closed);
            assert!(Secret::load_or_create(home.path()).is_ok());
        }
    }

    #[test]
    fn a_symbolic_link_is_refused() {
        let home = Home::holding(text("0", DIGITS));
        let link = home.folder().join("link");
        symlink(home.path(), &link).unwrap();
        assert_refused(&link, "is a symbolic link: remove it");
        // One that leads nowhere does not make a file at its other end.
        let nowhere = home.folder().join("nowhere");
        symlink(home.folder().join("made"), &nowhere).unwrap();
        assert_refused(&nowhere, "is a symbolic link: remove it");
        assert!(!home.folder().join("made").exists());
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        for open in [0o777, 0o770, 0o720, 0o702, 0o1777] {
            let home = Home::new();
            set_mode(&home.folder(), open);
            assert_refused(&home.path(), "chmod 700");
            assert!(!home.path().exists());
        }
        for closed in [0o700, 0o755, 0o750] {
            let home = Home::new();
            set_mode(&home.folder(), closed);
            assert!(Secret::load_or_create(home.path()).is_ok());
        }
    }

    #[test]
    fn a_linked_folder_is_refused() {
        let home = Home::holding(text("0", DIGITS));
        let link = home.0.path().join("link");
        symlink(home.folder(), &link).unwrap();
        assert_refused(&link.join("secret"), "move it away");
    }

    #[test]
    fn a_pipe_in_its_place_is_refused_without_waiting() {
        let home = Home::new();
        let made = Command::new("mkfifo").arg("-m").arg("600").arg(home.path()).status();
        if !made.is_ok_and(|status| status.success()) {
            return super::super::skipped("mkfifo");
        }
        assert_refused(&home.path(), "is not a regular file: move it away");
    }

    /// The user `nobody`, who owns nothing here.
    const NOBODY: u32 = 65534;

    fn is_root(home: &Home) -> bool {
        fs::metadata(home.folder()).unwrap().uid() == 0
    }

    #[test]
    fn a_file_that_its_owner_may_not_read_is_refused() {
        let home = Home::holding(text("0", DIGITS));
        set_mode(&home.path(), 0o000);
        if !is_root(&home) {
            return assert_refused(&home.path(), "cannot be read by this user: run `chmod 600`");
        }
        // Nothing is forbidden to root: a process of another user tries.
        let program = home.0.path().join("secret_process");
        // Copied by a process of its own: a child that another test forks
        // meanwhile would hold the copy open for writing, and nobody could run it.
        let source = env!("CARGO_BIN_EXE_secret_process");
        assert!(Command::new("cp").arg(source).arg(&program).status().unwrap().success());
        for (path, mode) in [(home.0.path(), 0o755), (&program, 0o755), (&home.folder(), 0o700)] {
            set_mode(path, mode);
        }
        for path in [home.folder(), home.path()] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let output = Command::new(&program)
            .arg("load")
            .arg(home.path())
            .uid(NOBODY)
            .gid(NOBODY)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(words.contains(&home.path().display().to_string()), "{words}");
        assert!(words.contains("cannot be read by this user: run `chmod 600`"), "{words}");
    }

    #[test]
    fn what_belongs_to_another_user_is_refused() {
        let home = Home::holding(text("0", DIGITS));
        if !is_root(&home) {
            return super::super::skipped("root");
        }
        chown(home.path(), Some(NOBODY), None).unwrap();
        assert_refused(&home.path(), "belongs to another user");
        chown(home.path(), Some(0), None).unwrap();
        assert!(Secret::load_or_create(home.path()).is_ok());
        chown(home.folder(), Some(NOBODY), None).unwrap();
        assert_refused(&home.path(), "belongs to another user");
    }
}
