//! Headers that tell browsers about emulated answers: which origins may read them (CORS), and that they are not pages.
//!
//! Must not know operations or sandboxes, and is not for the admin API, which no foreign page may read.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use crate::media::is_json;

/// Seconds that a browser may cache a preflight's answer: two hours is the most that Chromium keeps.
const PREFLIGHT_AGE_MAX_S: &str = "7200";

/// Response headers of our own that scripts may read.
const EXPOSED: [&str; 7] = [
    "Tombstone-Sandbox",
    "Tombstone-Sandbox-Restarted",
    "Tombstone-Request-Id",
    "Tombstone-Violations",
    "Tombstone-Ignored",
    "Tombstone-Replayed",
    "Preference-Applied",
];

/// Response headers that scripts may read anyway (Fetch Standard, CORS-safelisted response-header names), or that say
/// nothing to them.
const ALWAYS_READABLE: [HeaderName; 8] = [
    header::CACHE_CONTROL,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::PRAGMA,
    header::VARY,
];

const VARY_PREFLIGHT: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
);
const TRUE: HeaderValue = HeaderValue::from_static("true");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox");

/// Cross-origin resource sharing for emulated answers: every origin may call and read, with credentials.
///
/// Origin and headers are echoed, because wildcards do not work with credentials. To switch it off, have none.
///
/// `Access-Control-Request-Private-Network` is never granted: pages that are served from this machine or network do
/// not need it, and it is what keeps pages on the public internet away from a local server.
#[derive(Clone, Debug)]
pub struct Cors {
    exposed: HeaderValue,
    /// The same, in small letters.
    names: BTreeSet<String>,
}

impl Cors {
    /// Exposes our own response headers and the `documented` ones; a name that is none is left out.
    #[expect(clippy::missing_panics_doc, reason = "every name has been checked to be one")]
    pub fn new<'a>(documented: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = EXPOSED.to_vec();
        for name in documented {
            let known = names.iter().any(|known| known.eq_ignore_ascii_case(name));
            if !known && HeaderName::try_from(name).is_ok() {
                names.push(name);
            }
        }
        let exposed = HeaderValue::try_from(names.join(", "))
            .expect("header names are made of visible ASCII characters");
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { exposed, names }
    }

    /// Is this a preflight, so that no operation is meant by it?
    pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
        *method == Method::OPTIONS
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The answer to a preflight with these headers, whatever path it is for: whether anything is there, the call
    /// itself finds out. Complete but for [`Cors::allow`].
    pub fn preflight(&self, request: &HeaderMap) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        if let Some(method) = request.get(header::ACCESS_CONTROL_REQUEST_METHOD) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        }
        for names in request.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.append(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        headers
            .insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_AGE_MAX_S));
        headers.insert(header::VARY, VARY_PREFLIGHT);
        response
    }

    /// Lets the page at `origin` read the answer with these headers, errors and faults too.
    ///
    /// Answers to other callers vary on the origin as well, so that no cache hands them to a page.
    pub fn allow(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) {
        let varies = response.get_all(header::VARY).iter().any(names_origin);
        if !varies {
            response.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = origin {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            let exposed = self.exposed_of(response);
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    /// Which headers of an answer scripts may read: also those that no contract has, as of faults.
    fn exposed_of(&self, response: &HeaderMap) -> HeaderValue {
        let others = response.keys().filter(|name| {
            !ALWAYS_READABLE.contains(name)
                && !name.as_str().starts_with("access-control-")
                && !self.names.contains(name.as_str())
        });
        let mut text = String::new();
        for name in others {
            text.push_str(", ");
            text.push_str(name.as_str());
        }
        if text.is_empty() {
            return self.exposed.clone();
        }
        let all = [self.exposed.as_bytes(), text.as_bytes()].concat();
        HeaderValue::from_bytes(&all).unwrap_or_else(|_| self.exposed.clone())
    }
}

/// Does this value of `Vary` cover the origin?
fn names_origin(vary: &HeaderValue) -> bool {
    vary.to_str().is_ok_and(|names| {
        names
            .split(',')
            .map(str::trim)
            .any(|name| name == "*" || name.eq_ignore_ascii_case("origin"))
    })
}

/// Keeps a browser from running the answer as a page of this server, unless it is empty or JSON, which none runs.
///
/// A page from a contract's example would otherwise have the same origin as the admin API. An answer of status 304 is
/// empty, and what it says of itself becomes part of the answer that the browser has kept (RFC 9111 section 4.3.4).
pub fn confine(response: &mut Response<Bytes>) {
    let mut types = response.headers().get_all(header::CONTENT_TYPE).iter();
    let only = types.next().filter(|_| types.next().is_none());
    let is_harmless =
        response.body().is_empty() || only.is_some_and(|value| value.to_str().is_ok_and(is_json));
    if is_harmless && response.status() != StatusCode::NOT_MODIFIED {
        return;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn check(response: &HeaderMap, expected: &Expect) {
        let lines: Vec<String> = response
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn scripts_read_headers_that_no_contract_has() {
        let cors = Cors::new(["ETag"]);
        let mut response = headers(&[
            ("content-type", "application/json"),
            ("etag", "1"),
            ("retry-after", "3"),
            ("x-quota", "0"),
            ("vary", "Accept"),
        ]);
        cors.allow(Some(&HeaderValue::from_static("https://app.example")), &mut response);
        let exposed = response[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap();
        assert!(exposed.ends_with(", ETag, retry-after, x-quota"), "{exposed}");
    }

    #[test]
    fn a_preflight_gets_what_it_asks_for() {
        let request = headers(&[
            ("origin", "https://app.example"),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "x-apikey, content-type"),
            ("access-control-request-private-network", "true"),
        ]);
        assert!(Cors::is_preflight(&Method::OPTIONS, &request));
        let cors = Cors::new([]);
        let mut response = cors.preflight(&request);
        cors.allow(request.get(header::ORIGIN), response.headers_mut());
        assert_eq!(response.status(), 204);
        check(
            response.headers(),
            &expect![[r#"
                access-control-allow-methods: DELETE
                access-control-allow-headers: x-apikey, content-type
                access-control-max-age: 7200
                vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers
                access-control-allow-origin: https://app.example
                access-control-allow-credentials: true
                access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Tombstone-Ignored, Tombstone-Replayed, Preference-Applied"#]],
        );
    }

    #[test]
    fn only_options_with_origin_and_method_is_a_preflight() {
        let both = headers(&[("origin", "null"), ("access-control-request-method", "PUT")]);
        assert!(Cors::is_preflight(&Method::OPTIONS, &both));
        assert!(!Cors::is_preflight(&Method::DELETE, &both));
        let page = headers(&[("origin", "null")]);
        assert!(!Cors::is_preflight(&Method::OPTIONS, &page));
        let method = headers(&[("access-control-request-method", "PUT")]);
        assert!(!Cors::is_preflight(&Method::OPTIONS, &method));
    }

    #[test]
    fn documented_headers_are_exposed_once() {
        let cors = Cors::new(["Retry-After", "tombstone-sandbox", "retry-after", "no header\n"]);
        let mut response = HeaderMap::new();
        cors.allow(Some(&HeaderValue::from_static("null")), &mut response);
        check(
            &response,
            &expect![[r#"
                vary: Origin
                access-control-allow-origin: null
                access-control-allow-credentials: true
                access-control-expose-headers: Tombstone-Sandbox, Tombstone-Sandbox-Restarted, Tombstone-Request-Id, Tombstone-Violations, Tombstone-Ignored, Tombstone-Replayed, Preference-Applied, Retry-After"#]],
        );
    }

    #[test]
    fn an_answer_to_no_page_still_varies_on_the_origin() {
        let mut response = headers(&[("vary", "Accept")]);
        Cors::new([]).allow(None, &mut response);
        check(
            &response,
            &expect![[r#"
            vary: Accept
            vary: Origin"#]],
        );
        let mut response = headers(&[("vary", "accept, ORIGIN")]);
        Cors::new([]).allow(None, &mut response);
        check(&response, &expect!["vary: accept, ORIGIN"]);
    }

    #[test]
    fn what_a_browser_could_run_is_confined() {
        let confined = |content_type: Option<&'static str>, body: &'static str| {
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            if let Some(content_type) = content_type {
                response
                    .headers_mut()
                    .insert("content-type", HeaderValue::from_static(content_type));
            }
            confine(&mut response);
            let headers = response.headers();
            let policy = headers.contains_key("content-security-policy");
            assert_eq!(policy, headers.contains_key("x-content-type-options"));
            policy
        };
        for content_type in [
            "text/html",
            "image/svg+xml",
            "text/xml; charset=utf-8",
            "+json",
            "a",
            "text/html +json",
            "text/html,application/x+json",
            "application/json, text/html",
            "text/html; x=+json",
        ] {
            assert!(confined(Some(content_type), "<p>"), "{content_type}");
        }
        assert!(confined(None, "<p>"), "browsers guess where no type is given");
        for content_type in
            ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"]
        {
            assert!(!confined(Some(content_type), "{}"));
        }
        assert!(!confined(Some("text/html"), ""));
        let mut twice = Response::new(Bytes::from_static(b"<p>"));
        for content_type in ["application/json", "text/html"] {
            let content_type = HeaderValue::from_static(content_type);
            twice.headers_mut().append("content-type", content_type);
        }
        let mut kept = Response::new(Bytes::new());
        *kept.status_mut() = StatusCode::NOT_MODIFIED;
        kept.headers_mut().insert("content-security-policy", HeaderValue::from_static(""));
        for mut response in [twice, kept] {
            confine(&mut response);
            assert_eq!(response.headers()["content-security-policy"], "sandbox");
        }
    }
}
