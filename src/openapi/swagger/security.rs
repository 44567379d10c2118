//! Security definitions as the security schemes of `OpenAPI` 3.
//!
//! Must not know which operations ask for them.

use serde_json::{Value, json};

use super::conversion::take;
use crate::finding::Finding;
use crate::yaml::Part;

/// One security definition.
pub(super) fn scheme(part: Part, findings: &mut Vec<Finding>) -> Part {
    let origin = part.origin().clone();
    let kind = part.value().get("type").and_then(Value::as_str).map(str::to_owned);
    let mut entries = match part.entries() {
        Ok(entries) => entries,
        Err(part) => return *part,
    };
    let Some(place) = entries.iter().position(|(name, _)| name == "type") else {
        return Part::map(&origin, entries);
    };
    let typed = entries[place].1.origin().clone();
    match kind.as_deref() {
        Some("basic") => {
            entries[place].1 = Part::new(&typed, json!("http"));
            entries.push(("scheme".to_owned(), Part::new(&typed, json!("basic"))));
        }
        Some("oauth2") => flows(&mut entries, findings),
        Some("http" | "openIdConnect" | "mutualTLS") => {
            let message = "the type of the security definition is of OpenAPI 3; it is read so";
            findings.push(typed.warning(message).hint("write `basic`, `apiKey` or `oauth2`"));
        }
        _ => {}
    }
    Part::map(&origin, entries)
}

/// The one flow of a definition as the map of flows.
fn flows(entries: &mut Vec<(String, Part)>, findings: &mut Vec<Finding>) {
    let Some(flow) = take(entries, "flow") else { return };
    let origin = flow.origin().clone();
    let name = match flow.value().as_str().unwrap_or_default() {
        name @ ("implicit" | "password") => name,
        "application" => "clientCredentials",
        "accessCode" => "authorizationCode",
        _ => {
            let message = "the `flow` is not known; a bearer token is asked for";
            let hint = "there are `implicit`, `password`, `application` and `accessCode`";
            findings.push(origin.warning(message).hint(hint));
            return entries.push(("flows".to_owned(), Part::new(&origin, json!({}))));
        }
    };
    let mut fields = Vec::new();
    for name in ["authorizationUrl", "tokenUrl", "scopes"] {
        fields.extend(take(entries, name).map(|part| (name.to_owned(), part)));
    }
    let flow = Part::map(&origin, fields);
    let flows = Part::map(&origin, vec![(name.to_owned(), flow)]);
    entries.push(("flows".to_owned(), flows));
}
