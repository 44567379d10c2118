//! From the behavior file as written to one that can decide: everything resolved, compiled and checked.
//!
//! Must not know requests.

mod compiler;
mod jobs;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use http::StatusCode;
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::behavior::caller::Scheme;
use crate::behavior::compile::compiler::{Compiler, Table, outcome_type, violation_type};
use crate::behavior::compiled::Behavior;
use crate::behavior::format::{
    BehaviorFile, FORMAT_VERSION, ORDER, OnDeleteFormat, OperationFormat, RuleFormat, StageFormat,
};
use crate::behavior::list::{Indexes, ListPlan, ListReader};
use crate::behavior::names::{Lets, NamesInScope, expression};
use crate::behavior::notes::Notes;
use crate::behavior::repeated::{Idempotency, Lasts};
use crate::behavior::settings::check_span;
use crate::behavior::shape::{self, Shapes};
use crate::behavior::span::duration_ms;
use crate::behavior::table::{Failures, OperationTable, Supposed};
use crate::clock::parse_duration_ms;
use crate::expression::{Expression, ScopeNames, Template, Type, from_json};
use crate::finding::did_you_mean;
use crate::openapi::{Contract, Location, Operation};
use crate::pointer::child;
use crate::store::{Counter, Model, ResourceModel};

/// Reads a behavior file against its contract. What is wrong goes to `notes`; `None` when no store can be kept
/// for its resources.
pub(crate) fn compile(
    file: &BehaviorFile,
    contract: &Arc<Contract>,
    vet: bool,
    name: &str,
    notes: &mut Notes<'_>,
) -> Option<Behavior> {
    let settings = Json::Object(file.settings.clone());
    check_version(file, notes);
    let (shapes, mut model) = shape::compile(file, &contract.schemas, vet, notes);
    check_updates(&shapes, file, &settings, notes);
    check_views(&shapes, &settings, notes);
    let names = NamesInScope::everywhere(&shapes, &settings);
    let mut compiler = Compiler {
        file,
        contract,
        shapes: &shapes,
        model: &model,
        names,
        outcome: outcome_type(&shapes),
        vet,
        job_records: jobs::records(file, &shapes),
        name,
        indexes: counted(&model),
        notes,
        rules: Vec::new(),
        delays: Vec::new(),
    };
    let schemes = compiler.schemes();
    let jobs = compiler.jobs();
    let messages = compiler.messages();
    let operations = compiler.operations();
    let unknown_route =
        compiler.route_failure(file.failures.unknown_route.as_ref(), "unknown_route");
    let wrong_method = compiler.route_failure(file.failures.wrong_method.as_ref(), "wrong_method");
    compiler.check_failures_of_all();
    let order = compiler.order();
    let is_sound = compiler.check_model();
    let Compiler { rules, delays, indexes, .. } = compiler;
    model.order_by(indexes);
    is_sound.then(|| Behavior {
        rules,
        delays,
        secrets: OnceLock::new(),
        contract: Arc::clone(contract),
        settings: from_json(&settings),
        schemes,
        jobs,
        messages,
        operations,
        left: BTreeMap::new(),
        unknown_route,
        wrong_method,
        order,
        model: Arc::new(model),
        shapes: Arc::new(shapes),
    })
}

impl<'c> Compiler<'c, '_> {
    /// Whether a store can keep these resources.
    fn check_model(&mut self) -> bool {
        let misfits = self.model.check();
        for misfit in &misfits {
            let resource = &self.model.resources[misfit.resource];
            let place = child("/resources", &resource.name);
            let place = match misfit.relation {
                None => place,
                Some(relation) => {
                    child(&format!("{place}/belongs_to"), &resource.relations[relation].name)
                }
            };
            self.notes.error(&place, misfit.message.clone(), None);
        }
        misfits.is_empty()
    }

    fn schemes(&mut self) -> Vec<Scheme> {
        let mut schemes = Vec::new();
        for (name, format) in &self.file.security {
            if !self.contract.security_schemes.contains_key(name) {
                let known = self.contract.security_schemes.keys().map(String::as_str);
                let message = format!("the contract has no security scheme `{name}`");
                self.notes.error(&child("/security", name), message, did_you_mean(name, known));
            }
            schemes.push(Scheme::compile(
                name,
                format,
                self.shapes,
                self.model,
                &self.names,
                self.notes,
            ));
        }
        self.tell_unsaid_schemes();
        schemes
    }

    /// Security schemes that operations ask for and the file does not say: one finding for each, and none for one whose
    /// name is mistyped there, which was told.
    fn tell_unsaid_schemes(&mut self) {
        let known = &self.contract.security_schemes;
        let mistyped = self.file.security.keys().filter(|name| !known.contains_key(*name));
        let meant: Vec<String> = mistyped
            .filter_map(|name| did_you_mean(name, known.keys().map(String::as_str)))
            .collect();
        let decided = |operation: &&Operation| {
            self.file.operations.get(&operation.id).is_some_and(|format| format.inferred.is_none())
        };
        let mut unsaid: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for operation in self.contract.operations.iter().filter(decided) {
            for name in operation.security.iter().flatten() {
                let is_meant = || meant.iter().any(|hint| hint.contains(&format!("`{name}`")));
                if known.contains_key(name) && !self.file.security.contains_key(name) && !is_meant()
                {
                    unsaid.entry(name).or_default().push(&operation.id);
                }
            }
        }
        for (name, operations) in unsaid {
            let who = match operations.as_slice() {
                [] => continue,
                [one] => format!("`{one}` asks"),
                [first, _] => format!("`{first}` and another ask"),
                [first, others @ ..] => format!("`{first}` and {} others ask", others.len()),
            };
            let message = format!("{who} for `{name}`, which is not said here");
            let hint =
                format!("add `{name}` to `security`, with the resource that holds its credentials");
            self.notes.error("/security", message, hint);
        }
    }

    fn order(&mut self) -> [StageFormat; 4] {
        let Some(given) = &self.file.order else { return ORDER };
        let complete = ORDER.iter().all(|stage| given.contains(stage));
        match <[StageFormat; 4]>::try_from(given.as_slice()) {
            Ok(order) if complete => order,
            _ => {
                let message = "`order` does not name each stage once";
                let hint = "the stages are security, parameters, envelope, body".to_owned();
                self.notes.error("/order", message, hint);
                ORDER
            }
        }
    }

    fn messages(&mut self) -> Vec<(String, Template)> {
        let names = self.names.clone().and("v", violation_type());
        let mut messages = Vec::new();
        for (keyword, text) in &self.file.messages {
            let pointer = child("/messages", keyword);
            match Template::compile(&Json::String(text.clone())) {
                Ok(template) => {
                    self.notes.mistakes(&pointer, template.check(&names));
                    messages.push((keyword.clone(), template));
                }
                Err(mistakes) => self.notes.mistakes(&pointer, mistakes),
            }
        }
        messages
    }

    fn operations(&mut self) -> Vec<Option<OperationTable>> {
        let contract = self.contract;
        for name in self.file.operations.keys() {
            if !contract.operations.iter().any(|operation| operation.id == *name) {
                let known = contract.operations.iter().map(|operation| operation.id.as_str());
                let message = format!("the contract has no operation `{name}`");
                self.notes.error(&child("/operations", name), message, did_you_mean(name, known));
            }
        }
        self.tell_undecided();
        let tables = contract.operations.iter().map(|operation| {
            let format = self.file.operations.get(&operation.id)?;
            self.check_ignored(operation, format);
            Some(self.operation(operation, format))
        });
        tables.collect()
    }

    /// Operations that the file says nothing of are answered by the contract alone.
    fn tell_undecided(&mut self) {
        let operations = self.contract.operations.iter();
        let mut undecided =
            operations.filter(|operation| !self.file.operations.contains_key(&operation.id));
        // Of what is inferred, others tell what it is and what is left.
        let mut formats = self.file.operations.values();
        let is_asked = self.file.infer.as_ref().is_some_and(|infer| infer.except().is_some());
        let is_inferred = is_asked || formats.any(|format| format.inferred.is_some());
        let Some(first) = undecided.next().filter(|_| !is_inferred) else { return };
        let others = match undecided.count() {
            0 => String::new(),
            count => format!(" and {count} others"),
        };
        let id = &first.id;
        let message = format!("nothing says what `{id}`{others} do: the contract alone answers");
        let message = if others.is_empty() { message.replace(" do:", " does:") } else { message };
        let hint = format!(
            "add `operations: {id}:` with its rules, or `infer: true`, to have it remember"
        );
        self.notes.warning("/operations", message, hint);
    }

    fn operation(
        &mut self,
        operation: &'c Operation,
        format: &'c OperationFormat,
    ) -> OperationTable {
        let pointer = child("/operations", &operation.id);
        let found_before = self.notes.count();
        let request = self.request_names(operation);
        let expressions = self.named_expressions(format, &pointer, &request);
        let after = names_after(&expressions);
        let in_lets = request.clone().and("made", Type::Any).and("outcome", self.outcome.clone());
        let lets = Lets::new(&expressions, in_lets);
        for (name, mistake) in lets.check() {
            self.notes.mistakes(&child(&format!("{pointer}/let"), &name), [mistake]);
        }
        let table = Table {
            pointer: format!("{pointer}/rules"),
            title: operation.id.clone(),
            operation: Some(operation),
            kind: "rules",
            names: after.iter().fold(request.clone().and_lets(&lets), refused_before),
            after,
        };
        let (list, mut table) = self.list(operation, format, table);
        let etag = self.etag(format, &pointer, &table);
        let idempotency = self.idempotency(format, &pointer, &table);
        let rules = self.rules(&format.rules, &table);
        self.check_last(&format.rules, &table);
        let restricts = self.restricts(&rules, operation, &table.names);
        let failures = self.failure_tables(operation, format);
        let given = rules.iter().chain(failures.iter()).chain(restricts.values());
        let given = given.map(|rule| rule.answer.status().as_u16());
        let not_modified = etag.as_ref().map(|_| StatusCode::NOT_MODIFIED.as_u16());
        let given = given.chain(not_modified).collect();
        // A rule that could not be read would be missed here, and that was reported.
        if self.notes.count() == found_before && format.inferred.is_none() {
            self.check_reachable(operation, &given, &pointer);
        }
        let after = std::mem::take(&mut table.after);
        drop(table);
        drop(lets);
        let lets = expressions.into_iter().filter_map(|(name, it)| Some((name, it?)));
        let (lets_after, lets): (Vec<_>, Vec<_>) = lets
            .map(|(name, expression)| (name.into_boxed_str(), expression))
            .partition(|(name, _)| after.iter().any(|after| **after == **name));
        OperationTable {
            lets: lets.into(),
            lets_after: lets_after.into(),
            list,
            etag,
            idempotency,
            rules,
            failures,
            restricts,
            supposed: Supposed::of(format),
        }
    }

    /// Parameters that are said to change nothing are parameters of the query.
    fn check_ignored(&mut self, operation: &Operation, format: &OperationFormat) {
        let pointer = child("/operations", &operation.id);
        let known = || {
            let queries = operation.parameters.iter();
            let queries = queries.filter(|parameter| parameter.location == Location::Query);
            queries.map(|parameter| parameter.name.as_str())
        };
        for (number, name) in format.ignores.iter().enumerate() {
            if !known().any(|known| known == name) {
                let message = format!("`{}` has no query parameter `{name}`", operation.id);
                let pointer = child(&format!("{pointer}/ignores"), number);
                self.notes.error(&pointer, message, did_you_mean(name, known()));
            }
        }
    }

    /// The expression for the entity tag of what an operation asks for.
    fn etag(
        &mut self,
        format: &OperationFormat,
        pointer: &str,
        table: &Table<'_>,
    ) -> Option<Expression> {
        let place = format!("{pointer}/etag");
        Some(expression(format.etag.as_ref()?, &place, &table.names, self.notes)?.0)
    }

    /// What an operation says of repeated requests.
    fn idempotency(
        &mut self,
        format: &OperationFormat,
        pointer: &str,
        table: &Table<'_>,
    ) -> Option<Idempotency> {
        let format = format.idempotency.as_ref()?;
        let place = format!("{pointer}/idempotency");
        let (key, _) = expression(&format.key, &format!("{place}/key"), &table.names, self.notes)?;
        let lasts = match parse_duration_ms(&format.lasts) {
            Some(ms) => Lasts::Ms(ms),
            None => {
                let place = format!("{place}/for");
                let (lasts, _) = expression(&format.lasts, &place, &table.names, self.notes)?;
                let settings = from_json(&Json::Object(self.file.settings.clone()));
                if let Err(reason) = check_span(&lasts, &settings, duration_ms) {
                    self.notes.error(&place, reason, None);
                }
                Lasts::By(lasts)
            }
        };
        Some(Idempotency { key, lasts })
    }

    /// What an operation answers where its rules are not asked, or cannot be carried out.
    fn failure_tables(
        &mut self,
        operation: &'c Operation,
        format: &'c OperationFormat,
    ) -> Failures {
        let mut of = |kind| self.failures(operation, format, kind);
        Failures {
            unauthenticated: of("unauthenticated"),
            invalid_request: of("invalid_request"),
            conflict: of("conflict"),
            precondition_failed: of("precondition_failed"),
            idempotency_mismatch: of("idempotency_mismatch"),
            internal: of("internal"),
        }
    }

    /// The list of an operation, and its table with the name `list` where there is one.
    fn list<'t>(
        &mut self,
        operation: &'c Operation,
        format: &OperationFormat,
        mut table: Table<'t>,
    ) -> (Option<Arc<ListPlan>>, Table<'t>) {
        let Some(format) = &format.list else { return (None, table) };
        let mut reader = ListReader {
            shapes: self.shapes,
            schemas: &self.contract.schemas,
            operation,
            names: &table.names,
            indexes: &mut self.indexes,
            notes: self.notes,
        };
        let pointer = format!("{}/list", child("/operations", &operation.id));
        let (list, kind) = match reader.read(format, &pointer) {
            Some((list, kind)) => (Some(Arc::new(list)), kind),
            // What is wrong was told; what reads it is not wrong by that.
            None => (None, Type::Any),
        };
        table.names = table.names.and("list", kind);
        (list, table)
    }

    /// The named expressions of an operation; `None` for one that cannot be read.
    fn named_expressions(
        &mut self,
        format: &OperationFormat,
        pointer: &str,
        request: &NamesInScope<'_>,
    ) -> IndexMap<String, Option<Expression>> {
        let mut expressions: IndexMap<String, Option<Expression>> = IndexMap::new();
        for (name, text) in &format.names {
            let pointer = child(&format!("{pointer}/let"), name);
            if request.name(name).is_some() {
                let message = format!("`{name}` means something else already");
                self.notes.error(&pointer, message, "choose another name".to_owned());
            }
            let expression = Expression::compile(text);
            let expression =
                expression.map_err(|mistake| self.notes.mistakes(&pointer, [mistake])).ok();
            expressions.insert(name.clone(), expression);
        }
        expressions
    }

    /// What the rules of an operation can name, beside its named expressions.
    fn request_names(&self, operation: &Operation) -> NamesInScope<'c> {
        let principals = operation.security.iter().map(|schemes| {
            let format = schemes.last().and_then(|name| self.file.security.get(name));
            format.map_or(Type::None, |format| Scheme::principal_type(format, &self.names))
        });
        let credentials = operation.security.iter().map(|schemes| {
            let format = schemes.last().and_then(|name| self.file.security.get(name));
            match format.map(|format| format.find.as_slice()) {
                Some([one]) => Type::Record(one.as_str().into()),
                Some(_) => Type::Any,
                None => Type::None,
            }
        });
        let one_of = |kinds: &mut dyn Iterator<Item = Type>| match (kinds.next(), kinds.next()) {
            (None, _) => Type::None,
            (Some(kind), None) => kind,
            _ => Type::Any,
        };
        self.names
            .clone()
            .and_request(operation, &self.contract.schemas)
            .and("principal", one_of(&mut principals.into_iter()))
            .and("credential", one_of(&mut credentials.into_iter()))
            .and("credentials", Type::Any)
    }

    /// The last rule must hold always, or there are requests that nothing answers; none may stand behind it.
    fn check_last(&mut self, formats: &[RuleFormat], table: &Table<'_>) {
        let hint = "leave `when` out of the last rule, and only there".to_owned();
        match formats.iter().position(|rule| rule.when.is_none()) {
            None => {
                let message =
                    format!("no rule of `{}` may hold, and then nothing is answered", table.title);
                self.notes.error(&table.pointer, message, hint);
            }
            Some(first) if first + 1 < formats.len() => {
                let message = "this rule is never reached: the one before it always holds";
                self.notes.error(&child(&table.pointer, first + 1), message, hint);
            }
            Some(_) => {}
        }
    }

    /// Every documented response must be given by something, or be marked as unreachable.
    fn check_reachable(&mut self, operation: &Operation, given: &BTreeSet<u16>, pointer: &str) {
        for (status, response) in &operation.responses {
            let is_given = given.iter().any(|given| {
                operation.response(*given).is_some_and(|found| std::ptr::eq(found, response))
            });
            if !is_given && response.unreachable.is_none() {
                let message = format!(
                    "`{}` documents {status}, and no rule or failure gives it",
                    operation.id
                );
                let hint = match self.file.infer {
                    None => "add a rule, or mark the response `x-unreachable: <why>`",
                    // What is left to the contract need not be said.
                    Some(_) => {
                        "add a rule, or leave it to the contract with `inferred: <why>` here"
                    }
                };
                let hint = hint.to_owned();
                self.notes.error(pointer, message, hint);
            }
        }
    }
}

/// The named expressions that read what effects did, by themselves or by another.
fn names_after(expressions: &IndexMap<String, Option<Expression>>) -> Vec<String> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let first_name = |reading: String| {
        reading.split(|letter| !is_name(letter)).next().unwrap_or_default().to_owned()
    };
    let mut reads: Vec<(&String, Vec<String>)> = expressions
        .iter()
        .filter_map(|(name, it)| {
            Some((name, it.as_ref()?.reads().into_iter().map(first_name).collect()))
        })
        .collect();
    let mut after = vec!["outcome".to_owned(), "made".to_owned()];
    let reads_after =
        |after: &[String], names: &[String]| names.iter().any(|it| after.contains(it));
    while let Some(index) = reads.iter().position(|(_, names)| reads_after(&after, names)) {
        after.push(reads.swap_remove(index).0.clone());
    }
    after.split_off(2)
}

/// Names in which one has no value, for it reads what effects did and they come later.
fn refused_before<'n>(names: NamesInScope<'n>, name: &String) -> NamesInScope<'n> {
    let why = format!("`{name}` reads what effects did, and here they did nothing yet").into();
    let hint = "read it in the answer of a rule with effects".into();
    names.and(name, Type::Refused { why, hint })
}

/// The indexes that counters need.
fn counted(model: &Model) -> Indexes {
    let of_resource =
        |resource: &ResourceModel| resource.counters.iter().map(Counter::indexed).collect();
    model.resources.iter().map(of_resource).collect()
}

fn check_version(file: &BehaviorFile, notes: &mut Notes<'_>) {
    if file.tombstone != FORMAT_VERSION {
        let message = format!("format {} is not known here", file.tombstone);
        notes.error("/tombstone", message, format!("this program reads format {FORMAT_VERSION}"));
    }
}

/// The templates of `update` on delete read `record` and what is in scope everywhere.
fn check_updates(shapes: &Shapes, file: &BehaviorFile, settings: &Json, notes: &mut Notes<'_>) {
    for (number, shape) in shapes.iter().enumerate() {
        let names = NamesInScope::everywhere(shapes, settings)
            .and("record", Type::Record(Arc::clone(&shape.name)));
        let Some((name, format)) = file.resources.get_index(number) else { continue };
        for (relation, format) in &format.belongs_to {
            let OnDeleteFormat::Update(update) = &format.on_delete else { continue };
            let place = child(&format!("{}/belongs_to", child("/resources", name)), relation);
            let place = format!("{place}/on_delete/update");
            for property in update.update.keys().filter(|property| !shape.knows(property)) {
                let message = format!("the schema of `{name}` has no property `{property}`");
                notes.error(&child(&place, property), message, None);
            }
            if let Ok(template) = Template::compile(&Json::Object(update.update.clone())) {
                notes.mistakes(&place, template.check(&names));
            }
        }
    }
}

/// The templates of views read `record` and what is in scope everywhere.
fn check_views(shapes: &Shapes, settings: &Json, notes: &mut Notes<'_>) {
    for shape in shapes.iter() {
        let names = NamesInScope::everywhere(shapes, settings)
            .and("record", Type::Record(Arc::clone(&shape.name)));
        let place = format!("{}/views", child("/resources", &shape.name));
        for (name, view) in &shape.views {
            let pointer = child(&place, name);
            let mut names = names.clone();
            for parameter in view.parameters().keys() {
                if names.name(parameter).is_some() {
                    let message = format!("`{parameter}` means something in views already");
                    let pointer = child(&format!("{pointer}/parameters"), parameter);
                    notes.error(&pointer, message, "give the parameter another name".to_owned());
                } else {
                    names = names.and(parameter, Type::Any);
                }
            }
            notes.mistakes(&format!("{pointer}/add"), view.added().check(&names));
        }
    }
}
