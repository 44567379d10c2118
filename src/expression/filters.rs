//! What the filters do. The table in `language` names them and says what they take.
//!
//! Must not know expressions or the tables they read; a table is any object with a method `find`.

use std::collections::{BTreeMap, BTreeSet};

use md5::Digest;
use minijinja::value::{DynObject, ValueKind};
use minijinja::{Error, ErrorKind, Value};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::clock::Timestamp;
use crate::expression::calls::{Arguments, CallState, Named};
use crate::expression::json;
use crate::expression::none::{self, Sortable, is_absent, noun, settled};
use crate::expression::operators::{items_of, text as text_of};
use crate::expression::work::{ITEMS_MAX, TEXT_BYTES_MAX, spend, spend_on_text};
use crate::printable::shortened;

type FilterResult = Result<Value, Error>;

fn wrong(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn none() -> Value {
    Value::from(())
}

// Text.

/// Applies `change` to a scalar's text; what is absent stays so.
fn over_text(value: &Value, change: impl FnOnce(&str) -> FilterResult) -> FilterResult {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(value.clone()),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            spend_on_text(text.len())?;
            change(text)
        }
        ValueKind::Bool | ValueKind::Number => change(&json::to_text(value)),
        _ => Err(wrong(format!("a text is needed, not {}", noun(value)))),
    }
}

fn too_long() -> Error {
    wrong(format!("gives a text of more than {TEXT_BYTES_MAX} bytes"))
}

pub(super) fn lower(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_text(value, |text| Ok(text.to_lowercase().into()))
}

pub(super) fn upper(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_text(value, |text| Ok(text.to_uppercase().into()))
}

pub(super) fn capitalize(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_text(value, |text| {
        let mut letters = text.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        Ok((first.unwrap_or_default() + &letters.as_str().to_lowercase()).into())
    })
}

pub(super) fn trim(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let letters = given.at(0);
    over_text(value, |text| {
        Ok(match letters.as_str() {
            Some(letters) => text.trim_matches(|letter| letters.contains(letter)).into(),
            None => text.trim().into(),
        })
    })
}

pub(super) fn replace(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let (from, to) = (json::to_text(&given.at(0)), json::to_text(&given.at(1)));
    over_text(value, |text| {
        let grown = text.matches(&from).count().saturating_mul(to.len());
        if grown > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        Ok(text.replace(&from, &to).into())
    })
}

pub(super) fn split(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    if is_absent(value) {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    let separator = given.at(0);
    over_text(value, |text| {
        let parts: Vec<Value> = match separator.as_str() {
            Some("") => return Err(wrong("the separator is empty")),
            Some(separator) => text.split(separator).map(Value::from).collect(),
            None => text.split_whitespace().map(Value::from).collect(),
        };
        spend(parts.len())?;
        Ok(parts.into())
    })
}

pub(super) fn string(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    if is_absent(value) { Ok(value.clone()) } else { text_of(json::to_text(value)) }
}

/// Letters without their accents, for texts that are compared without them.
pub(super) fn unaccented(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_text(value, |text| {
        let letters = text.nfd().filter(|letter| !is_combining_mark(*letter));
        Ok(letters.nfc().collect::<String>().into())
    })
}

/// Small letters and digits with a hyphen between the words, for addresses.
pub(super) fn slug(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_text(value, |text| {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        let words: Vec<String> =
            words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        Ok(words.join("-").into())
    })
}

pub(super) fn tojson(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    text_of(json::to_json(value).to_string())
}

pub(super) fn md5(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_text(value, |text| Ok(hex(&md5::Md5::digest(text.as_bytes())).into()))
}

pub(super) fn sha256(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_text(value, |text| Ok(hex(&sha2::Sha256::digest(text.as_bytes())).into()))
}

/// A number of 53 bits that tells texts apart as JavaScript programs do (cyrb53, without a seed): two sums of 32 bits over
/// the UTF-16 code units, mixed at the end.
pub(super) fn cyrb53(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    const MIX: (u32, u32) = (2_246_822_507, 3_266_489_909);
    let mixed = |own: u32, other: u32| {
        (own ^ (own >> 16)).wrapping_mul(MIX.0) ^ (other ^ (other >> 13)).wrapping_mul(MIX.1)
    };
    over_text(value, |text| {
        let (mut low, mut high) = (0xdead_beef_u32, 0x41c6_ce57_u32);
        for unit in text.encode_utf16().map(u32::from) {
            low = (low ^ unit).wrapping_mul(2_654_435_761);
            high = (high ^ unit).wrapping_mul(1_597_334_677);
        }
        low = mixed(low, high);
        high = mixed(high, low) & 0x1f_ffff;
        Ok((u64::from(high) << 32 | u64::from(low)).into())
    })
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

// Numbers and truth.

fn number_of(value: &Value) -> Result<&Value, Error> {
    if value.kind() == ValueKind::Number {
        Ok(value)
    } else {
        Err(wrong(format!("a number is needed, not {}", noun(value))))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`as` holds what is out of range at its ends")]
pub(super) fn int(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let default = given.at_or_keyword(0, "default");
    let read = match value.kind() {
        ValueKind::Undefined | ValueKind::None => return Ok(settled(default)),
        ValueKind::Bool => Some(Value::from(i64::from(value.is_true()))),
        ValueKind::Number if value.is_integer() => Some(value.clone()),
        ValueKind::Number => f64::try_from(value.clone()).ok().map(|float| (float as i64).into()),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default().trim();
            text.parse::<i64>().ok().map(Value::from)
        }
        _ => None,
    };
    read_or(read, default, value, "an integer")
}

pub(super) fn float(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let default = given.at_or_keyword(0, "default");
    let read = match value.kind() {
        ValueKind::Undefined | ValueKind::None => return Ok(settled(default)),
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        ValueKind::String => value.as_str().unwrap_or_default().trim().parse::<f64>().ok(),
        _ => None,
    };
    let read = read.filter(|float| float.is_finite()).map(Value::from);
    read_or(read, default, value, "a number")
}

fn read_or(read: Option<Value>, default: Value, value: &Value, what: &str) -> FilterResult {
    match read {
        Some(read) => Ok(read),
        None if default.is_undefined() => {
            Err(wrong(format!("`{}` cannot be read as {what}", shown(value))))
        }
        None => Ok(default),
    }
}

/// A value for messages, at most so long that it can be read.
fn shown(value: &Value) -> String {
    const LETTERS_MAX: usize = 60;
    shortened(&json::to_text(value), LETTERS_MAX).into_owned()
}

pub(super) fn abs(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    if is_absent(value) {
        return Ok(value.clone());
    }
    let value = number_of(value)?;
    if let (true, Some(integer)) = (value.is_integer(), value.as_i64()) {
        return Ok(integer.saturating_abs().into());
    }
    Ok(f64::try_from(value.clone()).unwrap_or(f64::NAN).abs().into())
}

pub(super) fn round(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    const PLACES_MAX: usize = 15;
    if is_absent(value) {
        return Ok(value.clone());
    }
    let value = number_of(value)?;
    if value.is_integer() {
        return Ok(value.clone());
    }
    let places = given.at_or_keyword(0, "precision").as_usize().unwrap_or(0).min(PLACES_MAX);
    let float = f64::try_from(value.clone()).unwrap_or(f64::NAN);
    // Through decimal text: scaling the number and back would add errors of its own.
    let rounded = format!("{float:.places$}").parse::<f64>().unwrap_or(float);
    Ok(rounded.into())
}

pub(super) fn bool(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    let Some(text) = value.as_str() else { return Ok(value.is_true().into()) };
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true.into()),
        "false" | "0" | "no" | "off" | "" => Ok(false.into()),
        _ => Err(wrong(format!("`{}` is neither true nor false", shown(value)))),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "all filters have one signature")]
pub(super) fn default(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let lax = given.at_or_keyword(1, "boolean").is_true();
    if is_absent(value) || lax && !value.is_true() {
        return Ok(settled(given.at(0)));
    }
    Ok(value.clone())
}

// Lists.

/// Value at a path such as `owner.name` or `lines.0.id`.
fn read_path(value: &Value, path: &str) -> Value {
    path.split('.').fold(value.clone(), |value, part| {
        if is_absent(&value) {
            return none();
        }
        let read = match part.parse::<usize>() {
            Ok(index) if value.kind() != ValueKind::Map => value.get_item_by_index(index),
            _ => value.get_attr(part),
        };
        settled(read.unwrap_or_default())
    })
}

fn read_attribute(value: &Value, path: Option<&str>) -> Value {
    path.map_or_else(|| value.clone(), |path| read_path(value, path))
}

pub(super) fn length(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    if is_absent(value) {
        return Ok(0.into());
    }
    match value.len() {
        Some(length) => Ok(length.into()),
        None => items_of(value).map(|items| items.len().into()),
    }
}

pub(super) fn list(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    items_of(value).map(Value::from)
}

pub(super) fn unique(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let attribute = given.attribute(usize::MAX)?;
    let mut seen = BTreeSet::new();
    let mut items = items_of(value)?;
    items.retain(|item| seen.insert(Sortable::of(&read_attribute(item, attribute.as_deref()))));
    Ok(items.into())
}

pub(super) fn sort(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let attribute = given.attribute(usize::MAX)?;
    let mut items = items_of(value)?;
    items.sort_by_cached_key(|item| Sortable::of(&read_attribute(item, attribute.as_deref())));
    if given.keyword("reverse").is_true() {
        items.reverse();
    }
    Ok(items.into())
}

pub(super) fn reverse(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    let mut items = items_of(value)?;
    items.reverse();
    Ok(items.into())
}

/// The elements for which a test holds, or does not; the test's other value is the argument at that place.
fn choose(
    value: &Value,
    keep: bool,
    path: Option<&str>,
    (given, place): (Arguments<'_>, usize),
) -> FilterResult {
    let other = given.at(place);
    let mut chosen = Vec::new();
    for item in items_of(value)? {
        let tested = read_attribute(&item, path);
        let holds = match given.named {
            Some(Named::Test(test)) => test(&tested, &other)?,
            _ => tested.is_true(),
        };
        if holds == keep {
            chosen.push(item);
        }
    }
    Ok(chosen.into())
}

pub(super) fn select(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    choose(value, true, None, (given, 1))
}

pub(super) fn reject(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    choose(value, false, None, (given, 1))
}

fn choose_by_attribute(value: &Value, keep: bool, given: Arguments<'_>) -> FilterResult {
    let path = given.attribute(0)?.ok_or_else(|| wrong("the attribute is none"))?;
    choose(value, keep, Some(&path), (given, 2))
}

pub(super) fn selectattr(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    choose_by_attribute(value, true, given)
}

pub(super) fn rejectattr(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    choose_by_attribute(value, false, given)
}

pub(super) fn first(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    Ok(items_of(value)?.into_iter().next().unwrap_or_else(none))
}

pub(super) fn last(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    Ok(items_of(value)?.pop().unwrap_or_else(none))
}

/// The elements that have a value to compare, each with it.
fn comparable(value: &Value, given: Arguments<'_>) -> Result<Vec<(Sortable, Value)>, Error> {
    let attribute = given.attribute(usize::MAX)?;
    let keyed = items_of(value)?.into_iter().map(|item| {
        let key = Sortable::of(&read_attribute(&item, attribute.as_deref()));
        (key, item)
    });
    Ok(keyed.filter(|(key, _)| *key != Sortable::None).collect())
}

pub(super) fn min(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let least = comparable(value, given)?.into_iter().min_by(|a, b| a.0.cmp(&b.0));
    Ok(least.map_or_else(|| settled(given.keyword("default")), |(_, item)| item))
}

pub(super) fn max(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    // From behind, so that the first of several greatest is taken, as `min` takes the first.
    let greatest = comparable(value, given)?.into_iter().rev().max_by(|a, b| a.0.cmp(&b.0));
    Ok(greatest.map_or_else(|| settled(given.keyword("default")), |(_, item)| item))
}

/// The list and one element more, unless it is there already.
pub(super) fn with(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let (mut items, more) = (items_of(value)?, given.at(0));
    if !is_absent(&more) && !none::contains(&items.clone().into(), &more)? {
        spend(1)?;
        items.push(more);
    }
    Ok(items.into())
}

/// The list without the elements that are equal to one.
pub(super) fn without(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let less = given.at(0);
    let mut left = Vec::new();
    for item in items_of(value)? {
        if !none::equal(&item, &less)? {
            left.push(item);
        }
    }
    Ok(left.into())
}

/// How records look outside: an object for a record, a list of them for a list.
pub(super) fn view(calls: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let name = given.at(0);
    let named = (!is_absent(&name)).then_some(name);
    let named: Vec<Value> = named.into_iter().chain(given.keywords().cloned()).collect();
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Value::UNDEFINED),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = items_of(value)?;
            let shown = items.iter().map(|item| calls.method(item, "view", &named));
            shown.collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        ValueKind::Map => calls.method(value, "view", &named),
        _ => Err(wrong(format!("a record is needed, not {}", noun(value)))),
    }
}

pub(super) fn sum(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let attribute = given.attribute(usize::MAX)?;
    let (mut whole, mut broken, mut any_broken) = (0_i64, 0.0, false);
    for item in items_of(value)? {
        let item = read_attribute(&item, attribute.as_deref());
        if is_absent(&item) {
            continue;
        }
        match number_of(&item)?.as_i64() {
            Some(integer) if item.is_integer() => {
                whole = whole.checked_add(integer).ok_or_else(|| wrong("the sum is too large"))?;
            }
            _ => {
                any_broken = true;
                broken += f64::try_from(item).unwrap_or(f64::NAN);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a sum with fractions is a float")]
    let total = if any_broken { Value::from(whole as f64 + broken) } else { Value::from(whole) };
    Ok(total)
}

pub(super) fn join(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let attribute = given.attribute(usize::MAX)?;
    let joiner = json::to_text(&given.at(0));
    let mut text = String::new();
    for (index, item) in items_of(value)?.iter().enumerate() {
        if index > 0 {
            text.push_str(&joiner);
        }
        text.push_str(&json::to_text(&read_attribute(item, attribute.as_deref())));
        if text.len() > TEXT_BYTES_MAX {
            return Err(too_long());
        }
    }
    spend_on_text(text.len())?;
    Ok(text.into())
}

pub(super) fn map(calls: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let items = items_of(value)?;
    if let Some(Named::Filter(call, inner)) = given.named {
        let given = given.for_named(inner.as_deref());
        let mapped: Result<Vec<_>, _> = items.iter().map(|item| call(calls, item, given)).collect();
        return mapped.map(Value::from);
    }
    let path = given.attribute(usize::MAX)?.ok_or_else(|| wrong("the attribute is none"))?;
    let default = settled(given.keyword("default"));
    let mapped = items.iter().map(|item| {
        let read = read_path(item, &path);
        if is_absent(&read) { default.clone() } else { read }
    });
    Ok(mapped.collect::<Vec<_>>().into())
}

pub(super) fn groupby(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let path = given.attribute(0)?.ok_or_else(|| wrong("the attribute is none"))?;
    let mut groups: BTreeMap<Sortable, (Value, Vec<Value>)> = BTreeMap::new();
    for item in items_of(value)? {
        let grouper = read_path(&item, &path);
        let group = groups.entry(Sortable::of(&grouper));
        group.or_insert_with(|| (grouper, Vec::new())).1.push(item);
    }
    let groups = groups.into_values().map(|(grouper, list)| {
        Value::from_object(BTreeMap::from([("grouper", grouper), ("list", list.into())]))
    });
    Ok(groups.collect::<Vec<_>>().into())
}

pub(super) fn items(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    if is_absent(value) {
        return Ok(Vec::<Value>::new().into());
    }
    if value.kind() != ValueKind::Map {
        return Err(wrong(format!("an object is needed, not {}", noun(value))));
    }
    let pairs = value.as_object().and_then(DynObject::try_iter_pairs);
    let pairs = pairs.into_iter().flatten().take(ITEMS_MAX);
    let pairs: Vec<_> = pairs.map(|(key, item)| Value::from(vec![key, item])).collect();
    spend(pairs.len())?;
    Ok(pairs.into())
}

pub(super) fn lookup(calls: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let table = given.at(0);
    let ids = match value.kind() {
        // One id stands for a list of one.
        ValueKind::String | ValueKind::Number => vec![value.clone()],
        _ => items_of(value)?,
    };
    let mut found = Vec::new();
    for id in ids {
        let record = match given.keywords() {
            Some(rest) => calls.method(&table, "find", &[id, rest.clone()])?,
            None => calls.method(&table, "find", &[id])?,
        };
        if !is_absent(&record) {
            found.push(record);
        }
    }
    Ok(found.into())
}

/// The value of the header `Link` (RFC 8288) for an object of addresses by their relation; none where it has none.
pub(super) fn link_header(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    if is_absent(value) {
        return Ok(none());
    }
    if value.kind() != ValueKind::Map {
        return Err(wrong(format!("an object of addresses is needed, not {}", noun(value))));
    }
    let mut links = Vec::new();
    for relation in value.try_iter()? {
        spend(1)?;
        let address = settled(value.get_item(&relation)?);
        let name = relation.as_str().unwrap_or_default();
        let name = if name == "previous" { "prev" } else { name };
        if name.is_empty() || name.contains(['"', '\\']) {
            return Err(wrong(format!("`{}` is not a relation of links", shortened(name, 80))));
        }
        if !is_absent(&address) {
            let address = json::to_text(&address).replace('<', "%3C").replace('>', "%3E");
            links.push(format!("<{address}>; rel=\"{name}\""));
        }
    }
    if links.is_empty() { Ok(none()) } else { text_of(links.join(", ")) }
}

pub(super) fn by_field(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    let mut messages = serde_json::Map::new();
    for violation in items_of(value)? {
        let field = json::to_text(&read_path(&violation, "field"));
        if !field.is_empty() {
            let message = json::to_json(&read_path(&violation, "message"));
            // The first violation of a field is the one to mend first.
            messages.entry(field).or_insert(message);
        }
    }
    Ok(json::from_json(&serde_json::Value::Object(messages)))
}

// Time.

/// Applies `change` to the time that a text says; what is absent stays so.
fn over_time(value: &Value, change: impl FnOnce(Timestamp) -> FilterResult) -> FilterResult {
    if is_absent(value) {
        return Ok(value.clone());
    }
    match value.as_str().and_then(Timestamp::parse) {
        Some(time) => change(time),
        None => Err(wrong(format!("`{}` is not a time as RFC 3339 writes it", shown(value)))),
    }
}

pub(super) fn epoch(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_time(value, |time| Ok(time.0.div_euclid(1000).into()))
}

pub(super) fn epoch_ms(_: &mut CallState, value: &Value, _: Arguments<'_>) -> FilterResult {
    over_time(value, |time| Ok(time.0.into()))
}

pub(super) fn date(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    let format = given.at(0);
    let format = format.as_str().ok_or_else(|| wrong("the format is not a text"))?;
    over_time(value, |time| {
        let instant = jiff::Timestamp::from_millisecond(time.0)
            .map_err(|_| wrong("the time is outside the calendar"))?;
        let text = jiff::fmt::strtime::format(format, instant)
            .map_err(|error| wrong(format!("`{format}` is not a date format: {error}")))?;
        text_of(text)
    })
}

/// Milliseconds, from a number of them or a text such as `10s`.
fn span_ms(span: &Value) -> Result<Option<i64>, Error> {
    if is_absent(span) {
        return Ok(None);
    }
    let ms = match span.as_str() {
        Some(text) => text.parse::<jiff::SignedDuration>().ok().map(|span| span.as_millis()),
        None => number_of(span)?.as_i64().map(i128::from),
    };
    let ms = ms.and_then(|ms| i64::try_from(ms).ok());
    ms.map(Some).ok_or_else(|| wrong(format!("`{}` is not a duration", shown(span))))
}

fn moved(value: &Value, span: &Value, direction: i64) -> FilterResult {
    let Some(ms) = span_ms(span)? else { return Ok(none()) };
    over_time(value, |time| Ok(time.plus_ms(ms.saturating_mul(direction)).to_rfc3339().into()))
}

pub(super) fn later(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    moved(value, &given.at(0), 1)
}

pub(super) fn earlier(_: &mut CallState, value: &Value, given: Arguments<'_>) -> FilterResult {
    moved(value, &given.at(0), -1)
}
