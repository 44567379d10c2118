//! Records: arranged before a call, looked at after it.
//!
//! Must not know how they are kept.

use axum::{Extension, Json};
use http::{StatusCode, Uri};
use serde_json::{Map, Value, json};

use crate::admin::did::{changed, did};
use crate::admin::extract::{JsonBody, NamedSandbox, PathNames, bad_query, key, key_before};
use crate::admin::refusal::AdminProblem;
use crate::control::{DeletionView, RecordFilter, RecordPage, ReferencesView};
use crate::message::Account;

/// How many records one answer lists unless asked for fewer or more.
const PAGE_RECORDS: usize = 100;

/// How many records one answer lists at most, so that a sandbox of millions is read in parts.
const PAGE_RECORDS_MAX: usize = 1_000;

type ResourceNames = (String, String, String);
type RecordNames = (String, String, String, String);

pub(super) async fn resources(sandbox: NamedSandbox) -> Result<Json<Value>, AdminProblem> {
    let resources = sandbox.with(|control| control.resources())?;
    Ok(Json(json!({ "resources": resources })))
}

/// `offset` and `limit` page; every other name is a property, and its value what that is to be.
fn page(uri: &Uri) -> Result<(Vec<RecordFilter>, (usize, usize)), AdminProblem> {
    let (mut offset, mut limit, mut filters) = (None, None, Vec::new());
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let number = || {
            value
                .parse::<usize>()
                .map_err(|_| bad_query(&format!("`{name}` is `{value}`: give a number from 0 up")))
        };
        let page = match &*name {
            "offset" => Some(&mut offset),
            "limit" => Some(&mut limit),
            _ => None,
        };
        match page {
            Some(Some(_)) => return Err(bad_query(&format!("`{name}` is there twice")).into()),
            Some(page) => *page = Some(number()?),
            None => filters.push((name.to_string(), value.to_string())),
        }
    }
    let (offset, limit) = (offset.unwrap_or(0), limit.unwrap_or(PAGE_RECORDS));
    if !(1..=PAGE_RECORDS_MAX).contains(&limit) {
        let detail = format!("`limit` is `{limit}`: give a number from 1 to {PAGE_RECORDS_MAX}");
        return Err(bad_query(&detail).into());
    }
    Ok((filters, (offset, limit)))
}

pub(super) async fn list(
    sandbox: NamedSandbox,
    PathNames((_, provider, resource)): PathNames<ResourceNames>,
    uri: Uri,
) -> Result<Json<RecordPage>, AdminProblem> {
    let (filters, page) = page(&uri)?;
    sandbox.with(|control| control.records(&provider, &resource, &filters, page)).map(Json)
}

pub(super) async fn read(
    sandbox: NamedSandbox,
    PathNames((_, provider, resource, _)): PathNames<RecordNames>,
    uri: Uri,
) -> Result<Json<Map<String, Value>>, AdminProblem> {
    let key = key(&uri)?;
    sandbox.with(|control| control.record(&provider, &resource, &key)).map(Json)
}

pub(super) async fn references(
    sandbox: NamedSandbox,
    PathNames((_, provider, resource, _)): PathNames<RecordNames>,
    uri: Uri,
) -> Result<Json<ReferencesView>, AdminProblem> {
    let key = key_before(&uri)?;
    sandbox.with(|control| control.references(&provider, &resource, &key)).map(Json)
}

pub(super) async fn deletion(
    sandbox: NamedSandbox,
    PathNames((_, provider, resource, _)): PathNames<RecordNames>,
    uri: Uri,
) -> Result<Json<DeletionView>, AdminProblem> {
    let key = key_before(&uri)?;
    sandbox.with(|control| control.plan_record_deletion(&provider, &resource, &key)).map(Json)
}

pub(super) async fn put(
    sandbox: NamedSandbox,
    PathNames((_, provider, resource, _)): PathNames<RecordNames>,
    uri: Uri,
    JsonBody(fields): JsonBody<Map<String, Value>>,
) -> Result<(StatusCode, Extension<Account>, Json<Map<String, Value>>), AdminProblem> {
    let key = key(&uri)?;
    let (is_new, record) =
        sandbox.with(|control| control.put_record(&provider, &resource, &key, fields))?;
    let (status, what) = if is_new {
        (StatusCode::CREATED, "made the record")
    } else {
        (StatusCode::OK, "replaced the record")
    };
    Ok((status, did(&sandbox.name, what), Json(record)))
}

pub(super) async fn change(
    sandbox: NamedSandbox,
    PathNames((_, provider, resource, _)): PathNames<RecordNames>,
    uri: Uri,
    JsonBody(patch): JsonBody<Map<String, Value>>,
) -> Result<(Extension<Account>, Json<Map<String, Value>>), AdminProblem> {
    let key = key(&uri)?;
    let record = sandbox.with(|control| control.patch_record(&provider, &resource, &key, patch))?;
    Ok((did(&sandbox.name, "changed the record"), Json(record)))
}

pub(super) async fn remove(
    sandbox: NamedSandbox,
    PathNames((_, provider, resource, _)): PathNames<RecordNames>,
    uri: Uri,
) -> Result<(StatusCode, Extension<Account>), AdminProblem> {
    let key = key(&uri)?;
    let changes = sandbox.with(|control| control.delete_record(&provider, &resource, &key))?;
    Ok((StatusCode::NO_CONTENT, changed(&sandbox.name, "deleted the record", changes)))
}
