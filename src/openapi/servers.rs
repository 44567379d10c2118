//! `servers`: where the vendor's own service answers, as base paths and host names.
//!
//! Owns how an address is taken apart. Must not know where we listen.

use std::net::IpAddr;

use indexmap::IndexMap;
use serde_json::Value;

use super::ServerEntry;

/// Addresses that one entry of `servers` stands for at most: lists of regions and stages, and not their product without
/// end.
pub(super) const ADDRESSES_MAX: usize = 128;

/// The values of a server's variables by name, the default first; those of none are not known.
pub(super) type ServerVariables = IndexMap<String, Vec<String>>;

/// What a server variable is written with in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VariableFlaw {
    /// It has no `default`, and has values.
    NoDefault,
    /// Its `default` is not among its values.
    OtherDefault,
}

/// The values that a Server Variable Object lists, the default first, and what is wrong with it.
pub(super) fn values(variable: &Value) -> (Vec<String>, Option<VariableFlaw>) {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let listed = variable.get("enum").and_then(Value::as_array).into_iter().flatten();
    let listed: Vec<String> = listed.filter_map(text).collect();
    let default = variable.get("default").and_then(text);
    let flaw = match &default {
        _ if listed.is_empty() => None,
        None => Some(VariableFlaw::NoDefault),
        Some(default) => (!listed.contains(default)).then_some(VariableFlaw::OtherDefault),
    };
    let mut values: Vec<String> = default.into_iter().collect();
    for value in listed {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    (values, flaw)
}

/// What an address stands for with each combination of its variables' values, the defaults first, and whether there
/// are more than are told. What is not known stays in its braces.
pub(super) fn addresses(url: &str, variables: &ServerVariables) -> (Vec<String>, bool) {
    let mut found = vec![url.to_owned()];
    let mut is_cut = false;
    for (name, values) in variables {
        let place = format!("{{{name}}}");
        if values.is_empty() || !url.contains(&place) {
            continue;
        }
        let filled = found.iter().flat_map(|url| {
            values.iter().map(|value| url.replace(&place, value)).collect::<Vec<_>>()
        });
        let filled: Vec<String> = filled.take(ADDRESSES_MAX + 1).collect();
        is_cut |= filled.len() > ADDRESSES_MAX;
        found = filled;
        found.truncate(ADDRESSES_MAX);
    }
    (found, is_cut)
}

/// Takes an address apart. `None` when there is still a variable in its path.
pub(super) fn parse(url: &str) -> Option<ServerEntry> {
    let url = url.trim().split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match url.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => {
            let end = rest.find('/').unwrap_or(rest.len());
            (Some(&rest[..end]), &rest[end..])
        }
        _ => (None, url),
    };
    if path.contains(['{', '}']) {
        return None;
    }
    Some(ServerEntry { base_path: base_path(path), host: authority.and_then(host) })
}

/// A path without its slash at the end, and `.` and `..` followed as far as that goes (RFC 3986 section 5.2.4).
fn base_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.trim_matches('/').split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let path = segments.join("/");
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

/// `None` for what names no host: templates, this machine, and nothing at all.
fn host(authority: &str) -> Option<String> {
    let host = authority.rsplit('@').next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let address = name.parse::<IpAddr>().ok();
    let here = name == "localhost"
        || name.ends_with(".localhost")
        || address.is_some_and(|address| address.is_loopback() || address.is_unspecified());
    (!name.is_empty() && !here && !name.contains(['{', '}'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_a_base_path_and_perhaps_a_host() {
        let table = [
            ("https://api.shop.example", "", Some("api.shop.example")),
            ("https://api.shop.example/", "", Some("api.shop.example")),
            ("https://API.Example.com:8443/v2/", "/v2", Some("api.example.com")),
            ("//api.example.com/v1", "/v1", Some("api.example.com")),
            ("https://user@api.example.com/a/b?x#y", "/a/b", Some("api.example.com")),
            ("https://{region}.example.com/v1", "/v1", None),
            ("https://api.example.com:{port}/v1", "/v1", Some("api.example.com")),
            ("http://localhost:3000/api", "/api", None),
            ("http://127.0.0.1", "", None),
            ("http://[::1]:80/x", "/x", None),
            ("/v2", "/v2", None),
            ("v2/", "/v2", None),
            ("./v2", "/v2", None),
            ("../../v2", "/v2", None),
            ("/a/../b/./c", "/b/c", None),
            ("/", "", None),
            ("", "", None),
        ];
        for (url, base_path, host) in table {
            let expected =
                ServerEntry { base_path: base_path.to_owned(), host: host.map(str::to_owned) };
            assert_eq!(parse(url), Some(expected), "{url}");
        }
        assert_eq!(parse("https://api.example.com/{unknown}"), None);
        assert_eq!(parse("/{open"), None);
    }

    #[test]
    fn an_address_stands_for_each_combination_of_its_variables() {
        let variables: ServerVariables = [
            ("stage", vec!["prod", "dev"]),
            ("region", vec!["eu", "us"]),
            ("base", vec!["https://api.example.com/v1"]),
            ("unused", vec!["a", "b"]),
            ("unknown", vec![]),
        ]
        .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
        .into();
        for (url, expected) in [
            ("/{stage}/v2", vec!["/prod/v2", "/dev/v2"]),
            (
                "https://{region}.x/{stage}/{region}",
                vec![
                    "https://eu.x/prod/eu",
                    "https://us.x/prod/us",
                    "https://eu.x/dev/eu",
                    "https://us.x/dev/us",
                ],
            ),
            ("{base}/x", vec!["https://api.example.com/v1/x"]),
            ("/{unknown}/{other}", vec!["/{unknown}/{other}"]),
            ("/plain", vec!["/plain"]),
        ] {
            assert_eq!(
                addresses(url, &variables),
                (expected.iter().map(|it| (*it).to_owned()).collect(), false),
                "{url}"
            );
        }
        let many: ServerVariables = ["a", "b", "c"]
            .map(|name| (name.to_owned(), (0..50).map(|number| number.to_string()).collect()))
            .into();
        let (found, is_cut) = addresses("/{a}/{b}/{c}", &many);
        assert_eq!((found.len(), found[0].as_str(), is_cut), (ADDRESSES_MAX, "/0/0/0", true));
    }

    #[test]
    fn a_variable_has_its_default_first() {
        for (variable, expected, flaw) in [
            (json!({ "default": "a" }), vec!["a"], None),
            (json!({ "default": "b", "enum": ["a", "b"] }), vec!["b", "a"], None),
            (json!({ "default": 8443, "enum": ["443", 8443] }), vec!["8443", "443"], None),
            (json!({ "enum": ["a", "b"] }), vec!["a", "b"], Some(VariableFlaw::NoDefault)),
            (
                json!({ "default": "c", "enum": ["a"] }),
                vec!["c", "a"],
                Some(VariableFlaw::OtherDefault),
            ),
            (json!({ "default": null }), vec![], None),
            (json!("text"), vec![], None),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(values(&variable), (expected, flaw), "{variable}");
        }
    }
}
