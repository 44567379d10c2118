//! The admin API's routes: each a row in one table, which names the function that answers it.
//!
//! Must not know who may call them.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::admin::options::ROOT;
use crate::admin::page::{PAGE, PageFiles};
use crate::admin::refusal::AdminProblem;
use crate::admin::{
    contract, faults, journal, page, proof, records, sandboxes, server, stream, time,
};
use crate::emulator::Current;
use crate::problem::Problem;

/// A row: the method, the path below the root, who answers.
type Row = (&'static str, &'static str, MethodRouter<Current>);

/// Every route.
fn table() -> Vec<Row> {
    let server: Vec<Row> = vec![
        ("GET", "/health", get(server::health)),
        ("GET", "/version", get(server::version)),
        ("GET", "/openapi.json", get(contract::read)),
        ("GET", "/operations", get(server::operations)),
        ("GET", "/operations/{provider}/{operation}", get(server::operation)),
        ("POST", "/reset", post(server::reset)),
    ];
    let sandboxes: Vec<Row> = vec![
        ("GET", "/sandboxes", get(sandboxes::list)),
        ("PUT", "/sandboxes/{name}", put(sandboxes::put)),
        ("GET", "/sandboxes/{name}", get(sandboxes::read)),
        ("DELETE", "/sandboxes/{name}", delete(sandboxes::remove)),
        ("POST", "/sandboxes/{name}/reset", post(sandboxes::reset)),
        ("POST", "/sandboxes/{name}/undo", post(sandboxes::undo)),
        ("POST", "/sandboxes/{name}/redo", post(sandboxes::redo)),
        ("GET", "/sandboxes/{name}/state", get(sandboxes::read_state)),
        ("PUT", "/sandboxes/{name}/state", put(sandboxes::put_state)),
    ];
    let time: Vec<Row> = vec![
        ("GET", "/sandboxes/{name}/clock", get(time::clock)),
        ("POST", "/sandboxes/{name}/clock", post(time::change_clock)),
        ("GET", "/sandboxes/{name}/jobs", get(time::jobs)),
        ("GET", "/sandboxes/{name}/jobs/{id}", get(time::job)),
        ("POST", "/sandboxes/{name}/jobs/{id}/run", post(time::run_job)),
        ("POST", "/sandboxes/{name}/jobs/{id}/cancel", post(time::cancel_job)),
    ];
    let faults: Vec<Row> = vec![
        ("GET", "/sandboxes/{name}/faults", get(faults::list)),
        ("POST", "/sandboxes/{name}/faults", post(faults::add)),
        ("GET", "/sandboxes/{name}/faults/{id}", get(faults::read)),
        ("PUT", "/sandboxes/{name}/faults/{id}", put(faults::put)),
        ("DELETE", "/sandboxes/{name}/faults/{id}", delete(faults::remove)),
    ];
    let all = [server, sandboxes, record_rows(), time, faults, journal_rows(), proofs()];
    all.into_iter().flatten().collect()
}

/// What concerns records.
fn record_rows() -> Vec<Row> {
    vec![
        ("GET", "/sandboxes/{name}/resources", get(records::resources)),
        ("GET", "/sandboxes/{name}/resources/{provider}/{resource}", get(records::list)),
        ("GET", "/sandboxes/{name}/resources/{provider}/{resource}/{key}", get(records::read)),
        ("PUT", "/sandboxes/{name}/resources/{provider}/{resource}/{key}", put(records::put)),
        (
            "PATCH",
            "/sandboxes/{name}/resources/{provider}/{resource}/{key}",
            patch(records::change),
        ),
        (
            "DELETE",
            "/sandboxes/{name}/resources/{provider}/{resource}/{key}",
            delete(records::remove),
        ),
        (
            "GET",
            "/sandboxes/{name}/resources/{provider}/{resource}/{key}/references",
            get(records::references),
        ),
        (
            "GET",
            "/sandboxes/{name}/resources/{provider}/{resource}/{key}/deletion",
            get(records::deletion),
        ),
    ]
}

/// What reads the journal.
fn journal_rows() -> Vec<Row> {
    vec![
        ("GET", "/sandboxes/{name}/requests", get(journal::list)),
        ("DELETE", "/sandboxes/{name}/requests", delete(journal::clear)),
        ("GET", "/sandboxes/{name}/requests/{id}", get(journal::read)),
        ("GET", "/sandboxes/{name}/requests/unmatched", get(journal::unmatched)),
        ("GET", "/sandboxes/{name}/requests/stream", get(stream::requests)),
        ("GET", "/sandboxes/{name}/changes", get(stream::changes)),
        ("GET", "/sandboxes/{name}/requests.har", get(journal::har)),
        ("POST", "/sandboxes/{name}/plan", post(journal::plan)),
    ]
}

/// What is proven of a sandbox, and of the server.
fn proofs() -> Vec<Row> {
    vec![
        ("POST", "/sandboxes/{name}/verify", post(proof::verify)),
        ("GET", "/sandboxes/{name}/residue", get(proof::residue)),
        ("GET", "/sandboxes/{name}/coverage", get(proof::coverage)),
        ("GET", "/coverage", get(proof::coverage_of_all)),
        ("DELETE", "/coverage", delete(proof::forget_coverage)),
    ]
}

pub(super) fn router(emulator: Current, files: PageFiles) -> Router {
    let file = get(move |uri: Uri, headers: HeaderMap| async move {
        page::answer(&files, &uri, &headers).into_response()
    });
    let mut router =
        Router::new().route(PAGE, file.clone()).route(&format!("{PAGE}{{*file}}"), file);
    for (_, path, answer) in table() {
        router = router.route(&format!("{ROOT}{path}"), answer);
    }
    router.fallback(no_such_path).method_not_allowed_fallback(wrong_method).with_state(emulator)
}

async fn no_such_path(uri: Uri) -> AdminProblem {
    let paths: Vec<String> =
        table().iter().map(|(method, path, _)| format!("{method} {ROOT}{path}")).collect();
    let detail = format!("nothing answers at `{}`: `paths` lists what there is", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "no such admin path", detail).with("paths", paths).into()
}

/// The answer to a known path with another method; axum adds `Allow`, which is all that `OPTIONS` asks for.
async fn wrong_method(method: Method, uri: Uri) -> Result<StatusCode, AdminProblem> {
    if method == Method::OPTIONS {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = format!("`{}` does not take `{method}`: `Allow` says what it takes", uri.path());
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed", detail).into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::admin::contract;

    #[test]
    fn every_row_is_documented_and_every_documented_operation_is_a_row() {
        let rows = table().into_iter().map(|(method, path, _)| format!("{method} {ROOT}{path}"));
        let documented = contract::operations().map(|(method, path)| format!("{method} {path}"));
        let (rows, documented): (BTreeSet<_>, BTreeSet<_>) = (rows.collect(), documented.collect());
        assert!(rows.len() > 30, "{rows:?}");
        assert_eq!(rows, documented);
    }
}
