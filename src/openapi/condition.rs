//! What a key of `paths` says after the path: `/#Action=Run`, `/{bucket}#acl`, `/pets?owner={id}`.
//!
//! `OpenAPI` has no place for this, but documents of services that tell operations apart by their query, or by a
//! header, are written so. Must not know what a request sends.

use std::fmt::Write;

use percent_encoding::percent_decode_str;

use super::{Location, Parameter};

/// Condition on a request, beside method and path, to be for an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteCondition {
    /// Location: query or header.
    pub location: Location,
    /// The name of the query parameter or header.
    pub name: String,
    /// The value that it must have; `None` where any will do.
    pub value: Option<String>,
}

/// One piece of what comes after a path: `name`, `name=value` or `name={parameter}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FragmentPiece {
    pub(super) name: String,
    /// Text after the equals sign, if there is one.
    pub(super) value: Option<String>,
}

impl FragmentPiece {
    /// The name of the parameter that stands for the value.
    pub(super) fn parameter(&self) -> Option<&str> {
        self.value.as_deref()?.strip_prefix('{')?.strip_suffix('}')
    }

    /// Where the parameter of that name is sent, the query before headers.
    fn declared(&self, parameters: &[Parameter]) -> Option<Location> {
        let is_declared = |location: &Location| {
            parameters.iter().filter(|one| one.location == *location).any(|one| match location {
                Location::Header => one.name.eq_ignore_ascii_case(&self.name),
                _ => one.name == self.name,
            })
        };
        [Location::Query, Location::Header].into_iter().find(is_declared)
    }

    /// The value that is asked for, where it is a certain one.
    pub(super) fn wanted(&self) -> Option<String> {
        self.value.clone().filter(|value| !value.is_empty() && !value.contains(['{', '}']))
    }
}

/// A key of `paths`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathKey {
    /// The key as it stands in the document.
    pub(super) written: String,
    /// The path template, without what follows it.
    pub(super) path: String,
    /// Text after its question mark.
    pub(super) query: Vec<FragmentPiece>,
    /// Text after its number sign.
    pub(super) fragment: Vec<FragmentPiece>,
}

impl PathKey {
    /// Takes a key apart. `{?a,b}` of RFC 6570 names what may be asked, and so asks for nothing.
    pub(super) fn of(written: &str) -> Self {
        let end = outside_braces(written, &['?', '#']).unwrap_or(written.len());
        let (path, rest) = written.split_at(end);
        let (query, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        Self {
            written: written.to_owned(),
            path: without_expansions(path),
            query: pieces(query.strip_prefix('?').unwrap_or(query)),
            fragment: pieces(fragment),
        }
    }

    /// What a request must have to be for an operation with these parameters. A fragment is never sent: `#name=value`
    /// stands for the parameter of that name, and without one for the query; `#name` without one is a remark.
    pub(super) fn conditions(&self, parameters: &[Parameter]) -> Vec<RouteCondition> {
        let query = self.query.iter().map(|piece| (Location::Query, piece));
        let fragment = self.fragment.iter().filter_map(|piece| {
            let location = piece.declared(parameters);
            let location = location.or(piece.value.as_ref().map(|_| Location::Query))?;
            Some((location, piece))
        });
        let mut found: Vec<RouteCondition> = Vec::new();
        for (location, piece) in query.chain(fragment) {
            let condition =
                RouteCondition { location, name: piece.name.clone(), value: piece.wanted() };
            if !found.contains(&condition) {
                found.push(condition);
            }
        }
        found
    }
}

/// The names of the parameters in a path template, in their order.
pub(super) fn names_in(template: &str) -> Vec<&str> {
    let parts = template.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}

/// Index of the first of these characters outside of braces.
fn outside_braces(text: &str, wanted: &[char]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && wanted.contains(&character) => return Some(at),
            _ => {}
        }
    }
    None
}

/// A path without `{?…}`, `{&…}` and `{#…}` at its end.
fn without_expansions(path: &str) -> String {
    let mut path = path;
    while let Some(at) = path
        .rfind('{')
        .filter(|at| path.ends_with('}') && path[at + 1..].starts_with(['?', '&', '#']))
    {
        path = &path[..at];
    }
    path.to_owned()
}

fn pieces(text: &str) -> Vec<FragmentPiece> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let mut found: Vec<FragmentPiece> = Vec::new();
    for piece in text.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = match piece.split_once('=') {
            Some((name, value)) => (name, Some(decoded(value))),
            None => (piece, None),
        };
        let piece = FragmentPiece { name: decoded(name), value };
        if !piece.name.is_empty() && !found.contains(&piece) {
            found.push(piece);
        }
    }
    found
}

/// A path and what a request to it must have, as one would call it: `/?Action=Run`, `/ with X-Target: a`.
pub fn called(path: &str, conditions: &[RouteCondition]) -> String {
    let mut called = path.to_owned();
    let mut separator = '?';
    for condition in conditions.iter().filter(|one| one.location != Location::Header) {
        called.push(separator);
        called.push_str(&condition.name);
        if let Some(value) = &condition.value {
            let _ = write!(called, "={value}");
        }
        separator = '&';
    }
    let mut separator = " with";
    for condition in conditions.iter().filter(|one| one.location == Location::Header) {
        let _ = write!(called, "{separator} {}", condition.name);
        if let Some(value) = &condition.value {
            let _ = write!(called, ": {value}");
        }
        separator = ",";
    }
    called
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_path_is_taken_apart() {
        let table = [
            ("/a", "/a", "", ""),
            ("/#", "/", "", ""),
            ("/x?", "/x", "", ""),
            ("/#Action=Run", "/", "", "Action=Run"),
            ("/?Action=Run%20All&v", "/", "Action=Run All,v", ""),
            ("/{b}/{k}#uploadId", "/{b}/{k}", "", "uploadId"),
            ("/{b}#list-type=2", "/{b}", "", "list-type=2"),
            ("/x?y={y}#z", "/x", "y={y}", "z"),
            ("/x?=1&&y", "/x", "y", ""),
            ("/search{?q,limit}", "/search", "", ""),
            ("/search{?q}{&limit}", "/search", "", ""),
            ("/search{#part}", "/search", "", ""),
            ("/a/{b}", "/a/{b}", "", ""),
        ];
        let shown = |pieces: &[FragmentPiece]| {
            let shown = pieces.iter().map(|piece| match &piece.value {
                Some(value) => format!("{}={value}", piece.name),
                None => piece.name.clone(),
            });
            shown.collect::<Vec<_>>().join(",")
        };
        for (written, path, query, fragment) in table {
            let key = PathKey::of(written);
            let found = (key.path.as_str(), shown(&key.query), shown(&key.fragment));
            assert_eq!(found, (path, query.to_owned(), fragment.to_owned()), "{written}");
        }
    }

    #[test]
    fn a_path_with_conditions_is_shown_as_it_is_called() {
        let one = |location, name: &str, value: Option<&str>| RouteCondition {
            location,
            name: name.to_owned(),
            value: value.map(str::to_owned),
        };
        let query = [one(Location::Query, "acl", None), one(Location::Query, "v", Some("2"))];
        assert_eq!(called("/b", &query), "/b?acl&v=2");
        let header = [one(Location::Header, "X-Target", Some("Run"))];
        assert_eq!(called("/", &header), "/ with X-Target: Run");
        assert_eq!(called("/a/{b}", &[]), "/a/{b}");
    }
}
