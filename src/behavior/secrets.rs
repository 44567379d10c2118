//! Where the credentials of an API stand: in requests, in records, and in bodies.
//!
//! Must not know what is done about it.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value as Json;

use crate::behavior::caller::Scheme;
use crate::openapi::{Contract, Location, Schemas};
use crate::security::{CredentialPlaces, credential_places};
use crate::store::Model;

/// How deep the schema of a body is looked into: no body that is let in is deeper, and it bounds the calls.
const SCHEMA_DEPTH_MAX: usize = 128;

/// The places in which something secret can stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Headers, query parameters and cookies.
    pub places: CredentialPlaces,
    /// Properties of records that security schemes look credentials up by: resource and property.
    pub properties: BTreeSet<(usize, String)>,
    /// Properties of bodies: those of records above, and whatever a schema calls `format: password`.
    pub members: BTreeSet<String>,
}

/// The names under which something secret can stand, in whichever API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretNames {
    /// Headers, query parameters and cookies.
    pub places: CredentialPlaces,
    /// Properties of bodies.
    pub members: BTreeSet<String>,
}

impl SecretNames {
    /// Those of several APIs together.
    pub fn of<'s>(all: impl IntoIterator<Item = &'s Secrets>) -> Self {
        let mut names = Self::default();
        for secrets in all {
            names.places.headers.extend(secrets.places.headers.iter().cloned());
            names.places.query.extend(secrets.places.query.iter().cloned());
            names.places.cookies.extend(secrets.places.cookies.iter().cloned());
            names.members.extend(secrets.members.iter().cloned());
        }
        names
    }
}

impl Secrets {
    /// Those of a contract whose credentials are looked up so.
    pub(super) fn find(contract: &Contract, schemes: &[Scheme], model: &Model) -> Self {
        let mut secrets = Self {
            places: credential_places(contract.security_schemes.values()),
            ..Self::default()
        };
        for (resource, property) in schemes.iter().flat_map(|scheme| scheme.properties(model)) {
            secrets.properties.insert((resource, property.clone()));
            secrets.members.insert(property.clone());
        }
        let mut passwords = Passwords {
            schemas: &contract.schemas,
            seen: HashSet::new(),
            found: &mut secrets.members,
        };
        let media = contract.operations.iter().filter_map(|one| one.request_body.as_ref());
        for id in media.flat_map(|body| body.content.values()).filter_map(|media| media.schema) {
            passwords.look(passwords.schemas.resolved(id), SCHEMA_DEPTH_MAX);
        }
        for operation in &contract.operations {
            for parameter in &operation.parameters {
                let schema = parameter.schema.map(|id| contract.schemas.resolved(id));
                if !schema.is_some_and(is_password) {
                    continue;
                }
                let places = &mut secrets.places;
                let name = parameter.name.clone();
                match parameter.location {
                    Location::Header => places.headers.insert(name.to_ascii_lowercase()),
                    Location::Query => places.query.insert(name),
                    Location::Cookie => places.cookies.insert(name),
                    // A segment has no name in a path; that it is a credential is told by its value.
                    Location::Path => false,
                };
            }
        }
        secrets
    }
}

fn is_password(schema: &Json) -> bool {
    schema.get("format").and_then(Json::as_str) == Some("password")
}

/// Looks for the names of properties that schemas call passwords.
struct Passwords<'s> {
    schemas: &'s Schemas,
    /// Schemas that were looked into: many refer to the same ones, and some to themselves.
    seen: HashSet<*const Json>,
    found: &'s mut BTreeSet<String>,
}

impl Passwords<'_> {
    fn look(&mut self, schema: &Json, depth: usize) {
        let schema = self.schemas.follow(schema);
        let Some(depth) = depth.checked_sub(1).filter(|_| self.seen.insert(schema)) else { return };
        let properties = schema.get("properties").and_then(Json::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if is_password(self.schemas.follow(property)) {
                self.found.insert(name.clone());
            }
            self.look(property, depth);
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(keyword).filter(|inner| inner.is_object()) {
                self.look(inner, depth);
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for inner in schema.get(keyword).and_then(Json::as_array).into_iter().flatten() {
                self.look(inner, depth);
            }
        }
    }
}
