//! Regular expressions of documents: which can be used, and by which of the two regex crates.
//!
//! Owns the choice between linear time and a backtracking limit. Must not know schemas.

use jsonschema::{Draft, FancyRegex, PatternOptions, Regex};
use serde_json::json;

/// Steps back that a pattern with lookaround may take on one text: a few milliseconds.
const BACKTRACKS_MAX: usize = 100_000;
/// Bytes one compiled pattern may take: `a{1000}{1000}` must not fill the memory.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Bytes of a pattern with several counts, for which it need not be compiled to know that it can be.
const COUNTED_BYTES_MAX: usize = 200;

/// Matches in time linear in the text; knows no lookaround and no back-references.
pub(super) fn linear() -> PatternOptions<Regex> {
    PatternOptions::regex().size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX)
}

/// Knows them, and gives up beyond a limit.
pub(super) fn backtracking() -> PatternOptions<FancyRegex> {
    PatternOptions::fancy_regex()
        .backtrack_limit(BACKTRACKS_MAX)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
}

/// Returns true if one of the two can compile a pattern. Ordinary ones are only parsed, since nothing is to
/// be compiled at start-up.
pub(super) fn can_be_compiled(pattern: &str) -> bool {
    is_ordinary(pattern) || {
        let schema = json!({ "pattern": pattern });
        // Its meta-schema is the smallest, and `pattern` is the same in all drafts.
        let options = || jsonschema::options().with_draft(Draft::Draft4);
        options().with_pattern_options(linear()).build(&schema).is_ok()
            || options().with_pattern_options(backtracking()).build(&schema).is_ok()
    }
}

/// Counts of up to two digits, none of them inside another, of what takes few states: as in a UUID.
fn has_small_counts(pattern: &str) -> bool {
    pattern.len() <= COUNTED_BYTES_MAX
        && !pattern.contains(['(', '\\'])
        && pattern.is_ascii()
        && !pattern.as_bytes().windows(4).any(|four| four[1..].iter().all(u8::is_ascii_digit))
}

/// What ECMA-262 and the regex crate read alike and can never grow large.
fn is_ordinary(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    let groups = !pattern.contains("(?") || pattern.replace("(?:", "").find("(?").is_none();
    let escapes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\\').all(|(at, _)| {
        bytes
            .get(at + 1)
            .is_none_or(|next| !next.is_ascii_alphanumeric() || b"dDwWsS".contains(next))
    });
    groups
        && escapes
        && (pattern.matches('{').count() <= 2 || has_small_counts(pattern))
        && !bytes.windows(5).any(|five| five[1..].iter().all(u8::is_ascii_digit))
        && regex_syntax::ast::parse::Parser::new().parse(pattern).is_ok()
}
