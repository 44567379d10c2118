//! Files that are whole for whoever sees them: written aside, to the disk, and then put in their place; or appended to.
//!
//! Must not know what is in them.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context;
use tempfile::NamedTempFile;

/// So many symbolic links are followed to a file, as many as Linux follows.
const LINKS_MAX: usize = 40;

/// What temporary files end with.
const PART: &str = ".part";

/// Who may read a file that was not there; one that was keeps its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Its owner only: there are credentials in it.
    Private,
    /// As the process's mask says.
    Usual,
}

impl Access {
    const fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Usual => 0o666,
        }
    }
}

/// Has `path`, or the file that a link of that name leads to, be a file with what `write` writes; whatever goes wrong,
/// what was there before stays.
pub(super) fn write(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> io::Result<()> {
    put(path, access, true, write)
}

/// The same for a file that is not there yet; one that is there is an error (`AlreadyExists`), and stays.
pub(super) fn write_new(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> io::Result<()> {
    put(path, access, false, write)
}

fn put(
    path: &Path,
    access: Access,
    replaces: bool,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> io::Result<()> {
    let path = target(path)?;
    let before = fs::metadata(&path).ok();
    let mut aside = temporary(&path, access)?;
    let mut writer = BufWriter::new(aside.as_file_mut());
    write(&mut writer)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(before) = before {
        let own = aside.as_file().metadata()?;
        if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
            // Not everybody may give a file away: the content counts more than whose it is.
            let _ = fchown(aside.as_file(), Some(before.uid()), Some(before.gid()));
        }
        aside.as_file().set_permissions(Permissions::from_mode(before.mode() & 0o7777))?;
    }
    aside.as_file().sync_all()?;
    let put = if replaces { aside.persist(&path) } else { aside.persist_noclobber(&path) };
    put.map_err(|error| error.error)?;
    // So that the name is on the disk, too.
    File::open(folder(&path))?.sync_all()
}

/// A file as it was left: which one it is, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    device: u64,
    inode: u64,
    /// How many bytes it has.
    pub(super) bytes: u64,
}

impl Extent {
    /// That of the file of a name.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|found| Self::read(&found))
    }

    fn read(found: &fs::Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino(), bytes: found.len() }
    }
}

/// Appends what `write` writes to a file that is as it was left, and brings it to the disk; returns how it is left now.
/// Whatever goes wrong, it is made as long as it was, so that nothing is left of what was to be appended.
pub(super) fn append(
    path: &Path,
    left: Extent,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> io::Result<Extent> {
    let mut file = File::options().append(true).open(path)?;
    if Extent::read(&file.metadata()?) != left {
        return Err(io::Error::other("somebody else has written it"));
    }
    let mut writer = BufWriter::new(&mut file);
    let written = write(&mut writer).and_then(|()| writer.flush());
    // What it still holds must not be written when it is dropped.
    drop(writer.into_parts());
    let synced = written.and_then(|()| file.sync_data());
    if let Err(error) = synced {
        let _ = file.set_len(left.bytes);
        return Err(error);
    }
    file.metadata().map(|found| Extent::read(&found))
}

/// The bytes of a file, as [`open`] opens it.
pub(super) fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    read_all(open(path, bytes_max)?, bytes_max)
}

/// Reads to the end, which is to come after so many bytes at most.
pub(super) fn read_all(from: impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = from.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if length as u64 > bytes_max {
        return Err(too_long(bytes_max));
    }
    Ok(bytes)
}

fn too_long(bytes_max: u64) -> io::Error {
    io::Error::other(format!("it has more than {bytes_max} bytes, and no more are read"))
}

/// Opens a file, which is to be a regular one of a bounded size: a device may never end, and a pipe never begin.
pub(super) fn open(path: &Path, bytes_max: u64) -> io::Result<File> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if found.len() > bytes_max {
        return Err(too_long(bytes_max));
    }
    File::open(path)
}

/// Whether [`write()`] can write there, without touching what is there; what is wrong otherwise, and what to do.
pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    let path = target(path)?;
    match fs::metadata(&path) {
        Ok(found) if found.is_dir() => anyhow::bail!("it is a folder: name a file in it"),
        Ok(found) if !found.is_file() => {
            anyhow::bail!("it is not a regular file: name one that can be replaced")
        }
        Ok(found) if found.permissions().readonly() => {
            anyhow::bail!("it is read-only: allow writing it, or name another")
        }
        _ => {}
    }
    let folder = folder(&path);
    let shown = folder.display();
    if path.file_name().is_none() {
        anyhow::bail!("it is not the name of a file");
    }
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => anyhow::bail!("`{shown}` is not a folder: name a file in one"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            anyhow::bail!("there is no folder `{shown}`: make it first, or name a file elsewhere")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot look into `{shown}`")),
    }
    temporary(&path, Access::Private).map(drop).with_context(|| {
        format!("no file can be made in `{shown}`: allow it, or name a file elsewhere")
    })
}

/// Removes what writers of this file left beside it when they were killed.
pub(super) fn clean(path: &Path) {
    let Ok(path) = target(path) else { return };
    let prefix = prefix(&path);
    let entries = fs::read_dir(folder(&path)).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let (name, start) = (name.as_encoded_bytes(), prefix.as_encoded_bytes());
        let is_part = name.starts_with(start) && name.ends_with(PART.as_bytes());
        if !is_part || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // A writer that lives has its file locked.
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The file at the end of all symbolic links, there or not.
pub(super) fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            Ok(to) => path = folder(&path).join(to),
            // It is no link, or it is not there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("it leads through too many symbolic links"))
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// A file beside another that nobody else has, and that is gone with this value unless it is put in the other's place.
fn temporary(path: &Path, access: Access) -> io::Result<NamedTempFile> {
    let aside = tempfile::Builder::new()
        .prefix(&prefix(path))
        .suffix(PART)
        .permissions(Permissions::from_mode(access.mode()))
        .tempfile_in(folder(path))?;
    // For `clean`, where files can be locked.
    let _ = aside.as_file().try_lock();
    Ok(aside)
}

fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn put(path: &Path, text: &str) -> io::Result<()> {
        write(path, Access::Private, |file| file.write_all(text.as_bytes()))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_too_long_is_refused_and_not_cut() {
        assert_eq!(read_all(&b"abc"[..], 3).unwrap(), b"abc");
        let problem = read_all(&b"abcd"[..], 3).unwrap_err().to_string();
        assert_eq!(problem, "it has more than 3 bytes, and no more are read");
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        put(&path, "one").unwrap();
        let failed = write(&path, Access::Private, |file| {
            file.write_all(b"two")?;
            Err(io::Error::other("no more"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no more");
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(names(&folder), ["file"]);
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_new_one_with_credentials_is_private() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        put(&path, "one").unwrap();
        assert_eq!(mode(&path), 0o600);
        for kept in [0o640, 0o600] {
            fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            put(&path, "two").unwrap();
            assert_eq!(mode(&path), kept);
        }
    }

    #[test]
    fn what_cannot_be_appended_is_taken_back() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        put(&path, "one\n").unwrap();
        let add = |left, text: &str| append(&path, left, |file| file.write_all(text.as_bytes()));
        let left = add(Extent::of(&path).unwrap(), "two\n").unwrap();
        assert_eq!((left.bytes, fs::read_to_string(&path).unwrap().as_str()), (8, "one\ntwo\n"));
        let failed = append(&path, left, |file| {
            file.write_all(&vec![b'x'; 100_000])?;
            file.write_all(b"rest")?;
            Err(io::Error::other("no more"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no more");
        assert_eq!(Extent::of(&path).unwrap(), left);
        fs::write(&path, "one").unwrap();
        assert!(add(left, "three").is_err(), "somebody else has written it");
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    }

    #[test]
    fn a_link_is_followed_and_stays() {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("volume")).unwrap();
        let (link, real) = (folder.path().join("link"), folder.path().join("volume/real"));
        symlink("volume/real", &link).unwrap();
        for text in ["one", "two"] {
            check(&link).unwrap();
            put(&link, text).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&real).unwrap(), text);
        }
        symlink("loop", folder.path().join("loop")).unwrap();
        assert!(check(&folder.path().join("loop")).is_err());
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        let (_, left) = temporary(&path, Access::Private).unwrap().keep().unwrap();
        let living = temporary(&path, Access::Private).unwrap();
        fs::write(folder.path().join(".files.part"), "").unwrap();
        clean(&path);
        assert!(!left.exists() && living.path().exists());
        drop(living);
        assert_eq!(names(&folder), [".files.part"]);
    }

    #[test]
    fn what_cannot_be_written_is_told_before() {
        let folder = TempDir::new().unwrap();
        let told = |name: &str| {
            let error = check(&folder.path().join(name)).unwrap_err();
            error.to_string().replace(&folder.path().display().to_string(), "DIR")
        };
        fs::write(folder.path().join("read-only"), "").unwrap();
        fs::set_permissions(folder.path().join("read-only"), Permissions::from_mode(0o400))
            .unwrap();
        assert_eq!(told("read-only"), "it is read-only: allow writing it, or name another");
        assert_eq!(
            told("none/file"),
            "there is no folder `DIR/none`: make it first, or name a file elsewhere"
        );
        assert_eq!(told("."), "it is a folder: name a file in it");
        assert_eq!(told("read-only/file"), "`DIR/read-only` is not a folder: name a file in one");
        let device = check(Path::new("/dev/null")).unwrap_err().to_string();
        assert_eq!(device, "it is not a regular file: name one that can be replaced");
        assert_eq!(names(&folder), ["read-only"]);
    }
}
