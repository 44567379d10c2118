//! `host`, `basePath` and `schemes` as one server: by which scheme it is called makes no difference here.
//!
//! Must not know how an address is taken apart.

use serde_json::{Value, json};

use crate::finding::Finding;
use crate::yaml::Part;

/// The list of servers, if the document names one.
pub(super) fn server(document: &Part, findings: &mut Vec<Finding>) -> Option<Part> {
    let mut texts = [String::new(), String::new()];
    let mut origin = None;
    for (text, name) in texts.iter_mut().zip(["basePath", "host"]) {
        let Some(part) = document.copy_of(name).filter(|part| !part.value().is_null()) else {
            continue;
        };
        match part.value() {
            Value::String(value) => {
                value.trim().clone_into(text);
                origin = Some(part.origin().clone());
            }
            _ => {
                let message = format!("`{name}` is not a text and is left out");
                findings.push(part.origin().warning(message));
            }
        }
        if let Some((_, rest)) = text.split_once("//") {
            if name == "host" {
                let message = "`host` has a scheme, which is left out";
                findings.push(part.origin().warning(message).hint("write it under `schemes`"));
            }
            *text = rest.to_owned();
        }
    }
    let [base, host] = texts;
    let origin = origin?;
    let base = base.trim_matches('/');
    let url = match host.trim_end_matches('/') {
        "" => format!("/{base}"),
        host => format!("//{host}/{base}"),
    };
    let url = Part::new(&origin, json!(url));
    let server = Part::map(&origin, vec![("url".to_owned(), url)]);
    Some(Part::list(&origin, vec![server]))
}
