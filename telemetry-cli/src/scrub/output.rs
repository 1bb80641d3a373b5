//! Where scrubbed files go.
//!
//! It owns the temporary file that becomes the result by a rename. It must
//! never know what is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that appears under its name when it is complete, or not at all.
#[derive(Debug)]
pub(super) struct Replacement {
    file: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl Replacement {
    /// Begins to replace `path`, or to make it. A file that is replaced keeps
    /// its permissions; a new one can be read by its owner alone until it is
    /// complete, and gets those of `like`.
    pub(super) fn of(path: &Path, like: Option<&fs::Metadata>) -> io::Result<Self> {
        // Through a link, so that the link stays one.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(temporary);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&temporary)?;
        let replacement =
            Self { file: Some(BufWriter::with_capacity(1 << 16, file)), temporary, path };
        let permissions = fs::metadata(&replacement.path).ok();
        if let Some(like) = permissions.as_ref().or(like) {
            fs::set_permissions(&replacement.temporary, like.permissions())?;
        }
        Ok(replacement)
    }

    /// Puts the complete file in its place.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let file = self.file.take().ok_or(io::ErrorKind::Other)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&self.temporary, &self.path)
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for Replacement {
    /// What is not complete is no result.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}
