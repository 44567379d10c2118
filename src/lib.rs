//! Practise the API calls you can't take back.

pub mod cli;

pub mod server;

pub mod admin;
pub mod catalog;

pub mod emulator;

pub mod sandbox;

pub mod behavior;

pub mod cors;
pub mod jobs;
pub mod router;
pub mod security;
pub mod store;
pub mod validation;

pub mod expression;
pub mod openapi;
pub mod yaml;

pub mod clock;
pub mod finding;
pub mod ids;
pub mod message;
pub mod problem;
