//! The configuration file: finding it, reading it, and all that is wrong with it.
//!
//! Must not know what the options are for.

use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_path_to_error::Segment;

use crate::behavior::format::{FORMAT_VERSION, explain};
use crate::catalog::read_named_text;
use crate::config::given::GivenOptions;
use crate::faults::{Fault, FaultFormat};
use crate::finding::Finding;
use crate::pointer::{child, unescaped};
use crate::yaml::Document;

/// The file's name where none is given.
pub const FILE: &str = "tombstone.yaml";

/// The file that is named, else `tombstone.yaml` in the working directory if it is there.
pub(super) fn find(named: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(path) => Some(path.to_owned()),
        None => Some(PathBuf::from(FILE)).filter(|path| path.exists()),
    }
}

/// A file and what it gives. What is wrong with it goes to `findings`, and is not in what is given.
pub(super) fn read(path: &Path, findings: &mut Vec<Finding>) -> Option<(Document, GivenOptions)> {
    let text = read_named_text(path, findings)?;
    let document = Document::parse_strictly(&path.display().to_string(), &text, findings)?;
    let given = given(&document, findings).in_folder(path.parent().unwrap_or(Path::new("")));
    Some((document, given))
}

/// What a document gives; entries that cannot be honoured are told and left out.
fn given(document: &Document, findings: &mut Vec<Finding>) -> GivenOptions {
    let mut value = document.root().clone();
    // The form first, in the words of all our files; then what only the types know.
    let mut of_form = explain::<GivenOptions>(document);
    check_faults(document, &mut of_form);
    // From behind, so that the numbers of items stay right.
    for finding in of_form.iter().rev() {
        remove(&mut value, &finding.pointer);
    }
    // Without a part that it needs, a fault would be told twice.
    if of_form.iter().any(|finding| finding.pointer.starts_with("/faults")) {
        remove(&mut value, "/faults");
    }
    findings.extend(of_form);
    if let Some(root) = value.as_object_mut() {
        root.entry("tombstone").or_insert(FORMAT_VERSION.into());
    }
    loop {
        let error = match serde_path_to_error::deserialize::<_, GivenOptions>(&value) {
            Ok(given) => return given,
            Err(error) => error,
        };
        let pointer = pointer(error.path());
        // What is taken away is never looked at again, so this ends.
        if !remove(&mut value, &pointer) {
            if !findings.iter().any(|finding| finding.file == *document.file()) {
                findings.push(document.error(&pointer, error.inner().to_string()));
            }
            return GivenOptions::default();
        }
        findings.push(document.error(&pointer, error.inner().to_string()));
    }
}

/// What is wrong with each fault beyond its form.
fn check_faults(document: &Document, findings: &mut Vec<Finding>) {
    let faults = document.root()["faults"].as_array();
    for (index, fault) in faults.into_iter().flatten().enumerate() {
        let place = child("/faults", index);
        // In its own words, which know what could be written instead.
        findings.retain(|finding| {
            finding.pointer != place && !finding.pointer.starts_with(&format!("{place}/"))
        });
        let problems = FaultFormat::read(fault).and_then(Fault::compile).err();
        findings.extend(problems.into_iter().flatten().map(|problem| {
            let finding = document.error(&format!("{place}{}", problem.pointer), problem.message);
            Finding { hint: problem.hint, ..finding }
        }));
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Map { key } => child(&pointer, key),
        Segment::Seq { index } => child(&pointer, index),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// Takes an entry out; whether it was there.
fn remove(root: &mut Value, pointer: &str) -> bool {
    let Some((around, token)) = pointer.rsplit_once('/') else { return false };
    match root.pointer_mut(around) {
        Some(Value::Object(map)) => map.shift_remove(&*unescaped(token)).is_some(),
        Some(Value::Array(items)) => match token.parse() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}
