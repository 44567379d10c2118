//! Answers that are kept to be given again to requests that are repeated with the same key.
//!
//! Bounded: the oldest go first. Must not know what makes two requests the same, nor where a key stands.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use imbl::OrdMap;

use crate::clock::Timestamp;

/// The most answers that are kept: a test makes some thousand calls, and who comes back for an older one is late.
pub const ANSWERS_MAX: usize = 10_000;

/// The most bytes that they take together.
pub const ANSWERS_BYTES_MAX: usize = 8 << 20;

/// About what an answer takes beside its texts.
const ANSWER_BYTES: usize = 256;

/// What an answer is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnswerKey {
    /// The number of the provider.
    pub provider: usize,
    /// Who asked.
    pub caller: Arc<str>,
    /// The key that they gave.
    pub key: Arc<str>,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    /// What tells the request from others: a hash.
    pub fingerprint: Arc<str>,
    /// When it is forgotten.
    pub expires: Timestamp,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

impl KeptAnswer {
    /// The answer once more.
    pub fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.iter().cloned());
        response
    }

    fn bytes(&self, key: &AnswerKey) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        ANSWER_BYTES + key.caller.len() + key.key.len() + headers.sum::<usize>() + self.body.len()
    }
}

/// A request for which an answer is to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct ToKeep {
    /// What it is found by.
    pub key: AnswerKey,
    /// What tells the request from others.
    pub fingerprint: Arc<str>,
    /// When the answer is forgotten.
    pub expires: Timestamp,
}

impl ToKeep {
    /// The answer that was given.
    pub fn answered(&self, response: &Response<Bytes>) -> KeptAnswer {
        let headers = response.headers().iter();
        KeptAnswer {
            fingerprint: Arc::clone(&self.fingerprint),
            expires: self.expires,
            status: response.status(),
            headers: headers.map(|(name, value)| (name.clone(), value.clone())).collect(),
            body: response.body().clone(),
        }
    }
}

/// The answers that are kept. A clone shares all that neither changes.
#[derive(Clone, Debug, Default)]
pub struct KeptAnswers(Arc<Kept>);

#[derive(Clone, Debug, Default)]
struct Kept {
    by_key: OrdMap<AnswerKey, (u64, Arc<KeptAnswer>)>,
    /// In the order in which they came.
    by_age: OrdMap<u64, AnswerKey>,
    next: u64,
    bytes: usize,
}

/// Answers at one moment, to tell whether there are others later; it keeps none of them in memory.
#[derive(Clone, Debug)]
pub struct KeptMark(Weak<Kept>);

impl PartialEq for KeptMark {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

impl KeptAnswers {
    /// The answer for a key, if it is not forgotten at `now`.
    pub fn get(&self, key: &AnswerKey, now: Timestamp) -> Option<&Arc<KeptAnswer>> {
        self.0.by_key.get(key).map(|(_, answer)| answer).filter(|answer| now < answer.expires)
    }

    /// Keeps an answer in place of what is there by its key. What is forgotten at `now` goes, as far as it is older than all
    /// that is not, and the oldest where it is too much.
    pub fn keep(&mut self, key: AnswerKey, answer: KeptAnswer, now: Timestamp) {
        let bytes = answer.bytes(&key);
        let kept = Arc::make_mut(&mut self.0);
        kept.forget(&key);
        if bytes > ANSWERS_BYTES_MAX {
            return;
        }
        while let Some((_, oldest)) = kept.by_age.get_min().cloned() {
            let is_over = kept.by_key.get(&oldest).is_some_and(|(_, one)| one.expires <= now);
            if !is_over
                && kept.by_age.len() < ANSWERS_MAX
                && kept.bytes + bytes <= ANSWERS_BYTES_MAX
            {
                break;
            }
            kept.forget(&oldest);
        }
        kept.by_age.insert(kept.next, key.clone());
        kept.by_key.insert(key, (kept.next, Arc::new(answer)));
        kept.next += 1;
        kept.bytes += bytes;
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&AnswerKey, &KeptAnswer)> {
        let all = self.0.by_age.values();
        all.filter_map(|key| self.0.by_key.get(key).map(|(_, answer)| (key, &**answer)))
    }

    /// Those of the providers that have a number, by that.
    #[must_use]
    pub fn renumbered(&self, number: impl Fn(usize) -> Option<usize>) -> Self {
        let mut renumbered = Self::default();
        for (key, answer) in self.iter() {
            if let Some(provider) = number(key.provider) {
                renumbered.keep(
                    AnswerKey { provider, ..key.clone() },
                    answer.clone(),
                    Timestamp(i64::MIN),
                );
            }
        }
        renumbered
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.by_key.is_empty()
    }

    /// About what they take in memory.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// Returns true if nothing was kept here or there since one was copied from the other.
    pub fn is_untouched_since(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A mark to detect later changes.
    pub fn mark(&self) -> KeptMark {
        KeptMark(Arc::downgrade(&self.0))
    }
}

impl Kept {
    fn forget(&mut self, key: &AnswerKey) {
        if let Some((age, answer)) = self.by_key.remove(key) {
            self.by_age.remove(&age);
            self.bytes -= answer.bytes(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> AnswerKey {
        AnswerKey { provider: 0, caller: "".into(), key: key.into() }
    }

    fn answer(bytes: usize, expires: i64) -> KeptAnswer {
        KeptAnswer {
            fingerprint: "".into(),
            expires: Timestamp(expires),
            status: StatusCode::OK,
            headers: Vec::new(),
            body: vec![b'x'; bytes].into(),
        }
    }

    #[test]
    fn the_oldest_go_where_it_is_too_much_and_nothing_is_counted_twice() {
        let mut kept = KeptAnswers::default();
        for number in 0..ANSWERS_MAX + 5 {
            kept.keep(key(&number.to_string()), answer(1, 10), Timestamp(0));
        }
        assert_eq!(kept.iter().count(), ANSWERS_MAX);
        assert!(kept.get(&key("4"), Timestamp(0)).is_none());
        assert!(kept.get(&key("5"), Timestamp(9)).is_some());
        assert!(kept.get(&key("5"), Timestamp(10)).is_none());
        kept.keep(key("large"), answer(ANSWERS_BYTES_MAX / 2, 20), Timestamp(0));
        kept.keep(key("larger"), answer(ANSWERS_BYTES_MAX, 20), Timestamp(0));
        assert!(kept.get(&key("larger"), Timestamp(0)).is_none(), "it is too large");
        assert!(kept.bytes() <= ANSWERS_BYTES_MAX);
        let copy = kept.clone();
        kept.keep(key("late"), answer(1, 20), Timestamp(15));
        assert_eq!(kept.iter().map(|(key, _)| &*key.key).collect::<Vec<_>>(), ["large", "late"]);
        assert_eq!(copy.iter().count(), ANSWERS_MAX);
        kept.keep(key("large"), answer(1, 30), Timestamp(25));
        kept.keep(key("late"), answer(1, 30), Timestamp(25));
        assert_eq!(kept.bytes(), 2 * (ANSWER_BYTES + 1) + 9);
    }
}
