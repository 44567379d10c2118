//! A lock on a file that one process at a time may write: a file beside it, which the system unlocks when its process
//! ends, however that is.
//!
//! Must not know what is in the file.

use std::fs;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::atomic_file;

/// So often is it tried anew where the former owner takes its lock away meanwhile.
const TRIES_MAX: usize = 10;

/// So many bytes of a lock are read: the number of a process.
const OWNER_BYTES_MAX: u64 = 32;

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    /// Unlocked when it is closed.
    _file: File,
}

impl Lock {
    /// Locks a file, which need not be there. There is no lock where the file system has none.
    pub(super) fn of(path: &Path) -> anyhow::Result<Option<Self>> {
        let shown = path.display();
        let mut path = atomic_file::target(path)?.into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        for _ in 0..TRIES_MAX {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)
                .with_context(|| format!("cannot write `{}`", path.display()))?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => {
                    own(&file);
                    return Ok(Some(Self { path, _file: file }));
                }
                // The former owner has removed it since.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => anyhow::bail!(
                    "`{shown}` is in use by another server{}: stop that, or name another file with `--state`",
                    owner(file)
                ),
                Err(TryLockError::Error(error)) => {
                    tracing::warn!(
                        "`{shown}` cannot be locked, so let no other server use it: {error}"
                    );
                    return Ok(None);
                }
            }
        }
        anyhow::bail!("`{shown}` is being given up by another server: try again")
    }
}

impl Drop for Lock {
    /// Removes the file while it is locked, so that nobody else's is removed.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a file is still the one of that name.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let (own, there) = (file.metadata().map(place), fs::metadata(path).map(place));
    own.is_ok_and(|own| there.is_ok_and(|there| own == there))
}

/// Says whose it is, for the message of others.
fn own(mut file: &File) {
    let _ = file.set_len(0);
    let _ = write!(file, "{}", std::process::id());
}

fn owner(file: File) -> String {
    let mut text = String::new();
    let _ = file.take(OWNER_BYTES_MAX).read_to_string(&mut text);
    text.parse::<u32>().map(|process| format!(" (process {process})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn one_at_a_time_has_it_by_whatever_name() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("state");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("state", &link).unwrap();
        let first = Lock::of(&path).unwrap().unwrap();
        for second in [&path, &link] {
            let told = Lock::of(second).unwrap_err().to_string();
            let process = format!("(process {})", std::process::id());
            assert!(
                told.contains("is in use by another server") && told.contains(&process),
                "{told}"
            );
        }
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the link is left");
        assert!(Lock::of(&path).unwrap().is_some());
    }

    #[test]
    fn what_a_killed_process_left_is_taken_over() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("state");
        fs::write(folder.path().join("state.lock"), "4711").unwrap();
        assert!(Lock::of(&path).unwrap().is_some());
    }
}
