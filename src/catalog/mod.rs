//! The catalog: which providers there are, built in or in folders, each read from its three files.
//!
//! The one reader of those files. Must not know what they mean beyond which is which.

mod document;
mod inferred;
mod named;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use rust_embed::Embed;
use serde_json::Value;

use crate::behavior::{Behavior, Fixtures, InferFormat, LoadOptions};
use crate::clock::Timestamp;
use crate::emulator::{Emulator, FixtureLoader, Provider, Unserved};
use crate::finding::{Finding, Folded, Severity, did_you_mean};
use crate::infer::{InferOptions, Inferred};
use crate::openapi::Contract;
use crate::yaml::Document;
use crate::{documented, openapi};

pub use document::read_document;
pub use inferred::{Draft, DraftCounts, draft};
pub use named::DocumentSource;
pub(crate) use named::is_stream;

/// So many bytes of a file are read: the largest public contracts have 13 MB.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The names that the file of a folder's contract can have; the first that is there is it.
const CONTRACT_FILES: [&str; 6] =
    ["openapi.yaml", "openapi.yml", "openapi.json", "swagger.yaml", "swagger.yml", "swagger.json"];

/// The fixture set that every provider may have.
const DEFAULT_SET: &str = "default";

/// The name of a behavior file.
const BEHAVIOR_FILE: &str = "behavior.yaml";

#[derive(Embed)]
#[folder = "specs/"]
#[include = "*.yaml"]
struct BuiltInSpecs;

#[derive(Embed)]
#[folder = "fixtures/"]
#[include = "*.yaml"]
struct BuiltInFixtures;

/// Where providers come from and which of them are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources {
    /// Documents of their own, each a provider; one of a built-in provider's name goes before it.
    pub documents: Vec<DocumentSource>,
    /// Whether the built-in providers are served, too.
    pub built_in: bool,
    /// A folder with one folder a provider, in each its contract and behavior file. They join the built-in
    /// ones, and one of the same name goes before it.
    pub specs: Option<PathBuf>,
    /// A folder with one folder a provider, in each its fixture sets. A set found here goes before a built-in one.
    pub fixtures: Option<PathBuf>,
    /// Which fixture set; providers without it start from `default`.
    pub fixture_set: String,
    /// Only these providers; all of them when empty.
    pub only: Vec<String>,
    /// Settings of behavior files that have another value than there.
    pub settings: Vec<Setting>,
    /// Overlays, in the order in which they are applied to each document that is given by itself.
    pub overlays: Vec<PathBuf>,
    /// Hold everything against its schema, also what was when it was built in.
    pub vet: bool,
    /// How a contract without a behavior file is answered.
    pub inference: Option<InferOptions>,
}

/// A setting with another value than in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Whose it is.
    pub provider: String,
    /// Its name in the behavior file.
    pub name: String,
    /// The value instead.
    pub value: Value,
}

impl std::str::FromStr for Setting {
    type Err = String;

    /// Reads `provider.name=value`. What is a JSON number or truth value is one; all else is text.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('=').and_then(|(place, value)| Some((place.split_once('.')?, value)));
        let Some(((provider, name), value)) = parts else {
            return Err("write it as `<provider>.<setting>=<value>`".to_owned());
        };
        let value = match serde_json::from_str(value) {
            Ok(scalar @ (Value::Number(_) | Value::Bool(_))) => scalar,
            _ => Value::String(value.to_owned()),
        };
        Ok(Self { provider: provider.to_owned(), name: name.to_owned(), value })
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            documents: Vec::new(),
            built_in: true,
            specs: None,
            fixtures: None,
            fixture_set: DEFAULT_SET.to_owned(),
            only: Vec::new(),
            settings: Vec::new(),
            overlays: Vec::new(),
            vet: false,
            inference: Some(InferOptions::default()),
        }
    }
}

/// Why there is nothing to load.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A folder cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// Its path as given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such file.
    #[error("there is no file `{path}`: name an OpenAPI document, a folder of them, or `-`")]
    NoSuchFile {
        /// Its path as given.
        path: PathBuf,
    },
    /// Several documents where there has to be one.
    #[error("`{path}` has several documents: name one of them")]
    SeveralDocuments {
        /// The folder's path as given.
        path: PathBuf,
    },
    /// A document that is no file, so that nothing can stand beside it.
    #[error("`{path}` is no file that others could stand beside: save it first")]
    NoPlaceBeside {
        /// Its path as given.
        path: PathBuf,
    },
    /// A folder of documents has none.
    #[error(
        "`{path}` has no OpenAPI document: those are files in it, or folders with an `openapi.yaml`"
    )]
    NoDocument {
        /// The folder's path as given.
        path: PathBuf,
    },
    /// There is no provider of a name that was asked for.
    #[error("there is no provider `{name}` ({hint})")]
    NoSuchProvider {
        /// The name.
        name: String,
        /// Which there are.
        hint: String,
    },
    /// No provider has the fixture set that was asked for.
    #[error(
        "no provider has a fixture set `{name}`: a set is a file `{name}.yaml` in the provider's folder of fixtures"
    )]
    NoSuchFixtureSet {
        /// The set's name.
        name: String,
    },
    /// No provider is left.
    #[error(
        "`{path}` has no provider: it is to hold one folder each, with `openapi.yaml` and `behavior.yaml`"
    )]
    Empty {
        /// The folder's path as given.
        path: PathBuf,
    },
}

/// A file as it was found.
struct CatalogFile {
    name: String,
    text: Cow<'static, str>,
    /// Held against its schemas when it was built in, and unchanged since.
    is_built_in: bool,
}

/// The files that were read, as they were then, and where others would be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Each with a hash of its text; 0 where it could not be read.
    pub read: BTreeMap<PathBuf, u64>,
    /// The folders in which more of them can appear.
    pub folders: BTreeSet<PathBuf>,
    /// By the name of each provider that was found: its contract and behavior, as a hash.
    definitions: BTreeMap<String, u64>,
    /// By the name of each provider that was found: its document or folder.
    places: BTreeMap<String, PathBuf>,
    /// The names of those that cannot be served, each with what is wrong.
    unserved: BTreeMap<String, Vec<String>>,
    /// The names of the operations and resources of which something would be inferred, or could be.
    inferable: BTreeSet<String>,
    /// Nobody asks which files those are: they need not be read twice for it.
    is_unwanted: bool,
}

impl Files {
    /// A note that nobody will look at.
    pub fn unwanted() -> Self {
        Self { is_unwanted: true, ..Self::default() }
    }

    /// An empty one, as wanted as this one.
    fn like(&self) -> Self {
        Self { is_unwanted: self.is_unwanted, ..Self::default() }
    }

    /// Takes a note of what was named by the user, which need not be there.
    fn note_looked_for(&mut self, path: &Path) {
        if self.is_unwanted || named::is_stream(path) {
            return;
        }
        if path.is_dir() {
            self.folders.insert(path.to_owned());
        } else {
            self.note_read(vec![(path.to_owned(), 0)]);
        }
    }

    /// Goes on with the files of `served`, too: what was read here is not served, so that their changes matter still.
    pub fn keep(&mut self, served: &Self) {
        self.folders.extend(served.folders.iter().cloned());
        for path in served
            .read
            .keys()
            .filter(|path| !self.read.contains_key(*path))
            .cloned()
            .collect::<Vec<_>>()
        {
            let text = read_text(&path, &mut Vec::new());
            self.note(&path, text.as_deref());
        }
    }

    /// A file that was read here, and is looked for there in vain.
    pub fn lost_in<'f>(&'f self, other: &'f Self) -> Option<&'f Path> {
        let was_there = |path: &PathBuf| self.read.get(path).is_some_and(|hash| *hash != 0);
        let mut lost = other.read.iter().filter(|(path, hash)| **hash == 0 && was_there(path));
        lost.next().map(|(path, _)| path.as_path())
    }

    /// Whether there is still something where the provider came from.
    pub fn has_place_of(&self, name: &str) -> bool {
        self.places.get(name).is_some_and(|place| place.exists())
    }

    /// Whether what was served under that name is there under another.
    pub fn is_renamed_in(&self, name: &str, other: &Self) -> bool {
        let Some(place) = self.places.get(name) else { return false };
        let mut others = other.places.iter();
        others.any(|(other, own)| own == place && !self.places.contains_key(other))
    }

    /// Takes a note of files that were read elsewhere.
    fn note_read(&mut self, paths: Vec<(PathBuf, u64)>) {
        if self.is_unwanted {
            return;
        }
        // What can be read once only says nothing of whether it has changed.
        for (path, hash) in paths.into_iter().filter(|(path, _)| !named::is_stream(path)) {
            self.folders.extend(path.parent().map(Path::to_owned));
            self.read.insert(path, hash);
        }
    }

    fn note(&mut self, path: &Path, text: Option<&str>) {
        self.read.insert(path.to_owned(), hash_of(text));
    }

    /// Whether each still has the text that was read.
    pub fn are_as_read(&self) -> bool {
        self.read
            .iter()
            .all(|(path, hash)| hash_of(read_text(path, &mut Vec::new()).as_deref()) == *hash)
    }

    /// Whether these are the same files and folders, whatever is in them.
    pub fn are_places_of(&self, other: &Self) -> bool {
        self.read.keys().eq(other.read.keys()) && self.folders == other.folders
    }

    /// Notes that a provider cannot be served, because of the errors among these findings.
    fn note_unserved(&mut self, provider: &str, findings: &[Finding]) {
        self.unserved.insert(provider.to_owned(), errors_among(findings));
    }

    /// The providers that were found and are not served by `emulator`, in which `refused` are errors.
    pub fn unserved(&self, emulator: &Emulator, refused: &[Finding]) -> Vec<Unserved> {
        let is_served = |name: &&String| emulator.provider(name).is_some();
        let missing = self.definitions.keys().filter(|name| !is_served(name));
        let refused = errors_among(refused);
        let unserved = missing.map(|name| {
            let problems = self.unserved.get(name).unwrap_or(&refused);
            Unserved::new(name, problems.iter().cloned())
        });
        unserved.collect()
    }

    /// Whether the provider was found, sound or not.
    pub fn has_provider(&self, name: &str) -> bool {
        self.definitions.contains_key(name)
    }

    /// Whether the provider has the same contract and behavior there.
    pub fn defines_alike(&self, provider: &str, other: &Self) -> bool {
        self.definitions.get(provider) == other.definitions.get(provider)
    }

    /// The files that are others there, have come or have gone.
    pub fn changes_to<'f>(&'f self, other: &'f Self) -> BTreeSet<&'f Path> {
        let gone = self.read.keys().filter(|path| !other.read.contains_key(*path));
        let changed = other.read.iter().filter(|(path, hash)| self.read.get(*path) != Some(*hash));
        gone.chain(changed.map(|(path, _)| path)).map(PathBuf::as_path).collect()
    }
}

/// The errors among findings in the order of their places, each kind once.
fn errors_among(findings: &[Finding]) -> Vec<String> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let mut errors: Vec<Finding> = errors.cloned().collect();
    errors.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    Folded::all(errors).iter().map(ToString::to_string).collect()
}

/// A hash of a file's text; 0 where it has none.
fn hash_of(text: Option<&str>) -> u64 {
    text.map_or(0, hash)
}

/// The same for the same, and hardly ever for something else.
fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Reads all providers that `sources` names. What is wrong with a file goes to `findings`; a provider whose files
/// cannot be honoured is left out.
pub fn load(
    sources: &Sources,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Provider>, CatalogError> {
    load_noting(sources, now, findings, &mut Files::default())
}

/// The same, and takes a note of the files.
pub fn load_noting(
    sources: &Sources,
    now: Timestamp,
    findings: &mut Vec<Finding>,
    files: &mut Files,
) -> Result<Vec<Provider>, CatalogError> {
    files.folders.extend(sources.specs.iter().chain(&sources.fixtures).cloned());
    let mut found = provider_folders(sources, findings)?;
    read_documents(sources, &mut found, findings, files)?;
    check_fixture_folders(sources, &found, findings)?;
    select(sources, &mut found)?;
    let mut providers = Vec::new();
    let mut set_exists = sources.fixture_set == DEFAULT_SET;
    let mut inferable = BTreeSet::new();
    for (name, place) in found {
        if let ProviderSource::Folder(folder) = &place {
            files.folders.insert(folder.clone());
        }
        files.places.extend(place.path().map(|path| (name.clone(), path.to_owned())));
        let is_built_in = matches!(place, ProviderSource::BuiltIn(_));
        let beside = place.records_beside();
        let wanted = WantedFixtures { provider: &name, is_built_in, beside: beside.as_deref() };
        let fixtures = find_fixtures(sources, &wanted, findings, files);
        set_exists |= fixtures.as_ref().is_some_and(|(set, _)| *set == sources.fixture_set);
        let fixtures = fixtures.map(|(_, file)| file);
        let mut own = files.like();
        let before = findings.len();
        match provider(&name, place, fixtures, sources, now, findings, &mut own) {
            Some(provider) => {
                let records_beside = beside;
                providers.push(Provider { records_beside, ..provider });
            }
            None => files.note_unserved(&name, &findings[before..]),
        }
        files.definitions.insert(name, hash(&own.read));
        files.read.append(&mut own.read);
        files.folders.append(&mut own.folders);
        inferable.append(&mut own.inferable);
    }
    // What cannot be served may have them.
    if let Some(inference) = sources.inference.as_ref().filter(|_| files.unserved.is_empty()) {
        let known = || inferable.iter().map(String::as_str);
        inferred::tell_unknown(&inference.except, known, findings);
    }
    if set_exists {
        Ok(providers)
    } else {
        Err(CatalogError::NoSuchFixtureSet { name: sources.fixture_set.clone() })
    }
}

/// Where a provider comes from.
enum ProviderSource {
    /// What is read of it, if its contract was asked for before.
    BuiltIn(Option<Box<BuiltIn>>),
    Folder(PathBuf),
    /// A document of its own.
    Document(Box<OwnDocument>),
}

impl ProviderSource {
    /// Where the file of records beside its document may be.
    fn records_beside(&self) -> Option<PathBuf> {
        match self {
            Self::Document(own) => own.records.clone(),
            Self::BuiltIn(_) | Self::Folder(_) => None,
        }
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Folder(folder) => Some(folder),
            Self::Document(own) => own.paths.first().map(|(path, _)| path.as_path()),
        }
    }
}

/// The document of a built-in provider.
struct BuiltIn {
    document: Document,
    contract: Contract,
    findings: Vec<Finding>,
}

impl BuiltIn {
    fn read(name: &str) -> Option<Self> {
        let file = built_in::<BuiltInSpecs>("specs", &format!("{name}/openapi.yaml"))?;
        let mut findings = Vec::new();
        let document = Document::parse(&file.name, &file.text, &mut findings)?;
        let contract = Contract::load(&document, &mut findings)?;
        Some(Self { document, contract, findings })
    }
}

/// A document that was named by itself, read already: its provider's name depends on what it says.
struct OwnDocument {
    document: Document,
    contract: Contract,
    behavior: Option<PathBuf>,
    /// Where its records may be.
    records: Option<PathBuf>,
    /// All files that it was read from, each with a hash of its text.
    paths: Vec<(PathBuf, u64)>,
}

/// The providers that are built in or in folders, by name.
fn provider_folders(
    sources: &Sources,
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<String, ProviderSource>, CatalogError> {
    let built_in: BTreeSet<String> =
        BuiltInSpecs::iter().filter_map(|path| Some(path.split_once('/')?.0.to_owned())).collect();
    let built_in = built_in.into_iter().filter(|_| sources.built_in);
    let mut folders: BTreeMap<String, ProviderSource> =
        built_in.map(|name| (name, ProviderSource::BuiltIn(None))).collect();
    if let Some(specs) = &sources.specs {
        let (own, others): (Vec<_>, Vec<_>) = subfolders(specs)?
            .into_iter()
            .partition(|(_, path)| named::contract_in(path).is_some());
        if own.is_empty() {
            return Err(CatalogError::Empty { path: specs.clone() });
        }
        for (_, path) in others {
            let message = "the folder has no contract, and is passed over";
            let finding = Finding::warning(&path.display().to_string().into(), 0, "", message);
            findings.push(finding.hint("add its `openapi.yaml`"));
        }
        folders.extend(own.into_iter().map(|(name, path)| (name, ProviderSource::Folder(path))));
    }
    Ok(folders)
}

/// Reads the documents that were named by themselves, and finds a name for each.
fn read_documents(
    sources: &Sources,
    found: &mut BTreeMap<String, ProviderSource>,
    findings: &mut Vec<Finding>,
    files: &mut Files,
) -> Result<(), CatalogError> {
    let mut own = Vec::new();
    for source in &sources.documents {
        if !source.is_standard_input() {
            files.note_looked_for(&source.path);
        }
        for source in source.files(findings)? {
            let read = read_own_document(&source, sources, findings, files);
            own.extend(read.map(|read| (source, read)));
        }
    }
    let names = {
        let contracts = own.iter().map(|(_, own)| &own.contract);
        let contracts: Vec<&Contract> = if own.is_empty() {
            Vec::new()
        } else {
            contracts.chain(built_in_contracts(found)).collect()
        };
        let mut names: Vec<String> = Vec::new();
        for (source, own) in &own {
            names.push(source.provider_name(&own.contract, &contracts, &names));
        }
        names
    };
    let places = own.into_iter().map(|(_, own)| ProviderSource::Document(Box::new(own)));
    found.extend(names.into_iter().zip(places));
    Ok(())
}

fn read_own_document(
    source: &DocumentSource,
    sources: &Sources,
    findings: &mut Vec<Finding>,
    files: &mut Files,
) -> Option<OwnDocument> {
    let mut paths = Vec::new();
    let document = document::read_noting(&source.path, &sources.overlays, findings, &mut paths);
    let loaded = document.and_then(|document| {
        let contract = Contract::load(&document, findings)?;
        Some((document, contract))
    });
    let Some((document, contract)) = loaded else {
        // So that it is seen when it is mended.
        files.note_read(paths);
        return None;
    };
    let behavior = source.behavior_files().find(|path| path.is_file());
    for path in source.behavior_files().filter(|path| !path.is_file()) {
        files.note(&path, None);
    }
    let records = source.records_file();
    Some(OwnDocument { document, contract, behavior, records, paths })
}

/// The contracts of the built-in providers among these: what else answers at the root.
fn built_in_contracts(found: &mut BTreeMap<String, ProviderSource>) -> Vec<&Contract> {
    let mut contracts = Vec::new();
    for (name, place) in found {
        let ProviderSource::BuiltIn(read) = place else { continue };
        if read.is_none() {
            *read = BuiltIn::read(name).map(Box::new);
        }
        contracts.extend(read.as_ref().map(|read| &read.contract));
    }
    contracts
}

/// Folders of fixtures that no provider has.
fn check_fixture_folders(
    sources: &Sources,
    folders: &BTreeMap<String, ProviderSource>,
    findings: &mut Vec<Finding>,
) -> Result<(), CatalogError> {
    if let Some(fixtures) = &sources.fixtures {
        for (name, path) in subfolders(fixtures)? {
            if !folders.contains_key(&name) {
                let message = format!("there is no provider `{name}` for these fixtures");
                let finding = Finding::warning(&path.display().to_string().into(), 0, "", message);
                let known = folders.keys().map(String::as_str);
                findings.push(Finding { hint: did_you_mean(&name, known), ..finding });
            }
        }
    }
    Ok(())
}

/// Leaves the providers that are wanted; those that are asked for have to be there.
fn select(
    sources: &Sources,
    folders: &mut BTreeMap<String, ProviderSource>,
) -> Result<(), CatalogError> {
    let named = sources.settings.iter().map(|setting| &setting.provider);
    for name in sources.only.iter().chain(named) {
        if !folders.contains_key(name) {
            let known: Vec<_> = folders.keys().map(String::as_str).collect();
            let hint = did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("there are {}", known.join(", ")));
            return Err(CatalogError::NoSuchProvider { name: name.clone(), hint });
        }
    }
    folders.retain(|name, _| sources.only.is_empty() || sources.only.contains(name));
    Ok(())
}

/// The folders in a folder, by name; hidden ones are nobody's business.
fn subfolders(folder: &Path) -> Result<Vec<(String, PathBuf)>, CatalogError> {
    let unreadable = |source| CatalogError::Unreadable { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|name| path.is_dir() && !name.starts_with('.')) {
            found.push((name.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

/// One provider from its files; `None` when they cannot be honoured.
fn provider(
    name: &str,
    place: ProviderSource,
    fixtures: Option<CatalogFile>,
    sources: &Sources,
    now: Timestamp,
    findings: &mut Vec<Finding>,
    files: &mut Files,
) -> Option<Provider> {
    let before = findings.len();
    let is_built_in = matches!(place, ProviderSource::BuiltIn(_));
    let (document, contract, behavior, vet) = self::files(name, place, findings, files)?;
    let vet = sources.vet || vet;
    if sources.vet {
        contract.check(&document, findings);
        documented::check(&contract, &document, findings);
    }
    documented::findings(&contract, findings);
    // It is as large as the file, and nothing more is said of it.
    drop(document);
    let contract = Arc::new(contract);
    let own = sources.settings.iter().filter(|setting| setting.provider == name);
    let settings = own.map(|setting| (setting.name.clone(), setting.value.clone())).collect();
    let options = LoadOptions { vet, settings };
    let own = match behavior {
        Some(file) => Some(Document::parse_strictly(&file.name, &file.text, findings)?),
        None => None,
    };
    let inference = inferring(own.as_ref(), sources);
    if own.as_ref().is_some_and(is_whole) && fixtures.is_none() && inference.is_none() {
        let message = format!("`{name}` has no fixtures, and starts without a record");
        findings.push(Finding::warning(&contract.file, 0, "", message));
    }
    let (behavior, mut inferred) = match inference {
        Some(inference) => {
            let (behavior, inferred) =
                inferred::behavior(&contract, own.as_ref(), &inference, &options, findings)?;
            (behavior, Some(inferred))
        }
        None => (stated(name, own.as_ref(), &contract, &options, findings)?, None),
    };
    files.inferable.extend(inferable(&contract, inferred.as_ref()));
    let mut fixtures = match (&mut inferred, fixtures) {
        (Some(inferred), None) => inferred::fixtures(&behavior, inferred, now),
        (_, fixtures) => self::fixtures(&behavior, fixtures, sources, now, findings)?,
    };
    if let Some(inferred) = inferred {
        fixtures.places = inferred::places(&behavior, &fixtures.store, &inferred.places);
    }
    let is_broken = findings[before..].iter().any(|finding| finding.severity == Severity::Error);
    (!is_broken).then(|| Provider {
        name: name.into(),
        behavior,
        fixtures,
        is_built_in,
        records_beside: None,
    })
}

/// The names of the operations and resources of which something is inferred, or could be.
fn inferable(contract: &Contract, inferred: Option<&Inferred>) -> BTreeSet<String> {
    let operations = contract.operations.iter().map(|operation| operation.id.clone());
    let resources = inferred.into_iter().flat_map(|inferred| inferred.resources.iter().cloned());
    operations.chain(resources).collect()
}

/// Whether a behavior file asks for no inference, also not for one of which it is told that it cannot be.
fn is_whole(own: &Document) -> bool {
    own.root().get("infer").is_none_or(|asked| *asked == false)
}

/// How what a provider's behavior file does not say is inferred; `None` where nothing is.
fn inferring(own: Option<&Document>, sources: &Sources) -> Option<InferOptions> {
    let mut options = sources.inference.clone()?;
    if let Some(own) = own {
        let asked: InferFormat = serde_json::from_value(own.root().get("infer")?.clone()).ok()?;
        options.except.extend_from_slice(asked.except()?);
    }
    Some(options)
}

/// The behavior that a file says, or none where there is no file.
fn stated(
    name: &str,
    own: Option<&Document>,
    contract: &Arc<Contract>,
    options: &LoadOptions,
    findings: &mut Vec<Finding>,
) -> Option<Behavior> {
    if let Some(own) = own {
        return Behavior::load(own, contract, options, findings);
    }
    let behavior = Behavior::none(contract);
    let unknown = behavior.settings_with(&options.settings).err().into_iter().flatten();
    findings.extend(unknown.map(|unknown| {
        let message = format!("{unknown}: `{name}` has no behavior file");
        Finding::error(&contract.file, 0, "", message)
    }));
    Some(behavior)
}

/// A provider's contract, its behavior file if it has one, and whether examples are to be held against their schemas.
fn files(
    name: &str,
    place: ProviderSource,
    findings: &mut Vec<Finding>,
    files: &mut Files,
) -> Option<(Document, Contract, Option<CatalogFile>, bool)> {
    match place {
        ProviderSource::Document(own) => {
            let OwnDocument { document, contract, behavior, paths, .. } = *own;
            files.note_read(paths);
            let behavior = match behavior {
                Some(path) => Some(read(&path, findings, files)?),
                None => None,
            };
            Some((document, contract, behavior, true))
        }
        ProviderSource::BuiltIn(read) => {
            let read = match read {
                Some(read) => *read,
                None => BuiltIn::read(name)?,
            };
            findings.extend(read.findings);
            let path = format!("{name}/{BEHAVIOR_FILE}");
            let behavior = built_in::<BuiltInSpecs>("specs", &path);
            Some((read.document, read.contract, behavior, false))
        }
        ProviderSource::Folder(folder) => {
            let (path, mut paths) = (named::contract_in(&folder)?, Vec::new());
            let document = document::read_noting(&path, &[], findings, &mut paths);
            files.note_read(paths);
            let document = document?;
            let contract = Contract::load(&document, findings)?;
            let path = folder.join(BEHAVIOR_FILE);
            let behavior = if path.is_file() {
                Some(read(&path, findings, files)?)
            } else {
                files.note(&path, None);
                let file = path.display().to_string().into();
                let message = "there is no behavior file: what it would say is inferred";
                let finding = Finding::warning(&file, 0, "", message);
                findings.push(finding.hint("begin one with `tombstone init`"));
                None
            };
            Some((document, contract, behavior, true))
        }
    }
}

/// What reads the fixture sets that sandboxes ask for by name, from where the first one came.
pub fn fixture_loader(sources: Sources) -> Box<FixtureLoader> {
    Box::new(move |providers, set, now| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if set.is_empty() || set.starts_with('.') || !set.chars().all(is_name) {
            return Err(vec![format!("no fixture set can be named `{set}`")]);
        }
        let sources = Sources { fixture_set: set.to_owned(), ..sources.clone() };
        let mut findings = Vec::new();
        let mut exists = set == DEFAULT_SET;
        let mut all = Vec::new();
        for provider in providers {
            let (files, findings) = (&mut Files::default(), &mut findings);
            let wanted = WantedFixtures {
                provider: &provider.name,
                is_built_in: provider.is_built_in,
                beside: provider.records_beside.as_deref(),
            };
            let found = find_fixtures(&sources, &wanted, findings, files);
            exists |= found.as_ref().is_some_and(|(name, _)| name == set);
            match found {
                Some((_, file)) => {
                    all.extend(fixtures(&provider.behavior, Some(file), &sources, now, findings));
                }
                None if provider.fixtures.is_of_file => {
                    all.push(Fixtures::none(&provider.behavior));
                }
                None => all.push(provider.fixtures.clone()),
            }
        }
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let mut problems: Vec<String> = errors.map(ToString::to_string).collect();
        if !exists {
            problems.push(CatalogError::NoSuchFixtureSet { name: set.to_owned() }.to_string());
        }
        if problems.is_empty() && all.len() == providers.len() { Ok(all) } else { Err(problems) }
    })
}

/// The records of a provider: of its fixture file, or none.
fn fixtures(
    behavior: &Behavior,
    file: Option<CatalogFile>,
    sources: &Sources,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Option<Fixtures> {
    let document = match &file {
        Some(file) => Document::parse_strictly(&file.name, &file.text, findings)?,
        None => Document::parse("no fixtures", "{tombstone: 1, records: {}}", findings)?,
    };
    let vet = sources.vet || file.is_some_and(|file| !file.is_built_in);
    Some(behavior.fixtures(&document, now, vet, findings))
}

/// Whose fixtures are looked for.
struct WantedFixtures<'w> {
    provider: &'w str,
    is_built_in: bool,
    /// The file beside its document: its set `default`, where no folder has one.
    beside: Option<&'w Path>,
}

/// The fixture set of a provider, and the name of the set: the one asked for, else `default`. Built-in sets are for
/// built-in providers only: someone else's document may well have the name of one.
fn find_fixtures(
    sources: &Sources,
    wanted: &WantedFixtures<'_>,
    findings: &mut Vec<Finding>,
    files: &mut Files,
) -> Option<(String, CatalogFile)> {
    let own = sources.fixtures.as_ref().map(|folder| folder.join(wanted.provider));
    files.folders.extend(own.filter(|folder| folder.is_dir()));
    for set in [sources.fixture_set.as_str(), DEFAULT_SET] {
        let file = format!("{}/{set}.yaml", wanted.provider);
        let in_folder = sources.fixtures.as_ref().map(|folder| folder.join(&file));
        let beside = wanted.beside.filter(|_| set == DEFAULT_SET).map(Path::to_owned);
        for path in in_folder.into_iter().chain(beside) {
            if path.is_file() {
                return read(&path, findings, files).map(|file| (set.to_owned(), file));
            }
            files.note(&path, None);
        }
        if wanted.is_built_in
            && let Some(file) = built_in::<BuiltInFixtures>("fixtures", &file)
        {
            return Some((set.to_owned(), file));
        }
    }
    None
}

fn built_in<E: Embed>(folder: &str, path: &str) -> Option<CatalogFile> {
    let text = match E::get(path)?.data {
        Cow::Borrowed(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).ok()?),
    };
    Some(CatalogFile { name: format!("{folder}/{path}"), text, is_built_in: true })
}

fn read(path: &Path, findings: &mut Vec<Finding>, files: &mut Files) -> Option<CatalogFile> {
    let text = read_text(path, findings);
    files.note(path, text.as_deref());
    let text = text?;
    Some(CatalogFile { name: path.display().to_string(), text: text.into(), is_built_in: false })
}

/// A file's text; why it has none goes to `findings`. A pipe or a device is not read: one may never begin, and the other
/// never end.
pub(crate) fn read_text(path: &Path, findings: &mut Vec<Finding>) -> Option<String> {
    if named::is_stream(path) {
        let name = path.display().to_string();
        findings.push(Finding::error(&name.as_str().into(), 0, "", "it is not a regular file"));
        return None;
    }
    read_named_text(path, findings)
}

/// The same of a file that the user named by itself, which can be a pipe, too: `<(command)` of a shell is one.
pub(crate) fn read_named_text(path: &Path, findings: &mut Vec<Finding>) -> Option<String> {
    let problem = match read_bytes(path) {
        Ok(bytes) if bytes.len() as u64 > FILE_BYTES_MAX => {
            format!("the file has more than {FILE_BYTES_MAX} bytes, and no more are read")
        }
        Ok(bytes) => match decode(bytes) {
            Ok(text) => return Some(text),
            Err(problem) => problem,
        },
        Err(error) => openapi::refusal_of_url(path)
            .unwrap_or_else(|| format!("cannot read the file: {error}")),
    };
    let name = path.display().to_string();
    findings.push(Finding::error(&name.as_str().into(), 0, "", problem));
    None
}

/// A file's bytes, at most one more than are wanted.
fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text that bytes are, or why they are none.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let encoding = match bytes.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, 0, ..] | [_, 0, _, 0, ..] => ": it is UTF-16",
        _ => "",
    };
    match String::from_utf8(bytes) {
        Ok(text) if encoding.is_empty() => Ok(text),
        _ => Err(format!("the file is not UTF-8{encoding}")),
    }
}
