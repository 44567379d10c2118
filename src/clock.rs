//! Time: the one reader of the system clock, points in virtual time, and each sandbox's clock.
//!
//! Must not know what happens at a point in time. Everything above takes time as a value.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

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

    /// Time from `earlier` to here; zero when it is not earlier.
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

/// The fastest that a virtual clock can run: a year passes in half a minute.
pub const RATE_MAX: f64 = 1_000_000.0;

/// Earliest and latest time of a virtual clock: the years that RFC 3339 can write, less one at each end
/// for what is told of times around it.
const SHOWN: RangeInclusive<Timestamp> =
    Timestamp(-62_135_596_800_000)..=Timestamp(253_370_764_799_999);

/// A virtual clock: what it shows follows from what the system clock shows, so that nothing has to move it.
///
/// A clock as it was before a change goes on as if the change had not been made: to undo is to put it back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SandboxClock {
    /// Virtual time when it was last set.
    at: Timestamp,
    /// System time then.
    since: Timestamp,
    /// Virtual milliseconds for each real one, while it runs.
    rate: f64,
    frozen: bool,
}

/// Initial clock of a sandbox.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockStart {
    /// Its first time; that of the system clock where nothing is said.
    pub at: Option<Timestamp>,
    /// Whether it stands still.
    pub frozen: bool,
    /// Virtual milliseconds for each real one, up to [`RATE_MAX`].
    pub rate: f64,
}

impl Default for ClockStart {
    /// As the system clock.
    fn default() -> Self {
        Self { at: None, frozen: false, rate: 1.0 }
    }
}

impl ClockStart {
    /// The clock that begins so when the system clock shows `real`.
    pub fn begin(self, real: Timestamp) -> SandboxClock {
        let at = self.at.unwrap_or(real);
        SandboxClock { at, since: real, rate: self.rate.clamp(0.0, RATE_MAX), frozen: self.frozen }
    }
}

/// One change of a virtual clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockChange {
    /// Forward, by so many milliseconds.
    Advance(i64),
    /// To a point in time, which may lie in its past.
    Set(Timestamp),
    /// It stands still from now on.
    Freeze,
    /// It runs again.
    Resume,
    /// It runs so many times as fast as the system clock.
    Rate(f64),
}

impl SandboxClock {
    /// Virtual time when the system clock shows `real`.
    pub fn now(&self, real: Timestamp) -> Timestamp {
        let passed = if self.frozen { 0 } else { real.0.saturating_sub(self.since.0) };
        self.at.plus_ms(scaled(passed, self.rate)).clamp(*SHOWN.start(), *SHOWN.end())
    }

    /// Returns true if it stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Virtual milliseconds for each real one, while it runs.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// System time when this clock shows `at`; `None` where that never comes by waiting.
    pub fn real_time_of(&self, at: Timestamp) -> Option<Timestamp> {
        let ahead = at.0.saturating_sub(self.at.0);
        if ahead <= 0 && at <= *SHOWN.end() {
            return Some(self.since);
        }
        if self.frozen || self.rate <= 0.0 || at > *SHOWN.end() {
            return None;
        }
        // One more, since the division rounds down and nothing is due too early.
        let wait = scaled(ahead, 1.0 / self.rate);
        let exact = self.now(self.since.plus_ms(wait)) >= at;
        Some(self.since.plus_ms(wait).plus_ms(i64::from(!exact)))
    }

    /// The clock after a change that is made when the system clock shows `real`.
    #[must_use]
    pub fn changed(&self, change: ClockChange, real: Timestamp) -> Self {
        let now = Self { at: self.now(real), since: real, ..*self };
        match change {
            ClockChange::Advance(ms) => Self { at: now.at.plus_ms(ms), ..now },
            ClockChange::Set(at) => Self { at, ..now },
            ClockChange::Freeze => Self { frozen: true, ..now },
            ClockChange::Resume => Self { frozen: false, ..now },
            ClockChange::Rate(rate) => Self { rate: rate.clamp(0.0, RATE_MAX), ..now },
        }
    }
}

/// Scales milliseconds by a rate; exact at the usual one.
fn scaled(ms: i64, rate: f64) -> i64 {
    #[expect(clippy::float_cmp, reason = "exactly the rate that needs no arithmetic")]
    if rate == 1.0 {
        return ms;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "exact over 285,000 years, and it saturates"
    )]
    let scaled = (ms as f64 * rate) as i64;
    scaled
}

/// The system clock's time.
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

    const START: ClockStart =
        ClockStart { at: Some(Timestamp(1_000_000)), frozen: false, rate: 1.0 };

    #[test]
    fn a_clock_runs_with_the_system_clock_from_where_it_was_set() {
        let clock = ClockStart::default().begin(Timestamp(5));
        assert_eq!(clock.now(Timestamp(77)), Timestamp(77));
        let clock = START.begin(Timestamp(5));
        assert_eq!(clock.now(Timestamp(15)), Timestamp(1_000_010));
        let clock = clock.changed(ClockChange::Advance(500), Timestamp(15));
        assert_eq!(clock.now(Timestamp(15)), Timestamp(1_000_510));
        let clock = clock.changed(ClockChange::Freeze, Timestamp(20));
        assert_eq!(clock.now(Timestamp(999)), Timestamp(1_000_515));
        let clock = clock.changed(ClockChange::Resume, Timestamp(1_000));
        assert_eq!(clock.now(Timestamp(1_001)), Timestamp(1_000_516));
        let clock = clock.changed(ClockChange::Rate(60.0), Timestamp(1_001));
        assert_eq!(clock.now(Timestamp(1_003)), Timestamp(1_000_636));
        let clock = clock.changed(ClockChange::Set(Timestamp(0)), Timestamp(1_003));
        assert_eq!(clock.now(Timestamp(1_003)), Timestamp(0));
    }

    #[test]
    fn a_clock_put_back_goes_on_as_if_it_had_not_been_changed() {
        let before = START.begin(Timestamp(0));
        let changed = before.changed(ClockChange::Advance(500), Timestamp(10));
        assert_eq!(changed.now(Timestamp(20)), Timestamp(1_000_520));
        assert_eq!(before.now(Timestamp(20)), Timestamp(1_000_020));
    }

    #[test]
    fn waiting_for_a_time_takes_as_long_as_the_rate_says() {
        let clock = START.begin(Timestamp(0));
        assert_eq!(clock.real_time_of(Timestamp(1_000_300)), Some(Timestamp(300)));
        assert_eq!(clock.real_time_of(Timestamp(3)), Some(Timestamp(0)));
        for rate in [0.3, 7.0, 60.0, RATE_MAX] {
            let clock = clock.changed(ClockChange::Rate(rate), Timestamp(0));
            let due = Timestamp(1_000_301);
            let real = clock.real_time_of(due).unwrap();
            assert!(
                clock.now(real) >= due && clock.now(real.plus_ms(-2)) < due,
                "{rate}: {real:?}"
            );
        }
        let frozen = clock.changed(ClockChange::Freeze, Timestamp(0));
        assert_eq!(frozen.real_time_of(Timestamp(1_000_001)), None);
    }

    #[test]
    fn a_clock_stays_within_the_years_that_can_be_written() {
        for (at, shown) in
            [(i64::MIN, "0001-01-01T00:00:00.000Z"), (i64::MAX, "9998-12-31T23:59:59.999Z")]
        {
            for rate in [1.0, RATE_MAX] {
                let start = ClockStart { at: Some(Timestamp(at)), frozen: false, rate };
                let clock = start.begin(Timestamp(0));
                assert_eq!(clock.now(Timestamp(0)).to_rfc3339(), shown);
                let clock = clock.changed(ClockChange::Advance(5), Timestamp(0));
                assert_eq!(
                    Timestamp::parse(shown),
                    Some(clock.now(Timestamp(0)).plus_ms(if at < 0 { -5 } else { 0 }))
                );
            }
        }
    }

    #[test]
    fn times_past_the_calendar_are_text_too() {
        assert!(Timestamp(i64::MAX).to_rfc3339().starts_with("9999-"));
        assert!(Timestamp(i64::MIN).to_rfc3339().starts_with("-009999-"));
    }
}
