//! Faults of a sandbox: listed, added, replaced and taken out.
//!
//! Must not know what they do.

use axum::{Extension, Json};
use http::StatusCode;
use serde_json::{Value, json};

use crate::admin::did::did;
use crate::admin::extract::{JsonBody, NamedSandbox, PathNames};
use crate::admin::refusal::AdminProblem;
use crate::message::Account;

pub(super) async fn list(sandbox: NamedSandbox) -> Result<Json<Value>, AdminProblem> {
    let faults = sandbox.with(|control| control.faults())?;
    Ok(Json(json!({ "faults": faults })))
}

pub(super) async fn add(
    sandbox: NamedSandbox,
    JsonBody(fault): JsonBody<Value>,
) -> Result<(StatusCode, Extension<Account>, Json<Value>), AdminProblem> {
    let fault = sandbox.with(|control| control.add_fault(&fault))?;
    let what = format!("added {}", in_words(&fault));
    Ok((StatusCode::CREATED, did(&sandbox.name, what), Json(fault)))
}

pub(super) async fn read(
    sandbox: NamedSandbox,
    PathNames((_, id)): PathNames<(String, String)>,
) -> Result<Json<Value>, AdminProblem> {
    sandbox.with(|control| control.fault(&id)).map(Json)
}

pub(super) async fn put(
    sandbox: NamedSandbox,
    PathNames((_, id)): PathNames<(String, String)>,
    JsonBody(fault): JsonBody<Value>,
) -> Result<(StatusCode, Extension<Account>, Json<Value>), AdminProblem> {
    let (is_new, fault) = sandbox.with(|control| control.put_fault(&id, &fault))?;
    let (status, verb) =
        if is_new { (StatusCode::CREATED, "added") } else { (StatusCode::OK, "replaced") };
    Ok((status, did(&sandbox.name, format!("{verb} {}", in_words(&fault))), Json(fault)))
}

pub(super) async fn remove(
    sandbox: NamedSandbox,
    PathNames((_, id)): PathNames<(String, String)>,
) -> Result<(StatusCode, Extension<Account>), AdminProblem> {
    sandbox.with(|control| control.delete_fault(&id))?;
    Ok((StatusCode::NO_CONTENT, did(&sandbox.name, format!("removed the fault `{id}`"))))
}

/// A fault, as far as it is worth a part of a line. The headers that it asks for are left out: they may be credentials.
fn in_words(fault: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut words = vec![format!("the fault `{}`:", text(&fault["id"]))];
    for name in ["provider", "operation", "method", "path", "times", "delay", "connection"] {
        words.extend(fault.get(name).map(|value| format!("{name} {}", text(value))));
    }
    words.extend(fault.pointer("/answer/status").map(|status| format!("answer {status}")));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_without_its_headers() {
        let fault = json!({
            "id": "f1", "operation": "deleteShop", "times": 1, "headers": { "authorization": "Bearer x" },
            "delay": { "fixed": "2s" }, "answer": { "status": 429, "body": {} }, "matched": 0,
        });
        assert_eq!(
            in_words(&fault),
            r#"the fault `f1`: operation deleteShop times 1 delay {"fixed":"2s"} answer 429"#
        );
    }
}
