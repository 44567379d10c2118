//! Example calls: requests that show what a set of fixtures is for, filled in so that they can be made as they stand.
//!
//! Must not know how they are shown, nor make them.

use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use crate::behavior::format::CallFormat;
use crate::behavior::notes::Notes;
use crate::finding::did_you_mean;
use crate::openapi::{Contract, Location, Operation, RouteCondition, SecurityScheme};
use crate::pointer::child;

/// A call that can be made as it stands.
#[derive(Clone, Debug)]
pub struct ExampleCall {
    /// The number of the operation in the contract.
    pub operation: usize,
    /// What it shows, in a few words.
    pub shows: String,
    /// The status that it answers.
    pub expect: StatusCode,
    /// The method.
    pub method: Method,
    /// The path with its parameters filled in, and the query.
    pub target: String,
    /// Headers, with the credentials among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Json>,
}

impl ExampleCall {
    /// Fills in a call; `None` when it cannot be made, and then `notes` says why.
    pub(crate) fn compile(
        format: &CallFormat,
        contract: &Contract,
        pointer: &str,
        notes: &mut Notes<'_>,
    ) -> Option<Self> {
        let mut operations = contract.operations.iter().enumerate();
        let Some((number, operation)) = operations.find(|(_, known)| known.id == format.operation)
        else {
            let known = contract.operations.iter().map(|operation| operation.id.as_str());
            let message = format!("the contract has no operation `{}`", format.operation);
            let hint = did_you_mean(&format.operation, known);
            notes.error(&format!("{pointer}/operation"), message, hint);
            return None;
        };
        let mut call = Self {
            operation: number,
            shows: format.shows.clone(),
            expect: StatusCode::from_u16(format.expect).ok()?,
            method: operation.method.clone(),
            target: operation.template.clone(),
            headers: Vec::new(),
            body: format.body.clone(),
        };
        check_parameters(format, operation, pointer, notes);
        for (name, value) in &format.path {
            let text = utf8_percent_encode(&plain(value), PATH_SEGMENT).to_string();
            call.target = call.target.replace(&format!("{{{name}}}"), &text);
        }
        let query = format.query.iter().map(|(name, value)| (name.clone(), plain(value)));
        let mut query: Vec<(String, String)> = query.collect();
        for (name, credential) in &format.credentials {
            match contract.security_schemes.get(name) {
                Some(scheme) => call.present(scheme, credential, &mut query),
                None => {
                    let known = contract.security_schemes.keys().map(String::as_str);
                    let message = format!("the contract has no security scheme `{name}`");
                    let place = child(&format!("{pointer}/credentials"), name);
                    notes.error(&place, message, did_you_mean(name, known));
                }
            }
        }
        call.meet(&operation.conditions, &mut query);
        if !query.is_empty() {
            let query =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            call.target = format!("{}?{query}", call.target);
        }
        if call.body.is_some() {
            call.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        Some(call)
    }

    /// Sends what a request for the operation must have.
    fn meet(&mut self, conditions: &[RouteCondition], query: &mut Vec<(String, String)>) {
        for RouteCondition { location, name, value } in conditions {
            let value = value.clone().unwrap_or_default();
            if *location == Location::Header {
                self.headers.push((name.clone(), value));
            } else if !query.iter().any(|(sent, _)| sent == name) {
                query.push((name.clone(), value));
            }
        }
    }

    /// Puts a credential where its scheme has it.
    fn present(
        &mut self,
        scheme: &SecurityScheme,
        credential: &str,
        query: &mut Vec<(String, String)>,
    ) {
        let (name, value) = match scheme {
            SecurityScheme::Bearer => ("Authorization".to_owned(), format!("Bearer {credential}")),
            SecurityScheme::Basic => ("Authorization".to_owned(), format!("Basic {credential}")),
            SecurityScheme::Http { scheme } => {
                ("Authorization".to_owned(), format!("{scheme} {credential}"))
            }
            SecurityScheme::MutualTls => return,
            SecurityScheme::ApiKey { location: Location::Query, name } => {
                query.push((name.clone(), credential.to_owned()));
                return;
            }
            SecurityScheme::ApiKey { location: Location::Cookie, name } => {
                ("Cookie".to_owned(), format!("{name}={credential}"))
            }
            SecurityScheme::ApiKey { name, .. } => (name.clone(), credential.to_owned()),
        };
        self.headers.push((name, value));
    }
}

/// Each given name is a parameter of the operation, and each parameter of the path is given.
fn check_parameters(
    format: &CallFormat,
    operation: &Operation,
    pointer: &str,
    notes: &mut Notes<'_>,
) {
    let known = |location| {
        let parameters = operation.parameters.iter();
        parameters.filter(move |known| known.location == location).map(|known| known.name.as_str())
    };
    for (place, location, given) in
        [("path", Location::Path, &format.path), ("query", Location::Query, &format.query)]
    {
        for name in given.keys().filter(|name| !known(location).any(|known| known == *name)) {
            let message = format!("`{}` has no {place} parameter `{name}`", operation.id);
            let place = child(&format!("{pointer}/{place}"), name);
            notes.error(&place, message, did_you_mean(name, known(location)));
        }
    }
    for name in known(Location::Path).filter(|name| !format.path.contains_key(*name)) {
        let message = format!("the path parameter `{name}` has no value");
        notes.error(pointer, message, format!("add `path: {{ {name}: … }}`"));
    }
}

/// A parameter's value as it stands in a URL, before encoding.
fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// All but what RFC 3986 section 2.3 calls unreserved, so that a value stays one path segment.
const PATH_SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
