//! Reading a behavior file.
//!
//! Must not know requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use crate::behavior::compile;
use crate::behavior::compiled::Behavior;
use crate::behavior::format::{self, BehaviorFile, InferFormat};
use crate::behavior::notes::Notes;
use crate::finding::Finding;
use crate::json::too_deep;
use crate::openapi::Contract;
use crate::pointer::child;
use crate::yaml::Document;

/// How a behavior file is read.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Hold literal bodies and examples against their schemas, too. Built-in files went through that when they
    /// were built in.
    pub vet: bool,
    /// Values that go before those of the file's `settings`.
    pub settings: Map<String, Json>,
}

/// A behavior file that was inferred from a contract.
pub struct InferredFile<'i> {
    /// The file.
    pub root: Map<String, Json>,
    /// The lines of the contract that operations were inferred from, by their ids.
    pub lines: &'i BTreeMap<String, u32>,
    /// Why an operation is left to the contract, by its id.
    pub left: &'i BTreeMap<String, String>,
}

/// The entries of both, those of `own` first.
fn before<T>(mut own: IndexMap<String, T>, others: IndexMap<String, T>) -> IndexMap<String, T> {
    for (name, other) in others {
        own.entry(name).or_insert(other);
    }
    own
}

impl Behavior {
    /// Reads a behavior file against its contract. What is wrong with it goes to `findings`; `None` when it
    /// cannot be read at all.
    pub fn load(
        document: &Document,
        contract: &Arc<Contract>,
        options: &LoadOptions,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let file: BehaviorFile = format::read(document, findings)?;
        Self::compile(&file, document, contract, options, findings)
    }

    /// Compiles a behavior that was inferred from its contract, with a file of the user's that goes before it: resources and
    /// operations of the same names are as they are there.
    pub fn of_inferred(
        inferred: InferredFile<'_>,
        own: Option<&Document>,
        contract: &Arc<Contract>,
        options: &LoadOptions,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let root = Json::Object(inferred.root);
        let mut file: BehaviorFile = match serde_json::from_value(root) {
            Ok(file) => file,
            Err(error) => {
                let message = format!("what was inferred cannot be read: {error}");
                findings.push(Finding::error(&contract.file, 0, "", message));
                return None;
            }
        };
        file.infer = Some(InferFormat::All(true));
        for (id, format) in &mut file.operations {
            format.contract_line = inferred.lines.get(id).copied();
        }
        let nothing = Document::of_value(&contract.file, Json::Null);
        if let Some(own) = own {
            let own: BehaviorFile = format::read(own, findings)?;
            file = BehaviorFile {
                resources: before(own.resources, file.resources),
                operations: before(own.operations, file.operations),
                ..own
            };
        }
        let mut behavior =
            Self::compile(&file, own.unwrap_or(&nothing), contract, options, findings)?;
        behavior.left = inferred.left.clone();
        Some(behavior)
    }

    fn compile(
        file: &BehaviorFile,
        document: &Document,
        contract: &Arc<Contract>,
        options: &LoadOptions,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let mut notes = Notes::new(document, findings);
        for (name, value) in &file.settings {
            if let Some(problem) = too_deep([value]) {
                notes.error(&child("/settings", name), problem, None);
            }
        }
        let mut behavior =
            compile::compile(file, contract, options.vet, document.file(), &mut notes)?;
        match behavior.settings_with(&options.settings) {
            Ok(settings) => behavior.settings = settings,
            Err(problems) => notes.errors("/settings", problems),
        }
        Some(behavior)
    }
}
