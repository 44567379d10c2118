//! A document's objects above the schemas, read into operations.
//!
//! Owns parameters, bodies, responses, security and references between them. Must not know what a
//! schema says, nor what anyone does with an operation.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use http::Method;
use indexmap::IndexMap;
use indexmap::IndexSet;
use serde_json::Map;
use serde_json::Value;

use super::Encoding;
use super::Header;
use super::Location;
use super::MediaType;
use super::NotEmulated;
use super::Operation;
use super::Parameter;
use super::RequestBody;
use super::Response;
use super::SchemaId;
use super::SecurityScheme;
use super::Server;
use super::Style;
use super::condition::PathKey;
use super::condition::names_in;
use super::direction::Direction;
use super::gathering;
use super::layout;
use super::layout::METHODS;
use super::leaves;
use super::lowering;
use super::lowering::Lowering;
use super::references;
use super::references::Found;
use super::remote;
use super::servers;
use crate::finding::Finding;
use crate::finding::did_you_mean;
use crate::message::is_media_type;
use crate::message::is_token;
use crate::yaml::Document;

/// Where an example is and the schema it has to fit, for `check`.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) pointer: String,
    pub(super) schema: SchemaId,
    /// Which way it goes, where it is an example of a body.
    pub(super) direction: Direction,
}

/// What is known of security schemes that a reference should have led to.
#[derive(Default)]
struct LostSchemes {
    names: HashSet<String>,
    are_all: bool,
}

impl LostSchemes {
    fn has(&self, name: &str) -> bool {
        self.are_all || self.names.contains(name)
    }
}

/// The security that a document asks for at one place.
enum Security {
    /// It says nothing of it there.
    Unsaid,
    /// One of these sets of schemes; none: public.
    Alternatives(Vec<Vec<String>>),
    /// Nobody can tell; why.
    Unknown(String),
}

/// Reads one document.
pub(super) struct Reader<'d> {
    document: &'d Document,
    pub(super) lowering: Lowering<'d>,
    pub(super) findings: Vec<Finding>,
    pub(super) samples: Vec<Sample>,
    schemes: IndexMap<String, SecurityScheme>,
    /// Operations that cannot be answered as the document wants, so that they are not answered at all.
    pub(super) refused: Vec<NotEmulated>,
    /// Security schemes behind references that lead nowhere, by name; all that are not known where it is the whole map.
    lost_schemes: LostSchemes,
    /// Names of security schemes that nothing declares, where an operation accepts nothing else.
    undeclared_schemes: IndexSet<String>,
    /// What was read before, by pointer: components are referred to from everywhere.
    parameters: HashMap<String, Option<Parameter>>,
    responses: HashMap<String, Response>,
    request_bodies: HashMap<String, Option<RequestBody>>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(
        document: &'d Document,
        lowering: Lowering<'d>,
        findings: Vec<Finding>,
    ) -> Reader<'d> {
        Reader {
            document,
            lowering,
            findings,
            samples: Vec::new(),
            schemes: IndexMap::new(),
            refused: Vec::new(),
            lost_schemes: LostSchemes::default(),
            undeclared_schemes: IndexSet::new(),
            parameters: HashMap::new(),
            responses: HashMap::new(),
            request_bodies: HashMap::new(),
        }
    }

    fn warn(&mut self, pointer: &str, message: impl Into<String>) -> &mut Finding {
        self.findings.push(self.document.warning(pointer, message));
        self.findings.last_mut().expect("a finding was pushed the line before")
    }

    fn advise(&mut self, pointer: &str, message: impl Into<String>, hint: &str) {
        self.warn(pointer, message).hint = Some(hint.to_owned());
    }

    fn misplaced(&mut self, pointer: &str, wanted: &str) {
        let place = layout::name(pointer);
        self.warn(pointer, format!("`{place}` is not {wanted} and is left out"));
    }

    /// What is written at a place, references left as they are.
    fn written(&self, pointer: &str) -> Option<&'d Value> {
        self.document.root().pointer(pointer)
    }

    /// The value at a place and where it is, with references followed. One that leads nowhere is a finding.
    fn find(&mut self, pointer: &str) -> Option<(String, &'d Value)> {
        match references::find(self.document.root(), pointer) {
            Found::Value(at, value) => Some((at, value)),
            Found::Nothing => None,
            Found::Broken(at, reference) => {
                self.unresolved(&at, reference);
                None
            }
            // On the way there, it is told for what is on the way.
            Found::Circle if self.written(pointer).is_none() => None,
            Found::Circle => {
                let place = layout::name(pointer);
                let message = format!("`{place}` refers to itself in a circle and is left out");
                self.warn(pointer, message);
                None
            }
        }
    }

    /// The same for what `OpenAPI` has no references for.
    fn find_plain(&mut self, pointer: &str) -> Option<(String, &'d Value)> {
        let written = self.written(pointer);
        let is_reference = written.is_some_and(|value| references::reference(value).is_some());
        if let Some(value) = written.filter(|_| !is_reference) {
            return Some((pointer.to_owned(), value));
        }
        let found = self.find(pointer)?;
        if is_reference {
            self.findings.push(references::unusual(self.document, pointer));
        }
        Some(found)
    }

    /// A field of an object, read where it is written or where a reference in the stead of the object leads.
    fn field(&self, holder: &str, name: &str) -> Option<&'d Value> {
        references::find(self.document.root(), &layout::child(holder, name)).value()
    }

    /// The entries of a map, with their pointers. Anything else than a map is a finding. What stands beside a reference
    /// comes first.
    fn entries(&mut self, pointer: &str) -> Vec<(&'d String, String)> {
        let (at, map) = match self.find_plain(pointer) {
            Some((at, Value::Object(map))) => (at, Some(map)),
            None | Some((_, Value::Null)) => (String::new(), None),
            Some((at, _)) => {
                self.misplaced(&at, "a map");
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        let mut beside: HashSet<&String> = HashSet::new();
        if at != pointer
            && let Some(Value::Object(map)) = self.written(pointer)
        {
            let names = map.keys().filter(|name| *name != "$ref");
            beside.extend(names.clone());
            found.extend(names.map(|name| (name, layout::child(pointer, name))));
        }
        let names = map.into_iter().flat_map(Map::keys).filter(|name| !beside.contains(name));
        found.extend(names.map(|name| (name, layout::child(&at, name))));
        found
    }

    fn items(&mut self, pointer: &str) -> Vec<String> {
        match self.find_plain(pointer) {
            Some((at, Value::Array(items))) => {
                (0..items.len()).map(|index| format!("{at}/{index}")).collect()
            }
            None | Some((_, Value::Null)) => Vec::new(),
            Some((at, _)) => {
                self.misplaced(&at, "a list");
                Vec::new()
            }
        }
    }

    /// The object at a place, with references followed, and where it is then.
    fn object(&mut self, pointer: &str) -> Option<(String, &'d Map<String, Value>)> {
        let (at, value) = self.find(pointer)?;
        let map = value.as_object();
        if map.is_none() {
            self.misplaced(&at, "an object");
        }
        map.map(|map| (at, map))
    }

    /// Says of `components` and its maps where they are references: they are gone through, and not asked for.
    pub(super) fn note_components(&mut self) {
        let maps = self.field("", "components").and_then(Value::as_object);
        let maps = maps.into_iter().flat_map(Map::keys);
        let maps = maps.map(|name| layout::child("/components", name));
        for pointer in std::iter::once("/components".to_owned()).chain(maps) {
            if self.written(&pointer).and_then(references::reference).is_some() {
                self.find_plain(&pointer);
            }
        }
    }

    fn unresolved(&mut self, at: &str, reference: &str) {
        let hint = if reference.starts_with('#') {
            reference.rsplit_once('/').and_then(|(folder, name)| {
                let folder = references::find(self.document.root(), &lowering::target(folder)?);
                let siblings = folder.value()?.as_object()?;
                let names = siblings.keys().map(String::as_str);
                did_you_mean(name, names.filter(|name| *name != gathering::FILES))
            })
        } else {
            Some(remote::advice_for_reference(reference))
        };
        let shown = gathering::shown(reference);
        self.warn(at, format!("`{shown}` leads nowhere and is left out")).hint = hint;
    }

    /// The schema in a field; the reference itself when it is one.
    fn schema(&mut self, holder: &str, map: &Map<String, Value>) -> Option<SchemaId> {
        map.get("schema")?;
        let pointer = layout::child(holder, "schema");
        self.lowering.schema(&pointer, &mut self.findings).map(SchemaId::new)
    }

    /// The `servers` of the object at `holder`.
    pub(super) fn servers(&mut self, holder: &str) -> Vec<Server> {
        let mut found = Vec::new();
        for pointer in self.items(&layout::child(holder, "servers")) {
            let Some((_, map)) = self.object(&pointer) else { continue };
            let leaf = without(map, &["variables"]);
            let server: Option<openapiv3::Server> =
                leaves::typed(leaf, leaves::SERVER, self.document, &pointer, &mut self.findings);
            let Some(server) = server else { continue };
            let variables = self.server_variables(&layout::child(&pointer, "variables"));
            let (addresses, is_cut) = servers::addresses(&server.url, &variables);
            if is_cut {
                let message = "a server has more addresses than are served";
                let hint = format!("the first {} are", servers::ADDRESSES_MAX);
                self.advise(&pointer, message, &hint);
            }
            let servers: Vec<Server> =
                addresses.iter().filter_map(|url| servers::parse(url)).collect();
            if servers.is_empty() {
                self.advise(
                    &pointer,
                    format!("`{}` has a variable without a default; it is left out", server.url),
                    "declare it under `variables`",
                );
            }
            for server in servers {
                if !found.contains(&server) {
                    found.push(server);
                }
            }
        }
        found
    }

    fn server_variables(&mut self, pointer: &str) -> servers::Variables {
        let mut found = servers::Variables::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((_, variable)) = self.find(&pointer) else { continue };
            let (values, flaw) = servers::values(variable);
            match flaw {
                None => {}
                Some(servers::Flaw::NoDefault) => {
                    let message = "a server variable has no `default`; its first value is taken";
                    self.advise(&pointer, message, "OpenAPI asks for one");
                }
                Some(servers::Flaw::OtherDefault) => {
                    let message = "the `default` of a server variable is not among its values";
                    self.advise(&pointer, message, "it is served beside them");
                }
            }
            found.insert(name.clone(), values);
        }
        found
    }

    pub(super) fn security_schemes(&mut self) {
        self.lost_schemes.are_all = self.is_lost("/components/securitySchemes");
        for (name, pointer) in self.entries("/components/securitySchemes") {
            if self.is_lost(&pointer) {
                self.lost_schemes.names.insert(name.clone());
            }
            let Some((at, map)) = self.object(&pointer) else { continue };
            if map.get("type").is_some_and(|kind| kind == "mutualTLS") {
                let message = format!("`{name}` is of type `mutualTLS`, which is not checked");
                self.advise(&at, message, "it holds for every request");
                self.schemes.insert(name.clone(), SecurityScheme::MutualTls);
                continue;
            }
            let scheme: Option<openapiv3::SecurityScheme> = leaves::typed(
                map.clone(),
                leaves::SECURITY_SCHEME,
                self.document,
                &at,
                &mut self.findings,
            );
            self.schemes.extend(scheme.map(|scheme| (name.clone(), security_scheme(scheme))));
        }
    }

    /// Whether a reference should lead to a place and does not.
    fn is_lost(&self, pointer: &str) -> bool {
        let found = references::find(self.document.root(), pointer);
        matches!(found, Found::Broken(..) | Found::Circle)
    }

    /// Security requirements at a place. Where nobody can tell what they are, calls must not be let in.
    fn security(&mut self, pointer: &str) -> Security {
        let unknown = |why: &str| Security::Unknown(format!("`security` {why}"));
        let requirements = match self.find_plain(pointer) {
            None if self.is_lost(pointer) => {
                return unknown("is a reference that leads nowhere");
            }
            None | Some((_, Value::Null)) => return Security::Unsaid,
            Some((at, Value::Object(_))) => {
                let message = "`security` is a map; it is read as a list with that map in it";
                self.advise(&at, message, "write a list");
                vec![at]
            }
            Some((at, Value::Array(items))) => {
                (0..items.len()).map(|index| format!("{at}/{index}")).collect()
            }
            Some((at, _)) => {
                self.misplaced(&at, "a list");
                return unknown("is not a list");
            }
        };
        let mut alternatives = Vec::new();
        let mut lost = None;
        let mut undeclared = Vec::new();
        let mut unknowns = Vec::new();
        for pointer in requirements {
            let Some((at, Value::Object(requirement))) = self.find(&pointer) else {
                if !self.is_lost(&pointer) {
                    self.misplaced(&pointer, "a map of security schemes");
                }
                lost = Some("has an alternative that is not a map of security schemes".to_owned());
                continue;
            };
            let undefined = |name: &&String| !self.schemes.contains_key(*name);
            let (gone, unknown): (Vec<&String>, Vec<&String>) =
                requirement.keys().filter(undefined).partition(|name| self.lost_schemes.has(name));
            if gone.is_empty() {
                let kept = if unknown.is_empty() { &mut alternatives } else { &mut undeclared };
                kept.push(requirement.keys().cloned().collect());
            }
            if let Some(name) = gone.first() {
                lost = Some(format!("asks for `{name}`, whose definition cannot be read"));
            }
            unknowns.extend(unknown.into_iter().map(|name| (layout::child(&at, name), name)));
        }
        let is_all = alternatives.is_empty() && lost.is_none();
        self.note_undeclared_schemes(unknowns, is_all);
        match lost {
            Some(why) if alternatives.is_empty() => unknown(&why),
            None if is_all => Security::Alternatives(undeclared),
            _ => Security::Alternatives(alternatives),
        }
    }

    /// Tells of schemes that are asked for and declared nowhere. Where an operation accepts nothing else, each is a
    /// bearer token: what the document would have said is not known, and without it nothing would be asked for.
    fn note_undeclared_schemes(&mut self, names: Vec<(String, &String)>, are_needed: bool) {
        for (at, name) in names {
            let hint = did_you_mean(name, self.schemes.keys().map(String::as_str));
            let taken = if are_needed {
                self.undeclared_schemes.insert(name.clone());
                "it is read as a bearer token"
            } else {
                "the alternative with it is left out"
            };
            let message = format!("security scheme `{name}` is not declared; {taken}");
            self.warn(&at, message).hint = hint;
        }
    }

    /// All security schemes that operations ask for.
    pub(super) fn take_schemes(&mut self) -> IndexMap<String, SecurityScheme> {
        let undeclared = std::mem::take(&mut self.undeclared_schemes).into_iter();
        let mut schemes = std::mem::take(&mut self.schemes);
        schemes.extend(undeclared.map(|name| (name, SecurityScheme::Bearer)));
        schemes
    }

    pub(super) fn not_emulated(&mut self) -> Vec<NotEmulated> {
        let mut found = std::mem::take(&mut self.refused);
        for (template, pointer) in self.entries("/x-not-emulated") {
            for pointer in self.items(&pointer) {
                let name = self.written(&pointer).and_then(Value::as_str).unwrap_or_default();
                let lower = name.to_ascii_lowercase();
                if !METHODS.contains(&lower.as_str()) {
                    self.advise(
                        &pointer,
                        format!("`{name}` is no method and is left out"),
                        "write for example `[get, put]`",
                    );
                    continue;
                }
                let key = PathKey::of(template);
                found.push(NotEmulated {
                    method: method(&lower),
                    conditions: key.conditions(&[]),
                    template: key.path,
                    reason: None,
                    file: Arc::clone(self.document.file_of(&pointer)),
                    line: self.document.line(&pointer),
                });
            }
        }
        found
    }

    pub(super) fn operations(&mut self) -> Vec<Operation> {
        let general = self.security("/security");
        let mut found: Vec<Operation> = Vec::new();
        let mut ids: HashMap<String, u32> = HashMap::new();
        for (template, pointer) in self.entries("/paths") {
            if template.starts_with("x-") {
                continue;
            }
            let key = self.path_key(template, &pointer);
            let places = self.path_item_places(&pointer);
            let mut servers = places.iter().map(|place| self.servers(place));
            let servers = servers.find(|servers| !servers.is_empty()).unwrap_or_default();
            for (method, at) in self.path_item(&pointer) {
                let Some(mut operation) = self.operation(method, &key, &pointer, &at, &general)
                else {
                    continue;
                };
                if operation.servers.is_empty() {
                    operation.servers.clone_from(&servers);
                }
                if let Some(line) = ids.get(&operation.id) {
                    let id = format!("{} {}", operation.method, operation.key);
                    let message = format!("operationId `{}` is on line {line} too", operation.id);
                    let at = layout::child(&at, "operationId");
                    self.advise(&at, message, &format!("this one is called `{id}`"));
                    operation.id = id;
                }
                ids.insert(operation.id.clone(), operation.line);
                found.push(operation);
            }
        }
        if found.is_empty() && !self.refused.is_empty() {
            self.warn("/paths", "none of the document's operations can be answered");
        } else if found.is_empty() && self.written("/webhooks").is_some() {
            let message = "the document has webhooks and no operations, so that nothing is served";
            self.advise("/webhooks", message, "a webhook is a call that the service makes");
        } else if found.is_empty() {
            self.warn("/paths", "the document has no operations");
        }
        found
    }

    /// A key of `paths`, repaired and taken apart.
    fn path_key(&mut self, written: &str, pointer: &str) -> PathKey {
        let mut template = written.trim().to_owned();
        if template != written {
            let message = format!("path `{written}` has spaces around it; it is read without");
            self.warn(pointer, message);
        }
        if template.matches('{').count() != template.matches('}').count() {
            let message =
                format!("path `{template}` has a brace without the other; it is read as text");
            self.advise(pointer, message, "write parameters as `{name}`");
        }
        if !template.starts_with('/') {
            let message = format!("path `{template}` does not begin with `/`; it is read so");
            self.warn(pointer, message);
            template = format!("/{template}");
        }
        let key = PathKey::of(&template);
        if key.path != template {
            let message = "a path ends before `?` and `#`; what follows is read as what the query or a header must have";
            self.advise(pointer, message, "declare query parameters under `parameters`");
        }
        let names = names_in(&key.path);
        if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            let message = "a path names a parameter twice; each place is held against its schema, and the last is its value";
            self.advise(pointer, message, "give each place a name of its own");
        }
        key
    }

    /// The operations of a path item: method and pointer. What stands beside a `$ref` comes first.
    fn path_item(&mut self, pointer: &str) -> Vec<(&'d str, String)> {
        let mut found: Vec<(&str, String)> = Vec::new();
        for place in self.path_item_places(pointer) {
            let Some(Value::Object(map)) = self.written(&place) else { continue };
            for name in map.keys() {
                let lower = name.to_ascii_lowercase();
                let is_known = found.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
                if is_known || !METHODS.contains(&lower.as_str()) {
                    continue;
                }
                let at = layout::child(&place, name);
                if lower != *name {
                    self.warn(&at, format!("`{name}` is read as `{lower}`"));
                }
                found.push((name, at));
            }
        }
        found
    }

    fn path_item_places(&mut self, pointer: &str) -> Vec<String> {
        match self.object(pointer) {
            Some((at, _)) if at == pointer => vec![at],
            Some((at, _)) => vec![pointer.to_owned(), at],
            None => vec![pointer.to_owned()],
        }
    }

    fn operation(
        &mut self,
        name: &str,
        key: &PathKey,
        path_item: &str,
        pointer: &str,
        general: &Security,
    ) -> Option<Operation> {
        let method = method(name);
        let Some((place, definition)) = self.find_plain(pointer) else {
            let why = "its definition is a reference that leads nowhere".to_owned();
            self.refuse(method, key, pointer, why);
            return None;
        };
        if !definition.is_object() {
            self.misplaced(&place, "an object");
            return None;
        }
        let own = self.security(&layout::child(pointer, "security"));
        let security = match (&own, general) {
            (Security::Unknown(why), _) | (Security::Unsaid, Security::Unknown(why)) => {
                self.refuse(method, key, pointer, why.clone());
                return None;
            }
            (Security::Alternatives(own), _) => own.clone(),
            (Security::Unsaid, Security::Alternatives(general)) => general.clone(),
            (Security::Unsaid, Security::Unsaid) => Vec::new(),
        };
        let id = self.operation_id(pointer, format!("{method} {}", key.written));
        let parameters = self.operation_parameters(key, path_item, pointer);
        Some(Operation {
            id,
            method,
            key: key.written.clone(),
            template: key.path.clone(),
            conditions: key.conditions(&parameters),
            servers: self.servers(pointer),
            summary: self.field(pointer, "summary").and_then(Value::as_str).map(str::to_owned),
            deprecated: self.field(pointer, "deprecated") == Some(&Value::Bool(true)),
            parameters,
            request_body: self.request_body(&layout::child(pointer, "requestBody")),
            responses: self.operation_responses(pointer),
            security,
            file: Arc::clone(self.document.file_of(pointer)),
            pointer: pointer.to_owned(),
            line: self.document.line(pointer),
        })
    }

    fn operation_id(&mut self, pointer: &str, fallback: String) -> String {
        match self.field(pointer, "operationId") {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            None => fallback,
            Some(_) => {
                let message = "`operationId` is not a text";
                let hint = format!("this one is called `{fallback}`");
                self.advise(&layout::child(pointer, "operationId"), message, &hint);
                fallback
            }
        }
    }

    /// Has an operation refuse its calls, for nobody can tell what the document asks of them.
    fn refuse(&mut self, method: Method, key: &PathKey, pointer: &str, why: String) {
        let message = "the operation cannot be read as it is meant; its calls are refused with 501";
        self.warn(pointer, message).hint = Some(why.clone());
        self.refused.push(NotEmulated {
            method,
            template: key.path.clone(),
            conditions: key.conditions(&[]),
            reason: Some(why),
            file: Arc::clone(self.document.file_of(pointer)),
            line: self.document.line(pointer),
        });
    }

    fn operation_parameters(
        &mut self,
        key: &PathKey,
        path_item: &str,
        operation: &str,
    ) -> Vec<Parameter> {
        let mut merged: IndexMap<(Location, String), Parameter> = IndexMap::new();
        let mut places = self.path_item_places(path_item);
        places.reverse();
        places.push(operation.to_owned());
        for place in places {
            let mut own = HashSet::new();
            let list = layout::child(&place, "parameters");
            if place != operation && self.written(&list).is_none() {
                continue;
            }
            for pointer in self.items(&list) {
                let Some(parameter) = self.parameter(&pointer) else { continue };
                let name = match parameter.location {
                    Location::Header => parameter.name.to_ascii_lowercase(),
                    _ => parameter.name.clone(),
                };
                let key = (parameter.location, name);
                if !own.insert(key.clone()) {
                    let message = format!("parameter `{}` is there twice", parameter.name);
                    self.advise(&pointer, message, "the first is used");
                    continue;
                }
                merged.insert(key, parameter);
            }
        }
        let mut parameters: Vec<Parameter> = merged.into_values().collect();
        let line = self.document.line(operation);
        match_query(key, line, &mut parameters);
        self.match_template(&key.path, operation, &mut parameters);
        parameters
    }

    /// Path parameters are exactly the names in the template.
    fn match_template(&mut self, template: &str, operation: &str, parameters: &mut Vec<Parameter>) {
        let names = names_in(template);
        let line = self.document.line(operation);
        for name in &names {
            let declared = |one: &Parameter| one.location == Location::Path && one.name == *name;
            if !parameters.iter().any(declared) && !self.match_loosely(name, &names, parameters) {
                let message =
                    format!("path parameter `{name}` is not declared; any text is accepted");
                self.advise(operation, message, "declare it under `parameters` with `in: path`");
                parameters.push(Parameter { required: true, ..plain(name, Location::Path, line) });
            }
        }
        parameters.retain(|parameter| {
            let there =
                parameter.location != Location::Path || names.contains(&parameter.name.as_str());
            if !there {
                let message = format!(
                    "path parameter `{}` is not in `{template}`; it is left out",
                    parameter.name
                );
                let mut finding = self.document.warning(operation, message);
                finding.line = parameter.line;
                finding.hint = did_you_mean(&parameter.name, names.iter().copied());
                self.findings.push(finding);
            }
            there
        });
    }

    /// Takes a path parameter for `name` that is written so but for its case and spaces, and stands for no other.
    fn match_loosely(&mut self, name: &str, names: &[&str], parameters: &mut [Parameter]) -> bool {
        let Some(parameter) = parameters.iter_mut().find(|one| {
            one.location == Location::Path
                && one.name.trim().eq_ignore_ascii_case(name.trim())
                && !names.contains(&one.name.as_str())
        }) else {
            return false;
        };
        let message = format!("path parameter `{}` is `{name}` in the path", parameter.name);
        name.clone_into(&mut parameter.name);
        let mut finding = self.document.warning("", message);
        finding.line = parameter.line;
        finding.hint = Some("write both alike".to_owned());
        self.findings.push(finding);
        true
    }

    fn parameter(&mut self, pointer: &str) -> Option<Parameter> {
        let (at, map) = self.object(pointer)?;
        if let Some(known) = self.parameters.get(&at) {
            return known.clone();
        }
        let parameter = self.read_parameter(&at, map);
        self.parameters.insert(at, parameter.clone());
        parameter
    }

    fn read_parameter(&mut self, pointer: &str, map: &Map<String, Value>) -> Option<Parameter> {
        if let Some(location) = map.get("in").and_then(Value::as_str)
            && matches!(location, "body" | "formData")
        {
            let message = format!("`in: {location}` is of OpenAPI 2.0; the parameter is left out");
            self.advise(pointer, message, "use `requestBody`");
            return None;
        }
        let leaf = without(map, &["example", "examples"]);
        let typed: openapiv3::Parameter =
            leaves::typed(leaf, leaves::PARAMETER, self.document, pointer, &mut self.findings)?;
        let (location, style) = location_and_style(&typed);
        let allow_empty =
            matches!(&typed, openapiv3::Parameter::Query { allow_empty_value: Some(true), .. });
        let typed = typed.parameter_data();
        let mut required = typed.required;
        if location == Location::Path && !required {
            let message = format!("path parameter `{}` is always `required: true`", typed.name);
            self.warn(pointer, message);
            required = true;
        }
        if location == Location::Header && !is_token(&typed.name) {
            let message = format!("`{}` is no header name; no request has it", typed.name);
            self.warn(pointer, message);
        }
        let media = self.first_media(pointer, map);
        let (content, schema) = match media {
            Some((name, media)) => (Some(name), media.schema),
            None => (None, self.schema(pointer, map)),
        };
        if let Some(schema) = schema {
            self.examples(pointer, map, schema);
        }
        let default = schema.and_then(|schema| {
            let (_, lowered) = self.lowering.resolved(schema.number());
            lowered.get("default").cloned()
        });
        Some(Parameter {
            name: typed.name,
            location,
            required,
            schema,
            style,
            explode: typed.explode.unwrap_or(style == Style::Form),
            content,
            allow_empty,
            default,
            line: self.document.line(pointer),
        })
    }

    fn first_media(
        &mut self,
        pointer: &str,
        map: &Map<String, Value>,
    ) -> Option<(String, MediaType)> {
        map.get("content")?;
        let content = layout::child(pointer, "content");
        // How parts are written means nothing there; and a part's header with parts would go on without end.
        self.content(&content, Direction::Request, false).into_iter().next()
    }

    fn request_body(&mut self, pointer: &str) -> Option<RequestBody> {
        let (at, map) = self.object(pointer)?;
        if let Some(known) = self.request_bodies.get(&at) {
            return known.clone();
        }
        let leaf = without(map, &["content"]);
        let typed: Option<openapiv3::RequestBody> =
            leaves::typed(leaf, leaves::REQUEST_BODY, self.document, &at, &mut self.findings);
        let body = typed.map(|typed| {
            let pointer = layout::child(&at, "content");
            let content = self.content(&pointer, Direction::Request, true);
            RequestBody { required: typed.required, content }
        });
        self.request_bodies.insert(at, body.clone());
        body
    }

    fn content(
        &mut self,
        pointer: &str,
        direction: Direction,
        has_parts: bool,
    ) -> IndexMap<String, MediaType> {
        let mut found = IndexMap::new();
        for (name, pointer) in self.entries(pointer) {
            if self.written(&pointer).is_some_and(Value::is_null) {
                self.warn(&pointer, "the media type is null; it is read as `{}`");
                found.insert(name.clone(), MediaType::default());
                continue;
            }
            let Some((at, map)) = self.object(&pointer) else { continue };
            if !is_media_type(name) {
                let hint = "write a type and a subtype, such as `application/json`";
                self.advise(&pointer, format!("`{name}` is no media type"), hint);
            }
            let leaf = without(map, &["example", "examples"]);
            let typed: Option<openapiv3::MediaType> =
                leaves::typed(leaf, leaves::MEDIA_TYPE, self.document, &at, &mut self.findings);
            if typed.is_none() {
                continue;
            }
            let schema = self.schema(&at, map);
            let examples = self.media_examples(&at, schema, direction);
            let encoding = layout::child(&at, "encoding");
            let encoding = if has_parts { self.encodings(&encoding) } else { IndexMap::default() };
            found.insert(name.clone(), MediaType { schema, examples, encoding });
        }
        found
    }

    fn encodings(&mut self, pointer: &str) -> IndexMap<String, Encoding> {
        let mut found = IndexMap::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((at, map)) = self.object(&pointer) else { continue };
            let leaf = without(map, &["headers"]);
            let typed: Option<openapiv3::Encoding> =
                leaves::typed(leaf, leaves::ENCODING, self.document, &at, &mut self.findings);
            let Some(typed) = typed else { continue };
            let styled =
                ["style", "explode", "allowReserved"].iter().any(|name| map.contains_key(*name));
            let style = typed.style.as_ref().map_or(Style::Form, query_style);
            let explode = map.get("explode").and_then(Value::as_bool);
            let content_types = typed.content_type.as_deref().unwrap_or_default().split(',');
            let content_types = content_types.map(str::trim).filter(|name| !name.is_empty());
            let encoding = Encoding {
                content_types: content_types.map(str::to_owned).collect(),
                headers: self.part_headers(&layout::child(&at, "headers")),
                style: styled.then(|| (style, explode.unwrap_or(style == Style::Form))),
            };
            found.insert(name.clone(), encoding);
        }
        found
    }

    /// The headers of a part, which are read like those of a request.
    fn part_headers(&mut self, pointer: &str) -> Vec<Parameter> {
        let mut found = Vec::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((at, map)) = self.object(&pointer) else { continue };
            let boolean = |field: &str| map.get(field) == Some(&Value::Bool(true));
            let (content, schema) = match self.first_media(&at, map) {
                Some((name, media)) => (Some(name), media.schema),
                None => (None, self.schema(&at, map)),
            };
            found.push(Parameter {
                required: boolean("required"),
                explode: boolean("explode"),
                schema,
                content,
                ..plain(name, Location::Header, self.document.line(&at))
            });
        }
        found
    }

    fn media_examples(
        &mut self,
        pointer: &str,
        schema: Option<SchemaId>,
        direction: Direction,
    ) -> IndexMap<String, Value> {
        let mut found = IndexMap::new();
        if let Some((at, value)) = self.data(&layout::child(pointer, "example")) {
            found.insert(String::new(), (at, value.clone()));
        }
        for (name, pointer) in self.entries(&layout::child(pointer, "examples")) {
            let Some((at, example)) = self.object(&pointer) else { continue };
            let own = ["value", "dataValue"].map(|field| layout::child(&at, field));
            let own = own.iter().find_map(|field| self.data(field));
            let value = own.or_else(|| {
                let at = lowering::target(example.get("externalValue")?.as_str()?)?;
                let value = self.written(&at)?;
                Some((at, value))
            });
            match value {
                Some((at, value)) => {
                    found.insert(name.clone(), (at, value.clone()));
                }
                None => self.advise(
                    &at,
                    format!("example `{name}` has no `value` and is left out"),
                    "write the value itself, or put its file beside the document",
                ),
            }
        }
        if let Some(schema) = schema.filter(|_| found.is_empty()) {
            found.extend(self.inherited(schema).map(|sample| (String::new(), sample)));
        }
        if let Some(schema) = schema {
            let places = found.values().map(|(pointer, _)| pointer.clone());
            self.samples.extend(places.map(|pointer| Sample { pointer, schema, direction }));
        }
        found.into_iter().map(|(name, (_, value))| (name, value)).collect()
    }

    /// Data and where it is. What has a `$ref` is data like all else, unless it is a reference as a whole.
    fn data(&mut self, pointer: &str) -> Option<(String, &'d Value)> {
        let value = self.written(pointer)?;
        let own = (pointer.to_owned(), value);
        if references::whole_reference(value).is_none() {
            return Some(own);
        }
        match references::find(self.document.root(), pointer) {
            Found::Value(at, value) => {
                self.findings.push(references::unusual(self.document, pointer));
                Some((at, value))
            }
            _ => {
                self.findings.push(references::unfollowed(self.document, pointer));
                Some(own)
            }
        }
    }

    /// The schema's own example, also that of the one schema it consists of.
    fn inherited(&self, schema: SchemaId) -> Option<(String, Value)> {
        let (pointer, lowered) = self.lowering.resolved(schema.number());
        let place = |at: String| match references::find(self.document.root(), &at) {
            Found::Value(at, _) => at,
            _ => at,
        };
        if let Some(example) = lowered.get("example") {
            return Some((place(layout::child(&pointer, "example")), example.clone()));
        }
        let first = lowered.get("examples").and_then(Value::as_array)?.first()?;
        Some((place(format!("{pointer}/examples/0")), first.clone()))
    }

    fn examples(&mut self, pointer: &str, map: &Map<String, Value>, schema: SchemaId) {
        if map.contains_key("example") || map.contains_key("examples") {
            self.media_examples(pointer, Some(schema), Direction::Request);
        }
    }

    fn operation_responses(&mut self, operation: &str) -> IndexMap<String, Response> {
        let mut found = IndexMap::new();
        let pointer = layout::child(operation, "responses");
        for (status, pointer) in self.entries(&pointer) {
            if status.starts_with("x-") {
                continue;
            }
            let Some(status) = status_key(status) else {
                let message = format!("`{status}` is no status and is left out");
                self.advise(&pointer, message, "write `200`, `4XX` or `default`");
                continue;
            };
            if let Some(mut response) = self.response(&pointer) {
                if self.document.file_of(&pointer) != self.document.file() {
                    response.line = self.document.line(operation);
                }
                found.insert(status, response);
            }
        }
        // Also where only interim ones (1xx) are documented: a request is to get a final response.
        if found.keys().all(|status| status.starts_with('1')) {
            let message = "the operation documents no response; it answers 200 without a body";
            self.advise(&pointer, message, "document one under `responses`");
            let line = self.document.line(operation);
            found.insert("200".to_owned(), Response { line, ..Response::default() });
        }
        found
    }

    fn response(&mut self, pointer: &str) -> Option<Response> {
        let line = self.document.line(pointer);
        let (at, map) = self.object(pointer)?;
        if let Some(known) = self.responses.get(&at) {
            return Some(Response { line, ..known.clone() });
        }
        let leaf = without(map, &["headers", "content", "links"]);
        let typed: openapiv3::Response =
            leaves::typed(leaf, leaves::RESPONSE, self.document, &at, &mut self.findings)?;
        let response = Response {
            description: typed.description,
            headers: self.headers(&layout::child(&at, "headers")),
            content: self.content(&layout::child(&at, "content"), Direction::Response, true),
            inferred: self.reason(&at, map, "x-inferred"),
            unreachable: self.reason(&at, map, "x-unreachable"),
            line,
        };
        self.responses.insert(at, response.clone());
        Some(response)
    }

    fn reason(&mut self, pointer: &str, map: &Map<String, Value>, name: &str) -> Option<String> {
        match map.get(name)? {
            Value::String(reason) if !reason.trim().is_empty() => Some(reason.trim().to_owned()),
            Value::Bool(false) => None,
            _ => {
                let message = format!("`{name}` gives no reason");
                self.advise(&layout::child(pointer, name), message, "say why in a sentence");
                Some(String::new())
            }
        }
    }

    fn headers(&mut self, pointer: &str) -> IndexMap<String, Header> {
        let mut found = IndexMap::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((at, map)) = self.object(&pointer) else { continue };
            if !is_token(name) {
                self.warn(&pointer, format!("`{name}` is no header name and is left out"));
                continue;
            }
            let leaf = without(map, &["example", "examples"]);
            let typed: Option<openapiv3::Header> =
                leaves::typed(leaf, leaves::HEADER, self.document, &at, &mut self.findings);
            if typed.is_none() {
                continue;
            }
            let (schema, examples) = match self.first_media(&at, map) {
                Some((_, media)) => (media.schema, media.examples),
                None => {
                    let schema = self.schema(&at, map);
                    (schema, self.media_examples(&at, schema, Direction::Response))
                }
            };
            let example = examples.into_values().next();
            let explode = map.get("explode") == Some(&Value::Bool(true));
            found.insert(name.clone(), Header { schema, explode, example });
        }
        found
    }
}

fn method(lower: &str) -> Method {
    Method::from_bytes(lower.to_ascii_uppercase().as_bytes()).unwrap_or(Method::GET)
}

/// A leaf without what is read apart from it; its schemas are `{}`, whatever they were.
fn without(map: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let kept = map.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    kept.map(|(name, value)| {
        let empty = || Value::Object(Map::new());
        let value = match (name.as_str(), value) {
            ("schema" | "itemSchema", _) => empty(),
            ("content" | "encoding", Value::Object(entries)) => {
                entries.keys().map(|key| (key.clone(), empty())).collect()
            }
            _ => value.clone(),
        };
        (name.clone(), value)
    })
    .collect()
}

/// What stands behind a path's question mark is declared as a query parameter: `?owner={id}` is one called `owner`.
fn match_query(key: &PathKey, line: u32, parameters: &mut Vec<Parameter>) {
    let in_path = names_in(&key.path);
    for piece in &key.query {
        let Some(name) = piece.parameter() else { continue };
        let is_there = |one: &Parameter| one.location == Location::Query && one.name == piece.name;
        if parameters.iter().any(is_there) {
            continue;
        }
        let place = parameters.iter().position(|one| {
            one.location == Location::Path && one.name == name && !in_path.contains(&name)
        });
        let place = place.unwrap_or_else(|| {
            parameters.push(Parameter { required: true, ..plain(name, Location::Query, line) });
            parameters.len() - 1
        });
        let parameter = &mut parameters[place];
        parameter.location = Location::Query;
        (parameter.style, parameter.explode) = (Style::Form, true);
        parameter.name.clone_from(&piece.name);
    }
}

/// A parameter of which nothing is said.
fn plain(name: &str, location: Location, line: u32) -> Parameter {
    Parameter {
        name: name.to_owned(),
        location,
        required: false,
        schema: None,
        style: Style::Simple,
        explode: false,
        content: None,
        allow_empty: false,
        default: None,
        line,
    }
}

fn location_and_style(parameter: &openapiv3::Parameter) -> (Location, Style) {
    use openapiv3::Parameter::Cookie;
    use openapiv3::Parameter::Header;
    use openapiv3::Parameter::Path;
    use openapiv3::Parameter::Query;
    use openapiv3::PathStyle;
    match parameter {
        Path { style, .. } => {
            let style = match style {
                PathStyle::Matrix => Style::Matrix,
                PathStyle::Label => Style::Label,
                PathStyle::Simple => Style::Simple,
            };
            (Location::Path, style)
        }
        Query { style, .. } => (Location::Query, query_style(style)),
        Header { .. } => (Location::Header, Style::Simple),
        Cookie { .. } => (Location::Cookie, Style::Form),
    }
}

const fn query_style(style: &openapiv3::QueryStyle) -> Style {
    use openapiv3::QueryStyle;
    match style {
        QueryStyle::Form => Style::Form,
        QueryStyle::SpaceDelimited => Style::SpaceDelimited,
        QueryStyle::PipeDelimited => Style::PipeDelimited,
        QueryStyle::DeepObject => Style::DeepObject,
    }
}

fn security_scheme(scheme: openapiv3::SecurityScheme) -> SecurityScheme {
    use openapiv3::APIKeyLocation;
    use openapiv3::SecurityScheme::APIKey;
    use openapiv3::SecurityScheme::HTTP;
    use openapiv3::SecurityScheme::OAuth2;
    use openapiv3::SecurityScheme::OpenIDConnect;
    match scheme {
        APIKey { location, name, .. } => {
            let location = match location {
                APIKeyLocation::Query => Location::Query,
                APIKeyLocation::Header => Location::Header,
                APIKeyLocation::Cookie => Location::Cookie,
            };
            SecurityScheme::ApiKey { location, name }
        }
        HTTP { scheme, .. } if scheme.eq_ignore_ascii_case("bearer") => SecurityScheme::Bearer,
        HTTP { scheme, .. } if scheme.eq_ignore_ascii_case("basic") => SecurityScheme::Basic,
        HTTP { scheme, .. } => SecurityScheme::Http { scheme },
        OAuth2 { .. } | OpenIDConnect { .. } => SecurityScheme::Bearer,
    }
}

/// `200`, `4XX` (also written `4xx`) or `default`.
fn status_key(key: &str) -> Option<String> {
    let upper = key.to_ascii_uppercase();
    let bytes = upper.as_bytes();
    let class = bytes.len() == 3 && (b'1'..=b'5').contains(&bytes[0]);
    if key == "default" {
        Some(key.to_owned())
    } else if class && (&bytes[1..] == b"XX" || bytes[1..].iter().all(u8::is_ascii_digit)) {
        Some(upper)
    } else {
        None
    }
}
