//! A list as lines of fields, `text/csv` (RFC 4180).
//!
//! Must not know schemas.

use indexmap::IndexSet;
use serde_json::Value;

use super::text::scalar;

/// A list of records with a header line, or of lists without one. `None` for all else.
pub(super) fn write(value: &Value) -> Option<String> {
    let rows = value.as_array()?;
    if rows.iter().all(Value::is_array) {
        let lines = rows.iter().filter_map(Value::as_array);
        return Some(lines.map(|fields| line(fields.iter().map(scalar))).collect());
    }
    let records: Vec<_> = rows.iter().map(Value::as_object).collect::<Option<_>>()?;
    let names: IndexSet<&String> = records.iter().flat_map(|record| record.keys()).collect();
    let header = line(names.iter().map(|name| (*name).clone()));
    let lines = records.iter().map(|record| {
        line(names.iter().map(|name| record.get(*name).map(scalar).unwrap_or_default()))
    });
    Some(std::iter::once(header).chain(lines).collect())
}

fn line(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.map(|field| quoted(&field)).collect();
    fields.join(",") + "\r\n"
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
