//! JSON values with expressions in their texts.
//!
//! Owns the syntax of templates and their rendering:
//!
//! - a text that is exactly one `{{ … }}` becomes the value of the expression, whatever its type;
//! - in any other text each `{{ … }}` is replaced by the value's text: none by nothing, lists and
//!   objects by their JSON; keys of objects are such texts always;
//! - `{ "$for": "name in list", "key": value }` becomes an object: for each element, `name` stands
//!   for it, and the one entry is rendered and added; `{ "$for": …, "$value": value }` becomes a
//!   list; with `"$if": "condition"` only the elements for which it holds count;
//! - `{ "$merge": objects, "key": value }` has the entries of an object, or of a list of objects, and then its own, which
//!   go before those of the same name;
//! - an entry or element whose value is one `{{ … }}` that is absent is left out; in a merge patch it is
//!   null, which removes what the patch is over;
//! - a literal `{{` is written `{{ '{{' }}`; statements and comments (`{%`, `{#`) do not exist.
//!
//! Must not know what a template is for.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ValueKind};
use serde_json::Map;

use crate::expression::check::{ScopeNames, Type};
use crate::expression::compiled::Expression;
use crate::expression::json;
use crate::expression::json::{Unwritable, Writer};
use crate::expression::mistake::{Failure, Mistake};
use crate::expression::none::{noun, settled};
use crate::finding::did_you_mean;
use crate::pointer::child;

/// Most that one rendered template may hold: a measure of memory in bytes, well above any
/// documented response, so that a loop cannot fill the memory.
pub const TEMPLATE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Deepest template: what a JSON or YAML reader gives at most.
const TEMPLATE_DEPTH_MAX: usize = 128;

const FOR_KEY: &str = "$for";
const VALUE_KEY: &str = "$value";
const IF_KEY: &str = "$if";
const MERGE_KEY: &str = "$merge";

/// A compiled template.
#[derive(Clone, Debug)]
pub struct Template {
    root: TemplateNode,
}

#[derive(Clone, Debug)]
enum TemplateNode {
    /// Nothing in it is computed.
    Literal(serde_json::Value),
    /// A text that is one expression: its value.
    Value(Expression),
    /// A text with expressions in it.
    Text(Arc<[TextPiece]>),
    List(Vec<TemplateNode>),
    Object(Vec<TemplateEntry>),
    /// The entries of what the first gives, then these.
    Merged(Box<TemplateEntry>, Vec<TemplateEntry>),
    Loop(Box<Loop>),
}

#[derive(Clone, Debug)]
enum TextPiece {
    Literal(Box<str>),
    Computed(Expression),
}

#[derive(Clone, Debug)]
struct TemplateEntry {
    key: TemplateKey,
    /// JSON Pointer to the entry's value.
    pointer: String,
    value: TemplateNode,
}

#[derive(Clone, Debug)]
enum TemplateKey {
    Literal(Box<str>),
    Computed(Arc<[TextPiece]>),
}

#[derive(Clone, Debug)]
struct Loop {
    name: Arc<str>,
    list: Expression,
    /// Which elements count.
    condition: Option<Expression>,
    /// JSON Pointer to the loop.
    pointer: String,
    body: LoopBody,
}

#[derive(Clone, Debug)]
enum LoopBody {
    /// Entries of one object.
    Entry(TemplateEntry),
    /// Elements of a list.
    Element(TemplateNode),
}

/// Knowledge about a template's value before it is rendered.
#[derive(Clone, Debug)]
pub enum Outline<'t> {
    /// A scalar that is written out.
    Literal(&'t serde_json::Value),
    /// The value of an expression.
    Value(&'t Expression),
    /// A text.
    Text,
    /// A list of these.
    List(Vec<Outline<'t>>),
    /// A list with any number of these.
    Elements(Box<Outline<'t>>),
    /// An object with these entries; a name is `None` where it is computed.
    Object(Vec<(Option<&'t str>, Outline<'t>)>),
    /// An object with any number of entries.
    Entries,
}

impl<'t> Outline<'t> {
    fn of(node: &'t TemplateNode) -> Self {
        match node {
            TemplateNode::Literal(value) => Self::literal(value),
            TemplateNode::Value(expression) => Self::Value(expression),
            TemplateNode::Text(_) => Self::Text,
            TemplateNode::List(items) => Self::List(items.iter().map(Self::of).collect()),
            TemplateNode::Object(entries) => {
                let entry = |entry: &'t TemplateEntry| {
                    let name = match &entry.key {
                        TemplateKey::Literal(name) => Some(&**name),
                        TemplateKey::Computed(_) => None,
                    };
                    (name, Self::of(&entry.value))
                };
                Self::Object(entries.iter().map(entry).collect())
            }
            TemplateNode::Merged(..) => Self::Entries,
            TemplateNode::Loop(repeated) => match &repeated.body {
                LoopBody::Entry(_) => Self::Entries,
                LoopBody::Element(node) => Self::Elements(Box::new(Self::of(node))),
            },
        }
    }

    fn literal(value: &'t serde_json::Value) -> Self {
        match value {
            serde_json::Value::Array(items) => {
                Self::List(items.iter().map(Self::literal).collect())
            }
            serde_json::Value::Object(members) => {
                let members = members.iter();
                let entry = |(name, value): (&'t String, _)| (Some(&**name), Self::literal(value));
                Self::Object(members.map(entry).collect())
            }
            scalar => Self::Literal(scalar),
        }
    }
}

impl Template {
    /// Knowledge about its value before it is rendered.
    pub fn outline(&self) -> Outline<'_> {
        Outline::of(&self.root)
    }

    /// Compiles a template; reports everything that is wrong with it.
    pub fn compile(value: &serde_json::Value) -> Result<Self, Vec<Mistake>> {
        let mut reader = TemplateReader { mistakes: Vec::new(), depth: 0 };
        let root = reader.node(value, "");
        if reader.mistakes.is_empty() { Ok(Self { root }) } else { Err(reader.mistakes) }
    }

    /// The template itself when nothing in it is computed.
    pub fn literal(&self) -> Option<&serde_json::Value> {
        match &self.root {
            TemplateNode::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The keys of the object that it gives, where they are known before it is rendered.
    pub fn keys(&self) -> Option<Vec<&str>> {
        match self.outline() {
            Outline::Object(entries) => entries.into_iter().map(|(name, _)| name).collect(),
            _ => None,
        }
    }

    /// Checks all its expressions against the names in scope.
    pub fn check(&self, names: &dyn ScopeNames) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        check_node(&self.root, "", names, &mut mistakes);
        mistakes
    }

    /// Renders it with the names in `scope`; what is absent is left out.
    pub fn render(&self, scope: &Value) -> Result<serde_json::Value, Failure> {
        Renderer { writer: Writer::new(TEMPLATE_BYTES_MAX), keeps_absent: false }
            .whole(&self.root, scope)
    }

    /// Renders a merge patch (RFC 7396): what is absent is null, so that the example's value is not taken for it.
    pub fn render_patch(&self, scope: &Value) -> Result<serde_json::Value, Failure> {
        Renderer { writer: Writer::new(TEMPLATE_BYTES_MAX), keeps_absent: true }
            .whole(&self.root, scope)
    }
}

struct TemplateReader {
    mistakes: Vec<Mistake>,
    depth: usize,
}

impl TemplateReader {
    fn report(&mut self, pointer: &str, mistake: Mistake) -> TemplateNode {
        self.mistakes.push(mistake.at(pointer));
        TemplateNode::Literal(serde_json::Value::Null)
    }

    fn node(&mut self, value: &serde_json::Value, pointer: &str) -> TemplateNode {
        if self.depth == TEMPLATE_DEPTH_MAX {
            return self.report(pointer, Mistake::new("the template is nested too deeply"));
        }
        self.depth += 1;
        let node = match value {
            serde_json::Value::String(text) => self.text_node(text, pointer),
            serde_json::Value::Array(items) => self.list(items, value, pointer),
            serde_json::Value::Object(map) if map.contains_key(FOR_KEY) => {
                self.repeated(map, pointer)
            }
            serde_json::Value::Object(map) => self.object(map, value, pointer),
            scalar => TemplateNode::Literal(scalar.clone()),
        };
        self.depth -= 1;
        node
    }

    fn text_node(&mut self, text: &str, pointer: &str) -> TemplateNode {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(mistake) => return self.report(pointer, mistake),
        };
        match pieces.as_slice() {
            [] | [TextPiece::Literal(_)] => TemplateNode::Literal(text.into()),
            [TextPiece::Computed(expression)] => TemplateNode::Value(expression.clone()),
            _ => TemplateNode::Text(pieces.into()),
        }
    }

    fn list(
        &mut self,
        items: &[serde_json::Value],
        whole: &serde_json::Value,
        at: &str,
    ) -> TemplateNode {
        let nodes = items.iter().enumerate();
        let nodes: Vec<TemplateNode> =
            nodes.map(|(index, item)| self.node(item, &format!("{at}/{index}"))).collect();
        if nodes.iter().all(|node| matches!(node, TemplateNode::Literal(_))) {
            return TemplateNode::Literal(whole.clone());
        }
        TemplateNode::List(nodes)
    }

    fn object(
        &mut self,
        map: &Map<String, serde_json::Value>,
        whole: &serde_json::Value,
        pointer: &str,
    ) -> TemplateNode {
        let own = map.iter().filter(|(key, _)| *key != MERGE_KEY);
        let entries: Vec<TemplateEntry> =
            own.map(|(key, value)| self.entry(key, value, pointer)).collect();
        if let Some(merged) = map.get(MERGE_KEY) {
            let pointer = child(pointer, MERGE_KEY);
            let value = self.node(merged, &pointer);
            let key = TemplateKey::Literal(MERGE_KEY.into());
            return TemplateNode::Merged(Box::new(TemplateEntry { key, pointer, value }), entries);
        }
        let literal = entries.iter().all(|entry| {
            matches!(
                (&entry.key, &entry.value),
                (TemplateKey::Literal(_), TemplateNode::Literal(_))
            )
        });
        if literal { TemplateNode::Literal(whole.clone()) } else { TemplateNode::Object(entries) }
    }

    fn entry(&mut self, key: &str, value: &serde_json::Value, pointer: &str) -> TemplateEntry {
        let pointer = child(pointer, key);
        // Shorter ones are too near to what bodies have, such as `$id`; beside `$for` they are told all the same.
        let known = [VALUE_KEY, MERGE_KEY];
        if key.starts_with('$')
            && !known.contains(&key)
            && let Some(hint) = did_you_mean(key, known)
        {
            let mistake = Mistake::new(format!("`{key}` is not known in a template"));
            self.report(&pointer, mistake.hint(hint));
        } else if [VALUE_KEY, IF_KEY].contains(&key) {
            let mistake = Mistake::new(format!("`{key}` stands without `$for`"));
            self.report(&pointer, mistake.hint("add `$for: name in list` beside it"));
        }
        let read = match pieces(key) {
            Ok(pieces) if pieces.iter().any(|piece| matches!(piece, TextPiece::Computed(_))) => {
                TemplateKey::Computed(pieces.into())
            }
            Ok(_) => TemplateKey::Literal(key.into()),
            Err(mistake) => {
                self.report(&pointer, mistake);
                TemplateKey::Literal(key.into())
            }
        };
        let value = self.node(value, &pointer);
        TemplateEntry { key: read, pointer, value }
    }

    fn repeated(&mut self, map: &Map<String, serde_json::Value>, pointer: &str) -> TemplateNode {
        let head_pointer = child(pointer, FOR_KEY);
        let head = match map.get(FOR_KEY).map(|head| loop_head(head.as_str().unwrap_or_default())) {
            Some(Ok(head)) => Some(head),
            Some(Err(mistake)) => {
                self.report(&head_pointer, mistake);
                None
            }
            None => None,
        };
        let condition = map.get(IF_KEY).and_then(|text| {
            let text = text.as_str().ok_or_else(|| Mistake::new("`$if` is not an expression"));
            let compiled = text.and_then(Expression::compile);
            compiled.map_err(|mistake| self.report(&child(pointer, IF_KEY), mistake)).ok()
        });
        let is_body = |key: &String| ![FOR_KEY, IF_KEY].contains(&key.as_str());
        let rest: Vec<_> = map.iter().filter(|(key, _)| is_body(key)).collect();
        let [(key, value)] = rest.as_slice() else {
            let mistake = Mistake::new(format!("`$for` has {} entries beside it", rest.len()));
            return self.report(pointer, mistake.hint("give it one entry, or `$value` for a list"));
        };
        let body = if *key == VALUE_KEY {
            LoopBody::Element(self.node(value, &child(pointer, VALUE_KEY)))
        } else {
            LoopBody::Entry(self.entry(key, value, pointer))
        };
        let Some((name, list)) = head else {
            return TemplateNode::Literal(serde_json::Value::Null);
        };
        TemplateNode::Loop(Box::new(Loop {
            name,
            list,
            condition,
            pointer: pointer.to_owned(),
            body,
        }))
    }
}

/// Reads `name in list`.
pub(crate) fn loop_head(head: &str) -> Result<(Arc<str>, Expression), Mistake> {
    let wrong =
        || Mistake::new("this is not of the form `name in list`").hint("write it as `id in ids`");
    let (name, list) = head.split_once(" in ").ok_or_else(wrong)?;
    let name = name.trim();
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    if !starts || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(wrong());
    }
    Ok((name.into(), Expression::compile(list)?))
}

/// Cuts a text into literal pieces and compiled expressions.
fn pieces(text: &str) -> Result<Vec<TextPiece>, Mistake> {
    if !text.contains('{') {
        return Ok(if text.is_empty() {
            Vec::new()
        } else {
            vec![TextPiece::Literal(text.into())]
        });
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        refuse_statements(before)?;
        if !before.is_empty() {
            pieces.push(TextPiece::Literal(before.into()));
        }
        if after.starts_with('-') {
            return Err(Mistake::new("`{{-` has no meaning here")
                .hint("write `{{ …` with a space after it"));
        }
        let end = expression_end(after).ok_or_else(|| {
            Mistake::new("`{{` is not closed by `}}`").hint("write a literal `{{` as `{{ '{{' }}`")
        })?;
        pieces.push(TextPiece::Computed(Expression::compile(&after[..end])?));
        rest = &after[end + 2..];
    }
    refuse_statements(rest)?;
    if !rest.is_empty() {
        pieces.push(TextPiece::Literal(rest.into()));
    }
    Ok(pieces)
}

fn refuse_statements(literal: &str) -> Result<(), Mistake> {
    for (opening, what) in [("{%", "statements"), ("{#", "comments")] {
        if literal.contains(opening) {
            return Err(Mistake::new(format!("there are no {what} (`{opening}`) in a template"))
                .hint(format!("write a literal `{opening}` as `{{{{ '{opening}' }}}}`")));
        }
    }
    Ok(())
}

/// Index of the `}}` that ends an expression, past braces and quotes of the expression itself.
fn expression_end(text: &str) -> Option<usize> {
    let (mut quote, mut escaped, mut braces) = (None, false, 0_usize);
    let bytes = text.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), byte) if byte == open => quote = None,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'{') => braces += 1,
            (None, b'}') if braces > 0 => braces -= 1,
            (None, b'}') if bytes.get(index + 1) == Some(&b'}') => return Some(index),
            _ => {}
        }
    }
    None
}

fn check_expression(
    expression: &Expression,
    pointer: &str,
    names: &dyn ScopeNames,
    mistakes: &mut Vec<Mistake>,
) -> Type {
    let (known, found) = expression.check(names);
    mistakes.extend(found.into_iter().map(|mistake| mistake.at(pointer)));
    known
}

fn check_pieces(
    pieces: &[TextPiece],
    pointer: &str,
    names: &dyn ScopeNames,
    mistakes: &mut Vec<Mistake>,
) {
    for piece in pieces {
        if let TextPiece::Computed(expression) = piece {
            check_expression(expression, pointer, names, mistakes);
        }
    }
}

fn check_node(
    node: &TemplateNode,
    pointer: &str,
    names: &dyn ScopeNames,
    mistakes: &mut Vec<Mistake>,
) {
    match node {
        TemplateNode::Literal(_) => {}
        TemplateNode::Value(expression) => {
            if let Type::Table(table) = check_expression(expression, pointer, names, mistakes) {
                mistakes.push(
                    Mistake::new(format!("table `{table}` is not a value"))
                        .hint(format!("its records are `{table}.all()`"))
                        .at(pointer),
                );
            }
        }
        TemplateNode::Text(pieces) => check_pieces(pieces, pointer, names, mistakes),
        TemplateNode::List(items) => {
            for (index, item) in items.iter().enumerate() {
                check_node(item, &format!("{pointer}/{index}"), names, mistakes);
            }
        }
        TemplateNode::Object(entries) => {
            for entry in entries {
                check_entry(entry, names, mistakes);
            }
        }
        TemplateNode::Merged(merged, entries) => {
            for entry in entries.iter().chain([&**merged]) {
                check_entry(entry, names, mistakes);
            }
        }
        TemplateNode::Loop(repeated) => check_loop(repeated, names, mistakes),
    }
}

fn check_entry(entry: &TemplateEntry, names: &dyn ScopeNames, mistakes: &mut Vec<Mistake>) {
    if let TemplateKey::Computed(pieces) = &entry.key {
        check_pieces(pieces, &entry.pointer, names, mistakes);
    }
    check_node(&entry.value, &entry.pointer, names, mistakes);
}

fn check_loop(repeated: &Loop, names: &dyn ScopeNames, mistakes: &mut Vec<Mistake>) {
    let pointer = child(&repeated.pointer, FOR_KEY);
    let element = match check_expression(&repeated.list, &pointer, names, mistakes) {
        Type::List(element) => *element,
        Type::Any => Type::Any,
        Type::None => Type::None,
        known => {
            let (what, hint) = match known {
                Type::Table(table) => {
                    (format!("table `{table}`"), Some(format!("its records are `{table}.all()`")))
                }
                Type::Record(record) => (format!("one record of `{record}`"), None),
                Type::Fields(_) => ("one object".to_owned(), None),
                _ => ("one value".to_owned(), None),
            };
            let message = format!("`$for` needs a list, not {what}");
            mistakes.push(Mistake::new(message).maybe_hint(hint).at(&pointer));
            Type::Any
        }
    };
    let inner = Inner { outer: names, name: &repeated.name, element };
    if let Some(condition) = &repeated.condition {
        check_expression(condition, &child(&repeated.pointer, IF_KEY), &inner, mistakes);
    }
    match &repeated.body {
        LoopBody::Entry(entry) => check_entry(entry, &inner, mistakes),
        LoopBody::Element(node) => {
            check_node(node, &child(&repeated.pointer, VALUE_KEY), &inner, mistakes);
        }
    }
}

/// The names inside a loop: those outside and the loop's own.
struct Inner<'n> {
    outer: &'n dyn ScopeNames,
    name: &'n str,
    element: Type,
}

impl ScopeNames for Inner<'_> {
    fn name(&self, name: &str) -> Option<Type> {
        if name == self.name { Some(self.element.clone()) } else { self.outer.name(name) }
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.outer.names();
        names.push(self.name.to_owned());
        names
    }

    fn property(&self, record: &str, property: &str) -> Option<Type> {
        self.outer.property(record, property)
    }

    fn properties(&self, record: &str) -> Vec<String> {
        self.outer.properties(record)
    }

    fn views(&self, record: &str) -> Vec<String> {
        self.outer.views(record)
    }

    fn view_parameters(&self, record: &str, view: &str) -> Vec<String> {
        self.outer.view_parameters(record, view)
    }
}

/// The scope inside a loop.
struct LoopScope {
    outer: Value,
    name: Arc<str>,
    element: Value,
}

impl fmt::Debug for LoopScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entry(&self.name, &self.element).finish_non_exhaustive()
    }
}

impl Object for LoopScope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == &*self.name {
            return Some(self.element.clone());
        }
        self.outer.as_object()?.get_value_by_str(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

struct Renderer {
    writer: Writer,
    /// Whether what is absent is null.
    keeps_absent: bool,
}

fn failure(expression: &Expression, unwritable: Unwritable) -> Failure {
    let reason = match unwritable {
        Unwritable::TooLarge => format!("the answer grows beyond {TEMPLATE_BYTES_MAX} bytes"),
        Unwritable::Broken(reason) => reason,
    };
    Failure::new(expression.source_shared(), reason)
}

fn too_large() -> Failure {
    let reason = format!("the answer grows beyond {TEMPLATE_BYTES_MAX} bytes");
    Failure::new(&"template".into(), reason)
}

impl Renderer {
    fn charge(&mut self, bytes: usize) -> Result<(), Failure> {
        self.writer.charge(bytes).map_err(|_| too_large())
    }

    fn whole(&mut self, node: &TemplateNode, scope: &Value) -> Result<serde_json::Value, Failure> {
        Ok(self.node(node, scope)?.unwrap_or_default())
    }

    /// The value of a node; `None` where it is absent.
    fn node(
        &mut self,
        node: &TemplateNode,
        scope: &Value,
    ) -> Result<Option<serde_json::Value>, Failure> {
        let value = match node {
            TemplateNode::Literal(value) => {
                self.writer.charge_json(value).map_err(|_| too_large())?;
                value.clone()
            }
            TemplateNode::Value(expression) => {
                let value = expression.eval_as_is(scope)?;
                if value.is_undefined() && !self.keeps_absent {
                    return Ok(None);
                }
                if matches!(value.kind(), ValueKind::Plain) {
                    let reason = format!("{} is not a value", noun(&value));
                    return Err(Failure::new(expression.source_shared(), reason));
                }
                self.writer.write_owned(value).map_err(|error| failure(expression, error))?
            }
            TemplateNode::Text(pieces) => serde_json::Value::String(self.text(pieces, scope)?),
            TemplateNode::List(items) => {
                self.charge(0)?;
                let items = items.iter().filter_map(|item| self.node(item, scope).transpose());
                items.collect::<Result<_, _>>()?
            }
            TemplateNode::Object(entries) => {
                self.charge(0)?;
                let mut map = Map::with_capacity(entries.len());
                for entry in entries {
                    self.entry(entry, scope, &mut map)?;
                }
                serde_json::Value::Object(map)
            }
            TemplateNode::Merged(merged, entries) => {
                let mut map = self.merge(merged, scope)?;
                for entry in entries {
                    self.entry(entry, scope, &mut map)?;
                }
                serde_json::Value::Object(map)
            }
            TemplateNode::Loop(repeated) => self.repeat(repeated, scope)?,
        };
        Ok(Some(value))
    }

    /// The entries of the object, or of the objects one after the other, that `$merge` gives.
    fn merge(
        &mut self,
        merged: &TemplateEntry,
        scope: &Value,
    ) -> Result<Map<String, serde_json::Value>, Failure> {
        self.charge(0)?;
        let parts = match self.whole(&merged.value, scope)? {
            serde_json::Value::Array(parts) => parts,
            one => vec![one],
        };
        let mut map = Map::new();
        for part in parts {
            match part {
                serde_json::Value::Object(members) => map.extend(members),
                serde_json::Value::Null => {}
                other => {
                    let reason = format!("`$merge` needs objects, not `{other}`");
                    return Err(Failure::new(&merged.pointer.as_str().into(), reason));
                }
            }
        }
        Ok(map)
    }

    fn text(&mut self, pieces: &[TextPiece], scope: &Value) -> Result<String, Failure> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                TextPiece::Literal(literal) => text.push_str(literal),
                TextPiece::Computed(expression) => {
                    text.push_str(&json::to_text(&expression.eval(scope)?));
                }
            }
            if text.len() > TEMPLATE_BYTES_MAX {
                return Err(too_large());
            }
        }
        self.charge(text.len())?;
        Ok(text)
    }

    fn entry(
        &mut self,
        entry: &TemplateEntry,
        scope: &Value,
        map: &mut Map<String, serde_json::Value>,
    ) -> Result<(), Failure> {
        let key = match &entry.key {
            TemplateKey::Literal(key) => {
                self.charge(key.len())?;
                String::from(&**key)
            }
            TemplateKey::Computed(pieces) => self.text(pieces, scope)?,
        };
        if let Some(value) = self.node(&entry.value, scope)? {
            map.insert(key, value);
        }
        Ok(())
    }

    fn repeat(&mut self, repeated: &Loop, scope: &Value) -> Result<serde_json::Value, Failure> {
        self.charge(0)?;
        let list = repeated.list.eval(scope)?;
        let wrong = |reason: String| Failure::new(repeated.list.source_shared(), reason);
        if !matches!(list.kind(), ValueKind::None | ValueKind::Seq | ValueKind::Iterable) {
            return Err(wrong(format!("`$for` needs a list, not {}", noun(&list))));
        }
        let elements = list.try_iter().map_err(|error| wrong(error.to_string()))?;
        let mut map = Map::new();
        let mut items = Vec::new();
        for element in elements {
            self.charge(0)?;
            let inner = Value::from_object(LoopScope {
                outer: scope.clone(),
                name: Arc::clone(&repeated.name),
                element: settled(element),
            });
            if let Some(condition) = &repeated.condition
                && !condition.holds(&inner)?
            {
                continue;
            }
            match &repeated.body {
                LoopBody::Entry(entry) => self.entry(entry, &inner, &mut map)?,
                LoopBody::Element(node) => items.extend(self.node(node, &inner)?),
            }
        }
        Ok(match repeated.body {
            LoopBody::Entry(_) => serde_json::Value::Object(map),
            LoopBody::Element(_) => serde_json::Value::Array(items),
        })
    }
}
