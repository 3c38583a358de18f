//! The tables of the authentication library, one file per table, without logic.
//!
//! Times are milliseconds since the Unix epoch in `BIGINT` columns: the same value, order and precision on every
//! database. Columns that end in `_key` hold the one canonical spelling that a unique index or a lookup uses.

pub mod event;
pub mod limit;
pub mod mail;
pub mod one_time_token;
pub mod session;
pub mod user;

pub use sea_orm::entity::prelude::TimeUnixTimestampMillis as Timestamp;
