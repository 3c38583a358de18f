//! The tables of the authentication library, one file per table, without logic.
//!
//! Times are milliseconds since the Unix epoch in `BIGINT` columns: the same value, order and precision on every
//! database. Columns that end in `_key` hold the one canonical spelling that a unique index or a lookup uses.

pub mod address;
#[cfg(test)]
mod canary_tests;
pub mod change;
pub mod device;
pub mod event;
mod hidden;
pub mod limit;
pub mod mail;
pub mod meta;
pub mod one_time_token;
pub mod refresh_token;
pub mod role;
pub mod session;
pub mod signing_key;
pub mod user;
pub mod user_role;

/// The realm of all accounts: names are unique within one, and so far there is one.
pub const REALM: &str = "";

pub use hidden::{Digest, PasswordHash, Remembered};
pub use sea_orm::entity::prelude::TimeUnixTimestampMillis as Timestamp;
