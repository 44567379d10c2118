//! Values of well-known response headers, each by the grammar of its own standard and true where that can be known.
//!
//! Owns the table of names. Must not know schemas: what is made here need not be allowed there.

use std::fmt::Write;

use http::{HeaderName, Method};
use serde_json::Value;

use crate::ids::Dice;
use crate::openapi::{Contract, Location, Operation, SecurityScheme};
use crate::router::order;
use crate::{media, security};

/// Seconds after which a client may come again, and a window of requests ends.
const WAIT_S: &str = "60";
/// Requests in such a window, and those that are left of them.
const REQUESTS: (&str, &str) = ("100", "99");

/// The answer that headers belong to.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) contract: &'a Contract,
    pub(super) number: usize,
    pub(super) status: u16,
    /// The media type that the body is written in.
    pub(super) media_type: Option<&'a str>,
    /// The value that the body was written from.
    pub(super) value: Option<&'a Value>,
    /// Bytes of the body.
    pub(super) length: usize,
    pub(super) seed: u64,
}

impl About<'_> {
    /// Candidates for a header's text, the best first. `None`: nothing is known of it. An empty list: it is known, and
    /// has
    /// no true value here.
    pub(super) fn values(&self, header: &HeaderName) -> Option<Vec<String>> {
        let name = header.as_str();
        let one = |text: &str| Some(vec![text.to_owned()]);
        match name {
            "allow" => Some(vec![self.allowed()]),
            "www-authenticate" | "proxy-authenticate" => Some(self.challenge()),
            "location" | "content-location" | "operation-location" => Some(self.place()),
            "link" => one(&format!("<{}>; rel=\"next\"", self.next_page())),
            "set-cookie" => one(&self.cookie()),
            "accept-patch" => Some(self.accepted(&Method::PATCH)),
            "accept-post" => Some(self.accepted(&Method::POST)),
            "content-range" => one(&self.range()),
            "content-disposition" => one(&self.disposition()),
            "etag" => Some(vec![format!("\"{}\"", self.hex(name, 8))]),
            "retry-after" => Some(vec![WAIT_S.to_owned(), self.date(name)]),
            "last-modified" | "expires" | "sunset" => Some(vec![self.date(name)]),
            // RFC 9745; before that it was `true` or a date.
            "deprecation" => {
                Some(vec!["@1735689600".to_owned(), "true".to_owned(), self.date(name)])
            }
            "traceparent" => {
                Some(vec![format!("00-{}-{}-01", self.hex("trace", 16), self.hex("span", 8))])
            }
            "x-total-count" | "x-total" | "total-count" => {
                let items = self.value.and_then(Value::as_array).map_or(1, Vec::len);
                one(&items.to_string())
            }
            _ if is_identifier(name) => Some(vec![self.uuid(name)]),
            _ => fixed(name).map(|value| vec![value.to_owned()]),
        }
    }

    fn operation(&self) -> &Operation {
        &self.contract.operations[self.number]
    }

    /// The methods of the path, in the order in which the router tells them.
    fn allowed(&self) -> String {
        let Operation { template, conditions, .. } = self.operation();
        let path = shape(template);
        let same = |one: &&Operation| one.conditions == *conditions && shape(&one.template) == path;
        let mut methods: Vec<&Method> =
            self.contract.operations.iter().filter(same).map(|one| &one.method).collect();
        if methods.contains(&&Method::GET) && !methods.contains(&&Method::HEAD) {
            methods.push(&Method::HEAD);
        }
        methods.sort_by(|left, right| order(left).cmp(&order(right)));
        methods.retain(|method| **method != Method::OPTIONS);
        let mut names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
        names.dedup();
        // The sandbox answers it on every path.
        names.push(Method::OPTIONS.as_str());
        names.join(", ")
    }

    /// The challenge of the operation. A key in a header has no registered scheme; it is called by what it is.
    fn challenge(&self) -> Vec<String> {
        let alternatives = &self.operation().security;
        let schemes = &self.contract.security_schemes;
        if let Some(challenge) = security::challenge(alternatives, schemes) {
            return vec![challenge];
        }
        let mut named = alternatives.iter().flatten().filter_map(|name| schemes.get(name));
        let has_key = named.any(|scheme| matches!(scheme, SecurityScheme::ApiKey { .. }));
        Vec::from_iter(has_key.then(|| "ApiKey realm=\"sandbox\"".to_owned()))
    }

    /// Location of the resource in the answer: what was made is below the path that made it. A reference relative to
    /// the
    /// path of the request is right under any prefix, and whatever the parameters of the path are.
    fn place(&self) -> Vec<String> {
        let operation = self.operation();
        let segment = operation.template.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let is_redirect = (300..400).contains(&self.status);
        // A redirect to the path itself would have no end.
        let is_made = operation.method == Method::POST || is_redirect;
        let id = self.identifier();
        let relative = match (is_made, segment.contains('{')) {
            (true, true) => format!("./{id}"),
            (true, false) => format!("{segment}/{id}"),
            (false, true) => id,
            (false, false) => segment.to_owned(),
        };
        let server = self.contract.servers.first();
        let base = server.map_or("", |server| server.base_path.as_str());
        let host = server.and_then(|server| server.host.as_deref()).unwrap_or("example.com");
        let (parent, _) =
            operation.template.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
        let below = relative.trim_start_matches("./");
        if parent.contains('{') {
            return vec![relative.clone(), format!("https://{host}{base}/{below}")];
        }
        let path = format!("{base}{parent}/{below}");
        vec![path.clone(), format!("https://{host}{path}")]
    }

    /// The identifier that the body tells, as a segment of a path.
    fn identifier(&self) -> String {
        let told = ["id", "uuid", "key", "slug", "name"].iter().find_map(|key| {
            let text = match self.value?.get(key)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"-._~".contains(&one);
            (!text.is_empty() && text.bytes().all(is_plain)).then_some(text)
        });
        told.unwrap_or_else(|| (10_000_000 + self.dice("id").below(90_000_000)).to_string())
    }

    /// The next page of the list, by the parameter that the operation has for that.
    fn next_page(&self) -> String {
        let operation = self.operation();
        let queries = || operation.parameters.iter().filter(|one| one.location == Location::Query);
        let known = ["page", "offset", "cursor", "after", "starting_after"];
        let name = known.into_iter().find(|known| queries().any(|one| one.name == **known));
        let name = name.unwrap_or("page");
        let at = if matches!(name, "page" | "offset") { "2".to_owned() } else { self.hex(name, 6) };
        if operation.template.contains('{') {
            return format!("?{name}={at}");
        }
        let base = self.contract.servers.first().map_or("", |server| server.base_path.as_str());
        format!("{base}{}?{name}={at}", operation.template)
    }

    /// A session under the name that a security scheme gives it.
    fn cookie(&self) -> String {
        let mut names = self.contract.security_schemes.values().filter_map(|scheme| match scheme {
            SecurityScheme::ApiKey { location: Location::Cookie, name } => Some(name.as_str()),
            _ => None,
        });
        let is_token = |name: &&str| {
            let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"-_.".contains(&one);
            !name.is_empty() && name.bytes().all(is_plain)
        };
        let name = names.find(is_token).unwrap_or("session");
        format!("{name}={}; Path=/; HttpOnly; SameSite=Lax", self.hex("cookie", 16))
    }

    /// The media types that the other methods of the path take.
    fn accepted(&self, method: &Method) -> Vec<String> {
        let key = &self.operation().key;
        let mut found = self.contract.operations.iter();
        let found = found.find(|one| one.key == *key && one.method == *method);
        let types = found.and_then(|one| one.request_body.as_ref());
        let types: Vec<&str> =
            types.iter().flat_map(|body| body.content.keys().map(String::as_str)).collect();
        if types.is_empty() { Vec::new() } else { vec![types.join(", ")] }
    }

    /// RFC 9110, section 14.4: all of the body; of a range that cannot be satisfied, its length alone.
    fn range(&self) -> String {
        let length = self.length;
        match length.checked_sub(1) {
            Some(last) if self.status != 416 => format!("bytes 0-{last}/{length}"),
            _ => format!("bytes */{length}"),
        }
    }

    fn disposition(&self) -> String {
        let ending = match self.media_type.map(media::essence).as_deref() {
            Some("application/pdf") => "pdf",
            Some("application/zip") => "zip",
            Some("text/csv") => "csv",
            Some("image/png") => "png",
            Some("image/jpeg") => "jpg",
            Some("text/plain") => "txt",
            Some(xml) if xml.ends_with("xml") => "xml",
            Some(json) if media::is_json(json) => "json",
            _ => "bin",
        };
        format!("attachment; filename=\"download.{ending}\"")
    }

    /// A date as RFC 9110, section 5.6.7 has it; of what is to come, one in years.
    fn date(&self, name: &str) -> String {
        const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut dice = self.dice(name);
        let year = if matches!(name, "last-modified" | "deprecation") { 2025 } else { 2035 };
        let mut small = |count: u64| i8::try_from(dice.below(count)).unwrap_or_default();
        let (month, day, hour, minute, second) =
            (1 + small(12), 1 + small(28), small(24), small(60), small(60));
        let weekday = jiff::civil::Date::new(year, month, day)
            .map_or(0, |date| date.weekday().to_monday_zero_offset());
        let named = |list: &[&'static str], at: i8| list[usize::try_from(at).unwrap_or(0)];
        let (weekday, month) = (named(&WEEKDAYS, weekday), named(&MONTHS, month - 1));
        format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
    }

    fn uuid(&self, name: &str) -> String {
        let hex = self.hex(name, 16);
        // RFC 9562, section 5.4.
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    fn hex(&self, name: &str, bytes: usize) -> String {
        let mut text = String::with_capacity(2 * bytes);
        for byte in self.dice(name).bytes(bytes) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn dice(&self, name: &str) -> Dice {
        Dice::at(self.seed, name, 0)
    }
}

/// A path template without the names of its parameters.
fn shape(template: &str) -> String {
    let mut parts = template.split('{');
    let mut shape = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shape.push_str("{}");
        shape.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    shape
}

/// Names that requests and what belongs to them are found again by.
fn is_identifier(name: &str) -> bool {
    let name = name.strip_prefix("x-").unwrap_or(name);
    let ends =
        ["request-id", "requestid", "correlation-id", "correlationid", "trace-id", "traceid"];
    ends.iter().any(|end| {
        name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
    })
}

/// Values that do not depend on the answer, by name.
const FIXED: &[(&str, &str)] = &[
    // RFC 9110 and RFC 9111.
    ("accept", "application/json"),
    ("accept-encoding", "identity"),
    ("accept-ranges", "bytes"),
    ("age", "0"),
    ("cache-control", "no-cache"),
    ("content-language", "en"),
    ("pragma", "no-cache"),
    ("server", "sandbox"),
    ("vary", "Accept"),
    ("via", "1.1 sandbox"),
    ("warning", "199 - \"sandbox\""),
    // RFC 7240, RFC 7838, Server Timing, Clear Site Data.
    ("alt-svc", "clear"),
    ("clear-site-data", "\"cache\""),
    ("preference-applied", "return=representation"),
    ("server-timing", "total;dur=1"),
    // RFC 6797, Fetch, Content Security Policy and their like.
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-headers", "*"),
    ("access-control-allow-methods", "*"),
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "*"),
    ("access-control-max-age", "600"),
    ("content-security-policy", "default-src 'none'"),
    ("content-security-policy-report-only", "default-src 'none'"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "geolocation=()"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("timing-allow-origin", "*"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "0"),
    // The draft of the IETF, and below what was there before it.
    ("ratelimit", "\"default\";r=99;t=60"),
    ("ratelimit-policy", "\"default\";q=100;w=60"),
];

fn fixed(name: &str) -> Option<&'static str> {
    let found = FIXED.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).or_else(|| rate_limit(name))
}

/// `RateLimit-Remaining`, `X-RateLimit-Remaining`, `X-Rate-Limit-Remaining-Minute` and their like.
fn rate_limit(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix("x-").unwrap_or(name);
    let rest = name.strip_prefix("ratelimit-").or_else(|| name.strip_prefix("rate-limit-"))?;
    Some(match rest.split('-').next()? {
        "limit" => REQUESTS.0,
        "remaining" => REQUESTS.1,
        "used" => "1",
        "reset" => WAIT_S,
        _ => return None,
    })
}
