//! Requests that are repeated with the same idempotency key: what makes two the same, and what becomes of the second.
//!
//! After the IETF's draft on the header `Idempotency-Key`: the same request gets the same answer, and another one with that
//! key is refused. Must not know where answers are kept.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use sha2::{Digest, Sha256};

use crate::behavior::decision::Moment;
use crate::behavior::records::RecordValue;
use crate::behavior::span::duration_ms;
use crate::clock::Timestamp;
use crate::expression::{Expression, Value, to_json};
use crate::idempotency::{AnswerKey, KeptAnswer, ToKeep};
use crate::message::Body;

/// What an operation says of repeated requests.
#[derive(Debug)]
pub(crate) struct Idempotency {
    /// What gives the key.
    pub(super) key: Expression,
    /// How long an answer is kept.
    pub(super) lasts: Lasts,
}

/// How long an answer is kept.
#[derive(Debug)]
pub(crate) enum Lasts {
    /// So many milliseconds.
    Ms(i64),
    /// What an expression gives.
    By(Expression),
}

/// What becomes of a request.
pub(crate) enum Repeated {
    /// It has no key, and is answered as any other.
    NoKey,
    /// It is the first, and its answer is to be kept.
    First(ToKeep),
    /// It was made before, and got this answer.
    Again(Arc<KeptAnswer>),
    /// Another request was made with its key.
    Mismatch,
}

impl Idempotency {
    /// What becomes of a request; an `Err` says why that cannot be told.
    pub(crate) fn look(
        &self,
        (parts, path, body): (&Parts, &str, &Body),
        moment: &Moment<'_>,
        scope: &Value,
    ) -> Result<Repeated, String> {
        let key = self.key.eval(scope).map_err(|failure| failure.to_string())?;
        if key.is_none() || key.is_undefined() || key.as_str().is_some_and(str::is_empty) {
            return Ok(Repeated::NoKey);
        }
        let (provider, answers) = moment.answers;
        let caller = caller(scope).into();
        let key = AnswerKey { provider, caller, key: key.to_string().into() };
        let fingerprint = fingerprint(parts, path, body);
        match answers.get(&key, moment.now) {
            Some(kept) if kept.fingerprint == fingerprint => Ok(Repeated::Again(Arc::clone(kept))),
            Some(_) => Ok(Repeated::Mismatch),
            None => {
                let ms = match &self.lasts {
                    Lasts::Ms(ms) => *ms,
                    Lasts::By(text) => {
                        let value = text.eval(scope).map_err(|failure| failure.to_string())?;
                        duration_ms(&value)?
                    }
                };
                let expires = Timestamp(moment.now.0.saturating_add(ms));
                Ok(Repeated::First(ToKeep { key, fingerprint, expires }))
            }
        }
    }
}

/// Who asks: whoever the credentials say, as a text; nothing where nobody is asked.
fn caller(scope: &Value) -> String {
    let Ok(principal) = scope.get_attr("principal") else { return String::new() };
    match principal.downcast_object_ref::<RecordValue>() {
        Some(record) => format!("{} {}", record.resource_name(), record.key),
        None if principal.is_none() || principal.is_undefined() => String::new(),
        None => to_json(&principal).to_string(),
    }
}

/// What tells a request from others: a hash of its method, path, query and body.
fn fingerprint(parts: &Parts, path: &str, body: &Body) -> Arc<str> {
    let mut hash = Sha256::new();
    for part in [parts.method.as_str(), path, parts.uri.query().unwrap_or_default()] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    if let Body::Complete(bytes) = body {
        hash.update(bytes);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize()).into()
}
