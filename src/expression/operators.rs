//! What operators do with numbers, texts and lists.
//!
//! Integers are computed with 128 bits, and with a fraction as doubles; what does not fit fails. Must not know the
//! syntax.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use crate::expression::json;
use crate::expression::none::{is_absent, noun, settled};
use crate::expression::work::{ITEMS_MAX, TEXT_BYTES_MAX, spend, spend_on_text};

type Computed = Result<Value, Error>;

/// Two operands of one kind.
enum Operands {
    Integers(i128, i128),
    Doubles(f64, f64),
}

impl Operands {
    /// Two numbers; a boolean is 0 or 1.
    fn of(operator: &str, left: &Value, right: &Value) -> Result<Self, Error> {
        let is_number = |value: &Value| matches!(value.kind(), ValueKind::Number | ValueKind::Bool);
        if !is_number(left) || !is_number(right) {
            return Err(wrong(format!(
                "`{operator}` is for numbers, not {} and {}",
                noun(left),
                noun(right)
            )));
        }
        let is_integer = |value: &Value| value.kind() == ValueKind::Bool || value.is_integer();
        if is_integer(left) && is_integer(right) {
            let read = |value: &Value| {
                i128::try_from(value.clone()).map_err(|_| wrong("the number is too large"))
            };
            return Ok(Self::Integers(read(left)?, read(right)?));
        }
        Ok(Self::Doubles(double(left), double(right)))
    }
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn double(value: &Value) -> f64 {
    match value.kind() {
        ValueKind::Bool => f64::from(u8::from(value.is_true())),
        _ => f64::try_from(value.clone()).unwrap_or(f64::NAN),
    }
}

/// The result of an operation on integers.
fn integer(result: Option<i128>) -> Computed {
    let result = result.ok_or_else(|| wrong("the result is too large"))?;
    Ok(i64::try_from(result).map_or_else(|_| result.into(), Value::from))
}

fn by_zero() -> Error {
    wrong("division by zero")
}

/// `left + right`: of two numbers, two texts or two lists.
pub(super) fn sum(left: &Value, right: &Value) -> Computed {
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        return text(left.to_owned() + right);
    }
    let is_list = |value: &Value| matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    if is_list(left) && is_list(right) {
        let mut items = items_of(left)?;
        items.extend(items_of(right)?);
        return Ok(items.into());
    }
    match Operands::of("+", left, right)? {
        Operands::Integers(a, b) => integer(a.checked_add(b)),
        Operands::Doubles(a, b) => Ok((a + b).into()),
    }
}

/// `left - right`.
pub(super) fn difference(left: &Value, right: &Value) -> Computed {
    match Operands::of("-", left, right)? {
        Operands::Integers(a, b) => integer(a.checked_sub(b)),
        Operands::Doubles(a, b) => Ok((a - b).into()),
    }
}

/// `left * right`.
pub(super) fn product(left: &Value, right: &Value) -> Computed {
    match Operands::of("*", left, right)? {
        Operands::Integers(a, b) => integer(a.checked_mul(b)),
        Operands::Doubles(a, b) => Ok((a * b).into()),
    }
}

/// `left / right`, which is never an integer.
pub(super) fn quotient(left: &Value, right: &Value) -> Computed {
    Operands::of("/", left, right)?;
    let (a, b) = (double(left), double(right));
    if b == 0.0 { Err(by_zero()) } else { Ok((a / b).into()) }
}

/// `left // right`, rounded down.
pub(super) fn floor_quotient(left: &Value, right: &Value) -> Computed {
    match Operands::of("//", left, right)? {
        Operands::Integers(_, 0) | Operands::Doubles(_, 0.0) => Err(by_zero()),
        Operands::Integers(a, b) => integer(floored(a, b).map(|(quotient, _)| quotient)),
        Operands::Doubles(a, b) => Ok(((a - floored_remainder(a, b)) / b).round().into()),
    }
}

/// `left % right`, with the sign of `right`.
pub(super) fn remainder(left: &Value, right: &Value) -> Computed {
    match Operands::of("%", left, right)? {
        Operands::Integers(_, 0) | Operands::Doubles(_, 0.0) => Err(by_zero()),
        Operands::Integers(a, b) => integer(floored(a, b).map(|(_, remainder)| remainder)),
        Operands::Doubles(a, b) => Ok(floored_remainder(a, b).into()),
    }
}

fn floored_remainder(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    let is_opposite = remainder != 0.0 && (remainder < 0.0) != (b < 0.0);
    if is_opposite { remainder + b } else { remainder }
}

/// Quotient, rounded down, and remainder.
fn floored(a: i128, b: i128) -> Option<(i128, i128)> {
    let (quotient, remainder) = (a.checked_div(b)?, a.checked_rem(b)?);
    if remainder != 0 && (remainder < 0) != (b < 0) {
        return Some((quotient.checked_sub(1)?, remainder.checked_add(b)?));
    }
    Some((quotient, remainder))
}

/// `left ** right`.
#[expect(clippy::cast_precision_loss, reason = "a fraction is a double")]
pub(super) fn power(left: &Value, right: &Value) -> Computed {
    match Operands::of("**", left, right)? {
        Operands::Integers(0, b) if b < 0 => Err(by_zero()),
        Operands::Integers(a, b) if b < 0 => Ok((a as f64).powf(b as f64).into()),
        Operands::Integers(a, b) => integer(u32::try_from(b).ok().and_then(|b| a.checked_pow(b))),
        Operands::Doubles(a, b) if a == 0.0 && b < 0.0 => Err(by_zero()),
        Operands::Doubles(a, b) => Ok(a.powf(b).into()),
    }
}

/// `-value`.
pub(super) fn negated(value: &Value) -> Computed {
    if value.kind() != ValueKind::Number {
        return Err(wrong(format!("a number is needed, not {}", noun(value))));
    }
    if value.is_integer() {
        return difference(&Value::from(0), value);
    }
    Ok((-double(value)).into())
}

/// `left ~ right`: both as text, one after the other.
pub(super) fn concatenation(left: &Value, right: &Value) -> Computed {
    text(json::to_text(left) + &json::to_text(right))
}

/// A text, if it is not too long.
pub(super) fn text(text: String) -> Computed {
    if text.len() > TEXT_BYTES_MAX {
        return Err(wrong(format!("gives a text of more than {TEXT_BYTES_MAX} bytes")));
    }
    spend_on_text(text.len())?;
    Ok(text.into())
}

/// A number of a unit in milliseconds; none for none.
#[expect(clippy::cast_precision_loss, reason = "units are far below 2^52")]
#[expect(clippy::cast_possible_truncation, reason = "`as` holds what is out of range at its ends")]
pub(super) fn duration(count: &Value, unit_ms: i64) -> Computed {
    if is_absent(count) {
        return Ok(count.clone());
    }
    if count.kind() != ValueKind::Number {
        return Err(wrong(format!("a number is needed, not {}", noun(count))));
    }
    let ms = match count.as_i64() {
        Some(integer) if count.is_integer() => integer.saturating_mul(unit_ms),
        _ => (double(count) * unit_ms as f64).round() as i64,
    };
    Ok(ms.into())
}

/// The elements of a list, the keys of an object, nothing for none.
pub(super) fn items_of(value: &Value) -> Result<Vec<Value>, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Vec::new()),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            let mut items = Vec::new();
            for item in value.try_iter()?.checked() {
                if items.len() == ITEMS_MAX {
                    return Err(wrong(format!("the list has more than {ITEMS_MAX} elements")));
                }
                spend(1)?;
                items.push(settled(item?));
            }
            Ok(items)
        }
        _ => Err(wrong(format!("a list is needed, not {}", noun(value)))),
    }
}

/// `value[start:stop]`: part of a list or text. A bound that is absent is that of the whole, a negative one counts from
/// the end.
pub(super) fn slice(value: &Value, start: &Value, stop: &Value) -> Computed {
    let bound = |bound: &Value| match bound.as_i64() {
        _ if is_absent(bound) => Ok(None),
        Some(place) if bound.kind() == ValueKind::Number => Ok(Some(place)),
        _ => Err(wrong(format!("a place in a list is an integer, not {}", noun(bound)))),
    };
    let (start, stop) = (bound(start)?.unwrap_or(0), bound(stop)?);
    match value.kind() {
        ValueKind::String => {
            let letters: Vec<char> = value.as_str().unwrap_or_default().chars().collect();
            spend_on_text(letters.len())?;
            let (start, stop) = range(start, stop, letters.len());
            Ok(letters[start..stop].iter().collect::<String>().into())
        }
        ValueKind::Undefined | ValueKind::None | ValueKind::Seq | ValueKind::Iterable => {
            let items = items_of(value)?;
            let (start, stop) = range(start, stop, items.len());
            Ok(items[start..stop].to_vec().into())
        }
        _ => Err(wrong(format!("{} has no parts to take", noun(value)))),
    }
}

/// A range within `length`, from bounds of which negative ones count from the end.
fn range(start: i64, stop: Option<i64>, length: usize) -> (usize, usize) {
    let place = |bound: i64| {
        let places = usize::try_from(bound.unsigned_abs()).unwrap_or(usize::MAX);
        if bound < 0 { length.saturating_sub(places) } else { places.min(length) }
    };
    let (start, stop) = (place(start), stop.map_or(length, place));
    (start.min(stop), stop)
}
