//! Which requests a written fault is for, and what is wrong with that; the parts of it that others need too.
//!
//! Must not know what a fault does.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use indexmap::IndexMap;

use super::format::{DELAY_MAX, shown};
use super::{ConnectionFormat, FaultFormat, FaultProblem, HeaderFormat};
use crate::clock::parse_duration_ms;
use crate::finding::did_you_mean;
use crate::json::too_deep;
use crate::pointer::child;

/// The longest text of a condition, in bytes: a path longer than this is not written by hand.
const CONDITION_MAX: usize = 1024;

/// The most headers that one fault looks at, or sends: each sandbox may have its own faults.
pub const FAULT_HEADERS_MAX: usize = 32;

/// Every method that a contract can have.
pub const METHODS: [Method; 9] = [
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

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct FaultCheck {
    problems: Vec<FaultProblem>,
}

impl FaultCheck {
    pub(super) fn report(
        &mut self,
        pointer: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.problems.push(FaultProblem::new(pointer, message, hint));
    }

    /// All problems that were found, if any.
    pub(super) fn done(self) -> Result<(), Vec<FaultProblem>> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    /// Nesting depth of the body of the answer.
    pub(super) fn depth(&mut self, format: &FaultFormat) {
        let body = format.answer.as_ref().and_then(|answer| answer.body.as_ref());
        if let Some(problem) = too_deep(body) {
            self.report("/answer/body", problem, "write it as text");
        }
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
            self.report("/times", "`times` is 0, so it never applies", hint);
        }
    }

    fn path(&mut self, path: &str) {
        let named = shown(path);
        if !path.starts_with('/') && !path.starts_with('*') {
            let message = format!("path `{named}` does not begin with `/`");
            self.report(
                "/path",
                message,
                format!("write `/{named}`, or `**/{named}` for any place"),
            );
        }
        if path.contains(['?', '#']) {
            let message = format!("path `{named}` has a query, which is not part of a path");
            self.report("/path", message, "leave it out from `?` on");
        }
        if path.split('/').any(|segment| segment.contains("**") && segment != "**") {
            let message = format!("in path `{named}`, `**` stands for a part of a segment");
            self.report("/path", message, "write `*` within a segment, and `**` between slashes");
        }
        if path.contains(['{', '}']) {
            let message = format!("path `{named}` has braces, which would be literal");
            self.report("/path", message, "write `*` for a parameter, or use `operation`");
        }
    }

    /// Checks fields that exclude each other.
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
            self.report("/method", format!("`{}` is not a valid method", shown(text)), hint);
        }
        found.cloned()
    }

    pub(super) fn conditions_on_headers(
        &mut self,
        headers: &IndexMap<String, Option<HeaderFormat>>,
    ) -> Vec<(HeaderName, Option<HeaderValue>)> {
        self.count_headers("/headers", headers.len());
        let mut parsed = Vec::new();
        for (name, value) in headers.iter().take(FAULT_HEADERS_MAX) {
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

    pub(super) fn count_headers(&mut self, pointer: &str, count: usize) {
        if count > FAULT_HEADERS_MAX {
            let message = format!("{count} headers are more than {FAULT_HEADERS_MAX}");
            self.report(pointer, message, "leave some out");
        }
    }

    pub(super) fn header_name(&mut self, pointer: &str, text: &str) -> Option<HeaderName> {
        let name = HeaderName::try_from(text).ok();
        if name.is_none() {
            let message = format!("`{}` is not a valid header name", shown(text));
            self.report(pointer, message, "use letters, digits and `-`");
        }
        name
    }

    pub(super) fn header_value(
        &mut self,
        pointer: &str,
        value: &HeaderFormat,
    ) -> Option<HeaderValue> {
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
    pub(super) fn duration(&mut self, pointer: &str, text: &str) -> Option<Duration> {
        let ms = parse_duration_ms(text).and_then(|ms| u64::try_from(ms).ok());
        let time = ms.map(Duration::from_millis);
        match time {
            None => {
                let message = format!("`{}` is not a valid duration", shown(text));
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
}
