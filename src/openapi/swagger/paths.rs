//! Path items and their operations.
//!
//! Must not know what bodies and responses are made of.

use super::body::Sent;
use super::conversion::{Conversion, Spot, take};
use super::media::MediaTypes;
use super::parameters::Listed;
use super::places::Kind;
use crate::openapi::objects::METHODS;
use crate::pointer::child;
use crate::yaml::Part;

impl Conversion<'_> {
    /// The map of all path items.
    pub(super) fn paths(&mut self, part: Part) -> Part {
        let origin = part.origin().clone();
        let entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        let converted = entries.into_iter().map(|(key, part)| {
            if key.starts_with("x-") || key == "$ref" {
                return (key, part);
            }
            let spot = self.spot(child("/paths", &key));
            let part = self.path_item(part, &spot);
            (key, part)
        });
        let converted = converted.collect();
        Part::map(&origin, converted)
    }

    /// A path item, and what it refers to.
    pub(super) fn path_item(&mut self, part: Part, spot: &Spot) -> Part {
        self.referred(&part, Kind::PathItem);
        let origin = part.origin().clone();
        let mut entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        let mut general = Sent::default();
        if let Some(list) = take(&mut entries, "parameters") {
            let list = self.parameters(list, &spot.child("parameters"), &mut general);
            entries.insert(0, ("parameters".to_owned(), list));
        }
        let converted = entries.into_iter().map(|(key, part)| {
            let is_operation = METHODS.contains(&key.to_ascii_lowercase().as_str());
            if !is_operation {
                return (key, part);
            }
            let spot = spot.child(&key);
            let part = self.operation(part, &spot, general.clone());
            (key, part)
        });
        let converted = converted.collect();
        Part::map(&origin, converted)
    }

    fn operation(&mut self, part: Part, spot: &Spot, general: Sent) -> Part {
        let origin = part.origin().clone();
        let mut entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        let mut own = Sent::default();
        if let Some(list) = take(&mut entries, "parameters") {
            let list = self.parameters(list, &spot.child("parameters"), &mut own);
            entries.push(("parameters".to_owned(), list));
        }
        let consumes = take(&mut entries, "consumes");
        let consumes = self.media_types(consumes);
        let produces = take(&mut entries, "produces");
        let produces = self.media_types(produces);
        take(&mut entries, "schemes");
        if let Some(body) = take(&mut entries, "requestBody") {
            let message = "`requestBody` is of OpenAPI 3 and is left out";
            self.warn(body.origin(), message, "write a parameter with `in: body`");
        }
        let sent = merged(own, general);
        if let Some(body) = self.request_body(sent, consumes.as_ref(), spot) {
            entries.push(("requestBody".to_owned(), body));
        }
        if let Some(responses) = take(&mut entries, "responses") {
            let spot = spot.child("responses");
            let responses = self.responses(responses, &spot, produces.as_ref());
            entries.push(("responses".to_owned(), responses));
        }
        Part::map(&origin, entries)
    }

    /// A list of parameters; what is sent as a body goes to `sent`, and leaves its place.
    fn parameters(&mut self, part: Part, spot: &Spot, sent: &mut Sent) -> Part {
        let origin = part.origin().clone();
        let items = match part.items() {
            Ok(items) => items,
            Err(part) => return *part,
        };
        let mut left = Vec::new();
        for (number, part) in items.into_iter().enumerate() {
            let place = part.origin().clone();
            left.push(match self.listed(part, &spot.child(&number.to_string())) {
                Listed::Plain(part) => part,
                Listed::Body(body, left) => {
                    if sent.body.is_some() {
                        self.warn(&place, "a second body is left out", "one request has one");
                    } else {
                        sent.body = Some(*body);
                    }
                    left
                }
                Listed::Field(field, left) => {
                    if sent.fields.iter().any(|known| known.name == field.name) {
                        let message = format!("parameter `{}` is there twice", field.name);
                        self.warn(&place, message, "the first is used");
                    } else {
                        sent.fields.push(*field);
                    }
                    left
                }
            });
        }
        Part::list(&origin, left)
    }

    /// The responses of an operation, in the media types that it names or that the document does.
    fn responses(&mut self, part: Part, spot: &Spot, own: Option<&MediaTypes>) -> Part {
        let origin = part.origin().clone();
        let entries = match part.entries() {
            Ok(entries) => entries,
            Err(part) => return *part,
        };
        let converted = entries.into_iter().map(|(status, part)| {
            if status.starts_with("x-") || status == "$ref" {
                return (status, part);
            }
            let spot = spot.child(&status);
            let part = self.response(part, &spot, own);
            (status, part)
        });
        let converted = converted.collect();
        Part::map(&origin, converted)
    }
}

/// What an operation sends, and what its path item has it send.
fn merged(own: Sent, general: Sent) -> Sent {
    let Sent { body, mut fields } = general;
    let body = own.body.or(body);
    for field in own.fields {
        match fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => *known = field,
            None => fields.push(field),
        }
    }
    Sent { body, fields }
}
