//! The words of the language: filters, tests, functions and methods in one table each.
//!
//! Must not know how an expression is compiled or checked.

use std::cmp::Ordering;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::expression::calls::{FilterCall, TestCall};
use crate::expression::{filters, none};

/// Types of a filter's input and output, as far as the check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilterShape {
    /// From one value to text, a number, a boolean or a list of these.
    Scalar,
    /// From anything to text, a number or a boolean.
    Whole,
    /// From a list to text, a number or a boolean.
    Fold,
    /// From a list to a list of some of its elements.
    Keep,
    /// From a list to one of its elements.
    Element,
    /// From text to a list of texts.
    Texts,
    /// One of its own kind: the check knows it by name.
    Special,
}

/// A filter: its name, the least and most positional arguments, the keyword arguments.
pub(super) struct FilterSignature {
    pub(super) name: &'static str,
    pub(super) call: FilterCall,
    pub(super) positional: (usize, usize),
    /// `*` takes any.
    pub(super) keywords: &'static [&'static str],
    pub(super) shape: FilterShape,
}

const fn filter(
    name: &'static str,
    call: FilterCall,
    positional: (usize, usize),
    keywords: &'static [&'static str],
    shape: FilterShape,
) -> FilterSignature {
    FilterSignature { name, call, positional, keywords, shape }
}

/// Every filter that an expression may use.
pub(super) const FILTERS: &[FilterSignature] = &[
    // Text.
    filter("lower", filters::lower, (0, 0), &[], FilterShape::Scalar),
    filter("upper", filters::upper, (0, 0), &[], FilterShape::Scalar),
    filter("capitalize", filters::capitalize, (0, 0), &[], FilterShape::Scalar),
    filter("trim", filters::trim, (0, 1), &[], FilterShape::Scalar),
    filter("replace", filters::replace, (2, 2), &[], FilterShape::Scalar),
    filter("split", filters::split, (0, 1), &[], FilterShape::Texts),
    filter("string", filters::string, (0, 0), &[], FilterShape::Whole),
    filter("unaccented", filters::unaccented, (0, 0), &[], FilterShape::Scalar),
    filter("slug", filters::slug, (0, 0), &[], FilterShape::Scalar),
    filter("tojson", filters::tojson, (0, 0), &[], FilterShape::Whole),
    filter("md5", filters::md5, (0, 0), &[], FilterShape::Scalar),
    filter("sha256", filters::sha256, (0, 0), &[], FilterShape::Scalar),
    filter("cyrb53", filters::cyrb53, (0, 0), &[], FilterShape::Scalar),
    // Numbers and truth.
    filter("int", filters::int, (0, 1), &["default"], FilterShape::Scalar),
    filter("float", filters::float, (0, 1), &["default"], FilterShape::Scalar),
    filter("abs", filters::abs, (0, 0), &[], FilterShape::Scalar),
    filter("round", filters::round, (0, 1), &["precision"], FilterShape::Scalar),
    filter("bool", filters::bool, (0, 0), &[], FilterShape::Scalar),
    filter("default", filters::default, (1, 2), &["boolean"], FilterShape::Special),
    // Lists.
    filter("length", filters::length, (0, 0), &[], FilterShape::Whole),
    filter("count", filters::length, (0, 0), &[], FilterShape::Whole),
    filter("list", filters::list, (0, 0), &[], FilterShape::Keep),
    filter("unique", filters::unique, (0, 0), &["attribute"], FilterShape::Keep),
    filter("sort", filters::sort, (0, 0), &["attribute", "reverse"], FilterShape::Keep),
    filter("reverse", filters::reverse, (0, 0), &[], FilterShape::Keep),
    filter("select", filters::select, (0, 2), &[], FilterShape::Keep),
    filter("reject", filters::reject, (0, 2), &[], FilterShape::Keep),
    filter("selectattr", filters::selectattr, (1, 3), &[], FilterShape::Keep),
    filter("rejectattr", filters::rejectattr, (1, 3), &[], FilterShape::Keep),
    filter("first", filters::first, (0, 0), &[], FilterShape::Element),
    filter("last", filters::last, (0, 0), &[], FilterShape::Element),
    filter("min", filters::min, (0, 0), &["attribute", "default"], FilterShape::Element),
    filter("max", filters::max, (0, 0), &["attribute", "default"], FilterShape::Element),
    filter("with", filters::with, (1, 1), &[], FilterShape::Keep),
    filter("without", filters::without, (1, 1), &[], FilterShape::Keep),
    filter("sum", filters::sum, (0, 0), &["attribute"], FilterShape::Fold),
    filter("join", filters::join, (0, 1), &["attribute"], FilterShape::Fold),
    filter("map", filters::map, (0, 4), &["attribute", "default"], FilterShape::Special),
    filter("groupby", filters::groupby, (0, 1), &["attribute"], FilterShape::Special),
    filter("items", filters::items, (0, 0), &[], FilterShape::Special),
    filter("lookup", filters::lookup, (1, 1), &["*"], FilterShape::Special),
    filter("view", filters::view, (0, 1), &["*"], FilterShape::Special),
    filter("link_header", filters::link_header, (0, 0), &[], FilterShape::Whole),
    filter("by_field", filters::by_field, (0, 0), &[], FilterShape::Special),
    // Time.
    filter("epoch", filters::epoch, (0, 0), &[], FilterShape::Scalar),
    filter("epoch_ms", filters::epoch_ms, (0, 0), &[], FilterShape::Scalar),
    filter("date", filters::date, (1, 1), &[], FilterShape::Scalar),
    filter("later", filters::later, (1, 1), &[], FilterShape::Scalar),
    filter("earlier", filters::earlier, (1, 1), &[], FilterShape::Scalar),
];

/// A test: its name and how many arguments it takes.
pub(super) struct Test {
    pub(super) name: &'static str,
    pub(super) arguments: usize,
    pub(super) call: TestCall,
}

const fn test(name: &'static str, arguments: usize, call: TestCall) -> Test {
    Test { name, arguments, call }
}

/// Every test that an expression may use, after `is` or named in `select` and the like.
pub(super) const TESTS: &[Test] = &[
    test("none", 0, |a, _| Ok(none::is_absent(a))),
    test("undefined", 0, |a, _| Ok(none::is_absent(a))),
    test("defined", 0, |a, _| Ok(!none::is_absent(a))),
    test("true", 0, |a, _| Ok(a.kind() == ValueKind::Bool && a.is_true())),
    test("false", 0, |a, _| Ok(a.kind() == ValueKind::Bool && !a.is_true())),
    test("boolean", 0, |a, _| Ok(a.kind() == ValueKind::Bool)),
    test("number", 0, |a, _| Ok(a.kind() == ValueKind::Number)),
    test("integer", 0, |a, _| Ok(a.is_integer())),
    test("float", 0, |a, _| Ok(a.kind() == ValueKind::Number && !a.is_integer())),
    test("string", 0, |a, _| Ok(a.kind() == ValueKind::String)),
    test("ascii", 0, |a, _| Ok(a.as_str().is_some_and(str::is_ascii))),
    test("mapping", 0, |a, _| Ok(a.kind() == ValueKind::Map)),
    test("sequence", 0, |a, _| Ok(matches!(a.kind(), ValueKind::Seq | ValueKind::Iterable))),
    test("odd", 0, |a, _| Ok(remainder_of_two(a) == Some(1))),
    test("even", 0, |a, _| Ok(remainder_of_two(a) == Some(0))),
    test("eq", 1, none::equal),
    test("equalto", 1, none::equal),
    test("ne", 1, |a, b| Ok(!none::equal(a, b)?)),
    test("lt", 1, |a, b| Ok(none::order(a, b)? == Some(Ordering::Less))),
    test("le", 1, |a, b| Ok(none::order(a, b)?.is_some_and(Ordering::is_le))),
    test("gt", 1, |a, b| Ok(none::order(a, b)? == Some(Ordering::Greater))),
    test("ge", 1, |a, b| Ok(none::order(a, b)?.is_some_and(Ordering::is_ge))),
    test("in", 1, |a, b| none::contains(b, a)),
    test("containing", 1, none::contains),
    test("startingwith", 1, |a, b| Ok(texts(a, b).is_some_and(|(a, b)| a.starts_with(b)))),
    test("endingwith", 1, |a, b| Ok(texts(a, b).is_some_and(|(a, b)| a.ends_with(b)))),
];

/// Every function: durations in milliseconds, which `+` and `-` move a time by.
pub(super) const DURATIONS: &[(&str, i64)] = &[
    ("seconds", 1000),
    ("minutes", 60 * 1000),
    ("hours", 60 * 60 * 1000),
    ("days", 24 * 60 * 60 * 1000),
    ("weeks", 7 * 24 * 60 * 60 * 1000),
];

/// Every method; all are a table's.
pub(super) const METHODS: &[&str] =
    &["all", "find", "free", "get", "stored", "was_deleted", "changed"];

pub(super) fn duration_ms(name: &str) -> Option<i64> {
    DURATIONS.iter().find(|(known, _)| *known == name).map(|(_, unit_ms)| *unit_ms)
}

pub(super) fn find_filter(name: &str) -> Option<&'static FilterSignature> {
    FILTERS.iter().find(|filter| filter.name == name)
}

pub(super) fn find_test(name: &str) -> Option<&'static Test> {
    TESTS.iter().find(|test| test.name == name)
}

fn remainder_of_two(value: &Value) -> Option<i128> {
    if !value.is_integer() {
        return None;
    }
    i128::try_from(value.clone()).ok().map(|value| value.rem_euclid(2))
}

fn texts<'a>(a: &'a Value, b: &'a Value) -> Option<(&'a str, &'a str)> {
    Some((a.as_str()?, b.as_str()?))
}
