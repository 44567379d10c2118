//! The answers that are kept for repeated requests, in the document of a state.
//!
//! Must not know the rest of the document.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::idempotency::{AnswerKey, KeptAnswer};

/// An answer that is kept. Its body is text, or in Base64 where it is not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptDocument {
    key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    caller: String,
    fingerprint: String,
    expires: String,
    status: u16,
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl KeptDocument {
    pub(super) fn of((key, answer): (&AnswerKey, &KeptAnswer)) -> Self {
        // What is not ASCII is not in the headers that are written for rules.
        let header = |(name, value): &(HeaderName, HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let text = std::str::from_utf8(&answer.body).ok().map(str::to_owned);
        Self {
            key: key.key.to_string(),
            caller: key.caller.to_string(),
            fingerprint: answer.fingerprint.to_string(),
            expires: answer.expires.to_rfc3339(),
            status: answer.status.as_u16(),
            headers: answer.headers.iter().map(header).collect(),
            body_base64: text.is_none().then(|| STANDARD.encode(&answer.body)),
            body: text,
        }
    }

    /// The answer of a provider; an `Err` says what is wrong with it.
    pub(super) fn read(self, provider: usize) -> Result<(AnswerKey, KeptAnswer), String> {
        let header = |(name, value): (String, String)| {
            let read = (name.parse::<HeaderName>().ok()).zip(HeaderValue::from_str(&value).ok());
            read.ok_or_else(|| format!("`{name}: {value}` is no header"))
        };
        let expires = Timestamp::parse(&self.expires);
        let expires = expires.ok_or_else(|| format!("`{}` is no time", self.expires))?;
        let status = StatusCode::from_u16(self.status);
        let status = status.map_err(|_| format!("{} is no HTTP status", self.status))?;
        let body = match (self.body, self.body_base64) {
            (Some(text), _) => Bytes::from(text),
            (None, Some(coded)) => {
                STANDARD.decode(coded).map_err(|error| format!("`body_base64`: {error}"))?.into()
            }
            (None, None) => Bytes::new(),
        };
        let headers = self.headers.into_iter().map(header).collect::<Result<_, _>>()?;
        let (caller, key) = (self.caller.into(), self.key.into());
        let fingerprint = self.fingerprint.into();
        let answer = KeptAnswer { fingerprint, expires, status, headers, body };
        Ok((AnswerKey { provider, caller, key }, answer))
    }
}
