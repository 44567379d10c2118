//! Why records cannot be written.
//!
//! Must not know how that is found out.

use std::sync::Arc;

use super::key::Key;

/// A change that would break what the model promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A record without its key.
    #[error("a record of `{resource}` has no `{property}`: its key needs it")]
    KeyMissing {
        /// The resource's name.
        resource: Arc<str>,
        /// The property.
        property: Box<str>,
    },
    /// A key that is no scalar.
    #[error(
        "`{property}` of a record of `{resource}` cannot be a key: make it a text or an integer"
    )]
    KeyUnfit {
        /// The resource's name.
        resource: Arc<str>,
        /// The property.
        property: Box<str>,
    },
    /// A key that another record has.
    #[error("`{resource}` has a record `{key}` already: give this one another key")]
    KeyTaken {
        /// The resource's name.
        resource: Arc<str>,
        /// The key.
        key: Key,
    },
    /// A change of a record's own key.
    #[error("record `{key}` of `{resource}` would change its key: leave the key as it is")]
    KeyChanged {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
    },
    /// No record of that key.
    #[error("`{resource}` has no record `{key}`")]
    NoRecord {
        /// The resource's name.
        resource: Arc<str>,
        /// The key.
        key: Key,
    },
    /// A record that one plan names twice.
    #[error("record `{key}` of `{resource}` would change twice at once: make it one change")]
    Twice {
        /// The resource's name.
        resource: Arc<str>,
        /// The key.
        key: Key,
    },
    /// A unique value that another record has.
    #[error(
        "record `{key}` of `{resource}` has the same {properties} as record `{holder}`: it must be unique"
    )]
    UniqueTaken {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
        /// The properties, quoted.
        properties: Box<str>,
        /// The key of the record that has the value.
        holder: Key,
    },
    /// A unique value that is no scalar.
    #[error(
        "`{property}` of record `{key}` of `{resource}` must be unique, so make it a text or an integer"
    )]
    UniqueUnfit {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
        /// The property.
        property: Box<str>,
    },
    /// A reference to a record that is not there.
    #[error(
        "`{relation}` of record `{key}` of `{resource}` refers to record `{target}` of `{target_resource}`, \
         which does not exist: {advice}"
    )]
    Dangling {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
        /// The relation's name.
        relation: Arc<str>,
        /// The name of the resource referred to.
        target_resource: Arc<str>,
        /// The key referred to.
        target: Key,
        /// How to fix it.
        advice: &'static str,
    },
    /// A reference that is no scalar.
    #[error(
        "`{relation}` of record `{key}` of `{resource}` holds no key: make it a text or an integer"
    )]
    ReferenceUnfit {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
        /// The relation's name.
        relation: Arc<str>,
    },
    /// A time that is none.
    #[error(
        "`{property}` of record `{key}` of `{resource}` is not a timestamp: use milliseconds since 1970, or null"
    )]
    DueUnfit {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
        /// The property.
        property: Box<str>,
    },
}

/// Changes that do not fit the state they meet. Nothing of them was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The record is not as the change found it.
    #[error("record `{key}` of `{resource}` has changed since: look at it again, then retry")]
    Changed {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
    },
    /// A record that is to go is referred to by one that stays.
    #[error(
        "record `{key}` of `{resource}` cannot go: record `{referrer}` of `{referring}` refers to it by \
         `{relation}`"
    )]
    Referred {
        /// The resource's name.
        resource: Arc<str>,
        /// The record's key.
        key: Key,
        /// The name of the resource that refers.
        referring: Arc<str>,
        /// The relation's name.
        relation: Arc<str>,
        /// The key of the record that refers.
        referrer: Key,
    },
    /// It would break what the model promises.
    #[error(transparent)]
    Broken(#[from] RecordError),
}

/// A deletion that is not to be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeleteRefused<E> {
    /// A record that stays refers to one that would go, by a relation that restricts.
    #[error(
        "record `{target}` of `{target_resource}` stays while record `{key}` of `{resource}` refers to it by \
         `{relation}`"
    )]
    Restricted {
        /// The name of the resource that refers.
        resource: Arc<str>,
        /// The key of the record that refers.
        key: Key,
        /// The relation's name.
        relation: Arc<str>,
        /// Numbers of the resource and the relation.
        place: (usize, usize),
        /// The name of the resource referred to.
        target_resource: Arc<str>,
        /// The key of the record referred to.
        target: Key,
    },
    /// The update of a record failed.
    #[error(transparent)]
    Update(E),
    /// The update of a record would break what the model promises.
    #[error(transparent)]
    Broken(RecordError),
}
