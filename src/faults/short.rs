//! A fault in one argument of the command line: `operation=deleteShop,status=503,probability=0.1`.
//!
//! Owns the short form only, which it turns into the long one. Must not know which values are possible.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::format::{shown, unknown_key};
use super::{Fault, FaultFormat, FaultProblem, Problems};
use crate::pointer::child;

/// Keys whose value is text.
const TEXTS: [&str; 4] = ["provider", "operation", "method", "path"];

/// Keys whose value is a number or a truth value, as in JSON.
const SCALARS: [&str; 4] = ["probability", "after", "times", "commit"];

/// Every key, in the order in which a message names them.
const KEYS: [&str; 15] = [
    "provider",
    "operation",
    "method",
    "path",
    "header.NAME",
    "probability",
    "after",
    "times",
    "delay",
    "status",
    "answer-header.NAME",
    "example",
    "connection",
    "commit",
    "body",
];

/// Reads the short form: `key=value` with commas between; `body` is the last and may hold commas.
///
/// - `provider`, `operation`, `method`, `path`, `header.NAME`: which requests; `header.NAME=*` is any value.
/// - `probability`, `after`, `times`: how often.
/// - `delay=200ms`, `delay=50ms..1s` (uniform), `delay=90ms~0.5` (lognormal: median and sigma).
/// - `status`, `answer-header.NAME`, `example`, `body` (JSON or text): the answer.
/// - `connection=reset`, `empty`, `garbage`, `cut:10` (after ten bytes), `trickle:16/100ms` (bytes and pause); `commit`.
///
/// A fault that is read so can be compiled; else the error names all that is wrong with it.
impl FromStr for FaultFormat {
    type Err = Problems;

    fn from_str(text: &str) -> Result<Self, Problems> {
        let (fault, mut problems) = long_form(text);
        let format = Self::read(&fault).unwrap_or_else(|more| {
            problems.extend(in_short_form(more));
            Self::default()
        });
        if !problems.is_empty() {
            return Err(problems.into());
        }
        Fault::compile(format.clone())?;
        Ok(format)
    }
}

/// The fault as JSON, and the parts that could not be read.
fn long_form(text: &str) -> (Value, Vec<FaultProblem>) {
    let mut fault = Map::new();
    let mut problems = Vec::new();
    let mut rest = text;
    while !rest.trim().is_empty() {
        let part;
        (part, rest) = if rest.trim_start().starts_with("body=") {
            (rest, "")
        } else {
            rest.split_once(',').unwrap_or((rest, ""))
        };
        if let Err(problem) = read_part(part.trim(), &mut fault) {
            problems.push(problem);
        }
    }
    (Value::Object(fault), problems)
}

/// Puts one `key=value` where it belongs.
fn read_part(part: &str, fault: &mut Map<String, Value>) -> Result<(), FaultProblem> {
    let Some((key, value)) = part.split_once('=') else {
        let hint = "write `key=value` with commas between, as in `operation=deleteShop,status=503`";
        return Err(FaultProblem::new("", format!("`{}` is not `key=value`", shown(part)), hint));
    };
    let (key, value) = (key.trim(), value.trim());
    let (path, value): (Vec<&str>, Value) = match key {
        _ if TEXTS.contains(&key) => (vec![key], value.into()),
        _ if SCALARS.contains(&key) => (vec![key], scalar(value)),
        "delay" => (vec![key], delay(value)),
        "connection" => (vec![key], connection(value)),
        "status" => (vec!["answer", key], status(value)?),
        "example" => (vec!["answer", key], value.into()),
        "body" => (vec!["answer", key], scalar(value)),
        _ => match key.split_once('.') {
            Some(("header", name)) => (vec!["headers", name], value.into()),
            Some(("answer-header", name)) => (vec!["answer", "headers", name], value.into()),
            _ => return Err(unknown_key("", key, KEYS.iter().copied())),
        },
    };
    put(fault, &path, value).map_err(|pointer| {
        let message = format!("`{key}` is given twice");
        FaultProblem::new(pointer, message, "keep one of them")
    })
}

/// Puts a value at a path of members; fails with the JSON Pointer where there is one already.
fn put(fault: &mut Map<String, Value>, path: &[&str], value: Value) -> Result<(), String> {
    let [parents @ .., last] = path else { return Ok(()) };
    let mut members = fault;
    for parent in parents {
        let inner = members.entry(*parent).or_insert_with(|| json!({}));
        let Value::Object(inner) = inner else { return Ok(()) };
        members = inner;
    }
    match members.insert((*last).to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(path.iter().fold(String::new(), |pointer, token| child(&pointer, token))),
    }
}

/// JSON where it is some, else text.
fn scalar(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// A number as of a status; whether there is such a status is found out later.
fn status(text: &str) -> Result<Value, FaultProblem> {
    let number = text.parse::<u16>().map_err(|_| {
        let message = format!("`status` cannot be `{}`", shown(text));
        FaultProblem::new("/answer/status", message, "write a number from 200 to 599")
    })?;
    Ok(number.into())
}

/// The problems, with advice in the short form where it differs from JSON.
fn in_short_form(mut problems: Vec<FaultProblem>) -> Vec<FaultProblem> {
    for problem in &mut problems {
        let hint = match problem.pointer.as_str() {
            "/delay" => "write a duration as in `200ms`, `50ms..1s` or `90ms~0.5`",
            "/connection" => "write `reset`, `empty`, `garbage`, `cut:10` or `trickle:16/100ms`",
            _ => continue,
        };
        problem.hint = Some(hint.to_owned());
    }
    problems
}

/// `200ms`, `50ms..1s` or `90ms~0.5`.
fn delay(text: &str) -> Value {
    if let Some((min, max)) = text.split_once("..") {
        json!({ "uniform": { "min": min, "max": max } })
    } else if let Some((median, sigma)) = text.split_once('~') {
        json!({ "lognormal": { "median": median, "sigma": scalar(sigma) } })
    } else {
        text.into()
    }
}

/// `reset`, `cut:10` or `trickle:16/100ms`.
fn connection(text: &str) -> Value {
    match text.split_once(':') {
        Some(("trickle", how)) => {
            let (bytes, every) = how.split_once('/').unwrap_or((how, ""));
            json!({ "trickle": { "bytes": scalar(bytes), "every": every } })
        }
        Some((way, bytes)) => json!({ way: scalar(bytes) }),
        None => text.into(),
    }
}
