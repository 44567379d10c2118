//! What a request says of a record.
//!
//! Must not know what is done with it.

use serde_json::{Map, Value};

use crate::infer::envelope;
use crate::infer::operations::task::Task;
use crate::infer::shape::{
    Alternative, Body, ObjectShape, alternatives, is_scalar, items, literal, members, said,
};
use crate::infer::words::{member, plain, quoted};
use crate::media;
use crate::openapi::{Location, Types};

/// What an element of a request that is a list is called in expressions.
pub(super) const ELEMENT: &str = "item";

/// The most kinds of records of one resource that are told apart.
const VARIANTS_MAX: usize = 30;

/// A kind of record that the contract tells from others by what the request says.
pub(super) struct Variant<'c> {
    pub(super) shape: ObjectShape<'c>,
    /// One that is made up.
    pub(super) record: Map<String, Value>,
    /// Under which a request is about this kind.
    pub(super) condition: String,
}

impl<'c> Task<'_, 'c> {
    /// The schema of an element, where the request is a list.
    pub(super) fn sent_item(&self) -> Option<&'c Value> {
        let body = Body::of_request(self.schemas(), self.operation)?;
        items(self.schemas(), body.schema)
    }

    /// What the request says of a record: the template that gives it, and its properties.
    pub(super) fn sent(&self) -> Option<(String, Option<ObjectShape<'c>>)> {
        let body = Body::of_request(self.schemas(), self.operation);
        let Some(body) = body else {
            self.operation.request_body.as_ref()?;
            return Some(("{{ body }}".to_owned(), None));
        };
        if let Some(item) = self.sent_item() {
            let shape = ObjectShape::of(self.schemas(), item);
            return Some((format!("{{{{ {ELEMENT} }}}}"), shape));
        }
        let Some(shape) = ObjectShape::of(self.schemas(), body.schema) else {
            return Some(("{{ body }}".to_owned(), None));
        };
        if let Some(found) = self.sent_json_api(&shape) {
            return Some(found);
        }
        match envelope::request_wrapper(
            self.schemas(),
            &shape,
            self.resource.named(&self.resource.key_name),
        ) {
            Some((name, inner)) => {
                Some((format!("{{{{ {} }}}}", member("body", name)), Some(inner)))
            }
            None => Some(("{{ body }}".to_owned(), Some(shape))),
        }
    }

    /// What `sent` gives, as a map. A body that is read as a text, such as XML, says nothing of a record.
    pub(super) fn sent_map(&self, template: &str) -> Value {
        let content = self.operation.request_body.iter().flat_map(|body| body.content.keys());
        let has_text = content.into_iter().any(|name| {
            let essence = media::essence(name);
            let is_form = essence == "application/x-www-form-urlencoded";
            !(media::is_json(name) || is_form || essence.starts_with("multipart/"))
        });
        let is_body = has_text && template == "{{ body }}";
        let given = if is_body { " if body is mapping else {} }}" } else { " or {} }}" };
        template.replace(" }}", given).into()
    }

    /// The attributes that a request in the form of JSON:API has.
    pub(super) fn sent_json_api(
        &self,
        shape: &ObjectShape<'c>,
    ) -> Option<(String, Option<ObjectShape<'c>>)> {
        let data = ObjectShape::of(self.schemas(), shape.get("data")?.schema)?;
        let attributes = data.get("attributes")?;
        let inner = ObjectShape::of(self.schemas(), attributes.schema);
        Some(("{{ body.data.attributes }}".to_owned(), inner))
    }

    /// The properties that a request may have of another type than records, with what is documented of them.
    pub(super) fn conflicting(
        &self,
        sent: Option<&ObjectShape<'c>>,
        record: &Map<String, Value>,
    ) -> Map<String, Value> {
        let mut conflicting = Map::new();
        let (Some(sent), Some(known)) = (sent, self.resource.shape()) else { return conflicting };
        for (name, property) in &sent.properties {
            let Some(own) = known.get(name) else { continue };
            let types = |schema| self.schemas().types(schema);
            let known_types =
                Types::BOOLEAN | Types::NUMBER | Types::STRING | Types::ARRAY | Types::OBJECT;
            if types(own.schema) & types(property.schema) & known_types == Types::NONE {
                conflicting
                    .extend(record.get(*name).map(|value| ((*name).to_owned(), literal(value))));
            }
        }
        conflicting
    }

    /// The properties of a new record that the query says.
    pub(super) fn queried(&self, sent: Option<&ObjectShape<'c>>) -> Map<String, Value> {
        let Some(known) = self.resource.shape() else { return Map::new() };
        let queries =
            self.operation.parameters.iter().filter(|one| one.location == Location::Query);
        let told = queries.filter_map(|one| {
            let wanted = plain(&one.name);
            let own = known.names().find(|name| plain(name) == wanted)?;
            let is_sent = sent.is_some_and(|sent| sent.get(own).is_some());
            let given = self
                .survey
                .schema_of(one)
                .map_or(Types::ANY, |schema| self.schemas().types(schema));
            let types = self.schemas().types(known.get(own)?.schema);
            let fits = given & types != Types::NONE && is_scalar(types);
            (!is_sent && fits && *own != *self.resource.key.property).then(|| {
                (own.to_owned(), format!("{{{{ {} }}}}", member("query", &one.name)).into())
            })
        });
        told.collect()
    }

    /// The kinds of records that the contract tells apart by a property of the request.
    pub(super) fn variants(&self) -> Vec<Variant<'c>> {
        let Some(record) = &self.resource.record else { return Vec::new() };
        let Some((sent, Some(sent_shape))) = self.sent() else { return Vec::new() };
        let sent = sent.trim_start_matches("{{ ").trim_end_matches(" }}").to_owned();
        let Some(map) = self.schemas().follow(record.schema).as_object() else { return Vec::new() };
        let variant = |one: &Alternative<'c>| {
            let reference = one.schema.get("$ref").and_then(Value::as_str)?;
            let id = self.schemas().at(reference.strip_prefix('#')?)?;
            let shape = ObjectShape::of(self.schemas(), one.schema)?;
            let own = || {
                shape.properties.iter().find_map(|(name, property)| {
                    let own = |keyword: &str| said(self.schemas(), property.schema, keyword);
                    let listed = own("enum").and_then(Value::as_array).filter(|all| all.len() == 1);
                    let value = own("const").or_else(|| listed?.first())?;
                    Some((*name, value.as_str()?))
                })
            };
            let (name, value) = one.named.or_else(own)?;
            sent_shape.get(name)?;
            let condition = format!("{} == {}", member(&sent, name), quoted(value));
            let made = self.survey.made_up(id, true, 0);
            Some(Variant { shape, record: members(made.as_ref()), condition })
        };
        alternatives(self.schemas(), map, 4).iter().filter_map(variant).take(VARIANTS_MAX).collect()
    }
}
