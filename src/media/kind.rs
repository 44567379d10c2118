//! Names of media types, and which of them are written alike.
//!
//! Must not know values.

use std::borrow::Cow;

use crate::message::is_media_type;

/// Media types that are written alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaKind {
    Json,
    /// One JSON text a line.
    JsonLines,
    /// RFC 7464.
    JsonSequence,
    /// Server-sent events, <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
    Events,
    Xml,
    Form,
    Multipart,
    Yaml,
    /// RFC 4180.
    Csv,
    Text,
    /// All others: bytes; those with a syntax of their own cannot be made here from a value with parts.
    Binary,
}

impl MediaKind {
    /// The kind of a media type, with or without parameters.
    pub(super) fn of(media_type: &str) -> Self {
        let essence = essence(media_type);
        match &*essence {
            json if is_json(json) => Self::Json,
            "application/jsonl"
            | "application/ndjson"
            | "application/x-ndjson"
            | "application/x-jsonlines"
            | "application/json-lines" => Self::JsonLines,
            "application/json-seq" => Self::JsonSequence,
            "text/event-stream" => Self::Events,
            "application/xml" | "text/xml" => Self::Xml,
            "application/x-www-form-urlencoded" => Self::Form,
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml"
            | "text/vnd.yaml" => Self::Yaml,
            "text/csv" => Self::Csv,
            other if other.ends_with("+json-seq") => Self::JsonSequence,
            other if other.ends_with("+xml") => Self::Xml,
            other if other.ends_with("+yaml") => Self::Yaml,
            other if other.starts_with("multipart/") => Self::Multipart,
            other if other.starts_with("text/") => Self::Text,
            _ => Self::Binary,
        }
    }
}

/// Returns true if a media type's bytes follow a syntax that is neither text nor JSON, so that no value with parts is
/// its body.
pub fn has_own_syntax(media_type: &str) -> bool {
    let essence = essence(media_type);
    let (kind, subtype) = essence.split_once('/').unwrap_or((&essence, ""));
    if matches!(kind, "image" | "audio" | "video" | "font" | "model") {
        return true;
    }
    let suffix = subtype.rsplit_once('+').map_or("", |(_, suffix)| suffix);
    let is_office = ["vnd.openxmlformats", "vnd.ms-", "vnd.oasis.opendocument"]
        .iter()
        .any(|start| subtype.starts_with(start));
    is_office
        || matches!(suffix, "cbor" | "cbor-seq" | "zip" | "gzip" | "wbxml" | "der" | "ber" | "jwt")
        || OWN_SYNTAX.contains(&subtype.trim_start_matches("x-"))
}

/// Subtypes of `application` with a syntax of their own, without `x-`.
const OWN_SYNTAX: [&str; 31] = [
    "pdf",
    "zip",
    "zip-compressed",
    "gzip",
    "tar",
    "gtar",
    "bzip2",
    "7z-compressed",
    "rar-compressed",
    "vnd.rar",
    "zstd",
    "compressed",
    "cbor",
    "cbor-seq",
    "msgpack",
    "vnd.msgpack",
    "protobuf",
    "vnd.google.protobuf",
    "grpc",
    "avro",
    "vnd.apache.parquet",
    "vnd.apache.arrow.stream",
    "wasm",
    "postscript",
    "rtf",
    "msword",
    "pkcs7-mime",
    "pkcs12",
    "pkix-cert",
    "jwt",
    "java-archive",
];

/// `application/json`, `text/json` and every media type that ends in `+json`, with or without parameters. Not what
/// ends so and is no media type: a browser may read `text/html +json` as a page.
pub fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    let is_structured = || essence.ends_with("+json") && is_media_type(&essence);
    essence == "application/json" || essence == "text/json" || is_structured()
}

/// A media type in lower case, without its parameters.
pub fn essence(media_type: &str) -> Cow<'_, str> {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(essence.to_ascii_lowercase())
    } else {
        Cow::Borrowed(essence)
    }
}

/// Returns true if a range, `image/*` or `application/*+json`, or a media type holds a media type; both in lower case
/// and
/// without parameters.
pub(crate) fn range_holds(range: &str, essence: &str) -> bool {
    match range.split_once('*') {
        None => range == essence,
        Some((before, after)) => {
            let rest = essence.strip_prefix(before).filter(|_| before.ends_with('/'));
            range == "*/*"
                || rest.is_some_and(|rest| rest.len() > after.len() && rest.ends_with(after))
        }
    }
}

/// Parts of a field between separators that stand outside of quotes, trimmed. Quotes stay.
pub(super) fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let separates = move |c: char| {
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            '"' if !was_escaped => quoted = !quoted,
            '\\' if quoted && !was_escaped => escaped = true,
            _ => {}
        }
        !quoted && c == separator
    };
    text.split(separates).map(str::trim)
}
