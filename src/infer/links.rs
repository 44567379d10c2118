//! What the contract itself says of how operations hang together: `OpenAPI` links from a response to the calls it is for.
//!
//! Must not know resources.

use std::collections::HashMap;

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
    for from in &contract.operations {
        let Some((_, response)) = success(from) else { continue };
        for link in &response.links {
            let Some(to) = target(contract, &link.target) else { continue };
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

/// The number of the operation that a link leads to.
fn target(contract: &Contract, target: &LinkTarget) -> Option<usize> {
    let mut operations = contract.operations.iter();
    match target {
        LinkTarget::Id(id) => operations.position(|one| one.id == *id),
        LinkTarget::Reference(reference) => {
            let (path, method) = reference.strip_prefix("#/paths/")?.split_once('/')?;
            let path = unescaped(path);
            operations.position(|one| {
                one.template == path && one.method.as_str().eq_ignore_ascii_case(method)
            })
        }
    }
}
