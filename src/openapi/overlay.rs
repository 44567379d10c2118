//! Overlays: changes to a document that are written down beside it
//! (Overlay Specification 1.0.0, <https://spec.openapis.org/overlay/v1.0.0.html>).
//!
//! Owns the format and the order of changes. Must not know what a document means, nor where files are.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::finding::{Finding, did_you_mean};
use crate::json;
use crate::yaml::{Document, Editing, MergedPart, Updates};

/// Values that one overlay may add: as many as the largest documents have.
const ADDED_MAX: usize = 5_000_000;
/// Values that the actions of one overlay may look at in all: some seconds.
const LOOKED_AT_MAX: usize = 50_000_000;
/// Entries of a map that are passed on the way to another in the time that it takes to look at one value.
const PASSED_PER_LOOK: usize = 16;
/// `..` in one target: each multiplies what is looked at by the depth of the document.
const DESCENTS_MAX: usize = 3;
/// Brackets and parentheses in one another in a target: to read it takes twice as long with each, and its stack. A filter
/// of a query in a filter has three.
const NESTED_MAX: usize = 8;
/// Longest target: the bytes of a screen of text.
const TARGET_BYTES_MAX: usize = 4096;

/// An overlay that was read.
#[derive(Debug)]
pub struct Overlay<'d> {
    document: &'d Document,
    actions: Vec<Action>,
}

#[derive(Debug)]
struct Action {
    pointer: String,
    target: JsonPath,
    /// Number of times that the whole document may be walked for each of its values, plus one; 0 for a plain path.
    searches: u32,
    change: OverlayChange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OverlayChange {
    Remove,
    Update,
    Nothing,
}

impl<'d> Overlay<'d> {
    /// Reads an overlay. What is wrong with it goes to `findings`, all at once; `None` when there is an error among that.
    pub fn read(document: &'d Document, findings: &mut Vec<Finding>) -> Option<Overlay<'d>> {
        let mut reading = OverlayReader { document, errors: Vec::new() };
        let actions = reading.overlay();
        let is_sound = reading.errors.is_empty();
        findings.append(&mut reading.errors);
        is_sound.then_some(Overlay { document, actions })
    }

    /// `extends`: the document that it was written for, as a reference from its own place.
    pub fn extends(&self) -> Option<&'d str> {
        self.document.root().get("extends")?.as_str()
    }

    /// Applies all actions in order. What selects nothing, or what cannot be changed, is a warning in `findings`.
    pub fn apply(&self, document: Document, findings: &mut Vec<Finding>) -> Document {
        let mut editing = document.edit();
        let updates = Updates::new(self.document);
        let (mut added, mut looked_at) = (0, 0_usize);
        for action in &self.actions {
            if action.searches > 0 {
                let looks = json::count(editing.root()).saturating_pow(action.searches);
                looked_at = looked_at.saturating_add(looks);
            }
            if looked_at.saturating_add(editing.passed() / PASSED_PER_LOOK) > LOOKED_AT_MAX {
                let message = format!(
                    "the actions up to here look at more than {LOOKED_AT_MAX} values; this one and those after it are \
                     left out"
                );
                let hint = "name places by their path, without `..`, `*` and filters";
                findings.push(self.document.error(&action.pointer, message).hint(hint));
                break;
            }
            self.act(action, &updates, &mut editing, &mut added, findings);
        }
        editing.finish()
    }

    fn act(
        &self,
        action: &Action,
        updates: &Updates<'_>,
        editing: &mut Editing,
        added: &mut usize,
        findings: &mut Vec<Finding>,
    ) {
        let warning = |message: String| self.document.warning(&action.pointer, message);
        let located = action.target.query_located(editing.root());
        let (mut targets, mut others) = (Vec::new(), 0);
        for node in located.dedup() {
            if node.node().is_object() || node.node().is_array() {
                targets.push(node.location().to_json_pointer());
            } else {
                others += 1;
            }
        }
        if others > 0 && action.change != OverlayChange::Nothing {
            let message =
                format!("the target selects {others} values that are neither maps nor lists");
            findings.push(warning(message).hint("select what holds them, and update that"));
        } else if targets.is_empty() {
            findings.push(warning("the target selects nothing".to_owned()));
        }
        match action.change {
            OverlayChange::Nothing => {}
            OverlayChange::Remove => self.remove(action, targets, editing, findings),
            OverlayChange::Update => {
                let at = format!("{}/update", action.pointer);
                let Some(update) = updates.at(&at) else { return };
                *added += update.count().saturating_mul(targets.len());
                if *added > ADDED_MAX {
                    let message = format!("adds more than {ADDED_MAX} values to the document");
                    findings.push(self.document.error(&at, message));
                    return;
                }
                self.update(action, &update, &targets, editing, findings);
            }
        }
    }

    fn remove(
        &self,
        action: &Action,
        mut targets: Vec<String>,
        editing: &mut Editing,
        findings: &mut Vec<Finding>,
    ) {
        // Later items first, so that those before them stay where they are; what is inside of what goes, before it.
        targets.sort_by(|a, b| place(b).cmp(&place(a)));
        for target in targets {
            if !editing.remove(&target) {
                let message = "the whole document cannot be removed".to_owned();
                findings.push(self.document.warning(&action.pointer, message));
            }
        }
    }

    fn update(
        &self,
        action: &Action,
        update: &MergedPart,
        targets: &[String],
        editing: &mut Editing,
        findings: &mut Vec<Finding>,
    ) {
        for target in targets {
            let into_map = editing.root().pointer(target).is_some_and(Value::is_object);
            if into_map && !update.value().is_object() {
                let message =
                    format!("`{target}` is a map, and the update is none; it is left out");
                findings
                    .push(self.document.warning(&format!("{}/update", action.pointer), message));
                continue;
            }
            editing.merge(target, update);
        }
    }
}

/// Structure of a target, its texts left out.
struct TargetShape {
    /// Nesting depth of brackets and parentheses.
    nested: usize,
    /// Number of times it begins at the root.
    roots: u32,
}

impl TargetShape {
    fn of(target: &str) -> TargetShape {
        let mut shape = TargetShape { nested: 0, roots: 0 };
        let (mut open, mut quote, mut escaped) = (0_usize, None, false);
        for letter in target.chars() {
            if let Some(end) = quote {
                if !escaped && letter == end {
                    quote = None;
                }
                escaped = !escaped && letter == '\\';
                continue;
            }
            match letter {
                '\'' | '"' => quote = Some(letter),
                '[' | '(' => {
                    open += 1;
                    shape.nested = shape.nested.max(open);
                }
                ']' | ')' => open = open.saturating_sub(1),
                '$' => shape.roots += 1,
                _ => {}
            }
        }
        shape
    }
}

/// A pointer in an order where numbers count as such.
fn place(pointer: &str) -> Vec<(Option<usize>, &str)> {
    pointer.split('/').skip(1).map(|token| (token.parse().ok(), token)).collect()
}

struct OverlayReader<'d> {
    document: &'d Document,
    errors: Vec<Finding>,
}

impl<'d> OverlayReader<'d> {
    fn error(&mut self, pointer: &str, message: impl Into<String>) -> &mut Finding {
        self.errors.push(self.document.error(pointer, message));
        self.errors.last_mut().expect("an error was pushed the line before")
    }

    fn overlay(&mut self) -> Vec<Action> {
        let Some(map) = self.document.root().as_object() else {
            self.error("", "is not an overlay: it is not a map");
            return Vec::new();
        };
        let version = map.get("overlay").and_then(Value::as_str);
        match (map.get("overlay"), version) {
            (None, _) => {
                self.error("", "is not an overlay: `overlay` is missing").hint =
                    Some("begin it with `overlay: 1.0.0`".to_owned());
            }
            (_, Some(version)) if version == "1.0" || version.starts_with("1.0.") => {}
            (Some(version), _) => {
                let message = format!("overlay {version} is not read");
                self.error("/overlay", message).hint = Some("1.0 is".to_owned());
            }
        }
        self.fields(map, "", &["overlay", "info", "extends", "actions"]);
        for name in ["title", "version"] {
            if !map.get("info").and_then(|info| info.get(name)).is_some_and(Value::is_string) {
                self.error(&format!("/info/{name}"), format!("`info` has no text `{name}`"));
            }
        }
        if map.get("extends").is_some_and(|extends| !extends.is_string()) {
            self.error("/extends", "`extends` is not a text");
        }
        match map.get("actions") {
            Some(Value::Array(actions)) if !actions.is_empty() => {
                let numbered = actions.iter().enumerate();
                numbered.filter_map(|(number, action)| self.action(number, action)).collect()
            }
            _ => {
                self.error("/actions", "`actions` is not a list of at least one action");
                Vec::new()
            }
        }
    }

    fn fields(&mut self, map: &Map<String, Value>, pointer: &str, known: &[&str]) {
        for name in map.keys().filter(|name| !name.starts_with("x-")) {
            if !known.contains(&name.as_str()) {
                let hint = did_you_mean(name, known.iter().copied());
                let at = crate::pointer::child(pointer, name);
                self.error(&at, format!("`{name}` means nothing here")).hint = hint;
            }
        }
    }

    fn action(&mut self, number: usize, action: &'d Value) -> Option<Action> {
        let pointer = format!("/actions/{number}");
        let Some(map) = action.as_object() else {
            self.error(&pointer, "an action is a map");
            return None;
        };
        self.fields(map, &pointer, &["target", "description", "update", "remove"]);
        let change = match (map.get("remove"), map.get("update")) {
            (Some(Value::Bool(true)), _) => OverlayChange::Remove,
            (None | Some(Value::Bool(false)), Some(_)) => OverlayChange::Update,
            (None | Some(Value::Bool(false)), None) => OverlayChange::Nothing,
            (Some(_), _) => {
                self.error(&format!("{pointer}/remove"), "`remove` is neither `true` nor `false`");
                OverlayChange::Nothing
            }
        };
        let Some(text) = map.get("target").and_then(Value::as_str) else {
            self.error(&format!("{pointer}/target"), "the action has no text `target`");
            return None;
        };
        let at = format!("{pointer}/target");
        if text.len() > TARGET_BYTES_MAX {
            self.error(&at, format!("the target is longer than {TARGET_BYTES_MAX} bytes"));
            return None;
        }
        if text.matches("..").count() > DESCENTS_MAX {
            self.error(&at, format!("`{text}` has more than {DESCENTS_MAX} `..`"));
            return None;
        }
        let TargetShape { nested, roots } = TargetShape::of(text);
        if nested > NESTED_MAX {
            let message = format!("the target has more than {NESTED_MAX} brackets in one another");
            self.error(&at, message).hint = Some("select in several actions".to_owned());
            return None;
        }
        match JsonPath::parse(text) {
            Ok(target) => {
                // A filter that begins at the root again goes through the document for each value that it is asked of.
                let is_plain = !text.contains(['*', '?']) && !text.contains("..");
                let searches = if is_plain { 0 } else { roots };
                Some(Action { pointer, target, searches, change })
            }
            Err(error) => {
                let message = format!("`{text}` is no JSONPath: {}", error.message());
                self.error(&at, message).hint =
                    Some("write it as RFC 9535 has it, such as `$.paths['/shops'].get`".to_owned());
                None
            }
        }
    }
}
