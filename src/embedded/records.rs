//! The records of a resource in a sandbox.
//!
//! Must not know how they are kept.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::control::RecordFilter;
use crate::embedded::error::Error;
use crate::embedded::sandbox::Sandbox;

/// The records of a resource: [`Sandbox::records`]. Changes are held to what fixtures are held to, and can be undone.
///
/// A key is given as text or number; the parts of one that has several are separated by commas.
#[derive(Clone, Debug)]
pub struct RecordsHandle<'s> {
    sandbox: &'s Sandbox,
    provider: String,
    resource: String,
    filters: Vec<RecordFilter>,
}

impl Sandbox {
    /// Its records of a resource.
    pub fn records(
        &self,
        provider: impl Into<String>,
        resource: impl Into<String>,
    ) -> RecordsHandle<'_> {
        let (provider, resource) = (provider.into(), resource.into());
        RecordsHandle { sandbox: self, provider, resource, filters: Vec::new() }
    }
}

impl RecordsHandle<'_> {
    /// Only those with this value, for [`list`](Self::list) and [`count`](Self::count).
    #[must_use]
    pub fn with(mut self, property: impl Into<String>, value: impl Display) -> Self {
        self.filters.push((property.into(), value.to_string()));
        self
    }

    /// All of them, by key.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// let orders = sandbox.records("shop", "orders").with("customer_id", "bob").list()?;
    /// assert_eq!(orders[0]["id"], 12);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn list(&self) -> Result<Vec<Map<String, Value>>, Error> {
        Ok(self.page(usize::MAX)?.records)
    }

    /// How many there are.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// assert_eq!(sandbox.records("shop", "orders").count()?, 2);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn count(&self) -> Result<usize, Error> {
        Ok(self.page(1)?.count)
    }

    fn page(&self, limit: usize) -> Result<crate::control::RecordPage, Error> {
        let control = self.sandbox.control()?;
        Ok(control.records(&self.provider, &self.resource, &self.filters, (0, limit))?)
    }

    /// One of them.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// assert_eq!(sandbox.records("shop", "shops").get(1)?["name"], "Corner Shop");
    /// assert!(sandbox.records("shop", "shops").get(9).is_err());
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn get(&self, key: impl Display) -> Result<Map<String, Value>, Error> {
        let control = self.sandbox.control()?;
        Ok(control.record(&self.provider, &self.resource, &parts(key))?)
    }

    /// Has a record be so, new or not; the record then. The properties of the key may be left out.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// use serde_json::json;
    ///
    /// let customers = sandbox.records("shop", "customers");
    /// customers.put("eve", json!({ "email": "eve@example.com" }))?;
    /// assert_eq!(customers.count()?, 3);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn put(&self, key: impl Display, record: Value) -> Result<Map<String, Value>, Error> {
        let (control, fields) = (self.sandbox.control()?, object(record)?);
        let put = control.put_record(&self.provider, &self.resource, &parts(key), fields)?;
        Ok(put.1)
    }

    /// Changes some properties, as JSON Merge Patch (RFC 7396) says; the record then.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// use serde_json::json;
    ///
    /// let order = sandbox.records("shop", "orders").patch(11, json!({ "total": 20 }))?;
    /// assert_eq!((&order["total"], &order["shop_id"]), (&json!(20), &json!(1)));
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn patch(&self, key: impl Display, patch: Value) -> Result<Map<String, Value>, Error> {
        let (control, patch) = (self.sandbox.control()?, object(patch)?);
        Ok(control.patch_record(&self.provider, &self.resource, &parts(key), patch)?)
    }

    /// Deletes one, with all the consequences that its relations name.
    ///
    /// ```
    /// # let tombstone = tombstone::Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures").provider("shop").in_process()?;
    /// # let sandbox = tombstone.sandbox("docs")?;
    /// sandbox.records("shop", "customers").delete("ada")?;
    /// assert_eq!(sandbox.records("shop", "orders").count()?, 1);
    /// # Ok::<(), tombstone::Error>(())
    /// ```
    pub fn delete(&self, key: impl Display) -> Result<(), Error> {
        let control = self.sandbox.control()?;
        control.delete_record(&self.provider, &self.resource, &parts(key))?;
        Ok(())
    }
}

fn parts(key: impl Display) -> Vec<String> {
    key.to_string().split(',').map(str::to_owned).collect()
}

fn object(value: Value) -> Result<Map<String, Value>, Error> {
    match value {
        Value::Object(members) => Ok(members),
        other => Err(Error::Usage(vec![format!(
            "`{other}` is no record: give an object, as in `json!({{ \"name\": \"x\" }})`"
        )])),
    }
}
