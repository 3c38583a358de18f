//! Sessions: one row per login, the check of every request, and the ways in which a session ends.

mod config;
pub(crate) mod establish;
pub(crate) mod lookup;
pub(crate) mod revoke;
mod rows;
mod service;
pub(crate) mod store;

pub use crate::principal::{Principal, Session};
pub use config::SessionConfig;
pub(crate) use establish::{BearerToken, renew};
pub use establish::{IssuedToken, Login, Proof};
pub(crate) use revoke::{Revocation, revoke};
pub(crate) use rows::{export, purge};
pub use service::{Credential, Sessions};
