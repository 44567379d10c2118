//! References of a converted document: to where things are now.
//!
//! Must not know why something has another place.

use std::collections::HashMap;

use serde_json::Value;

use crate::openapi::references::{Referred, locate};
use crate::openapi::schema;

/// An object that is referred to from elsewhere, and has to be converted where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    PathItem,
    Parameter,
    Response,
}

/// Where something is now that was written at a pointer.
pub(super) fn new_place(moved: &HashMap<String, String>, written: &str) -> String {
    let mut end = written.len();
    loop {
        if let Some(to) = moved.get(&written[..end]) {
            return format!("{to}{}", &written[end..]);
        }
        match written[..end].rfind('/') {
            Some(at) => end = at,
            None => return written.to_owned(),
        }
    }
}

/// Returns true if an object of a kind is converted at this place in any case.
pub(super) fn is_home(written: &str, kind: Kind) -> bool {
    let tokens: Vec<&str> = written.split('/').skip(1).collect();
    match (kind, tokens.as_slice()) {
        (Kind::PathItem, ["paths", _])
        | (Kind::Parameter, ["parameters", _] | ["paths", _, "parameters", _])
        | (Kind::Response, ["responses", _]) => true,
        (Kind::Parameter, ["paths", _, _, within, _]) => *within == "parameters",
        (Kind::Response, ["paths", _, _, within, _]) => *within == "responses",
        _ => false,
    }
}

/// Makes the references of a document lead to where things are now. Those that lead nowhere stay as they are written.
pub(super) fn lead(value: &mut Value, written: &Value, moved: &HashMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "$ref" => {
                        if let Some(new) = led(text, written, moved) {
                            *text = new;
                        }
                    }
                    value => lead(value, written, moved),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| lead(item, written, moved)),
        _ => {}
    }
}

fn led(text: &str, written: &Value, moved: &HashMap<String, String>) -> Option<String> {
    let target = schema::target(text)?;
    let new = new_place(moved, &target);
    let is_there = || matches!(locate(written, &target), Referred::Value(..));
    (new != target && is_there()).then(|| schema::fragment(&new))
}
