//! Randomness: generated identifiers and the patterns they are made from, and dice; the one user of `rand`.
//!
//! Must not know what an identifier is for, nor what is decided by dice.

use std::f64::consts::TAU;
use std::sync::LazyLock;
use std::time::Duration;

use rand::distr::{Distribution, StandardUniform};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};
use ulid::Ulid;

use crate::clock::Timestamp;

/// Pattern of a random UUID (RFC 9562 section 5.4).
pub const UUID_V4: &str = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

/// Pattern of a ULID, as its specification has it: 128 bits in Crockford's base 32.
pub const ULID: &str = "[0-7][0-9A-HJKMNP-TV-Z]{25}";

/// Longest identifier that a pattern may make, in bytes: four times the longest token that the services
/// we know hand out.
const IDENTIFIER_MAX: usize = 1024;

/// Longest text of a pattern, in bytes: no sensible one comes near.
const PATTERN_MAX: usize = 1024;

/// Minimum number of repetitions where a pattern has no maximum, if allowed: enough for
/// identifiers that differ.
const REPETITIONS: u32 = 12;

/// The farthest position to go to: a sixteenth of the sequence, which no sandbox uses up.
pub const POSITION_MAX: u128 = 1 << 64;

/// The generator. Its clone goes on exactly as it would, so a fork of a world makes the same ids as the
/// world itself.
///
/// `ChaCha8`, because its output for a seed is fixed by its definition; the standard generator of `rand`
/// may change with any version, and the ids in a recorded session with it.
#[derive(Clone, Debug)]
pub struct Ids(ChaCha8Rng);

impl Ids {
    /// The generator that `seed` starts.
    pub fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number that follows from the seed alone.
    pub fn seed(&self) -> u64 {
        let seed = self.0.get_seed();
        seed.chunks_exact(8).fold(0, |mixed, part| {
            mixed ^ part.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
        })
    }

    /// The next number of the sequence.
    pub fn next_seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Position in the sequence that the seed fixes.
    pub fn position(&self) -> u128 {
        self.0.get_word_pos()
    }

    /// Goes to where [`Ids::position`] was so: the next identifiers are those that followed then.
    pub fn set_position(&mut self, position: u128) {
        self.0.set_word_pos(position);
    }

    /// A ULID of this moment that sorts behind `last`, the highest that there is: one more than that where both are of the
    /// same millisecond, as the specification has it.
    pub fn ulid(&mut self, now: Timestamp, last: Option<&str>) -> String {
        let time = u64::try_from(now.0).unwrap_or(0);
        let random = u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64());
        let drawn = Ulid::from_parts(time, random);
        let last = last.and_then(|last| Ulid::from_string(last).ok());
        let of_this_moment = last.filter(|last| last.timestamp_ms() == drawn.timestamp_ms());
        of_this_moment.and_then(|last| last.increment().ok()).unwrap_or(drawn).to_string()
    }

    /// The next identifier of this pattern.
    pub fn sample(&mut self, pattern: &Pattern) -> String {
        pattern.0.sample(&mut self.0)
    }
}

/// Pattern of identifiers: a regular expression with a bounded length.
#[derive(Clone, Debug)]
pub struct Pattern(rand_regex::Regex);

impl Pattern {
    /// Reads a regular expression; classes such as `\d` mean their ASCII characters.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if pattern == UUID_V4 { Ok(Self::uuid_v4()) } else { Self::read(pattern, |hir| hir) }
    }

    /// Reads one that may be unbounded, which is cut short: for patterns that are there to refuse texts.
    pub fn parse_bounded(pattern: &str) -> Result<Self, String> {
        if pattern == UUID_V4 { Ok(Self::uuid_v4()) } else { Self::read(pattern, bounded) }
    }

    /// The pattern that most keys have, read once.
    fn uuid_v4() -> Self {
        static UUIDS: LazyLock<Pattern> = LazyLock::new(|| {
            Pattern::read(UUID_V4, |hir| hir).expect("it is a bounded pattern, which tests read")
        });
        UUIDS.clone()
    }

    fn read(pattern: &str, change: fn(Hir) -> Hir) -> Result<Self, String> {
        if pattern.len() > PATTERN_MAX {
            return Err(format!("the pattern is longer than {PATTERN_MAX} bytes: shorten it"));
        }
        let shown = |what: &str| format!("pattern `{pattern}` {what}");
        let hir = ParserBuilder::new().unicode(false).build().parse(pattern).map_err(|error| {
            shown(&format!("is not a valid regular expression: {}", reason(&error)))
        })?;
        let hir = change(without_ends(hir));
        let Some(shortest) = hir.properties().minimum_len() else {
            return Err(shown("matches nothing: mend its classes"));
        };
        if shortest == 0 {
            return Err(shown("can be empty: ask for at least one character, as in `[a-z]{20}`"));
        }
        if hir.properties().maximum_len().is_none_or(|longest| longest > IDENTIFIER_MAX) {
            return Err(shown(&format!(
                "may go on past {IDENTIFIER_MAX} bytes: bound it, as in `[a-z]{{20}}`"
            )));
        }
        rand_regex::Regex::with_hir(hir, 0).map(Self).map_err(|error| match error {
            rand_regex::Error::Anchor => {
                shown("has an anchor inside: leave out `^`, `$` and `\\b`, all of it is generated")
            }
            rand_regex::Error::Unsatisfiable => shown("matches nothing: mend its classes"),
            rand_regex::Error::Syntax(error) => {
                shown(&format!("is not a valid regular expression: {}", reason(&error)))
            }
        })
    }
}

/// The seed that a text stands for (FNV-1a, 64 bit).
pub fn seed_of(text: &str) -> u64 {
    mixed(0, text)
}

/// A seed that follows from another one and a text.
pub fn mixed(seed: u64, text: &str) -> u64 {
    fnv1a(seed.to_le_bytes().into_iter().chain(text.bytes()))
}

/// Dice: a generator of its own, so that what is decided by chance never changes which ids are made up.
/// Its clone goes on exactly as it would.
///
/// What is drawn follows from the definitions here and that of `ChaCha8`, so no version of a library changes it.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of `ChaCha8` that dice read; [`Ids`] of the same seed read stream 0.
    const STREAM: u64 = 1;

    /// The dice that `seed` starts.
    pub fn seeded(seed: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(Self::STREAM);
        Self(generator)
    }

    /// The dice for one place in something larger: what is drawn there does not depend on what is drawn elsewhere.
    /// `turn` tells apart several tries at the same place.
    pub fn at(seed: u64, place: &str, turn: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&turn.to_le_bytes());
        key[16..24].copy_from_slice(&fnv1a(place.bytes()).to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A whole number from 0 up to but not including `count`, each as likely (to 2^-64); 0 when there is none.
    pub fn below(&mut self, count: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(count);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// Returns true if something of this probability happens: never at 0 or below, always at 1 or above.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A time from `min` up to `max`, each as likely; `min` when `max` is not longer.
    pub fn uniform(&mut self, min: Duration, max: Duration) -> Duration {
        min + max.saturating_sub(min).mul_f64(self.unit())
    }

    /// A time whose logarithm has a normal distribution: half of them are shorter than `median`, and the
    /// larger `sigma`, the longer the tail. Never longer than `max`.
    pub fn lognormal(&mut self, median: Duration, sigma: f64, max: Duration) -> Duration {
        // Box and Muller's transform; the logarithm is finite, as 1 - unit is above 0.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (TAU * self.unit()).cos();
        let seconds = median.as_secs_f64() * (sigma * normal).exp();
        Duration::try_from_secs_f64(seconds).map_or(max, |time| time.min(max))
    }

    /// Random bytes, each value as likely.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number from 0 up to but not including 1.
    fn unit(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }
}

/// FNV-1a of 64 bits, as its authors define it: no version of a library changes it.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The last line of a syntax error, which says what is wrong; the lines before draw an arrow.
fn reason(error: &regex_syntax::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// Patterns are usually written with `^` and `$`, which say nothing where a whole text is made.
fn without_ends(hir: Hir) -> Hir {
    let HirKind::Concat(parts) = hir.kind() else { return hir };
    let mut parts = parts.as_slice();
    if let [inner @ .., last] = parts
        && matches!(last.kind(), HirKind::Look(Look::End))
    {
        parts = inner;
    }
    if let [first, inner @ ..] = parts
        && matches!(first.kind(), HirKind::Look(Look::Start))
    {
        parts = inner;
    }
    Hir::concat(parts.to_vec())
}

/// The expression with an end to every repetition, and at least one character.
fn bounded(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Repetition(mut repetition) => {
            let most = repetition.max.unwrap_or(repetition.min.saturating_add(REPETITIONS));
            repetition.min = repetition.min.max(most.min(REPETITIONS));
            repetition.max = Some(most);
            repetition.sub = Box::new(bounded(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(mut capture) => {
            capture.sub = Box::new(bounded(*capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(bounded).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(bounded).collect()),
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_ids_for_ever() {
        let document_id = Pattern::parse("[A-Za-z0-9]{20}").unwrap();
        let uuid = Pattern::parse(UUID_V4).unwrap();
        let mut ids = Ids::seeded(1);
        expect_test::expect!["YOz4DaNDpHuiUSi92sAh"].assert_eq(&ids.sample(&document_id));
        expect_test::expect!["07f9d1f4-7774-40fb-bcf4-2053726e0c04"].assert_eq(&ids.sample(&uuid));
    }

    #[test]
    fn a_clone_goes_on_as_its_original_does() {
        let pattern = Pattern::parse("^[0-9a-f]{24}$").unwrap();
        let mut ids = Ids::seeded(7);
        ids.sample(&pattern);
        let mut fork = ids.clone();
        assert_eq!(ids.sample(&pattern), fork.sample(&pattern));
        assert_ne!(ids.sample(&pattern), Ids::seeded(8).sample(&pattern));
    }

    #[test]
    fn what_is_made_matches_its_pattern() {
        let mut ids = Ids::seeded(0);
        for text in [UUID_V4, r"\d{1,3}(a|bc)\w", "org_[a-z]{2,4}?", "x|[A-C]{3}"] {
            let pattern = Pattern::parse(text).unwrap();
            let whole = regex::Regex::new(&format!("^(?:{text})$")).unwrap();
            for _ in 0..100 {
                let made = ids.sample(&pattern);
                assert!(whole.is_match(&made), "`{made}` is not of `{text}`");
            }
        }
    }

    #[test]
    fn a_pattern_without_an_end_is_cut_short_where_that_is_asked() {
        let mut ids = Ids::seeded(0);
        for text in ["^[a-z]+$", "^l-[0-9]*$", r"(ab?)+c{2,}", r"^\d{3,}-x?$"] {
            let whole = regex::Regex::new(&format!("^(?:{text})$")).unwrap();
            let pattern = Pattern::parse_bounded(text).unwrap();
            let made: Vec<_> = (0..20).map(|_| ids.sample(&pattern)).collect();
            assert!(made.iter().all(|made| whole.is_match(made) && made.len() < 100), "{made:?}");
        }
        assert!(Pattern::parse_bounded("(?=a)b").is_err());
    }

    const MS: Duration = Duration::from_millis(1);

    fn mean(draw: impl FnMut() -> f64) -> f64 {
        let draws = 10_000;
        std::iter::repeat_with(draw).take(draws).sum::<f64>() / 10_000.0
    }

    #[test]
    fn the_same_seed_throws_the_same_dice_for_ever() {
        let mut dice = Dice::seeded(1);
        let mut fork = dice.clone();
        let thrown = (
            dice.chance(0.5),
            dice.uniform(MS, 1000 * MS),
            dice.lognormal(90 * MS, 0.5, 1000 * MS).as_millis(),
            dice.bytes(4),
        );
        expect_test::expect!["(false, 51.862453ms, 150, [179, 37, 83, 217])"]
            .assert_eq(&format!("{thrown:?}"));
        assert_eq!(fork.chance(0.5), thrown.0);
        assert_eq!(fork.uniform(MS, 1000 * MS), thrown.1);
    }

    #[test]
    fn dice_of_one_place_depend_on_seed_place_and_turn_only() {
        let drawn = |seed, place, turn| Dice::at(seed, place, turn).below(1_000_000);
        expect_test::expect!["413740"].assert_eq(&drawn(1, "/a", 0).to_string());
        let others = [drawn(2, "/a", 0), drawn(1, "/b", 0), drawn(1, "/a", 1)];
        assert!(others.iter().all(|other| *other != drawn(1, "/a", 0)));
        assert!((0..100).map(|turn| Dice::at(1, "", turn).below(3)).all(|drawn| drawn < 3));
        assert_eq!(Dice::seeded(1).below(0), 0);
    }

    #[test]
    fn dice_and_ids_of_one_seed_have_nothing_in_common() {
        let bits = |generator: &mut ChaCha8Rng| generator.next_u64();
        assert_ne!(bits(&mut Ids::seeded(1).0), bits(&mut Dice::seeded(1).0));
    }

    #[test]
    fn chance_is_as_often_as_it_says() {
        let mut dice = Dice::seeded(2);
        let often = mean(|| f64::from(u8::from(dice.chance(0.3))));
        assert!((0.28..0.32).contains(&often), "{often}");
        for (never, always) in [(0.0, 1.0), (-1.0, 7.0), (f64::NAN, f64::INFINITY)] {
            assert!((0..1000).all(|_| !dice.chance(never) && dice.chance(always)));
        }
    }

    #[test]
    fn uniform_times_fill_their_range() {
        let mut dice = Dice::seeded(3);
        let ms = mean(|| {
            let time = dice.uniform(50 * MS, 150 * MS);
            assert!((50 * MS..=150 * MS).contains(&time));
            time.as_secs_f64() * 1000.0
        });
        assert!((98.0..102.0).contains(&ms), "{ms}");
        assert_eq!(dice.uniform(7 * MS, 7 * MS), 7 * MS);
        assert_eq!(dice.uniform(7 * MS, MS), 7 * MS);
        assert!(dice.uniform(Duration::ZERO, Duration::MAX) < Duration::MAX);
    }

    #[test]
    fn lognormal_times_have_their_median_their_tail_and_an_end() {
        let mut dice = Dice::seeded(4);
        let hour = Duration::from_secs(3600);
        let mut below = 0;
        let ms = mean(|| {
            let time = dice.lognormal(90 * MS, 0.5, hour);
            below += u32::from(time < 90 * MS);
            time.as_secs_f64() * 1000.0
        });
        assert!((4_800..5_200).contains(&below), "{below}");
        // The mean of this distribution is median * exp(sigma^2 / 2), 102 ms here.
        assert!((100.0..104.0).contains(&ms), "{ms}");
        assert_eq!(dice.lognormal(90 * MS, 0.0, hour), 90 * MS);
        let ends: Vec<Duration> = (0..100).map(|_| dice.lognormal(hour, 1e300, hour)).collect();
        assert!(ends.iter().all(|time| *time <= hour) && ends.contains(&hour));
        assert!(dice.lognormal(hour, f64::NAN, hour) <= hour);
    }

    #[test]
    fn random_bytes_differ() {
        let mut dice = Dice::seeded(5);
        assert!(dice.bytes(0).is_empty());
        assert_ne!(dice.bytes(16), dice.bytes(16));
    }

    #[test]
    fn a_pattern_that_cannot_be_sampled_is_refused_with_the_reason() {
        let refused: Vec<String> =
            ["[a-z", "a+", "(a{1000}){1000}", "a*", r"a\bb", "[a&&b]", "", "."]
                .iter()
                .map(|text| Pattern::parse(text).map(|_| ()).unwrap_err())
                .collect();
        expect_test::expect![[r#"
            pattern `[a-z` is not a valid regular expression: unclosed character class
            pattern `a+` may go on past 1024 bytes: bound it, as in `[a-z]{20}`
            pattern `(a{1000}){1000}` may go on past 1024 bytes: bound it, as in `[a-z]{20}`
            pattern `a*` can be empty: ask for at least one character, as in `[a-z]{20}`
            pattern `a\bb` has an anchor inside: leave out `^`, `$` and `\b`, all of it is generated
            pattern `[a&&b]` matches nothing: mend its classes
            pattern `` can be empty: ask for at least one character, as in `[a-z]{20}`
            pattern `.` is not a valid regular expression: pattern can match invalid UTF-8"#]]
        .assert_eq(&refused.join("\n"));
        assert!(Pattern::parse(&"a".repeat(PATTERN_MAX)).is_ok());
        assert!(Pattern::parse(&"a".repeat(PATTERN_MAX + 1)).is_err());
    }
}
