//! What `check` looks at beyond loading: whether each schema compiles, and whether examples and defaults fit.
//!
//! Must not know requests, or how a document is loaded.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::schemas::{SchemaId, Schemas};
use super::validator::Validator;
use super::{Contract, report};
use crate::finding::Finding;
use crate::openapi::Direction;
use crate::pointer::{Pointed, child};
use crate::yaml::Document;

/// Violations of one example in one finding: enough to see what is meant.
const VIOLATIONS_SHOWN_MAX: usize = 3;

/// A value of the document that has to fit a schema.
struct ClaimedValue<'v> {
    schema: SchemaId,
    what: &'static str,
    pointer: String,
    value: &'v Value,
}

impl Contract {
    /// Compiles every schema and validates every example and default: for `check`, which may take its time.
    /// `document` is the one the contract was loaded from.
    pub fn check(&self, document: &Document, findings: &mut Vec<Finding>) {
        let schemas = &self.schemas;
        let claims = |direction| {
            let samples = self.samples.iter().filter(move |sample| sample.direction == direction);
            samples.filter_map(|sample| {
                let pointer = sample.pointer.clone();
                let value = document.root().find_at(&pointer);
                let value = value.or_else(|| schemas.value(&pointer))?;
                Some(ClaimedValue { schema: sample.schema, what: "example", pointer, value })
            })
        };
        let mut check =
            ContractCheck { document, schemas, told: HashSet::new(), found: Vec::new() };
        check.hold(claims(Direction::Request).collect(), &[], Some(Direction::Request));
        check.hold(claims(Direction::Response).collect(), &[], Some(Direction::Response));
        // What a schema says of itself may be meant for either direction, and compiling the outermost compiles all.
        let outermost: Vec<SchemaId> = schemas.outermost().collect();
        check.hold(own_values(schemas), &outermost, None);
        report(document.file(), check.found, findings);
    }
}

struct ContractCheck<'c> {
    document: &'c Document,
    schemas: &'c Schemas,
    /// Places that a finding was made of: one value may be claimed for several schemas and directions.
    told: HashSet<String>,
    found: Vec<Finding>,
}

impl ContractCheck<'_> {
    /// Holds each claim against its schema, and compiles `others` as well.
    fn hold(
        &mut self,
        claims: Vec<ClaimedValue<'_>>,
        others: &[SchemaId],
        direction: Option<Direction>,
    ) {
        let schemas = claims.iter().map(|claim| claim.schema).chain(others.iter().copied());
        let schemas: BTreeSet<SchemaId> = schemas.map(|id| self.schemas.canonical(id)).collect();
        let schemas: Vec<SchemaId> = schemas.into_iter().collect();
        let (validator, refused) = self.schemas.compile_together(&schemas, direction);
        for (id, error) in refused {
            let pointer = self.schemas.pointer(id);
            if self.told.insert(pointer.to_owned()) {
                let message = format!("the schema cannot be compiled: {error}");
                self.found.push(self.document.warning(pointer, message));
            }
        }
        let Some(validator) = validator else { return };
        for ClaimedValue { schema, what, pointer, value } in claims {
            let Some(violations) = violations(&validator, self.schemas.canonical(schema), value)
            else {
                continue;
            };
            if !self.told.contains(&pointer) {
                let message = format!("the {what} does not fit its schema: {violations}");
                self.found.push(self.document.warning(&pointer, message));
                self.told.insert(pointer);
            }
        }
    }
}

/// The first few violations of a value by one of the schemas that were compiled together; `None` if it fits.
fn violations(validator: &Validator, schema: SchemaId, value: &Value) -> Option<String> {
    let key = Schemas::key(schema);
    let prefix = format!("/{key}");
    let keyed = Value::Object(Map::from_iter([(key, value.clone())]));
    let misfits = validator.misfits(&keyed, VIOLATIONS_SHOWN_MAX);
    if misfits.found.is_empty() {
        return None;
    }
    let shown: Vec<String> = misfits
        .found
        .iter()
        .map(|error| {
            let path = error.instance_path().to_string();
            let path = path.strip_prefix(&prefix).unwrap_or_default();
            let place = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
            format!("{place}{}", error.masked_with("the value"))
        })
        .collect();
    let more = if misfits.is_cut_off { " and more" } else { "" };
    Some(format!("{}{more}", shown.join("; ")))
}

/// The defaults and examples that schemas have of their own, which may be of a request or of an answer.
fn own_values(schemas: &Schemas) -> Vec<ClaimedValue<'_>> {
    let mut claims = Vec::new();
    for (id, schema) in schemas.with_values() {
        let pointer = schemas.pointer(id);
        let mut claim = |what, pointer, value| {
            claims.push(ClaimedValue { schema: id, what, pointer, value });
        };
        for what in ["default", "example"] {
            if let Some(value) = schema.get(what) {
                claim(what, child(pointer, what), value);
            }
        }
        let examples = schema.get("examples").and_then(Value::as_array);
        for (number, value) in examples.into_iter().flatten().enumerate() {
            claim("example", format!("{pointer}/examples/{number}"), value);
        }
    }
    claims
}
