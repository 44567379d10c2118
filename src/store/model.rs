//! What a provider remembers: resources, their keys, unique properties and relations.
//!
//! Must not know any record. Names are resolved to indexes before a model is built.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::counter::Counter;
use super::path::PropertyPath;

/// All resources of one provider. A resource is named by its place here.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The resources, in the order of the behavior file.
    pub resources: Vec<ResourceModel>,
}

/// One kind of record.
#[derive(Clone, Debug)]
pub struct ResourceModel {
    /// The resource's name.
    pub name: Arc<str>,
    /// The properties that make the key, in order.
    pub key: Vec<String>,
    /// Properties, alone or together, whose values no two records share. Where one is null or absent, the
    /// record takes no part.
    pub unique: Vec<Vec<String>>,
    /// What its records refer to. A relation is named by its place here.
    pub relations: Vec<Relation>,
    /// Properties by which records are kept in order, for lists: each group makes an index, by the first property, then by
    /// the second, and last by the key.
    pub ordered: Vec<Vec<String>>,
    /// Properties whose numbers count on. A counter is named by its place here.
    pub counters: Vec<Counter>,
    /// The property that says when a record falls due: milliseconds since the Unix epoch; never when null or
    /// absent.
    pub due: Option<String>,
    /// Whether the keys of deleted records are remembered.
    pub remembers_deleted: bool,
}

/// A relation from the records of one resource to those of another (or of their own).
#[derive(Clone, Debug)]
pub struct Relation {
    /// The relation's name, seen from the records that refer.
    pub name: Arc<str>,
    /// Its name seen from the records referred to, if it has one.
    pub inverse: Option<Arc<str>>,
    /// The place of the resource that is referred to.
    pub target: usize,
    /// Where the parts of the target's key stand in a referring record; one of them may be in a list, which
    /// makes one reference for each element.
    pub by: Vec<PropertyPath>,
    /// Fate of a record when its target is deleted.
    pub on_delete: OnDelete,
    /// Whether it may be written while the target is missing. It is detached then: it reads as none, and a
    /// target that comes later is not adopted.
    pub optional: bool,
    /// Whether unlinking takes the property away, where it is in no list, rather than setting it to null: for schemas
    /// that have no null there.
    pub unlinks_by_removal: bool,
}

/// Fate of a record when its target is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnDelete {
    /// It goes too.
    Cascade,
    /// The deletion is refused, unless the same deletion takes this record as well.
    Restrict,
    /// The reference is set to null, or its element dropped where it stands in a list.
    Unlink,
    /// Its properties change, and the reference reads as none from then on.
    Update,
    /// It stays as it is, and the reference reads as none from then on.
    Keep,
}

/// Something about a model that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelMisfit {
    /// The resource's place.
    pub resource: usize,
    /// The relation's place, if one is at fault.
    pub relation: Option<usize>,
    /// The problem, and how to fix it.
    pub message: String,
}

impl Model {
    /// Sets the groups of properties that each resource is [ordered](ResourceModel::ordered) by, one list for each resource.
    pub fn order_by(&mut self, groups: Vec<Vec<Vec<String>>>) {
        for (resource, ordered) in self.resources.iter_mut().zip(groups) {
            resource.ordered = ordered;
            for counter in &mut resource.counters {
                let indexed = counter.indexed();
                let known = resource.ordered.iter().position(|properties| *properties == indexed);
                counter.index = known.unwrap_or_else(|| {
                    resource.ordered.push(indexed);
                    resource.ordered.len() - 1
                });
            }
        }
    }

    /// All that cannot work. A store keeps its promises only for a model without misfits.
    pub fn check(&self) -> Vec<ModelMisfit> {
        let mut misfits = Vec::new();
        for (place, resource) in self.resources.iter().enumerate() {
            if resource.key.is_empty() {
                let message = format!("resource `{}` has no key: name its property", resource.name);
                misfits.push(ModelMisfit { resource: place, relation: None, message });
            }
            if resource.unique.iter().any(Vec::is_empty) {
                let message = format!(
                    "`unique` of resource `{}` has an entry without properties: name one",
                    resource.name
                );
                misfits.push(ModelMisfit { resource: place, relation: None, message });
            }
            for (number, relation) in resource.relations.iter().enumerate() {
                misfits.extend(self.misfits_of(resource, relation).into_iter().map(|message| {
                    ModelMisfit { resource: place, relation: Some(number), message }
                }));
            }
        }
        misfits
    }

    /// The resources whose records can go when one of `deleted` does, those themselves included.
    pub fn carried_off(&self, deleted: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut gone = deleted;
        loop {
            let cascades = |resource: &ResourceModel| {
                resource.relations.iter().any(|relation| {
                    relation.on_delete == OnDelete::Cascade && gone.contains(&relation.target)
                })
            };
            let more: Vec<usize> = (0..self.resources.len())
                .filter(|place| cascades(&self.resources[*place]))
                .collect();
            let before = gone.len();
            gone.extend(more);
            if gone.len() == before {
                return gone;
            }
        }
    }

    fn misfits_of(&self, resource: &ResourceModel, relation: &Relation) -> Vec<String> {
        let shown = format!("relation `{}` of `{}`", relation.name, resource.name);
        let Some(target) = self.resources.get(relation.target) else {
            return vec![format!("{shown} leads to no resource")];
        };
        let mut messages = Vec::new();
        if relation.by.len() != target.key.len() {
            messages.push(format!(
                "{shown} has {} in `by`, but the key of `{}` is `{}`: name one property for each part of it",
                relation.by.len(),
                target.name,
                target.key.join(", "),
            ));
        }
        if relation.by.iter().filter(|path| path.has_list()).count() > 1 {
            messages.push(format!("{shown} goes through more than one list: keep one `[]`"));
        }
        let own = relation.by.iter().find(|path| path.has_list()).or(relation.by.last());
        if relation.on_delete == OnDelete::Unlink
            && let Some(part) = own.and_then(PropertyPath::property)
            && resource.key.iter().any(|key| key == part)
        {
            messages.push(format!(
                "{shown} would unlink `{part}`, which is part of the record's own key: use `cascade`, or \
                 another property"
            ));
        }
        messages
    }
}

impl fmt::Display for ModelMisfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
