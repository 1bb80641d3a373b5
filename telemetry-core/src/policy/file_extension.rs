//! `file_extension`: the extension of a file name, if it is a known one.
//!
//! It owns what counts as an extension. It must never know a file system.

use super::known::known;
use super::known::known_schema;
use crate::leaf::kind::FileName;
use crate::leaf::{Applied, Context, HasLeaves, LeafPolicy, Sink};
use crate::schema::{Policy, Shape};

/// Values that name a file.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a file",
    label = "neither text nor a path",
    note = "`file_extension` is for `str`, `String`, `Path`, `PathBuf`, `OsStr` and `OsString`, alone or in `Option`, `Vec`, ..."
)]
pub trait FileNamed: HasLeaves<FileName> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<FileName> + ?Sized> FileNamed for T {}

/// The extension of a file name, if it is a known one. Case does not matter.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct FileExtension(&'static [&'static str]);

impl LeafPolicy for FileExtension {
    type Kind = FileName;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        // Both separators: the path may be of another system than this one.
        let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
        match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => {
                known(self.0, |value| value.eq_ignore_ascii_case(extension), sink)
            }
            _ => sink.absent(),
        }
    }
}

/// Puts a value under `file_extension`.
#[doc(hidden)]
pub fn file_extension<'v, T: FileNamed + ?Sized>(
    values: &'static [&'static str],
    value: &'v T,
) -> Applied<'v, FileExtension, T> {
    Applied { policy: FileExtension(values), value }
}

/// What the schema says of `file_extension`.
#[doc(hidden)]
pub const fn file_extension_schema(shape: Shape, values: &'static [&'static str]) -> Policy {
    known_schema("file_extension", shape.leaf_or_absent(), values)
}
