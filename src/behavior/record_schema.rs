//! Schemas of records: what every record fits, whoever writes it.
//!
//! Must not know who writes records, nor when.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use jsonschema::ValidationError;
use serde_json::{Map, Value};

use crate::behavior::format::named;
use crate::jobs;
use crate::openapi::{Direction, SchemaId, Schemas, Validator, normalized};
use crate::store::Record;

/// How many things that do not fit one message tells.
const TOLD_MAX: usize = 5;
/// How many are looked for: more than a message tells, so that it says that there are more.
const MISFITS_MAX: usize = 100;

/// The schema of one resource's records.
#[derive(Debug)]
pub(crate) struct RecordSchema {
    form: Form,
    /// The records are those of jobs: what the program itself keeps in them need not be in the schema.
    is_job: bool,
    /// Compiled when first needed.
    validator: OnceLock<Result<Arc<Validator>, String>>,
}

#[derive(Debug)]
enum Form {
    /// One of the contract's.
    OfContract(SchemaId),
    /// One written in the behavior file, in the words of JSON Schema 2020-12.
    Inline(Value),
}

/// Something about a record that does not fit.
pub(crate) struct Misfit {
    /// JSON Pointer into the record.
    pub(crate) pointer: String,
    /// What is wrong, with the value.
    pub(crate) message: String,
    /// What is wrong, with the property in the value's place.
    pub(crate) masked: String,
}

impl RecordSchema {
    /// One of the contract's schemas.
    pub(crate) fn of_contract(id: SchemaId, is_job: bool) -> Self {
        Self { form: Form::OfContract(id), is_job, validator: OnceLock::new() }
    }

    /// One that is written in the behavior file.
    pub(crate) fn inline(schema: &Value, is_job: bool) -> Self {
        Self { form: Form::Inline(normalized(schema)), is_job, validator: OnceLock::new() }
    }

    /// The schema itself.
    pub(crate) fn schema<'s>(&'s self, schemas: &'s Schemas) -> &'s Value {
        match &self.form {
            Form::OfContract(id) => schemas.resolved(*id),
            Form::Inline(schema) => schema,
        }
    }

    /// Why it cannot be used, if it cannot.
    pub(crate) fn flaw(&self, schemas: &Schemas) -> Option<&str> {
        let Form::Inline(schema) = &self.form else {
            // Told where it stands.
            return None;
        };
        let given = || schemas.compile_given(schema).map(Arc::new);
        self.validator.get_or_init(given).as_ref().err().map(String::as_str)
    }

    /// The properties that every record has, as far as the outermost schema says so.
    pub(crate) fn required(&self, schemas: &Schemas) -> BTreeSet<String> {
        let schema = self.schema(schemas);
        let keywords = Direction::Whole.required_keywords().iter();
        let lists = keywords.filter_map(|keyword| schema.get(*keyword)?.as_array());
        let names = lists.flatten().filter_map(Value::as_str);
        let is_own = |name: &&str| self.is_job && jobs::PROPERTIES.contains(name);
        names.filter(|name| !is_own(name)).map(ToOwned::to_owned).collect()
    }

    fn compiled(&self, schemas: &Schemas) -> &Result<Arc<Validator>, String> {
        self.validator.get_or_init(|| match &self.form {
            Form::OfContract(id) => schemas.validator(*id),
            Form::Inline(schema) => schemas.compile_beside(schema).map(Arc::new),
        })
    }

    /// The record as it is held against the schema.
    fn held(&self, fields: &Map<String, Value>, schemas: &Schemas) -> Value {
        let mut fields = fields.clone();
        if self.is_job {
            let known = self.schema(schemas).get("properties");
            let is_foreign = |name: &str| {
                jobs::PROPERTIES.contains(&name)
                    && known.is_none_or(|known| known.get(name).is_none())
            };
            fields.retain(|name, _| !is_foreign(name));
        }
        Value::Object(fields)
    }

    /// Whether a record fits; it is as before afterwards.
    pub(crate) fn fits(&self, record: &mut Record, schemas: &Schemas) -> bool {
        let Ok(validator) = self.compiled(schemas) else { return true };
        if self.is_job {
            return validator.is_valid(&self.held(&record.fields(), schemas));
        }
        record.look_at(|record| validator.is_valid(record))
    }

    /// What of a record does not fit.
    pub(crate) fn misfits(&self, fields: &Map<String, Value>, schemas: &Schemas) -> Vec<Misfit> {
        let Ok(validator) = self.compiled(schemas) else { return Vec::new() };
        let record = self.held(fields, schemas);
        let mut misfits = Vec::new();
        let mut tell = |base: &str, error: &ValidationError<'_>| {
            let pointer = format!("{base}{}", error.instance_path());
            let masked = error.masked_with(named(&pointer)).to_string();
            misfits.push(Misfit { pointer, message: error.to_string(), masked });
        };
        match self.form {
            Form::OfContract(id) => {
                schemas.tell_misfits((id, Direction::Whole), &record, MISFITS_MAX, &mut tell);
            }
            Form::Inline(_) => {
                let misfits = validator.misfits(&record, MISFITS_MAX);
                misfits.found.iter().for_each(|error| tell("", error));
            }
        }
        misfits
    }

    /// The same in words, each with its place.
    pub(crate) fn problems(&self, fields: &Map<String, Value>, schemas: &Schemas) -> Vec<String> {
        let misfits = self.misfits(fields, schemas).into_iter();
        let told = |Misfit { pointer, message, .. }: Misfit| match pointer.as_str() {
            "" => message,
            place => format!("at `{place}`: {message}"),
        };
        misfits.map(told).collect()
    }
}

/// Some of the problems, and how many there are more.
pub(crate) fn told(problems: &[String]) -> String {
    let shown = problems.iter().take(TOLD_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
    match problems.len().saturating_sub(TOLD_MAX) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
