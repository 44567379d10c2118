//! Who may call the admin API: programs of this machine, and whoever was given the token, but no foreign web page.
//!
//! Must not know which routes there are. It judges the head of a request, before anything of its body is read.

use std::fmt::Write as _;
use std::net::IpAddr;

use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::admin::options::AdminOptions;
use crate::admin::page;
use crate::admin::refusal::AdminProblem;
use crate::printable::printable;
use crate::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Decides who may call.
///
/// A page on the internet can make a browser send requests to this machine. What it cannot do is choose `Host` (but it
/// can let a name of its own lead here, so only known names count), or leave out `Origin` and `Sec-Fetch-Site`.
#[derive(Debug)]
pub(crate) struct Guard {
    bind: IpAddr,
    hosts: Vec<String>,
    open: bool,
    /// Of the token, so that comparing tells nothing of its length either.
    digest: Option<[u8; 32]>,
}

impl Guard {
    pub(crate) fn new(options: &AdminOptions) -> Self {
        Self {
            bind: options.bind.ip().to_canonical(),
            hosts: options.hosts.iter().map(|host| bare_host(host).to_owned()).collect(),
            open: options.open,
            digest: options.token.as_deref().map(|token| Sha256::digest(token).into()),
        }
    }

    /// Lets a request pass, or says why not.
    pub(crate) fn check(&self, head: &Parts) -> Result<(), AdminProblem> {
        let authority = self.check_host(head)?;
        if !is_visit(head) {
            self.check_page(&head.headers, &authority)?;
        }
        self.check_exposure()?;
        // The page asks for the token, so it has to be there without one.
        if !page::is_file(head.uri.path()) {
            self.check_token(&head.headers)?;
        }
        check_media_type(&head.headers)
    }

    /// Whether the page may be shown to whoever sent a request: it is for this server, and for all that it says from a
    /// browser in which somebody typed the address or followed a link.
    pub(crate) fn lets_in(&self, head: &Parts) -> bool {
        let is_ours = self.check_host(head).is_ok_and(|authority| {
            is_visit(head) || self.check_page(&head.headers, &authority).is_ok()
        });
        is_ours && self.check_exposure().is_ok()
    }

    /// 421 unless the request is for a name that can only mean this server; what it names otherwise.
    fn check_host(&self, head: &Parts) -> Result<Authority, AdminProblem> {
        let host = the_only(&head.headers, &header::HOST)
            .and_then(|host| Authority::try_from(host.as_bytes()).ok())
            .filter(|host| self.is_ours(host));
        // The target of `GET http://host/__admin/…` outranks `Host` (RFC 9112 section 3.2.2), so both must be ours.
        let target = head.uri.authority().is_none_or(|target| self.is_ours(target));
        match host {
            Some(host) if target => Ok(host),
            _ => Err(Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                "not the admin API's host",
                "the admin API answers only where `Host` is `localhost`, `127.0.0.1`, `[::1]`, the bind address \
                 or a name given with `--admin-host`: call it by one of these",
            )
            .into()),
        }
    }

    /// 403 for what a browser sends on behalf of a page that is not ours.
    ///
    /// A page under development calls its own server, which hands the call on. One that changes `Host` while it does
    /// (`changeOrigin` of Vite; rewrites of Next do so, too) leaves the page's `Origin`. It is let in where the browser
    /// itself says that page and server have one origin, which no page can make it say, and where that is a name of ours.
    fn check_page(&self, headers: &HeaderMap, authority: &Authority) -> Result<(), AdminProblem> {
        let by_ours = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
        let site_fits = headers.get_all(SEC_FETCH_SITE).iter().all(by_ours);
        let is_proxied =
            the_only(headers, &SEC_FETCH_SITE).is_some_and(|site| site == "same-origin");
        let of_ours = |origin: &HeaderValue| {
            // Either scheme: what serves TLS in front of us is still the same host and port.
            let origin = origin.to_str().unwrap_or_default();
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            host.is_some_and(|host| {
                let is_known = || Authority::try_from(host).is_ok_and(|host| self.is_ours(&host));
                host.eq_ignore_ascii_case(authority.as_str()) || (is_proxied && is_known())
            })
        };
        let origins = headers.get_all(header::ORIGIN);
        if origins.iter().all(of_ours) && site_fits {
            return Ok(());
        }
        Err(foreign_page(the_only(headers, &header::ORIGIN), authority, site_fits))
    }

    fn is_ours(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let host = bare_host(authority.host());
        match host.parse::<IpAddr>() {
            Ok(address) => {
                let here: [IpAddr; 2] =
                    [std::net::Ipv4Addr::LOCALHOST.into(), std::net::Ipv6Addr::LOCALHOST.into()];
                here.contains(&address) || address == self.bind || self.is_named(host)
            }
            Err(_) => host.eq_ignore_ascii_case("localhost") || self.is_named(host),
        }
    }

    fn is_named(&self, host: &str) -> bool {
        self.hosts.iter().any(|named| named.eq_ignore_ascii_case(host))
    }

    /// 403 where others than this machine's users can connect and nobody has said what is to be.
    fn check_exposure(&self) -> Result<(), AdminProblem> {
        if self.bind.is_loopback() || self.open || self.digest.is_some() {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "the admin API is closed",
            format!(
                "the server listens on `{}`, which others can reach: start it with `--admin-token TOKEN` to protect \
                 the admin API, with `--admin-open` to let everyone in, or with `--host 127.0.0.1`",
                self.bind
            ),
        )
        .into())
    }

    /// 401 where there is a token and the request does not have it.
    fn check_token(&self, headers: &HeaderMap) -> Result<(), AdminProblem> {
        let Some(digest) = &self.digest else { return Ok(()) };
        let presented = the_only(headers, &header::AUTHORIZATION).and_then(bearer_token);
        let same = presented.is_some_and(|token| {
            let presented: [u8; 32] = Sha256::digest(token).into();
            bool::from(presented.ct_eq(digest))
        });
        if same {
            return Ok(());
        }
        let mut refusal = AdminProblem::from(Problem::new(
            StatusCode::UNAUTHORIZED,
            "admin token required",
            "send the value of `--admin-token` as `Authorization: Bearer TOKEN`",
        ));
        refusal.0.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"tombstone admin\""),
        );
        Err(refusal)
    }
}

/// Whether somebody follows a link to the page, as from the log of a failed build. It does nothing by being opened, and
/// the other page can neither frame it nor get at its window.
fn is_visit(head: &Parts) -> bool {
    let is = |name: &HeaderName, value: &str| {
        the_only(&head.headers, name).is_some_and(|given| given == value)
    };
    head.method == Method::GET
        && (head.uri.path() == page::PAGE || page::is_way_in(head.uri.path()))
        && is(&SEC_FETCH_MODE, "navigate")
        && is(&SEC_FETCH_DEST, "document")
}

/// The answer to a page of another origin; where a proxy may be what makes it one, with what to do.
fn foreign_page(
    origin: Option<&HeaderValue>,
    host: &Authority,
    may_be_proxied: bool,
) -> AdminProblem {
    let mut detail = "the admin API does not answer web pages of other origins (`Origin`, `Sec-Fetch-Site`): call it \
                      from a program, or from a page that this server serves"
        .to_owned();
    let origin =
        origin.and_then(|origin| origin.to_str().ok()).filter(|origin| origin.contains("://"));
    if let Some(origin) = origin.filter(|_| may_be_proxied) {
        let _ = write!(
            detail,
            "; or through the proxy of a development server, if that leaves `Host` as it is: here `Host` is `{host}` \
             and `Origin` is `{}`, so leave out `changeOrigin`, or name the page's host with `--admin-host`",
            printable(origin)
        );
    }
    Problem::new(StatusCode::FORBIDDEN, "foreign page", detail).into()
}

/// 415 for a body that is not said to be JSON: what a form of a foreign page can send never is.
fn check_media_type(headers: &HeaderMap) -> Result<(), AdminProblem> {
    let is_json = |value: &HeaderValue| {
        let bytes = value.as_bytes();
        let essence = bytes.split(|byte| *byte == b';').next().unwrap_or(bytes);
        essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
    };
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    let mut types = headers.get_all(header::CONTENT_TYPE).iter().peekable();
    let missing = has_body && types.peek().is_none();
    if !missing && types.all(is_json) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not JSON",
        "the admin API takes bodies as `Content-Type: application/json` only",
    )
    .into())
}

/// The value of a header that is there exactly once.
fn the_only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// The token of a `Bearer` credential; an empty one is none.
fn bearer_token(authorization: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = authorization.as_bytes().split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

/// A host without the brackets of an IPv6 address.
fn bare_host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const PLAIN: &[(&str, &str)] = &[("host", "localhost:4010")];

    fn options(bind: &str) -> AdminOptions {
        AdminOptions {
            bind: bind.parse().unwrap(),
            hosts: Vec::new(),
            token: None,
            open: false,
            page: None,
        }
    }

    /// The status that the guard refuses a `POST` with these headers with; 0 where it lets it pass.
    fn verdict(options: &AdminOptions, target: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::post(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        match Guard::new(options).check(&head) {
            Ok(()) => 0,
            Err(refusal) => refusal.0.status().as_u16(),
        }
    }

    fn with_host(bind: &str, host: &str) -> u16 {
        verdict(&options(bind), "/__admin/reset", &[("host", host)])
    }

    #[test]
    fn names_of_this_machine_are_known_with_any_port_and_in_any_case() {
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1",
            "127.0.0.1:4010",
            "[::1]",
            "[::1]:4010",
            "[0:0:0:0:0:0:0:1]",
        ] {
            assert_eq!(with_host("127.0.0.1:4010", host), 0, "{host}");
        }
    }

    #[test]
    fn other_names_are_misdirected() {
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "shop.localhost:4010",
            "api.shop.example",
            "user@localhost",
            "127.0.0.1.nip.io",
            "127.0.0.2",
            "127.1",
            "0.0.0.0",
            "::1",
            "localhost.",
            "[::2]",
            "localhost:x@evil",
        ] {
            assert_eq!(with_host("127.0.0.1:4010", host), 421, "{host}");
        }
        assert_eq!(verdict(&options("127.0.0.1:4010"), "/__admin", &[]), 421, "no host at all");
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(verdict(&options("127.0.0.1:4010"), "/__admin", &twice), 421, "two");
    }

    #[test]
    fn the_bind_address_and_given_names_are_known() {
        let mut options = options("192.0.2.7:4010");
        options.open = true;
        options.hosts = vec!["Sandbox.Test".into(), "[2001:db8::1]".into()];
        for (host, expected) in [
            ("192.0.2.7:9", 0),
            ("sandbox.test:9", 0),
            ("[2001:db8::1]", 0),
            ("192.0.2.8", 421),
            ("x.sandbox.test", 421),
        ] {
            assert_eq!(verdict(&options, "/__admin", &[("host", host)]), expected, "{host}");
        }
    }

    #[test]
    fn an_absolute_target_must_name_this_server_too() {
        let options = options("127.0.0.1:4010");
        assert_eq!(verdict(&options, "http://localhost:4010/__admin", PLAIN), 0);
        assert_eq!(verdict(&options, "http://evil.example/__admin", PLAIN), 421);
        let evil = [("host", "evil.example")];
        assert_eq!(verdict(&options, "http://localhost:4010/__admin", &evil), 421);
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let options = options("127.0.0.1:4010");
        let with = |name, value| {
            verdict(&options, "/__admin", &[("host", "localhost:4010"), (name, value)])
        };
        for (origin, expected) in [
            ("http://localhost:4010", 0),
            ("http://LOCALHOST:4010", 0),
            ("https://localhost:4010", 0),
            ("null", 403),
            ("", 403),
            ("http://localhost:3000", 403),
            ("http://localhost", 403),
            ("http://127.0.0.1:4010", 403),
            ("http://evil.example", 403),
            ("localhost:4010", 403),
            ("http://localhost:4010.evil.example", 403),
            ("ftp://localhost:4010", 403),
        ] {
            assert_eq!(with("origin", origin), expected, "{origin}");
        }
        for (site, expected) in [
            ("same-origin", 0),
            ("none", 0),
            ("same-site", 403),
            ("cross-site", 403),
            ("", 403),
            ("new", 403),
        ] {
            assert_eq!(with("sec-fetch-site", site), expected, "{site}");
        }
        let both =
            [PLAIN[0], ("origin", "http://localhost:4010"), ("origin", "http://evil.example")];
        assert_eq!(verdict(&options, "/__admin", &both), 403);
    }

    #[test]
    fn a_page_under_development_gets_in_through_its_own_server() {
        let mut options = options("127.0.0.1:4010");
        options.hosts = vec!["dev.test".into()];
        let through = |host: &str, origin: &str, site: Option<&str>| {
            let site = site.map(|site| ("sec-fetch-site", site));
            let fields: Vec<_> =
                [("host", host), ("origin", origin)].into_iter().chain(site).collect();
            verdict(&options, "/__admin/reset", &fields)
        };
        let (here, same) = ("127.0.0.1:4010", Some("same-origin"));
        // `Host` is as the page had it, or the proxy's target.
        for (host, origin, site, expected) in [
            ("localhost:5173", "http://localhost:5173", same, 0),
            (here, "http://localhost:5173", same, 0),
            (here, "https://dev.test:5173", same, 0),
            (here, "http://localhost:5173", Some("same-site"), 403),
            (here, "http://localhost:5173", Some("cross-site"), 403),
            (here, "http://localhost:5173", None, 403),
            (here, "http://evil.example:5173", same, 403),
            (here, "http://localhost.evil.example", same, 403),
            (here, "http://localhost:5173@evil.example", same, 403),
            (here, "null", same, 403),
            ("evil.example", "http://evil.example", same, 421),
        ] {
            assert_eq!(through(host, origin, site), expected, "{host} {origin} {site:?}");
        }
    }

    #[test]
    fn beyond_this_machine_it_is_closed_until_told() {
        let mut options = options("0.0.0.0:4010");
        assert_eq!(verdict(&options, "/__admin", PLAIN), 403);
        options.open = true;
        assert_eq!(verdict(&options, "/__admin", PLAIN), 0);
        options.open = false;
        options.token = Some("secret".into());
        assert_eq!(verdict(&options, "/__admin", PLAIN), 401);
        let loopback = AdminOptions {
            bind: "[::ffff:127.0.0.1]:4010".parse().unwrap(),
            token: None,
            ..options
        };
        assert_eq!(verdict(&loopback, "/__admin", PLAIN), 0);
    }

    #[test]
    fn with_a_token_nothing_else_opens() {
        let mut options = options("127.0.0.1:4010");
        options.open = true;
        options.token = Some("secret".into());
        for (credential, expected) in [
            ("Bearer secret", 0),
            ("bearer  secret ", 0),
            ("Bearer secre", 401),
            ("Bearer secret2", 401),
            ("Bearer ", 401),
            ("Basic secret", 401),
            ("secret", 401),
            ("", 401),
        ] {
            let headers = [PLAIN[0], ("authorization", credential)];
            assert_eq!(verdict(&options, "/__admin", &headers), expected, "{credential}");
        }
        let twice =
            [PLAIN[0], ("authorization", "Bearer secret"), ("authorization", "Bearer secret")];
        assert_eq!(verdict(&options, "/__admin", &twice), 401);
        options.token = Some(String::new());
        assert_eq!(verdict(&options, "/__admin", &[PLAIN[0], ("authorization", "Bearer ")]), 401);
    }

    #[test]
    fn the_page_is_there_without_the_token_and_opens_from_links_only() {
        let mut options = options("127.0.0.1:4010");
        options.token = Some("secret".into());
        let verdict = |target: &str, headers: &[(&str, &str)]| {
            let mut request = Request::get(target).header("host", "localhost:4010");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (head, ()) = request.body(()).unwrap().into_parts();
            match Guard::new(&options).check(&head) {
                Ok(()) => 0,
                Err(refusal) => refusal.0.status().as_u16(),
            }
        };
        let link = |dest| {
            [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", dest),
            ]
        };
        let script = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")];
        for (target, headers, expected) in [
            ("/__admin/ui/", &[][..], 0),
            ("/__admin/ui/main.js", &[("sec-fetch-site", "same-origin")], 0),
            ("/__admin/ui/main.js", &script, 403),
            ("/__admin/ui/main.js", &link("document"), 403),
            ("/__admin/ui/", &link("document"), 0),
            ("/__admin/ui/", &link("iframe"), 403),
            ("/__admin/uix", &[], 401),
            ("/__admin/sandboxes", &[], 401),
            ("/__admin/sandboxes", &link("document"), 403),
        ] {
            assert_eq!(verdict(target, headers), expected, "{target} {headers:?}");
        }
    }

    #[test]
    fn a_body_is_json_or_refused() {
        let options = options("127.0.0.1:4010");
        for (headers, expected) in [
            (vec![("content-length", "0")], 0),
            (vec![("content-length", "2")], 415),
            (vec![("transfer-encoding", "chunked")], 415),
            (vec![("content-length", "2"), ("content-type", "application/json")], 0),
            (vec![("content-length", "2"), ("content-type", "Application/JSON; charset=utf-8")], 0),
            (vec![("content-length", "2"), ("content-type", "text/plain")], 415),
            (vec![("content-length", "2"), ("content-type", "application/jsonp")], 415),
            (vec![("content-type", "application/x-www-form-urlencoded")], 415),
            (
                vec![
                    ("content-length", "2"),
                    ("content-type", "application/json"),
                    ("content-type", "text/plain"),
                ],
                415,
            ),
        ] {
            let all: Vec<_> = PLAIN.iter().chain(&headers).copied().collect();
            assert_eq!(verdict(&options, "/__admin", &all), expected, "{headers:?}");
        }
    }
}
