//! What a request sends where operations on one path are told apart: pairs of its query, and headers.
//!
//! Must not know what is asked of it.

use std::borrow::Cow;
use std::cell::OnceCell;

use http::request::Parts;

use crate::openapi::{Location, RouteCondition};

/// A request's query, taken apart when a condition first asks, and its headers.
pub(super) struct SentPairs<'r> {
    parts: &'r Parts,
    query: OnceCell<Vec<(Cow<'r, str>, Cow<'r, str>)>>,
}

impl<'r> SentPairs<'r> {
    /// Those of a request.
    pub(super) fn of(parts: &'r Parts) -> Self {
        Self { parts, query: OnceCell::new() }
    }

    /// The value sent where the condition looks; the last where there are several.
    pub(super) fn value(&self, condition: &RouteCondition) -> Option<Cow<'r, str>> {
        let name = condition.name.as_str();
        if condition.location == Location::Header {
            let sent = self.parts.headers.get_all(name).iter().next_back()?;
            return Some(String::from_utf8_lossy(sent.as_bytes()));
        }
        let query = self.query.get_or_init(|| {
            let query = self.parts.uri.query().unwrap_or_default();
            form_urlencoded::parse(query.as_bytes()).collect()
        });
        let mut sent = query.iter().rev().filter(|(sent, _)| sent == name);
        sent.next().map(|(_, value)| value.clone())
    }

    /// Describes what a condition asks for and a request lacks.
    pub(super) fn lacks(&self, condition: &RouteCondition) -> Option<String> {
        let RouteCondition { location, name, value } = condition;
        let sent = self.value(condition);
        let holds = match (&sent, value) {
            (Some(sent), Some(wanted)) => sent == wanted,
            (sent, _) => sent.is_some(),
        };
        let place = if *location == Location::Header { "header" } else { "query parameter" };
        let wanted = value.as_ref().map_or_else(String::new, |value| format!(" with `{value}`"));
        (!holds).then(|| format!("there is no {place} `{name}`{wanted}"))
    }
}
