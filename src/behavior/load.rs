//! Reading a behavior file.
//!
//! Must not know requests.

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
        let mut notes = Notes::new(document, findings);
        for (name, value) in &file.settings {
            if let Some(problem) = too_deep([value]) {
                notes.error(&child("/settings", name), problem, None);
            }
        }
        let mut behavior =
            compile::compile(&file, contract, options.vet, document.file(), &mut notes)?;
        match behavior.settings_with(&options.settings) {
            Ok(settings) => behavior.settings = settings,
            Err(problems) => notes.errors("/settings", problems),
        }
        Some(behavior)
    }
}
