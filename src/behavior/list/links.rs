//! Links from one page of a list to others: the request's own address with other values of the parameters that name the
//! page.
//!
//! Must not know how a page is found.

use std::fmt::Write as _;
use std::sync::Arc;

use form_urlencoded::byte_serialize;
use http::Uri;
use minijinja::value::{Enumerator, Object};
use percent_encoding::percent_decode_str;

use crate::expression::Value;

/// The links that a list has, by their names.
pub(super) const LINKS: [&str; 4] = ["first", "previous", "next", "last"];

/// The query parameters that name a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PageParameters {
    /// By a number or an offset.
    Number(Box<str>),
    Cursor(Box<str>),
    Beside {
        after: Option<Box<str>>,
        before: Option<Box<str>>,
    },
}

/// A page that a link leads to.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The first, where it needs no parameter.
    Start,
    /// The number or offset.
    At(i64),
    /// After the record that the cursor or key names.
    After(Value),
    /// Before it.
    Before(Value),
}

/// The links of a page, written when they are read.
#[derive(Debug)]
pub(super) struct Links {
    pub(super) uri: Uri,
    pub(super) parameters: Arc<PageParameters>,
    /// In the order of [`LINKS`].
    pub(super) targets: [Option<Target>; LINKS.len()],
}

impl Links {
    fn write(&self, target: &Target) -> Option<String> {
        let text = |value: &Value| (!value.is_undefined()).then(|| value.to_string());
        let changes = match (&*self.parameters, target) {
            (PageParameters::Number(name), Target::At(number)) => {
                vec![(&**name, Some(number.to_string()))]
            }
            (PageParameters::Cursor(name), Target::Start) => vec![(&**name, None)],
            (PageParameters::Cursor(name), Target::After(cursor) | Target::Before(cursor)) => {
                vec![(&**name, Some(text(cursor)?))]
            }
            (PageParameters::Beside { after, before }, target) => {
                let (named, other, key) = match target {
                    Target::After(key) => (Some(after.as_deref()?), before.as_deref(), key),
                    Target::Before(key) => (Some(before.as_deref()?), after.as_deref(), key),
                    _ => (None, None, &Value::UNDEFINED),
                };
                match named {
                    Some(named) => {
                        let other = other.map(|other| (other, None));
                        [(named, Some(text(key)?))].into_iter().chain(other).collect()
                    }
                    None => [after, before]
                        .into_iter()
                        .filter_map(|name| Some((name.as_deref()?, None)))
                        .collect(),
                }
            }
            _ => return None,
        };
        Some(with_query(&self.uri, &changes))
    }
}

impl Object for Links {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        let place = LINKS.iter().position(|known| *known == name)?;
        let target = self.targets[place].as_ref()?;
        self.write(target).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = LINKS.iter().zip(&self.targets);
        let there = names.filter(|(_, target)| {
            target.as_ref().is_some_and(|target| self.write(target).is_some())
        });
        Enumerator::Values(there.map(|(name, _)| Value::from(*name)).collect())
    }
}

/// A path and query as they were sent, with these parameters of the query set or taken away: the first of a name is changed
/// in its place, and others of that name go.
fn with_query(uri: &Uri, changes: &[(&str, Option<String>)]) -> String {
    let mut target = uri.path().to_owned();
    let mut separator = '?';
    let mut write = |target: &mut String, pair: std::fmt::Arguments<'_>| {
        let _ = write!(target, "{separator}{pair}");
        separator = '&';
    };
    let mut written = vec![false; changes.len()];
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (sent, _) = pair.split_once('=').unwrap_or((pair, ""));
        let name = sent.replace('+', " ");
        let name = percent_decode_str(&name).decode_utf8_lossy();
        match changes.iter().position(|(changed, _)| *changed == name) {
            None => write(&mut target, format_args!("{pair}")),
            Some(place) => {
                if let (Some(value), false) = (&changes[place].1, written[place]) {
                    write(&mut target, format_args!("{sent}={}", Encoded(value)));
                }
                written[place] = true;
            }
        }
    }
    for ((name, value), _) in changes.iter().zip(written).filter(|(_, written)| !written) {
        if let Some(value) = value {
            write(&mut target, format_args!("{}={}", Encoded(name), Encoded(value)));
        }
    }
    target
}

/// A text in a query.
struct Encoded<'t>(&'t str);

impl std::fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        byte_serialize(self.0.as_bytes()).try_for_each(|part| f.write_str(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_the_page_is_changed() {
        let cases = [
            ("/a", Some("2"), "/a?page=2"),
            ("/a", None, "/a"),
            ("/@s/b/a?x=1&page=1&y=%C3%A4+b", Some("2"), "/@s/b/a?x=1&page=2&y=%C3%A4+b"),
            ("/a?page=1&x&page=3", Some("2"), "/a?page=2&x"),
            ("/a?page=1&x=", None, "/a?x="),
            ("/a?p%61ge=1", Some("a/b c"), "/a?p%61ge=a%2Fb+c"),
            ("/a?page", Some("2"), "/a?page=2"),
        ];
        for (target, value, expected) in cases {
            let uri: Uri = target.parse().unwrap();
            assert_eq!(with_query(&uri, &[("page", value.map(str::to_owned))]), expected);
        }
    }
}
