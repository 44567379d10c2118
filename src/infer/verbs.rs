//! Operations whose path says what they do: `/documents.delete`, `/users/remove`, `/deleteUser`.
//!
//! Where at least three of them are about one noun, each is placed where it would be if paths named records and methods said what
//! is done: the first is DELETE of `/documents/{id}`. Must not know resources.

use std::collections::{HashMap, HashSet};

use http::Method;
use indexmap::IndexMap;

use crate::infer::key;
use crate::infer::paths::{Argument, Place, Segment, anonymous, is_prefix, segments};
use crate::infer::shape::{Body, ObjectShape, Property};
use crate::infer::words::{singular_words, words};
use crate::openapi::{Contract, Location, Operation, Schemas};
use crate::validation::MessagePart;

/// From so many verbs on, a noun is one that records are called.
const VERBS_MIN: usize = 3;

/// An operation, and the place that it stands for.
pub(super) struct Renamed<'c> {
    /// The number of the operation.
    pub(super) number: usize,
    pub(super) segments: Vec<Segment>,
    pub(super) method: Method,
    /// What picks the record, where it is about one.
    pub(super) key: Option<Argument<'c>>,
}

/// What a verb does to records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    List,
    /// Lists, unless another verb does.
    Search,
    Create,
    Read,
    Update,
    Delete,
    /// Something else to one of them.
    Act,
}

impl Way {
    fn of(verb: &str) -> Self {
        match verb {
            "list" | "all" | "index" | "get_all" | "list_all" | "find_all" => Self::List,
            "search" | "find" | "query" => Self::Search,
            "create" | "add" | "new" | "insert" => Self::Create,
            "get" | "info" | "retrieve" | "read" | "show" | "detail" | "details" | "fetch"
            | "get_by_id" | "find_by_id" => Self::Read,
            "update" | "edit" | "modify" | "patch" | "set" => Self::Update,
            "delete" | "remove" | "destroy" | "delete_by_id" => Self::Delete,
            _ => Self::Act,
        }
    }

    /// The method by which it is done to what a path names.
    fn method(self) -> Method {
        match self {
            Self::List | Self::Search | Self::Read => Method::GET,
            Self::Create | Self::Act => Method::POST,
            Self::Update => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }

    fn is_of_one(self) -> bool {
        matches!(self, Self::Read | Self::Update | Self::Delete | Self::Act)
    }

    fn only_reads(self) -> bool {
        self.method() == Method::GET
    }
}

/// The noun and the verb that a path ends in.
struct Phrase {
    before: Vec<Segment>,
    noun: String,
    verb: String,
}

impl Phrase {
    fn of(template: &str) -> Option<Self> {
        let mut before = segments(template);
        let Some(Segment::Literal(last)) = before.pop() else { return None };
        if let Some((noun, verb)) = last.rsplit_once('.') {
            let verb = spoken(verb, noun);
            return (!noun.is_empty()).then(|| Self { before, noun: noun.to_owned(), verb });
        }
        if let Some(Segment::Literal(noun)) = before.last().filter(|one| !is_prefix(one)) {
            let (noun, verb) = (noun.clone(), spoken(&last, noun));
            before.pop();
            return Some(Self { before, noun, verb });
        }
        let words = words(&last);
        let (verb, noun) = words.split_first().filter(|(_, noun)| !noun.is_empty())?;
        let noun = noun.split(|word| word == "by").next()?.join("_");
        (Way::of(verb) != Way::Act).then(|| Self { before, noun, verb: verb.clone() })
    }

    /// What nouns of one kind have in common.
    fn kind(&self) -> String {
        format!("{}/{}", anonymous(&self.before), singular_words(&self.noun).join("_"))
    }
}

/// A verb without the noun it is about: `deleteUser` of `users` is `delete`.
fn spoken(verb: &str, noun: &str) -> String {
    let mut spoken = words(verb);
    for form in [words(noun), singular_words(noun)] {
        if let Some(at) = spoken.windows(form.len().max(1)).position(|at| at == form)
            && at > 0
        {
            spoken.drain(at..at + form.len());
        }
    }
    spoken.join("_")
}

/// The operations that stand for another place than their own; `places` are those of the document.
pub(super) fn renamed<'c>(
    contract: &'c Contract,
    places: &IndexMap<String, Place>,
) -> Vec<Renamed<'c>> {
    let mut kinds: IndexMap<String, Vec<(Phrase, usize)>> = IndexMap::new();
    for number in places.values().flat_map(|place| place.operations.values()) {
        if let Some(phrase) = Phrase::of(&contract.operations[*number].template) {
            kinds.entry(phrase.kind()).or_default().push((phrase, *number));
        }
    }
    let kinds = kinds.into_values().filter(|all| all.len() >= VERBS_MIN);
    let spoken = kinds.flat_map(|all| of_kind(contract, places, all));
    spoken.chain(keyed(contract, places)).collect()
}

/// The writes at the path of all records whose body says which one they are about: `PUT /pets`, where `/pets/{id}` has no PUT.
fn keyed<'c>(contract: &'c Contract, places: &IndexMap<String, Place>) -> Vec<Renamed<'c>> {
    let mut found = Vec::new();
    for (path, place) in places {
        let Some(Segment::Literal(noun)) = place.segments.last() else { continue };
        let Some(item) = places.get(&format!("{path}/{{}}")) else { continue };
        for method in [Method::PUT, Method::PATCH] {
            let Some(number) = place.operations.get(&method) else { continue };
            let operation = &contract.operations[*number];
            let key = key(&contract.schemas, operation, &singular_words(noun));
            let Some(key) = key.filter(|key| key.part == MessagePart::Body) else { continue };
            if !item.operations.contains_key(&method) {
                let segments = item.segments.clone();
                found.push(Renamed { number: *number, segments, method, key: Some(key) });
            }
        }
    }
    found
}

/// Moves operations from where the document has them to the places that they stand for. Returns the path of each and what picks
/// its record, by the operation's id.
pub(super) fn place<'c>(
    places: &mut IndexMap<String, Place>,
    contract: &'c Contract,
    renamed: Vec<Renamed<'c>>,
) -> HashMap<&'c str, (String, Option<Argument<'c>>)> {
    let mut known = HashMap::new();
    for Renamed { number, segments: wanted, method, key } in renamed {
        let operation = &contract.operations[number];
        let own = anonymous(&segments(&operation.template));
        if let Some(place) = places.get_mut(&own) {
            place.operations.shift_remove(&operation.method);
        }
        let path = anonymous(&wanted);
        let place = places
            .entry(path.clone())
            .or_insert_with(|| Place { segments: wanted, operations: IndexMap::new() });
        place.operations.insert(method, number);
        known.insert(operation.id.as_str(), (path, key));
    }
    places.retain(|_, place| !place.operations.is_empty());
    known
}

/// Those of one noun; none where there are too few, or where its records have paths of their own.
fn of_kind<'c>(
    contract: &'c Contract,
    places: &IndexMap<String, Place>,
    mut all: Vec<(Phrase, usize)>,
) -> Vec<Renamed<'c>> {
    // The plural, where there is one.
    let noun = all.iter().map(|(phrase, _)| &phrase.noun).max_by_key(|noun| noun.len());
    let Some(noun) = noun.cloned() else { return Vec::new() };
    let singular = singular_words(&noun);
    all.sort_by_key(|(phrase, _)| Way::of(&phrase.verb));
    let mut found: Vec<Renamed<'c>> = Vec::new();
    let mut taken: HashSet<(String, Method)> = HashSet::new();
    let mut counted = 0;
    for (phrase, number) in all {
        let operation = &contract.operations[number];
        let way = Way::of(&phrase.verb);
        if way.only_reads() != (operation.method == Method::GET) && operation.method != Method::POST
        {
            continue;
        }
        let mut segments = phrase.before;
        segments.push(Segment::Literal(noun.clone()));
        let key = way.is_of_one().then(|| key(&contract.schemas, operation, &singular));
        let Some(key) = key.map_or(Some(None), |key| key.map(Some)) else { continue };
        if let Some(key) = &key {
            segments.push(Segment::Parameter(key.name.clone()));
            if places.contains_key(&anonymous(&segments)) {
                return Vec::new();
            }
        }
        if way == Way::Act {
            segments.push(Segment::Literal(phrase.verb));
        }
        let method = way.method();
        let path = anonymous(&segments);
        let is_there =
            places.get(&path).is_some_and(|place| place.operations.contains_key(&method));
        if !is_there && taken.insert((path, method.clone())) {
            counted += usize::from(way != Way::Act);
            found.push(Renamed { number, segments, method, key });
        }
    }
    if counted < VERBS_MIN { Vec::new() } else { found }
}

/// What of a call picks a record: a property of its body or its query.
fn key<'c>(
    schemas: &'c Schemas,
    operation: &'c Operation,
    singular: &[String],
) -> Option<Argument<'c>> {
    let found = |shape: &ObjectShape<'c>, part: MessagePart| {
        let (name, how) = key::find(schemas, shape, "id", singular)?;
        let schema = shape.get(name)?.schema;
        how.is_strong().then(|| Argument { part, name: name.to_owned(), schema: Some(schema) })
    };
    let body = Body::of_request(schemas, operation);
    let body = body.and_then(|body| ObjectShape::of(schemas, body.schema));
    let in_body = body.and_then(|shape| found(&shape, MessagePart::Body));
    in_body.or_else(|| found(&queries(schemas, operation), MessagePart::Query))
}

/// The query parameters of an operation, as an object has its properties.
fn queries<'c>(schemas: &'c Schemas, operation: &'c Operation) -> ObjectShape<'c> {
    let queries = operation.parameters.iter().filter(|one| one.location == Location::Query);
    let properties = queries.filter_map(|one| {
        let schema = schemas.schema(one.schema?);
        let (is_read_only, is_write_only) = (false, false);
        let property = Property { schema, is_required: one.required, is_read_only, is_write_only };
        Some((one.name.as_str(), property))
    });
    ObjectShape { properties: properties.collect(), is_closed: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_in_verbs() {
        for (template, expected) in [
            ("/documents.info", Some(("/", "documents", "info"))),
            ("/api/admin.apps.approve", Some(("/api", "admin.apps", "approve"))),
            ("/v1/organizations/delete", Some(("/v1", "organizations", "delete"))),
            ("/users/deleteUser", Some(("/", "users", "delete"))),
            ("/users/get_all_users", Some(("/", "users", "get_all"))),
            ("/deleteUser", Some(("/", "user", "delete"))),
            ("/getUserById", Some(("/", "user", "get"))),
            ("/{team}/listUsers", Some(("/{}", "users", "list"))),
            ("/orders/{id}/cancel", None),
            ("/health", None),
            ("/v1/users", None),
        ] {
            let phrase = Phrase::of(template);
            let found = phrase.as_ref().map(|one| (anonymous(&one.before), &*one.noun, &*one.verb));
            let expected = expected
                .map(|(before, noun, verb)| (before.trim_end_matches('/').to_owned(), noun, verb));
            assert_eq!(found, expected, "{template}");
        }
    }
}
