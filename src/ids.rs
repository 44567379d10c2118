//! Generated identifiers: a seedable generator and the patterns it samples; the one user of `rand`.
//!
//! Must not know what an identifier is for.

use rand::SeedableRng;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use regex_syntax::hir::HirKind;
use regex_syntax::hir::Look;

/// Pattern of a random UUID (RFC 9562 section 5.4).
pub const UUID_V4: &str = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

/// Longest identifier that a pattern may make, in bytes: four times the longest token that the services
/// we know hand out.
const IDENTIFIER_MAX: usize = 1024;

/// Longest text of a pattern, in bytes: no sensible one comes near.
const PATTERN_MAX: usize = 1024;

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

    /// The next identifier of this pattern.
    pub fn sample(&mut self, pattern: &Pattern) -> String {
        pattern.0.sample(&mut self.0)
    }
}

/// What identifiers look like: a regular expression with a bounded length.
#[derive(Clone, Debug)]
pub struct Pattern(rand_regex::Regex);

impl Pattern {
    /// Reads a regular expression; classes such as `\d` mean their ASCII characters.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if pattern.len() > PATTERN_MAX {
            return Err(format!("the pattern is longer than {PATTERN_MAX} bytes: shorten it"));
        }
        let shown = |what: &str| format!("pattern `{pattern}` {what}");
        let hir = ParserBuilder::new()
            .unicode(false)
            .build()
            .parse(pattern)
            .map_err(|error| shown(&format!("is no regular expression: {}", reason(&error))))?;
        let hir = without_ends(hir);
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
                shown(&format!("is no regular expression: {}", reason(&error)))
            }
        })
    }
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
    fn a_pattern_that_cannot_be_sampled_is_refused_with_the_reason() {
        let refused: Vec<String> =
            ["[a-z", "a+", "(a{1000}){1000}", "a*", r"a\bb", "[a&&b]", "", "."]
                .iter()
                .map(|text| Pattern::parse(text).map(|_| ()).unwrap_err())
                .collect();
        expect_test::expect![[r#"
            pattern `[a-z` is no regular expression: unclosed character class
            pattern `a+` may go on past 1024 bytes: bound it, as in `[a-z]{20}`
            pattern `(a{1000}){1000}` may go on past 1024 bytes: bound it, as in `[a-z]{20}`
            pattern `a*` can be empty: ask for at least one character, as in `[a-z]{20}`
            pattern `a\bb` has an anchor inside: leave out `^`, `$` and `\b`, all of it is generated
            pattern `[a&&b]` matches nothing: mend its classes
            pattern `` can be empty: ask for at least one character, as in `[a-z]{20}`
            pattern `.` is no regular expression: pattern can match invalid UTF-8"#]]
        .assert_eq(&refused.join("\n"));
        assert!(Pattern::parse(&"a".repeat(PATTERN_MAX)).is_ok());
        assert!(Pattern::parse(&"a".repeat(PATTERN_MAX + 1)).is_err());
    }
}
