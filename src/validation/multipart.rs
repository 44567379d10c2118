//! The parts of a `multipart` body.
//!
//! Must not know schemas, nor what a part means.

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::HeaderMap;

/// Maximum number of parts: forms have some tens, and each part takes some hundred bytes beside its text.
pub(super) const PARTS_MAX: usize = 1000;

/// Maximum length of a boundary (RFC 2046, section 5.1.1).
const BOUNDARY_CHARACTERS_MAX: usize = 70;

/// One part.
pub(super) struct ReadPart {
    /// `name` of `Content-Disposition`.
    pub(super) name: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
}

/// Takes a body apart; the error says what it must be, after `must`.
pub(super) fn parts(content_type: &str, body: &Bytes) -> Result<Vec<ReadPart>, String> {
    // Its parser insists on `form-data`, and parameters are the same for all.
    let parameters = content_type.split_once(';').map_or("", |(_, parameters)| parameters);
    let boundary = multer::parse_boundary(format!("multipart/form-data;{parameters}"))
        .map_err(|_| "must name its boundary in `Content-Type`".to_owned())?;
    if boundary.is_empty() || boundary.chars().count() > BOUNDARY_CHARACTERS_MAX {
        return Err(format!("must have a boundary of 1 to {BOUNDARY_CHARACTERS_MAX} characters"));
    }
    let whole = stream::once(ready(Ok::<Bytes, Infallible>(body.clone())));
    let mut reader = multer::Multipart::new(whole, boundary);
    let mut parts = Vec::new();
    while let Some(field) = at_once(reader.next_field())? {
        if parts.len() == PARTS_MAX {
            return Err(format!("must have at most {PARTS_MAX} parts"));
        }
        let name = field.name().map(unescaped);
        let headers = field.headers().clone();
        parts.push(ReadPart { name, headers, bytes: at_once(field.bytes())? });
    }
    Ok(parts)
}

/// A name without what browsers escape in it, <https://html.spec.whatwg.org/multipage/form-control-infrastructure.html>,
/// "escape a multipart form data name".
fn unescaped(name: &str) -> String {
    name.replace("%0A", "\n").replace("%0D", "\r").replace("%22", "\"")
}

/// What a reader of bytes that are all there gives.
fn at_once<T>(reading: impl Future<Output = multer::Result<T>>) -> Result<T, String> {
    use multer::Error::{IncompleteFieldData, IncompleteStream};
    match reading.now_or_never() {
        Some(Ok(read)) => Ok(read),
        None | Some(Err(IncompleteStream | IncompleteFieldData { .. })) => {
            Err("must end with its boundary".to_owned())
        }
        Some(Err(multer::Error::ReadHeaderFailed(_))) => Err(
            "must have parts with readable fields: one has a control character, or no colon (in a name, line ends and \
             quotes are written `%0D%0A` and `%22`)"
                .to_owned(),
        ),
        Some(Err(error)) => Err(format!("must be a valid multipart body: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_escape_in_names_is_read_back_and_nothing_else() {
        assert_eq!(unescaped("a%0D%0A%22%41%"), "a\r\n\"%41%");
    }
}
