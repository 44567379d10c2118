//! The forms that a value in a file of ours can have, for telling which one was meant where none fits.
//!
//! Must not know which file it is.

use jsonschema::ValidationError;
use serde_json::{Map, Value};

use crate::finding::{Finding, did_you_mean};
use crate::pointer::child;
use crate::yaml::Document;

/// How deep a schema is followed for the words and keys that it allows.
const DEPTH_MAX: usize = 8;

/// The words that stand for a form, the keys that each form has, and whether there is one that is `true` or `false`.
pub(super) struct Forms<'s> {
    words: Vec<&'s str>,
    keys: Vec<Vec<&'s str>>,
    is_switch: bool,
}

impl<'s> Forms<'s> {
    /// Those of the alternatives that an error is about.
    pub(super) fn of(schema: &'s Value, error: &ValidationError<'_>) -> Self {
        let branches = schema.pointer(error.schema_path().as_str()).and_then(Value::as_array);
        let mut forms = Forms { words: Vec::new(), keys: Vec::new(), is_switch: false };
        for branch in branches.into_iter().flatten() {
            let mut keys = Vec::new();
            forms.add(schema, branch, &mut keys, DEPTH_MAX);
            forms.keys.push(keys);
        }
        forms
    }

    fn add(&mut self, root: &'s Value, form: &'s Value, keys: &mut Vec<&'s str>, depth: usize) {
        if depth == 0 {
            return;
        }
        let reference = form.get("$ref").and_then(Value::as_str);
        if let Some(target) = reference.and_then(|it| root.pointer(it.strip_prefix('#')?)) {
            self.add(root, target, keys, depth - 1);
        }
        self.is_switch |= form.get("type").is_some_and(|kind| kind == "boolean");
        self.words.extend(form.get("const").and_then(Value::as_str));
        let values = form.get("enum").and_then(Value::as_array).into_iter().flatten();
        self.words.extend(values.filter_map(Value::as_str));
        let properties = form.get("properties").and_then(Value::as_object);
        keys.extend(properties.into_iter().flat_map(Map::keys).map(String::as_str));
        for keyword in ["anyOf", "oneOf", "allOf"] {
            for part in form.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                self.add(root, part, keys, depth - 1);
            }
        }
    }

    /// What is wrong with the form that is meant most likely: one that is wrong only further inside, else the one of
    /// which most keys are there.
    pub(super) fn likely<'e, 'i>(
        &self,
        error: &ValidationError<'_>,
        context: &'e [Vec<ValidationError<'i>>],
    ) -> Option<&'e [ValidationError<'i>]> {
        let place = error.instance_path().as_str();
        let is_inside = |errors: &&Vec<ValidationError<'i>>| {
            !errors.is_empty() && errors.iter().all(|error| error.instance_path().as_str() != place)
        };
        if let Some(errors) = context.iter().find(is_inside) {
            return Some(errors);
        }
        let given = error.instance().as_object()?;
        let known = |keys: &Vec<&str>| keys.iter().filter(|key| given.contains_key(**key)).count();
        let rated = context.iter().zip(&self.keys).map(|(errors, keys)| (known(keys), errors));
        let (count, errors) = rated.rev().max_by_key(|(count, _)| *count)?;
        (count > 0).then_some(errors.as_slice())
    }

    /// What is possible, where nothing tells what is meant.
    pub(super) fn hint(&self) -> Option<String> {
        let switch = ["true", "false"].into_iter().filter(|_| self.is_switch);
        let named = self.words.iter().chain(self.keys.iter().flatten()).copied();
        let mut known: Vec<&str> = Vec::new();
        for name in switch.chain(named) {
            if !known.contains(&name) {
                known.push(name);
            }
        }
        (!known.is_empty()).then(|| format!("known are `{}`", known.join("`, `")))
    }

    /// The word or the keys that are not known, where none of the forms is meant.
    pub(super) fn unknown(
        &self,
        document: &Document,
        place: &str,
        error: &ValidationError<'_>,
    ) -> Vec<Finding> {
        let unknown = |place: &str, name: &str, known: &[&str]| {
            let near = did_you_mean(name, known.iter().copied());
            let hint = near.unwrap_or_else(|| format!("known are `{}`", known.join("`, `")));
            document.error(place, format!("`{name}` is not known here")).hint(hint)
        };
        match &**error.instance() {
            Value::String(word) if !self.words.is_empty() => {
                vec![unknown(place, word, &self.words)]
            }
            Value::Object(given) if self.keys.iter().any(|keys| !keys.is_empty()) => {
                let known: Vec<&str> = self.keys.iter().flatten().copied().collect();
                given.keys().map(|name| unknown(&child(place, name), name, &known)).collect()
            }
            _ => Vec::new(),
        }
    }
}
