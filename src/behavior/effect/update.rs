//! `update`: properties of records change, said by what to set, by a merge patch or by a JSON Patch.
//!
//! Must not know records that come or go.

use std::sync::Arc;

use json_patch::{CopyOperation, PatchOperation};
use serde_json::{Map, Value as Json};

use crate::behavior::effect::format::EffectFormat;
use crate::behavior::effect::plan::{Effect, Job, Planned, Planner, Stopped, targets_of};
use crate::behavior::effect::read::EffectReader;
use crate::behavior::names::{NamesInScope, expression};
use crate::behavior::overlay::Overlay;
use crate::behavior::shape::Shapes;
use crate::expression::{Expression, Template, Value, to_json};
use crate::json::merged;
use crate::memory::value_bytes;
use crate::store::{Edit, Key};

/// The most operations of one JSON Patch: each may move all elements of a list.
const PATCH_OPERATIONS_MAX: usize = 1_000;

/// The most that the copies of one JSON Patch may add to a record, in bytes: each can double it.
const COPIED_BYTES_MAX: usize = 1024 * 1024;

/// Changes properties of records.
#[derive(Debug)]
pub(super) struct Update {
    targets: Expression,
    how: How,
}

/// How the new properties are said.
#[derive(Debug)]
enum How {
    /// Properties to set, as they are.
    Set(Template),
    /// RFC 7396.
    Merge(Template),
    /// RFC 6902.
    JsonPatch(Expression),
}

impl Update {
    pub(super) fn read(
        text: &str,
        format: &EffectFormat,
        pointer: &str,
        names: &NamesInScope<'_>,
        reader: &mut EffectReader<'_, '_>,
    ) -> Option<(Self, Option<usize>)> {
        let place = format!("{pointer}/update");
        let (targets, target) = reader.targets(text, &place, names)?;
        let names = names.clone().and("record", target.kind);
        let resource = target.number;
        let how = match (&format.set, &format.merge, &format.json_patch) {
            (Some(set), None, None) => {
                How::Set(reader.properties(set, &format!("{pointer}/set"), &names, resource)?)
            }
            (None, Some(merge), None) => How::Merge(reader.properties(
                merge,
                &format!("{pointer}/merge"),
                &names,
                resource,
            )?),
            (None, None, Some(patch)) => {
                let place = format!("{pointer}/json_patch");
                How::JsonPatch(expression(patch, &place, &names, reader.notes)?.0)
            }
            (None, None, None) => {
                reader.properties_missing(pointer, "set", "say which properties change");
                return None;
            }
            _ => {
                let message = "only one of `set`, `merge` and `json_patch` can say what changes";
                reader.notes.error(&place, message, "keep one of them".to_owned());
                return None;
            }
        };
        Some((Self { targets, how }, resource))
    }

    /// What of one record becomes what.
    fn edit(
        &self,
        planner: &Planner<'_>,
        (resource, key): (usize, Key),
        scope: &Value,
    ) -> Result<Edit, Stopped> {
        let Some(record) = planner.snapshot.store.get(resource, &key) else {
            let name = &planner.snapshot.shapes[resource].name;
            return Err(Stopped::Fault(format!("`{name}` has no record `{key}` any more")));
        };
        let names = [("record", planner.snapshot.record(resource, &key))];
        let scope = Overlay::over(scope, names);
        let object = |value: Json| match value {
            Json::Object(properties) => Ok(properties),
            other => Err(Stopped::Fault(format!("properties are an object, not `{other}`"))),
        };
        let whole = || Json::Object(record.fields().into_owned());
        Ok(match &self.how {
            How::Set(set) => {
                Edit::Update { resource, key, properties: object(set.render(&scope)?)? }
            }
            How::Merge(merge) => {
                let patch = object(merge.render(&scope)?)?;
                let fields = object(merged(whole(), Json::Object(patch)))?;
                Edit::Replace { resource, key, fields }
            }
            How::JsonPatch(patch) => {
                let fields = patched(whole(), &patch.eval(&scope)?);
                let fields = fields.map_err(|message| Stopped::Conflict {
                    reason: "json_patch",
                    resource: planner.snapshot.shapes[resource].name.clone(),
                    message,
                })?;
                Edit::Replace { resource, key, fields }
            }
        })
    }
}

/// The properties after a JSON Patch (RFC 6902); an `Err` says why it does not apply.
fn patched(mut record: Json, patch: &Value) -> Result<Map<String, Json>, String> {
    let wrong = |reason: String| format!("the JSON Patch cannot be applied: {reason}");
    let patch: json_patch::Patch =
        serde_json::from_value(to_json(patch)).map_err(|error| wrong(error.to_string()))?;
    if patch.len() > PATCH_OPERATIONS_MAX {
        return Err(wrong(format!("it has more than {PATCH_OPERATIONS_MAX} operations")));
    }
    let mut copied = 0;
    for (number, operation) in patch.iter().enumerate() {
        if let PatchOperation::Copy(CopyOperation { from, .. }) = operation {
            copied += record.pointer(from.as_str()).map_or(0, value_bytes);
            if copied > COPIED_BYTES_MAX {
                return Err(wrong(format!("operation {number} copies too much")));
            }
        }
        json_patch::patch(&mut record, std::slice::from_ref(operation)).map_err(|error| {
            wrong(format!("operation {number} at `{}`: {}", error.path, error.kind))
        })?;
    }
    match record {
        Json::Object(fields) => Ok(fields),
        _ => Err(wrong("a record is an object".to_owned())),
    }
}

impl Effect for Update {
    fn plan(&self, planner: &mut Planner<'_>, scope: &Value) -> Result<Planned, Stopped> {
        let targets = targets_of(&self.targets.eval(scope)?)?;
        let record = targets.first().cloned();
        let edits: Result<Vec<Edit>, Stopped> =
            targets.into_iter().map(|target| self.edit(planner, target, scope)).collect();
        let changes = planner.snapshot.store.plan(edits?)?;
        let resource = record.as_ref().map(|(resource, _)| *resource);
        let changes =
            planner.held(changes).map_err(|stopped| match (&self.how, resource, stopped) {
                // The caller wrote the patch, not the file.
                (How::JsonPatch(_), Some(resource), Stopped::Fault(message)) => Stopped::Conflict {
                    reason: "unfit",
                    resource: Arc::clone(&planner.snapshot.shapes[resource].name),
                    message,
                },
                (_, _, stopped) => stopped,
            })?;
        Ok(Planned { changes, record })
    }

    fn in_words(&self, _: &Shapes, _: &[Job]) -> String {
        format!("update `{}`", self.targets.source())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expression::from_json_owned;

    fn patch(record: Json, operations: &[Json]) -> Result<Map<String, Json>, String> {
        patched(record, &from_json_owned(Json::Array(operations.to_vec())))
    }

    #[test]
    fn copies_that_double_the_record_each_time_are_refused() {
        let copy =
            |number: usize| json!({ "op": "copy", "from": "", "path": format!("/{number}") });
        let record = json!({ "text": "x".repeat(100) });
        let few: Vec<Json> = (0..3).map(copy).collect();
        assert_eq!(patch(record.clone(), &few).unwrap().len(), 4);
        let many: Vec<Json> = (0..64).map(copy).collect();
        let refused = patch(record, &many).unwrap_err();
        assert!(refused.ends_with("copies too much"), "{refused}");
    }

    #[test]
    fn the_operation_that_does_not_apply_is_told() {
        let operations = [
            json!({ "op": "add", "path": "/a", "value": 1 }),
            json!({ "op": "remove", "path": "/b" }),
        ];
        let refused = patch(json!({}), &operations).unwrap_err();
        assert!(refused.contains("operation 1 at `/b`"), "{refused}");
        let many = vec![json!({ "op": "add", "path": "/a", "value": 1 }); PATCH_OPERATIONS_MAX + 1];
        assert!(patch(json!({}), &many).unwrap_err().contains("more than 1000 operations"));
    }
}
