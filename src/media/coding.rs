//! Content codings of request bodies (RFC 9110 section 8.4): `Content-Encoding` undone, within a bound.
//!
//! Must not know what a body holds.

use std::io;
use std::io::Read;

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::message::Body;

/// The codings that are undone, as a list in a header says it.
pub const CODINGS: &str = "gzip, deflate, br, zstd";

/// Codings of one body: clients send one, and each may cost as much as the largest body.
const CODINGS_MAX: usize = 3;

/// The window of a zstd frame, which is reserved before a byte of it is read. RFC 9659 forbids more to senders.
const ZSTD_WINDOW_BYTES_MAX: u64 = 8 << 20;

/// Bytes that the decoder of brotli reads at once.
const BROTLI_BUFFER_BYTES: usize = 4096;

/// Decoder of a coding: which one, its bytes, and the maximum number of decoded bytes plus one.
type Decoder = fn(&[u8], &mut Vec<u8>, usize) -> io::Result<()>;

/// The body as it was before it was encoded: unless it goes past the limit, in any step, or cannot be decoded.
pub fn decoded(headers: &HeaderMap, body: Body, limit: usize) -> Body {
    let Body::Complete(bytes) = body else { return body };
    if bytes.len() > limit {
        return Body::TooLarge { limit };
    }
    if bytes.is_empty() || !headers.contains_key(CONTENT_ENCODING) {
        return Body::Complete(bytes);
    }
    let codings = codings(headers);
    if codings.len() > CODINGS_MAX {
        return Body::UnknownCoding { coding: codings.join(", ") };
    }
    let mut bytes = bytes;
    // They are listed in the order in which they were applied.
    for coding in codings.iter().rev() {
        let Some(decoder) = decoder(coding) else {
            return Body::UnknownCoding { coding: coding.clone() };
        };
        let mut all = Vec::new();
        match decoder(&bytes, &mut all, limit.saturating_add(1)) {
            _ if all.len() > limit => return Body::TooLarge { limit },
            Ok(()) => bytes = Bytes::from(all),
            Err(error) => {
                return Body::BrokenCoding { coding: coding.clone(), reason: error.to_string() };
            }
        }
    }
    Body::Complete(bytes)
}

/// The names of all codings but `identity`, which is none, in lower case.
fn codings(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase());
    let mut found = Vec::new();
    for line in lines {
        let names = line.split(',').map(str::trim);
        found.extend(names.filter(|name| !matches!(*name, "" | "identity")).map(str::to_owned));
    }
    found
}

fn decoder(coding: &str) -> Option<Decoder> {
    match coding {
        // The older name means the same (RFC 9110 section 8.4.1.3).
        "gzip" | "x-gzip" => Some(|bytes, all, max| take(MultiGzDecoder::new(bytes), all, max)),
        "deflate" => Some(inflate),
        "br" => {
            Some(|bytes, all, max| take(Decompressor::new(bytes, BROTLI_BUFFER_BYTES), all, max))
        }
        "zstd" => Some(unpack_frames),
        _ => None,
    }
}

/// Reads at most so many bytes: what would be past them is never made.
fn take(decoder: impl Read, all: &mut Vec<u8>, max: usize) -> io::Result<()> {
    let left = max.saturating_sub(all.len());
    decoder.take(left as u64).read_to_end(all).map(drop)
}

/// The zlib format, or where it is none the bare one, which old clients send for it (RFC 9110 section 8.4.1.2).
fn inflate(bytes: &[u8], all: &mut Vec<u8>, max: usize) -> io::Result<()> {
    let is_zlib = matches!(bytes, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0);
    if is_zlib {
        take(ZlibDecoder::new(bytes), all, max)
    } else {
        take(DeflateDecoder::new(bytes), all, max)
    }
}

/// The frames of a zstd body, one after the other (RFC 8878 section 3).
fn unpack_frames(mut bytes: &[u8], all: &mut Vec<u8>, max: usize) -> io::Result<()> {
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    while !bytes.is_empty() && all.len() < max {
        let frame = StreamingDecoder::new_with_max_window_size(&mut bytes, ZSTD_WINDOW_BYTES_MAX);
        match frame {
            Ok(mut frame) => {
                take(&mut frame, all, max)?;
                let decoder = frame.into_frame_decoder();
                let sum = decoder.get_checksum_from_data();
                if sum.is_some()
                    && decoder.is_finished()
                    && sum != decoder.get_calculated_checksum()
                {
                    return Err(invalid("the checksum is wrong".to_owned()));
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => bytes = bytes.get(length as usize..).unwrap_or_default(),
            Err(error) => return Err(invalid(error.to_string())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = br#"{"n":1}"#;
    const LIMIT: usize = 1000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Stored in one metablock (RFC 7932 section 9.2): there is no encoder here.
    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len() - 1).unwrap();
        // WBITS 16, not the last, four nibbles of length, uncompressed; then an empty last one.
        let head = (length << 4) | 1 << 20;
        let mut coded = head.to_le_bytes()[..3].to_vec();
        coded.extend_from_slice(bytes);
        coded.push(3);
        coded
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn read(codings: &[&str], bytes: Vec<u8>) -> Body {
        let mut headers = HeaderMap::new();
        for coding in codings {
            headers.append(CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
        }
        decoded(&headers, bytes.into(), LIMIT)
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let twice = [gzip(&TEXT[..3]), gzip(&TEXT[3..])].concat();
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], &*zstd(TEXT)].concat();
        for (codings, bytes) in [
            (&[][..], TEXT.to_vec()),
            (&["identity"], TEXT.to_vec()),
            (&[""], TEXT.to_vec()),
            (&["gzip"], gzip(TEXT)),
            (&["X-GZip"], gzip(TEXT)),
            (&["gzip"], twice),
            (&["deflate"], zlib(TEXT)),
            (&["deflate"], bare(TEXT)),
            (&["br"], brotli(TEXT)),
            (&["zstd"], zstd(TEXT)),
            (&["zstd"], [zstd(&TEXT[..3]), zstd(&TEXT[3..])].concat()),
            (&["zstd"], skipped),
            (&["gzip, , identity , zstd"], zstd(&gzip(TEXT))),
            (&["deflate", "br"], brotli(&zlib(TEXT))),
        ] {
            let body = read(codings, bytes);
            assert!(
                matches!(&body, Body::Complete(bytes) if bytes == TEXT),
                "{codings:?} {body:?}"
            );
        }
        assert!(matches!(read(&["gzip"], Vec::new()), Body::Complete(bytes) if bytes.is_empty()));
    }

    #[test]
    fn what_cannot_be_decoded_is_told() {
        for coding in ["compress", "x-foo", "gzip, gzip, gzip, gzip", "\u{e9}"] {
            assert!(
                matches!(read(&[coding], TEXT.to_vec()), Body::UnknownCoding { .. }),
                "{coding}"
            );
        }
        let bodies = [
            ("gzip", gzip(TEXT)),
            ("deflate", zlib(TEXT)),
            ("br", brotli(TEXT)),
            ("zstd", zstd(TEXT)),
        ];
        for (coding, whole) in bodies {
            let cut = whole[..whole.len() - 2].to_vec();
            for bytes in [cut, TEXT.to_vec(), b"\0".to_vec()] {
                let body = read(&[coding], bytes.clone());
                assert!(matches!(body, Body::BrokenCoding { .. }), "{coding} {bytes:?} {body:?}");
            }
        }
    }

    #[test]
    fn what_would_be_too_large_is_not_made() {
        let (fits, over, bomb) = (vec![b' '; LIMIT], vec![b' '; LIMIT + 1], vec![b' '; 10 << 20]);
        for (coding, encode) in
            [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("deflate", zlib), ("zstd", zstd)]
        {
            assert!(
                matches!(read(&[coding], encode(&fits)), Body::Complete(bytes) if bytes.len() == LIMIT)
            );
            assert!(matches!(read(&[coding], encode(&over)), Body::TooLarge { limit: LIMIT }));
        }
        // What goes past it on the way counts, too.
        assert!(matches!(read(&["gzip, gzip"], gzip(&gzip(&bomb))), Body::TooLarge { .. }));
        assert!(matches!(read(&[], over), Body::TooLarge { limit: LIMIT }));
        // A window of 1 GiB, of which nothing is sent.
        let window = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 1, 0, 0];
        assert!(matches!(read(&["zstd"], window), Body::BrokenCoding { .. }));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(coding in "gzip|deflate|br|zstd", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut framed = vec![0x28, 0xb5, 0x2f, 0xfd];
            framed.extend_from_slice(&bytes);
            read(&[&coding], bytes);
            read(&[&coding], framed);
        }
    }
}
