//! State from the contract alone: what a behavior file for it would say, inferred from paths, schemas and examples.
//!
//! Which paths lead to records, what identifies those and whose they are; then what each operation does, in the words of a
//! behavior file, with the reason. Nothing is decided here when a request comes: what is inferred is compiled and asked as
//! any behavior file. What cannot be told is left to the contract. Must not know sandboxes or requests.

mod absence;
mod draft;
mod envelope;
mod key;
mod links;
mod listing;
mod operations;
mod outcome;
mod paths;
mod resource;
mod seeds;
mod server_made;
mod shape;
mod totals;
mod verbs;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Map, Value, json};

pub use draft::{behavior_text, decisions, fixtures_text};

use crate::behavior::FORMAT_VERSION;
use crate::finding::{Finding, Severity};
use crate::openapi::{Contract, Operation, Schemas};
use crate::pointer::unescaped;
use crate::validation::MessagePart;
use operations::{MEMBER, Role, Task, Written};
use resource::{Address, Kind, Resource, Survey};

/// How many records each resource begins with, unless the contract has examples.
pub const SEED_RECORDS: usize = 3;

/// Why an operation is left to the contract of which nothing is to be inferred.
const SWITCHED_OFF: &str =
    "its inference is switched off by name (`--stateless-for`, or `infer: { except: … }`)";

/// Options of inference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferOptions {
    /// How many records are made up of each resource that is below no other, where the contract has no examples.
    pub seed_records: usize,
    /// The operations and resources of which nothing is inferred, by their names.
    pub except: Vec<String>,
    /// The operations that a file decides, by their ids.
    pub decided: Vec<String>,
    /// Whether what was never written nor deleted is as the contract alone has it; else it is absent.
    pub is_lenient: bool,
}

impl Default for InferOptions {
    fn default() -> Self {
        Self {
            seed_records: SEED_RECORDS,
            except: Vec::new(),
            decided: Vec::new(),
            is_lenient: false,
        }
    }
}

/// What was inferred of a contract.
#[derive(Clone, Debug, Default)]
pub struct Inferred {
    /// The behavior file.
    pub behavior: Map<String, Value>,
    /// The records to start from, by resource.
    pub records: Map<String, Value>,
    /// Why an operation is left to the contract, by its id; those that remember have their reason in the file.
    pub left: BTreeMap<String, String>,
    /// Which records operations are about, by their ids.
    pub places: BTreeMap<String, RecordPlace>,
    /// The lines of the contract that operations were inferred from, by their ids.
    pub lines: BTreeMap<String, u32>,
    /// The names of all resources that were found.
    pub resources: Vec<String>,
}

/// The records that an operation is about, and which of their properties its calls say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// The name of the resource.
    pub resource: String,
    /// Where the call says a property, by what name, and which.
    pub arguments: Vec<(MessagePart, String, String)>,
}

impl Inferred {
    fn add(
        &mut self,
        operation: &Operation,
        written: Result<Map<String, Value>, String>,
        operations: &mut Map<String, Value>,
    ) {
        let id = operation.id.clone();
        match written {
            Ok(format) => {
                self.lines.insert(id.clone(), operation.line);
                self.left.remove(&id);
                operations.insert(id, Value::Object(format));
            }
            Err(why) => {
                self.left.insert(id, why);
            }
        }
    }

    /// The names of the operations and resources of which something was inferred, or could have been.
    pub fn names<'i>(&'i self, contract: &'i Contract) -> impl Iterator<Item = &'i str> {
        let operations = contract.operations.iter().map(|operation| operation.id.as_str());
        operations.chain(self.resources.iter().map(String::as_str))
    }

    /// Leaves out the records that these errors are about; returns false if none was.
    pub fn leave_records(&mut self, findings: &[Finding]) -> bool {
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let places = errors.filter_map(|finding| {
            let mut parts = finding.pointer.strip_prefix("/records/")?.split('/');
            let resource = unescaped(parts.next()?).into_owned();
            Some((resource, parts.next()?.parse::<usize>().ok()?))
        });
        let places: BTreeSet<(String, usize)> = places.collect();
        let mut is_any = false;
        // From the last on, so that the others keep their numbers.
        for (resource, number) in places.iter().rev() {
            if let Some(Value::Array(records)) = self.records.get_mut(resource)
                && *number < records.len()
            {
                records.remove(*number);
                is_any = true;
            }
        }
        self.records.retain(|_, records| records.as_array().is_some_and(|all| !all.is_empty()));
        is_any
    }

    /// Leaves the operations to the contract that these errors are about; returns false if there are none.
    pub fn leave(&mut self, findings: &[Finding]) -> bool {
        let Some(Value::Object(operations)) = self.behavior.get_mut("operations") else {
            return false;
        };
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let mut is_any = false;
        for finding in errors {
            let Some(rest) = finding.pointer.strip_prefix("/operations/") else { continue };
            let id = unescaped(rest.split('/').next().unwrap_or_default()).into_owned();
            if operations.shift_remove(&id).is_some() {
                let why = format!("what was inferred of it cannot be: {}", finding.message);
                self.left.insert(id, why);
                is_any = true;
            }
        }
        is_any
    }
}

/// Infers how the API of a contract behaves.
pub fn infer(contract: &Contract, options: &InferOptions) -> Inferred {
    let survey = Survey::new(contract);
    let mut resources = survey.resources();
    let mut inferred = Inferred {
        resources: resources.iter().map(|one| one.name.clone()).collect(),
        ..Inferred::default()
    };
    let mut operations = Map::new();
    let is_except = |name: &String| options.except.contains(name);
    let except: Vec<bool> = resources.iter().map(|one| is_except(&one.name)).collect();
    for resource in &mut resources {
        // What is below one that nothing is inferred of is below none.
        resource.parent = resource.parent.filter(|(parent, _)| !except[*parent]);
        resource.members = resource.members.filter(|members| !except[*members]);
    }
    for (number, address, role, operation) in wanted(&survey, &resources) {
        if operations.contains_key(&operation.id) {
            continue;
        }
        if except[number] || is_except(&operation.id) {
            inferred.left.insert(operation.id.clone(), SWITCHED_OFF.to_owned());
        } else {
            let place = record_place(&survey, &resources[number], &address, operation);
            inferred.places.extend(place.map(|place| (operation.id.clone(), place)));
            if options.decided.contains(&operation.id) {
                continue;
            }
            let place = (number, &address, role, operation);
            let written = write(&survey, &mut resources, place, options);
            inferred.add(operation, written, &mut operations);
        }
    }
    for operation in &contract.operations {
        if !operations.contains_key(&operation.id) {
            let why = "no resource is found that it is about";
            inferred.left.entry(operation.id.clone()).or_insert_with(|| why.to_owned());
        }
    }
    inferred.records = seeds::seeds(&survey, &resources, options.seed_records);
    inferred.records.retain(|name, _| !is_except(name));
    inferred.behavior = file(&contract.schemas, &resources, operations, options);
    inferred
}

/// Every operation that a resource can have, with the number of the resource and what it is supposed to do there. An operation
/// at a path of its own goes before one that is only below a record.
fn wanted<'c>(
    survey: &Survey<'c>,
    resources: &[Resource<'c>],
) -> Vec<(usize, Address, Role, &'c Operation)> {
    let places = || {
        let resources = resources.iter().enumerate();
        resources.flat_map(|(number, one)| one.addresses.iter().map(move |at| (number, one, at)))
    };
    let own = places().flat_map(|(number, resource, address)| {
        let roles = roles(survey, resource, address).into_iter();
        roles.map(move |(role, operation)| (number, address.clone(), role, operation))
    });
    let below = places().flat_map(|(number, _, address)| {
        let operations = survey.below_item(address).into_iter();
        operations.map(move |operation| (number, address.clone(), Role::Act, operation))
    });
    // Made where none of its own paths leads: a link says that it is one.
    let linked = resources.iter().enumerate().flat_map(|(number, resource)| {
        survey.linked_creates(resource).into_iter().map(move |operation| {
            let collection = survey.path_of(operation);
            let address = Address { collection, item: None, is_scoped: false };
            (number, address, Role::Create, operation)
        })
    });
    own.chain(linked).chain(below).collect()
}

/// What the arguments of an operation have; nothing if it has none.
fn record_place<'c>(
    survey: &Survey<'c>,
    resource: &Resource<'_>,
    address: &Address,
    operation: &'c Operation,
) -> Option<RecordPlace> {
    let scope = resource.scope.iter().filter(|_| address.is_scoped).map(|scope| &scope.property);
    let arguments = survey.arguments(operation);
    let is_item = address.item.is_some() && arguments.len() == scope.clone().count() + 1;
    let key = is_item.then_some(&resource.key.property);
    let properties: Vec<&String> = scope.chain(key).collect();
    let is_known = !properties.is_empty() && arguments.len() == properties.len();
    let arguments = arguments.into_iter().zip(properties);
    let arguments = arguments.map(|(one, property)| (one.part, one.name, property.clone()));
    is_known
        .then(|| RecordPlace { resource: resource.name.clone(), arguments: arguments.collect() })
}

/// The behavior of one operation; an `Err` says why nothing can be inferred of it.
fn write<'c>(
    survey: &Survey<'c>,
    resources: &mut [Resource<'c>],
    (number, address, role, operation): (usize, &Address, Role, &'c Operation),
    options: &InferOptions,
) -> Result<Map<String, Value>, String> {
    let resource = &resources[number];
    let is_picked = role == Role::Clear && operations::picks(survey, operation, resource).is_some();
    let role = if is_picked { Role::DeletePicked } else { role };
    let is_lenient = options.is_lenient;
    let task = Task { survey, resources, resource, address, operation, role, is_lenient };
    let (asks_deleted, written) = (task.is_open(), task.write());
    let Written { mut format, view, notes } = written?;
    let told = match survey.named_by(operation) {
        Some(key) => format!(", which `{}` names", key.expression()),
        None if survey.is_renamed(operation) => ", as its path says".to_owned(),
        None => String::new(),
    };
    let reason = reason(resource, role, &told, &notes);
    format.shift_insert(0, "inferred".to_owned(), reason.into());
    // What is answered of a group is what is in it.
    let shown = resources[number].members.unwrap_or(number);
    resources[shown].views.extend(view);
    resources[number].remembers_deleted |= asks_deleted;
    Ok(format)
}

/// Why an operation is supposed to do what it does.
fn reason(resource: &Resource<'_>, role: Role, told: &str, notes: &[String]) -> String {
    let notes = notes.iter().fold(String::new(), |told, note| told + "; " + note);
    let key = match resource.kind {
        Kind::Many => format!(" ({})", resource.key.reason),
        Kind::Single => String::new(),
    };
    format!("{} `{}`{told}{key}{notes}", role.in_words(), resource.name)
}

/// The operations on a resource at an address, and what each does.
fn roles<'c>(
    survey: &Survey<'c>,
    resource: &Resource<'c>,
    address: &Address,
) -> Vec<(Role, &'c Operation)> {
    let mut roles = Vec::new();
    let mut add = |path: &str, methods: &[(Method, Role)]| {
        for (method, role) in methods {
            roles.extend(survey.operation(path, method).map(|operation| (*role, operation)));
        }
    };
    let writes = [
        (Method::PATCH, Role::Update),
        (Method::POST, Role::Update),
        (Method::PUT, Role::Replace),
        (Method::DELETE, Role::Delete),
    ];
    if resource.kind == Kind::Single {
        add(&address.collection, &[(Method::GET, Role::Read)]);
        add(&address.collection, &writes);
        return roles;
    }
    let all =
        [(Method::GET, Role::List), (Method::POST, Role::Create), (Method::DELETE, Role::Clear)];
    add(&address.collection, &all);
    if let Some(item) = &address.item {
        add(item, &[(Method::GET, Role::Read)]);
        add(item, &writes);
    }
    roles
}

/// The behavior file.
fn file<'c>(
    schemas: &'c Schemas,
    resources: &[Resource<'c>],
    operations: Map<String, Value>,
    InferOptions { is_lenient, except, .. }: &InferOptions,
) -> Map<String, Value> {
    let mut file = Map::new();
    file.insert("tombstone".to_owned(), FORMAT_VERSION.into());
    let formats = resources.iter().filter(|one| !except.contains(&one.name));
    let formats =
        formats.map(|one| (one.name.clone(), format(schemas, one, resources, *is_lenient)));
    file.insert("resources".to_owned(), Value::Object(formats.collect()));
    file.insert("operations".to_owned(), Value::Object(operations));
    file
}

/// A resource as the behavior file has it.
fn format<'c>(
    schemas: &'c Schemas,
    resource: &Resource<'c>,
    all: &[Resource<'c>],
    is_lenient: bool,
) -> Value {
    let mut format = Map::new();
    let columns = resource.key_columns();
    let key = match columns.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    format.insert("key".into(), key);
    if resource.kind == Kind::Many {
        let own = Map::from_iter([(
            resource.key.property.clone(),
            Value::Object(resource.key.schema.clone()),
        )]);
        format.insert("schema".into(), json!({ "properties": own }));
    }
    if resource.remembers_deleted {
        format.insert("remembers_deleted".into(), true.into());
    }
    let relations = relations(resource, all, is_lenient);
    if !relations.is_empty() {
        format.insert("belongs_to".into(), Value::Object(relations));
    }
    let views = views(schemas, resource);
    if !views.is_empty() {
        format.insert("views".into(), Value::Object(views));
    }
    Value::Object(format)
}

/// The records that those of a resource are below or in a group of, and with which they go.
fn relations(
    resource: &Resource<'_>,
    all: &[Resource<'_>],
    is_lenient: bool,
) -> Map<String, Value> {
    let relation = |of: &Resource<'_>, by: Vec<&str>| {
        let by = match by.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
        let mut relation = Map::new();
        relation.insert("resource".into(), of.name.as_str().into());
        relation.insert("by".into(), by);
        relation.insert("on_delete".into(), "cascade".into());
        if is_lenient || resource.addresses.iter().any(|address| !address.is_scoped) {
            relation.insert("optional".into(), true.into());
        }
        Value::Object(relation)
    };
    let parent = resource.parent.map(|(parent, count)| {
        let parent = &all[parent];
        let by = parent_columns(resource, parent, count);
        (format!("its_{}", parent.one), relation(parent, by))
    });
    let member = resource.members.map(|members| {
        let of = &all[members];
        let around = resource.scope.iter().take(of.key_columns().len() - 1);
        let around = around.map(|scope| scope.property.as_str());
        let by = around.chain([resource.key.property.as_str()]).collect();
        (MEMBER.to_owned(), relation(of, by))
    });
    parent.into_iter().chain(member).collect()
}

/// The properties of a resource that have the key of the record it is below.
fn parent_columns<'r>(
    resource: &'r Resource<'_>,
    parent: &Resource<'_>,
    count: usize,
) -> Vec<&'r str> {
    let scope: Vec<&str> = resource.scope.iter().map(|one| one.property.as_str()).collect();
    if parent.key_columns().len() > 1 {
        scope[..count.min(scope.len())].to_vec()
    } else {
        scope.get(count - 1).copied().into_iter().collect()
    }
}

/// The views of a resource: its own, and those that single answers need.
fn views<'c>(schemas: &'c Schemas, resource: &Resource<'c>) -> Map<String, Value> {
    let mut views = Map::new();
    let shown = resource.record.as_ref().map(|record| {
        let mut names: Vec<&str> = record.shown().collect();
        let key = &resource.key;
        if key.is_shown && !record.is_key_outside && !names.contains(&key.property.as_str()) {
            names.insert(0, &key.property);
        }
        record.view(schemas, &names)
    });
    let hidden = resource.hidden();
    match shown {
        Some(view) => {
            views.insert("default".into(), Value::Object(view));
        }
        None if !hidden.is_empty() => {
            views.insert("default".into(), json!({ "hide": hidden }));
        }
        None => {}
    }
    views.extend(resource.views.iter().map(|(name, view)| (name.clone(), view.clone())));
    views
}
