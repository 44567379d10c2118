//! What expressions see of a request: its values, who is calling, and the named expressions of its operation, each
//! read only when asked.
//!
//! Must not change anything.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use http::header::HOST;
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};
use minijinja::value::{Enumerator, Object};
use minijinja::{Error, ErrorKind};
use serde_json::Value as Json;

use crate::behavior::list::ListPlan;
use crate::behavior::records::Snapshot;
use crate::expression::{Expression, Holder, Value, from_json, from_member};
use crate::validation::Validated;

/// What an operation's expressions see: the request, who is calling, the records, and the named expressions.
pub(crate) struct Scope {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) request: Option<RequestLine>,
    pub(crate) validated: Arc<Validated>,
    pub(crate) caller: Caller,
    pub(crate) lets: Lets,
    /// The operation's list, and the page that is asked for once it was read.
    pub(crate) list: Option<(Arc<ListPlan>, OnceLock<Value>)>,
    pub(crate) inputs: [OnceLock<Value>; INPUTS.len()],
}

/// Names of what the request carries.
const INPUTS: [&str; 5] = ["path", "query", "header", "cookie", "body"];

/// The values of a request where there is none, or where they are not looked at yet.
static NOTHING_VALIDATED: LazyLock<Arc<Validated>> = LazyLock::new(Arc::default);

/// The place of the body among them.
const BODY: usize = 4;

impl Holder for Validated {
    fn member(&self, name: &str) -> Option<&Json> {
        self.body.as_ref().filter(|_| name == INPUTS[BODY])
    }
}

/// The parameters of one place: those of the path, of the query, …
#[derive(Debug)]
struct Input {
    validated: Arc<Validated>,
    number: usize,
}

impl Input {
    fn members(&self) -> &serde_json::Map<String, Json> {
        match self.number {
            0 => &self.validated.path,
            1 => &self.validated.query,
            2 => &self.validated.header,
            _ => &self.validated.cookie,
        }
    }
}

impl Object for Input {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        self.members().get(name).map(from_json)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.members().keys().map(|name| Value::from(name.as_str())).collect())
    }
}

/// The method and path of a request, and the address that it was sent to.
#[derive(Clone, Debug)]
pub(crate) struct RequestLine {
    method: http::Method,
    /// As the provider sees it.
    path: Arc<str>,
    /// As it was sent.
    uri: Uri,
    host: Option<HeaderValue>,
    scheme: Scheme,
}

impl RequestLine {
    /// Of a request whose path is this one for the provider.
    pub(crate) fn of(parts: &Parts, path: &str) -> Self {
        let told = parts.extensions.get::<Scheme>().cloned();
        Self {
            method: parts.method.clone(),
            path: path.into(),
            uri: parts.uri.clone(),
            host: parts.headers.get(HOST).cloned(),
            scheme: told.or_else(|| parts.uri.scheme().cloned()).unwrap_or(Scheme::HTTP),
        }
    }

    /// Scheme and host, as the client named them; `None` where it named no host.
    fn origin(&self) -> Option<String> {
        let authority = self.uri.authority().map(Authority::as_str);
        let host = authority.or_else(|| self.host.as_ref()?.to_str().ok())?;
        Some(format!("{}://{host}", self.scheme))
    }
}

/// Who is calling, once credentials were accepted.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Value,
    pub(crate) credential: Value,
    pub(crate) credentials: Value,
}

impl Caller {
    /// Nobody in particular: the operation asks for no credentials.
    pub(crate) fn anonymous() -> Self {
        Self {
            principal: Value::from(()),
            credential: Value::from(()),
            credentials: Value::from(()),
        }
    }
}

/// The accepted credentials by their scheme, as `credentials`.
#[derive(Clone, Debug)]
pub(crate) struct Credentials(pub(crate) Vec<(Arc<str>, Value)>);

impl Object for Credentials {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        self.0
            .iter()
            .find(|(scheme, _)| **scheme == *name)
            .map(|(_, credential)| credential.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(scheme, _)| Value::from(&**scheme)).collect())
    }
}

/// One entry of an operation's `let`.
pub(crate) type NamedExpression = (Box<str>, Expression);

/// The named expressions of an operation, and the values of those that were read.
pub(crate) struct Lets {
    /// `None` where there are none at all.
    expressions: Option<Arc<[NamedExpression]>>,
    values: Box<[OnceLock<Value>]>,
}

impl Lets {
    pub(crate) fn new(expressions: &Arc<[NamedExpression]>) -> Self {
        let values = expressions.iter().map(|_| OnceLock::new()).collect();
        Self { expressions: Some(Arc::clone(expressions)), values }
    }

    /// The value of that name, evaluated in `scope` when it is first asked for.
    fn get(&self, name: &str, scope: impl FnOnce() -> Value) -> Option<Value> {
        let expressions = self.expressions.as_ref()?;
        let number = expressions.iter().position(|(known, _)| **known == *name)?;
        if let Some(value) = self.values[number].get() {
            return Some(value.clone());
        }
        let value = match expressions[number].1.eval_as_is(&scope()) {
            Ok(value) => value,
            Err(failure) => {
                let message = format!("`{name}` has no value: {failure}");
                Value::from(Error::new(ErrorKind::InvalidOperation, message))
            }
        };
        Some(self.values[number].get_or_init(|| value).clone())
    }

    /// None at all.
    pub(crate) fn none() -> Self {
        Self { expressions: None, values: Box::default() }
    }
}

/// A scope after the effects, and the named expressions that read what these did.
pub(crate) struct AfterEffects {
    scope: Value,
    lets: Lets,
}

impl AfterEffects {
    /// `scope` with these named expressions.
    pub(crate) fn over(scope: Value, expressions: &Arc<[NamedExpression]>) -> Value {
        if expressions.is_empty() {
            return scope;
        }
        Value::from_object(Self { scope, lets: Lets::new(expressions) })
    }
}

impl fmt::Debug for AfterEffects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AfterEffects")
    }
}

impl Object for AfterEffects {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        let scope = || Value::from_dyn_object(Arc::clone(self));
        self.lets.get(name, scope).or_else(|| self.scope.as_object()?.get_value_by_str(name))
    }
}

impl Scope {
    /// What is in scope everywhere at one moment: the records, the time and the settings.
    pub(crate) fn at(snapshot: &Arc<Snapshot>) -> Self {
        Self {
            snapshot: Arc::clone(snapshot),
            request: None,
            validated: Arc::clone(&NOTHING_VALIDATED),
            caller: Caller::anonymous(),
            lets: Lets::none(),
            list: None,
            inputs: Default::default(),
        }
    }

    /// The same moment and request, for a scope that has more.
    pub(crate) fn clone_of(scope: &Self) -> Self {
        Self { request: scope.request.clone(), ..Self::at(&scope.snapshot) }
    }

    /// As expressions take it.
    pub(crate) fn into_value(self) -> Value {
        Value::from_object(self)
    }

    fn input(&self, number: usize) -> Value {
        let read = || match number {
            BODY => from_member(&self.validated, INPUTS[BODY]).unwrap_or_default(),
            number => Value::from_object(Input { validated: Arc::clone(&self.validated), number }),
        };
        self.inputs[number].get_or_init(read).clone()
    }

    fn request_line(&self) -> Option<Value> {
        let line = self.request.as_ref()?;
        Some(Value::from_pairs([
            ("method", Value::from(line.method.as_str())),
            ("path", Value::from(&*line.path)),
            ("target", line.uri.path_and_query().map(|it| it.as_str().into()).unwrap_or_default()),
            ("origin", line.origin().map(Value::from).unwrap_or_default()),
        ]))
    }

    fn list(self: &Arc<Self>) -> Option<Value> {
        let (list, page) = self.list.as_ref()?;
        let scope = || Value::from_dyn_object(Arc::clone(self));
        let uri = self.request.as_ref().map(|line| &line.uri);
        let evaluate = || {
            list.evaluate(&self.snapshot, uri, &scope()).unwrap_or_else(|reason| {
                let message = format!("`list` has no value: {reason}");
                Value::from(Error::new(ErrorKind::InvalidOperation, message))
            })
        };
        Some(page.get_or_init(evaluate).clone())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope")
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(number) = INPUTS.iter().position(|input| *input == name) {
            return Some(self.input(number));
        }
        match name {
            "principal" => return Some(self.caller.principal.clone()),
            "credential" => return Some(self.caller.credential.clone()),
            "credentials" => return Some(self.caller.credentials.clone()),
            "request" => return self.request_line(),
            "list" if self.list.is_some() => return self.list(),
            _ => {}
        }
        let scope = || Value::from_dyn_object(Arc::clone(self));
        self.lets.get(name, scope).or_else(|| self.snapshot.name(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_the_client_named() {
        let origin = |uri: &str, host: Option<&str>, tls: bool| {
            let mut request = http::Request::builder().uri(uri);
            if let Some(host) = host {
                request = request.header(HOST, host);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            if tls {
                parts.extensions.insert(Scheme::HTTPS);
            }
            RequestLine::of(&parts, "/").origin()
        };
        assert_eq!(origin("/a", Some("a.example:1"), false).unwrap(), "http://a.example:1");
        assert_eq!(origin("/a", Some("a.example"), true).unwrap(), "https://a.example");
        assert_eq!(origin("https://b.example/a", Some("a"), false).unwrap(), "https://b.example");
        assert_eq!(origin("/a", None, false), None);
    }
}
