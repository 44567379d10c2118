//! Addresses where the name of a file belongs: nothing is fetched from a network, so people are told what to type instead.
//!
//! Owns those words. Must not know what the file would have been.

use std::path::Path;

use percent_encoding::percent_decode_str;

/// Names a file for an address whose path has none.
const FALLBACK_NAME: &str = "openapi.yaml";

/// Where a file is said to be by its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remote<'a> {
    /// On the web, where `curl` reaches it.
    Web(&'a str),
    /// On this machine: a `file:` URL and its path.
    Local(&'a str),
    /// Somewhere else, such as `s3://` or `git://`.
    Other(&'a str),
}

impl<'a> Remote<'a> {
    /// Reads `scheme://…`; `None` for what is no URL, such as a path, also one with a drive letter.
    pub(crate) fn of(text: &'a str) -> Option<Remote<'a>> {
        let (scheme, rest) = text.split_once("://")?;
        let mut letters = scheme.chars();
        let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        is_scheme.then_some(match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => Remote::Web(text),
            "file" => Remote::Local(rest),
            _ => Remote::Other(text),
        })
    }

    /// Command that puts the file on this machine.
    pub(crate) fn advice(self) -> String {
        match self {
            Remote::Web(url) => {
                let (url, name) = (quoted(without_fragment(url)), quoted(&name(url)));
                format!("save it with `curl -sSf {url} -o {name}`, and name that file")
            }
            Remote::Local(path) => format!("write the path: `{}`", path_of(path)),
            Remote::Other(_) => "save it on this machine, and name that file".to_owned(),
        }
    }

    /// What to type where a document can come by standard input, too; its provider's name if it was given one.
    pub(crate) fn advice_for_document(self, provider: Option<&str>) -> String {
        let Remote::Web(url) = self else { return self.advice() };
        let named = provider.map(|name| format!("{name}=")).unwrap_or_default();
        let url = quoted(without_fragment(url));
        format!("pipe it in with `curl -sSf {url} | tombstone mock {named}-`, or save it in a file")
    }
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// The last part of the path of a URL.
fn name(url: &str) -> String {
    let path = without_fragment(url).split('?').next().unwrap_or_default();
    let path = path.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let last = path.and_then(|(_, path)| path.rsplit('/').next()).unwrap_or_default();
    if last.is_empty() { FALLBACK_NAME.to_owned() } else { last.to_owned() }
}

/// The path of a `file:` URL after its slashes: an empty host or `localhost` is this machine.
fn path_of(rest: &str) -> String {
    let path = rest.strip_prefix("localhost/").map_or(rest, |_| &rest["localhost".len()..]);
    let decoded = percent_decode_str(without_fragment(path)).decode_utf8_lossy();
    // `file:///C:/a.yaml` is `C:/a.yaml`.
    let drive = decoded.strip_prefix('/').filter(|path| path.as_bytes().get(1) == Some(&b':'));
    drive.unwrap_or(&decoded).to_owned()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    if word.chars().all(|c| c.is_ascii_alphanumeric() || "/:.-_~%+@,".contains(c)) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "%27"))
    }
}

/// Advice on a reference that leads to no readable file.
pub(super) fn advice_for_reference(reference: &str) -> String {
    match Remote::of(reference) {
        Some(Remote::Local(_)) => "write a path that is relative to this file".to_owned(),
        Some(remote) => format!("nothing is fetched from a network: {}", remote.advice()),
        None => "files are read from the document's folder or its repository".to_owned(),
    }
}

/// Why a file that is named by a URL is not read, and what to do: for a message of a file that cannot be read.
pub(crate) fn refusal(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let remote = Remote::of(text).filter(|_| !path.exists())?;
    Some(format!("is not fetched from a network: {}", remote.advice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_what_to_type_instead() {
        let advice = |text: &str| Remote::of(text).map(Remote::advice).unwrap_or_default();
        for (text, expected) in [
            (
                "https://a.example/v1/api.yaml",
                "save it with `curl -sSf https://a.example/v1/api.yaml -o api.yaml`, and name that file",
            ),
            (
                "HTTP://a.example/?a=b&c=d#/x",
                "save it with `curl -sSf 'HTTP://a.example/?a=b&c=d' -o openapi.yaml`, and name that file",
            ),
            ("file:///tmp/a%20b.yaml", "write the path: `/tmp/a b.yaml`"),
            ("file://localhost/tmp/a.yaml", "write the path: `/tmp/a.yaml`"),
            ("file:///C:/a.yaml", "write the path: `C:/a.yaml`"),
            ("s3://bucket/a.yaml", "save it on this machine, and name that file"),
            ("a.yaml", ""),
            ("C:\\a.yaml", ""),
            ("./a://b", ""),
        ] {
            assert_eq!(advice(text), expected, "{text}");
        }
        let piped = Remote::of("https://a.example").map(|it| it.advice_for_document(Some("shop")));
        assert_eq!(
            piped.unwrap_or_default(),
            "pipe it in with `curl -sSf https://a.example | tombstone mock shop=-`, or save it in a file"
        );
    }
}
