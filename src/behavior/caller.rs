//! Callers: how a presented credential becomes someone, by the records that hold credentials.
//!
//! Must not know where in a request credentials stand; `security` knows that.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::behavior::format::SchemeFormat;
use crate::behavior::names::{NamesInScope, expression};
use crate::behavior::notes::Notes;
use crate::behavior::overlay::Overlay;
use crate::behavior::records::Snapshot;
use crate::behavior::scope::{Caller, Credentials};
use crate::behavior::shape::Shapes;
use crate::clock::Timestamp;
use crate::expression::{Expression, Type, Value};
use crate::pointer::child;
use crate::security::Reason;
use crate::store::{Key, Model, Store};

/// How credentials of one security scheme are looked up and judged.
#[derive(Debug)]
pub(crate) struct Scheme {
    name: Arc<str>,
    find: Vec<(usize, By)>,
    expires: Option<String>,
    reject_when: Option<Expression>,
    principal: Option<Expression>,
}

/// How a resource finds a record by the credential as presented.
#[derive(Clone, Copy, Debug)]
enum By {
    Key,
    Unique(usize),
}

impl Scheme {
    /// Reads a scheme; parts that cannot be honoured are left out, and `notes` says why.
    pub(crate) fn compile(
        name: &str,
        format: &SchemeFormat,
        shapes: &Shapes,
        model: &Model,
        names: &NamesInScope<'_>,
        notes: &mut Notes<'_>,
    ) -> Self {
        let place = child("/security", name);
        let mut find = Vec::new();
        for resource in format.find.as_slice() {
            let place = format!("{place}/find");
            let Some(number) = shapes.number(resource) else {
                let message = format!("there is no resource `{resource}`");
                notes.error(&place, message, shapes.suggestion(resource));
                continue;
            };
            match by(&model.resources[number], &format.by) {
                Some(by) => find.push((number, by)),
                None => {
                    let message = format!("`{resource}` cannot be searched by `{}`", format.by);
                    let hint = format!("add `{}` to its `unique`", format.by);
                    notes.error(&place, message, hint);
                }
            }
        }
        let credential = match format.find.as_slice() {
            [one] => Type::Record(one.as_str().into()),
            _ => Type::Any,
        };
        let names = names.clone().and("credential", credential).and("credentials", Type::Any);
        let mut read = |text: &Option<String>, member: &str| {
            let (expression, _) =
                expression(text.as_ref()?, &child(&place, member), &names, notes)?;
            Some(expression)
        };
        let reject_when = read(&format.reject_when, "reject_when");
        let principal = read(&format.principal, "principal");
        Self { name: name.into(), find, expires: format.expires.clone(), reject_when, principal }
    }

    /// The type of what `principal` reads, for checking the operations that ask for this scheme.
    pub(crate) fn principal_type(format: &SchemeFormat, names: &NamesInScope<'_>) -> Type {
        let credential = match format.find.as_slice() {
            [one] => Type::Record(one.as_str().into()),
            _ => Type::Any,
        };
        match format.principal.as_deref().map(Expression::compile) {
            None => credential,
            Some(Ok(expression)) => {
                expression.check(&names.clone().and("credential", credential)).0
            }
            Some(Err(_)) => Type::Any,
        }
    }

    /// Its name in the contract.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The properties that hold credentials, with their resources.
    pub(crate) fn properties<'s>(
        &'s self,
        model: &'s Model,
    ) -> impl Iterator<Item = (usize, &'s String)> {
        self.find.iter().flat_map(|(resource, by)| {
            let of = &model.resources[*resource];
            let properties = match by {
                By::Key => &of.key,
                By::Unique(number) => &of.unique[*number],
            };
            properties.iter().map(|property| (*resource, property))
        })
    }

    /// Whether a record is found by this credential.
    pub(crate) fn knows(&self, credential: &str, store: &Store) -> bool {
        self.locate(credential, store).is_some()
    }

    /// The record of a credential.
    fn find(&self, credential: &str, snapshot: &Arc<Snapshot>) -> Option<(usize, Key)> {
        self.locate(credential, &snapshot.store)
    }

    fn locate(&self, credential: &str, store: &Store) -> Option<(usize, Key)> {
        let key = Key::from(credential);
        self.find.iter().find_map(|(resource, by)| {
            let found = match by {
                By::Key => store.get(*resource, &key).map(|_| key.clone()),
                By::Unique(number) => {
                    store.find(*resource, *number, &key).map(|(key, _)| key.clone())
                }
            };
            found.map(|found| (*resource, found))
        })
    }
}

fn by(resource: &crate::store::ResourceModel, property: &str) -> Option<By> {
    if resource.key == [property] {
        return Some(By::Key);
    }
    resource.unique.iter().position(|group| *group == [property]).map(By::Unique)
}

/// Judges the credentials of one request, one after the other; later ones see earlier ones.
pub(crate) struct Judge<'j> {
    schemes: &'j [Scheme],
    snapshot: &'j Arc<Snapshot>,
    scope: &'j Value,
    now: Timestamp,
    accepted: Vec<Accepted>,
    /// What went wrong beside the credential itself: the behavior file's own fault.
    pub(crate) fault: Option<String>,
}

/// A credential that is good.
struct Accepted {
    scheme: Arc<str>,
    record: Value,
    principal: Option<Value>,
}

impl<'j> Judge<'j> {
    pub(crate) fn new(
        schemes: &'j [Scheme],
        snapshot: &'j Arc<Snapshot>,
        scope: &'j Value,
        now: Timestamp,
    ) -> Self {
        Self { schemes, snapshot, scope, now, accepted: Vec::new(), fault: None }
    }

    /// Whether a credential is good; it is kept if it is.
    pub(crate) fn judge(&mut self, scheme: &str, credential: &str) -> Result<(), Reason> {
        let scheme =
            self.schemes.iter().find(|known| *known.name == *scheme).ok_or(Reason::Unknown)?;
        let (resource, key) = scheme.find(credential, self.snapshot).ok_or(Reason::Unknown)?;
        if let Some(expires) = &scheme.expires
            && let Some(record) = self.snapshot.store.get(resource, &key)
            && point_in_time(record.get(expires).as_deref()).is_some_and(|point| point <= self.now)
        {
            return Err(Reason::Expired);
        }
        let record = self.snapshot.record(resource, &key);
        let principal = self.principal(scheme, &record).map_err(|failure| {
            self.fault = Some(failure.to_string());
            Reason::Rejected
        })?;
        self.accepted.retain(|accepted| accepted.scheme != scheme.name);
        self.accepted.push(Accepted {
            scheme: Arc::clone(&scheme.name),
            record,
            principal: principal.ok_or(Reason::Rejected)?,
        });
        Ok(())
    }

    /// Whom a credential stands for: `None` where it is rejected, `Some(None)` where its scheme does not say.
    #[expect(clippy::option_option, reason = "rejected and unsaid are two things")]
    fn principal(
        &self,
        scheme: &Scheme,
        record: &Value,
    ) -> Result<Option<Option<Value>>, crate::expression::Failure> {
        if scheme.reject_when.is_none() && scheme.principal.is_none() {
            return Ok(Some(None));
        }
        let mut all = Vec::with_capacity(self.accepted.len() + 1);
        all.extend(self.accepted.iter().map(|one| (Arc::clone(&one.scheme), one.record.clone())));
        all.push((Arc::clone(&scheme.name), record.clone()));
        let all = Value::from_object(Credentials(all));
        let names = [("credential", record.clone()), ("credentials", all)];
        let scope = Overlay::over(self.scope, names);
        if let Some(reject_when) = &scheme.reject_when
            && reject_when.holds(&scope)?
        {
            return Ok(None);
        }
        scheme.principal.as_ref().map(|principal| principal.eval(&scope)).transpose().map(Some)
    }

    /// Who is calling, now that every credential of one alternative was accepted.
    pub(crate) fn caller(mut self, schemes: &[String]) -> Caller {
        self.accepted.retain(|accepted| schemes.iter().any(|name| **name == *accepted.scheme));
        let Some(last) = self.accepted.last() else { return Caller::anonymous() };
        let credential = last.record.clone();
        let principal = self.accepted.iter().rev().find_map(|accepted| accepted.principal.clone());
        Caller {
            principal: principal.unwrap_or_else(|| credential.clone()),
            credential,
            credentials: Value::from_object(Credentials(
                self.accepted.into_iter().map(|one| (one.scheme, one.record)).collect(),
            )),
        }
    }
}

/// RFC 3339 text, or a number of seconds since the epoch.
fn point_in_time(value: Option<&Json>) -> Option<Timestamp> {
    match value? {
        Json::String(text) => Timestamp::parse(text),
        Json::Number(seconds) =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "saturates, which is past every clock"
            )]
            seconds.as_f64().map(|seconds| Timestamp((seconds * 1_000.0) as i64))
        }
        _ => None,
    }
}
