//! Time spans, as behavior files write them.
//!
//! Must not know what lasts so long.

use crate::clock::parse_duration_ms;
use crate::expression::Value;

/// A time span: a number of seconds, or text such as `10s`, `5m` or `PT24H`.
pub(crate) fn duration_ms(value: &Value) -> Result<i64, String> {
    let parsed = match value.as_str() {
        Some(text) => parse_duration_ms(text),
        None => value.as_i64().and_then(|seconds| seconds.checked_mul(1_000)),
    };
    parsed
        .filter(|ms| *ms >= 0)
        .ok_or_else(|| format!("`{value}` is no duration such as `10s`, `5m` or `24h`"))
}
