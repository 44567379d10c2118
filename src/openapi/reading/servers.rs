//! `servers`: of the document, a path item or an operation.
//!
//! Must not know what addresses are made of.

use crate::openapi::{ServerEntry, servers, typed};
use crate::pointer::child;

use super::reader::{Reader, without};

impl Reader<'_> {
    /// The `servers` of the object at `holder`.
    pub(in crate::openapi) fn servers(&mut self, holder: &str) -> Vec<ServerEntry> {
        let mut found = Vec::new();
        for pointer in self.items(&child(holder, "servers")) {
            let Some((_, map)) = self.object(&pointer) else { continue };
            let leaf = without(map, &["variables"]);
            let server: Option<openapiv3::Server> =
                typed::part(leaf, typed::SERVER, self.document, &pointer, &mut self.findings);
            let Some(server) = server else { continue };
            let variables = self.server_variables(&child(&pointer, "variables"));
            let (addresses, is_cut) = servers::addresses(&server.url, &variables);
            if is_cut {
                let message = "a server has more addresses than are served";
                let hint = format!("the first {} are", servers::ADDRESSES_MAX);
                self.advise(&pointer, message, &hint);
            }
            let servers: Vec<ServerEntry> =
                addresses.iter().filter_map(|url| servers::parse(url)).collect();
            if servers.is_empty() {
                self.advise(
                    &pointer,
                    format!("`{}` has a variable without a default; it is left out", server.url),
                    "declare it under `variables`",
                );
            }
            for server in servers {
                if !found.contains(&server) {
                    found.push(server);
                }
            }
        }
        found
    }

    fn server_variables(&mut self, pointer: &str) -> servers::ServerVariables {
        let mut found = servers::ServerVariables::new();
        for (name, pointer) in self.entries(pointer) {
            let Some((_, variable)) = self.find(&pointer) else { continue };
            let (values, flaw) = servers::values(variable);
            match flaw {
                None => {}
                Some(servers::VariableFlaw::NoDefault) => {
                    let message = "a server variable has no `default`; its first value is taken";
                    self.advise(&pointer, message, "OpenAPI asks for one");
                }
                Some(servers::VariableFlaw::OtherDefault) => {
                    let message = "the `default` of a server variable is not among its values";
                    self.advise(&pointer, message, "it is served beside them");
                }
            }
            found.insert(name.clone(), values);
        }
        found
    }
}
