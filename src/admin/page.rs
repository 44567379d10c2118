//! The page for people: the files of `page/`, inside the program, or read from a folder while somebody works on them.
//!
//! Must not know what is in the files, nor who may ask for them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::admin::options::ROOT;
use crate::admin::refusal::AdminProblem;
use crate::problem::Problem;

/// Where the page is.
pub const PAGE: &str = "/__admin/ui/";

/// The file that a browser opens first.
const FIRST: &str = "index.html";

/// Largest file that is read from a folder: more than the whole page has.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Embed)]
#[folder = "page/"]
#[include = "*.html"]
#[include = "*.js"]
#[include = "*.css"]
#[include = "*.svg"]
struct BuiltIn;

/// What the page may load and do: its own files and calls to this server, and nothing may frame it. Scripts cannot turn
/// text into markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// The files of the page.
#[derive(Clone, Debug, Default)]
pub(super) struct PageFiles {
    /// The folder that they are read from at each request; those in the program, unless given.
    pub(super) folder: Option<PathBuf>,
}

/// Whether a path is that of a file of the page, none of which has a secret in it.
pub(super) fn is_file(path: &str) -> bool {
    path.starts_with(PAGE)
}

/// Whether a path is one from which a browser is led to the page.
pub(super) fn is_way_in(path: &str) -> bool {
    path == "/" || path == PAGE.trim_end_matches('/') || path.trim_end_matches('/') == ROOT
}

/// Whether a request is that of a browser which shows what it gets to somebody.
pub(super) fn wants_html(head: &Parts) -> bool {
    let is_html = |range: &str| {
        let essence = range.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("text/html")
    };
    let accepted = head.headers.get_all(header::ACCEPT).iter();
    let mut ranges =
        accepted.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    matches!(head.method, Method::GET | Method::HEAD) && ranges.any(is_html)
}

/// Leads to the page.
pub(super) fn redirect() -> Response {
    let fields = [(header::LOCATION, PAGE), (header::VARY, "accept")];
    (StatusCode::FOUND, fields).into_response()
}

/// A file of the page.
pub(super) fn answer(
    files: &PageFiles,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, AdminProblem> {
    let name = uri.path().strip_prefix(PAGE).filter(|name| !name.is_empty()).unwrap_or(FIRST);
    let found = content_type(name).and_then(|kind| Some((kind, files.read(name)?)));
    let Some((kind, (bytes, hash))) = found else {
        let detail = format!("the page has no file `{name}`: it begins at `{PAGE}`");
        return Err(Problem::new(StatusCode::NOT_FOUND, "no such file", detail).into());
    };
    let tag = tag(&hash);
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let is_known = known.any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(bytes.into_owned()).into_response()
    };
    let fields = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fields {
        let value = HeaderValue::from_str(value).expect("all of it is ASCII without line breaks");
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

impl PageFiles {
    /// A file and its SHA-256, which the program has of those that are built in.
    fn read(&self, name: &str) -> Option<(Cow<'static, [u8]>, [u8; 32])> {
        match &self.folder {
            None => BuiltIn::get(name).map(|file| (file.data, file.metadata.sha256_hash())),
            Some(folder) => {
                let bytes = read_from(folder, name)?;
                let hash = Sha256::digest(&bytes).into();
                Some((Cow::Owned(bytes), hash))
            }
        }
    }
}

/// A file in the folder; names that could lead out of it have none.
fn read_from(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let fits = |segment: &str| !segment.is_empty() && !segment.starts_with('.');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !name.split('/').all(fits) || !name.chars().all(is_plain) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(folder.join(name)).ok()?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

fn tag(hash: &[u8; 32]) -> String {
    let mut tag = String::from("\"");
    for byte in hash.iter().take(8) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn get(files: &PageFiles, path: &str, known: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(known) = known {
            headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
        }
        let answered = answer(files, &path.parse().unwrap(), &headers);
        answered.unwrap_or_else(IntoResponse::into_response)
    }

    #[test]
    fn every_file_has_a_type_a_tag_and_the_policy() {
        let files = PageFiles::default();
        assert!(BuiltIn::iter().any(|name| name == FIRST));
        for name in BuiltIn::iter() {
            let response = get(&files, &format!("{PAGE}{name}"), None);
            assert_eq!(response.status(), 200, "{name}");
            let headers = response.headers();
            assert_eq!(headers["content-security-policy"], POLICY);
            assert!(!POLICY.contains("unsafe"));
            let tag = headers["etag"].to_str().unwrap();
            let again = get(&files, &format!("{PAGE}{name}"), Some(&format!("\"x\", W/{tag}")));
            assert_eq!(again.status(), 304, "{name}");
        }
        assert_eq!(get(&files, PAGE, None).headers()["content-type"], "text/html; charset=utf-8");
    }

    #[test]
    fn a_browser_is_told_of_every_module_at_once() {
        let first = BuiltIn::get(FIRST).unwrap().data;
        let first = std::str::from_utf8(&first).unwrap();
        for name in BuiltIn::iter().filter(|name| name.ends_with(".js")) {
            assert!(first.contains(&format!("=\"{name}\"")), "{name} is not in {FIRST}");
        }
    }

    #[test]
    fn other_names_are_no_files() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        for folder in [None, Some(folder)] {
            let files = PageFiles { folder };
            assert_eq!(get(&files, PAGE, None).status(), 200);
            for name in [
                "x.js",
                "../Cargo.toml",
                "../README.html",
                ".x.js",
                "/etc/x.js",
                "index.html/",
                "%2e%2e/x.js",
            ] {
                assert_eq!(get(&files, &format!("{PAGE}{name}"), None).status(), 404, "{name}");
            }
        }
    }

    #[test]
    fn a_browser_is_told_from_a_program_by_what_it_accepts() {
        for (method, accept, expected) in [
            ("GET", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("HEAD", "application/json, Text/HTML ; q=0.5", true),
            ("POST", "text/html", false),
            ("GET", "*/*", false),
            ("GET", "application/json", false),
        ] {
            let request = Request::builder().method(method).header("accept", accept);
            let (head, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(wants_html(&head), expected, "{method} {accept}");
        }
    }
}
