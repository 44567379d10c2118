//! One document from its files: itself, those that it refers to, and overlays.
//!
//! Owns which files a document may reach. Must not know what is in them.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use super::named::is_stream;
use super::{FILE_BYTES_MAX, hash_of, read_named_text, read_text};
use crate::finding::Finding;
use crate::openapi;
use crate::openapi::Overlay;
use crate::yaml::Document;

/// Bytes of all files of one document together: several times the largest public ones.
const BYTES_MAX: u64 = 256 << 20;

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Endings of files that hold values; what else an example names is text.
const VALUES: [&str; 4] = ["yaml", "yml", "json", "jsonc"];

/// Reads a document, the files that it refers to, and applies overlays to it in their order; `-` is standard input. With
/// it, or without, come the paths of all files that were read or looked for. What is wrong goes to `findings`; `None` when
/// there is no document, or an overlay cannot be honoured.
///
/// Other files are read from below one folder only: the nearest above the document that has a `.git`, else the
/// document's own; for standard input, the working directory. Hidden files, and links that lead out of there, are not
/// read, and nothing is fetched from a network. Overlays are applied before references are followed, so that they can
/// change those, and see the document's own file as it is written.
pub fn read_document(
    path: &Path,
    overlays: &[PathBuf],
    findings: &mut Vec<Finding>,
) -> (Option<Document>, Vec<PathBuf>) {
    let mut files = Vec::new();
    let document = read_noting(path, overlays, findings, &mut files);
    (document, files.into_iter().map(|(path, _)| path).collect())
}

/// The same with a hash of each file as it was read; 0 of those that could not be.
pub(super) fn read_noting(
    path: &Path,
    overlays: &[PathBuf],
    findings: &mut Vec<Finding>,
    files: &mut Vec<(PathBuf, u64)>,
) -> Option<Document> {
    let (text, folder) = if path == Path::new(STANDARD_INPUT) {
        (read_standard_input(findings)?, PathBuf::from("."))
    } else {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        // What a pipe gives has no folder, as what comes from standard input has none.
        let folder = folder.filter(|_| !is_stream(path)).unwrap_or(Path::new("."));
        let text = read_named_text(path, findings);
        files.push((path.to_owned(), hash_of(text.as_deref())));
        // Whatever becomes of the document, they are of it.
        if text.is_none() {
            files.extend(overlays.iter().map(|overlay| (overlay.clone(), 0)));
        }
        (text?, folder.to_owned())
    };
    let name = path.display().to_string();
    let name = if name == STANDARD_INPUT { "standard input" } else { &name };
    let mut document = Document::parse(name, &text, findings)?;
    let mut is_sound = true;
    for overlay in overlays {
        match apply(overlay, document.clone(), findings, files) {
            Some(changed) => document = changed,
            None => is_sound = false,
        }
    }
    let bytes = u64::try_from(text.len()).unwrap_or(BYTES_MAX);
    let Some(mut folder) = Folder::around(&folder, bytes) else {
        return is_sound.then(|| openapi::converted(document, findings));
    };
    let own = folder.own(path);
    let mut outside = Vec::new();
    let read = |path: &str| folder.read(path, findings);
    let document = openapi::gather(document, &own, read, &mut outside);
    findings.append(&mut outside);
    files.append(&mut folder.files);
    is_sound.then(|| openapi::converted(document, findings))
}

fn read_standard_input(findings: &mut Vec<Finding>) -> Option<String> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    let problem = match read.map(|_| bytes) {
        Ok(bytes) if bytes.len() as u64 > FILE_BYTES_MAX => {
            format!("there are more than {FILE_BYTES_MAX} bytes, and no more are read")
        }
        Ok(bytes) => match super::decode(bytes) {
            Ok(text) => return Some(text),
            Err(problem) => problem,
        },
        Err(error) => format!("cannot read it: {error}"),
    };
    findings.push(Finding::error(&"standard input".into(), 0, "", problem));
    None
}

fn apply(
    path: &Path,
    document: Document,
    findings: &mut Vec<Finding>,
    files: &mut Vec<(PathBuf, u64)>,
) -> Option<Document> {
    let text = read_named_text(path, findings);
    files.push((path.to_owned(), hash_of(text.as_deref())));
    let text = text?;
    let file = Document::parse_strictly(&path.display().to_string(), &text, findings)?;
    let overlay = Overlay::read(&file, findings)?;
    Some(overlay.apply(document, findings))
}

/// The folder that a document's other files are read from.
struct Folder {
    /// The document's own folder, as the user gave it.
    own: PathBuf,
    /// The root without links, for what has to be inside.
    real: PathBuf,
    /// The parts of the path from the root to the folder of the document.
    inside: Vec<String>,
    bytes: u64,
    /// All that were looked for, with a hash of what was read.
    files: Vec<(PathBuf, u64)>,
}

impl Folder {
    fn around(folder: &Path, bytes: u64) -> Option<Folder> {
        let own = fs::canonicalize(folder).ok()?;
        let root = own.ancestors().find(|above| above.join(".git").exists()).unwrap_or(&own);
        let between = own.strip_prefix(root).ok()?;
        let inside = between.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let real = root.to_owned();
        Some(Folder { own: folder.to_owned(), real, inside, bytes, files: Vec::new() })
    }

    /// The path of the document itself, from the root.
    fn own(&self, path: &Path) -> String {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let parts = self.inside.iter().map(String::as_str);
        parts.chain([&*name]).collect::<Vec<_>>().join("/")
    }

    /// The path of another file as the user would give it: counted from the document, whose own path is as given.
    fn shown(&self, path: &str) -> PathBuf {
        let parts: Vec<&str> = path.split('/').collect();
        let shared = self.inside.iter().zip(&parts).take_while(|(own, part)| own == *part).count();
        let above = self.inside[shared..].iter().fold(self.own.clone(), |folder, _| up(&folder));
        let above = if above == Path::new(".") { PathBuf::new() } else { above };
        above.join(parts[shared..].join("/"))
    }

    /// Another file, by its path from the root. One that is not there is a warning, as every reference is that leads
    /// nowhere. One that is there and cannot be read is an error, as the document itself would be: all that it says would
    /// be missing, and anything accepted in its place.
    fn read(&mut self, path: &str, findings: &mut Vec<Finding>) -> Option<Document> {
        let shown = self.shown(path);
        self.files.push((shown.clone(), 0));
        let name = shown.display().to_string();
        let mut refuse = |problem: String| {
            findings.push(Finding::warning(&name.as_str().into(), 0, "", problem));
            None
        };
        if path.split('/').any(|part| part.starts_with('.')) {
            return refuse("is hidden, and not read for a reference".to_owned());
        }
        let real = match fs::canonicalize(&shown) {
            Ok(real) => real,
            Err(error) => return refuse(format!("cannot be read for a reference: {error}")),
        };
        if !real.starts_with(&self.real) {
            return refuse("leads out of the folder that files are read from".to_owned());
        }
        match fs::metadata(&real) {
            Ok(file) if !file.is_file() => {
                return refuse("is no file, and not read for a reference".to_owned());
            }
            Ok(file) if self.bytes.saturating_add(file.len()) > BYTES_MAX => {
                return refuse(format!(
                    "is not read: all files together have over {BYTES_MAX} bytes"
                ));
            }
            Ok(file) => self.bytes += file.len(),
            Err(_) => {}
        }
        let text = read_text(&shown, findings)?;
        if let Some((_, hash)) = self.files.last_mut() {
            *hash = hash_of(Some(&text));
        }
        let ending = shown.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if VALUES.iter().any(|values| values.eq_ignore_ascii_case(ending)) {
            Document::parse(&name, &text, findings)
        } else {
            Some(Document::of_text(&name, text))
        }
    }
}

/// The folder around a folder, in the words of its path.
fn up(folder: &Path) -> PathBuf {
    match folder.components().next_back() {
        Some(Component::Normal(_)) => match folder.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        },
        Some(Component::CurDir) | None => PathBuf::from(".."),
        Some(_) => folder.join(".."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_named_as_seen_from_the_document() {
        let shown = |own: &str, inside: &[&str], path: &str| {
            let folder = Folder {
                own: own.into(),
                real: PathBuf::new(),
                inside: inside.iter().map(|part| (*part).to_owned()).collect(),
                bytes: 0,
                files: Vec::new(),
            };
            folder.shown(path).display().to_string()
        };
        assert_eq!(shown(".", &["shop", "api"], "shop/api/paths/a.yaml"), "paths/a.yaml");
        assert_eq!(shown(".", &["shop", "api"], "shop/common/b.yaml"), "../common/b.yaml");
        assert_eq!(shown(".", &["shop", "api"], "common/b.yaml"), "../../common/b.yaml");
        assert_eq!(shown("api", &["shop", "api"], "shop/api/a.yaml"), "api/a.yaml");
        assert_eq!(shown("api", &["shop", "api"], "shop/common/b.yaml"), "common/b.yaml");
        assert_eq!(shown("/w/api", &["api"], "common/b.yaml"), "/w/common/b.yaml");
        assert_eq!(shown("..", &["shop"], "shop/a.yaml"), "../a.yaml");
        assert_eq!(shown(".", &[], "a.yaml"), "a.yaml");
    }
}
