//! What of a contract's answers cannot be given as documented: found when it is loaded, and by `check`.
//!
//! Must not know requests.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::openapi::{Contract, Direction};
use crate::pointer::child;
use crate::response::Offer;
use crate::sample::{SampleError, SampleOptions};
use crate::yaml::Document;
use crate::{media, sample};

/// Schemas that [`check`] compiles to try values of answers, each time with all that it leads to. Of ordinary documents
/// that is every answer; where everything leads to everything, as in the largest, compiling each takes long, and what
/// comes after these is not tried.
const TRIED_MAX: usize = 20_000;

/// Reports answers of a contract that cannot be given as documented, as far as loading can tell.
pub fn findings(contract: &Contract, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for operation in &contract.operations {
        for (code, response) in &operation.responses {
            for offer in Offer::all(response) {
                let name = offer.name;
                let is_known = !media::has_own_syntax(name)
                    || offer.can_be_written(&contract.schemas)
                    || !told.insert((response.line, name));
                if !is_known {
                    let pointer = child(&child(&operation.pointer, "responses"), code);
                    let pointer = child(&child(&pointer, "content"), name);
                    let message = "no body can be written in this media type from a value with parts; the answer's is \
                                   left empty";
                    let finding = Finding::warning(&contract.file, response.line, pointer, message);
                    let hint = "give an example that is a text: its bytes are sent, decoded where the schema says \
                                `contentEncoding: base64`";
                    findings.push(finding.hint(hint));
                }
            }
        }
    }
}

/// Schemas of answers that no value was found for, each made up once: for `check`, which may take its time.
/// `document` is the one that the contract was loaded from.
pub fn check(contract: &Contract, document: &Document, findings: &mut Vec<Finding>) {
    let schemas = &contract.schemas;
    let options = SampleOptions::of(Direction::Response);
    let (mut tried, mut left) = (BTreeSet::new(), TRIED_MAX);
    for media in contract
        .operations
        .iter()
        .flat_map(|operation| operation.responses.values())
        .flat_map(|response| response.content.values())
        .filter(|media| media.examples.is_empty())
    {
        let Some(schema) = media.schema.filter(|schema| tried.insert(schemas.canonical(*schema)))
        else {
            continue;
        };
        let Some(less) = left.checked_sub(schemas.reach(schema)) else { break };
        left = less;
        // What cannot be compiled is told by the contract itself.
        let hint = match sample::sample(schemas, schema, &options, 0) {
            Ok(_) | Err(SampleError::Schema(_)) => continue,
            Err(SampleError::Refused { path, reason }) if path.is_empty() => reason,
            Err(SampleError::Refused { path, reason }) => format!("at `{path}`, {reason}"),
            Err(unmet) => unmet.to_string(),
        };
        let pointer = schemas.pointer(schemas.canonical(schema));
        // A keyword that leaves no value was told when the document was loaded.
        let is_told = |known: &Finding| {
            known.pointer.starts_with(pointer) && known.message.ends_with("no value fits")
        };
        if !findings.iter().any(is_told) {
            let message = "no value was found that fits this schema; the nearest one is sent, with what is wrong in \
                           `Tombstone-Violations`";
            findings.push(document.warning(pointer, message).hint(hint));
        }
    }
}
