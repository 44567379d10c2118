//! Content negotiation: which of the offered media types a request accepts (RFC 9110 section 12.5.1).
//!
//! Owns the reading of `Accept`. Must not know what is sent as the chosen type.

use std::borrow::Cow;
use std::cmp::Reverse;

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

use super::kind::parts;
use crate::message::is_token;

/// Media ranges of one request that are looked at, counted: browsers send about ten. What comes after is passed over,
/// for each is held against each type that is offered.
const RANGES_MAX: usize = 64;

/// The best of the offered media types for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'o> {
    /// This one, as it was offered: it can be a range, for which [`concrete`] has the type to send.
    Of(&'o str),
    /// The request does not say, or says nothing that can be understood.
    Anything,
    /// Nothing that is offered is acceptable.
    None,
}

/// The best of the offered media types for the `Accept` lines of a request.
///
/// The most specific range decides on a type. Of those with the same quality, the one that was named most specifically
/// comes first, then the one that was named first, then the one that was offered first. Where nothing has the
/// parameters that are asked for, they are not looked at. An offered range is as good as the best type in it.
pub fn choose<'o>(headers: &HeaderMap, offered: impl IntoIterator<Item = &'o str>) -> Choice<'o> {
    let mut lines = headers.get_all(ACCEPT).iter();
    match (lines.next().map(HeaderValue::as_bytes), lines.next()) {
        (None, _) => return Choice::Anything,
        // What most clients send.
        (Some(b"*/*"), None) => return offered.into_iter().next().map_or(Choice::None, Choice::Of),
        _ => {}
    }
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return Choice::Anything;
    }
    let offered: Vec<&str> = offered.into_iter().collect();
    let best =
        [RangeParameters::Compared, RangeParameters::Ignored].into_iter().find_map(|parameters| {
            let ranked = offered.iter().filter_map(|offered| {
                Some((best_inside(offered, &ranges, parameters)?.0, *offered))
            });
            // The first of equals, which `max` does not give.
            ranked.min_by_key(|(rank, _)| Reverse(*rank))
        });
    best.map_or(Choice::None, |(_, offered)| Choice::Of(offered))
}

/// The media type to send where `offered` was chosen: itself, or of a range the type that the request prefers of those
/// that it names, else one that can be written.
pub fn concrete<'o>(headers: &HeaderMap, offered: &'o str) -> Cow<'o, str> {
    if fallbacks(offered).is_empty() {
        return Cow::Borrowed(offered);
    }
    let ranges = ranges(headers);
    let best = [RangeParameters::Compared, RangeParameters::Ignored]
        .into_iter()
        .find_map(|parameters| best_inside(offered, &ranges, parameters));
    best.map_or_else(|| Cow::Borrowed(fallback(offered)), |(_, name)| Cow::Owned(name))
}

/// Returns true if a media type is the offered one or in the offered range, whatever the parameters.
pub fn is_offered(offered: &str, media_type: &str) -> bool {
    let both = MediaRange::parse(offered).zip(MediaRange::parse(media_type));
    both.is_some_and(|(offered, one)| one.is_concrete() && offered.holds(&one))
}

/// The media type to send of a range that was offered, whatever is asked for; of a type itself.
pub(super) fn fallback(offered: &str) -> &str {
    fallbacks(offered).first().copied().unwrap_or(offered)
}

/// Types that can be written, of a range; none of a type.
fn fallbacks(offered: &str) -> &'static [&'static str] {
    let Some(range) = MediaRange::parse(offered).filter(|range| range.subtype == "*") else {
        return &[];
    };
    match range.kind.as_str() {
        "*" => &["application/json", "text/plain"],
        "text" => &["text/plain", "text/html"],
        "application" => &["application/json", "application/xml"],
        "multipart" => &["multipart/mixed"],
        "image" => &["image/png"],
        "audio" => &["audio/mpeg"],
        "video" => &["video/mp4"],
        _ => &["application/octet-stream"],
    }
}

/// Rank of a type for a request: the greater the better.
type MediaRank = (u16, Specificity, Reverse<usize>);

/// Specificity of a range: whole types by number of parameters, types, kinds, everything.
type Specificity = (u8, usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RangeParameters {
    Compared,
    Ignored,
}

/// One media range, or one media type, which is a range of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct MediaRange {
    /// As it was written, without its quality.
    text: String,
    kind: String,
    subtype: String,
    /// In lower case, without quotes.
    parameters: Vec<(String, String)>,
    /// In thousandths.
    quality: u16,
}

impl MediaRange {
    /// `None`: it is malformed.
    fn parse(text: &str) -> Option<Self> {
        let mut pieces = parts(text, ';');
        let name = pieces.next()?.to_ascii_lowercase();
        // Old clients mean everything by a lone asterisk.
        let name = if name == "*" { "*/*" } else { &name };
        let (kind, subtype) = name.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) || (kind == "*" && subtype != "*") {
            return None;
        }
        let mut range = Self {
            text: name.to_owned(),
            kind: kind.to_owned(),
            subtype: subtype.to_owned(),
            parameters: Vec::new(),
            quality: 1000,
        };
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            let value = value.trim();
            if !is_token(&name) {
                return None;
            }
            if name == "q" {
                range.quality = quality(value)?;
                // Then come extensions, which are not in use and were removed by RFC 9110.
                break;
            }
            range.text = format!("{}; {name}={value}", range.text);
            range.parameters.push((name, unquoted(value).to_ascii_lowercase()));
        }
        Some(range)
    }

    /// Text that a document uses as a media type but is not one: it is in the range of everything.
    fn malformed(text: &str) -> Self {
        let (text, kind) = (text.to_owned(), text.to_owned());
        Self { text, kind, subtype: String::new(), parameters: Vec::new(), quality: 1000 }
    }

    fn is_concrete(&self) -> bool {
        self.subtype != "*"
    }

    /// Returns true if a type is in this range, whatever its parameters.
    fn holds(&self, other: &Self) -> bool {
        (self.kind == "*" || self.kind == other.kind)
            && (self.subtype == "*" || self.subtype == other.subtype)
    }

    /// Returns true if a type has the parameters that this range asks for.
    fn fits(&self, other: &Self) -> bool {
        self.parameters.iter().all(|parameter| other.parameters.contains(parameter))
    }

    fn specificity(&self, parameters: RangeParameters) -> Specificity {
        let named = u8::from(self.kind != "*") + u8::from(self.subtype != "*");
        (named, if parameters == RangeParameters::Compared { self.parameters.len() } else { 0 })
    }
}

/// The rank of the best type in an offered range, and its name; `None` if none is acceptable.
fn best_inside(
    offered: &str,
    ranges: &[MediaRange],
    parameters: RangeParameters,
) -> Option<(MediaRank, String)> {
    let offer = MediaRange::parse(offered).unwrap_or_else(|| MediaRange::malformed(offered));
    let named = ranges.iter().filter(|range| range.is_concrete() && offer.holds(range));
    let candidates: Vec<MediaRange> = if offer.is_concrete() {
        vec![offer]
    } else {
        let possible = fallbacks(offered).iter().filter_map(|name| MediaRange::parse(name));
        named.cloned().chain(possible).collect()
    };
    let ranked = candidates
        .into_iter()
        .filter_map(|candidate| Some((rank(&candidate, ranges, parameters)?, candidate.text)));
    ranked.min_by_key(|(rank, _)| Reverse(*rank))
}

/// The rank of a type: that of the most specific range it is in. `None` if it is in none or is not wanted.
fn rank(
    offer: &MediaRange,
    ranges: &[MediaRange],
    parameters: RangeParameters,
) -> Option<MediaRank> {
    let held = ranges.iter().enumerate().filter(|(_, range)| {
        // A type that is refused with some parameters is not refused without.
        let compared = parameters == RangeParameters::Compared || range.quality == 0;
        range.holds(offer) && (!compared || range.fits(offer))
    });
    let (position, range) =
        held.max_by_key(|(position, range)| (range.specificity(parameters), Reverse(*position)))?;
    let rank = (range.quality, range.specificity(parameters), Reverse(position));
    (range.quality > 0).then_some(rank)
}

fn ranges(headers: &HeaderMap) -> Vec<MediaRange> {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let parts = lines.flat_map(|line| parts(line, ',')).take(RANGES_MAX);
    parts.filter_map(MediaRange::parse).collect()
}

/// `qvalue`, in thousandths, also without the leading digit as some clients write it.
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "1" if fraction == 0 => Some(1000),
        "0" => Some(fraction),
        "" if text.len() > 1 => Some(fraction),
        _ => None,
    }
}

/// The content of a quoted string (RFC 9110 section 5.6.4), or the text itself.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut escaped = false;
    let kept = |c: &char| {
        escaped = *c == '\\' && !escaped;
        !escaped
    };
    inner.chars().filter(kept).collect()
}
