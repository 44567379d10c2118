//! What the contract itself says of how operations hang together: `OpenAPI` links from a response to the calls it is for.
//!
//! Must not know resources.

use std::collections::HashMap;

use http::Method;

use crate::infer::shape::success;
use crate::openapi::{Contract, LinkTarget, Operation};
use crate::pointer::unescaped;

/// A part of a successful response that an argument of another operation takes.
#[derive(Clone, Debug)]
pub(super) struct Linked<'c> {
    /// The operation that answers.
    pub(super) from: &'c Operation,
    /// The properties that lead to the object with the property that is taken.
    pub(super) path: Vec<String>,
    /// The property that is taken.
    pub(super) property: String,
}

/// What arguments take, by the number of their operation and their name.
pub(super) type Links<'c> = HashMap<(usize, String), Vec<Linked<'c>>>;

/// The links of a contract.
pub(super) fn links(contract: &Contract) -> Links<'_> {
    let mut links = Links::new();
    let operations = contract.operations.iter().enumerate();
    let by_id: HashMap<&str, usize> =
        operations.clone().map(|(number, one)| (one.id.as_str(), number)).collect();
    let by_path: HashMap<(String, Method), usize> = operations
        .map(|(number, one)| ((one.template.clone(), one.method.clone()), number))
        .collect();
    for from in &contract.operations {
        let Some((_, response)) = success(from) else { continue };
        for link in &response.links {
            let to = match &link.target {
                LinkTarget::Id(id) => by_id.get(id.as_str()),
                LinkTarget::Reference(reference) => {
                    referred(reference).and_then(|place| by_path.get(&place))
                }
            };
            let Some(to) = to.copied() else { continue };
            for (name, expression) in &link.parameters {
                let pointer = expression.strip_prefix("$response.body#/");
                let Some(pointer) = pointer else { continue };
                let parts = pointer.split('/').map(|part| unescaped(part).into_owned());
                let mut path: Vec<String> = parts.collect();
                let Some(property) = path.pop().filter(|last| !last.is_empty()) else { continue };
                // A parameter may be qualified: `path.id`.
                let name = name.strip_prefix("path.").unwrap_or(name).to_owned();
                links.entry((to, name)).or_default().push(Linked { from, path, property });
            }
        }
    }
    links
}

/// The path and the method that a reference to an operation has: `#/paths/~1users/get`.
fn referred(reference: &str) -> Option<(String, Method)> {
    let (path, method) = reference.strip_prefix("#/paths/")?.split_once('/')?;
    Some((unescaped(path).into_owned(), method.to_ascii_uppercase().parse().ok()?))
}
