//! Records and changes of them, with what their properties say to the store.
//!
//! Must not know other records.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::jobs;
use crate::jobs::JobRecord;
use crate::memory::members_bytes;

use super::error::RecordError;
use super::key::{Key, Scalar};
use super::model::ResourceModel;
use super::path;
use super::path::PropertyPath;

/// One record: its properties, and what they say to the store.
#[derive(Clone, Debug)]
pub struct Record {
    fields: Fields,
    /// About what it takes in memory.
    bytes: usize,
    /// Ordered, each once. Read out of the properties when the record is made: taking it out of the indexes
    /// again is most of what a deletion does, and properties are scattered over the memory.
    links: Box<[IndexLink]>,
}

impl PartialEq for Record {
    /// Returns true if both say the same.
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields && self.links == other.links
    }
}

/// The properties of a record.
#[derive(Clone, Debug, PartialEq)]
enum Fields {
    /// As they are.
    Plain(Map<String, Value>),
    /// Those of a job, of which each task changes a little.
    Job(Box<JobRecord>),
}

impl Fields {
    /// Most records of jobs are what jobs make of them; others are kept as they were given.
    fn read(model: &ResourceModel, fields: Map<String, Value>) -> Self {
        if model.due.is_none() {
            return Self::Plain(fields);
        }
        match JobRecord::read(fields) {
            Ok(job) => Self::Job(Box::new(job)),
            Err(fields) => Self::Plain(fields),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Plain(fields) => members_bytes(fields),
            Self::Job(job) => job.bytes(),
        }
    }
}

/// One thing that the properties say, and that an index may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct IndexLink {
    slot: Slot,
    key: Key,
    /// A reference that leads nowhere for good: its target was deleted, or missing when it was written.
    detached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    /// The values of the unique properties at that place of the model, together.
    Unique(u16),
    /// A key referred to by the relation at that place.
    Reference(u16),
    /// When the record falls due.
    Due,
}

/// A slot of a model; more entries than a slot can number fit in no behavior file under its size limit.
fn numbered(slot: fn(u16) -> Slot, number: usize) -> Slot {
    slot(u16::try_from(number).unwrap_or(u16::MAX))
}

impl Record {
    /// The record with these properties. References for which `detached` holds, asked with the relation and
    /// the key, read as none.
    pub(super) fn read(
        model: &ResourceModel,
        key: &Key,
        fields: Map<String, Value>,
        detached: &dyn Fn(usize, &Key) -> bool,
    ) -> Result<Self, RecordError> {
        let mut links = Vec::with_capacity(model.unique.len() + model.relations.len());
        for (number, properties) in model.unique.iter().enumerate() {
            let value =
                unique_of(properties, &fields).map_err(|property| RecordError::UniqueUnfit {
                    resource: model.name.clone(),
                    key: key.clone(),
                    property: property.into(),
                })?;
            let slot = numbered(Slot::Unique, number);
            links.extend(value.map(|key| IndexLink { slot, key, detached: false }));
        }
        for (number, relation) in model.relations.iter().enumerate() {
            let slot = numbered(Slot::Reference, number);
            path::each_key(&relation.by, &fields, &mut |key| {
                links.push(IndexLink { slot, detached: detached(number, &key), key });
            })
            .map_err(|path::Unfit| RecordError::ReferenceUnfit {
                resource: model.name.clone(),
                key: key.clone(),
                relation: relation.name.clone(),
            })?;
        }
        let due = due_of(model, key, &fields)?.map(Key::from);
        links.extend(due.map(|key| IndexLink { slot: Slot::Due, key, detached: false }));
        links.sort_unstable();
        links.dedup();
        Ok(Self::new(Fields::read(model, fields), links.into()))
    }

    fn new(fields: Fields, links: Box<[IndexLink]>) -> Self {
        let bytes = size_of::<Self>() + fields.bytes() + size_of_val(&*links);
        Self { fields, bytes, links }
    }

    /// The record of a job that has gone on.
    pub(super) fn with_job(
        &self,
        model: &ResourceModel,
        key: &Key,
        job: JobRecord,
    ) -> Result<Self, RecordError> {
        let by = model.relations.iter().flat_map(|relation| &relation.by).map(PropertyPath::root);
        let mut indexed = model.unique.iter().flatten().map(String::as_str).chain(by);
        if indexed.any(jobs::is_changing) {
            let detached = |relation, target: &Key| self.is_detached(relation, target);
            return Self::read(model, key, job.to_fields(), &detached);
        }
        // What it refers to and what is unique of it is as before.
        let is_kept = |link: &&IndexLink| link.slot != Slot::Due;
        let name = model.due.as_deref().unwrap_or_default();
        let due = job.get(name).and_then(|due| whole(&due)).map(Key::from);
        let due = due.map(|key| IndexLink { slot: Slot::Due, key, detached: false });
        let links = self.links.iter().filter(is_kept).cloned().chain(due);
        Ok(Self::new(Fields::Job(Box::new(job)), links.collect()))
    }

    /// All properties; those of a job are written out.
    pub fn fields(&self) -> Cow<'_, Map<String, Value>> {
        match &self.fields {
            Fields::Plain(fields) => Cow::Borrowed(fields),
            Fields::Job(job) => Cow::Owned(job.to_fields()),
        }
    }

    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        match &self.fields {
            Fields::Plain(fields) => fields.get(name).map(Cow::Borrowed),
            Fields::Job(job) => job.get(name),
        }
    }

    /// The names of the properties, in order.
    pub fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.fields {
            Fields::Plain(fields) => Box::new(fields.keys().map(String::as_str)),
            Fields::Job(job) => Box::new(job.names()),
        }
    }

    /// The properties, where they are kept as they are.
    pub fn plain(&self) -> Option<&Map<String, Value>> {
        match &self.fields {
            Fields::Plain(fields) => Some(fields),
            Fields::Job(_) => None,
        }
    }

    /// The job that it is the record of, if it is.
    pub fn job(&self) -> Option<&JobRecord> {
        match &self.fields {
            Fields::Plain(_) => None,
            Fields::Job(job) => Some(job),
        }
    }

    /// Returns true if another record has the same properties; references may read otherwise.
    pub fn has_fields_of(&self, other: &Self) -> bool {
        self.fields == other.fields
    }

    /// What `look` makes of the properties as one value. They are moved there and back rather than copied: this is on
    /// the way of each request that writes.
    pub(crate) fn look_at<R>(&mut self, look: impl FnOnce(&Value) -> R) -> R {
        match &mut self.fields {
            Fields::Plain(fields) => {
                let record = Value::Object(std::mem::take(fields));
                let result = look(&record);
                if let Value::Object(record) = record {
                    *fields = record;
                }
                result
            }
            Fields::Job(job) => look(&Value::Object(job.to_fields())),
        }
    }

    /// About what it takes in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What of that it shares with the records that come before and after it, and what tells it from what others share.
    pub fn shared(&self) -> Option<(usize, usize)> {
        let job = self.job()?;
        Some((Arc::as_ptr(job.plan()).addr(), job.bytes() - job.own_bytes()))
    }

    /// The record, where references for which `detached` holds read as none too.
    pub(super) fn detach(&mut self, detached: &dyn Fn(usize, &Key) -> bool) {
        for link in &mut self.links {
            if let Slot::Reference(number) = link.slot {
                link.detached |= detached(number.into(), &link.key);
            }
        }
    }

    /// Returns true if the reference by this relation to `target` reads as none, though the property still says it.
    pub fn is_detached(&self, relation: usize, target: &Key) -> bool {
        self.link(relation, target).is_some_and(|link| link.detached)
    }

    /// The references that read as none: relation and key.
    pub fn detached(&self) -> impl Iterator<Item = (usize, &Key)> {
        self.links.iter().filter(|link| link.detached).filter_map(|link| match link.slot {
            Slot::Reference(number) => Some((usize::from(number), &link.key)),
            _ => None,
        })
    }

    /// Returns true if the record refers to `target` by this relation.
    pub fn refers_to(&self, relation: usize, target: &Key) -> bool {
        self.link(relation, target).is_some_and(|link| !link.detached)
    }

    /// The keys that the record refers to by the relation at that place, in order and each once; detached
    /// ones left out.
    pub fn references(&self, relation: usize) -> impl Iterator<Item = &Key> {
        let slot = numbered(Slot::Reference, relation);
        self.links
            .iter()
            .filter(move |link| link.slot == slot && !link.detached)
            .map(|link| &link.key)
    }

    /// The values of the unique properties at that place, together; none where one of them is missing.
    pub(super) fn unique(&self, number: usize) -> Option<&Key> {
        let slot = numbered(Slot::Unique, number);
        self.links.iter().find(|link| link.slot == slot).map(|link| &link.key)
    }

    pub(super) fn due(&self) -> Option<i64> {
        match self.links.last().filter(|link| link.slot == Slot::Due)?.key.parts() {
            [Scalar::Int(due)] => Some(*due),
            _ => None,
        }
    }

    fn link(&self, relation: usize, target: &Key) -> Option<&IndexLink> {
        let slot = numbered(Slot::Reference, relation);
        let place = self.links.binary_search_by(|link| (link.slot, &link.key).cmp(&(slot, target)));
        place.ok().map(|place| &self.links[place])
    }
}

/// One record before and after; absent before it came to be, and after it is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The resource's place in the model.
    pub resource: usize,
    /// The record's key, which never changes.
    pub key: Key,
    /// The record as it was.
    pub before: Option<Arc<Record>>,
    /// The record as it is to be.
    pub after: Option<Arc<Record>>,
}

impl Change {
    /// The change that takes this one back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self {
            resource: self.resource,
            key: self.key.clone(),
            before: self.after.clone(),
            after: self.before.clone(),
        }
    }

    /// Becomes this change and then `later`, of the record as this one leaves it.
    pub fn overtake(&mut self, later: Self) {
        self.after = later.after;
    }
}

/// A record that two stores do not both have, or have otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference<'s> {
    /// The record's key.
    pub key: &'s Key,
    /// The record as the earlier store has it.
    pub before: Option<&'s Arc<Record>>,
    /// The record as the later store has it.
    pub after: Option<&'s Arc<Record>>,
}

/// The key that `fields` give a record of this resource.
pub(super) fn key_of(
    model: &ResourceModel,
    fields: &Map<String, Value>,
) -> Result<Key, RecordError> {
    read_key(model, |property| fields.get(property).map(Cow::Borrowed))
}

/// The key that a record gives itself.
pub(super) fn own_key_of(model: &ResourceModel, record: &Record) -> Result<Key, RecordError> {
    read_key(model, |property| record.get(property))
}

fn read_key<'f>(
    model: &ResourceModel,
    get: impl Fn(&str) -> Option<Cow<'f, Value>>,
) -> Result<Key, RecordError> {
    let part = |property: &String| match get(property).as_deref() {
        None | Some(Value::Null) => Err(RecordError::KeyMissing {
            resource: model.name.clone(),
            property: property.as_str().into(),
        }),
        Some(value) => Scalar::from_json(value).ok_or_else(|| RecordError::KeyUnfit {
            resource: model.name.clone(),
            property: property.as_str().into(),
        }),
    };
    match model.key.as_slice() {
        [property] => part(property).map(Key::from),
        properties => properties.iter().map(part).collect::<Result<_, _>>().map(Key::new),
    }
}

/// The value of these properties together; `Err` names one that holds no scalar.
fn unique_of<'p>(
    properties: &'p [String],
    fields: &Map<String, Value>,
) -> Result<Option<Key>, &'p str> {
    let part = |property: &'p String| match fields.get(property) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => Scalar::from_json(value).map(Some).ok_or(property.as_str()),
    };
    match properties {
        [property] => Ok(part(property)?.map(Key::from)),
        _ => Ok(properties.iter().map(part).collect::<Result<Option<Vec<_>>, _>>()?.map(Key::new)),
    }
}

/// Whole numbers, also when written with a fraction of zero.
fn whole(value: &Value) -> Option<i64> {
    match Scalar::from_json(value) {
        Some(Scalar::Int(number)) => Some(number),
        _ => None,
    }
}

/// When a record with these properties falls due.
fn due_of(
    model: &ResourceModel,
    key: &Key,
    fields: &Map<String, Value>,
) -> Result<Option<i64>, RecordError> {
    let Some(property) = &model.due else { return Ok(None) };
    match fields.get(property) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => whole(value).map(Some).ok_or_else(|| RecordError::DueUnfit {
            resource: model.name.clone(),
            key: key.clone(),
            property: property.as_str().into(),
        }),
    }
}
