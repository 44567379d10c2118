//! `servers`: where the vendor's own service answers, as base paths and host names.
//!
//! Owns how an address is taken apart. Must not know where we listen.

use std::net::IpAddr;

use super::Server;

/// Takes a server's address apart. `None` when a variable in its path has no default.
pub(super) fn parse(url: &str, default: impl Fn(&str) -> Option<String>) -> Option<Server> {
    let url = url.trim().split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match url.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => {
            let end = rest.find('/').unwrap_or(rest.len());
            (Some(&rest[..end]), &rest[end..])
        }
        _ => (None, url),
    };
    let path = fill(path, default)?;
    let path = path.trim_start_matches('.').trim_matches('/');
    let base_path = if path.is_empty() { String::new() } else { format!("/{path}") };
    Some(Server { base_path, host: authority.and_then(host) })
}

/// `None` for what names nobody: templates, this machine, and nothing at all.
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
    (!name.is_empty() && !here && !host.contains('{')).then_some(name)
}

fn fill(path: &str, default: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(&default(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
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
            ("https://api.example.com:{port}/v1", "/v1", None),
            ("https://api.example.com/{version}/x", "/v7/x", Some("api.example.com")),
            ("http://localhost:3000/api", "/api", None),
            ("http://127.0.0.1", "", None),
            ("http://[::1]:80/x", "/x", None),
            ("/v2", "/v2", None),
            ("v2/", "/v2", None),
            ("./v2", "/v2", None),
            ("/", "", None),
            ("", "", None),
        ];
        for (url, base_path, host) in table {
            let server = parse(url, |name| (name == "version").then(|| "v7".to_owned()));
            let expected =
                Server { base_path: base_path.to_owned(), host: host.map(str::to_owned) };
            assert_eq!(server, Some(expected), "{url}");
        }
        assert_eq!(parse("https://api.example.com/{unknown}", |_| None), None);
        assert_eq!(parse("/{open", |_| None), None);
    }
}
