//! Effects as they are written.
//!
//! Must not know what they mean.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// One effect: what it is, and the keys that go with it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct EffectFormat {
    /// Effect: an expression for the record or records to delete; relations carry the rest.
    #[serde(default)]
    pub delete: Option<String>,
    /// Effect: an expression for the record or records to change, with `set`, `merge` or `json_patch`.
    #[serde(default)]
    pub update: Option<String>,
    /// With `update`: the properties to set, as a template that gives an object; `record` is the record as it was. What is
    /// absent is left as it is.
    #[serde(default)]
    pub set: Option<Value>,
    /// With `update`: a merge patch (RFC 7396), as a template that gives an object: null removes a property.
    #[serde(default)]
    pub merge: Option<Value>,
    /// With `update`: an expression for a JSON Patch (RFC 6902), a list of operations.
    #[serde(default)]
    pub json_patch: Option<String>,
    /// Effect: an expression for the record whose properties are replaced by those in `with`; its key stays.
    #[serde(default)]
    pub replace: Option<String>,
    /// Effect: the resource in which to create a record.
    #[serde(default)]
    pub create: Option<String>,
    /// With `create` and `replace`: the record, as a template that gives an object; what is absent is left out. With
    /// `start_job`: the job's arguments.
    #[serde(default)]
    pub with: Option<Value>,
    /// Effect: the job to start.
    #[serde(default)]
    pub start_job: Option<String>,
    /// The name by which later effects and the answer know the record that was created or changed: `made.<name>`. The name
    /// of its resource unless given.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
}

/// One of several effects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepFormat {
    /// `name in list`: the effect is made for each element of a list, in order, which has that name in its other keys.
    #[serde(default, rename = "for")]
    pub each: Option<String>,
    /// An expression: the effect is made only where it holds. It reads the element, and like all expressions the records as
    /// they were before the request.
    #[serde(default)]
    pub when: Option<String>,
    /// The effect.
    #[serde(flatten)]
    pub effect: EffectFormat,
}

impl EffectFormat {
    /// The keys that name an effect, and those of them that are given, with their texts.
    pub(super) fn given(&self) -> Vec<(&'static str, &String)> {
        let all = [
            ("delete", &self.delete),
            ("update", &self.update),
            ("replace", &self.replace),
            ("create", &self.create),
            ("start_job", &self.start_job),
        ];
        all.into_iter().filter_map(|(kind, text)| Some((kind, text.as_ref()?))).collect()
    }

    /// The keys that go with an effect and are given, each with the effects that it goes with.
    pub(super) fn beside(&self) -> Vec<(&'static str, &'static [&'static str])> {
        let all: [(_, bool, &[_]); 5] = [
            ("set", self.set.is_some(), &["update"]),
            ("merge", self.merge.is_some(), &["update"]),
            ("json_patch", self.json_patch.is_some(), &["update"]),
            ("with", self.with.is_some(), &["create", "replace", "start_job"]),
            ("as", self.name.is_some(), &["create", "update", "replace", "start_job"]),
        ];
        let given = all.into_iter().filter(|(_, is_given, _)| *is_given);
        given.map(|(key, _, effects)| (key, effects)).collect()
    }
}
