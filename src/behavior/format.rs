//! The behavior file as it is written: its types, from which its JSON Schema is generated too.
//!
//! Must not know what any of it means; `compile` gives it a meaning.

use indexmap::IndexMap;
use jsonschema::error::ValidationErrorKind;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use crate::behavior::effect::{EffectFormat, StepFormat};
use crate::behavior::forms::Forms;
pub use crate::behavior::list::{ListFormat, PageFormat, SearchFormat, SortFormat};
pub use crate::behavior::one_or_many::OneOrMany;
use crate::finding::{Finding, did_you_mean};
use crate::pointer::{child, unescaped};
use crate::yaml::Document;

/// The version of our file formats that this program reads.
pub const FORMAT_VERSION: u32 = 1;

/// How an API behaves: what it remembers, who may call, and what each operation decides.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Tombstone behavior file", inline)]
pub struct BehaviorFile {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub tombstone: u32,
    /// What this file does not say is inferred from the contract: its resources, operations and records of the same names go
    /// before what would be. Without it, an operation that is not here is answered by the contract alone.
    #[serde(default)]
    pub infer: Option<InferFormat>,
    /// Values that expressions read as `settings.<name>`: text, numbers, or durations such as `10s`, `5m`, `24h`.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// What the service remembers, by name. Fixtures are checked against this.
    #[serde(default)]
    pub resources: IndexMap<String, ResourceFormat>,
    /// How a presented credential becomes a caller, by the contract's security scheme.
    #[serde(default)]
    pub security: IndexMap<String, SchemeFormat>,
    /// In which order a request is judged; the first stage with something wrong answers.
    #[serde(default)]
    pub order: Option<Vec<StageFormat>>,
    /// How this API words what can go wrong on any operation.
    #[serde(default)]
    pub failures: FailuresFormat,
    /// How violations are worded, by keyword (`type.boolean`, `required`, `default`); `v` is the violation.
    #[serde(default)]
    pub messages: IndexMap<String, String>,
    /// What each operation decides, by its `operationId`.
    #[serde(default)]
    pub operations: IndexMap<String, OperationFormat>,
    /// Work that goes on after the answer, by name.
    #[serde(default)]
    pub jobs: IndexMap<String, JobFormat>,
}

/// Whether more is inferred, or all but some.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum InferFormat {
    /// All, or nothing.
    All(bool),
    /// All but some.
    Except {
        /// The operations and resources of which nothing is inferred, by their names.
        except: Vec<String>,
    },
}

impl InferFormat {
    /// The names of which nothing is inferred; `None` where nothing is inferred at all.
    pub fn except(&self) -> Option<&[String]> {
        match self {
            Self::All(all) => all.then_some(&[]),
            Self::Except { except } => Some(except),
        }
    }
}

/// One kind of record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceFormat {
    /// The property that identifies a record, or several of them.
    pub key: KeyFormat,
    /// Properties, or groups of properties, of which no two records have the same values.
    #[serde(default)]
    pub unique: Vec<OneOrMany<String>>,
    /// Properties that count on: a record that is created without one gets the next whole number, which is not given again
    /// when a record goes.
    #[serde(default)]
    pub counters: IndexMap<String, CounterFormat>,
    /// JSON Schema (2020-12) of a record, or `$ref` to a schema of the contract; `nullable` is honoured. No record is
    /// written that does not fit it.
    #[serde(default)]
    pub schema: Option<Value>,
    /// How records look outside, by the view's name; `default` is the one that `record | view` gives.
    #[serde(default)]
    pub views: IndexMap<String, ViewFormat>,
    /// References to other records, by the relation's name.
    #[serde(default)]
    pub belongs_to: IndexMap<String, RelationFormat>,
    /// Whether `was_deleted(key)` knows the keys of records that were deleted.
    #[serde(default)]
    pub remembers_deleted: bool,
}

/// Where a property counts on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CounterFormat {
    /// For each value of that property, or of those together, from the beginning: `number: project_id`. `[]`: for all records
    /// together.
    Within(OneOrMany<String>),
    /// The same, and whether numbers come back.
    Full(FullCounterFormat),
}

/// Where a property counts on, and whether numbers come back.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullCounterFormat {
    /// The property, or properties, for each of whose values it counts from the beginning.
    #[serde(default)]
    pub within: Option<OneOrMany<String>>,
    /// The highest number is given again when its record is gone.
    #[serde(default)]
    pub reuse: bool,
}

/// How a record looks outside. Without any of these, it is its properties.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ViewFormat {
    /// The properties that are shown; all, unless given.
    pub only: Option<Vec<String>>,
    /// Properties that are not shown; `author.email` is one inside of another, also of each in a list.
    pub hide: Vec<String>,
    /// Other names for properties: the name inside, and the one outside.
    pub rename: IndexMap<String, String>,
    /// What is shown beside the properties, as templates; `record` is the record.
    pub add: Map<String, Value>,
    /// Names that `add` reads beside `record`, each with the value that it has where `view('name', depth=2)` does not say
    /// another.
    pub parameters: Map<String, Value>,
}

/// What identifies a record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum KeyFormat {
    /// One property. A record that is created without it gets the next whole number, or a text that fits the schema.
    Property(String),
    /// Several properties together.
    Properties(Vec<String>),
    /// One property whose value is generated by a pattern when a record is created without it.
    Generated(GeneratedKeyFormat),
}

/// A key that the sandbox makes up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneratedKeyFormat {
    /// The property.
    pub field: String,
    /// A regular expression that made-up values match, such as `[A-Za-z0-9]{20}`.
    pub pattern: String,
}

/// A reference from one kind of record to another, and what becomes of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationFormat {
    /// The resource that is referred to.
    pub resource: String,
    /// Where the key of the record referred to stands; `mentions[].user_id` looks into the items of a list.
    pub by: OneOrMany<String>,
    /// What becomes of this record when the one it refers to is deleted.
    pub on_delete: OnDeleteFormat,
    /// The record referred to may be missing.
    #[serde(default)]
    pub optional: bool,
    /// The name that the record referred to knows these records by; their resource's name unless given.
    #[serde(default)]
    pub inverse: Option<String>,
}

/// What becomes of a record when one that it refers to is deleted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDeleteFormat {
    /// It is deleted too.
    Cascade,
    /// The deletion is refused.
    Restrict,
    /// The reference is set to null (or taken away where its schema has no null), or dropped from its list.
    Unlink,
    /// It stays as it is, and its reference leads nowhere from then on.
    Keep,
    /// The deletion is refused, with this answer.
    #[serde(untagged)]
    RestrictWith(Box<RestrictFormat>),
    /// It changes: these properties are set.
    #[serde(untagged)]
    Update(UpdateFormat),
}

/// `restrict`, and the answer it gives.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestrictFormat {
    /// The answer that is given instead.
    pub restrict: RefusalFormat,
}

/// An answer and nothing else.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalFormat {
    /// The answer.
    #[serde(flatten)]
    pub answer: AnswerFormat,
}

/// `update`, and what is set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateFormat {
    /// Properties to set, as a template; `record` is the record as it was.
    pub update: Map<String, Value>,
}

/// How a credential becomes a caller.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemeFormat {
    /// The resource, or resources in turn, that hold such credentials.
    pub find: OneOrMany<String>,
    /// The property that holds the credential as presented; a key or a unique property.
    pub by: String,
    /// An expression: the credential is rejected when it holds.
    #[serde(default)]
    pub reject_when: Option<String>,
    /// The property that says when the credential expires: RFC 3339 text or seconds since the epoch.
    #[serde(default)]
    pub expires: Option<String>,
    /// An expression: who is calling. The credential's own record unless given.
    #[serde(default)]
    pub principal: Option<String>,
}

/// The stages in which a request is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageFormat {
    /// The credentials.
    Security,
    /// The path, query, header and cookie parameters.
    Parameters,
    /// Whether the body can be read, and its outermost value.
    Envelope,
    /// What is inside the body.
    Body,
}

/// The order of stages unless a file names another.
pub(crate) const ORDER: [StageFormat; 4] =
    [StageFormat::Security, StageFormat::Parameters, StageFormat::Envelope, StageFormat::Body];

/// What can go wrong on any operation.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FailuresFormat {
    /// No credential, or one that is not good.
    pub unauthenticated: Option<OneOrMany<RuleFormat>>,
    /// The request does not fit the contract.
    pub invalid_request: Option<OneOrMany<RuleFormat>>,
    /// No operation has this path.
    pub unknown_route: Option<OneOrMany<RuleFormat>>,
    /// No operation has this method on this path.
    pub wrong_method: Option<OneOrMany<RuleFormat>>,
    /// An effect does not go with the records as they are: a key or a unique value is taken, or a JSON Patch does not apply
    /// or makes a record that does not fit its schema. `conflict` has `reason` (`key_taken`, `not_unique`, `json_patch` or
    /// `unfit`), `resource` and `message`.
    pub conflict: Option<OneOrMany<RuleFormat>>,
    /// What the caller expects of the entity tag (`If-Match`, `If-None-Match`) is not so.
    pub precondition_failed: Option<OneOrMany<RuleFormat>>,
    /// Another request was made with the idempotency key of this one.
    pub idempotency_mismatch: Option<OneOrMany<RuleFormat>>,
    /// The service itself fails.
    pub internal: Option<OneOrMany<RuleFormat>>,
}

/// What one operation decides.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationFormat {
    /// Named expressions, evaluated when first read and only once.
    #[serde(default, rename = "let")]
    pub names: IndexMap<String, String>,
    /// The records that it lists, as `list` in its rules.
    #[serde(default)]
    pub list: Option<ListFormat>,
    /// An expression for the entity tag of what is asked for: its successes are sent with it as `ETag`, `If-None-Match` is
    /// answered 304, and what `If-Match` does not match is not done.
    #[serde(default)]
    pub etag: Option<String>,
    /// Requests that are repeated with the same key get the answer that the first one got, and change nothing.
    #[serde(default)]
    pub idempotency: Option<IdempotencyFormat>,
    /// The decision table: the first rule that holds decides.
    pub rules: Vec<RuleFormat>,
    /// Failures that this operation words in its own way.
    #[serde(default)]
    pub failures: FailuresFormat,
    /// Why all this is supposed, where nobody has looked at it yet. As long as it stands here, the contract alone refuses
    /// what departs from it, responses that no rule gives are not missed, and what does not fit of a body is replaced by
    /// what is documented.
    #[serde(default)]
    pub inferred: Option<String>,
    /// Query parameters that change nothing here; a request that has one is told so.
    #[serde(default)]
    pub ignores: Vec<String>,
    /// The line of the contract that it was inferred from.
    #[serde(skip)]
    pub contract_line: Option<u32>,
}

/// How an operation knows a request that is repeated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdempotencyFormat {
    /// An expression for the key, such as `header['Idempotency-Key']`; a request without one is like no other.
    pub key: String,
    /// How long an answer is kept, such as `24h`, or an expression such as `settings.keys_last`: 24 hours, unless given.
    #[serde(default = "a_day", rename = "for")]
    pub lasts: String,
}

fn a_day() -> String {
    "24h".to_owned()
}

/// One line of a decision table: a condition, effects, one answer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFormat {
    /// An expression: the rule applies when it holds. Always, unless given.
    #[serde(default)]
    pub when: Option<String>,
    /// The effect, where there is one.
    #[serde(flatten)]
    pub effect: EffectFormat,
    /// Several effects instead, all or none: each sees what those before it made as `made.<name>`.
    #[serde(default, rename = "do")]
    pub effects: Vec<StepFormat>,
    /// An expression for how long the answer is held back: a number of seconds, or such as `5m`.
    #[serde(default)]
    pub delay: Option<String>,
    /// The answer.
    #[serde(flatten)]
    pub answer: AnswerFormat,
    /// Why we suppose this behavior, where the vendor does not document it.
    #[serde(default)]
    pub inferred: Option<String>,
}

impl RuleFormat {
    /// Whether it creates or changes records.
    pub(super) fn writes(&self) -> bool {
        let effects = self.effects.iter().map(|step| &step.effect).chain([&self.effect]);
        effects.into_iter().any(|effect| {
            effect.create.is_some() || effect.update.is_some() || effect.replace.is_some()
        })
    }
}

/// An answer: a documented response, and what differs from its example.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct AnswerFormat {
    /// The status of a documented response of the operation.
    #[serde(default)]
    #[schemars(range(min = 200, max = 599))]
    pub respond: Option<u16>,
    /// The status, where no operation was found and so nothing is documented.
    #[serde(default)]
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// Which of the response's examples is the body, by its name.
    #[serde(default)]
    pub example: Option<String>,
    /// A merge patch (RFC 7396) over that example, as a template.
    #[serde(default)]
    pub patch: Option<Value>,
    /// The body, as a template, instead of an example; what is absent is left out.
    #[serde(default)]
    pub body: Option<Value>,
    /// A template for an object whose properties go into a body that is made up from the schema: what is required there
    /// and absent here is made up, objects within objects alike.
    #[serde(default)]
    pub fill: Option<Value>,
    /// Headers to send, as templates.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
}

/// Work that goes on after the answer: one task for each element of a list, each with the same effect.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobFormat {
    /// The resource that keeps the job's state as a record.
    pub record: String,
    /// The argument that is a list: one task for each of its elements.
    pub for_each: String,
    /// An expression: the time over which the tasks fall due evenly, such as `settings.erasure_time`.
    pub over: String,
    /// The effect of a task.
    #[serde(flatten)]
    pub effect: EffectFormat,
    /// Several effects instead, all or none.
    #[serde(default, rename = "do")]
    pub effects: Vec<StepFormat>,
}

/// Records to start from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Tombstone fixture file", inline)]
pub struct FixtureFile {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub tombstone: u32,
    /// Lists of records, by resource. Text may hold `{{ … }}`, with `now` and durations such as `days(3)` in scope.
    pub records: IndexMap<String, Vec<Map<String, Value>>>,
    /// Settings of the behavior file that have another value with these records.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Calls that show what these records are for: printed at start, and each is to answer as it says when all are
    /// made in this order.
    #[serde(default)]
    pub calls: Vec<CallFormat>,
}

/// One example call.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallFormat {
    /// The operation, by its `operationId`.
    pub operation: String,
    /// What the call shows, in a few words.
    pub shows: String,
    /// The status that it answers.
    #[schemars(range(min = 200, max = 599))]
    pub expect: u16,
    /// Credentials, by security scheme.
    #[serde(default)]
    pub credentials: IndexMap<String, String>,
    /// Path parameters.
    #[serde(default)]
    pub path: IndexMap<String, Value>,
    /// Query parameters.
    #[serde(default)]
    pub query: IndexMap<String, Value>,
    /// The body.
    #[serde(default)]
    pub body: Option<Value>,
}

/// The JSON Schema of one of our file formats, as editors take it.
pub fn schema_of<T: JsonSchema>() -> Value {
    let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// Reads a file of ours into its type; what does not fit goes to `findings`, all of it.
pub(crate) fn read<T: DeserializeOwned + JsonSchema>(
    document: &Document,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let mistake = match T::deserialize(document.root()) {
        Ok(file) => return Some(file),
        Err(mistake) => mistake,
    };
    let before = findings.len();
    findings.extend(explain::<T>(document));
    if findings.len() == before {
        findings.push(document.error("", mistake.to_string()));
    }
    None
}

/// Everything in a document that does not fit its format.
pub(crate) fn explain<T: JsonSchema>(document: &Document) -> Vec<Finding> {
    let schema = schema_of::<T>();
    let Ok(validator) = jsonschema::draft202012::new(&schema) else { return Vec::new() };
    let errors = validator.iter_errors(document.root());
    errors.flat_map(|error| findings(document, &schema, &error)).collect()
}

fn findings(
    document: &Document,
    schema: &Value,
    error: &jsonschema::ValidationError<'_>,
) -> Vec<Finding> {
    let place = error.instance_path().to_string();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let keyword = error.schema_path().to_string();
            let around = keyword.rsplit_once('/').map_or("", |(around, _)| around);
            let known = schema.pointer(around).and_then(|schema| schema["properties"].as_object());
            let unknown = |name: &String| {
                let finding =
                    document.error(&child(&place, name), format!("`{name}` is not known here"));
                let known = known.into_iter().flat_map(Map::keys).map(String::as_str);
                Finding { hint: did_you_mean(name, known), ..finding }
            };
            unexpected.iter().map(unknown).collect()
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let forms = Forms::of(schema, error);
            if let Some(errors) = forms.likely(error, context) {
                return errors.iter().flat_map(|it| findings(document, schema, it)).collect();
            }
            let unknown = forms.unknown(document, &place, error);
            if unknown.is_empty() {
                let hint = forms.hint();
                vec![Finding { hint, ..finding(document, &place, error) }]
            } else {
                unknown
            }
        }
        _ => vec![finding(document, &place, error)],
    }
}

fn finding(document: &Document, place: &str, error: &jsonschema::ValidationError<'_>) -> Finding {
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let finding = document.error(place, format!("`{name}` is missing"));
            if name == "tombstone" {
                finding.hint(format!("begin the file with `tombstone: {FORMAT_VERSION}`"))
            } else {
                finding
            }
        }
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            let message = format!("{} has none of the forms that are possible here", named(place));
            document.error(place, message)
        }
        ValidationErrorKind::Enum { options } => {
            let finding = document.error(place, error.masked_with(named(place)).to_string());
            let known = options.as_array().into_iter().flatten().filter_map(Value::as_str);
            let hint = error.instance().as_str().and_then(|given| did_you_mean(given, known));
            Finding { hint, ..finding }
        }
        _ => document.error(place, error.masked_with(named(place)).to_string()),
    }
}

/// What a message calls the value at a pointer: several stand on one line.
pub(crate) fn named(pointer: &str) -> String {
    match pointer.rsplit_once('/') {
        Some((_, token)) if token.parse::<usize>().is_err() => {
            format!("`{}`", unescaped(token))
        }
        _ => "this value".to_owned(),
    }
}
