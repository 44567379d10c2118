//! Texts that match a regular expression of a schema.
//!
//! Owns the walk through a parsed pattern. Must not know schemas, nor whether a text fits all that applies to it.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use crate::ids::Dice;

/// Longest text of a pattern that is read, in bytes: no sensible one comes near.
const PATTERN_MAX: usize = 4096;
/// Nesting of a pattern: the walk recurses.
const NESTING_MAX: u32 = 64;
/// Texts beyond this many characters are not made from patterns.
const TEXT_MAX: usize = 10_000;
/// Number of repetitions of what has no upper bound, where no length is asked for.
const REPEATED: u32 = 8;

/// A pattern that texts can be made from.
pub(super) struct PatternSampler(Hir);

impl PatternSampler {
    /// Reads a pattern of ECMA-262; lookaround is left out, so what is made has to be held against the pattern.
    pub(super) fn parse(pattern: &str) -> Option<PatternSampler> {
        if pattern.len() > PATTERN_MAX {
            return None;
        }
        let plain = without_lookaround(pattern);
        let plain = jsonschema_regex::to_rust_regex(&plain).ok()?;
        let mut parser = ParserBuilder::new().nest_limit(NESTING_MAX).build();
        parser.parse(&plain).ok().map(PatternSampler)
    }

    /// A text that matches, of `least` to `most` characters if the pattern is that flexible and the dice agree.
    pub(super) fn text(&self, least: usize, most: usize, dice: &mut Dice) -> String {
        let shortest = length(&self.0);
        let most = most.min(TEXT_MAX);
        let wanted = least.saturating_sub(shortest);
        let usual = shortest.saturating_add(REPEATED as usize).min(most).saturating_sub(shortest);
        let mut walk =
            PatternWalk { dice, text: String::new(), extra: wanted.max(usual), wanted, count: 0 };
        walk.make(&self.0);
        walk.text
    }
}

struct PatternWalk<'d> {
    dice: &'d mut Dice,
    text: String,
    /// Characters that may be there beyond the fewest.
    extra: usize,
    /// Those of them that have to be.
    wanted: usize,
    count: usize,
}

impl PatternWalk<'_> {
    fn make(&mut self, hir: &Hir) {
        self.count += 1;
        if self.count > TEXT_MAX || self.text.len() > TEXT_MAX {
            return;
        }
        match hir.kind() {
            // What stands at the ends or between words makes no characters.
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(&String::from_utf8_lossy(&literal.0)),
            HirKind::Class(class) => self.text.extend(character(class, self.dice)),
            HirKind::Repetition(repetition) => self.repeat(repetition),
            HirKind::Capture(capture) => self.make(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.make(part)),
            HirKind::Alternation(parts) => {
                let part = &parts[index(self.dice, parts.len())];
                let longer = length(part).saturating_sub(length(hir));
                self.extra = self.extra.saturating_sub(longer);
                self.wanted = self.wanted.saturating_sub(longer);
                self.make(part);
            }
        }
    }

    fn repeat(&mut self, repetition: &Repetition) {
        let size = length(&repetition.sub).max(1);
        let room = u32::try_from(self.extra / size).unwrap_or(u32::MAX);
        let most = repetition.max.map_or(room, |max| room.min(max - repetition.min));
        let needed = u32::try_from(self.wanted.div_ceil(size)).unwrap_or(u32::MAX).min(most);
        // Every second time all that is asked for is made here; there may be no further place for it.
        let drawn = index(self.dice, most as usize + 1);
        let drawn = u32::try_from(drawn).unwrap_or(most);
        let more = if self.dice.chance(0.5) { drawn.max(needed) } else { drawn };
        let taken = size.saturating_mul(more as usize);
        self.extra = self.extra.saturating_sub(taken);
        self.wanted = self.wanted.saturating_sub(taken);
        for _ in 0..repetition.min.saturating_add(more) {
            if self.count > TEXT_MAX {
                return;
            }
            self.make(&repetition.sub);
        }
    }
}

fn index(dice: &mut Dice, count: usize) -> usize {
    usize::try_from(dice.below(count as u64)).unwrap_or(0)
}

/// The fewest characters of what matches; exact for ASCII.
fn length(hir: &Hir) -> usize {
    hir.properties().minimum_len().unwrap_or(0)
}

/// One of the class, from what reads best: letters and digits, then other printable ASCII, then whatever there is.
fn character(class: &Class, dice: &mut Dice) -> Option<char> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => {
            class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
    };
    let within = |bounds: &[(char, char)]| -> Vec<(u32, u32)> {
        let cut = |(first, last): (u32, u32)| {
            bounds.iter().filter_map(move |(low, high)| {
                let (low, high) = (first.max((*low).into()), last.min((*high).into()));
                (low <= high).then_some((low, high))
            })
        };
        ranges.iter().copied().flat_map(cut).collect()
    };
    let best =
        [within(&[('0', '9'), ('A', 'Z'), ('a', 'z')]), within(&[(' ', '~')]), ranges.clone()];
    let ranges = best.into_iter().find(|ranges| !ranges.is_empty())?;
    let count: u64 = ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
    let mut drawn = dice.below(count);
    for (first, last) in ranges {
        let size = u64::from(last - first) + 1;
        if drawn < size {
            return char::from_u32(first + u32::try_from(drawn).ok()?);
        }
        drawn -= size;
    }
    None
}

/// The pattern without `(?=…)`, `(?!…)`, `(?<=…)` and `(?<!…)`.
fn without_lookaround(pattern: &str) -> String {
    let mut kept = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(first) = rest.chars().next() {
        let looks = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|start| rest.starts_with(start));
        if looks && !in_class {
            rest = &rest[group(rest)..];
            continue;
        }
        let escaped = if first == '\\' { rest.chars().nth(1).map_or(0, char::len_utf8) } else { 0 };
        match first {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        let (this, next) = rest.split_at(first.len_utf8() + escaped);
        kept.push_str(this);
        rest = next;
    }
    kept
}

/// Bytes of the group that a text begins with.
fn group(text: &str) -> usize {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    for (at, one) in text.char_indices() {
        match one {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}
