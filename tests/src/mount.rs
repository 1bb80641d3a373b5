//! File systems of a test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file system at `mount` below a folder, unmounted when dropped.
#[derive(Debug)]
pub struct Mount(pub PathBuf);

impl Mount {
    /// `None` without the right to mount.
    pub fn new(home: &Path, options: &[&str], device: &str) -> Option<Self> {
        let point = home.join("mount");
        std::fs::create_dir_all(&point).unwrap();
        let mut command = Command::new("mount");
        command.args(options).arg(device).arg(&point).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success()).then_some(Self(point))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
