//! A provider of whose behavior a part is inferred from its contract, or all.
//!
//! Must not know how it is inferred.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::behavior::{Behavior, CallValues, FORMAT_VERSION, Fixtures, InferredFile, LoadOptions};
use crate::catalog::{CatalogError, DocumentSource, Files, Sources, read_own_document};
use crate::clock::Timestamp;
use crate::finding::{Finding, did_you_mean};
use crate::infer;
use crate::infer::{InferOptions, Inferred, RecordPlace};
use crate::openapi::Contract;
use crate::store::Store;
use crate::validation::MessagePart;
use crate::yaml::Document;

/// The behavior that is inferred from a contract, with a file of the user's that goes before it, and what else was
/// inferred.
pub(super) fn behavior(
    contract: &Arc<Contract>,
    own: Option<&Document>,
    inference: &InferOptions,
    options: &LoadOptions,
    findings: &mut Vec<Finding>,
) -> Option<(Behavior, Inferred)> {
    let mut wanted = inference.clone();
    let decided = own.and_then(|own| own.root().get("operations")?.as_object());
    wanted.decided.extend(decided.into_iter().flat_map(Map::keys).cloned());
    let inferred = infer::infer(contract, &wanted);
    tell_unknown_of_file(&inferred, contract, own, findings);
    compiled(inferred, own, contract, options, findings)
}

/// What was inferred, compiled. What of it cannot be honoured is left to the contract.
fn compiled(
    mut inferred: Inferred,
    own: Option<&Document>,
    contract: &Arc<Contract>,
    options: &LoadOptions,
    findings: &mut Vec<Finding>,
) -> Option<(Behavior, Inferred)> {
    loop {
        let mut found = Vec::new();
        let (root, lines, left) = (inferred.behavior.clone(), &inferred.lines, &inferred.left);
        let file = InferredFile { root, lines, left };
        let behavior = Behavior::of_inferred(file, own, contract, options, &mut found);
        if inferred.leave(&found) {
            continue;
        }
        findings.append(&mut found);
        return Some((behavior?, inferred));
    }
}

/// The file's names of what is not to be inferred that nothing has.
fn tell_unknown_of_file(
    inferred: &Inferred,
    contract: &Contract,
    own: Option<&Document>,
    findings: &mut Vec<Finding>,
) {
    let Some(own) = own else { return };
    let named = own.root().pointer("/infer/except").and_then(Value::as_array);
    for (number, name) in named.into_iter().flatten().filter_map(Value::as_str).enumerate() {
        let known = || inferred.names(contract);
        if !known().any(|known| known == name) {
            let finding = own.warning(&format!("/infer/except/{number}"), not_inferable(name));
            findings.push(Finding { hint: did_you_mean(name, known()), ..finding });
        }
    }
}

/// The names in `--stateless-for` that nothing has.
pub(super) fn tell_unknown<'k, K: Iterator<Item = &'k str>>(
    named: &[String],
    known: impl Fn() -> K,
    findings: &mut Vec<Finding>,
) {
    for name in named.iter().filter(|name| !known().any(|known| known == *name)) {
        let finding = Finding::warning(&"--stateless-for".into(), 0, "", not_inferable(name));
        findings.push(Finding { hint: did_you_mean(name, known()), ..finding });
    }
}

fn not_inferable(name: &str) -> String {
    format!("nothing would be inferred of `{name}`: there is no such operation or resource")
}

/// The records that are inferred, as a fixture file would have them. Those that do not fit are left out of `inferred` too:
/// a store takes all of a file, or nothing.
pub(super) fn fixtures(behavior: &Behavior, inferred: &mut Inferred, now: Timestamp) -> Fixtures {
    loop {
        let root = json!({ "tombstone": FORMAT_VERSION, "records": inferred.records });
        let document = Document::of_value(&behavior.contract().file, root);
        let mut found = Vec::new();
        let fixtures = behavior.fixtures(&document, now, true, &mut found);
        if !inferred.leave_records(&found) {
            return Fixtures { is_of_file: false, ..fixtures };
        }
    }
}

/// For each operation whose calls name a record, what one says that names the first.
pub(super) fn places(
    behavior: &Behavior,
    store: &Store,
    inferred: &BTreeMap<String, RecordPlace>,
) -> BTreeMap<usize, CallValues> {
    let operations = behavior.contract().operations.iter().enumerate();
    let places = operations.filter_map(|(number, operation)| {
        let place = inferred.get(&operation.id)?;
        let mut resources = behavior.model().resources.iter();
        let resource = resources.position(|resource| *resource.name == *place.resource)?;
        let (_, record) = store.iter(resource).next()?;
        let value = |(part, name, property): &(MessagePart, String, String)| {
            Some(((*part, name.clone()), record.get(property)?.into_owned()))
        };
        Some((number, place.arguments.iter().map(value).collect::<Option<_>>()?))
    });
    places.collect()
}

/// The files that say what is inferred from a document.
#[derive(Debug)]
pub struct Draft {
    /// The behavior file: where it belongs, and its text.
    pub behavior: (PathBuf, String),
    /// The fixture file.
    pub fixtures: (PathBuf, String),
    /// Where files are looked for that would be read in place of these, or are these.
    pub places: Vec<PathBuf>,
    /// What the files say.
    pub counts: DraftCounts,
}

/// What a draft says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftCounts {
    /// Resources.
    pub resources: usize,
    /// Operations that remember.
    pub remembering: usize,
    /// All operations of the contract.
    pub operations: usize,
    /// Records to start from.
    pub records: usize,
    /// Remarks that ask a person to decide.
    pub decisions: usize,
}

/// What is inferred from a document, as files that say the same; `None` where the document cannot be read, which
/// `findings` tells.
pub fn draft(
    source: &DocumentSource,
    sources: &Sources,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<Option<Draft>, CatalogError> {
    let mut files = source.files(findings)?;
    let (Some(source), true) = (files.pop(), files.is_empty()) else {
        return Err(CatalogError::SeveralDocuments { path: source.path.clone() });
    };
    let (Some(fixtures), Some(behavior)) = (source.records_file(), source.behavior_files().last())
    else {
        return Err(CatalogError::NoPlaceBeside { path: source.path });
    };
    let read = read_own_document(&source, sources, findings, &mut Files::unwanted());
    let drafted = read.and_then(|own| {
        let options = sources.inference.clone().unwrap_or_default();
        write(&Arc::new(own.contract), &options, now, findings)
    });
    let places = source.behavior_files().chain([fixtures.clone()]).collect();
    Ok(drafted.map(|(behavior_text, fixtures_text, counts)| Draft {
        places,
        behavior: (behavior, behavior_text),
        fixtures: (fixtures, fixtures_text),
        counts,
    }))
}

fn write(
    contract: &Arc<Contract>,
    options: &InferOptions,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Option<(String, String, DraftCounts)> {
    let inferred = infer::infer(contract, options);
    let (behavior, mut inferred) =
        compiled(inferred, None, contract, &LoadOptions::default(), findings)?;
    tell_unknown(&options.except, || inferred.names(contract), findings);
    fixtures(&behavior, &mut inferred, now);
    let text = infer::behavior_text(contract, &inferred, options);
    let fixtures_text = infer::fixtures_text(contract, &inferred.records);
    let entries =
        |key: &str| inferred.behavior.get(key).and_then(Value::as_object).map_or(0, Map::len);
    let counts = DraftCounts {
        resources: entries("resources"),
        remembering: entries("operations"),
        operations: contract.operations.len(),
        records: inferred.records.values().filter_map(Value::as_array).map(Vec::len).sum(),
        decisions: infer::decisions(&text),
    };
    Some((text, fixtures_text, counts))
}
