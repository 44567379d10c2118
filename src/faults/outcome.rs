//! What a written fault does to a request: its delay, its broken connection, its answer, and what is wrong with them.
//!
//! Must not know which requests it strikes.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use indexmap::IndexMap;
use serde_json::Value;

use super::check::FaultCheck;
use super::definition::{Connection, Delay};
use super::format::shown;
use super::{
    ConnectionFormat, DelayFormat, FAULT_HEADERS_MAX, FaultAnswer, FaultAnswerFormat, HeaderFormat,
};
use crate::message::{Delivery, FRAMING};
use crate::pointer::child;

/// The largest body of a fault's answer, in bytes: more than any documented error, and a hundred of them in one
/// sandbox are still 6 MiB.
pub const FAULT_BODY_MAX: usize = 64 * 1024;

/// The widest lognormal spread: at 4, one delay of a hundred is longer than 10,000 medians.
const SIGMA_MAX: f64 = 4.0;

impl FaultCheck {
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
                    let message =
                        format!("`{}` is longer than `{}`", shown(&range.min), shown(&range.max));
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
        for (name, value) in headers.iter().take(FAULT_HEADERS_MAX) {
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
