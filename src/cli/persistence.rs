//! What outlives the process: the sandboxes, in one file that is written at intervals and at the end.
//!
//! Must not know what a sandbox's state is made of, nor how a line of the file looks.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::cli::atomic_file;
use crate::cli::atomic_file::{Access, Extent};
use crate::cli::state_file::{DroppedLine, LineWriter, SandboxLine};
use crate::clock::{Timestamp, system_now};
use crate::config::StateConfig;
use crate::control::{Control, StateMark};
use crate::emulator::{Current, Emulator};
use crate::sandbox::DEFAULT;

/// How many bytes more than those that count may be superseded before the file is written anew: so much is written in a
/// moment, and a small file would be written anew each time.
const SUPERSEDED_BYTES_SPARE: u64 = 8 << 20;

/// A sandbox that is kept: its time to live, and what tells whether it has changed.
#[derive(PartialEq)]
struct MarkedSandbox {
    ttl: Option<String>,
    mark: StateMark,
}

/// The sandboxes that are more than the first call that names them would make, by name.
fn marked(emulator: &Emulator, now: Timestamp) -> BTreeMap<String, MarkedSandbox> {
    let mut all = BTreeMap::new();
    for view in Control::sandboxes(emulator, now) {
        let Ok(control) = Control::new(emulator, &view.name, now) else { continue };
        let is_made_by_use = view.ttl.is_some() || *view.name == *DEFAULT;
        if is_made_by_use && control.is_as_made_by_use() {
            continue;
        }
        if let Some(mark) = control.state_mark() {
            all.insert(view.name.to_string(), MarkedSandbox { ttl: view.ttl, mark });
        }
    }
    all
}

/// What the file has of a sandbox.
struct SavedLine {
    marked: MarkedSandbox,
    /// How many bytes its line has.
    bytes: u64,
}

/// A file as it was written.
struct WrittenFile {
    extent: Extent,
    sandboxes: BTreeMap<String, SavedLine>,
}

/// The sandboxes that are not as the file has them.
struct UnsavedChanges {
    changed: BTreeMap<String, MarkedSandbox>,
    dropped: Vec<String>,
}

impl WrittenFile {
    fn changes(&self, now: BTreeMap<String, MarkedSandbox>) -> UnsavedChanges {
        let dropped = self.sandboxes.keys().filter(|name| !now.contains_key(*name)).cloned();
        let dropped = dropped.collect();
        let is_changed = |(name, marked): &(String, MarkedSandbox)| {
            self.sandboxes.get(name).is_none_or(|saved| saved.marked != *marked)
        };
        let changed = now.into_iter().filter(is_changed);
        UnsavedChanges { changed: changed.collect(), dropped }
    }

    /// Whether most of the file would be superseded if these changes were appended.
    fn is_mostly_superseded(&self, changes: &UnsavedChanges) -> bool {
        let is_kept = |name: &String| {
            !changes.changed.contains_key(name) && changes.dropped.binary_search(name).is_err()
        };
        let kept = self.sandboxes.iter().filter(|(name, _)| is_kept(name));
        let kept: u64 = kept.map(|(_, saved)| saved.bytes).sum();
        self.extent.bytes.saturating_sub(kept) > kept + SUPERSEDED_BYTES_SPARE
    }
}

/// The file that sandboxes are saved in.
struct StateSaver {
    path: PathBuf,
    /// `None` before the first save, and after one that failed: then the file is written whole.
    written: Option<WrittenFile>,
}

impl StateSaver {
    /// Saves the sandboxes as they are now, if they are not as they were saved.
    fn save(&mut self, emulator: &Emulator) -> anyhow::Result<()> {
        let saved = self.try_save(emulator);
        saved.with_context(|| format!("cannot write `{}`", self.path.display()))
    }

    fn try_save(&mut self, emulator: &Emulator) -> io::Result<()> {
        let now = system_now();
        let sandboxes = marked(emulator, now);
        let is_as_left = |written: &WrittenFile| {
            Extent::of(&self.path).is_ok_and(|found| found == written.extent)
        };
        let Some(mut written) = self.written.take().filter(is_as_left) else {
            self.written = Some(write_whole(&self.path, emulator, sandboxes, now)?);
            return Ok(());
        };
        let changes = written.changes(sandboxes);
        if !changes.changed.is_empty() || !changes.dropped.is_empty() {
            if written.is_mostly_superseded(&changes) {
                match write_whole(&self.path, emulator, marked(emulator, now), now) {
                    Ok(whole) => {
                        self.written = Some(whole);
                        return Ok(());
                    }
                    // There may not be room for two files, and still for what has changed.
                    Err(error) => tracing::warn!(
                        "`{}` was not written anew, so it grows: {error}",
                        self.path.display()
                    ),
                }
            }
            append(&self.path, emulator, changes, &mut written, now)?;
        }
        self.written = Some(written);
        Ok(())
    }
}

/// Writes the file with all sandboxes and replaces the old one atomically, so that there is always a complete file.
fn write_whole(
    path: &Path,
    emulator: &Emulator,
    sandboxes: BTreeMap<String, MarkedSandbox>,
    now: Timestamp,
) -> io::Result<WrittenFile> {
    let mut saved = BTreeMap::new();
    atomic_file::write(path, Access::Private, |file| {
        let mut lines = LineWriter::after(0, file);
        lines.begin()?;
        saved = write_changed(&mut lines, emulator, sandboxes, now)?;
        Ok(())
    })?;
    Ok(WrittenFile { extent: Extent::of(path)?, sandboxes: saved })
}

/// Appends what has changed.
fn append(
    path: &Path,
    emulator: &Emulator,
    changes: UnsavedChanges,
    written: &mut WrittenFile,
    now: Timestamp,
) -> io::Result<()> {
    let UnsavedChanges { changed, dropped } = changes;
    let mut saved = BTreeMap::new();
    written.extent = atomic_file::append(path, written.extent, |file| {
        let mut lines = LineWriter::after(written.extent.bytes, file);
        saved = write_changed(&mut lines, emulator, changed, now)?;
        for name in &dropped {
            lines.line(&DroppedLine::of(name))?;
        }
        Ok(())
    })?;
    written.sandboxes.retain(|name, _| dropped.binary_search(name).is_err());
    written.sandboxes.append(&mut saved);
    Ok(())
}

/// Writes the lines of sandboxes one by one, so that no more than one of them is looked at.
fn write_changed<W: Write>(
    lines: &mut LineWriter<W>,
    emulator: &Emulator,
    sandboxes: BTreeMap<String, MarkedSandbox>,
    now: Timestamp,
) -> io::Result<BTreeMap<String, SavedLine>> {
    let saved_at = now.to_rfc3339();
    let mut saved = BTreeMap::new();
    for (name, marked) in sandboxes {
        // One that is dropped meanwhile is not kept: the next save drops it from the file.
        let control = Control::new(emulator, &name, now);
        let Ok(state) = control.and_then(|control| control.peek_state()) else { continue };
        let ttl = marked.ttl.as_deref();
        let bytes = lines.line(&SandboxLine { name: &name, ttl, saved_at: &saved_at, state })?;
        saved.insert(name, SavedLine { marked, bytes });
    }
    Ok(saved)
}

/// Saves at intervals, for as long as it is there.
pub(super) struct Autosave {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Autosave {
    /// Begins.
    pub(super) fn start(state: StateConfig, emulator: Current) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(autosave(state, emulator, stopped));
        Self { stop, task }
    }

    /// Saves for the last time.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        drop(self.stop);
        self.task.await?
    }
}

async fn autosave(
    state: StateConfig,
    emulator: Current,
    mut stopped: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    let mut saver = StateSaver { path: state.file, written: None };
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(state.interval) => false,
            _ = &mut stopped => true,
        };
        let emulator = emulator.snapshot();
        let saving = move || (saver.save(&emulator), saver);
        let (result, used) = tokio::task::spawn_blocking(saving).await?;
        saver = used;
        match result {
            result if is_last => return result,
            Ok(()) => {}
            Err(error) => tracing::warn!("the state was not saved: {error:#}"),
        }
    }
}
