//! Reading a behavior file.
//!
//! Must not know requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::behavior::compile;
use crate::behavior::compiled::Behavior;
use crate::behavior::format::{self, BehaviorFile};
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

    /// Compiles a behavior that was inferred from its contract. `lines` are those of the contract that its operations come
    /// from.
    pub fn of_inferred(
        root: Map<String, Json>,
        lines: &BTreeMap<String, u32>,
        contract: &Arc<Contract>,
        options: &LoadOptions,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let document = Document::of_value(&contract.file, Json::Object(root));
        let mut file: BehaviorFile = match serde_json::from_value(document.root().clone()) {
            Ok(file) => file,
            Err(error) => {
                findings
                    .push(document.error("", format!("what was inferred cannot be read: {error}")));
                return None;
            }
        };
        for (id, format) in &mut file.operations {
            format.contract_line = lines.get(id).copied();
        }
        Self::compile(&file, &document, contract, options, findings)
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
