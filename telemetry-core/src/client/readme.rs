//! The page that lies beside the data.
//!
//! It owns `README.txt`, for who finds the folder without knowing the program.
//! It must never know an event.

use std::path::Path;

use crate::error::Error;
use crate::platform;

const FILE: &str = "README.txt";

/// Puts the page into a new `folder`, unless one is there: the user may have
/// written into it.
pub(super) fn put(folder: &Path, app: &str, command: &str) -> Result<(), Error> {
    let path = folder.join(FILE);
    if path.exists() {
        return Ok(());
    }
    platform::create_once_quickly(&path, text(app, command).as_bytes()).map(drop)
}

fn text(app: &str, command: &str) -> String {
    format!(
        "This folder holds what {app} collected about its use: one event a line, as it will be\n\
         sent or was sent, and nothing else that says who you are.\n\
         \n\
         see it         {command} show\n\
         why it is on   {command} why\n\
         switch it off  {command} off\n\
         erase it       {command} erase\n\
         \n\
         You may also read the files in any editor, and delete this folder. Your choice to have\n\
         telemetry off is kept elsewhere, so that it stays when you do.\n\
         \n\
         active, sealed   events that wait\n\
         dead-letters     what could not be read, or was refused by the receiver, with the reason\n\
         sent.ndjson      what was sent, byte for byte\n\
         dropped          how many events were dropped, and why\n\
         tidied           empty: when this folder was tidied last\n\
         consent.toml     a copy of what you refused: what was recorded before is never sent\n\
         secret           the key behind pseudonyms and ids; it never leaves this machine\n"
    )
}
