//! What is expected of a sandbox, as it is written: in JSON, or in Rust with the same words.
//!
//! Must not know what happened, nor which operations and resources there are.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most expectations of one verification: each may look at every record.
pub const EXPECTATIONS_MAX: usize = 200;

/// The most problems that are told at once: who made more of them reads no further.
pub(super) const PROBLEMS_MAX: usize = 20;

/// Everything that is expected of a sandbox.
///
/// ```
/// use tombstone::control::{Calls, Expectation, Records, Verification};
///
/// let erased = Verification::of([
///     Expectation::calls(Calls::of("deleteShop").status(204)).times(1),
///     Expectation::deleted(Records::of("orders").with("shop_id", 42)).at_least(1),
///     Expectation::untouched(Records::of("customers")),
///     Expectation::no_residue("shop-42@example.com").described("the shop's address is gone"),
/// ]);
/// # assert_eq!(erased.expectations.len(), 4);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["expectations"]))]
pub struct Verification {
    /// Only what happened from this request on counts, by its `Tombstone-Request-Id`; everything since the sandbox
    /// began, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// What is expected, each by itself.
    pub expectations: Vec<Expectation>,
}

/// One thing that is expected: exactly one of `calls`, `order`, `deleted`, `created`, `updated`, `untouched`, `exists`,
/// `absent` and `no_residue`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// What it is called in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Such calls were made, at least one unless `count` says otherwise. What was only tried (`Prefer: dry-run`) is no
    /// call; what was undone later is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<Calls>,
    /// Such calls were made in this order, whatever came between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<Calls>>,
    /// Such records were there and are not any more, at least one unless `count` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Records>,
    /// Such records were not there and are now, at least one unless `count` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Records>,
    /// Such records were there and are others now, at least one unless `count` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Records>,
    /// All such records that were there are the same now, and none has come; at least one was there, unless `count` says
    /// otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untouched: Option<Records>,
    /// Such records are there now, at least one unless `count` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<Records>,
    /// No such record is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<Records>,
    /// This value occurs nowhere in any record, not even within a longer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_residue: Option<String>,
    /// How many there are of what is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
}

/// Which calls are meant: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// Of this operation, by its `operationId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// To this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// With an answer of this status, or of this class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// With this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// With a path that fits, as it was sent or without the provider's name in front: `*` is any text within a segment,
    /// `**` any number of segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Decided by a rule with this text in its label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// A status, or a class of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a status such as `404`, or a class such as `\"4xx\"`")]
pub enum Status {
    /// Such as `404`.
    Code(u16),
    /// Such as `4xx`.
    Class(String),
}

/// Which records are meant: those of a resource that fit everything else that is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["resource"]))]
pub struct Records {
    /// Whose they are; needed where several providers have a resource of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Their resource.
    pub resource: String,
    /// The one with this key: as a path has it (the parts separated by `,`), a number, or an array of parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// Those with these values: of a record that was deleted or updated as it was before, of one that came as it is now.
    #[serde(rename = "where", skip_serializing_if = "IndexMap::is_empty")]
    pub conditions: IndexMap<String, Value>,
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number, or `min` and `max`")]
pub enum Count {
    /// So many, no more and no less.
    Exactly(u64),
    /// Within bounds.
    Range(CountRange),
}

/// Bounds, one of them at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CountRange {
    /// At least so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

impl Verification {
    /// All of these are expected.
    pub fn of(expectations: impl IntoIterator<Item = Expectation>) -> Self {
        Self { since: None, expectations: expectations.into_iter().collect() }
    }

    /// Only what happened from this request on counts.
    #[must_use]
    pub fn since(self, request: u64) -> Self {
        Self { since: Some(request), ..self }
    }

    /// One more thing is expected.
    #[must_use]
    pub fn and(mut self, expectation: Expectation) -> Self {
        self.expectations.push(expectation);
        self
    }
}

impl From<Expectation> for Verification {
    fn from(expectation: Expectation) -> Self {
        Self::of([expectation])
    }
}

impl Expectation {
    /// Such calls were made.
    pub fn calls(calls: Calls) -> Self {
        Self { calls: Some(calls), ..Self::default() }
    }

    /// Such calls were made in this order.
    pub fn order(calls: impl IntoIterator<Item = Calls>) -> Self {
        Self { order: Some(calls.into_iter().collect()), ..Self::default() }
    }

    /// Such records are gone.
    pub fn deleted(records: Records) -> Self {
        Self { deleted: Some(records), ..Self::default() }
    }

    /// Such records have come.
    pub fn created(records: Records) -> Self {
        Self { created: Some(records), ..Self::default() }
    }

    /// Such records have changed.
    pub fn updated(records: Records) -> Self {
        Self { updated: Some(records), ..Self::default() }
    }

    /// No such record has changed, gone or come.
    pub fn untouched(records: Records) -> Self {
        Self { untouched: Some(records), ..Self::default() }
    }

    /// Such records are there.
    pub fn exists(records: Records) -> Self {
        Self { exists: Some(records), ..Self::default() }
    }

    /// No such record is there.
    pub fn absent(records: Records) -> Self {
        Self { absent: Some(records), ..Self::default() }
    }

    /// The value occurs in no record.
    pub fn no_residue(value: impl Into<String>) -> Self {
        Self { no_residue: Some(value.into()), ..Self::default() }
    }

    /// What it is called in the answer.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// So many of them, no more and no less.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { count: Some(Count::Exactly(count)), ..self }
    }

    /// None of them.
    #[must_use]
    pub fn never(self) -> Self {
        self.times(0)
    }

    /// At least so many of them.
    #[must_use]
    pub fn at_least(self, min: u64) -> Self {
        let range = CountRange { min: Some(min), ..self.range() };
        Self { count: Some(Count::Range(range)), ..self }
    }

    /// At most so many of them.
    #[must_use]
    pub fn at_most(self, max: u64) -> Self {
        let range = CountRange { max: Some(max), ..self.range() };
        Self { count: Some(Count::Range(range)), ..self }
    }

    fn range(&self) -> CountRange {
        match self.count {
            Some(Count::Range(range)) => range,
            _ => CountRange::default(),
        }
    }
}

impl Calls {
    /// Any call.
    pub fn any() -> Self {
        Self::default()
    }

    /// Calls of this operation.
    pub fn of(operation: impl Into<String>) -> Self {
        Self { operation: Some(operation.into()), ..Self::default() }
    }

    /// To this provider.
    #[must_use]
    pub fn provider(self, name: impl Into<String>) -> Self {
        Self { provider: Some(name.into()), ..self }
    }

    /// With an answer of this status (`404`) or class (`"4xx"`).
    #[must_use]
    pub fn status(self, status: impl Into<Status>) -> Self {
        Self { status: Some(status.into()), ..self }
    }

    /// With this method.
    #[must_use]
    pub fn method(self, method: impl Into<String>) -> Self {
        Self { method: Some(method.into()), ..self }
    }

    /// With a path that fits this pattern.
    #[must_use]
    pub fn path(self, pattern: impl Into<String>) -> Self {
        Self { path: Some(pattern.into()), ..self }
    }

    /// Decided by a rule with this text in its label.
    #[must_use]
    pub fn rule(self, text: impl Into<String>) -> Self {
        Self { rule: Some(text.into()), ..self }
    }
}

impl From<u16> for Status {
    fn from(code: u16) -> Self {
        Self::Code(code)
    }
}

impl From<&str> for Status {
    fn from(class: &str) -> Self {
        Self::Class(class.to_owned())
    }
}

impl Records {
    /// The records of this resource.
    pub fn of(resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), ..Self::default() }
    }

    /// Of this provider.
    #[must_use]
    pub fn provider(self, name: impl Into<String>) -> Self {
        Self { provider: Some(name.into()), ..self }
    }

    /// The one with this key.
    #[must_use]
    pub fn key(self, key: impl Into<Value>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Those with this value.
    #[must_use]
    pub fn with(mut self, property: impl Into<String>, value: impl Into<Value>) -> Self {
        self.conditions.insert(property.into(), value.into());
        self
    }
}
