//! Numbers within bounds, exact to the last decimal.
//!
//! Owns the arithmetic of `minimum` to `multipleOf`. Must not know names or formats.

use serde_json::{Number, Value};

use super::merged::MergedSchema;
use crate::ids::Dice;

/// Decimals to which numbers are made at most: more than bounds of real documents have.
const DECIMALS_MAX: u32 = 12;
/// Distance of a number from its only bound, in units.
const REACH: i128 = 1000;

/// Plausible range of a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlausibleRange {
    pub(super) least: i64,
    pub(super) most: i64,
    /// Decimals of one that is no whole number.
    pub(super) decimals: u32,
}

/// A number of these digits, with a decimal point that many places from the right.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    decimals: u32,
}

/// A number that all schemas allow: a whole one if it must be; in `range` where that is possible. `None` when the
/// bounds leave nothing.
pub(super) fn number(
    merged: &MergedSchema<'_>,
    whole: bool,
    range: PlausibleRange,
    dice: &mut Dice,
) -> Option<Value> {
    let steps: Vec<Decimal> = merged.said("multipleOf").filter_map(decimal).collect();
    let finest = steps.iter().map(|step| step.decimals).max().unwrap_or(0);
    let scales = match (whole, steps.is_empty()) {
        (true, _) => vec![0],
        (false, false) => vec![finest],
        (false, true) => vec![range.decimals, 6, DECIMALS_MAX],
    };
    scales.into_iter().find_map(|decimals| {
        // The steps of whole numbers may have decimals themselves, as those of 0.5 have.
        let step = common_step(&steps, decimals.max(finest), if whole { finest } else { 0 })?;
        let step = step / power(finest.saturating_sub(decimals))?;
        let (least, most) = bounds(merged, decimals)?;
        let digits = pick(least, most, step.max(1), range, decimals, dice)?;
        value(digits, decimals)
    })
}

/// The smallest step that is a multiple of all, in units of so many decimals; a multiple of `10^whole` too.
fn common_step(steps: &[Decimal], decimals: u32, whole: u32) -> Option<i128> {
    let mut common = power(whole)?;
    for step in steps {
        let step = step.digits.checked_mul(power(decimals - step.decimals)?)?;
        common = (common / gcd(common, step)).checked_mul(step)?;
    }
    Some(common)
}

/// The first and last number allowed, in units of so many decimals, where there are such.
fn bounds(merged: &MergedSchema<'_>, decimals: u32) -> Option<(Option<i128>, Option<i128>)> {
    let mut least: Option<i128> = None;
    let mut most: Option<i128> = None;
    for (keyword, lower, strict) in [
        ("minimum", true, false),
        ("exclusiveMinimum", true, true),
        ("maximum", false, false),
        ("exclusiveMaximum", false, true),
    ] {
        for bound in merged.said(keyword) {
            let Some(bound) = decimal(bound) else { continue };
            let (floor, exact) = scaled(bound, decimals)?;
            let away = i128::from(strict || !exact);
            if lower {
                // The floor of what is not exact is below the bound, so one more is the first above.
                let start = floor + away;
                least = Some(least.map_or(start, |least| least.max(start)));
            } else {
                let end = if exact { floor - away } else { floor };
                most = Some(most.map_or(end, |most| most.min(end)));
            }
        }
    }
    Some((least, most))
}

fn pick(
    least: Option<i128>,
    most: Option<i128>,
    step: i128,
    range: PlausibleRange,
    decimals: u32,
    dice: &mut Dice,
) -> Option<i128> {
    let unit = power(decimals)?;
    let reach = REACH.checked_mul(unit)?.max(step.checked_mul(10)?);
    let (low, high) = match (least, most) {
        (Some(least), Some(most)) => (least, most),
        (Some(least), None) => {
            (least, least.max(i128::from(range.most) * unit).checked_add(reach)?)
        }
        (None, Some(most)) => (most.min(i128::from(range.least) * unit).checked_sub(reach)?, most),
        (None, None) => {
            (i128::from(range.least) * unit, (i128::from(range.most) * unit).max(reach))
        }
    };
    let better = (low.max(i128::from(range.least) * unit), high.min(i128::from(range.most) * unit));
    // Bounds that are wide open on either side of what is usual: near the end that is nearer to it.
    let near = match (least, most) {
        (Some(_), None) => (low, low.checked_add(reach)?),
        (None, Some(_)) => (high.checked_sub(reach)?, high),
        _ => (low, high),
    };
    [better, near, (low, high)].into_iter().find_map(|(low, high)| {
        let (start, end) = (ceil(low, step), high.div_euclid(step));
        let count = u64::try_from(end.checked_sub(start)?.checked_add(1)?).unwrap_or(u64::MAX);
        if start > end {
            return None;
        }
        let mut drawn = start + i128::from(dice.below(count));
        // A whole number where a fraction was asked for looks wrong, and fits what it should not.
        if decimals > 0 && (drawn * step) % unit == 0 && drawn < end {
            drawn += 1;
        }
        Some(drawn * step)
    })
}

fn ceil(number: i128, step: i128) -> i128 {
    number.div_euclid(step) + i128::from(number.rem_euclid(step) != 0)
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn power(decimals: u32) -> Option<i128> {
    10_i128.checked_pow(decimals)
}

/// A number in units of so many decimals: rounded down, and whether that is exact.
fn scaled(number: Decimal, decimals: u32) -> Option<(i128, bool)> {
    if number.decimals <= decimals {
        let digits = number.digits.checked_mul(power(decimals - number.decimals)?)?;
        return Some((digits, true));
    }
    let by = power(number.decimals - decimals)?;
    Some((number.digits.div_euclid(by), number.digits.rem_euclid(by) == 0))
}

/// A number of a document, as it is written.
fn decimal(value: &Value) -> Option<Decimal> {
    let text = value.as_number()?.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let after = after.trim_end_matches('0');
    let digits: i128 = format!("{before}{after}").parse().ok()?;
    let decimals = i32::try_from(after.len()).ok()?.checked_sub(exponent.parse::<i32>().ok()?)?;
    match u32::try_from(decimals) {
        Ok(decimals) => Some(Decimal { digits, decimals }),
        Err(_) => {
            let digits = digits.checked_mul(power(decimals.unsigned_abs())?)?;
            Some(Decimal { digits, decimals: 0 })
        }
    }
}

fn value(digits: i128, decimals: u32) -> Option<Value> {
    if decimals == 0 {
        return Number::from_i128(digits).map(Value::Number);
    }
    let unit = power(decimals)?;
    let sign = if digits < 0 { "-" } else { "" };
    let (before, after) = (digits.abs() / unit, digits.abs() % unit);
    let width = usize::try_from(decimals).ok()?;
    let fraction = format!("{after:0width$}");
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("{sign}{before}.{fraction}").parse().ok().map(Value::Number)
}
