//! What was inferred as the text of files, with remarks where a person should decide.
//!
//! Must not know where the files are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Method;
use serde_json::{Map, Value};

use crate::infer::resource::{Resource, Survey};
use crate::infer::words::words;
use crate::infer::{InferOptions, Inferred};
use crate::openapi::{Contract, called};
use crate::printable::printable;
use crate::yaml::push_entry;

/// What a remark begins with that a person should act on.
const DECIDE: &str = "# decide: ";

/// Properties that hardly two records have the same of.
const UNIQUE: [&str; 7] = ["slug", "email", "username", "login", "handle", "code", "name"];

/// Words of properties that mark a record as deleted.
const MARKS: [&str; 4] = ["deleted", "archived", "trashed", "removed"];

/// Last segments of paths that bring a record back.
const RESTORING: [&str; 5] = ["restore", "undelete", "unarchive", "recover", "untrash"];

/// The behavior file that says what was inferred of a contract.
pub fn behavior_text(contract: &Contract, inferred: &Inferred, options: &InferOptions) -> String {
    let remarks = remarks(contract, options);
    let mut text = format!(
        "# How {} behaves, as far as its contract tells.\n\
         # Each operation says in `inferred` what it is supposed to do and why. Take that line away where you have looked at\n\
         # it: the rules then answer all by themselves.\n",
        printable(&contract.title)
    );
    push_who_may(&mut text, contract);
    for (key, value) in &inferred.behavior {
        match (key.as_str(), value) {
            ("resources", Value::Object(resources)) if !resources.is_empty() => {
                text.push_str("\nresources:\n");
                push_resources(&mut text, resources, &remarks);
            }
            ("operations", Value::Object(operations)) if !operations.is_empty() => {
                text.push_str("\noperations:\n");
                push_operations(&mut text, contract, operations);
            }
            _ => push_entry(&mut text, 0, key, value),
        }
    }
    push_left(&mut text, contract, inferred);
    text
}

/// The fixture file with the records that were inferred.
pub fn fixtures_text(contract: &Contract, records: &Map<String, Value>) -> String {
    let mut text = format!(
        "# The records that {} starts from: the examples of its contract, else made up.\n",
        printable(&contract.title)
    );
    push_entry(&mut text, 0, "tombstone", &crate::behavior::FORMAT_VERSION.into());
    text.push('\n');
    push_entry(&mut text, 0, "records", &Value::Object(records.clone()));
    text
}

/// How many remarks of a text ask a person to decide.
pub fn decisions(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with(DECIDE)).count()
}

fn push_who_may(text: &mut String, contract: &Contract) {
    let names: Vec<&str> = contract.security_schemes.keys().map(String::as_str).collect();
    if let Some(first) = names.first() {
        let _ = write!(
            text,
            "#\n{DECIDE}who may call. The contract has {}, and every credential passes. Keep them in records to know callers:\n\
             #   security: {{ {}: {{ find: users, by: token }} }}\n",
            names
                .iter()
                .map(|name| format!("`{}`", printable(name)))
                .collect::<Vec<_>>()
                .join(", "),
            printable(first),
        );
    }
}

fn push_resources(
    text: &mut String,
    resources: &Map<String, Value>,
    remarks: &BTreeMap<String, Vec<String>>,
) {
    for (number, (name, resource)) in resources.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        let _ = writeln!(text, "  {name}:");
        for remark in remarks.get(name).into_iter().flatten() {
            let _ = writeln!(text, "    {DECIDE}{remark}");
        }
        for (key, value) in resource.as_object().into_iter().flatten() {
            push_entry(text, 4, key, value);
        }
    }
}

fn push_operations(text: &mut String, contract: &Contract, operations: &Map<String, Value>) {
    for (number, (id, format)) in operations.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        if let Some(operation) = contract.operations.iter().find(|one| one.id == *id) {
            let path = called(&operation.template, &operation.conditions);
            let _ = writeln!(text, "  # {} {}", operation.method, printable(&path));
        }
        let mut entry = String::new();
        push_entry(&mut entry, 2, id, &Value::Null);
        let _ = writeln!(text, "{}", entry.trim_end().trim_end_matches("null").trim_end());
        for (key, value) in format.as_object().into_iter().flatten() {
            push_entry(text, 4, key, value);
        }
    }
}

/// The operations that the contract alone answers.
fn push_left(text: &mut String, contract: &Contract, inferred: &Inferred) {
    if inferred.left.is_empty() {
        return;
    }
    text.push_str("\n# The contract alone answers:\n");
    for operation in &contract.operations {
        if let Some(why) = inferred.left.get(&operation.id) {
            let id = printable(&operation.id);
            let _ = writeln!(text, "#   {id}: {}", printable(why));
        }
    }
}

/// What a person should decide of each resource.
fn remarks(contract: &Contract, options: &InferOptions) -> BTreeMap<String, Vec<String>> {
    let survey = Survey::new(contract);
    let resources = survey.resources();
    let wanted = resources.iter().filter(|one| !options.except.contains(&one.name));
    let told = wanted.map(|one| {
        let told = [
            on_delete(&survey, one, &resources, options),
            unique(&survey, one),
            marked(&survey, one),
        ];
        (one.name.clone(), told.into_iter().flatten().collect())
    });
    told.collect()
}

/// What becomes of the records below one that is deleted.
fn on_delete(
    survey: &Survey<'_>,
    of: &Resource<'_>,
    all: &[Resource<'_>],
    options: &InferOptions,
) -> Option<String> {
    let parent = &all[of.parent?.0];
    if options.except.contains(&parent.name) {
        return None;
    }
    let item = parent.addresses.iter().find_map(|address| address.item.as_deref());
    let path = item.unwrap_or(&parent.addresses.first()?.collection);
    let delete = survey.operation(path, &Method::DELETE)?;
    let refusal = delete.responses.get("409").map(|_| {
        format!(
            ", and `{}` documents 409, as `on_delete: restrict` would answer",
            printable(&delete.id)
        )
    });
    let refusal = refusal.unwrap_or_default();
    Some(format!(
        "these go with their {}{refusal}. `restrict` refuses while there are any, `keep` leaves them",
        parent.in_words()
    ))
}

/// Properties of which no two records may have the same.
fn unique(survey: &Survey<'_>, of: &Resource<'_>) -> Option<String> {
    let create =
        of.addresses.iter().find_map(|one| survey.operation(&one.collection, &Method::POST))?;
    create.responses.get("409")?;
    let shape = of.shape()?;
    let mut known = shape.names().filter(|name| **name != *of.key.property);
    let likely = known.find(|name| UNIQUE.contains(&name.to_lowercase().as_str()))?;
    let id = printable(&create.id);
    Some(format!(
        "`{id}` documents 409; is a property unique, as in `unique: [{}]`?",
        printable(likely)
    ))
}

/// Evidence that a deletion only marks records, where it is not enough to have it do so.
fn marked(survey: &Survey<'_>, of: &Resource<'_>) -> Option<String> {
    if of.mark.is_some() {
        return None;
    }
    let item = of.addresses.iter().find_map(|address| address.item.as_deref())?;
    let delete = survey.operation(item, &Method::DELETE)?;
    let mark = of.shape().and_then(|shape| {
        shape.names().find(|name| words(name).iter().any(|word| MARKS.contains(&word.as_str())))
    });
    let restoring =
        RESTORING.iter().find(|verb| survey.places.contains_key(&format!("{item}/{verb}")));
    let evidence = match (mark, restoring) {
        (Some(mark), _) => format!("records have `{}`", printable(mark)),
        (None, Some(verb)) => format!("there is `…/{verb}`"),
        (None, None) => return None,
    };
    let id = printable(&delete.id);
    Some(format!(
        "`{id}` may only mark the record: {evidence}. Then `update` it, and hide it with `keep_if`"
    ))
}
