//! Views: how the records of a resource look outside, and back.
//!
//! Must not know answers.

use std::cell::Cell;

use minijinja::{Error, ErrorKind};
use serde_json::{Map, Value as Json};

use crate::behavior::format::ViewFormat;
use crate::behavior::notes::Notes;
use crate::expression::{Template, Value};
use crate::pointer::child;

/// The name of the view that is meant where none is named.
pub(crate) const DEFAULT: &str = "default";

/// Views within views: a record may show others, and they it.
const VIEWS_IN_A_ROW_MAX: usize = 16;

thread_local! {
    /// How many views are rendered within one another just now.
    static ROW: Cell<usize> = const { Cell::new(0) };
}

/// How records look outside.
#[derive(Debug)]
pub(crate) struct View {
    format: ViewFormat,
    /// The names that lead to what is hidden inside of properties.
    hidden_inside: Vec<Vec<String>>,
    /// What is added.
    add: Template,
}

impl View {
    /// Reads a view; `None` when it cannot be honoured.
    pub(crate) fn compile(
        format: &ViewFormat,
        pointer: &str,
        notes: &mut Notes<'_>,
    ) -> Option<Self> {
        let add = Template::compile(&Json::Object(format.add.clone()));
        let add = add.map_err(|mistakes| notes.mistakes(&child(pointer, "add"), mistakes)).ok()?;
        let inside = format.hide.iter().filter(|name| name.contains('.'));
        let names = |path: &String| path.split('.').map(str::to_owned).collect();
        let hidden_inside = inside.map(names).collect();
        Some(Self { format: format.clone(), hidden_inside, add })
    }

    /// The properties that it names of records, each with the key of the view that does.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let ViewFormat { only, hide, rename, .. } = &self.format;
        let only = only.iter().flatten().map(|name| ("only", name.as_str()));
        let hide = hide.iter().map(|name| ("hide", name.split('.').next().unwrap_or(name)));
        only.chain(hide).chain(rename.keys().map(|name| ("rename", name.as_str())))
    }

    /// The names that lead to what it hides inside of properties.
    pub(crate) fn hidden_inside(&self) -> impl Iterator<Item = &[String]> {
        self.hidden_inside.iter().map(Vec::as_slice)
    }

    /// What is added, to be checked.
    pub(crate) fn added(&self) -> &Template {
        &self.add
    }

    /// Names that what is added reads, with the values that they have unless others are given.
    pub(crate) fn parameters(&self) -> &Map<String, Json> {
        &self.format.parameters
    }

    /// A record with these properties as it looks outside; `scope` has it as `record`, and the parameters.
    pub(crate) fn render(&self, fields: &Map<String, Json>, scope: &Value) -> Result<Json, Error> {
        let row = ROW.get();
        if row == VIEWS_IN_A_ROW_MAX {
            let reason = format!("views nest deeper than {VIEWS_IN_A_ROW_MAX}: one shows itself");
            return Err(Error::new(ErrorKind::InvalidOperation, reason));
        }
        let mut shown = Map::with_capacity(fields.len() + self.format.add.len());
        for (name, value) in fields.iter().filter(|(name, _)| self.shows(name)) {
            // They are few, and to compare them takes less than to hash each name.
            let renamed = self.format.rename.iter().find(|(inside, _)| *inside == name);
            let outside = renamed.map_or(name, |(_, outside)| outside);
            let mut value = value.clone();
            for path in &self.hidden_inside {
                if let Some((first, rest)) = path.split_first()
                    && first == name
                {
                    hide(&mut value, rest);
                }
            }
            shown.insert(outside.clone(), value);
        }
        if self.format.add.is_empty() {
            return Ok(Json::Object(shown));
        }
        ROW.set(row + 1);
        let added = self.add.render(scope);
        ROW.set(row);
        match added {
            Ok(Json::Object(added)) => shown.extend(added),
            Ok(_) => {}
            Err(failure) => {
                return Err(Error::new(ErrorKind::InvalidOperation, failure.to_string()));
            }
        }
        Ok(Json::Object(shown))
    }

    fn shows(&self, name: &String) -> bool {
        !self.format.hide.contains(name)
            && self.format.only.as_ref().is_none_or(|only| only.contains(name))
    }

    /// The name that a property has inside; `None` for one that is only added.
    pub(crate) fn inside<'n>(&'n self, outside: &'n String) -> Option<&'n String> {
        let renamed = self.format.rename.iter().find(|(_, name)| *name == outside);
        match renamed {
            Some((inside, _)) => Some(inside),
            None => (!self.format.add.contains_key(outside)).then_some(outside),
        }
    }
}

/// Takes away what a path leads to; lists are gone through.
fn hide(value: &mut Json, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Json::Array(items) => {
            for item in items {
                hide(item, path);
            }
        }
        Json::Object(members) if rest.is_empty() => {
            members.shift_remove(first);
        }
        Json::Object(members) => {
            if let Some(inner) = members.get_mut(first) {
                hide(inner, rest);
            }
        }
        _ => {}
    }
}
