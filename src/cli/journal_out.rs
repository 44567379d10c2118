//! The journals of all sandboxes, written to a file when the server ends: an entry a line, as JSON.
//!
//! Must not know what an entry is made of.

use std::io;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::cli::atomic_file;
use crate::cli::atomic_file::Access;
use crate::clock::system_now;
use crate::control::{Control, EntryView};
use crate::emulator::Emulator;

/// A line of the file.
#[derive(Serialize)]
struct JournalLine<'l> {
    sandbox: &'l str,
    #[serde(flatten)]
    entry: &'l EntryView,
}

/// Writes them: sandbox by sandbox, each from its oldest entry on, and each entry with the name of its sandbox first.
pub(super) fn write(emulator: &Emulator, path: &Path) -> io::Result<()> {
    let now = system_now();
    atomic_file::write(path, Access::Usual, |file| {
        for sandbox in Control::sandboxes(emulator, now) {
            let Ok(control) = Control::new(emulator, &sandbox.name, now) else { continue };
            let mut last = 0;
            // One that is dropped meanwhile has no more to tell.
            while let Ok(news) = control.news(last, None) {
                if news.entries.is_empty() {
                    break;
                }
                last = news.last;
                for (_, _, entry) in &news.entries {
                    let line = JournalLine { sandbox: &sandbox.name, entry };
                    serde_json::to_writer(&mut *file, &line)?;
                    file.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    })
}
