//! The paths of a contract with their parameters made anonymous: `/pets/{petId}` and `/pets/{id}` are one.
//!
//! Must not know what is answered there.

use http::Method;
use indexmap::IndexMap;
use serde_json::Value;

use crate::infer::words::member;
use crate::openapi::{Contract, Operation};
use crate::validation::MessagePart;

/// One segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// A text that stands there as it is, without an ending such as `.json`.
    Literal(String),
    /// A parameter that is the whole segment, or all of it but such an ending.
    Parameter(String),
}

/// A path and the operations on it.
#[derive(Debug)]
pub(super) struct Place {
    /// As the first operation has it.
    pub(super) segments: Vec<Segment>,
    /// The numbers of the operations.
    pub(super) operations: IndexMap<Method, usize>,
}

/// What a call says of the record that it is about.
#[derive(Clone, Debug)]
pub(super) struct Argument<'c> {
    /// The path, the query or the body.
    pub(super) part: MessagePart,
    pub(super) name: String,
    pub(super) schema: Option<&'c Value>,
}

impl Argument<'_> {
    /// The expression that has its value.
    pub(super) fn expression(&self) -> String {
        member(self.part.as_str(), &self.name)
    }
}

/// Endings that name a format and nothing else.
const ENDINGS: [&str; 2] = [".json", ".xml"];

/// All paths of a contract, by their anonymous form, in the order of the document.
pub(super) fn places(contract: &Contract) -> IndexMap<String, Place> {
    let mut places: IndexMap<String, Place> = IndexMap::new();
    for (number, operation) in contract.operations.iter().enumerate() {
        if !operation.conditions.is_empty() {
            continue;
        }
        let segments = segments(&operation.template);
        let place = places
            .entry(anonymous(&segments))
            .or_insert_with(|| Place { segments, operations: IndexMap::new() });
        place.operations.entry(operation.method.clone()).or_insert(number);
    }
    places
}

/// The segments of a path template. One that mixes text and parameters counts as text.
pub(super) fn segments(template: &str) -> Vec<Segment> {
    let parts = template.split('/').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let bare = ENDINGS.iter().find_map(|ending| part.strip_suffix(ending)).unwrap_or(part);
            let inner = bare.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match inner.filter(|inner| !inner.contains(['{', '}'])) {
                Some(name) => Segment::Parameter(name.to_owned()),
                None => Segment::Literal(bare.to_owned()),
            }
        })
        .collect()
}

/// A path with its parameters made anonymous.
pub(super) fn anonymous(segments: &[Segment]) -> String {
    let mut path = String::new();
    for segment in segments {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.push_str(text),
            Segment::Parameter(_) => path.push_str("{}"),
        }
    }
    path
}

/// The names of the parameters of an operation's path, in order: they differ between operations on one path.
pub(super) fn parameters(operation: &Operation) -> Vec<String> {
    let parameter = |segment| match segment {
        Segment::Parameter(name) => Some(name),
        Segment::Literal(_) => None,
    };
    segments(&operation.template).into_iter().filter_map(parameter).collect()
}

/// Whether a segment says nothing of what is there: `api`, `v2`, a date.
pub(super) fn is_prefix(segment: &Segment) -> bool {
    let Segment::Literal(text) = segment else { return false };
    let version = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let is_number = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b".-_".contains(&byte))
    };
    matches!(text.as_str(), "api" | "rest") || is_number(version)
}
