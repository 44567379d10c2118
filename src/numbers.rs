//! JSON numbers compared by value, however they are written.
//!
//! Owns when two are equal and which are whole, as JSON Schema has it. Must not know what they stand for.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Digits that every double has: integers of no more are neighbours of no other.
const DIGITS_SAFE: i64 = 15;

/// A number that is not 0 as an integer without zeros at its end, and the power of ten that it is multiplied with.
#[derive(PartialEq)]
struct Normal {
    is_negative: bool,
    /// From the first that is not 0 to the last.
    digits: String,
    exponent: i64,
}

impl Normal {
    /// `None` for 0.
    fn of(number: &Number) -> Option<Normal> {
        let text = number.as_str();
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let ended = digits.trim_end_matches('0');
        // An exponent of more digits than these fit is far from every other number as it is.
        let exponent = exponent
            .parse::<i64>()
            .unwrap_or_else(|_| if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
        let zeros = length(&digits) - length(ended);
        let exponent = exponent.saturating_sub(length(fraction)).saturating_add(zeros);
        let digits = ended.trim_start_matches('0').to_owned();
        (!digits.is_empty()).then_some(Normal { is_negative, digits, exponent })
    }

    /// The power of ten that it is below.
    fn magnitude(&self) -> i64 {
        length(&self.digits).saturating_add(self.exponent)
    }
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// Returns true if two values are equal: numbers by value, so that 1 is 1.0, and maps in any order.
pub(crate) fn are_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || Normal::of(left) == Normal::of(right)
        }
        (Value::Array(left), Value::Array(right)) => {
            let pairs = || left.iter().zip(right);
            left.len() == right.len() && pairs().all(|(left, right)| are_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let other = |key: &String| right.get(key);
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| other(key).is_some_and(|right| are_equal(left, right)))
        }
        (left, right) => left == right,
    }
}

/// Returns true if a value is among others.
pub(crate) fn is_among<'v>(value: &Value, mut others: impl Iterator<Item = &'v Value>) -> bool {
    others.any(|other| are_equal(value, other))
}

/// A text that is the same for all values that are equal, and for no others.
pub(crate) fn normal_text(value: &Value) -> String {
    let mut text = String::new();
    write_normal(value, &mut text);
    text
}

fn write_normal(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match Normal::of(number) {
            None => text.push('0'),
            Some(Normal { is_negative, digits, exponent }) => {
                text.push_str(if is_negative { "-" } else { "" });
                text.push_str(&digits);
                text.push('e');
                text.push_str(&exponent.to_string());
            }
        },
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_normal(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (key, value) in entries {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_normal(value, text);
                text.push(',');
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// Order of two numbers.
pub(crate) fn compare(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (left.as_i128(), right.as_i128()) {
        return left.cmp(&right);
    }
    let (left, right) = match (Normal::of(left), Normal::of(right)) {
        (None, None) => return Ordering::Equal,
        (Some(left), None) => return side(&left),
        (None, Some(right)) => return side(&right).reverse(),
        (Some(left), Some(right)) => (left, right),
    };
    if left.is_negative != right.is_negative {
        return side(&left);
    }
    let order =
        left.magnitude().cmp(&right.magnitude()).then_with(|| left.digits.cmp(&right.digits));
    if left.is_negative { order.reverse() } else { order }
}

/// On which side of 0 a number is.
fn side(number: &Normal) -> Ordering {
    if number.is_negative { Ordering::Less } else { Ordering::Greater }
}

/// Returns true if a number is an integer: 1, 1.0 and 1e3 are.
pub(crate) fn is_whole(number: &Number) -> bool {
    number.is_i64() || Normal::of(number).is_none_or(|normal| normal.exponent >= 0)
}

/// Returns true if a number has more digits than every double has, so that it and its neighbour may be one double.
pub(crate) fn is_large(number: &Number) -> bool {
    Normal::of(number).is_some_and(|normal| {
        length(&normal.digits).saturating_add(normal.exponent.max(0)) > DIGITS_SAFE
    })
}

/// Returns true if there is a double near a number. What has no such is refused where it comes from, as most readers
/// do.
pub(crate) fn is_finite(number: &Number) -> bool {
    // No double has more digits before its point.
    const DIGITS_FINITE: usize = 308;
    let text = number.as_str();
    text.len() <= DIGITS_FINITE && !text.contains(['e', 'E']) || number.as_f64().is_some()
}

/// Returns true if all numbers in a value are finite.
pub(crate) fn are_finite(value: &Value) -> bool {
    match value {
        Value::Number(number) => is_finite(number),
        Value::Array(items) => items.iter().all(are_finite),
        Value::Object(map) => map.values().all(are_finite),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_value() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", "1.00e0"),
            ("100", "1e2"),
            ("0.5", "5e-1"),
            ("0", "-0.0"),
            ("0e9", "0"),
            ("-120", "-1.2E2"),
            ("1234567890123456789012", "1234567890123456789012.0"),
            ("1e400", "10e399"),
            ("[1, {\"a\": 2, \"b\": 3}]", "[1.0, {\"b\": 3.0, \"a\": 2e0}]"),
        ] {
            assert!(are_equal(&read(left), &read(right)), "{left} {right}");
            assert_eq!(normal_text(&read(left)), normal_text(&read(right)));
        }
        for (left, right) in [
            ("1", "-1"),
            ("1", "10"),
            ("0.1", "0.01"),
            ("1234567890123456789012", "1234567890123456789013"),
            ("9007199254740993", "9007199254740992.0"),
            ("1e99999999999999999999", "1e-99999999999999999999"),
            ("1", "\"1\""),
            ("0", "false"),
            ("[1]", "[1, 1]"),
            ("{\"a\": 1}", "{\"b\": 1}"),
        ] {
            assert!(!are_equal(&read(left), &read(right)), "{left} {right}");
            assert_ne!(normal_text(&read(left)), normal_text(&read(right)));
        }
    }

    #[test]
    fn numbers_have_an_order() {
        let ordered = [
            "-1e300",
            "-9223372036854775809",
            "-9223372036854775808",
            "-1.5",
            "-1",
            "-0.01",
            "0",
            "1e-300",
            "0.1",
            "0.11",
            "1",
            "1.5",
            "2",
            "10",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "1e300",
        ];
        for (at, left) in ordered.iter().enumerate() {
            for (other, right) in ordered.iter().enumerate() {
                let (left, right) = (read(left), read(right));
                let order = compare(left.as_number().unwrap(), right.as_number().unwrap());
                assert_eq!(order, at.cmp(&other), "{left} {right}");
            }
        }
    }

    #[test]
    fn whole_numbers_may_have_a_point() {
        let whole = |text: &str| is_whole(read(text).as_number().unwrap());
        for text in ["0", "-0", "0.0", "7", "7.00", "70e-1", "1e400", "18446744073709551616"] {
            assert!(whole(text), "{text}");
        }
        for text in ["0.1", "7e-1", "1.00000000000000000000001", "1e-400"] {
            assert!(!whole(text), "{text}");
        }
    }
}
