//! Time: the one reader of the system clock, points in virtual time, and each sandbox's clock.
//!
//! Must not know what happens at a point in time. Everything above takes time as a value.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

/// A point in time: milliseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// RFC 3339 text in UTC with milliseconds, such as `2026-11-22T08:30:00.000Z`.
    ///
    /// Points outside the calendar (before year -9999 or after 9999) read as its nearest end.
    pub fn to_rfc3339(self) -> String {
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        format!("{instant:.3}")
    }

    /// Reads RFC 3339 text; `None` where it is not a point in time.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|instant| Self(instant.as_millisecond()))
    }

    /// This point moved by so many milliseconds, at the ends of the range held there.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How long from `earlier` to here; nothing when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Reads a time span such as `10s`, `5m`, `24h`, `7d` or `PT5M`, in milliseconds. A day has 24 hours.
pub fn parse_duration_ms(text: &str) -> Option<i64> {
    let span: jiff::Span = text.parse().ok()?;
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    i64::try_from(span.to_duration(relative).ok()?.as_millis()).ok()
}

/// What the system clock says now.
pub fn system_now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one reader of the system clock")]
    let elapsed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// Measures how long something took; never reaches an answer.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the system clock")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_point_are_two_forms_of_one_time() {
        let point = Timestamp::parse("2026-11-22T08:30:00.250+01:00").unwrap();
        assert_eq!(point.to_rfc3339(), "2026-11-22T07:30:00.250Z");
        assert_eq!(Timestamp::parse(&point.to_rfc3339()), Some(point));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn time_spans_are_read_in_both_usual_forms() {
        assert_eq!(parse_duration_ms("10s"), Some(10_000));
        assert_eq!(parse_duration_ms("1h 30m"), Some(5_400_000));
        assert_eq!(parse_duration_ms("7d"), Some(604_800_000));
        assert_eq!(parse_duration_ms("PT5M"), Some(300_000));
        assert_eq!(parse_duration_ms("1mo"), None);
        assert_eq!(parse_duration_ms("soon"), None);
    }

    #[test]
    fn times_past_the_calendar_are_text_too() {
        assert!(Timestamp(i64::MAX).to_rfc3339().starts_with("9999-"));
        assert!(Timestamp(i64::MIN).to_rfc3339().starts_with("-009999-"));
    }
}
