//! The operations that are served, as one needs to know them to call one.
//!
//! Must not know sandboxes.

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::control::Control;
use crate::control::views::HeaderView;
use crate::emulator::Emulator;
use crate::openapi::{Location, Operation, SecurityScheme};
use crate::problem::Problem;

/// An operation, in a list of all.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OperationView {
    /// Whose it is.
    pub provider: String,
    /// Its `operationId`.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Where it answers: a path template.
    pub path: String,
    /// Its `summary`.
    pub summary: Option<String>,
    /// Whether it can delete something, now or in a job.
    pub destroys: bool,
}

/// An operation, with all that a form for it needs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OperationDetail {
    /// As in the list.
    #[serde(flatten)]
    pub operation: OperationView,
    /// Its parameters, but for those that are credentials.
    pub parameters: Vec<ParameterView>,
    /// The media types of its body, the first preferred; none where it takes none.
    pub media_types: Vec<String>,
    /// Whether it must have a body.
    pub body_required: bool,
    /// The responses that are documented.
    pub responses: Vec<DocumentedResponseView>,
    /// The credentials that it takes.
    pub credentials: Vec<CredentialView>,
    /// Calls that its files give, each with what it shows.
    pub calls: Vec<CallExampleView>,
    /// A valid call that is made up from the contract, if one can be.
    pub sample: Option<CallExampleView>,
}

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ParameterView {
    /// Its name.
    pub name: String,
    /// `path`, `query`, `header` or `cookie`.
    #[serde(rename = "in")]
    pub location: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What its value has to be, where the contract says so.
    pub schema: Option<Value>,
}

/// A documented response.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DocumentedResponseView {
    /// `200`, `4XX` or `default`.
    pub status: String,
    /// Its description.
    pub description: String,
    /// Whether the vendor does not document it.
    pub inferred: bool,
    /// Whether a request can lead to it.
    pub reachable: bool,
}

/// A way to say who calls.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CredentialView {
    /// The security scheme.
    pub scheme: String,
    /// `header`, `query` or `cookie`.
    #[serde(rename = "in")]
    pub location: &'static str,
    /// The name of the header, query parameter or cookie.
    pub name: String,
    /// What comes before the credential in its value, such as `Bearer `.
    pub prefix: String,
    /// The resource whose records have the credentials that are known here; null where none is looked up.
    pub resource: Option<String>,
    /// The property of those records that is the credential.
    pub property: Option<String>,
}

/// A call that can be made as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CallExampleView {
    /// What it shows.
    pub shows: String,
    /// The status that it answers at the start, if that is known.
    pub expect: Option<u16>,
    /// The path and query.
    pub target: String,
    /// The header fields, with credentials.
    pub headers: Vec<HeaderView>,
    /// The body as text.
    pub body: Option<String>,
}

impl Control<'_> {
    /// All operations, in the order of the contracts.
    pub fn operations(emulator: &Emulator) -> Vec<OperationView> {
        let overview = emulator.overview();
        let providers = overview.iter().enumerate();
        let all = providers.flat_map(|(number, provider)| {
            let operations = provider.operations.iter().enumerate();
            operations.map(move |(place, one)| OperationView {
                provider: provider.name.to_owned(),
                id: one.id.to_owned(),
                method: one.method.clone(),
                path: one.mounted_at.first().cloned().unwrap_or_default(),
                summary: operation(emulator, (number, place)).summary.clone(),
                destroys: emulator.destroys(number, place),
            })
        });
        all.collect()
    }

    /// One operation.
    pub fn operation(
        emulator: &Emulator,
        provider: &str,
        id: &str,
    ) -> Result<OperationDetail, Problem> {
        let all = Self::operations(emulator);
        let found = all.into_iter().find(|one| one.provider == provider && one.id == id);
        let number = emulator.provider(provider);
        let (Some(view), Some(number)) = (found, number) else {
            let detail = format!(
                "`{provider}` has no operation `{id}`: `GET /__admin/operations` lists all"
            );
            return Err(Problem::new(StatusCode::NOT_FOUND, "no such operation", detail));
        };
        let contract = emulator.behavior(number).contract();
        let place = contract.operations.iter().position(|one| one.id == id).unwrap_or_default();
        let of = &contract.operations[place];
        let body = of.request_body.as_ref();
        Ok(OperationDetail {
            parameters: parameters(emulator, number, of),
            media_types: body.map_or_else(Vec::new, |body| body.content.keys().cloned().collect()),
            body_required: body.is_some_and(|body| body.required),
            responses: responses(of),
            credentials: credentials(emulator, number, of),
            calls: calls(emulator, (number, place), provider),
            sample: sample(emulator, (number, place)),
            operation: view,
        })
    }
}

fn operation(emulator: &Emulator, (provider, number): (usize, usize)) -> &Operation {
    &emulator.behavior(provider).contract().operations[number]
}

fn location(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

fn parameters(emulator: &Emulator, provider: usize, of: &Operation) -> Vec<ParameterView> {
    let contract = emulator.behavior(provider).contract();
    let taken = of.parameters.iter().filter(|parameter| !parameter.is_ignored());
    let view = taken.map(|parameter| ParameterView {
        name: parameter.name.clone(),
        location: location(parameter.location),
        required: parameter.required,
        schema: parameter.schema.map(|id| contract.schemas.resolved(id).clone()),
    });
    view.collect()
}

fn responses(of: &Operation) -> Vec<DocumentedResponseView> {
    let view = of.responses.iter().map(|(status, response)| DocumentedResponseView {
        status: status.clone(),
        description: response.description.trim().to_owned(),
        inferred: response.inferred.is_some(),
        reachable: response.unreachable.is_none(),
    });
    view.collect()
}

fn credentials(emulator: &Emulator, provider: usize, of: &Operation) -> Vec<CredentialView> {
    let behavior = emulator.behavior(provider);
    let mut schemes: Vec<&String> = Vec::new();
    for scheme in of.security.iter().flatten() {
        if !schemes.contains(&scheme) {
            schemes.push(scheme);
        }
    }
    let view = |name: &String| {
        let scheme = behavior.contract().security_schemes.get(name)?;
        let at_header = |prefix: String| ("header", "Authorization".to_owned(), prefix);
        let (location, at, prefix) = match scheme {
            SecurityScheme::ApiKey { location: place, name } => {
                (location(*place), name.clone(), String::new())
            }
            SecurityScheme::Bearer => at_header("Bearer ".to_owned()),
            SecurityScheme::Basic => at_header("Basic ".to_owned()),
            SecurityScheme::Http { scheme } => at_header(format!("{scheme} ")),
            SecurityScheme::MutualTls => return None,
        };
        let records = behavior.credential_records().find(|(scheme, ..)| *scheme == name);
        Some(CredentialView {
            scheme: name.clone(),
            location,
            name: at,
            prefix,
            resource: records
                .map(|(_, resource, _)| behavior.model().resources[resource].name.to_string()),
            property: records.map(|(.., property)| property.to_owned()),
        })
    };
    schemes.into_iter().filter_map(view).collect()
}

fn headers(given: &[(String, String)]) -> Vec<HeaderView> {
    let view =
        |(name, value): &(String, String)| HeaderView { name: name.clone(), value: value.clone() };
    given.iter().map(view).collect()
}

fn calls(
    emulator: &Emulator,
    (number, place): (usize, usize),
    provider: &str,
) -> Vec<CallExampleView> {
    let calls = emulator.calls(number).iter().filter(|call| call.operation == place);
    let view = calls.map(|call| CallExampleView {
        shows: call.shows.clone(),
        expect: Some(call.expect.as_u16()),
        target: format!("/{provider}{}", call.target),
        headers: headers(&call.headers),
        body: call.body.as_ref().map(ToString::to_string),
    });
    view.collect()
}

fn sample(emulator: &Emulator, (number, place): (usize, usize)) -> Option<CallExampleView> {
    let call = emulator.example_call(number, place).ok()?;
    let body = call.body.as_ref();
    Some(CallExampleView {
        shows: "a valid call, made up from the contract".to_owned(),
        expect: None,
        target: call.target,
        headers: headers(&call.headers),
        body: body.map(|body| String::from_utf8_lossy(body).into_owned()),
    })
}
