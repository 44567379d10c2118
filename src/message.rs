//! What goes into the emulator and what comes out: requests whose body was read under a limit, replies, and
//! the account of how a reply came about.
//!
//! Must not know anything else of ours, and nothing of sockets.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, header};

/// Default limit on the bytes of a request's body: 10 MiB, above anything most APIs take.
pub const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Headers that frame a message or belong to its connection, so that only the server can set them (RFC 9110 section
/// 7.6.1, RFC 9112 section 6).
pub const FRAMING: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Returns true if a text is a token (RFC 9110 section 5.6.2).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Returns true if a byte can be in a token.
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Returns true if a text is a media type or a range of them, whatever its parameters (RFC 9110 section 8.3.1).
pub fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// A request as the emulator takes it: read completely, off the wire.
pub type Request = http::Request<Body>;

/// A request's body, read under a limit.
#[derive(Clone, Debug)]
pub enum Body {
    /// All of it, perhaps empty.
    Complete(Bytes),
    /// It went on past the limit and was not kept.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Its `Content-Encoding` is one that is not undone.
    UnknownCoding {
        /// The coding, as it was sent.
        coding: String,
    },
    /// It is not encoded as its `Content-Encoding` says.
    BrokenCoding {
        /// The coding.
        coding: String,
        /// The problem.
        reason: String,
    },
}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self::Complete(Bytes::new())
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self::Complete(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Complete(text.into())
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Complete(bytes.into())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Complete(bytes)
    }
}

/// No body.
impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

/// An answer, when to send it, and how it came about.
#[derive(Debug)]
pub struct Reply {
    /// The response.
    pub response: http::Response<Bytes>,
    /// Delay before the server sends, after every lock is released.
    pub delay: Duration,
    /// In which way it reaches the client.
    pub delivery: Delivery,
    /// The log's account of it.
    pub account: Account,
    /// Tasks of jobs that were due and were done before it was answered.
    pub tasks: Vec<Account>,
}

impl Reply {
    /// An answer that is sent whole and without delay.
    pub fn at_once(response: http::Response<Bytes>, account: Account) -> Self {
        let (delay, delivery) = (Duration::ZERO, Delivery::Whole);
        Self { response, delay, delivery, account, tasks: Vec::new() }
    }
}

/// In which way an answer reaches the client: whole, or broken as an injected fault asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// As HTTP says.
    #[default]
    Whole,
    /// The connection is reset without a byte of it.
    Reset,
    /// The connection is closed without a byte of it.
    Empty,
    /// Bytes that are no HTTP, then the connection is closed.
    Garbage,
    /// The head and so many bytes of the body, then the connection is closed.
    Cut {
        /// The delivery of the body.
        bytes: usize,
    },
    /// The head, then the body in small pieces with pauses between them.
    Trickle {
        /// Bytes of the body in one piece, at least 1.
        bytes: usize,
        /// The pause before each piece.
        every: Duration,
    },
}

/// The decision behind an answer: put together once, and shared by the journal, the log and the admin API.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The number of the provider that answered, if one did.
    pub provider: Option<usize>,
    /// The number of the operation in its contract, if one was found.
    pub operation: Option<usize>,
    /// What decided the answer.
    pub why: Why,
    /// The number of the rule that decided, if one did.
    pub rule: Option<u32>,
    /// The credential that did not do, if that is why.
    pub rejected: Option<Rejected>,
    /// True if the answer is that of an earlier request with the same idempotency key.
    pub replayed: bool,
    /// True for a dry run.
    pub dry_run: bool,
    /// The faults that struck.
    pub faults: Vec<Arc<str>>,
    /// Delay before the answer is sent.
    pub delay: Duration,
    /// In which way it is sent.
    pub delivery: Delivery,
}

impl Facts {
    /// An answer sent at once, attributed to no provider.
    pub fn of(why: Why) -> Self {
        Self { why, ..Self::default() }
    }

    /// The numbers of the provider and the operation, where one was found.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.provider.zip(self.operation)
    }
}

/// Account of one request, for the log.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The decision, by numbers.
    pub facts: Arc<Facts>,
    /// The name of the provider that answered, if one did.
    pub provider: Option<Arc<str>>,
    /// The operation that was found, by its `operationId`.
    pub operation: Option<Arc<str>>,
    /// The sandbox it happened in, if it came so far.
    pub sandbox: Option<Arc<str>>,
    /// Counts of changes for each resource and kind; in a dry run, of those that would be made.
    pub changes: Vec<Tally>,
    /// The admin API's action, in a few words.
    pub did: Option<String>,
}

impl Account {
    /// An account of what decided, and nothing else.
    pub fn of(why: Why) -> Self {
        Self { facts: Facts::of(why).into(), ..Self::default() }
    }
}

/// A credential that did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The security scheme's name in the contract.
    pub scheme: Arc<str>,
    /// In a word: `missing`, `malformed`, `unknown`, `rejected` or `expired`.
    pub reason: &'static str,
}

/// The reason for an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Why {
    /// Nothing of the emulation: our own answer, and its reason.
    #[default]
    Nothing,
    /// A stage of the request path, in a word: `preflight`, `not emulated`.
    Stage(&'static str),
    /// A documented answer that was asked for, or a fault that struck: which one, in words.
    Forced(Arc<str>),
    /// The contract alone, which documents this response: which one, by its place in the document.
    Documented(Arc<str>),
    /// A rule or failure entry, by its place in the behavior file (`deleteOrganization rule 3, line 48`).
    Rule(Arc<str>),
    /// Something that should not be: the text names the rule and what went wrong.
    Fault(String),
}

/// Number of records of one resource that changed in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The resource's name.
    pub resource: Arc<str>,
    /// In which way.
    pub kind: ChangeKind,
    /// Number of records.
    pub count: usize,
}

impl Tally {
    /// Adds counts to others, so that each resource and kind is there once.
    pub fn add(to: &mut Vec<Self>, more: impl IntoIterator<Item = Self>) {
        for one in more {
            let is_same =
                |known: &&mut Self| known.kind == one.kind && known.resource == one.resource;
            match to.iter_mut().find(is_same) {
                Some(known) => known.count += one.count,
                None => to.push(one),
            }
        }
    }

    /// The count of changes that were taken back.
    #[must_use]
    pub fn reverted(self) -> Self {
        let kind = match self.kind {
            ChangeKind::Created => ChangeKind::Deleted,
            ChangeKind::Updated => ChangeKind::Updated,
            ChangeKind::Deleted => ChangeKind::Created,
        };
        Self { kind, ..self }
    }
}

/// The ways in which a record can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It came to be.
    Created,
    /// Its properties changed.
    Updated,
    /// It is gone.
    Deleted,
}
