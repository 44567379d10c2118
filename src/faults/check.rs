//! What a written fault means, and everything that is wrong with it.
//!
//! Must not know when a fault strikes.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use indexmap::IndexMap;
use serde_json::Value;

use super::ConnectionFormat;
use super::DELAY_MAX;
use super::DelayFormat;
use super::FaultAnswer;
use super::FaultAnswerFormat;
use super::FaultFormat;
use super::HeaderFormat;
use super::Problem;
use super::definition::Connection;
use super::definition::Delay;
use crate::clock::parse_duration_ms;
use crate::finding::child;
use crate::finding::did_you_mean;
use crate::message::Delivery;

/// The longest text of a condition, in bytes: a path longer than this is not written by hand.
const CONDITION_MAX: usize = 1024;

/// The most headers that one fault looks at, or sends: each sandbox may have its own faults.
pub const FAULT_HEADERS_MAX: usize = 32;

/// The largest body of a fault's answer, in bytes: more than any documented error, and a hundred of them in one
/// sandbox are still 6 MiB.
pub const FAULT_BODY_MAX: usize = 64 * 1024;

/// The widest lognormal spread: at 4, one delay of a hundred is longer than 10,000 medians.
const SIGMA_MAX: f64 = 4.0;

/// Every method that a contract can have.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::DELETE,
    Method::OPTIONS,
    Method::HEAD,
    Method::PATCH,
    Method::TRACE,
    Method::CONNECT,
];

/// Headers that belong to the connection or frame the message (RFC 9110 section 7.6.1, RFC 9112 section 6).
const FRAMING: [HeaderName; 7] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn report(
        &mut self,
        pointer: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.problems.push(Problem::new(pointer, message, hint));
    }

    /// All problems that were found, if any.
    pub(super) fn done(self) -> Result<(), Vec<Problem>> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    /// The conditions that are used as they are written.
    pub(super) fn conditions(&mut self, format: &FaultFormat) {
        let texts = [
            ("provider", &format.provider),
            ("operation", &format.operation),
            ("path", &format.path),
        ];
        for (key, text) in texts {
            if text.as_ref().is_some_and(|text| text.len() > CONDITION_MAX) {
                let message = format!("`{key}` is longer than {CONDITION_MAX} bytes");
                self.report(child("", key), message, "shorten it");
            }
        }
        if let Some(path) = &format.path {
            self.path(path);
        }
        if let Some(probability) = format.probability
            && !(0.0..=1.0).contains(&probability)
        {
            let message = format!("`probability` is {probability}");
            self.report("/probability", message, "write a number from 0 to 1");
        }
        if format.times == Some(0) {
            let hint = "write at least 1, or remove the fault";
            self.report("/times", "`times` is 0, so it never strikes", hint);
        }
    }

    fn path(&mut self, path: &str) {
        if !path.starts_with('/') && !path.starts_with('*') {
            let message = format!("path `{path}` does not begin with `/`");
            self.report("/path", message, format!("write `/{path}`, or `**/{path}` for any place"));
        }
        if path.contains(['?', '#']) {
            let message = format!("path `{path}` has a query, which is no part of a path");
            self.report("/path", message, "leave it out from `?` on");
        }
        if path.split('/').any(|segment| segment.contains("**") && segment != "**") {
            let message = format!("in path `{path}`, `**` stands for a part of a segment");
            self.report("/path", message, "write `*` within a segment, and `**` between slashes");
        }
        if path.contains(['{', '}']) {
            let message = format!("path `{path}` has braces, which would be literal");
            self.report("/path", message, "write `*` for a parameter, or use `operation`");
        }
    }

    /// What does not go together.
    pub(super) fn sense(&mut self, format: &FaultFormat) {
        if format.delay.is_none() && format.answer.is_none() && format.connection.is_none() {
            let message = "nothing happens: none of `delay`, `answer` and `connection` is given";
            self.report("", message, "give at least one of them");
        }
        let sends_nothing = match format.connection {
            Some(ConnectionFormat::Reset) => Some("reset"),
            Some(ConnectionFormat::Empty) => Some("empty"),
            Some(ConnectionFormat::Garbage) => Some("garbage"),
            _ => None,
        };
        if let (Some(way), Some(_)) = (sends_nothing, &format.answer) {
            let message = format!("no `answer` is sent on a connection that is `{way}`");
            self.report("/connection", message, "leave out one of the two, or use `cut`");
        }
        if format.commit.is_some() && format.connection.is_none() {
            let message = "`commit` is given without `connection`";
            let hint = "leave it out: with `delay` the call happens, with `answer` it does not";
            self.report("/commit", message, hint);
        }
        if format.commit == Some(true) && format.answer.is_some() {
            let message = "`commit` is true, but with `answer` the call does not happen";
            self.report("/commit", message, "leave out one of the two");
        }
    }

    pub(super) fn method(&mut self, text: Option<&str>) -> Option<Method> {
        let text = text?;
        let found = METHODS.iter().find(|method| method.as_str().eq_ignore_ascii_case(text));
        if found.is_none() {
            let known: Vec<&str> = METHODS.iter().map(Method::as_str).collect();
            let hint = did_you_mean(&text.to_ascii_uppercase(), known.iter().copied());
            let hint = hint.unwrap_or_else(|| format!("known are {}", known.join(", ")));
            self.report("/method", format!("`{}` is no method", shown(text)), hint);
        }
        found.cloned()
    }

    pub(super) fn conditions_on_headers(
        &mut self,
        headers: &IndexMap<String, Option<HeaderFormat>>,
    ) -> Vec<(HeaderName, Option<HeaderValue>)> {
        self.count_headers("/headers", headers.len());
        let mut parsed = Vec::new();
        for (name, value) in headers {
            let pointer = child("/headers", name);
            let name = self.header_name(&pointer, name);
            let value = match value {
                None => Some(None),
                Some(HeaderFormat::Text(any)) if any == "*" => Some(None),
                Some(value) => self.header_value(&pointer, value).map(Some),
            };
            parsed.extend(name.zip(value));
        }
        parsed
    }

    fn count_headers(&mut self, pointer: &str, count: usize) {
        if count > FAULT_HEADERS_MAX {
            let message = format!("{count} headers are more than {FAULT_HEADERS_MAX}");
            self.report(pointer, message, "leave some out");
        }
    }

    fn header_name(&mut self, pointer: &str, text: &str) -> Option<HeaderName> {
        let name = HeaderName::try_from(text).ok();
        if name.is_none() {
            let message = format!("`{}` is no name of a header", shown(text));
            self.report(pointer, message, "use letters, digits and `-`");
        }
        name
    }

    fn header_value(&mut self, pointer: &str, value: &HeaderFormat) -> Option<HeaderValue> {
        let text = match value {
            HeaderFormat::Text(text) => text.clone(),
            HeaderFormat::Number(number) => number.to_string(),
        };
        let value = HeaderValue::try_from(&text).ok();
        if value.is_none() {
            let message = format!("`{}` cannot be the value of a header", shown(&text));
            self.report(pointer, message, "leave out line breaks and other control characters");
        }
        value
    }

    /// A duration of at most [`DELAY_MAX`].
    fn duration(&mut self, pointer: &str, text: &str) -> Option<Duration> {
        let ms = parse_duration_ms(text).and_then(|ms| u64::try_from(ms).ok());
        let time = ms.map(Duration::from_millis);
        match time {
            None => {
                let message = format!("`{}` is no duration", shown(text));
                self.report(pointer, message, "write a number and a unit, as in `200ms` or `2s`");
            }
            Some(time) if time > DELAY_MAX => {
                let message = format!("`{}` is longer than ten minutes", shown(text));
                self.report(pointer, message, "shorten it: no client waits so long");
            }
            Some(_) => {}
        }
        time
    }

    pub(super) fn delay(&mut self, delay: &DelayFormat) -> Option<Delay> {
        match delay {
            DelayFormat::Plain(text) => self.duration("/delay", text).map(Delay::Fixed),
            DelayFormat::Fixed(delay) => {
                self.duration("/delay/fixed", &delay.fixed).map(Delay::Fixed)
            }
            DelayFormat::Uniform(delay) => {
                let range = &delay.uniform;
                let min = self.duration("/delay/uniform/min", &range.min);
                let max = self.duration("/delay/uniform/max", &range.max);
                let (min, max) = (min?, max?);
                if min > max {
                    let message = format!("`{}` is longer than `{}`", range.min, range.max);
                    self.report("/delay/uniform", message, "write the shorter one as `min`");
                }
                Some(Delay::Uniform { min, max })
            }
            DelayFormat::Lognormal(delay) => {
                let sigma = delay.lognormal.sigma;
                if !(0.0..=SIGMA_MAX).contains(&sigma) {
                    let message = format!("`sigma` is {sigma}");
                    let hint = format!("write a number from 0 to {SIGMA_MAX}, such as 0.5");
                    self.report("/delay/lognormal/sigma", message, hint);
                }
                let median = self.duration("/delay/lognormal/median", &delay.lognormal.median)?;
                Some(Delay::Lognormal { median, sigma })
            }
        }
    }

    pub(super) fn connection(
        &mut self,
        connection: Option<&ConnectionFormat>,
        commit: Option<bool>,
    ) -> Option<Connection> {
        let (delivery, commits) = match connection? {
            ConnectionFormat::Reset => (Delivery::Reset, false),
            ConnectionFormat::Empty => (Delivery::Empty, false),
            ConnectionFormat::Garbage => (Delivery::Garbage, false),
            ConnectionFormat::Cut(bytes) => (Delivery::Cut { bytes: *bytes }, true),
            ConnectionFormat::Trickle(trickle) => {
                if trickle.bytes == 0 {
                    let message = "`bytes` is 0, so the body never ends";
                    self.report("/connection/trickle/bytes", message, "write at least 1");
                }
                let every = self.duration("/connection/trickle/every", &trickle.every)?;
                (Delivery::Trickle { bytes: trickle.bytes, every }, true)
            }
        };
        Some(Connection { delivery, commits: commit.unwrap_or(commits) })
    }

    pub(super) fn answer(&mut self, format: &FaultAnswerFormat) -> Option<FaultAnswer> {
        let status = self.status(format.status);
        let mut headers = self.headers_of_answer(&format.headers);
        let body = format.body.as_ref().map(|body| {
            let given = headers.iter().position(|(name, _)| name == header::CONTENT_TYPE);
            let given = given.map(|position| headers.remove(position).1);
            let (media_type, bytes) = body_of(body);
            (given.unwrap_or(media_type), bytes)
        });
        if let Some((_, bytes)) = &body {
            self.body(format, bytes.len());
        }
        Some(FaultAnswer { status: status?, headers, body, example: format.example.clone() })
    }

    fn status(&mut self, status: u16) -> Option<StatusCode> {
        let message = match status {
            200..=599 => return StatusCode::from_u16(status).ok(),
            // RFC 9110 section 15.2.
            100..=199 => {
                format!("`status` {status} is informational: it cannot be all of an answer")
            }
            _ => format!("`status` is {status}"),
        };
        self.report("/answer/status", message, "write a number from 200 to 599");
        None
    }

    fn headers_of_answer(
        &mut self,
        headers: &IndexMap<String, HeaderFormat>,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let place = "/answer/headers";
        self.count_headers(place, headers.len());
        let mut parsed: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (name, value) in headers {
            let pointer = child(place, name);
            let name = self.header_name(&pointer, name);
            let value = self.header_value(&pointer, value);
            let Some((name, value)) = name.zip(value) else { continue };
            if FRAMING.contains(&name) {
                let hint = "leave it out, and see `connection` for broken answers";
                self.report(&pointer, format!("`{name}` is the server's to set"), hint);
            }
            if parsed.iter().any(|(other, _)| *other == name) {
                self.report(&pointer, format!("`{name}` is given twice"), "keep one of them");
            }
            parsed.push((name, value));
        }
        parsed
    }

    fn body(&mut self, format: &FaultAnswerFormat, bytes: usize) {
        let place = "/answer/body";
        if bytes > FAULT_BODY_MAX {
            let message = format!("`body` has {bytes} bytes, more than {FAULT_BODY_MAX}");
            self.report(place, message, "shorten it");
        }
        // RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5.
        if matches!(format.status, 204 | 205 | 304) {
            let message = format!("an answer of status {} has no `body`", format.status);
            self.report(place, message, "leave it out");
        }
        if format.example.is_some() {
            let message = "both `body` and `example` are given";
            self.report("/answer/example", message, "leave out one of the two");
        }
    }
}

/// A body as it is sent, and what it is unless a header says so.
fn body_of(body: &Value) -> (HeaderValue, Bytes) {
    let (media_type, bytes) = match body {
        Value::String(text) => ("text/plain; charset=utf-8", text.clone()),
        json => ("application/json", json.to_string()),
    };
    (HeaderValue::from_static(media_type), Bytes::from(bytes))
}

/// A text of any length, as a message quotes it.
fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
