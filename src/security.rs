//! Credentials: which a request carries, and whether they satisfy an operation's security requirement.
//!
//! Must not know what makes a credential good (the caller judges), principals, stores or answers.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName};
use indexmap::IndexMap;
use percent_encoding::percent_decode;
use thiserror::Error;

use crate::message::{is_token, is_token_byte};
use crate::openapi::{Location, SecurityScheme};

/// Parameters of a credential that are read: those of `Digest`, which has the most, are ten and extensions.
const AUTH_PARAMETERS_MAX: usize = 64;

/// The parts of a request that can carry credentials.
#[derive(Clone, Copy, Debug)]
pub struct CredentialParts<'a> {
    /// All headers, cookies among them.
    pub headers: &'a HeaderMap,
    /// The raw query, without its question mark; empty if there is none.
    pub query: &'a str,
}

/// Why a credential did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// There is none, or it is empty, or `Authorization` names another scheme.
    Missing,
    /// It is not in the form that the scheme asks for.
    Malformed,
    /// No caller has it.
    Unknown,
    /// A caller has it, and it is not valid here.
    Rejected,
    /// It held once.
    Expired,
}

impl Reason {
    /// The word for it in behavior files (`failure.reason`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// Why a request is not authenticated: the first scheme that failed, of the alternative that got furthest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the credential for `{scheme}` is {}", reason.as_str())]
pub struct Rejection {
    /// The scheme's name in the contract.
    pub scheme: String,
    /// The problem with its credential.
    pub reason: Reason,
}

/// The places of credentials, which redaction must cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialPlaces {
    /// Header names, in lower case.
    pub headers: BTreeSet<String>,
    /// Query parameter names.
    pub query: BTreeSet<String>,
    /// Cookie names.
    pub cookies: BTreeSet<String>,
}

/// Whether the request satisfies one of the alternatives, and which: its index. All schemes of an alternative
/// are needed and judged in order; `judge` is told the scheme and the credential, and again for each
/// alternative that names the scheme, so what it keeps of a scheme is to be overwritten.
///
/// No alternatives at all is a public operation (index 0). An empty alternative makes authentication optional:
/// it holds when no credential is presented for any other alternative; one that is presented has to be good.
/// When all fail, the alternative that passed the most schemes is reported, one that presented a credential
/// before one that did not, and the first of equals.
pub fn authenticate(
    alternatives: &[Vec<String>],
    schemes: &IndexMap<String, SecurityScheme>,
    parts: &CredentialParts<'_>,
    judge: &mut dyn FnMut(&str, &str) -> Result<(), Reason>,
) -> Result<usize, Rejection> {
    let mut furthest: Option<((usize, bool), Rejection)> = None;
    let mut optional = None;
    for (index, alternative) in alternatives.iter().enumerate() {
        if alternative.is_empty() {
            optional.get_or_insert(index);
            continue;
        }
        let Err((passed, rejection)) = satisfy(alternative, schemes, parts, judge) else {
            return Ok(index);
        };
        let progress = (passed, rejection.reason != Reason::Missing);
        if furthest.as_ref().is_none_or(|(best, _)| progress > *best) {
            furthest = Some((progress, rejection));
        }
    }
    match (furthest, optional) {
        (None, optional) => Ok(optional.unwrap_or(0)),
        (Some(((0, false), _)), Some(index))
            if !anything_presented(alternatives, schemes, parts) =>
        {
            Ok(index)
        }
        (Some((_, rejection)), _) => Err(rejection),
    }
}

/// The places in which credentials of these schemes are carried.
pub fn credential_places<'a>(
    schemes: impl IntoIterator<Item = &'a SecurityScheme>,
) -> CredentialPlaces {
    let mut places = CredentialPlaces::default();
    for scheme in schemes {
        match scheme {
            SecurityScheme::Bearer | SecurityScheme::Basic | SecurityScheme::Http { .. } => {
                places.headers.insert(AUTHORIZATION.as_str().to_owned());
            }
            SecurityScheme::ApiKey { location: Location::Header | Location::Path, name } => {
                places.headers.insert(name.to_ascii_lowercase());
            }
            SecurityScheme::ApiKey { location: Location::Query, name } => {
                places.query.insert(name.clone());
            }
            SecurityScheme::ApiKey { location: Location::Cookie, name } => {
                places.cookies.insert(name.clone());
            }
            SecurityScheme::MutualTls => {}
        }
    }
    places
}

/// The `WWW-Authenticate` value for these alternatives; `None` where no scheme of theirs has a challenge (API
/// keys have none).
pub fn challenge(
    alternatives: &[Vec<String>],
    schemes: &IndexMap<String, SecurityScheme>,
) -> Option<String> {
    let mut challenges: Vec<&str> = Vec::new();
    for name in alternatives.iter().flatten() {
        let challenge = match schemes.get(name) {
            Some(SecurityScheme::Bearer) => "Bearer",
            Some(SecurityScheme::Basic) => r#"Basic realm="sandbox", charset="UTF-8""#,
            Some(SecurityScheme::Http { scheme }) if is_digest(scheme) => {
                // What a nonce is for, replayed requests, is no concern of a sandbox: it is always the same.
                r#"Digest realm="sandbox", nonce="tombstone""#
            }
            Some(SecurityScheme::Http { scheme }) => scheme,
            Some(SecurityScheme::ApiKey { .. } | SecurityScheme::MutualTls) | None => continue,
        };
        if !challenges.contains(&challenge) {
            challenges.push(challenge);
        }
    }
    (!challenges.is_empty()).then(|| challenges.join(", "))
}

/// The value of a cookie, as sent; the first one where there are several.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let pair = pair.trim_ascii();
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((&pair[..at], &pair[at + 1..]))
        })
        .find_map(|(found, value)| (found == name.as_bytes()).then_some(value))
}

/// Number of schemes that passed before one failed, and that one.
fn satisfy(
    alternative: &[String],
    schemes: &IndexMap<String, SecurityScheme>,
    parts: &CredentialParts<'_>,
    judge: &mut dyn FnMut(&str, &str) -> Result<(), Reason>,
) -> Result<(), (usize, Rejection)> {
    for (passed, name) in alternative.iter().enumerate() {
        schemes
            .get(name)
            // A scheme that the contract does not define cannot be satisfied; loading it was a finding.
            .ok_or(Reason::Missing)
            .and_then(|scheme| match scheme {
                // The server that would have seen the certificate is not there.
                SecurityScheme::MutualTls => Ok(()),
                scheme => judge(name, &presented(scheme, parts)?),
            })
            .map_err(|reason| (passed, Rejection { scheme: name.clone(), reason }))?;
    }
    Ok(())
}

fn anything_presented(
    alternatives: &[Vec<String>],
    schemes: &IndexMap<String, SecurityScheme>,
    parts: &CredentialParts<'_>,
) -> bool {
    alternatives
        .iter()
        .flatten()
        .filter_map(|name| schemes.get(name))
        .any(|scheme| !matches!(presented(scheme, parts), Err(Reason::Missing)))
}

/// The credential that a request presents for a scheme.
fn presented<'a>(
    scheme: &SecurityScheme,
    parts: &CredentialParts<'a>,
) -> Result<Cow<'a, str>, Reason> {
    let credential = match scheme {
        SecurityScheme::Bearer => {
            let token = authorization(parts.headers, "bearer")?;
            if token.contains([' ', '\t', ',']) {
                return Err(Reason::Malformed);
            }
            Cow::Borrowed(token)
        }
        SecurityScheme::Basic => Cow::Owned(basic(authorization(parts.headers, "basic")?)?),
        SecurityScheme::Http { scheme } => {
            let credential = authorization(parts.headers, scheme)?;
            if is_digest(scheme) && !has_digest_fields(credential) {
                return Err(Reason::Malformed);
            }
            Cow::Borrowed(credential)
        }
        SecurityScheme::MutualTls => return Err(Reason::Missing),
        SecurityScheme::ApiKey { location, name } => match location {
            Location::Header | Location::Path => {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Reason::Missing)?;
                let value = parts.headers.get(name).ok_or(Reason::Missing)?;
                text(value.as_bytes())?
            }
            Location::Query => form_urlencoded::parse(parts.query.as_bytes())
                .find_map(|(found, value)| (found == name.as_str()).then_some(value))
                .ok_or(Reason::Missing)?,
            Location::Cookie => {
                let value = cookie(parts.headers, name).ok_or(Reason::Missing)?;
                let value = value.strip_prefix(b"\"").unwrap_or(value);
                let value = value.strip_suffix(b"\"").unwrap_or(value);
                percent_decode(value).decode_utf8().map_err(|_| Reason::Malformed)?
            }
        },
    };
    if credential.trim().is_empty() { Err(Reason::Missing) } else { Ok(credential) }
}

/// The credential after the scheme in `Authorization`; another scheme there counts as missing. Where there are several
/// lines, the first of this scheme.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<&'a str, Reason> {
    for line in headers.get_all(AUTHORIZATION) {
        let line = line.as_bytes().trim_ascii();
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        if line[..end].eq_ignore_ascii_case(scheme.as_bytes()) {
            let rest = line[end..].trim_ascii();
            if rest.is_empty() {
                return Err(Reason::Missing);
            }
            return std::str::from_utf8(rest).map_err(|_| Reason::Malformed);
        }
    }
    Err(Reason::Missing)
}

/// `user:password`, decoded (RFC 7617).
fn basic(encoded: &str) -> Result<String, Reason> {
    let bytes = STANDARD.decode(encoded).map_err(|_| Reason::Malformed)?;
    // The encoding is the client's choice where it has not been told one, and then mostly Latin-1 (RFC 7617 section 2.1).
    let latin = |bytes: Vec<u8>| bytes.into_iter().map(char::from).collect();
    let pair = String::from_utf8(bytes).unwrap_or_else(|error| latin(error.into_bytes()));
    if pair.contains(':') { Ok(pair) } else { Err(Reason::Malformed) }
}

fn is_digest(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("digest")
}

/// Returns true if a digest credential says what it has to (RFC 7616 section 3.4). What it says is quoted text, which
/// may be
/// empty: whether it is right is for the server that is not there.
fn has_digest_fields(credential: &str) -> bool {
    let Some(parameters) = auth_parameters(credential) else { return false };
    let has = |field: &str| parameters.iter().any(|name| name.eq_ignore_ascii_case(field));
    (has("username") || has("username*"))
        && ["realm", "nonce", "uri", "response"].into_iter().all(has)
}

/// The names of parameters in a list of `name=token` and `name="quoted text"`, each given once (RFC 9110 section 11.2);
/// none where it is no such list.
fn auth_parameters(list: &str) -> Option<Vec<&str>> {
    let mut names: Vec<&str> = Vec::new();
    let mut rest = list;
    loop {
        // A list may have empty elements (RFC 9110 section 5.6.1.2).
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return Some(names);
        }
        let (name, after) = rest.split_once('=')?;
        let name = name.trim_end_matches([' ', '\t']);
        let is_new = !names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !is_new || !is_token(name) || names.len() == AUTH_PARAMETERS_MAX {
            return None;
        }
        names.push(name);
        let after = after.trim_start_matches([' ', '\t']);
        rest = match after.strip_prefix('"') {
            Some(quoted) => after_quoted(quoted)?,
            None => {
                let end =
                    after.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(after.len());
                Some(&after[end..]).filter(|_| end > 0)?
            }
        };
        rest = rest.trim_start_matches([' ', '\t']);
        if !(rest.is_empty() || rest.starts_with(',')) {
            return None;
        }
    }
}

/// What follows the quote that ends a quoted text (RFC 9110 section 5.6.4); none where there is no such quote.
fn after_quoted(text: &str) -> Option<&str> {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(&text[at + 1..]),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}

fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Reason> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn schemes() -> IndexMap<String, SecurityScheme> {
        let key = |location, name: &str| SecurityScheme::ApiKey { location, name: name.to_owned() };
        IndexMap::from([
            ("Key".to_owned(), key(Location::Header, "X-API-Key")),
            ("Token".to_owned(), key(Location::Header, "x-token")),
            ("InQuery".to_owned(), key(Location::Query, "key")),
            ("InCookie".to_owned(), key(Location::Cookie, "sid")),
            ("Bearer".to_owned(), SecurityScheme::Bearer),
            ("Basic".to_owned(), SecurityScheme::Basic),
            ("Digest".to_owned(), SecurityScheme::Http { scheme: "digest".to_owned() }),
            ("Hoba".to_owned(), SecurityScheme::Http { scheme: "HOBA".to_owned() }),
            ("Certificate".to_owned(), SecurityScheme::MutualTls),
        ])
    }

    /// `alternatives` as `Key+Token | Bearer`; `sent` holds header lines and perhaps `?query`.
    fn ask(alternatives: &str, sent: &[&str]) -> String {
        let alternatives: Vec<Vec<String>> = alternatives
            .split('|')
            .map(|one| {
                let one = one.trim().trim_matches(['{', '}']);
                one.split('+').filter(|name| !name.is_empty()).map(str::to_owned).collect()
            })
            .collect();
        let mut headers = HeaderMap::new();
        let mut query = "";
        for sent in sent {
            if let Some(sent) = sent.strip_prefix('?') {
                query = sent;
            } else {
                let (name, value) = sent.split_once(": ").unwrap();
                let name: HeaderName = name.parse().unwrap();
                headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
        }
        let mut judged = Vec::new();
        let outcome = authenticate(
            &alternatives,
            &schemes(),
            &CredentialParts { headers: &headers, query },
            &mut |scheme, credential| {
                judged.push(format!("{scheme}={credential}"));
                match credential {
                    "bad" => Err(Reason::Rejected),
                    "old" => Err(Reason::Expired),
                    text if text.contains("good") => Ok(()),
                    _ => Err(Reason::Unknown),
                }
            },
        );
        let outcome = match outcome {
            Ok(index) => format!("alternative {index}"),
            Err(rejection) => rejection.to_string(),
        };
        format!("{outcome} [{}]", judged.join(", "))
    }

    fn check(rows: &[(&str, &[&str])], expected: &Expect) {
        let answers: Vec<String> = rows
            .iter()
            .map(|(alternatives, sent)| {
                format!("{alternatives} <- {}: {}", sent.join("; "), ask(alternatives, sent))
            })
            .collect();
        expected.assert_eq(&answers.join("\n"));
    }

    #[test]
    fn a_credential_is_found_where_its_scheme_says() {
        check(
            &[
                ("Key", &["x-api-key: good"]),
                ("Key", &["x-api-key: "]),
                ("Key", &[]),
                ("InQuery", &["?a=b&key=go%6Fd"]),
                ("InQuery", &["?key="]),
                ("InCookie", &["cookie: a=b; sid=good"]),
                ("InCookie", &["cookie: a=b", "cookie: sid=\"good\""]),
                ("InCookie", &["cookie: sidx=good; sid"]),
                ("Bearer", &["authorization: bEaReR good"]),
                ("Bearer", &["authorization: Bearer   good "]),
                ("Bearer", &["authorization: Bearer"]),
                ("Bearer", &["authorization: Bearer a b"]),
                ("Bearer", &["authorization: Basic Z29vZDpnb29k"]),
                ("Bearer", &["authorization: Basic x", "authorization: Bearer good"]),
                ("Bearer", &["authorization: good"]),
                ("Basic", &["authorization: Basic Z29vZDpnb29k"]),
                ("Basic", &["authorization: Basic Z29vZDrp"]),
                ("Basic", &["authorization: Basic Og=="]),
                ("Basic", &["authorization: Basic !"]),
                ("Basic", &["authorization: Basic Z29vZA=="]),
                ("Undefined", &["authorization: Bearer good"]),
            ],
            &expect![[r#"
                Key <- x-api-key: good: alternative 0 [Key=good]
                Key <- x-api-key: : the credential for `Key` is missing []
                Key <- : the credential for `Key` is missing []
                InQuery <- ?a=b&key=go%6Fd: alternative 0 [InQuery=good]
                InQuery <- ?key=: the credential for `InQuery` is missing []
                InCookie <- cookie: a=b; sid=good: alternative 0 [InCookie=good]
                InCookie <- cookie: a=b; cookie: sid="good": alternative 0 [InCookie=good]
                InCookie <- cookie: sidx=good; sid: the credential for `InCookie` is missing []
                Bearer <- authorization: bEaReR good: alternative 0 [Bearer=good]
                Bearer <- authorization: Bearer   good : alternative 0 [Bearer=good]
                Bearer <- authorization: Bearer: the credential for `Bearer` is missing []
                Bearer <- authorization: Bearer a b: the credential for `Bearer` is malformed []
                Bearer <- authorization: Basic Z29vZDpnb29k: the credential for `Bearer` is missing []
                Bearer <- authorization: Basic x; authorization: Bearer good: alternative 0 [Bearer=good]
                Bearer <- authorization: good: the credential for `Bearer` is missing []
                Basic <- authorization: Basic Z29vZDpnb29k: alternative 0 [Basic=good:good]
                Basic <- authorization: Basic Z29vZDrp: alternative 0 [Basic=good:é]
                Basic <- authorization: Basic Og==: the credential for `Basic` is unknown [Basic=:]
                Basic <- authorization: Basic !: the credential for `Basic` is malformed []
                Basic <- authorization: Basic Z29vZA==: the credential for `Basic` is malformed []
                Undefined <- authorization: Bearer good: the credential for `Undefined` is missing []"#]],
        );
    }

    #[test]
    fn other_schemes_are_held_to_their_shape() {
        const DIGEST: &str = r#"authorization: Digest username="a, b=c", realm="r", nonce=n, URI="/good", response="x""#;
        check(
            &[
                ("Digest", &[DIGEST]),
                ("Digest", &[&DIGEST.replace("response", "respond")]),
                ("Digest", &[&DIGEST.replace("nonce=n", "nonce=\"\"")]),
                ("Digest", &[&DIGEST.replace("nonce=n", "nonce=")]),
                ("Digest", &[&DIGEST.replace("nonce=n", "nonce = n ,, opaque=\"say \\\"=,\\\"\"")]),
                ("Digest", &[&DIGEST.replace("username", "username*")]),
                ("Digest", &[&DIGEST.replace("nonce=n", "realm=n")]),
                ("Digest", &[&DIGEST.replace("\"x\"", "\"x")]),
                ("Digest", &[&DIGEST.replace("\"x\"", "\"x\" y")]),
                ("Digest", &["authorization: Digest good"]),
                ("Digest", &["authorization: Digest"]),
                ("Digest", &["authorization: Bearer good"]),
                ("Hoba", &["authorization: hoba result=good"]),
                ("Hoba", &["authorization: HOBA"]),
                ("Hoba", &[]),
                ("Certificate", &[]),
                ("Certificate+Bearer", &[]),
                ("Certificate+Bearer", &["authorization: Bearer good"]),
                ("{} | Certificate", &[]),
            ],
            &expect![[r#"
                Digest <- authorization: Digest username="a, b=c", realm="r", nonce=n, URI="/good", response="x": alternative 0 [Digest=username="a, b=c", realm="r", nonce=n, URI="/good", response="x"]
                Digest <- authorization: Digest username="a, b=c", realm="r", nonce=n, URI="/good", respond="x": the credential for `Digest` is malformed []
                Digest <- authorization: Digest username="a, b=c", realm="r", nonce="", URI="/good", response="x": alternative 0 [Digest=username="a, b=c", realm="r", nonce="", URI="/good", response="x"]
                Digest <- authorization: Digest username="a, b=c", realm="r", nonce=, URI="/good", response="x": the credential for `Digest` is malformed []
                Digest <- authorization: Digest username="a, b=c", realm="r", nonce = n ,, opaque="say \"=,\"", URI="/good", response="x": alternative 0 [Digest=username="a, b=c", realm="r", nonce = n ,, opaque="say \"=,\"", URI="/good", response="x"]
                Digest <- authorization: Digest username*="a, b=c", realm="r", nonce=n, URI="/good", response="x": alternative 0 [Digest=username*="a, b=c", realm="r", nonce=n, URI="/good", response="x"]
                Digest <- authorization: Digest username="a, b=c", realm="r", realm=n, URI="/good", response="x": the credential for `Digest` is malformed []
                Digest <- authorization: Digest username="a, b=c", realm="r", nonce=n, URI="/good", response="x: the credential for `Digest` is malformed []
                Digest <- authorization: Digest username="a, b=c", realm="r", nonce=n, URI="/good", response="x" y: the credential for `Digest` is malformed []
                Digest <- authorization: Digest good: the credential for `Digest` is malformed []
                Digest <- authorization: Digest: the credential for `Digest` is missing []
                Digest <- authorization: Bearer good: the credential for `Digest` is missing []
                Hoba <- authorization: hoba result=good: alternative 0 [Hoba=result=good]
                Hoba <- authorization: HOBA: the credential for `Hoba` is missing []
                Hoba <- : the credential for `Hoba` is missing []
                Certificate <- : alternative 0 []
                Certificate+Bearer <- : the credential for `Bearer` is missing []
                Certificate+Bearer <- authorization: Bearer good: alternative 0 [Bearer=good]
                {} | Certificate <- : alternative 1 []"#]],
        );
    }

    #[test]
    fn the_alternative_that_got_furthest_is_reported() {
        check(
            &[
                ("Key+Token", &[]),
                ("Key+Token", &["x-token: good"]),
                ("Key+Token", &["x-api-key: good", "x-token: bad"]),
                ("Key+Token", &["x-api-key: good", "x-token: good"]),
                ("Bearer | Key+Token", &["authorization: Bearer nobody", "x-api-key: good"]),
                ("Bearer | Key", &["x-api-key: old"]),
                ("Bearer | Key", &["x-api-key: good"]),
                ("Bearer | Key", &[]),
                ("Bearer | Key", &["authorization: Bearer old", "x-api-key: bad"]),
                ("{} | Bearer", &[]),
                ("{} | Bearer", &["authorization: Bearer good"]),
                ("{} | Bearer", &["authorization: Bearer nobody"]),
                ("Key+Token | {}", &["x-token: good"]),
                ("{}", &["x-token: good"]),
            ],
            &expect![[r#"
                Key+Token <- : the credential for `Key` is missing []
                Key+Token <- x-token: good: the credential for `Key` is missing []
                Key+Token <- x-api-key: good; x-token: bad: the credential for `Token` is rejected [Key=good, Token=bad]
                Key+Token <- x-api-key: good; x-token: good: alternative 0 [Key=good, Token=good]
                Bearer | Key+Token <- authorization: Bearer nobody; x-api-key: good: the credential for `Token` is missing [Bearer=nobody, Key=good]
                Bearer | Key <- x-api-key: old: the credential for `Key` is expired [Key=old]
                Bearer | Key <- x-api-key: good: alternative 1 [Key=good]
                Bearer | Key <- : the credential for `Bearer` is missing []
                Bearer | Key <- authorization: Bearer old; x-api-key: bad: the credential for `Bearer` is expired [Bearer=old, Key=bad]
                {} | Bearer <- : alternative 0 []
                {} | Bearer <- authorization: Bearer good: alternative 1 [Bearer=good]
                {} | Bearer <- authorization: Bearer nobody: the credential for `Bearer` is unknown [Bearer=nobody]
                Key+Token | {} <- x-token: good: the credential for `Key` is missing []
                {} <- x-token: good: alternative 0 []"#]],
        );
    }

    #[test]
    fn an_operation_without_a_requirement_is_public() {
        let parts = CredentialParts { headers: &HeaderMap::new(), query: "" };
        assert_eq!(authenticate(&[], &schemes(), &parts, &mut |_, _| Ok(())), Ok(0));
    }

    #[test]
    fn every_place_of_a_credential_is_named() {
        expect![[r#"
            CredentialPlaces {
                headers: {
                    "authorization",
                    "x-api-key",
                    "x-token",
                },
                query: {
                    "key",
                },
                cookies: {
                    "sid",
                },
            }
        "#]]
        .assert_debug_eq(&credential_places(schemes().values()));
    }

    #[test]
    fn challenges_are_given_for_schemes_that_have_one() {
        let ask = |names: &[&str]| {
            let alternatives: Vec<Vec<String>> =
                names.iter().map(|name| vec![(*name).to_owned()]).collect();
            challenge(&alternatives, &schemes())
        };
        assert_eq!(ask(&["Key"]), None);
        assert_eq!(ask(&["Bearer", "Bearer", "Key"]).as_deref(), Some("Bearer"));
        expect![[r#"Bearer, Basic realm="sandbox", charset="UTF-8""#]]
            .assert_eq(&ask(&["Bearer", "Basic"]).unwrap());
        expect![[r#"Digest realm="sandbox", nonce="tombstone", HOBA"#]]
            .assert_eq(&ask(&["Digest", "Hoba", "Certificate"]).unwrap());
        assert_eq!(ask(&["Certificate"]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            authorization in prop::collection::vec(any::<u8>(), 0..24),
            basic in "[Bb]asic [A-Za-z0-9=+/]{0,12}",
            cookie in prop::collection::vec(any::<u8>(), 0..24),
            query in "[a-z%=&\u{e9}]{0,16}",
        ) {
            let mut headers = HeaderMap::new();
            for value in [authorization.as_slice(), basic.as_bytes()] {
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    headers.append(AUTHORIZATION, value);
                }
            }
            if let Ok(value) = HeaderValue::from_bytes(&cookie) {
                headers.append(COOKIE, value);
            }
            let alternatives: Vec<Vec<String>> =
                schemes().keys().map(|name| vec![name.clone()]).collect();
            let parts = CredentialParts { headers: &headers, query: &query };
            let mut judge = |_: &str, _: &str| Err(Reason::Unknown);
            let first = authenticate(&alternatives, &schemes(), &parts, &mut judge);
            prop_assert_eq!(first, authenticate(&alternatives, &schemes(), &parts, &mut judge));
        }
    }
}
