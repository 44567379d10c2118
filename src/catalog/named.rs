//! Documents that are named one by one: which files those are, and what their providers are called.
//!
//! Must not know what a document says beyond its title and paths.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::catalog::{CONTRACT_FILES, CatalogError};
use crate::emulator::name_refusal;
use crate::finding::Finding;
use crate::openapi::{Contract, Remote};

/// Names of files that say nothing of whose document it is.
const GENERIC: [&str; 9] =
    ["openapi", "swagger", "api", "spec", "index", "main", "root", "document", "schema"];

/// What a provider is called whose document has no name at all.
const NAMELESS: &str = "api";

/// The longest name made of a title, in characters: it is the beginning of every path.
const NAME_MAX: usize = 40;

/// Endings of files that may be a document.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// The standard input.
const STANDARD_INPUT: &str = "-";

/// A document that was named by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSource {
    /// What its provider is to be called; made of the file's name, unless given.
    pub name: Option<String>,
    /// The file, a folder of such files, or `-` for standard input.
    pub path: PathBuf,
}

impl FromStr for DocumentSource {
    type Err = String;

    /// Reads `path` or `name=path`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("write the path of a document, or `-`".to_owned());
        }
        let named = text.split_once('=').filter(|(name, _)| {
            !name.is_empty() && name.chars().all(is_plain) && !Path::new(text).exists()
        });
        let path = named.map_or(text, |(_, path)| path);
        if let Some(remote) = Remote::of(path).filter(|_| !Path::new(path).exists()) {
            let advice = remote.advice_for_document(named.map(|(name, _)| name));
            return Err(format!("documents are not fetched from a network: {advice}"));
        }
        Ok(match named {
            Some((name, path)) => Self { name: Some(name.to_owned()), path: path.into() },
            None => Self { name: None, path: text.into() },
        })
    }
}

impl DocumentSource {
    /// Whether it is read from standard input.
    pub fn is_standard_input(&self) -> bool {
        self.path.as_os_str() == STANDARD_INPUT
    }

    /// Whether it can be read once only: standard input, or a pipe.
    pub fn is_stream(&self) -> bool {
        self.is_standard_input() || is_stream(&self.path)
    }

    /// The files that it stands for: itself, or those in its folder. What in a folder is passed over goes to `findings`.
    pub(super) fn files(
        &self,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<DocumentSource>, CatalogError> {
        if self.is_standard_input() {
            return Ok(vec![self.clone()]);
        }
        if !self.path.exists() {
            return Err(CatalogError::NoSuchFile { path: self.path.clone() });
        }
        if !self.path.is_dir() {
            return Ok(vec![self.clone()]);
        }
        if let Some(own) = contract_in(&self.path) {
            return Ok(vec![DocumentSource { name: self.name.clone(), path: own }]);
        }
        let unreadable = |source| CatalogError::Unreadable { path: self.path.clone(), source };
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_hidden = path
                .file_name()
                .and_then(|name| name.to_str())
                .is_none_or(|it| it.starts_with('.'));
            if is_hidden {
                continue;
            }
            if path.is_dir() {
                found.extend(contract_in(&path).map(|path| DocumentSource { name: None, path }));
            } else if is_stream(&path) && has_ending(&path) {
                let message = "it is not a regular file, and passed over";
                let file = path.display().to_string();
                findings.push(Finding::warning(&file.as_str().into(), 0, "", message));
            } else if is_document(&path) {
                found.push(DocumentSource { name: None, path });
            }
        }
        if found.is_empty() {
            return Err(CatalogError::NoDocument { path: self.path.clone() });
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Where the behavior file that belongs to it may be: `behavior.yaml` beside `openapi.yaml`, or beside `swagger.yaml`
    /// where there is no other contract, and `shop.behavior.yaml` beside `shop.yaml`.
    pub(super) fn behavior_files(&self) -> impl Iterator<Item = PathBuf> {
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.filter(|_| !self.is_stream());
        let own = stem.map(|stem| format!("{stem}.behavior.yaml"));
        let is_contract = |stem: &&str| {
            let folder = self.path.parent().unwrap_or(Path::new(""));
            let own = || contract_in(folder).is_some_and(|contract| contract == self.path);
            *stem == "openapi" || (*stem == "swagger" && own())
        };
        let general = stem.filter(is_contract).map(|_| super::BEHAVIOR_FILE.to_owned());
        let beside = [own, general].into_iter().flatten();
        beside.map(|name| self.path.with_file_name(name))
    }

    /// Where the records that it starts from may be: `shop.fixtures.yaml` beside `shop.yaml`.
    pub(super) fn records_file(&self) -> Option<PathBuf> {
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.filter(|_| !self.is_stream())?;
        Some(self.path.with_file_name(format!("{stem}.fixtures.yaml")))
    }

    /// What its provider is called: the name that was given, else that of the file, its folder or its title, in this
    /// order; one under which all its paths can be reached, that no path of `contracts` begins with, and that is not
    /// among those `taken`. `contracts` are those that it is served beside, its own among them.
    pub(super) fn provider_name(
        &self,
        contract: &Contract,
        contracts: &[&Contract],
        taken: &[String],
    ) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let stem = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).and_then(slug);
        let file = if self.is_stream() { None } else { stem(&self.path) };
        let file = file.filter(|name| !GENERIC.contains(&name.as_str()));
        let folder = || {
            let folder = self.path.canonicalize().ok()?;
            let name = slug(folder.parent()?.file_name()?.to_str()?)?;
            (!self.is_stream() && !GENERIC.contains(&name.as_str())).then_some(name)
        };
        let title = || slug(&contract.title);
        let name = file.or_else(folder).or_else(title).unwrap_or_else(|| NAMELESS.to_owned());
        let is_free = |name: &str| {
            let begins = |template: &str| template.split('/').nth(1) == Some(name);
            let mut operations = contract.operations.iter();
            name_refusal(name, contracts).is_none()
                // Alone, it answers without its base paths, too.
                && !operations.any(|operation| begins(&operation.template))
                && !taken.iter().any(|other| other == name)
        };
        let others = (0..).map(|number| match number {
            0 => name.clone(),
            1 => format!("{name}-api"),
            number => format!("{name}-{number}"),
        });
        let mut others = others;
        others.find(|name| is_free(name)).unwrap_or(name)
    }
}

/// The contract in a folder of its own.
pub(super) fn contract_in(folder: &Path) -> Option<PathBuf> {
    CONTRACT_FILES.iter().map(|file| folder.join(file)).find(|path| path.is_file())
}

/// Whether what is there is neither a file nor a folder: a pipe, a socket or a device.
pub(crate) fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

fn has_ending(path: &Path) -> bool {
    ENDINGS.contains(&path.extension().and_then(|ending| ending.to_str()).unwrap_or_default())
}

/// Whether a file in a folder of documents is one: it says so in its first lines.
fn is_document(path: &Path) -> bool {
    // To open a pipe is to wait for who writes to it.
    if !has_ending(path) || !path.is_file() {
        return false;
    }
    let Ok(file) = fs::File::open(path) else { return false };
    let mut beginning = Vec::new();
    let _ = std::io::Read::read_to_end(&mut std::io::Read::take(file, 4096), &mut beginning);
    let text = String::from_utf8_lossy(&beginning);
    ["openapi", "swagger"].iter().any(|word| {
        text.lines().any(|line| line.starts_with(&format!("{word}:")))
            || text.contains(&format!("\"{word}\""))
    })
}

/// A text as the beginning of a path: lower case, words joined by hyphens.
fn slug(text: &str) -> Option<String> {
    let mut name = String::new();
    let words = text.split(|c: char| !is_plain(c));
    for word in words.filter(|word| word.contains(|c: char| c.is_ascii_alphanumeric())) {
        if name.len() + word.len() > NAME_MAX && !name.is_empty() {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.extend(word.chars().take(NAME_MAX).map(|c| c.to_ascii_lowercase()));
    }
    let name = name.trim_matches(['-', '_', '.']).to_owned();
    (!name.is_empty()).then_some(name)
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_can_be_given_a_name() {
        let read = |text: &str| {
            let DocumentSource { name, path } = text.parse().unwrap();
            format!("{} {}", name.unwrap_or_default(), path.display())
        };
        assert_eq!(read("a/shop.yaml"), " a/shop.yaml");
        assert_eq!(read("shop=a/b=c.yaml"), "shop a/b=c.yaml");
        assert_eq!(read("a/b=c.yaml"), " a/b=c.yaml");
        assert_eq!(read("-"), " -");
        assert!("".parse::<DocumentSource>().is_err());
        let refused = |text: &str| text.parse::<DocumentSource>().unwrap_err();
        assert_eq!(
            refused("https://a.example/b.yaml?c=d"),
            "documents are not fetched from a network: pipe it in with `curl -sSf 'https://a.example/b.yaml?c=d' | \
             tombstone mock -`, or save it in a file"
        );
        assert!(refused("shop=http://a.example/b.yaml").contains("| tombstone mock shop=-`"));
        assert!(
            refused("file:///tmp/no/such.yaml").ends_with("write the path: `/tmp/no/such.yaml`")
        );
    }

    #[test]
    fn a_title_becomes_the_beginning_of_a_path() {
        for (title, name) in [
            ("Swagger Petstore - OpenAPI 3.0", "swagger-petstore-openapi-3.0"),
            (
                "The Quite Long Title of an API that Nobody Will Read",
                "the-quite-long-title-of-an-api-that",
            ),
            ("Ünïcode", "n-code"),
            ("___", ""),
            ("…", ""),
        ] {
            assert_eq!(slug(title).unwrap_or_default(), name, "{title}");
        }
    }
}
