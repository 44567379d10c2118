//! What stands around a record or a list of them in a body.
//!
//! Must not know requests.

use serde_json::{Map, Value, json};

use crate::infer::key;
use crate::infer::key::Found;
use crate::infer::shape::{ObjectShape, items};
use crate::infer::words::{plain, words};
use crate::openapi::{Schemas, Types};

/// Names of properties that hold a record, the likeliest first.
const ITEM_NAMES: [&str; 9] =
    ["data", "result", "item", "response", "payload", "resource", "attributes", "content", "value"];

/// Names of properties that hold a list, the likeliest first.
const LIST_NAMES: [&str; 11] = [
    "data", "items", "results", "values", "value", "entries", "records", "list", "content", "rows",
    "elements",
];

/// What a resource is called, for finding its records.
#[derive(Clone, Copy)]
pub(super) struct Named<'n> {
    /// Its name in the singular, in words.
    pub(super) singular: &'n [String],
    /// Its name as the path has it.
    pub(super) plural: &'n str,
    /// The parameter that picks a record; empty where there is none.
    pub(super) parameter: &'n str,
}

/// A record in a body.
#[derive(Clone, Debug)]
pub(super) struct ItemEnvelope<'c> {
    /// The properties that lead to it.
    pub(super) path: Vec<&'c str>,
    /// Whether it is the one element of a list there.
    pub(super) is_listed: bool,
    /// Whether its properties are below `attributes`, beside its `id` (JSON:API).
    pub(super) is_json_api: bool,
    /// Whether its key is beside its properties and not among them.
    pub(super) is_key_outside: bool,
    /// Its properties.
    pub(super) shape: ObjectShape<'c>,
    /// The schema of the record.
    pub(super) schema: &'c Value,
    /// The property that identifies it.
    pub(super) key: Option<(&'c str, Found)>,
}

impl<'c> ItemEnvelope<'c> {
    /// The properties that are shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = &'c str> {
        let outside = self.key.filter(|_| self.is_key_outside).map(|(name, _)| name);
        let shown = self.shape.properties.iter();
        let shown = shown
            .filter(move |(name, property)| !property.is_write_only && Some(**name) != outside);
        shown.map(|(name, _)| *name)
    }
}

impl<'c> ItemEnvelope<'c> {
    /// The view that shows these of its properties, without what is only written inside of them.
    pub(super) fn view(&self, schemas: &'c Schemas, shown: &[&str]) -> Map<String, Value> {
        let mut view = Map::from_iter([("only".to_owned(), json!(shown))]);
        let mut inside = self.shape.written_inside(schemas);
        inside.retain(|path| path.split('.').next().is_some_and(|first| shown.contains(&first)));
        if !inside.is_empty() {
            view.insert("hide".into(), json!(inside));
        }
        view
    }
}

/// A list of records in a body.
#[derive(Clone, Debug)]
pub(super) struct ListEnvelope<'c> {
    /// The properties that lead to the list.
    pub(super) path: Vec<&'c str>,
    /// What is around each record.
    pub(super) item: ItemEnvelope<'c>,
}

/// The record in a body of this schema.
pub(super) fn item<'c>(
    schemas: &'c Schemas,
    schema: &'c Value,
    named: Named<'_>,
) -> Option<ItemEnvelope<'c>> {
    let Some(element) = items(schemas, schema) else { return object(schemas, schema, named) };
    let inner = object(schemas, element, named)?;
    let is_bare = inner.path.is_empty() && !inner.is_json_api;
    is_bare.then_some(ItemEnvelope { is_listed: true, ..inner })
}

/// The record that is an object of this schema, or that is in it.
fn object<'c>(
    schemas: &'c Schemas,
    schema: &'c Value,
    named: Named<'_>,
) -> Option<ItemEnvelope<'c>> {
    let shape = ObjectShape::of(schemas, schema)?;
    let key = find_key(schemas, &shape, named);
    let bare = |key| ItemEnvelope {
        path: Vec::new(),
        is_listed: false,
        is_json_api: false,
        is_key_outside: false,
        shape: shape.clone(),
        schema,
        key,
    };
    if key.is_some_and(|(_, found)| found.is_strong()) {
        return Some(json_api(schemas, bare(key)));
    }
    match inside(schemas, &shape, named) {
        Some(inner) => Some(inner),
        None => Some(json_api(schemas, bare(key))),
    }
}

fn find_key<'c>(
    schemas: &'c Schemas,
    shape: &ObjectShape<'c>,
    named: Named<'_>,
) -> Option<(&'c str, Found)> {
    // The record of a path without a parameter has no key.
    let parameter = Some(named.parameter).filter(|parameter| !parameter.is_empty())?;
    key::find(schemas, shape, parameter, named.singular)
}

/// The record below one of the properties.
fn inside<'c>(
    schemas: &'c Schemas,
    shape: &ObjectShape<'c>,
    named: Named<'_>,
) -> Option<ItemEnvelope<'c>> {
    let one = named.singular.concat();
    let last = named.singular.last().cloned().unwrap_or_default();
    let many = plain(named.plural);
    let own = [one, last, many];
    let mut candidates: Vec<&'c str> = Vec::new();
    for wanted in own.iter().map(String::as_str).chain(ITEM_NAMES) {
        candidates.extend(shape.names().find(|name| plain(name) == wanted));
    }
    let objects = shape
        .properties
        .iter()
        .filter(|(_, property)| ObjectShape::of(schemas, property.schema).is_some());
    let mut objects = objects.map(|(name, _)| *name);
    if let (Some(only), None) = (objects.next(), objects.next()) {
        candidates.push(only);
    }
    candidates.into_iter().find_map(|name| {
        let schema = shape.get(name)?.schema;
        let (record, is_listed) = match items(schemas, schema) {
            Some(item) => (item, true),
            None => (schema, false),
        };
        let inner = ObjectShape::of(schemas, record)?;
        let key = find_key(schemas, &inner, named);
        let is_own = own.iter().any(|own| *own == plain(name)) || ITEM_NAMES[..1].contains(&name);
        let may_lack_key = is_own && (named.parameter.is_empty() || !is_listed);
        if key.is_none() && !may_lack_key {
            return None;
        }
        let found = ItemEnvelope {
            path: vec![name],
            is_listed,
            is_json_api: false,
            is_key_outside: false,
            shape: inner,
            schema: record,
            key,
        };
        Some(json_api(schemas, found))
    })
}

/// The record of JSON:API: `id` and `type` beside `attributes`, which has the rest.
fn json_api<'c>(schemas: &'c Schemas, found: ItemEnvelope<'c>) -> ItemEnvelope<'c> {
    let has = |name: &str| found.shape.get(name);
    let attributes = has("attributes").filter(|_| has("id").is_some() && has("type").is_some());
    let inner = attributes.and_then(|one| ObjectShape::of(schemas, one.schema));
    let Some(mut inner) = inner else { return found };
    let id = found.shape.properties.get_key_value("id").map(|(name, one)| (*name, *one));
    let mut is_key_outside = false;
    if let Some((name, property)) = id {
        is_key_outside = !inner.properties.contains_key(name);
        inner.properties.entry(name).or_insert(property);
    }
    ItemEnvelope {
        shape: inner,
        is_json_api: true,
        is_key_outside,
        key: Some(("id", Found::Id)),
        ..found
    }
}

/// The list in a body of this schema.
pub(super) fn list<'c>(
    schemas: &'c Schemas,
    schema: &'c Value,
    named: Named<'_>,
) -> Option<ListEnvelope<'c>> {
    if let Some(element) = items(schemas, schema) {
        let item = listed_item(schemas, element, named)?;
        return Some(ListEnvelope { path: Vec::new(), item });
    }
    let shape = ObjectShape::of(schemas, schema)?;
    match list_in(schemas, &shape, named) {
        Ok(found) => found,
        Err(NoList) => deeper_list(schemas, &shape, named),
    }
}

/// An object has no list of objects.
struct NoList;

/// The list of records among the properties of an object; `Ok(None)` where it has lists, and none is of records.
fn list_in<'c>(
    schemas: &'c Schemas,
    shape: &ObjectShape<'c>,
    named: Named<'_>,
) -> Result<Option<ListEnvelope<'c>>, NoList> {
    let lists: Vec<(&'c str, &'c Value)> = shape
        .properties
        .iter()
        .filter_map(|(name, property)| Some((*name, items(schemas, property.schema)?)))
        .filter(|(_, item)| ObjectShape::of(schemas, item).is_some())
        .collect();
    if lists.is_empty() {
        return Err(NoList);
    }
    let found = chosen(&lists, named).and_then(|(name, element)| {
        let item = listed_item(schemas, element, named)?;
        Some(ListEnvelope { path: vec![name], item })
    });
    Ok(found)
}

/// The list of records in an object that is one of the properties.
fn deeper_list<'c>(
    schemas: &'c Schemas,
    shape: &ObjectShape<'c>,
    named: Named<'_>,
) -> Option<ListEnvelope<'c>> {
    let own = plain(named.plural);
    let deeper = ["data", "_embedded", "result", "response", "payload", "embedded"];
    let around =
        shape.properties.iter().filter(|(name, _)| deeper.contains(*name) || plain(name) == own);
    around.into_iter().find_map(|(name, property)| {
        let inner = ObjectShape::of(schemas, property.schema)?;
        let inner = list_in(schemas, &inner, named).ok().flatten()?;
        let path = [*name].into_iter().chain(inner.path).collect();
        Some(ListEnvelope { path, item: inner.item })
    })
}

/// Which of several lists has the records.
fn chosen<'c>(lists: &[(&'c str, &'c Value)], named: Named<'_>) -> Option<(&'c str, &'c Value)> {
    if let [only] = lists {
        return Some(*only);
    }
    let own = plain(named.plural);
    let one = named.singular.concat();
    let mut wanted = [own.as_str(), one.as_str()].into_iter().chain(LIST_NAMES);
    wanted.find_map(|wanted| lists.iter().find(|(name, _)| plain(name) == wanted).copied())
}

/// A record as it stands in a list: bare, or in an object of one property.
fn listed_item<'c>(
    schemas: &'c Schemas,
    schema: &'c Value,
    named: Named<'_>,
) -> Option<ItemEnvelope<'c>> {
    item(schemas, schema, named).filter(|item| !item.is_listed)
}

/// A body with a record in it: what stands around it is as documented.
pub(super) fn around_item(
    envelope: &ItemEnvelope<'_>,
    documented: &Value,
    record: &Record,
) -> Value {
    let inner = if envelope.is_json_api {
        let at = at_path(documented, &envelope.path);
        let at = if envelope.is_listed { at.and_then(|list| list.get(0)) } else { at };
        let mut outer = crate::infer::shape::members(at);
        outer.retain(|name, _| {
            !matches!(name.as_str(), "id" | "attributes" | "links" | "relationships")
        });
        let mut outer: Map<String, Value> =
            outer.into_iter().map(|(name, value)| (name, super::shape::literal(&value))).collect();
        outer.insert("id".into(), json!(record.id));
        outer.insert("attributes".into(), json!(record.shown));
        Value::Object(outer)
    } else {
        json!(record.shown)
    };
    let inner = if envelope.is_listed { json!([inner]) } else { inner };
    around(&envelope.path, Some(documented), inner)
}

/// How a record is written into a body.
pub(super) struct Record {
    /// Its template as it looks outside.
    pub(super) shown: String,
    /// The template of its key.
    pub(super) id: String,
}

/// Puts a value where a path leads, among what is documented beside it.
pub(super) fn around(path: &[&str], documented: Option<&Value>, inner: Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return inner };
    let beside = documented.and_then(Value::as_object);
    let mut outer: Map<String, Value> = beside
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), super::shape::literal(value)))
        .collect();
    let below = documented.and_then(|documented| documented.get(*first));
    outer.insert((*first).to_owned(), around(rest, below, inner));
    Value::Object(outer)
}

/// What a documented body has where a path leads.
pub(super) fn at_path<'v>(documented: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(documented, |at, name| at.get(*name))
}

/// The property that a request's body is wrapped in: its only one, an object that has the name of the resource or `data`.
pub(super) fn request_wrapper<'c>(
    schemas: &'c Schemas,
    shape: &ObjectShape<'c>,
    named: Named<'_>,
) -> Option<(&'c str, ObjectShape<'c>)> {
    let mut properties = shape.properties.iter();
    let (Some((name, property)), None) = (properties.next(), properties.next()) else {
        return None;
    };
    let is_object = (schemas.types(property.schema) & Types::OBJECT) != Types::NONE;
    let own = [named.singular.concat(), named.singular.last().cloned().unwrap_or_default()];
    let is_own = own.iter().any(|own| *own == words(name).concat()) || *name == "data";
    let inner = ObjectShape::of(schemas, property.schema).filter(|_| is_object && is_own)?;
    Some((name, inner))
}
