//! The file that sandboxes are kept in: JSON lines, the first with the version of the format and then one for each
//! sandbox. The last line of a name counts, so that a save appends what has changed.
//!
//! Must not know what a sandbox's state is made of, nor when it is saved.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::cli::saved_sandbox::{
    BUFFER_BYTES, FILE_BYTES_MAX, RestoreError, SavedSandbox, away_since,
};
use crate::cli::{atomic_file, state_v1};
use crate::control::{Restored, StateCopy};
use crate::emulator::Emulator;
use crate::sandbox::is_name;

/// The version of the file's format.
const FORMAT_VERSION: u32 = 2;

/// The most bytes that the first line may have: it has a number only.
const HEAD_BYTES_MAX: u64 = 256;

/// The most sandboxes that are read, so that a file of short lines takes little memory.
const SANDBOXES_MAX: usize = 1_000_000;

/// The most threads that restore sandboxes: more would wait for the memory.
const THREADS_MAX: usize = 8;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateHeader {
    tombstone: u32,
}

/// A line as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateLine<'l> {
    #[serde(borrow)]
    name: Cow<'l, str>,
    /// How long it may be unused; null where it is never dropped.
    #[serde(default)]
    ttl: Option<String>,
    /// The time by the system clock of which the state is.
    #[serde(default)]
    saved_at: Option<String>,
    #[serde(default, borrow)]
    state: Option<&'l RawValue>,
    /// There is no sandbox of the name any more.
    #[serde(default)]
    dropped: bool,
}

/// The line of a sandbox as it is written. The name is first, by which lines that no longer count are told without
/// reading the rest of them.
#[derive(Serialize)]
pub(super) struct SandboxLine<'l> {
    pub(super) name: &'l str,
    pub(super) ttl: Option<&'l str>,
    pub(super) saved_at: &'l str,
    pub(super) state: StateCopy,
}

/// The line of a sandbox that is gone.
#[derive(Serialize)]
pub(super) struct DroppedLine<'l> {
    name: &'l str,
    dropped: bool,
}

impl<'l> DroppedLine<'l> {
    pub(super) fn of(name: &'l str) -> Self {
        Self { name, dropped: true }
    }
}

/// Writes lines, and no more of them than are read.
pub(super) struct LineWriter<W> {
    file: W,
    bytes: u64,
}

impl<W: Write> LineWriter<W> {
    /// Writes to a file that has so many bytes.
    pub(super) fn after(bytes: u64, file: W) -> Self {
        Self { file, bytes }
    }

    /// Writes the first line.
    pub(super) fn begin(&mut self) -> io::Result<u64> {
        self.line(&StateHeader { tombstone: FORMAT_VERSION })
    }

    /// Writes a line; returns how many bytes it has.
    pub(super) fn line(&mut self, line: &impl Serialize) -> io::Result<u64> {
        let before = self.bytes;
        serde_json::to_writer(&mut *self, line)?;
        self.write_all(b"\n")?;
        Ok(self.bytes - before)
    }
}

impl<W: Write> Write for LineWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.saturating_add(bytes.len() as u64) > FILE_BYTES_MAX {
            let problem =
                format!("it would have more than {FILE_BYTES_MAX} bytes, and no more are read");
            return Err(io::Error::other(problem));
        }
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Restores the sandboxes of a file, if there is one. What cannot be read is refused and left alone, but for a last line
/// that was cut short.
pub(super) fn restore(emulator: &Emulator, path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let file = match atomic_file::open(path, FILE_BYTES_MAX) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{shown}`")),
    };
    let advice = "it is left as it is: name another file with `--state`, or move it away";
    match restore_file(emulator, file) {
        Ok(None) => Ok(()),
        Ok(Some(line)) => {
            tracing::warn!(
                "`{shown}` was cut short in line {line}, which is left out: what was saved last is not all there"
            );
            Ok(())
        }
        Err(RestoreError::Unfit(error)) => Err(error.context(format!(
            "`{shown}` is no state of this program, or not all of one; {advice}"
        ))),
        Err(RestoreError::Format(version)) => anyhow::bail!(
            "`{shown}` has format {version}, and this program reads {} and {FORMAT_VERSION}; {advice}",
            state_v1::FORMAT_VERSION
        ),
        Err(RestoreError::Wrong(problem)) => anyhow::bail!("`{shown}`: {problem}; {advice}"),
    }
}

/// Restores the sandboxes of a file; returns the number of the last line if that was cut short.
fn restore_file(emulator: &Emulator, mut file: File) -> Result<Option<usize>, RestoreError> {
    let version = version(&file)?;
    file.rewind()?;
    match version {
        Some(FORMAT_VERSION) => {
            let index = LineIndex::read(&file)?;
            restore_all(emulator, &file, &index.in_order())?;
            Ok(index.cut)
        }
        None | Some(state_v1::FORMAT_VERSION) => state_v1::restore(emulator, file).map(|()| None),
        Some(version) => Err(RestoreError::Format(version)),
    }
}

/// The version that the first line says, if it says one.
fn version(file: &File) -> io::Result<Option<u32>> {
    #[derive(Deserialize)]
    struct FileVersion {
        tombstone: u32,
    }
    let mut line = Vec::new();
    BufReader::new(file.take(HEAD_BYTES_MAX)).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line).ok().map(|FileVersion { tombstone }| tombstone))
}

/// A line of the file.
#[derive(Clone, Copy)]
struct LinePosition {
    /// From 1.
    number: usize,
    start: u64,
    bytes: usize,
}

/// Where the sandboxes of a file are.
#[derive(Default)]
struct LineIndex {
    /// The last line of each sandbox.
    last: HashMap<String, LinePosition>,
    /// The last line, if it was cut short.
    cut: Option<usize>,
}

impl LineIndex {
    fn read(file: &File) -> Result<Self, RestoreError> {
        let mut file = BufReader::with_capacity(BUFFER_BYTES, file.take(FILE_BYTES_MAX));
        let (mut index, mut line) = (Self::default(), Vec::new());
        let mut start = 0;
        for number in 1.. {
            line.clear();
            let bytes = file.read_until(b'\n', &mut line)?;
            if bytes == 0 {
                break;
            }
            let place = LinePosition { number, start, bytes };
            start += bytes as u64;
            match index.add(&line, place) {
                Ok(()) => {}
                // A line is written with its end: the writer did not get so far.
                Err(_) if number > 1 && !line.ends_with(b"\n") => index.cut = Some(number),
                Err(problem) => {
                    return Err(RestoreError::Wrong(format!("line {number}: {problem}")));
                }
            }
        }
        Ok(index)
    }

    fn add(&mut self, line: &[u8], place: LinePosition) -> Result<(), String> {
        let unfit = |error: serde_json::Error| error_in_line(&error);
        if place.number == 1 {
            return serde_json::from_slice::<StateHeader>(line).map(drop).map_err(unfit);
        }
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let name = match name_of(line) {
            Some(name) => name.to_owned(),
            None => {
                let line: StateLine<'_> =
                    serde_json::from_slice(line.trim_ascii_end()).map_err(unfit)?;
                if line.dropped {
                    self.last.remove(&*line.name);
                    return Ok(());
                }
                line.name.into_owned()
            }
        };
        self.last.insert(name, place);
        if self.last.len() > SANDBOXES_MAX {
            return Err(format!("there are more than {SANDBOXES_MAX} sandboxes"));
        }
        Ok(())
    }

    /// The last line of each sandbox, in the order of the file.
    fn in_order(&self) -> Vec<LinePosition> {
        let mut places: Vec<LinePosition> = self.last.values().copied().collect();
        places.sort_unstable_by_key(|place| place.number);
        places
    }
}

/// The name in a whole line as [`SandboxLine`] is written.
fn name_of(line: &[u8]) -> Option<&str> {
    let line = line.strip_suffix(b"}\n")?.strip_prefix(br#"{"name":""#)?;
    let end = line.iter().position(|byte| *byte == b'"')?;
    let (name, rest) = line.split_at(end);
    let name = std::str::from_utf8(name).ok().filter(|name| is_name(name))?;
    rest.starts_with(br#"","ttl":"#).then_some(name)
}

/// What is wrong in a line; which line that is, is told by others.
fn error_in_line(error: &serde_json::Error) -> String {
    let told = error.to_string();
    let (column, end) =
        (error.column(), format!(" at line {} column {}", error.line(), error.column()));
    match told.strip_suffix(&end) {
        Some(told) => format!("column {column}: {told}"),
        None => told,
    }
}

/// Restores the sandboxes of these lines, on all processors.
fn restore_all(
    emulator: &Emulator,
    file: &File,
    places: &[LinePosition],
) -> Result<(), RestoreError> {
    let Some((first, others)) = places.split_first() else { return Ok(()) };
    let mut like = None;
    restore_line(emulator, file, *first, &mut like).map_err(RestoreError::Wrong)?;
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let next = AtomicUsize::new(0);
    // The first by its place in the file, for a message that does not depend on the threads.
    let wrong: Mutex<Option<(usize, String)>> = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (mut like, next, wrong) = (like.clone(), &next, &wrong);
            scope.spawn(move || {
                while let Some(place) = others.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Err(problem) = restore_line(emulator, file, *place, &mut like) else {
                        continue;
                    };
                    next.store(others.len(), Ordering::Relaxed);
                    let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                    if wrong.as_ref().is_none_or(|(number, _)| place.number < *number) {
                        *wrong = Some((place.number, problem));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    wrong.map_or(Ok(()), |(_, problem)| Err(RestoreError::Wrong(problem)))
}

fn restore_line(
    emulator: &Emulator,
    file: &File,
    at: LinePosition,
    like: &mut Option<Restored>,
) -> Result<(), String> {
    let told = |problem: String| format!("line {}: {problem}", at.number);
    let mut bytes = vec![0; at.bytes];
    file.read_exact_at(&mut bytes, at.start).map_err(|error| told(error.to_string()))?;
    let read: StateLine<'_> = serde_json::from_slice(bytes.trim_ascii_end())
        .map_err(|error| told(error_in_line(&error)))?;
    let (Some(saved_at), Some(state)) = (read.saved_at, read.state) else {
        return Err(told("it has not both `saved_at` and `state`".to_owned()));
    };
    let (ttl, state, away) = (read.ttl, state.get(), away_since(&saved_at));
    SavedSandbox { name: &read.name, ttl, state, away }.restore(emulator, like).map_err(told)
}
