//! One dialect inside: the keywords of one schema object brought to JSON Schema draft 2020-12.
//!
//! Owns what `OpenAPI` 3.0 says differently and what sloppy documents get wrong in a keyword. Must
//! not know where schemas are or what they refer to.

use serde_json::{Map, Value, json};

use super::schema::{Holds, applicator};
use super::{exact, patterns};
use crate::numbers;
use crate::printable::shortened;

/// Which rules a document's schemas follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dialect {
    /// Swagger 2.0: a subset of draft 4.
    V20,
    /// `OpenAPI` 3.0: an extended subset of draft 5.
    V30,
    /// `OpenAPI` 3.1: draft 2020-12.
    V31,
    /// `OpenAPI` 3.2: the same.
    V32,
}

/// Keywords that no value can fail, and that validators would each keep a copy of: most of the text of a document. `xml`
/// stays, for writing XML.
const SAYS_NOTHING: [&str; 6] =
    ["$schema", "$comment", "title", "description", "deprecated", "externalDocs"];

/// Something wrong with one keyword: the keyword, what is wrong, and what to do.
pub(super) struct KeywordFlaw {
    pub(super) keyword: String,
    pub(super) message: String,
    pub(super) hint: Option<&'static str>,
}

/// Results of lowering one schema object, besides the object itself.
#[derive(Default)]
pub(super) struct LoweredKeywords {
    pub(super) flaws: Vec<KeywordFlaw>,
    /// Keywords that are now under `/anyOf/0`, because null is allowed beside them.
    pub(super) moved: Vec<String>,
}

impl LoweredKeywords {
    fn flaw(&mut self, keyword: &str, message: String, hint: Option<&'static str>) {
        self.flaws.push(KeywordFlaw { keyword: keyword.to_owned(), message, hint });
    }
}

/// Lowers the keywords of one schema object; the schemas inside it are not touched.
pub(super) fn lower(map: &mut Map<String, Value>, dialect: Dialect) -> LoweredKeywords {
    let mut outcome = LoweredKeywords::default();
    if dialect == Dialect::V20 {
        second(map, &mut outcome);
    }
    if dialect <= Dialect::V30 && map.get("$ref").is_some_and(Value::is_string) {
        // "This object cannot be extended with additional properties": what stands beside is void.
        map.retain(|key, _| key == "$ref" || key == "nullable");
    }
    if map.keys().any(|keyword| SAYS_NOTHING.contains(&keyword.as_str())) {
        map.retain(|keyword, _| !SAYS_NOTHING.contains(&keyword.as_str()));
    }
    if dialect <= Dialect::V30 {
        for keyword in ["$id", "$anchor", "$dynamicAnchor"] {
            map.shift_remove(keyword);
        }
    }
    if dialect <= Dialect::V30 && map.get("type").is_some_and(Value::is_array) {
        let message = "a list in `type` is of OpenAPI 3.1; it is read so".to_owned();
        let is_second = dialect == Dialect::V20;
        let nullable =
            ["write one type and `nullable: true`", "write one type and `x-nullable: true`"];
        outcome.flaw("type", message, Some(nullable[usize::from(is_second)]));
    }
    exclusive_bound(map, "exclusiveMinimum", "minimum", dialect, &mut outcome);
    exclusive_bound(map, "exclusiveMaximum", "maximum", dialect, &mut outcome);
    tuple(map, &mut outcome);
    repair(map, &mut outcome);
    fit_type(map, &mut outcome);
    contradictions(map, &mut outcome);
    nullable(map, dialect, &mut outcome);
    width(map);
    node_type(map, &mut outcome);
    exact::mark(map);
    outcome
}

/// What a schema of Swagger 2.0 says in other words, or in those of later versions.
fn second(map: &mut Map<String, Value>, outcome: &mut LoweredKeywords) {
    for keyword in ["nullable", "oneOf", "anyOf", "not"] {
        if map.contains_key(keyword) {
            let message = format!("`{keyword}` is of OpenAPI 3.0; it is honoured");
            let hint = (keyword == "nullable").then_some("write `x-nullable: true`");
            outcome.flaw(keyword, message, hint);
        }
    }
    for keyword in ["x-nullable", "x-isnullable", "x-is-nullable"] {
        if let Some(nullable) = map.shift_remove(keyword) {
            map.entry("nullable").or_insert(nullable);
        }
    }
    if let Some(Value::String(property)) = map.get("discriminator") {
        let discriminator = json!({ "propertyName": property });
        map.insert("discriminator".to_owned(), discriminator);
    }
    if map.get("type").is_some_and(|kind| kind == "file") {
        map.insert("type".to_owned(), json!("string"));
        map.insert("format".to_owned(), json!("binary"));
    }
}

fn exclusive_bound(
    map: &mut Map<String, Value>,
    exclusive: &str,
    bound: &str,
    dialect: Dialect,
    outcome: &mut LoweredKeywords,
) {
    let Some(Value::Bool(strict)) = map.get(exclusive) else { return };
    if *strict && map.get(bound).is_some_and(Value::is_number) {
        let limit = map.shift_remove(bound).unwrap_or_default();
        map.insert(exclusive.to_owned(), limit);
    } else {
        map.shift_remove(exclusive);
    }
    if dialect >= Dialect::V31 {
        let message = format!("a boolean `{exclusive}` is of OpenAPI 3.0; it is read so");
        outcome.flaw(exclusive, message, Some("write the bound itself as its number"));
    }
}

/// `items` as a list is of drafts before 2020-12, where it is called `prefixItems`.
fn tuple(map: &mut Map<String, Value>, outcome: &mut LoweredKeywords) {
    if !map.get("items").is_some_and(Value::is_array) {
        return;
    }
    let items = map.shift_remove("items").unwrap_or_default();
    if items.as_array().is_some_and(|items| !items.is_empty()) {
        map.entry("prefixItems").or_insert(items);
        if let Some(rest) = map.shift_remove("additionalItems") {
            map.insert("items".to_owned(), rest);
        }
    }
    let message = "a list in `items` is not of OpenAPI; it is read as `prefixItems`".to_owned();
    outcome.flaw("items", message, Some("give `items` one schema"));
}

/// Null goes into `type` and `enum`; what else could refuse it moves into one of two branches.
fn nullable(map: &mut Map<String, Value>, dialect: Dialect, outcome: &mut LoweredKeywords) {
    let Some(nullable) = map.shift_remove("nullable") else { return };
    if nullable != Value::Bool(true) {
        return;
    }
    if dialect >= Dialect::V31 {
        let message = "`nullable` is of OpenAPI 3.0; it is honoured".to_owned();
        outcome.flaw("nullable", message, Some("write `type: [..., \"null\"]`"));
    }
    match map.get_mut("type") {
        Some(Value::String(one)) => {
            let one = std::mem::take(one);
            map.insert("type".to_owned(), json!([one, "null"]));
        }
        Some(Value::Array(types)) if !types.iter().any(|one| one == "null") => {
            types.push(json!("null"));
        }
        _ => {}
    }
    if let Some(Value::Array(values)) = map.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    let mut branch = Map::new();
    for keyword in ["$ref", "allOf", "anyOf", "oneOf", "not", "const"] {
        if let Some(value) = map.shift_remove(keyword) {
            branch.insert(keyword.to_owned(), value);
            outcome.moved.push(keyword.to_owned());
        }
    }
    if branch.contains_key("oneOf") || branch.contains_key("anyOf") {
        branch.extend(map.shift_remove_entry("discriminator"));
    }
    if !branch.is_empty() {
        map.insert("anyOf".to_owned(), json!([branch, { "type": "null" }]));
    }
}

/// What `nodeType` of 3.2 says in the words of before, as far as there are any.
fn node_type(map: &mut Map<String, Value>, outcome: &mut LoweredKeywords) {
    let is_list = types(map).is_some_and(|types| types.iter().any(|one| one == "array"));
    let Some(Value::Object(xml)) = map.get_mut("xml") else { return };
    let flag = match xml.get("nodeType").map(|node| node.as_str().unwrap_or_default()) {
        None | Some("text" | "cdata") => return,
        Some("none") if !is_list => return,
        Some("none") => None,
        Some("element") => is_list.then_some("wrapped"),
        Some("attribute") => Some("attribute"),
        Some(_) => {
            xml.shift_remove("nodeType");
            let message = "`nodeType` is none that XML is written with; it is left out".to_owned();
            let hint = "there are `element`, `attribute`, `text`, `cdata` and `none`";
            return outcome.flaw("xml", message, Some(hint));
        }
    };
    xml.shift_remove("nodeType");
    xml.extend(flag.map(|flag| (flag.to_owned(), Value::Bool(true))));
}

/// Formats that tell how wide an integer is bound it, which no `format` of JSON Schema does.
fn width(map: &mut Map<String, Value>) {
    let (least, most) = match map.get("format").and_then(Value::as_str) {
        Some("int8") => (i8::MIN.into(), i8::MAX.unsigned_abs().into()),
        Some("int16") => (i16::MIN.into(), i16::MAX.unsigned_abs().into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.unsigned_abs().into()),
        Some("int64") => (i64::MIN, i64::MAX.unsigned_abs()),
        Some("uint8") => (0, u8::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint32") => (0, u32::MAX.into()),
        Some("uint64") => (0, u64::MAX),
        _ => return,
    };
    if ["minimum", "exclusiveMinimum"].iter().all(|keyword| !map.contains_key(*keyword)) {
        map.insert("minimum".to_owned(), json!(least));
    }
    if ["maximum", "exclusiveMaximum"].iter().all(|keyword| !map.contains_key(*keyword)) {
        map.insert("maximum".to_owned(), json!(most));
    }
}

/// What YAML makes of a value without quotes: `enum: [1, 2]` of texts are numbers. Values of another type than `type`
/// are read as that type, where they can be; else the values count, for they say more.
fn fit_type(map: &mut Map<String, Value>, outcome: &mut LoweredKeywords) {
    let Some(types) = types(map) else { return };
    if map.get("enum").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        map.shift_remove("enum");
        outcome.flaw("enum", "`enum` is empty; it is left out".to_owned(), None);
    }
    let fits = |value: &Value| value.is_null() || types.iter().any(|one| is_of(value, one));
    let is_read = |value: &mut Value| {
        let meant =
            if fits(value) { None } else { types.iter().find_map(|one| read_as(value, one)) };
        let is_other = meant.is_some();
        *value = meant.unwrap_or_else(|| value.take());
        is_other
    };
    for (keyword, all) in [("enum", true), ("const", false), ("default", false)] {
        let mut found = match map.get_mut(keyword) {
            Some(Value::Array(values)) if all => std::mem::take(values),
            Some(value) if !all => vec![value.take()],
            _ => continue,
        };
        let read = found.iter_mut().filter_map(|value| is_read(value).then_some(())).count();
        if read > 0 {
            let message =
                format!("`{keyword}` is of another type than `type`; it is read as that type");
            outcome.flaw(keyword, message, Some("put texts in quotes, and nothing else"));
        }
        let none_fits = !found.iter().any(fits);
        if all && none_fits && types.iter().any(|one| one == "array") {
            listed(map, found, outcome);
            continue;
        }
        if keyword != "default" && none_fits {
            map.shift_remove("type");
            let message =
                format!("`{keyword}` has no value of the `type` that is given; its values count");
            outcome.flaw(keyword, message, None);
        }
        let mut distinct: Vec<Value> = Vec::new();
        for value in found {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        let value = if all { Value::Array(distinct) } else { distinct.pop().unwrap_or_default() };
        map.insert(keyword.to_owned(), value);
    }
}

/// Types that `type` names.
fn types(map: &Map<String, Value>) -> Option<Vec<String>> {
    let named =
        |types: &[Value]| types.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    match map.get("type")? {
        Value::Array(types) => Some(named(types)),
        one => Some(named(std::slice::from_ref(one))),
    }
}

/// The values of a list's `enum` that are no lists: those that its items can have.
fn listed(map: &mut Map<String, Value>, values: Vec<Value>, outcome: &mut LoweredKeywords) {
    map.shift_remove("enum");
    let items = map.entry("items").or_insert_with(|| json!({}));
    let taken = match items.as_object_mut() {
        Some(items) if !items.contains_key("$ref") && !items.contains_key("enum") => {
            items.insert("enum".to_owned(), Value::Array(values));
            "it is read as that of the items"
        }
        _ => "it is left out",
    };
    outcome.flaw("enum", format!("`enum` of an array lists no arrays; {taken}"), None);
}

/// Returns true if a value is of a type.
pub(super) fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.as_number().is_some_and(numbers::is_whole),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn read_as(value: &Value, kind: &str) -> Option<Value> {
    let read = match (kind, value) {
        ("string", Value::Number(_) | Value::Bool(_)) => Value::String(value.to_string()),
        ("integer" | "number" | "boolean", Value::String(text)) => {
            serde_json::from_str(text).ok().filter(numbers::are_finite)?
        }
        _ => return None,
    };
    is_of(&read, kind).then_some(read)
}

/// Keywords that leave no value at all.
fn contradictions(map: &Map<String, Value>, outcome: &mut LoweredKeywords) {
    let bound = |keyword: &str| map.get(keyword).and_then(Value::as_number);
    for (least, most) in [
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
    ] {
        let bounds = bound(least).zip(bound(most));
        if bounds.is_some_and(|(least, most)| numbers::compare(least, most).is_gt()) {
            let message = format!("`{least}` is above `{most}`, and no value fits");
            outcome.flaw(least, message, None);
        }
    }
    let is_all = |schema: &Value| match schema {
        Value::Bool(all) => *all,
        Value::Object(map) => map.keys().all(|keyword| SAYS_NOTHING.contains(&keyword.as_str())),
        _ => false,
    };
    if map.get("not").is_some_and(is_all) {
        outcome.flaw("not", "`not` refuses every value, and no value fits".to_owned(), None);
    }
}

/// Required form of a keyword's value.
#[derive(Clone, Copy)]
enum KeywordShape {
    Number,
    Positive,
    Count,
    Text,
    Pattern,
    Boolean,
    Names,
    Type,
    List,
    Schemas,
    Map,
    Discriminator,
}

fn shape(keyword: &str) -> Option<KeywordShape> {
    Some(match keyword {
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => KeywordShape::Number,
        "multipleOf" => KeywordShape::Positive,
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => KeywordShape::Count,
        "$ref" | "$dynamicRef" | "$id" | "$anchor" | "$dynamicAnchor" | "format" => {
            KeywordShape::Text
        }
        "pattern" => KeywordShape::Pattern,
        "uniqueItems" | "nullable" | "readOnly" | "writeOnly" => KeywordShape::Boolean,
        "required" => KeywordShape::Names,
        "type" => KeywordShape::Type,
        "enum" => KeywordShape::List,
        "dependentRequired" => KeywordShape::Map,
        "discriminator" => KeywordShape::Discriminator,
        _ => match applicator(keyword)?.holds {
            Holds::One => return None,
            Holds::List => KeywordShape::Schemas,
            Holds::Map => KeywordShape::Map,
        },
    })
}

/// Returns true if a keyword's value is read here, and is no data and no schema.
pub(super) fn is_known(keyword: &str) -> bool {
    shape(keyword).is_some() || SAYS_NOTHING.contains(&keyword) || keyword == "xml"
}

impl KeywordShape {
    fn wanted(self) -> &'static str {
        match self {
            KeywordShape::Number => "a number",
            KeywordShape::Positive => "a number above 0",
            KeywordShape::Count => "a whole number from 0 up",
            KeywordShape::Text => "a text",
            KeywordShape::Pattern => "a regular expression",
            KeywordShape::Boolean => "`true` or `false`",
            KeywordShape::Names => "a list of property names",
            KeywordShape::Type => "a type or a list of types",
            KeywordShape::List => "a list of values",
            KeywordShape::Schemas => "a list of at least one schema",
            KeywordShape::Map | KeywordShape::Discriminator => "a map",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            KeywordShape::Number => value.is_number(),
            KeywordShape::Positive => value.as_f64().is_some_and(|number| number > 0.0),
            KeywordShape::Count => {
                value.as_f64().is_some_and(|count| count >= 0.0 && count.fract() == 0.0)
            }
            KeywordShape::Text => value.is_string(),
            KeywordShape::Pattern => value.as_str().is_some_and(patterns::can_be_compiled),
            KeywordShape::Boolean => value.is_boolean(),
            KeywordShape::Names => value.as_array().is_some_and(|names| are_distinct_texts(names)),
            KeywordShape::Type => match value {
                Value::String(one) => is_type(one),
                Value::Array(types) => {
                    !types.is_empty()
                        && are_distinct_texts(types)
                        && types.iter().filter_map(Value::as_str).all(is_type)
                }
                _ => false,
            },
            KeywordShape::List => value.is_array(),
            KeywordShape::Schemas => value.as_array().is_some_and(|schemas| !schemas.is_empty()),
            KeywordShape::Map | KeywordShape::Discriminator => value.is_object(),
        }
    }

    /// The probable intention, where that is plain.
    fn meant(self, value: &Value) -> Option<Value> {
        let mended = match (self, value) {
            (
                KeywordShape::Number | KeywordShape::Positive | KeywordShape::Count,
                Value::String(text),
            ) => serde_json::from_str(text).ok().filter(numbers::are_finite)?,
            (KeywordShape::Boolean, Value::String(text)) => Value::Bool(boolean(text)?),
            (KeywordShape::Names, Value::Array(names)) => {
                let mut distinct: Vec<Value> = Vec::new();
                for name in names.iter().filter(|name| name.is_string()) {
                    if !distinct.contains(name) {
                        distinct.push(name.clone());
                    }
                }
                Value::Array(distinct)
            }
            (KeywordShape::Type, Value::Array(types)) => {
                let mut known: Vec<Value> = Vec::new();
                for one in types {
                    let one = if one.is_null() { json!("null") } else { one.clone() };
                    if one.as_str().is_some_and(is_type) && !known.contains(&one) {
                        known.push(one);
                    }
                }
                Value::Array(known)
            }
            (KeywordShape::Type, Value::String(text)) => {
                let lower = text.to_ascii_lowercase();
                let types: Vec<&str> = lower.split([',', '|']).map(str::trim).collect();
                if types.len() > 1 { json!(types) } else { json!(lower) }
            }
            // As OpenAPI 2.0 has it.
            (KeywordShape::Discriminator, Value::String(text)) => json!({ "propertyName": text }),
            (KeywordShape::Schemas, Value::Object(_)) => json!([value]),
            _ => return None,
        };
        self.fits(&mended).then_some(mended)
    }
}

fn are_distinct_texts(values: &[Value]) -> bool {
    let mut seen = std::collections::HashSet::new();
    values.iter().all(|value| value.as_str().is_some_and(|text| seen.insert(text)))
}

fn is_type(name: &str) -> bool {
    matches!(name, "string" | "number" | "integer" | "boolean" | "array" | "object" | "null")
}

/// A keyword that is not what it has to be would keep the whole schema from being compiled.
fn repair(map: &mut Map<String, Value>, outcome: &mut LoweredKeywords) {
    let broken: Vec<(String, KeywordShape)> = map
        .iter()
        .filter_map(|(keyword, value)| Some((keyword, value, shape(keyword)?)))
        .filter(|(_, value, shape)| !shape.fits(value))
        .map(|(keyword, _, shape)| (keyword.clone(), shape))
        .collect();
    for (keyword, shape) in broken {
        let Some(value) = map.get(&keyword) else { continue };
        let shown = abbreviated(value);
        if let Some(mended) = shape.meant(value) {
            let message = format!(
                "`{keyword}` is {shown} where {} belongs; it is read as `{mended}`",
                shape.wanted()
            );
            map.insert(keyword.clone(), mended);
            outcome.flaw(&keyword, message, None);
        } else {
            let hint = match (shape, value) {
                (KeywordShape::Names, Value::Bool(_)) => {
                    Some("`required` of a property is a list in the object around it")
                }
                (KeywordShape::Pattern, Value::String(_)) => {
                    Some("patterns follow ECMA-262 and compile to less than 1 MB")
                }
                _ => None,
            };
            let wanted = shape.wanted();
            map.shift_remove(&keyword);
            let message = format!("`{keyword}` is {shown} where {wanted} belongs; it is left out");
            outcome.flaw(&keyword, message, hint);
        }
    }
    if let Some(Value::Object(properties)) = map.get_mut("patternProperties") {
        let refused: Vec<String> =
            properties.keys().filter(|key| !patterns::can_be_compiled(key)).cloned().collect();
        for pattern in refused {
            properties.shift_remove(&pattern);
            let message = format!("`{pattern}` is not a valid regular expression; it is left out");
            outcome.flaw(
                "patternProperties",
                message,
                Some("patterns follow ECMA-262 and compile to less than 1 MB"),
            );
        }
    }
}

/// The boolean that a text was meant to be, also in the words of YAML 1.1.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A value as it can stand in a message.
pub(super) fn abbreviated(value: &Value) -> String {
    format!("`{}`", shortened(&value.to_string(), 60))
}
