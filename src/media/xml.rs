//! A value as XML 1.0, by the `xml` hints of its schema (`OpenAPI`, "XML Object").
//!
//! Owns what element and attribute names become, so that whatever the value is, well-formed XML comes out. Must not
//! know media types.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesCData, BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Map, Value};

use super::hints::Hints;
use super::text::scalar;

/// Name of a root without one.
const ROOT: &str = "root";
/// Name of items of a root list without one.
const ITEM: &str = "item";

/// The value as a document. `component` is the name of its schema, where that has one; `item` that of its items.
pub(super) fn write(
    value: &Value,
    hints: Hints<'_>,
    component: Option<&str>,
    item: Option<&str>,
) -> Vec<u8> {
    let mut xml = Xml { writer: Writer::new(Vec::new()), scope: Vec::new() };
    xml.document(value, hints, component.unwrap_or(ROOT), item.unwrap_or(ITEM))
        .expect("writing into memory does not fail");
    xml.writer.into_inner()
}

struct Xml {
    writer: Writer<Vec<u8>>,
    /// Prefixes and their namespaces that hold where the writer stands; the default one has the prefix `""`.
    scope: Vec<(String, String)>,
}

impl Xml {
    fn document(
        &mut self,
        value: &Value,
        hints: Hints<'_>,
        name: &str,
        item: &str,
    ) -> io::Result<()> {
        self.writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        match value {
            Value::Array(items) => self.wrapped(items, hints, name, item),
            value => self.element(value, hints, name),
        }
    }

    /// A value as the member of this name: one element, or of a list one for each item.
    fn member(&mut self, value: &Value, hints: Hints<'_>, name: &str) -> io::Result<()> {
        match (value, node_type(hints)) {
            (Value::Object(members), Some("none")) => {
                return members
                    .iter()
                    .try_for_each(|(name, value)| self.member(value, hints.property(name), name));
            }
            (value, Some("text")) => return self.text(value),
            (value, Some("cdata")) => return self.section(value),
            _ => {}
        }
        match value {
            Value::Array(items) if xml_flag(hints, "wrapped") => {
                self.wrapped(items, hints, name, name)
            }
            Value::Array(items) => items.iter().try_for_each(|item| match item {
                // A list in a list would be lost without an element around it.
                Value::Array(inner) => self.wrapped(inner, hints.items(), name, name),
                item => self.element(item, hints.items(), name),
            }),
            value => self.element(value, hints, name),
        }
    }

    /// A value as text of the element around it.
    fn text(&mut self, value: &Value) -> io::Result<()> {
        self.writer.write_event(Event::Text(BytesText::new(&legal(&scalar(value)))))
    }

    /// The same as a section without markup, unless what ends such a section is in it.
    fn section(&mut self, value: &Value) -> io::Result<()> {
        let text = legal(&scalar(value));
        if text.contains("]]>") {
            return self.text(value);
        }
        self.writer.write_event(Event::CData(BytesCData::new(text)))
    }

    /// A list inside an element of its own.
    fn wrapped(
        &mut self,
        items: &[Value],
        hints: Hints<'_>,
        name: &str,
        item: &str,
    ) -> io::Result<()> {
        self.tagged(hints, name, &[], |xml| {
            items.iter().try_for_each(|value| match value {
                Value::Array(inner) => xml.wrapped(inner, hints.items(), item, item),
                value => xml.element(value, hints.items(), item),
            })
        })
    }

    fn element(&mut self, value: &Value, hints: Hints<'_>, name: &str) -> io::Result<()> {
        let members = match value {
            Value::Object(members) => members,
            value => {
                let text = legal(&scalar(value));
                return self.tagged(hints, name, &[], |xml| {
                    if text.is_empty() {
                        return Ok(());
                    }
                    xml.writer.write_event(Event::Text(BytesText::new(&text)))
                });
            }
        };
        let (attributes, inside) = divided(members, hints);
        self.tagged(hints, name, &attributes, |xml| {
            inside.into_iter().try_for_each(|(name, value, hints)| xml.member(value, hints, name))
        })
    }

    /// An element with the attributes it has, and with what is written inside.
    fn tagged(
        &mut self,
        hints: Hints<'_>,
        name: &str,
        attributes: &[(&str, &Value, Hints<'_>)],
        inside: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let outer = self.scope.len();
        let name = self.qualified(hints, name, false);
        let mut written: Vec<(String, String)> = Vec::new();
        for (name, value, hints) in attributes {
            let name = self.qualified(*hints, name, true);
            if written.iter().all(|(other, _)| *other != name) {
                written.push((name, legal(&scalar(value))));
            }
        }
        let mut start = BytesStart::new(name.as_str());
        for (prefix, namespace) in &self.scope[outer..] {
            let attribute = match prefix.as_str() {
                "" => "xmlns".to_owned(),
                prefix => format!("xmlns:{prefix}"),
            };
            start.push_attribute((attribute.as_str(), namespace.as_str()));
        }
        for (name, value) in &written {
            start.push_attribute((name.as_str(), value.as_str()));
        }
        self.writer.write_event(Event::Start(start))?;
        inside(self)?;
        self.writer.write_event(Event::End(BytesEnd::new(name.as_str())))?;
        self.scope.truncate(outer);
        Ok(())
    }

    /// The name that a schema gives, with its prefix, whose namespace is brought into scope. A prefix that stands for
    /// nothing is left out: readers that know namespaces refuse it.
    fn qualified(&mut self, hints: Hints<'_>, name: &str, is_attribute: bool) -> String {
        let xml =
            |key: &str| hints.keyword("xml")?.get(key)?.as_str().filter(|text| !text.is_empty());
        let mut local = legal_name(xml("name").unwrap_or(name));
        if is_attribute && local == "xmlns" {
            local.insert(0, '_');
        }
        // Prefixes that begin with these letters are reserved ("Namespaces in XML 1.0", section 3).
        let reserved =
            |prefix: &str| prefix.get(..3).is_some_and(|p| p.eq_ignore_ascii_case("xml"));
        let prefix = xml("prefix").map(legal_name).filter(|prefix| !reserved(prefix));
        let prefix = prefix.unwrap_or_default();
        let current = self.scope.iter().rev().find(|(known, _)| *known == prefix);
        let namespace = xml("namespace").map(legal).filter(|text| !text.starts_with(RESERVED));
        match (current, namespace) {
            (Some((_, current)), Some(namespace)) if *current == namespace => {}
            // An attribute without a prefix is in no namespace.
            (_, Some(_)) if is_attribute && prefix.is_empty() => {}
            (_, Some(namespace)) => self.scope.push((prefix.clone(), namespace)),
            (Some(_), None) => {}
            (None, None) => return local,
        }
        if prefix.is_empty() { local } else { format!("{prefix}:{local}") }
    }
}

/// Namespaces that no prefix may be bound to begin so.
const RESERVED: &str = "http://www.w3.org/XML/1998/namespace";

/// A member: its name, its value, and what is known of it.
type Member<'v, 's> = (&'v str, &'v Value, Hints<'s>);

/// Members that are attributes, and those that are elements.
fn divided<'v, 's>(
    members: &'v Map<String, Value>,
    hints: Hints<'s>,
) -> (Vec<Member<'v, 's>>, Vec<Member<'v, 's>>) {
    let members = members.iter().map(|(name, value)| (name.as_str(), value, hints.property(name)));
    let (attributes, inside): (Vec<_>, Vec<_>) = members.partition(|(_, value, hints)| {
        !value.is_array() && !value.is_object() && xml_flag(*hints, "attribute")
    });
    (attributes.into_iter().filter(|(_, value, _)| !value.is_null()).collect(), inside)
}

/// `nodeType`, where the words of before 3.2 do not say it.
fn node_type(hints: Hints<'_>) -> Option<&str> {
    hints.keyword("xml")?.get("nodeType")?.as_str()
}

fn xml_flag(hints: Hints<'_>, key: &str) -> bool {
    hints.keyword("xml").and_then(|xml| xml.get(key)) == Some(&Value::Bool(true))
}

/// The text without what XML 1.0 cannot hold (section 2.2).
fn legal(text: &str) -> String {
    let is_legal = |c: &char| {
        matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    text.chars().filter(is_legal).collect()
}

/// The text as an XML name without a colon ("Namespaces in XML 1.0", section 3).
fn legal_name(text: &str) -> String {
    let mut name: String = text.chars().map(|c| if is_name(c) { c } else { '_' }).collect();
    if !name.starts_with(begins_name) {
        name.insert(0, '_');
    }
    name
}

/// XML 1.0 section 2.3, `NameStartChar`.
fn begins_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// XML 1.0 section 2.3, `NameChar`.
fn is_name(c: char) -> bool {
    begins_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
