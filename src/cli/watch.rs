//! Looks for changes of files, for as long as it is there.
//!
//! It looks itself and is not told by the system, because not every system tells: changes from outside of a container,
//! on a network disk, or by a symbolic link to somewhere else go unnoticed. To look at twenty files takes some twenty
//! microseconds. Must not know what is in the files.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fs, io, thread};

use crate::catalog::Files;
use crate::cli::reload::Reloader;
use crate::clock::Stopwatch;

/// How often it looks: sooner than somebody who saved a file calls. It is also how long nothing may have changed before
/// files are read, so that those that are saved together are read together.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// It looks for at most one part in so many of the time, however many files there are and however slow the disk.
const LOOK_SHARE: u32 = 50;

/// So many times it waits for files that go on changing before it reads them nevertheless.
const UNQUIET_MAX: usize = 20;

/// What files of providers end with.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// Watches until it is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Begins.
    pub(super) fn start(reloader: Reloader) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let watch = move || watch(reloader, &PollTimer { stopped });
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(watch)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    /// Waits for a reload that has begun.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the thread that had it.
            drop(thread.join());
        }
    }
}

/// What tells that a file has changed: its bytes, time of change and place on the disk. `None` where there is none, or it
/// is a folder.
type FileMark = Option<(u64, i64, i64, u64, u64)>;

/// All files that matter, as they are now.
type FileMarks = BTreeMap<PathBuf, FileMark>;

fn watch(mut reloader: Reloader, pause: &PollTimer) {
    let mut seen = marks_of(reloader.files());
    // They may have changed before the first look.
    let mut is_due = !reloader.files().are_as_read();
    loop {
        if is_due {
            let before = reloader.files().clone();
            reloader.reload();
            let after = reloader.files();
            if !before.are_places_of(after) {
                seen = marks_of(after);
            }
            is_due = !after.are_as_read();
        }
        let stopwatch = Stopwatch::start();
        let now = marks_of(reloader.files());
        let took = stopwatch.elapsed();
        if now != seen {
            is_due = true;
            let Some(settled) = settle(reloader.files(), now, pause) else { return };
            seen = settled;
        } else if pause.wait(took * LOOK_SHARE).is_none() {
            return;
        }
    }
}

/// What is there when it is so for a while; `None` where it is to stop.
fn settle(files: &Files, mut now: FileMarks, pause: &PollTimer) -> Option<FileMarks> {
    for _ in 0..UNQUIET_MAX {
        pause.wait(Duration::ZERO)?;
        let next = marks_of(files);
        if next == now {
            break;
        }
        now = next;
    }
    Some(now)
}

struct PollTimer {
    stopped: Receiver<()>,
}

impl PollTimer {
    /// Waits until it is time to look again, and so long at least; `None` where it is to stop.
    fn wait(&self, least: Duration) -> Option<()> {
        match self.stopped.recv_timeout(least.max(LOOK_EVERY)) {
            Err(RecvTimeoutError::Timeout) => Some(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => None,
        }
    }
}

fn marks_of(files: &Files) -> FileMarks {
    let mut all: FileMarks = files.read.keys().map(|path| (path.clone(), mark(path))).collect();
    for folder in &files.folders {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path()).filter(|path| is_of_interest(path));
        all.extend(paths.map(|path| (path.clone(), mark(&path))));
    }
    all
}

/// Whether a file can be one of a provider's, or is a folder that can.
fn is_of_interest(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let is_ours = path.extension().is_some_and(|own| EXTENSIONS.iter().any(|one| own == *one));
    !is_hidden && (is_ours || path.is_dir())
}

/// Links are followed.
fn mark(path: &Path) -> FileMark {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
    Some((metadata.size(), seconds, nanos, metadata.ino(), metadata.dev()))
}
