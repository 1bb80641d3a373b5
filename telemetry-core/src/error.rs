//! The one error of the library.
//!
//! It owns the words of a failure: the place, the remedy, the source. It must
//! never know a field's value; what is not in here cannot be printed.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

/// What went wrong, where, and what to do next.
///
/// The message names the place (a path, a line, a setting) and the remedy. It
/// never carries the value of an event's field, of a key or of a secret.
///
/// ```
/// use telemetry_core::pseudonym::Secret;
///
/// let error = Secret::from_bytes(b"short").unwrap_err();
/// assert!(error.is_secret());
/// assert!(!error.to_string().contains("short"));
/// ```
pub struct Error {
    inner: Box<ErrorInner>,
}

struct ErrorInner {
    kind: Kind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync + 'static>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Io,
    Secret,
    Config,
    Spool,
    Argument,
    Export,
    Delivery,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { inner: Box::new(ErrorInner { kind, message: message.into(), source: None }) }
    }

    /// For an [`Exporter`](crate::export::Exporter) of the author's own: an event
    /// does not fit the format. The message becomes the reason under which the
    /// event is set aside; it must not hold a field's value.
    #[cfg(feature = "client")]
    pub fn export(message: impl Into<String>) -> Self {
        Self::new(Kind::Export, message)
    }

    /// A failed call to the operating system: `action` completes the sentence
    /// "could not …", such as "create the folder". What went wrong is the
    /// source; what to do about it, where that is known, is in the message.
    pub(crate) fn io(action: &str, path: &Path, source: io::Error) -> Self {
        let remedy = match source.kind() {
            io::ErrorKind::StorageFull => ": make room on the disk",
            io::ErrorKind::QuotaExceeded => ": make room in this user's quota",
            io::ErrorKind::ReadOnlyFilesystem => ": make the file system writable",
            io::ErrorKind::PermissionDenied => ": let this user read and write there",
            io::ErrorKind::NotADirectory => ": move away the file in the place of a folder",
            _ => "",
        };
        let message = format!("could not {action} {}{remedy}", path.display());
        Self::new(Kind::Io, message).because(source)
    }

    pub(crate) fn because(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync + 'static>>,
    ) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The same words under another kind: what went wrong with the file that
    /// holds the secret is about the secret.
    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.inner.kind = kind;
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The operating system refused a file or folder.
    pub fn is_io(&self) -> bool {
        self.kind() == Kind::Io
    }

    /// A secret has the wrong length, is readable by others, or could not be made.
    pub fn is_secret(&self) -> bool {
        self.kind() == Kind::Secret
    }

    /// A configuration or consent file could not be understood.
    pub fn is_config(&self) -> bool {
        self.kind() == Kind::Config
    }

    /// The spool's folder or a segment in it cannot be used.
    pub fn is_spool(&self) -> bool {
        self.kind() == Kind::Spool
    }

    /// An argument given by the program's author is not usable.
    pub fn is_argument(&self) -> bool {
        self.kind() == Kind::Argument
    }

    /// An event does not fit the exporter's wire format.
    pub fn is_export(&self) -> bool {
        self.kind() == Kind::Export
    }

    /// A receiver refused, or could not be reached.
    pub fn is_delivery(&self) -> bool {
        self.kind() == Kind::Delivery
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
