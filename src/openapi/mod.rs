//! The contract: an `OpenAPI` document read into operations, parameters, responses and schemas.
//!
//! Owns what a document says. Must not know servers, stores or how a request is answered.

mod beside;
mod bundle;
mod check;
mod condition;
mod dialect;
mod direction;
mod discriminator;
mod exact;
mod expansion;
mod lowering;
mod misfits;
mod objects;
mod overlay;
mod patterns;
mod reading;
mod references;
mod remote;
mod schema;
mod schemas;
mod servers;
mod swagger;
mod typed;
mod validator;

use std::sync::Arc;

use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use indexmap::IndexMap;
use serde_json::Value;

use crate::finding::Finding;
use crate::yaml::Document;
use dialect::Dialect;
use lowering::Lowering;
use reading::{Reader, Sample};

pub use beside::normalized;
pub use bundle::gather;
pub use condition::{RouteCondition, called};
pub use direction::Direction;
pub use overlay::Overlay;
pub(crate) use remote::{Remote, refusal as refusal_of_url};
pub(crate) use schema::{NOT_IN_URI, Types, parts_where};
pub use schemas::{SchemaId, Schemas};
pub use swagger::converted;
pub use validator::{Misfits, Validator};

/// A contract: one document, read, checked and with references resolved.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The document's file name as the user gave it.
    pub file: Arc<str>,
    /// `info.title`, or the file name where the document has none.
    pub title: String,
    /// `info.version`, or empty.
    pub version: String,
    /// Servers of the real service.
    pub servers: Vec<ServerEntry>,
    /// The line of `servers`, of the whole document where it has none.
    pub servers_line: u32,
    /// All operations in document order.
    pub operations: Vec<Operation>,
    /// Operations that the vendor has and this document leaves out on purpose (`x-not-emulated`), and those whose
    /// definition or security cannot be read.
    pub not_emulated: Vec<NotEmulated>,
    /// Whether paths are taken with and without a slash at their end, however they are written (`x-trailing-slash`).
    pub trailing_slash_is_optional: bool,
    /// The security schemes by name.
    pub security_schemes: IndexMap<String, SecurityScheme>,
    /// All schemas, lowered to one dialect.
    pub schemas: Arc<Schemas>,
    samples: Vec<Sample>,
}

impl Contract {
    /// Reads a document. What is wrong with it goes to `findings`; `None` when nothing could be read.
    pub fn load(document: &Document, findings: &mut Vec<Finding>) -> Option<Contract> {
        if swagger::is_written(document.root()) {
            return Self::load(&swagger::converted(document.clone(), findings), findings);
        }
        let dialect = dialect_of(document, findings)?;
        let mut found = Vec::new();
        let lowering = Lowering::new(document, dialect, &mut found);
        let mut reader = Reader::new(document, lowering, found);
        let text = |name: &str| {
            let found = references::find(document.root(), &format!("/info/{name}"));
            found.value().and_then(Value::as_str).map(str::to_owned)
        };
        let title = text("title").filter(|title| !title.is_empty());
        let mut servers = reader.servers("");
        if servers.is_empty() {
            servers.push(ServerEntry { base_path: String::new(), host: None });
        }
        reader.note_components();
        reader.security_schemes();
        let operations = reader.operations();
        let not_emulated = reader.not_emulated();
        let trailing_slash_is_optional = reader.trailing_slash_is_optional();
        let security_schemes = reader.take_schemes();
        let Reader { lowering, findings: mut found, samples, .. } = reader;
        if title.is_none() {
            found.push(document.warning("/info/title", "the document has no title"));
        }
        let schemas = Schemas::new(lowering.finish(&mut found));
        report(document.file(), found, findings);
        Some(Contract {
            file: Arc::clone(document.file()),
            title: title.unwrap_or_else(|| document.file().to_string()),
            version: text("version").unwrap_or_default(),
            servers,
            servers_line: document.line("/servers"),
            operations,
            not_emulated,
            trailing_slash_is_optional,
            security_schemes,
            schemas: Arc::new(schemas),
            samples,
        })
    }
}

/// Hands findings over in the order of the file, those of other files last, each once however often a component was used.
fn report(own: &Arc<str>, mut found: Vec<Finding>, findings: &mut Vec<Finding>) {
    let place = |finding: &Finding| (finding.file != *own, Arc::clone(&finding.file), finding.line);
    found.sort_by(|a, b| {
        (place(a), &a.pointer, &a.message).cmp(&(place(b), &b.pointer, &b.message))
    });
    found.dedup();
    findings.extend(found);
}

/// The rules its schemas follow, or `None` when the document is of another kind altogether.
fn dialect_of(document: &Document, findings: &mut Vec<Finding>) -> Option<Dialect> {
    let root = document.root();
    if !root.is_object() {
        findings.push(document.error("", "is no OpenAPI document: it is not a map"));
        return None;
    }
    if swagger::is_converted(root) {
        return Some(Dialect::V20);
    }
    let Some(version) = root.get("openapi") else {
        findings.push(match root.get("swagger") {
            Some(version) => document
                .error("/swagger", format!("Swagger {} is not read", text_of(version)))
                .hint("2.0 is, and OpenAPI from 3.0 to 3.2"),
            None => document
                .error("", "is no OpenAPI document: `openapi` is missing")
                .hint("begin it with `openapi: 3.1.0`"),
        });
        return None;
    };
    let version = text_of(version);
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        (Some("3"), Some("0")) => Some(Dialect::V30),
        (Some("3"), Some("1")) => Some(Dialect::V31),
        (Some("3"), Some("2")) => Some(Dialect::V32),
        (Some("3"), _) => {
            let message = format!("OpenAPI {version} is read as 3.2");
            findings.push(document.warning("/openapi", message));
            Some(Dialect::V32)
        }
        _ => {
            let message = format!("OpenAPI {version} is not read");
            findings.push(document.error("/openapi", message).hint("2.0 and 3.0 to 3.2 are"));
            None
        }
    }
}

/// A version, also one that was written without quotes.
fn text_of(version: &Value) -> String {
    version.as_str().map_or_else(|| version.to_string(), str::to_owned)
}

/// One entry of `servers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEntry {
    /// `""` or a path such as `/v2`: without a trailing slash.
    pub base_path: String,
    /// The host name; `None` for a relative, templated or localhost address.
    pub host: Option<String>,
}

/// One operation that the vendor has and that is not answered: the document leaves it out on purpose, or cannot be read
/// there as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEmulated {
    /// The HTTP method.
    pub method: Method,
    /// The path template.
    pub template: String,
    /// Further conditions on a request to it.
    pub conditions: Vec<RouteCondition>,
    /// Why the document cannot be read there; `None` where it leaves the operation out on purpose.
    pub reason: Option<String>,
    /// The file it is in.
    pub file: Arc<str>,
    /// Line in that file.
    pub line: u32,
}

/// One method on one path template.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `operationId`, else `METHOD /path`.
    pub id: String,
    /// The HTTP method.
    pub method: Method,
    /// The key of `paths`: nearly always the path template, as `/organizations/{id}`.
    pub key: String,
    /// The path template.
    pub template: String,
    /// What a request must have beside, to be one for this operation: of keys that go on after the path.
    pub conditions: Vec<RouteCondition>,
    /// Where this one answers, if not where the document says: its own `servers`, else those of its path item.
    pub servers: Vec<ServerEntry>,
    /// `summary`.
    pub summary: Option<String>,
    /// `deprecated`.
    pub deprecated: bool,
    /// The path item's parameters and the operation's own, merged.
    pub parameters: Vec<Parameter>,
    /// The request body, if one is documented.
    pub request_body: Option<RequestBody>,
    /// Documented responses by `200`, `4XX` or `default`, in document order.
    pub responses: IndexMap<String, Response>,
    /// Alternatives, each a set of schemes that must all hold. Empty: public. An empty set inside: optional.
    pub security: Vec<Vec<String>>,
    /// The file it is in: the document's, or another that its path item refers to.
    pub file: Arc<str>,
    /// JSON Pointer to the operation.
    pub pointer: String,
    /// Line in its file.
    pub line: u32,
}

impl Operation {
    /// The path and what a request must have beside, as one would call it.
    pub fn called(&self) -> String {
        called(&self.template, &self.conditions)
    }

    /// The documented response for a status: the exact one, else its class (`4XX`), else `default`.
    pub fn response(&self, status: u16) -> Option<&Response> {
        // By the digits themselves: it is asked for each answer, and statuses have three.
        let digits =
            [100, 10, 1].map(|place| u8::try_from(status / place % 10).unwrap_or_default());
        let digits = digits.map(|digit| b'0' + digit);
        let exact = std::str::from_utf8(&digits).ok().filter(|_| (100..1000).contains(&status));
        exact
            .and_then(|key| self.responses.get(key))
            .or_else(|| self.responses.get(&format!("{}XX", status / 100)))
            .or_else(|| self.responses.get("default"))
    }
}

/// Location of a parameter or an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

/// Serialization style of an array or object parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterStyle {
    /// `a,b` (path and header).
    Simple,
    /// `.a.b` (path).
    Label,
    /// `;x=a;x=b` (path).
    Matrix,
    /// `x=a&x=b` or `x=a,b` (query and cookie).
    Form,
    /// `x=a%20b` (query).
    SpaceDelimited,
    /// `x=a|b` (query).
    PipeDelimited,
    /// `x=a%09b` (Swagger 2.0; there the two above are for paths and headers, too).
    TabDelimited,
    /// `x[a]=1` (query).
    DeepObject,
    /// `x=a; x=b`, as it is (cookie).
    Cookie,
    /// The whole query, in a media type of its own or as a form (`in: querystring`).
    WholeQuery,
}

impl ParameterStyle {
    /// What stands between items and properties that are not written one by one, and the same in a URL or a form.
    pub fn separator(self) -> (&'static str, &'static str) {
        match self {
            ParameterStyle::SpaceDelimited => (" ", "%20"),
            ParameterStyle::PipeDelimited => ("|", "%7C"),
            ParameterStyle::TabDelimited => ("\t", "%09"),
            _ => (",", ","),
        }
    }
}

/// One documented parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name; of a header in the document's own case.
    pub name: String,
    /// Its location.
    pub location: Location,
    /// Whether it is required.
    pub required: bool,
    /// The schema of its value.
    pub schema: Option<SchemaId>,
    /// Serialization style of arrays and objects.
    pub style: ParameterStyle,
    /// Whether array items and object properties are written one by one.
    pub explode: bool,
    /// The media type, when the value is serialized with `content` instead of a style.
    pub content: Option<String>,
    /// `allowEmptyValue`: a query parameter that may be sent as `?name` or `?name=` whatever its schema.
    pub allow_empty: bool,
    /// The schema's `default`.
    pub default: Option<Value>,
    /// Line in the document.
    pub line: u32,
}

impl Parameter {
    /// Returns true if `OpenAPI` has its definition ignored: it is a header that is described elsewhere in a document.
    pub fn is_ignored(&self) -> bool {
        self.location == Location::Header
            && [ACCEPT, CONTENT_TYPE, AUTHORIZATION]
                .iter()
                .any(|name| self.name.eq_ignore_ascii_case(name.as_str()))
    }
}

/// The documented request body.
#[derive(Clone, Debug)]
pub struct RequestBody {
    /// Whether it is required.
    pub required: bool,
    /// Accepted bodies, by media type (or range such as `application/*`).
    pub content: IndexMap<String, MediaType>,
}

/// One media type of a body.
#[derive(Clone, Debug, Default)]
pub struct MediaType {
    /// The schema of the body.
    pub schema: Option<SchemaId>,
    /// Examples by name; `example` has the name `""`, and so has one inherited from the schema.
    pub examples: IndexMap<String, Value>,
    /// Encoding of single properties, in forms and `multipart` bodies.
    pub encoding: IndexMap<String, Encoding>,
}

/// Encoding of one property of a form or a `multipart` body (the specification's Encoding Object).
#[derive(Clone, Debug, Default)]
pub struct Encoding {
    /// `contentType`: the media types and ranges it may be sent in; empty where its schema decides.
    pub content_types: Vec<String>,
    /// The headers of its part.
    pub headers: Vec<Parameter>,
    /// The style, and whether to explode; `None` where neither of these nor `allowReserved` is given.
    pub style: Option<(ParameterStyle, bool)>,
}

/// One documented response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// `description`.
    pub description: String,
    /// Documented headers.
    pub headers: IndexMap<String, Header>,
    /// Bodies, by media type.
    pub content: IndexMap<String, MediaType>,
    /// The calls that it is for.
    pub links: Vec<Link>,
    /// `x-inferred`: the vendor does not document this response; why it is supposed.
    pub inferred: Option<String>,
    /// `x-unreachable`: documented, but no request leads to it; why.
    pub unreachable: Option<String>,
    /// Line in the document.
    pub line: u32,
}

/// A call that a response is for (`OpenAPI` 3.1.1, Link Object).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The operation that is called.
    pub target: LinkTarget,
    /// Its parameters, with the runtime expressions that give their values.
    pub parameters: IndexMap<String, String>,
}

/// How a link names an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// By its `operationId`.
    Id(String),
    /// By a reference: `#/paths/~1users~1{id}/get`.
    Reference(String),
}

/// One documented header of a response.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// The schema of its value.
    pub schema: Option<SchemaId>,
    /// Whether the properties of an object are written `name=value`.
    pub explode: bool,
    /// Its own example, else that of its schema.
    pub example: Option<Value>,
}

/// A way of authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityScheme {
    /// A key in a header, the query or a cookie.
    ApiKey {
        /// Its location.
        location: Location,
        /// The name of the header, query parameter or cookie.
        name: String,
    },
    /// `Authorization: Bearer …`, OAuth 2 and `OpenID` Connect included.
    Bearer,
    /// `Authorization: Basic …`.
    Basic,
    /// `Authorization: …` of any other scheme.
    Http {
        /// The scheme's name, as the document has it.
        scheme: String,
    },
    /// A client's certificate, which is not seen here.
    MutualTls,
}

#[cfg(test)]
mod tests;
