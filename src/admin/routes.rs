//! The admin API's routes: each a row in one table and a function that answers it.
//!
//! Must not know who may call them.

use std::sync::Arc;

use axum::Json;
use axum::Router;

use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::routing::MethodRouter;
use axum::routing::get;
use axum::routing::post;
use http::Method;
use http::StatusCode;
use http::Uri;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::percent_decode_str;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::admin::ROOT;
use crate::admin::Refusal;
use crate::emulator::Emulator;
use crate::problem::Problem;

/// How many records one answer lists unless asked for fewer or more.
const PAGE_RECORDS: usize = 100;

/// How many records one answer lists at most, so that a sandbox of millions is read in parts.
const PAGE_RECORDS_MAX: usize = 1_000;

/// What stays as it is in a path segment (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

type Shared = State<Arc<Emulator>>;

/// Every route: path below the root, what a listing calls it, who answers.
fn table() -> [(&'static str, &'static str, MethodRouter<Arc<Emulator>>); 6] {
    [
        ("/health", "GET", get(health)),
        ("/version", "GET", get(version)),
        ("/reset", "POST", post(reset)),
        ("/resources", "GET", get(list_resources)),
        ("/resources/{provider}/{resource}", "GET", get(list_records)),
        ("/resources/{provider}/{resource}/{key}", "GET", get(read_record)),
    ]
}

pub(super) fn router(emulator: Arc<Emulator>) -> Router {
    let mut router = Router::new();
    for (path, _, answer) in table() {
        router = router.route(&format!("{ROOT}{path}"), answer);
    }
    router.fallback(no_such_path).method_not_allowed_fallback(wrong_method).with_state(emulator)
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn version() -> Json<Value> {
    Json(json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }))
}

/// Everything back to the start.
async fn reset(State(emulator): Shared) -> Json<Value> {
    emulator.reset();
    Json(json!({ "status": "reset" }))
}

/// All resources, with where their records are listed and how many there are.
async fn list_resources(State(emulator): Shared) -> Json<Value> {
    let mut rows = Vec::new();
    for provider in emulator.providers() {
        for resource in emulator.resources(provider).unwrap_or_default() {
            rows.push(json!({
                "provider": provider,
                "resource": resource,
                "count": emulator.count(provider, &resource).unwrap_or(0),
                "href": records_path(provider, &resource),
            }));
        }
    }
    Json(json!({ "resources": rows }))
}

/// Which part of a listing is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    offset: usize,
    #[serde(default = "page_records")]
    limit: usize,
}

fn page_records() -> usize {
    PAGE_RECORDS
}

/// A resource's records in the order of their keys, in parts.
async fn list_records(
    State(emulator): Shared,
    uri: Uri,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let [provider, resource, _] = segments(&uri)?;
    let Page { offset, limit } = match page {
        Ok(Query(page)) if (1..=PAGE_RECORDS_MAX).contains(&page.limit) => page,
        Ok(Query(page)) => return Err(bad_page(&format!("`limit` is `{}`", page.limit))),
        Err(rejection) => return Err(bad_page(&rejection.body_text())),
    };
    let Some(records) = emulator.records(&provider, &resource, offset, limit) else {
        return Err(no_such_resource(&emulator, &provider, &resource));
    };
    let count = emulator.count(&provider, &resource).unwrap_or(0);
    let end = offset.saturating_add(records.len());
    let next = (end < count && !records.is_empty())
        .then(|| format!("{}?offset={end}&limit={limit}", records_path(&provider, &resource)));
    Ok(Json(json!({ "count": count, "records": records, "next": next })))
}

/// One record. The parts of a key of several properties are separated by commas, in the declared order; a comma
/// inside a part is `%2C`.
async fn read_record(State(emulator): Shared, uri: Uri) -> Result<Json<Value>, Refusal> {
    let [provider, resource, _] = segments(&uri)?;
    let raw_key = uri.path().rsplit('/').next().unwrap_or_default();
    let parts = raw_key.split(',').map(decode).collect::<Result<Vec<_>, _>>()?;
    if let Some(record) = emulator.record(&provider, &resource, &parts) {
        return Ok(Json(record));
    }
    if emulator.count(&provider, &resource).is_none() {
        return Err(no_such_resource(&emulator, &provider, &resource));
    }
    Err(Refusal::from(Problem::new(
        StatusCode::NOT_FOUND,
        "no such record",
        format!("`{resource}` of `{provider}` has no record with the key `{}`", parts.join(",")),
    )))
}

/// The decoded segments behind `/__admin/resources/`, at most three; a missing one is empty.
fn segments(uri: &Uri) -> Result<[String; 3], Refusal> {
    let rest = uri.path().strip_prefix(ROOT).and_then(|rest| rest.strip_prefix("/resources/"));
    let mut segments = rest.unwrap_or_default().splitn(3, '/').map(decode);
    let mut next = || segments.next().unwrap_or_else(|| Ok(String::new()));
    Ok([next()?, next()?, next()?])
}

fn decode(segment: &str) -> Result<String, Refusal> {
    percent_decode_str(segment).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| {
        Refusal::from(Problem::new(
            StatusCode::BAD_REQUEST,
            "not UTF-8",
            format!("`{segment}` in the path does not decode to UTF-8"),
        ))
    })
}

fn records_path(provider: &str, resource: &str) -> String {
    let provider = utf8_percent_encode(provider, SEGMENT);
    let resource = utf8_percent_encode(resource, SEGMENT);
    format!("{ROOT}/resources/{provider}/{resource}")
}

fn bad_page(what: &str) -> Refusal {
    Refusal::from(Problem::new(
        StatusCode::BAD_REQUEST,
        "no such page",
        format!(
            "{what}: `offset` is a number from 0 up (0 unless given), `limit` one from 1 to {PAGE_RECORDS_MAX} \
             ({PAGE_RECORDS} unless given), and there is nothing else to ask for"
        ),
    ))
}

fn no_such_resource(emulator: &Emulator, provider: &str, resource: &str) -> Refusal {
    let problem = match emulator.resources(provider) {
        None => Problem::new(
            StatusCode::NOT_FOUND,
            "no such provider",
            format!("there is no provider `{provider}` here"),
        )
        .with("providers", json!(emulator.providers().collect::<Vec<_>>())),
        Some(resources) => Problem::new(
            StatusCode::NOT_FOUND,
            "no such resource",
            format!("`{provider}` has no resource `{resource}`"),
        )
        .with("resources", json!(resources)),
    };
    problem.into()
}

async fn no_such_path(uri: Uri) -> Refusal {
    let paths: Vec<String> =
        table().iter().map(|(path, method, _)| format!("{method} {ROOT}{path}")).collect();
    Refusal::from(
        Problem::new(
            StatusCode::NOT_FOUND,
            "no such admin path",
            format!("nothing answers at `{}`: `paths` lists what there is", uri.path()),
        )
        .with("paths", paths),
    )
}

/// The answer to a known path with another method; axum adds `Allow`.
async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    Refusal::from(Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method not allowed",
        format!("`{}` does not take `{method}`: `Allow` says what it takes", uri.path()),
    ))
}
