//! Path templates taken apart, and raw paths held against them.
//!
//! Must not know methods, nor what a template leads to.

use std::borrow::Cow;
use std::cmp::Reverse;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};

use super::refusal::TemplateRefusal;

/// What stays encoded in a segment of the tree: what would end it, begin a parameter, or be taken for an escape.
const KEPT_ENCODED: &AsciiSet = &CONTROLS.add(b'/').add(b'%').add(b'{').add(b'}');

/// Common form of templates that match the same paths.
pub(super) type TemplateShape = Vec<u8>;

/// How concrete a template is: a lower rank goes first. For each segment whether it is all text, which is what the
/// tree of skeletons decides by; then how concrete the segments are that have a parameter.
pub(super) type TemplateRank = (Vec<bool>, Vec<(u8, Reverse<usize>)>);

#[derive(Debug, PartialEq)]
pub(super) enum Segment {
    /// Text, decoded.
    Literal(Vec<u8>),
    Parameter,
    /// Text and parameters in turn; never two parameters next to each other.
    Mixed(Vec<SegmentPiece>),
}

#[derive(Debug, PartialEq)]
pub(super) enum SegmentPiece {
    /// Text, decoded.
    Text(Vec<u8>),
    Parameter,
}

/// The segments of a template, and the names of its parameters in their order. A name may be there twice.
pub(super) fn parse(template: &str) -> Result<(Vec<Segment>, Vec<String>), TemplateRefusal> {
    let Some(path) = template.strip_prefix('/') else {
        return Err(TemplateRefusal::NoSlash(template.to_owned()));
    };
    let mut depth = 0_usize;
    for character in path.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '?' | '#' if depth == 0 => {
                return Err(TemplateRefusal::NotOnlyPath(template.to_owned()));
            }
            _ => {}
        }
    }
    let mut names = Vec::new();
    let mut segments = Vec::new();
    for segment in path.split('/') {
        segments.push(parse_segment(template, segment, &mut names)?);
    }
    Ok((segments, names))
}

fn parse_segment(
    template: &str,
    segment: &str,
    names: &mut Vec<String>,
) -> Result<Segment, TemplateRefusal> {
    let braces =
        || TemplateRefusal::Braces { template: template.to_owned(), segment: segment.to_owned() };
    let mut pieces = Vec::new();
    let mut rest = segment;
    while !rest.is_empty() {
        let (text, after) = rest.split_once('{').unwrap_or((rest, ""));
        if text.contains('}') || (after.is_empty() && text.len() < rest.len()) {
            return Err(braces());
        }
        if !text.is_empty() {
            pieces.push(SegmentPiece::Text(percent_decode_str(text).collect()));
        }
        if text.len() == rest.len() {
            break;
        }
        let (name, after) = after.split_once('}').ok_or_else(braces)?;
        if name.is_empty() || name.contains('{') {
            return Err(braces());
        }
        if matches!(pieces.last(), Some(SegmentPiece::Parameter)) {
            return Err(TemplateRefusal::Adjacent {
                template: template.to_owned(),
                segment: segment.to_owned(),
            });
        }
        names.push(name.to_owned());
        pieces.push(SegmentPiece::Parameter);
        rest = after;
    }
    Ok(match pieces.as_mut_slice() {
        [] => Segment::Literal(Vec::new()),
        [SegmentPiece::Text(text)] => Segment::Literal(std::mem::take(text)),
        [SegmentPiece::Parameter] => Segment::Parameter,
        _ => Segment::Mixed(pieces),
    })
}

/// The template as the tree knows it: every segment with a parameter is one, and carries no name.
pub(super) fn skeleton(segments: &[Segment]) -> String {
    let mut skeleton = String::new();
    for (index, segment) in segments.iter().enumerate() {
        skeleton.push('/');
        match segment {
            Segment::Literal(text) => skeleton.extend(percent_encode(text, KEPT_ENCODED)),
            Segment::Parameter | Segment::Mixed(_) => {
                skeleton.push_str("{_");
                skeleton.push_str(&index.to_string());
                skeleton.push('}');
            }
        }
    }
    skeleton
}

/// A raw path as skeletons write their text; borrowed where it is written so already, as nearly all are.
pub(super) fn normal(path: &str) -> Cow<'_, str> {
    if path.bytes().all(|byte| byte.is_ascii() && !matches!(byte, b'%' | b'{' | b'}')) {
        return Cow::Borrowed(path);
    }
    let segments = path.split('/').map(|segment| {
        let decoded: Vec<u8> = percent_decode_str(segment).collect();
        percent_encode(&decoded, KEPT_ENCODED).to_string()
    });
    Cow::Owned(segments.collect::<Vec<_>>().join("/"))
}

/// Each segment, texts with their lengths so that no two can be taken for one.
pub(super) fn shape(segments: &[Segment]) -> TemplateShape {
    let mut shape = Vec::new();
    let mut push = |kind: u8, text: &[u8]| {
        shape.push(kind);
        shape.extend_from_slice(&text.len().to_le_bytes());
        shape.extend_from_slice(text);
    };
    for segment in segments {
        match segment {
            Segment::Literal(text) => push(b'/', text),
            Segment::Parameter => push(b'{', b""),
            Segment::Mixed(pieces) => {
                push(b'+', b"");
                for piece in pieces {
                    match piece {
                        SegmentPiece::Text(text) => push(b't', text),
                        SegmentPiece::Parameter => push(b'p', b""),
                    }
                }
            }
        }
    }
    shape
}

/// Sorts concrete templates before templated ones, leftmost segment first: text before anything with a parameter,
/// and of the same skeleton mixed (with more text first) before a parameter alone.
pub(super) fn rank(segments: &[Segment]) -> TemplateRank {
    let has_parameter = segments.iter().map(|segment| !matches!(segment, Segment::Literal(_)));
    let kinds = segments.iter().map(|segment| match segment {
        Segment::Literal(_) => (0, Reverse(0)),
        Segment::Mixed(pieces) => {
            let text = pieces.iter().map(|piece| match piece {
                SegmentPiece::Text(text) => text.len(),
                SegmentPiece::Parameter => 0,
            });
            (1, Reverse(text.sum()))
        }
        Segment::Parameter => (2, Reverse(0)),
    });
    (has_parameter.collect(), kinds.collect())
}

/// Parameters of a template in a raw path, if it fits.
pub(super) fn capture<'p>(segments: &[Segment], path: &'p str) -> Option<Vec<&'p str>> {
    let mut captured = Vec::new();
    let mut sent = path.strip_prefix('/')?.split('/');
    for segment in segments {
        let sent = sent.next()?;
        match segment {
            Segment::Literal(text) => {
                if !percent_decode_str(sent).eq(text.iter().copied()) {
                    return None;
                }
            }
            Segment::Parameter => {
                if sent.is_empty() {
                    return None;
                }
                captured.push(sent);
            }
            Segment::Mixed(pieces) => capture_pieces(pieces, sent, &mut captured)?,
        }
    }
    sent.next().is_none().then_some(captured)
}

/// Each parameter takes at least one character and as few as it can; the last one takes what is left.
fn capture_pieces<'p>(
    pieces: &[SegmentPiece],
    sent: &'p str,
    captured: &mut Vec<&'p str>,
) -> Option<()> {
    let mut rest = sent;
    let mut is_pending = false;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            SegmentPiece::Parameter => is_pending = true,
            SegmentPiece::Text(text) if !is_pending => rest = after(text, rest)?,
            SegmentPiece::Text(text) => {
                let is_last = index + 1 == pieces.len();
                let (value, left) = find(text, rest, is_last)?;
                captured.push(value);
                rest = left;
                is_pending = false;
            }
        }
    }
    match is_pending {
        true if !rest.is_empty() => captured.push(rest),
        false if rest.is_empty() => {}
        _ => return None,
    }
    Some(())
}

/// Rest after a text at the beginning of a raw one, in which any character may be escaped.
fn after<'p>(text: &[u8], raw: &'p str) -> Option<&'p str> {
    let mut at = 0;
    for wanted in text {
        let (byte, width) = unit(raw.as_bytes().get(at..)?)?;
        if byte != *wanted {
            return None;
        }
        at += width;
    }
    raw.get(at..)
}

/// What comes before and after the first place of a text in a raw one, with at least one character before; with
/// `ends` the one at the end.
fn find<'p>(text: &[u8], raw: &'p str, ends: bool) -> Option<(&'p str, &'p str)> {
    let mut at = 0;
    while let Some((_, width)) = unit(&raw.as_bytes()[at..]) {
        at += width;
        let Some(rest) = raw.get(at..) else { continue };
        match after(text, rest) {
            Some(left) if !ends || left.is_empty() => return Some((&raw[..at], left)),
            _ => {}
        }
    }
    None
}

/// The first byte, or the one that the escape there stands for, and how many it is written in.
fn unit(raw: &[u8]) -> Option<(u8, usize)> {
    let digit = |at: usize| char::from(*raw.get(at)?).to_digit(16);
    match (raw.first()?, digit(1), digit(2)) {
        (b'%', Some(high), Some(low)) => Some((u8::try_from(high * 16 + low).ok()?, 3)),
        (byte, ..) => Some((*byte, 1)),
    }
}

/// Distance of a path from a template, in steps: a missing segment costs most, a wrong method least.
pub(super) fn distance(segments: &[Segment], path: &[&str], same_method: bool) -> usize {
    const LENGTH: usize = 10;
    const PARAMETER: usize = 3;
    let mut steps = usize::from(!same_method);
    let segments = segments
        .iter()
        .filter(|segment| !matches!(segment, Segment::Literal(text) if text.is_empty()));
    steps += LENGTH * segments.clone().count().abs_diff(path.len());
    for (segment, sent) in segments.zip(path) {
        steps += match segment {
            Segment::Literal(text) if **text == *sent.as_bytes() => 0,
            Segment::Literal(text) => difference(&String::from_utf8_lossy(text), sent),
            Segment::Parameter | Segment::Mixed(_) => PARAMETER,
        };
    }
    steps
}

/// Edit distance of two texts.
pub(super) fn difference(text: &str, sent: &str) -> usize {
    const TEXT: usize = 8;
    let longest = text.chars().count().max(sent.chars().count()).max(1);
    TEXT * strsim::damerau_levenshtein(text, sent) / longest
}
