//! New pseudonyms.

use telemetry_core::pseudonym::Secret;

use crate::CommandContext;
use crate::exit::{CommandResult, Exit};

/// Replaces the secret behind the pseudonyms by the next one and erases the
/// old one. Makes no secret where there is none: while nothing was collected
/// there is no identifier.
pub(crate) fn rotate(context: &mut CommandContext<'_, '_>) -> CommandResult {
    let path = context.telemetry.folder().join("secret");
    if std::fs::symlink_metadata(&path).is_err() {
        writeln!(context.io.out(), "There is nothing to rotate: no pseudonym was made here yet.")?;
        return Ok(Exit::Done);
    }
    let epoch = Secret::rotate(&path)?.epoch();
    let out = context.io.out();
    writeln!(
        out,
        "Epoch {epoch} of the pseudonyms has begun, and the secret of the one before is erased."
    )?;
    writeln!(out, "New pseudonyms cannot be linked to old ones. Stored events keep theirs.")?;
    writeln!(out, "The same holds for the id of this installation.")?;
    writeln!(out, "A program that is running now changes over when it is started again.")?;
    Ok(Exit::Done)
}
