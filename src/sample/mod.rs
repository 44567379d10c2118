//! Values made up from schemas.
//!
//! Must not know what they are for.
use crate::openapi::SchemaId;
use crate::openapi::Schemas;
use serde_json::Value;
#[derive(Clone, Copy, Debug)]
pub enum Direction {
    Request,
    Response,
}
#[derive(Debug)]
pub struct Wish {
    pub direction: Direction,
    pub fresh: bool,
    pub fill_properties: bool,
}
pub type Unmet = String;
pub fn sample(
    _schemas: &Schemas,
    _schema: SchemaId,
    _wish: &Wish,
    seed: u64,
) -> Result<Value, Unmet> {
    Ok(seed.into())
}
