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

use crate::cli::aside;
use crate::cli::aside::{Access, Extent};
use crate::cli::state_file::{DroppedLine, Lines, SandboxLine};
use crate::clock::{Timestamp, system_now};
use crate::config::State;
use crate::control::{Control, StateMark};
use crate::emulator::{Current, Emulator};
use crate::sandbox::DEFAULT;

/// How many bytes more than those that count may be superseded before the file is written anew: so much is written in a
/// moment, and a small file would be written anew each time.
const SUPERSEDED_BYTES_SPARE: u64 = 8 << 20;

/// A sandbox that is kept: its time to live, and what tells whether it has changed.
#[derive(PartialEq)]
struct Marked {
    ttl: Option<String>,
    mark: StateMark,
}

/// The sandboxes that are more than the first call that names them would make, by name.
fn marked(emulator: &Emulator, now: Timestamp) -> BTreeMap<String, Marked> {
    let mut all = BTreeMap::new();
    for view in Control::sandboxes(emulator, now) {
        let Ok(control) = Control::new(emulator, &view.name, now) else { continue };
        let is_made_by_use = view.ttl.is_some() || *view.name == *DEFAULT;
        if is_made_by_use && control.is_as_made_by_use() {
            continue;
        }
        if let Some(mark) = control.state_mark() {
            all.insert(view.name.to_string(), Marked { ttl: view.ttl, mark });
        }
    }
    all
}

/// What the file has of a sandbox.
struct Saved {
    marked: Marked,
    /// How many bytes its line has.
    bytes: u64,
}

/// A file as it was written.
struct Written {
    extent: Extent,
    sandboxes: BTreeMap<String, Saved>,
}

/// The sandboxes that are not as the file has them.
struct Changes {
    changed: BTreeMap<String, Marked>,
    dropped: Vec<String>,
}

impl Written {
    fn changes(&self, now: BTreeMap<String, Marked>) -> Changes {
        let dropped = self.sandboxes.keys().filter(|name| !now.contains_key(*name)).cloned();
        let dropped = dropped.collect();
        let is_changed = |(name, marked): &(String, Marked)| {
            self.sandboxes.get(name).is_none_or(|saved| saved.marked != *marked)
        };
        let changed = now.into_iter().filter(is_changed);
        Changes { changed: changed.collect(), dropped }
    }

    /// Whether most of the file would be superseded if these changes were appended.
    fn is_mostly_superseded(&self, changes: &Changes) -> bool {
        let is_kept = |name: &String| {
            !changes.changed.contains_key(name) && changes.dropped.binary_search(name).is_err()
        };
        let kept = self.sandboxes.iter().filter(|(name, _)| is_kept(name));
        let kept: u64 = kept.map(|(_, saved)| saved.bytes).sum();
        self.extent.bytes.saturating_sub(kept) > kept + SUPERSEDED_BYTES_SPARE
    }
}

/// The file that sandboxes are saved in.
struct Keep {
    path: PathBuf,
    /// `None` before the first save, and after one that failed: then the file is written whole.
    written: Option<Written>,
}

impl Keep {
    /// Saves the sandboxes as they are now, if they are not as they were saved.
    fn save(&mut self, emulator: &Emulator) -> anyhow::Result<()> {
        let saved = self.try_save(emulator);
        saved.with_context(|| format!("cannot write `{}`", self.path.display()))
    }

    fn try_save(&mut self, emulator: &Emulator) -> io::Result<()> {
        let now = system_now();
        let sandboxes = marked(emulator, now);
        let is_as_left =
            |written: &Written| Extent::of(&self.path).is_ok_and(|found| found == written.extent);
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

/// Writes the file with all sandboxes: aside, to the disk, and then in its place, so that there is always a whole one.
fn write_whole(
    path: &Path,
    emulator: &Emulator,
    sandboxes: BTreeMap<String, Marked>,
    now: Timestamp,
) -> io::Result<Written> {
    let mut saved = BTreeMap::new();
    aside::write(path, Access::Private, |file| {
        let mut lines = Lines::after(0, file);
        lines.begin()?;
        saved = write_changed(&mut lines, emulator, sandboxes, now)?;
        Ok(())
    })?;
    Ok(Written { extent: Extent::of(path)?, sandboxes: saved })
}

/// Appends what has changed.
fn append(
    path: &Path,
    emulator: &Emulator,
    changes: Changes,
    written: &mut Written,
    now: Timestamp,
) -> io::Result<()> {
    let Changes { changed, dropped } = changes;
    let mut saved = BTreeMap::new();
    written.extent = aside::append(path, written.extent, |file| {
        let mut lines = Lines::after(written.extent.bytes, file);
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
    lines: &mut Lines<W>,
    emulator: &Emulator,
    sandboxes: BTreeMap<String, Marked>,
    now: Timestamp,
) -> io::Result<BTreeMap<String, Saved>> {
    let saved_at = now.to_rfc3339();
    let mut saved = BTreeMap::new();
    for (name, marked) in sandboxes {
        // One that is dropped meanwhile is not kept: the next save drops it from the file.
        let control = Control::new(emulator, &name, now);
        let Ok(state) = control.and_then(|control| control.peek_state()) else { continue };
        let ttl = marked.ttl.as_deref();
        let bytes = lines.line(&SandboxLine { name: &name, ttl, saved_at: &saved_at, state })?;
        saved.insert(name, Saved { marked, bytes });
    }
    Ok(saved)
}

/// Saves at intervals, for as long as it is there.
pub(super) struct Keeper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Keeper {
    /// Begins.
    pub(super) fn start(state: State, emulator: Current) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(state, emulator, stopped));
        Self { stop, task }
    }

    /// Saves for the last time.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        drop(self.stop);
        self.task.await?
    }
}

async fn keep(
    state: State,
    emulator: Current,
    mut stopped: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    let mut keep = Keep { path: state.file, written: None };
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(state.interval) => false,
            _ = &mut stopped => true,
        };
        let emulator = emulator.snapshot();
        let saving = move || (keep.save(&emulator), keep);
        let (result, kept) = tokio::task::spawn_blocking(saving).await?;
        keep = kept;
        match result {
            result if is_last => return result,
            Ok(()) => {}
            Err(error) => tracing::warn!("the state was not saved: {error:#}"),
        }
    }
}
