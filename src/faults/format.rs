//! The fault as it is written: in the configuration, to the admin API, and in one argument of the command line.
//!
//! Must not know what a fault does, nor which values are possible: `definition` finds out.

use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::FaultProblem;
use crate::finding::did_you_mean;
use crate::pointer::child;
use crate::printable;

/// The longest time that a fault, or all that strike one request together, holds an answer back: ten minutes, past
/// which no client waits.
pub const DELAY_MAX: Duration = Duration::from_secs(600);

/// Something that goes wrong on purpose: which requests it strikes, how often, and what happens to them.
///
/// At least one of `delay`, `answer` and `connection` is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultFormat {
    /// Only requests to this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Only calls of this operation, by its `operationId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only requests with this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only requests whose path, as the provider sees it, fits: `*` is any text within a segment, `**` any number of
    /// segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only requests with each of these headers and values; null or `*` is any value.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, Option<HeaderFormat>>,
    /// Of the requests that match, how many it strikes: 0.3 is three out of ten, by chance from the sandbox's seed. All,
    /// unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub probability: Option<f64>,
    /// Number of matching requests that pass before it applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Number of times it applies before it is spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub times: Option<u64>,
    /// Delay before the answer is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelayFormat>,
    /// The answer in place of the operation's; the call itself does not happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<FaultAnswerFormat>,
    /// Way the connection breaks while the answer is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionFormat>,
    /// With `connection`: whether the call itself happens. Unless given, it does where a part of the answer is sent (`cut`,
    /// `trickle`), and does not where nothing is (`reset`, `empty`, `garbage`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<bool>,
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "text or a number as the value of a header")]
pub enum HeaderFormat {
    /// As text.
    Text(String),
    /// A number, written without quotes.
    Number(Number),
}

/// A time: always the same, or drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DelayFormat {
    /// Always the same: a duration such as `200ms` or `2s`.
    Plain(String),
    /// Always the same.
    Fixed(FixedFormat),
    /// Each time in a range as likely.
    Uniform(UniformFormat),
    /// Mostly short with a long tail, as the latency of real services is.
    Lognormal(LognormalFormat),
}

/// `fixed`, and how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedFormat {
    /// A duration such as `200ms` or `2s`.
    pub fixed: String,
}

/// `uniform`, and in which range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UniformFormat {
    /// The range.
    pub uniform: RangeFormat,
}

/// A range of durations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeFormat {
    /// The shortest: a duration such as `50ms`.
    pub min: String,
    /// The longest: a duration such as `1s`.
    pub max: String,
}

/// `lognormal`, and how it is spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalFormat {
    /// The spread.
    pub lognormal: SpreadFormat,
}

/// A lognormal distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpreadFormat {
    /// Half of the delays are shorter: a duration such as `90ms`.
    pub median: String,
    /// The standard deviation of the logarithm: at 0.5, one of a hundred is longer than 3.2 medians; at 1, than 10.
    pub sigma: f64,
}

/// An answer that is not the operation's own doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultAnswerFormat {
    /// The status, documented or not.
    #[schemars(range(min = 200, max = 599))]
    pub status: u16,
    /// Headers to send.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, HeaderFormat>,
    /// The body: text is sent as it is, all else as JSON. Unless given, what the operation documents for the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Which of the documented examples is the body, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// The ways in which a connection breaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionFormat {
    /// It is reset, and nothing is sent.
    Reset,
    /// It is closed, and nothing is sent.
    Empty,
    /// Bytes are sent that are no HTTP.
    Garbage,
    /// It is closed after so many bytes of the body.
    Cut(usize),
    /// The body is sent in small pieces.
    Trickle(TrickleFormat),
}

/// Pace at which a body is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrickleFormat {
    /// The size of a piece.
    #[schemars(range(min = 1))]
    pub bytes: usize,
    /// The pause before each piece: a duration such as `100ms`.
    pub every: String,
}

impl FaultFormat {
    /// Reads a fault from JSON, and finds each key that is not known or whose value has no possible form, up to
    /// twenty.
    pub fn read(value: &Value) -> Result<Self, Vec<FaultProblem>> {
        let Value::Object(members) = value else {
            return Err(vec![FaultProblem::new("", "a fault is an object", EXAMPLE)]);
        };
        if let Ok(format) = serde_json::from_value(value.clone()) {
            return Ok(format);
        }
        // Each key is optional, so each can be read alone: one that is wrong hides none after it.
        let known = keys();
        let problems = members.iter().filter_map(|(key, value)| {
            let alone = Map::from_iter([(key.clone(), value.clone())]);
            let error = serde_json::from_value::<Self>(Value::Object(alone)).err()?;
            Some(misread(key, value, &error, &known))
        });
        Err(problems.take(PROBLEMS_MAX).collect())
    }
}

/// Maximum number of problems reported of one fault: more would not be read.
const PROBLEMS_MAX: usize = 20;

/// Advice where nothing sensible was written.
const EXAMPLE: &str = "as in `{\"operation\": \"deleteShop\", \"answer\": {\"status\": 503}}`";

/// Why the value of this key could not be read.
fn misread(key: &str, value: &Value, error: &serde_json::Error, known: &[String]) -> FaultProblem {
    let pointer = child("", key);
    if !known.iter().any(|name| name == key) {
        return unknown_key(&pointer, key, known.iter().map(String::as_str));
    }
    let message = if key == "answer" {
        format!("`{key}` cannot be read: {}", printable::shown(&error.to_string(), 200))
    } else {
        format!("`{key}` cannot be `{}`", shown(&value.to_string()))
    };
    FaultProblem::new(pointer, message, format!("write {}", form(key)))
}

/// Form of the value of this key.
fn form(key: &str) -> &'static str {
    match key {
        "headers" => "names with text or null, as in `{\"x-test\": \"1\"}`",
        "probability" => "a number from 0 to 1",
        "after" | "times" => "a whole number",
        "delay" => {
            "a duration such as `\"200ms\"`, `{\"uniform\": {\"min\": \"50ms\", \"max\": \"1s\"}}` or \
             `{\"lognormal\": {\"median\": \"90ms\", \"sigma\": 0.5}}`"
        }
        "answer" => "at least a status, as in `{\"status\": 503}`",
        "connection" => {
            "`\"reset\"`, `\"empty\"`, `\"garbage\"`, `{\"cut\": 10}` or \
             `{\"trickle\": {\"bytes\": 16, \"every\": \"100ms\"}}`"
        }
        "commit" => "true or false",
        _ => "text",
    }
}

/// A key that is not known, with the one that may be meant, and all there are.
pub(super) fn unknown_key<'k>(
    pointer: &str,
    key: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> FaultProblem {
    let key = shown(key);
    let all: Vec<String> = known.clone().map(|name| format!("`{name}`")).collect();
    let listed = format!("known are {}", all.join(", "));
    let hint = match did_you_mean(&key, known) {
        Some(near) => format!("{near} {listed}"),
        None => listed,
    };
    FaultProblem::new(pointer, format!("`{key}` is not known here"), hint)
}

/// Every key of a fault, as its schema has them.
fn keys() -> Vec<String> {
    let schema = schemars::schema_for!(FaultFormat);
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::keys).cloned().collect()
}

/// A text of any length and content, as a message quotes it.
pub(super) fn shown(text: &str) -> String {
    printable::shown(text, 60)
}
