//! An entry of a journal as one line.
//!
//! Must not know where the entry comes from.

use serde_json::Value;

use crate::cli::colors::Colors;
use crate::cli::print::counted;
use crate::cli::words::effects;

/// Maximum number of effects in a line: one call can touch every resource.
const EFFECTS_SHOWN_MAX: usize = 12;

/// Maximum number of entries that an undo or redo names.
const ENTRIES_SHOWN_MAX: usize = 4;

/// When, what was asked, what was answered and why, and what it did: in the words of the page.
pub(super) fn line(entry: &Value, colors: Colors) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = entry["id"].as_u64().unwrap_or_default();
    let at = text(&entry["at"]);
    let mut parts = vec![format!("{id:>4} {}", colors.dim(at.get(11..19).unwrap_or_default()))];
    let kind = text(&entry["kind"]);
    let why = why(entry, &kind);
    if entry["request"].is_object() {
        let status = entry["response"]["status"].to_string();
        let method = format!("{:<6}", text(&entry["request"]["method"]));
        let status = colors.status(&status, &status);
        let target = text(&entry["request"]["target"]);
        parts.push(format!("{} {status} {target}", colors.bold(&method)));
        parts.push(colors.dim(&why));
    } else {
        parts.push(format!("{kind:<10} {why}"));
    }
    let effects = effects(&entry["counts"], entry["changes"].get(0));
    let shown = effects.iter().take(EFFECTS_SHOWN_MAX);
    let mut words: Vec<_> = shown.map(|one| colors.effect(one.kind, &one.text)).collect();
    if effects.len() > EFFECTS_SHOWN_MAX {
        words.push(format!("and {} more", effects.len() - EFFECTS_SHOWN_MAX));
    }
    parts.push(words.join(" "));
    parts.extend(marks(entry).into_iter().map(|mark| colors.dim(&format!("[{mark}]"))));
    parts.retain(|part| !part.is_empty());
    parts.join("  ")
}

/// What decided, without the place in the file: the page has it.
fn why(entry: &Value, kind: &str) -> String {
    let why = entry["why"].as_str().unwrap_or_default();
    let ids = entry["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    match kind {
        "undo" => format!("undid {}", entries(ids)),
        "redo" => format!("did {} again", entries(ids)),
        _ => match why.rsplit_once(", ") {
            Some((rule, place)) if is_line_of_file(place) => rule.to_owned(),
            _ => why.to_owned(),
        },
    }
}

fn is_line_of_file(place: &str) -> bool {
    place.rsplit_once(':').is_some_and(|(_, line)| {
        !line.is_empty() && line.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// `entry 2`, `3 entries (4, 3, 2)`.
pub(super) fn entries(ids: &[Value]) -> String {
    if let [id] = ids {
        return format!("entry {id}");
    }
    let shown: Vec<_> = ids.iter().take(ENTRIES_SHOWN_MAX).map(ToString::to_string).collect();
    let more = if ids.len() > ENTRIES_SHOWN_MAX { ", …" } else { "" };
    format!("{} entries ({}{more})", ids.len(), shown.join(", "))
}

fn marks(entry: &Value) -> Vec<String> {
    let violations = entry["violations"].as_array().map_or(0, Vec::len);
    let marks = [
        (entry["dry_run"] == true, "dry run".to_owned()),
        (entry["faults"].get(0).is_some(), "fault".to_owned()),
        (violations > 0, counted(violations, "violation")),
        (entry["undone"] == true, "undone".to_owned()),
    ];
    marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect()
}
