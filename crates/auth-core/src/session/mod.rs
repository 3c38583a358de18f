//! Sessions: one row per login, the check of every request, and the ways in which a session ends.

mod establish;
pub(crate) mod lookup;
mod revoke;
mod service;
pub(crate) mod store;

pub use crate::principal::{Principal, Session};
pub(crate) use establish::BearerToken;
pub use establish::{IssuedToken, Login, Proof};
pub(crate) use revoke::Revocation;
pub use service::{Credential, Sessions};
