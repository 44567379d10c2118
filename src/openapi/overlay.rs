//! Overlays: changes to a document that are written down beside it
//! (Overlay Specification 1.0 to 1.2, <https://spec.openapis.org/overlay/latest.html>).
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
    /// Where what is to be done stands: in the action itself, or in one that it refers to.
    fields: String,
    /// What is copied.
    copy: Option<JsonPath>,
    /// Whether values are changed that are neither maps nor lists, as since 1.1.
    takes_all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OverlayChange {
    Remove,
    Update,
    Copy,
    Nothing,
}

impl<'d> Overlay<'d> {
    /// Reads an overlay. What is wrong with it goes to `findings`, all at once; `None` when there is an error among that.
    pub fn read(document: &'d Document, findings: &mut Vec<Finding>) -> Option<Overlay<'d>> {
        let mut reading = OverlayReader { document, errors: Vec::new(), minor: MINOR_MAX };
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
            let is_held = node.node().is_object() || node.node().is_array();
            if is_held || action.takes_all {
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
            OverlayChange::Update | OverlayChange::Copy => {
                let name = if action.change == OverlayChange::Copy { "copy" } else { "update" };
                let at = format!("{}/{name}", action.fields);
                let update = match &action.copy {
                    Some(source) => self.copied(source, &at, editing, findings),
                    None => updates.at(&at),
                };
                let Some(update) = update else { return };
                *added += update.count().saturating_mul(targets.len());
                if *added > ADDED_MAX {
                    let message = format!("adds more than {ADDED_MAX} values to the document");
                    findings.push(self.document.error(&at, message));
                    return;
                }
                self.update(&at, &update, &targets, editing, findings);
            }
        }
    }

    /// The one value of the document that a path selects.
    fn copied(
        &self,
        source: &JsonPath,
        at: &str,
        editing: &Editing,
        findings: &mut Vec<Finding>,
    ) -> Option<MergedPart> {
        let found: Vec<String> = source
            .query_located(editing.root())
            .dedup()
            .into_iter()
            .map(|node| node.location().to_json_pointer())
            .collect();
        let [one] = found.as_slice() else {
            let message = format!("`copy` selects {} values, and one can be copied", found.len());
            findings.push(self.document.warning(at, message).hint("the action is left out"));
            return None;
        };
        editing.part(one)
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
        at: &str,
        update: &MergedPart,
        targets: &[String],
        editing: &mut Editing,
        findings: &mut Vec<Finding>,
    ) {
        for target in targets {
            let old = editing.root().pointer(target);
            let is_map = |value: &Value| value.is_object();
            let is_single = |value: &Value| !value.is_object() && !value.is_array();
            let problem = if old.is_some_and(is_map) && !update.value().is_object() {
                Some("a map, and the update is none")
            } else if old.is_some_and(is_single) && !is_single(update.value()) {
                Some("a single value, and the update is none")
            } else {
                None
            };
            if let Some(problem) = problem {
                let message = format!("`{target}` is {problem}; it is left out");
                findings.push(self.document.warning(at, message));
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

/// The newest version 1.x that is read.
const MINOR_MAX: u32 = 2;

struct OverlayReader<'d> {
    document: &'d Document,
    errors: Vec<Finding>,
    /// The version is 1.x.
    minor: u32,
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
            (_, Some(version)) if self.knows(version) => {}
            (Some(version), _) => {
                let message = format!("overlay {version} is not read");
                self.error("/overlay", message).hint =
                    Some("1.0, 1.1 and 1.2 are; what else is told is not of these".to_owned());
            }
        }
        self.fields(map, "", &["overlay", "info", "extends", "actions"]);
        if self.minor < 2 {
            for name in ["$self", "components"].iter().filter(|name| map.contains_key(**name)) {
                let at = crate::pointer::child("", name);
                self.error(&at, format!("`{name}` is of overlay 1.2"));
            }
        }
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

    /// Returns true if the version is read, and keeps which it is. Of one that is not, all is read as the newest.
    fn knows(&mut self, version: &str) -> bool {
        let mut parts = version.split('.');
        let minor = match (parts.next(), parts.next()) {
            (Some("1"), Some("0")) => Some(0),
            (Some("1"), Some("1")) => Some(1),
            (Some("1"), Some("2")) => Some(2),
            _ => None,
        };
        self.minor = minor.unwrap_or(MINOR_MAX);
        minor.is_some()
    }

    fn fields(&mut self, map: &Map<String, Value>, pointer: &str, known: &[&str]) {
        for name in map.keys().filter(|name| !name.starts_with("x-")) {
            let is_newer = pointer.is_empty() && ["$self", "components"].contains(&name.as_str());
            if !known.contains(&name.as_str()) && !is_newer {
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
        let (fields, at) = match map.get("$ref") {
            Some(reference) if self.minor >= 2 => {
                self.fields(map, &pointer, &["$ref", "target", "description"]);
                self.reusable(reference, &pointer)?
            }
            _ => (map, pointer.clone()),
        };
        let change = self.change(fields, &at, at == pointer);
        let copy = match fields.get("copy") {
            Some(copy) if change == OverlayChange::Copy => {
                Some(self.path(copy, &format!("{at}/copy"))?)
            }
            _ => None,
        };
        let Some(text) = map.get("target") else {
            self.error(&format!("{pointer}/target"), "the action has no text `target`");
            return None;
        };
        let (target, searches) = self.path(text, &format!("{pointer}/target"))?;
        let searches = searches + copy.as_ref().map_or(0, |(_, searches)| *searches);
        let (copy, takes_all) = (copy.map(|(copy, _)| copy), self.minor >= 1);
        Some(Action { pointer, target, searches, change, fields: at, copy, takes_all })
    }

    /// What an action says that is written down for several: its fields, and where they are.
    fn reusable(
        &mut self,
        reference: &Value,
        pointer: &str,
    ) -> Option<(&'d Map<String, Value>, String)> {
        let at = format!("{pointer}/$ref");
        let text = reference.as_str().unwrap_or_default();
        let place =
            text.strip_prefix('#').filter(|place| place.starts_with("/components/actions/"));
        let found = place.and_then(|place| self.document.root().pointer(place));
        let Some(action) = found.and_then(Value::as_object) else {
            self.error(&at, format!("`{text}` leads to no action under `components`"));
            return None;
        };
        let place = place.unwrap_or_default();
        self.fields(action, place, &["description", "fields"]);
        let at = format!("{place}/fields");
        match action.get("fields").and_then(Value::as_object) {
            Some(fields) => Some((fields, at)),
            None => {
                self.error(&at, "the action has no map `fields`");
                None
            }
        }
    }

    /// What an action does; `has_target` tells whether its target is among its fields.
    fn change(&mut self, map: &Map<String, Value>, at: &str, has_target: bool) -> OverlayChange {
        let known = ["description", "update", "remove", "copy", "target"];
        self.fields(map, at, &known[..if has_target { 5 } else { 4 }]);
        if self.minor < 1 && map.contains_key("copy") {
            self.error(&format!("{at}/copy"), "`copy` is of overlay 1.1");
        }
        match (map.get("remove"), map.get("update"), map.get("copy")) {
            (Some(Value::Bool(true)), ..) => OverlayChange::Remove,
            (None | Some(Value::Bool(false)), Some(_), Some(_)) => {
                self.error(at, "an action has `update` or `copy`, and not both");
                OverlayChange::Nothing
            }
            (None | Some(Value::Bool(false)), Some(_), None) => OverlayChange::Update,
            (None | Some(Value::Bool(false)), None, Some(_)) => OverlayChange::Copy,
            (None | Some(Value::Bool(false)), None, None) => OverlayChange::Nothing,
            (Some(_), ..) => {
                self.error(&format!("{at}/remove"), "`remove` is neither `true` nor `false`");
                OverlayChange::Nothing
            }
        }
    }

    /// A path into the document, and how many times all of it may be walked on the way, plus one.
    fn path(&mut self, path: &Value, at: &str) -> Option<(JsonPath, u32)> {
        let Some(text) = path.as_str() else {
            let name = at.rsplit('/').next().unwrap_or_default();
            self.error(at, format!("the action has no text `{name}`"));
            return None;
        };
        if text.len() > TARGET_BYTES_MAX {
            self.error(at, format!("the target is longer than {TARGET_BYTES_MAX} bytes"));
            return None;
        }
        if text.matches("..").count() > DESCENTS_MAX {
            self.error(at, format!("`{text}` has more than {DESCENTS_MAX} `..`"));
            return None;
        }
        let TargetShape { nested, roots } = TargetShape::of(text);
        if nested > NESTED_MAX {
            let message = format!("the target has more than {NESTED_MAX} brackets in one another");
            self.error(at, message).hint = Some("select in several actions".to_owned());
            return None;
        }
        match JsonPath::parse(text) {
            Ok(target) => {
                // A filter that begins at the root again goes through the document for each value that it is asked of.
                let is_plain = !text.contains(['*', '?']) && !text.contains("..");
                Some((target, if is_plain { 0 } else { roots }))
            }
            Err(error) => {
                let message = format!("`{text}` is no JSONPath: {}", error.message());
                self.error(at, message).hint =
                    Some("write it as RFC 9535 has it, such as `$.paths['/shops'].get`".to_owned());
                None
            }
        }
    }
}
