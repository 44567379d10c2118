//! Records as expressions see them: resources by name, records with their links, and lists of records, each looked
//! up only when it is read.
//!
//! Everything shows one moment: the store is a snapshot taken before any effect. Must not change anything, nor know
//! of requests.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, from_args};
use minijinja::{Error, ErrorKind, State};
use serde_json::Value as Json;

use crate::behavior::overlay::Overlay;
use crate::behavior::shape::{Link, Shapes};
use crate::behavior::view;
use crate::clock::Timestamp;
use crate::expression::{Holder, Value, from_json, from_json_shared, from_member, spend, to_json};
use crate::store::{Key, Record, Scalar, Store};

/// Steps of the request's budget that a view takes beside one for each property: it is a template of its own.
const VIEW_STEPS: usize = 16;

/// How many values `free` looks at: so many records of one name are no accident.
const FREE_TRIES_MAX: usize = 100_000;

/// The records of one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) shapes: Arc<Shapes>,
    pub(crate) store: Store,
    pub(crate) now: Timestamp,
    pub(crate) settings: Value,
}

impl Snapshot {
    /// At the same moment with other records.
    pub(crate) fn with(&self, store: Store) -> Arc<Self> {
        let (shapes, settings) = (Arc::clone(&self.shapes), self.settings.clone());
        Arc::new(Self { shapes, store, now: self.now, settings })
    }

    /// What is in scope everywhere: the resources, `now` and `settings`.
    pub(crate) fn name(self: &Arc<Self>, name: &str) -> Option<Value> {
        match name {
            "now" => Some(Value::from(self.now.to_rfc3339())),
            "settings" => Some(self.settings.clone()),
            name => self.shapes.number(name).map(|resource| self.table(resource)),
        }
    }

    /// A resource as expressions see it.
    pub(crate) fn table(self: &Arc<Self>, resource: usize) -> Value {
        Value::from_object(TableValue { snapshot: Arc::clone(self), resource })
    }

    /// A record as expressions see it; `none` where there is none.
    pub(crate) fn record(self: &Arc<Self>, resource: usize, key: &Key) -> Value {
        match self.store.get(resource, key) {
            Some(record) => Value::from_object(RecordValue {
                snapshot: Arc::clone(self),
                resource,
                key: key.clone(),
                record: Arc::clone(record),
            }),
            None => Value::from(()),
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snapshot")
    }
}

/// A resource by its name: `organizations[id]`, `.get(slug=x)`, `.find(id, organization_id=x)`, `.all()`.
#[derive(Debug)]
struct TableValue {
    snapshot: Arc<Snapshot>,
    resource: usize,
}

impl Object for TableValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key_from(key)?;
        let found = self.snapshot.record(self.resource, &key);
        (!found.is_none()).then_some(found)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.snapshot.store.len(self.resource) > 0
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "all" => {
                from_args::<()>(args)?;
                spend(self.snapshot.store.len(self.resource))?;
                let keys =
                    self.snapshot.store.iter(self.resource).map(|(key, _)| key.clone()).collect();
                Ok(self.list(keys))
            }
            "get" => {
                // Not as `Kwargs`, which takes note of every argument that is read.
                match args {
                    [given] if given.is_kwargs() => self.get_by(given),
                    _ => from_args::<(Kwargs,)>(args).and_then(|_| self.get_by(&Value::from(()))),
                }
            }
            "find" => {
                // Without `Kwargs`, which would be made of nothing.
                if let [id] = args
                    && !id.is_kwargs()
                {
                    return Ok(self.find_by_id(id));
                }
                let (id, rest): (Value, Kwargs) = from_args(args)?;
                self.find(&id, &rest)
            }
            "free" => {
                let (property, wanted, rest): (String, Value, Kwargs) = from_args(args)?;
                self.free(&property, &wanted, &rest)
            }
            "was_deleted" => {
                let (key,): (Value,) = from_args(args)?;
                let was_deleted = |key| self.snapshot.store.was_deleted(self.resource, &key);
                Ok(Value::from(key_from(&key).is_some_and(was_deleted)))
            }
            "changed" => {
                from_args::<()>(args)?;
                Ok(Value::from(self.snapshot.store.has_changed(self.resource)))
            }
            "stored" => {
                let (outside,): (Value,) = from_args(args)?;
                self.stored(&outside)
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

impl TableValue {
    /// What an object in the default view is inside: properties under their own names, without those that the view only
    /// adds and those that records cannot have.
    fn stored(&self, outside: &Value) -> Result<Value, Error> {
        let shape = &self.snapshot.shapes[self.resource];
        let Json::Object(members) = to_json(outside) else {
            let reason = format!("an object is needed, not `{outside}`");
            return Err(Error::new(ErrorKind::InvalidOperation, reason));
        };
        let view = shape.views.get(view::DEFAULT);
        let inside = members.into_iter().filter_map(|(name, value)| {
            let inside = view.map_or(Some(&name), |view| view.inside(&name))?.clone();
            shape.knows(&inside).then_some((inside, value))
        });
        Ok(from_json_shared(Arc::new(Json::Object(inside.collect()))))
    }

    fn list(&self, keys: Vec<Key>) -> Value {
        RecordList::of(&self.snapshot, self.resource, keys)
    }

    /// The first of `wanted`, `wanted-1`, `wanted-2` … that no record has as this property; `rest` are the other properties
    /// of its key or unique group.
    fn free(&self, property: &str, wanted: &Value, rest: &Kwargs) -> Result<Value, Error> {
        let Some(wanted) = scalar_from(wanted).map(|wanted| wanted.to_string()) else {
            return Ok(Value::UNDEFINED);
        };
        let store = &self.snapshot.store;
        let model = &store.model().resources[self.resource];
        let given: Vec<&str> = rest.args().collect();
        let is_meant = |group: &[String]| {
            group.len() == given.len() + 1
                && group.iter().all(|name| name == property || given.contains(&name.as_str()))
        };
        let unique = model.unique.iter().position(|group| is_meant(group));
        // The key goes first.
        let unique = unique.filter(|_| !is_meant(&model.key));
        let group = match unique {
            Some(number) => &model.unique[number],
            None if is_meant(&model.key) => &model.key,
            None => {
                let reason = format!("`{}` has no key and no unique group of that", model.name);
                return Err(Error::new(ErrorKind::InvalidOperation, reason));
            }
        };
        let mut parts = Vec::with_capacity(group.len());
        for name in group {
            let part = if name == property {
                Some(Scalar::from(""))
            } else {
                scalar_from(&rest.get(name)?)
            };
            // Where one of a group is absent, nothing is taken.
            let Some(part) = part else { return Ok(Value::from(wanted)) };
            parts.push(part);
        }
        let place = group.iter().position(|name| name == property).unwrap_or_default();
        for number in 0..FREE_TRIES_MAX {
            spend(1)?;
            let text = if number == 0 { wanted.clone() } else { format!("{wanted}-{number}") };
            parts[place] = Scalar::from(text.as_str());
            let key = Key::new(parts.clone());
            let is_taken = match unique {
                Some(unique) => store.find(self.resource, unique, &key).is_some(),
                None => store.get(self.resource, &key).is_some(),
            };
            if !is_taken {
                return Ok(Value::from(text));
            }
        }
        let reason =
            format!("`{wanted}` and what counts on from it is taken {FREE_TRIES_MAX} times");
        Err(Error::new(ErrorKind::InvalidOperation, reason))
    }

    /// The record with these values of its key or of a unique group.
    fn get_by(&self, given: &Value) -> Result<Value, Error> {
        let model = &self.snapshot.store.model().resources[self.resource];
        let value_of = |property: &String| {
            given.as_object().and_then(|given| given.get_value_by_str(property))
        };
        let is_asked = |group: &[String]| {
            given.len() == Some(group.len()) && group.iter().all(|name| value_of(name).is_some())
        };
        let key_of = |group: &[String]| match group {
            [property] => scalar_from(&value_of(property)?).map(Key::from),
            _ => group
                .iter()
                .map(|name| scalar_from(&value_of(name)?))
                .collect::<Option<_>>()
                .map(Key::new),
        };
        if is_asked(&model.key) {
            return Ok(key_of(&model.key)
                .map_or_else(|| Value::from(()), |key| self.snapshot.record(self.resource, &key)));
        }
        let Some(number) = model.unique.iter().position(|group| is_asked(group)) else {
            let names: Vec<_> = given.try_iter()?.map(|name| name.to_string()).collect();
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("`{}` has no key and no unique group of {}", model.name, names.join(", ")),
            ));
        };
        let found = key_of(&model.unique[number]).and_then(|values| {
            self.snapshot.store.find(self.resource, number, &values).map(|(key, _)| key.clone())
        });
        Ok(found.map_or_else(|| Value::from(()), |key| self.snapshot.record(self.resource, &key)))
    }

    /// The record whose key is `id` alone; none where a key has more parts.
    fn find_by_id(&self, id: &Value) -> Value {
        let is_whole = self.snapshot.store.model().resources[self.resource].key.len() == 1;
        let key = scalar_from(id).filter(|_| is_whole).map(Key::from);
        key.map_or_else(|| Value::from(()), |key| self.snapshot.record(self.resource, &key))
    }

    /// The record whose key is `id`, with the other parts of a composite key given by name.
    fn find(&self, id: &Value, rest: &Kwargs) -> Result<Value, Error> {
        let model = &self.snapshot.store.model().resources[self.resource];
        let mut parts = Vec::with_capacity(model.key.len());
        let mut id = Some(id);
        for property in &model.key {
            let part = match rest.get::<Option<Value>>(property)? {
                Some(value) => scalar_from(&value),
                None => id.take().and_then(scalar_from),
            };
            let Some(part) = part else { return Ok(Value::from(())) };
            parts.push(part);
        }
        rest.assert_all_used()?;
        Ok(self.snapshot.record(self.resource, &Key::new(parts)))
    }
}

/// What is in scope everywhere.
#[derive(Debug)]
struct Everywhere(Arc<Snapshot>);

impl Object for Everywhere {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.name(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        self.0.name(name)
    }
}

/// One record: its properties, and its links to others by name.
pub(crate) struct RecordValue {
    snapshot: Arc<Snapshot>,
    pub(crate) resource: usize,
    pub(crate) key: Key,
    pub(crate) record: Arc<Record>,
}

impl fmt::Debug for RecordValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.key)
    }
}

impl RecordValue {
    /// The name of its resource.
    pub(crate) fn resource_name(&self) -> &str {
        &self.snapshot.shapes[self.resource].name
    }

    /// The record as it looks outside; `given` are values of the view's parameters.
    fn view(self: &Arc<Self>, name: Option<&str>, given: Option<&Value>) -> Result<Value, Error> {
        let shape = &self.snapshot.shapes[self.resource];
        let fields = self.record.fields();
        spend(fields.len() + VIEW_STEPS)?;
        let Some(view) = shape.views.get(name.unwrap_or(view::DEFAULT)) else {
            return match name {
                None => Ok(from_json_shared(Arc::new(Json::Object(fields.into_owned())))),
                Some(name) => {
                    let reason = format!("`{}` has no view `{name}`", shape.name);
                    Err(Error::new(ErrorKind::InvalidOperation, reason))
                }
            };
        };
        let record = Value::from_dyn_object(Arc::clone(self));
        let everywhere = Value::from_object(Everywhere(Arc::clone(&self.snapshot)));
        let mut scope = Overlay::over(&everywhere, [("record", record)]);
        for name in given.map(Value::try_iter).transpose()?.into_iter().flatten() {
            if !view.parameters().contains_key(name.as_str().unwrap_or_default()) {
                let reason = format!("a view of `{}` has no parameter `{name}`", shape.name);
                return Err(Error::new(ErrorKind::InvalidOperation, reason));
            }
        }
        for (name, default) in view.parameters() {
            let value = given.and_then(|given| given.get_attr(name).ok());
            let value = value.filter(|value| !value.is_undefined());
            scope = Overlay::with(&scope, name, value.unwrap_or_else(|| from_json(default)));
        }
        view.render(&fields, &scope).map(|shown| from_json_shared(Arc::new(shown)))
    }

    fn follow(&self, link: Link) -> Value {
        let store = &self.snapshot.store;
        let (resource, entries) = match link {
            Link::To { relation, many } => {
                let target = store.model().resources[self.resource].relations[relation].target;
                let entries = store.targets(self.resource, relation, &self.record);
                if !many {
                    let key = entries.first().map(|(key, _)| *key);
                    return key
                        .map_or_else(|| Value::from(()), |key| self.snapshot.record(target, key));
                }
                (target, entries)
            }
            Link::From { resource, relation } => {
                (resource, store.referrers(resource, relation, &self.key).collect())
            }
        };
        let keys = entries.into_iter().map(|(key, _)| key.clone()).collect();
        RecordList::of(&self.snapshot, resource, keys)
    }
}

impl Object for RecordValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(value) = member(&self.record, name) {
            return Some(value);
        }
        let link = self.snapshot.shapes[self.resource].link(name)?;
        Some(self.follow(link))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.record.names().map(Value::from).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "view" => {
                // Not as `Kwargs`, which are made anew for every record that is shown.
                let given = args.last().filter(|last| last.is_kwargs());
                let named = &args[..args.len() - usize::from(given.is_some())];
                let (name,): (Option<String>,) = from_args(named)?;
                self.view(name.as_deref(), given)
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// A property of a record, read where it is if the record has it as it is.
fn member(record: &Arc<Record>, name: &str) -> Option<Value> {
    if record.job().is_none() {
        return from_member(record, name);
    }
    record.get(name).map(|value| from_json(&value))
}

impl Holder for Record {
    fn member(&self, name: &str) -> Option<&Json> {
        self.plain()?.get(name)
    }
}

/// Records of one resource, in key order; each is looked up when it is read.
#[derive(Debug)]
pub(crate) struct RecordList {
    snapshot: Arc<Snapshot>,
    pub(crate) resource: usize,
    pub(crate) keys: Vec<Key>,
}

impl RecordList {
    /// The records of these keys, in this order.
    pub(crate) fn of(snapshot: &Arc<Snapshot>, resource: usize, keys: Vec<Key>) -> Value {
        Value::from_object(Self { snapshot: Arc::clone(snapshot), resource, keys })
    }
}

impl Object for RecordList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = self.keys.get(key.as_usize()?)?;
        Some(self.snapshot.record(self.resource, key))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.keys.len())
    }
}

/// The key that a value names: a scalar, or the list of the parts of a composite key.
pub(crate) fn key_from(value: &Value) -> Option<Key> {
    if let Some(scalar) = scalar_from(value) {
        return Some(Key::from(scalar));
    }
    if value.as_str().is_some() || value.len().is_none() {
        return None;
    }
    value.try_iter().ok()?.map(|part| scalar_from(&part)).collect::<Option<Vec<_>>>().map(Key::new)
}

fn scalar_from(value: &Value) -> Option<Scalar> {
    if let Some(text) = value.as_str() {
        return Some(Scalar::from(text));
    }
    match value.kind() {
        minijinja::value::ValueKind::Bool => Some(Scalar::Bool(value.is_true())),
        _ => value.as_i64().map(Scalar::from),
    }
}
