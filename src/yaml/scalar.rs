//! What a plain scalar means: text into null, boolean, number or string.
//!
//! Owns the rules and their exceptions to YAML's core schema. Must not know events or documents.

use serde_json::{Number, Value};

use crate::numbers;

/// A plain scalar's value, or `Err` with the string it stays when it is no number of JSON, or beyond every double.
///
/// The core schema of YAML 1.2, so that `True` is a boolean and `yes` and `NO` are text. Its numbers are narrowed, so
/// that values survive as they were written: a leading zero or plus makes no number (`012` and `+33 1…` are what they
/// look like), and a hexadecimal number that does not fit stays the identifier it probably is.
pub(super) fn resolve(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        ".inf" | ".Inf" | ".INF" | "-.inf" | "-.Inf" | "-.INF" | ".nan" | ".NaN" | ".NAN" => {
            return Err(text.to_owned());
        }
        _ => {}
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || first == b'-' || first == b'.') {
        return Ok(Value::String(text.to_owned()));
    }
    if let Some(number) = radix(text) {
        return Ok(number);
    }
    if !is_decimal(text.strip_prefix('-').unwrap_or(text)) {
        return Ok(Value::String(text.to_owned()));
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Value::from(whole));
    }
    // As it is written, unless JSON has no such number: `1.` and `.5`.
    let number = text.parse::<Number>().ok();
    let number = number.or_else(|| text.parse().ok().and_then(Number::from_f64));
    let number = number.filter(numbers::is_finite);
    number.map(Value::Number).ok_or_else(|| text.to_owned())
}

fn radix(text: &str) -> Option<Value> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => (digits, 16),
        (_, Some(digits)) => (digits, 8),
        _ => return None,
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten().map(Value::from)
}

/// `(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?` with at least one digit before the exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && !(whole.len() > 1 && whole.starts_with('0'))
        && exponent.is_none_or(|exponent| {
            let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !power.is_empty() && digits(power)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_and_booleans_are_those_of_the_core_schema() {
        check(&[
            ("", json!(null)),
            ("~", json!(null)),
            ("null", json!(null)),
            ("Null", json!(null)),
            ("NULL", json!(null)),
            ("nULL", json!("nULL")),
            ("true", json!(true)),
            ("True", json!(true)),
            ("TRUE", json!(true)),
            ("tRUE", json!("tRUE")),
            ("false", json!(false)),
            ("False", json!(false)),
            ("FALSE", json!(false)),
            ("Yes", json!("Yes")),
            ("yes", json!("yes")),
            ("no", json!("no")),
            ("NO", json!("NO")),
            ("on", json!("on")),
            ("off", json!("off")),
            ("y", json!("y")),
        ]);
    }

    #[test]
    fn what_only_resembles_a_number_is_text() {
        check(&[
            ("+42", json!("+42")),
            ("012", json!("012")),
            ("-012", json!("-012")),
            ("00", json!("00")),
            ("00.5", json!("00.5")),
            ("1_000", json!("1_000")),
            ("1,000", json!("1,000")),
            ("12:30", json!("12:30")),
            ("12:30:45", json!("12:30:45")),
            ("2024-01-31", json!("2024-01-31")),
            ("2024-01-31T10:00:00Z", json!("2024-01-31T10:00:00Z")),
            ("1.0.0", json!("1.0.0")),
            (".", json!(".")),
            ("-", json!("-")),
            ("...", json!("...")),
            ("1e", json!("1e")),
            ("e3", json!("e3")),
            ("1e3x", json!("1e3x")),
            ("0x", json!("0x")),
            ("0x-1", json!("0x-1")),
            (
                "0x52908400098527886E0F7030069857D2E4169EE7",
                json!("0x52908400098527886E0F7030069857D2E4169EE7"),
            ),
            ("0b11", json!("0b11")),
            ("550e8400-e29b-41d4", json!("550e8400-e29b-41d4")),
            ("٣", json!("٣")),
            ("1٣", json!("1٣")),
        ]);
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        check(&[
            ("0", json!(0)),
            ("-0", json!(0)),
            ("42", json!(42)),
            ("-42", json!(-42)),
            ("3.1", json!(3.1)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("-.5", json!(-0.5)),
            ("0.50", written("0.50")),
            ("1.10", written("1.10")),
            ("1e3", written("1e+3")),
            ("1E-3", written("1E-3")),
            ("12345678901234567890.1234567890", written("12345678901234567890.1234567890")),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("9223372036854775807", json!(9_223_372_036_854_775_807_i64)),
            ("9223372036854775808", json!(9_223_372_036_854_775_808_u64)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("-9223372036854775809", written("-9223372036854775809")),
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", written("18446744073709551616")),
            ("1234567890123456789012", written("1234567890123456789012")),
        ]);
    }

    #[test]
    fn numbers_beyond_every_double_stay_text() {
        for text in [".inf", "-.inf", ".nan", "1e400", "-1e400"] {
            assert_eq!(resolve(text), Err(text.to_owned()), "{text:?}");
        }
    }

    fn written(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    fn check(table: &[(&str, Value)]) {
        for (text, expected) in table {
            assert_eq!(resolve(text).as_ref(), Ok(expected), "{text:?}");
        }
    }
}
