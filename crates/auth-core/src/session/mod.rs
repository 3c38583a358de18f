//! Sessions: one row per login, the check of every request, and the ways in which a session ends.

mod establish;
pub(crate) mod lookup;
mod model;
mod revoke;
mod service;
pub(crate) mod store;

pub(crate) use establish::BearerToken;
pub use establish::{IssuedToken, Login, Proof};
pub use model::{Principal, Session};
pub(crate) use revoke::Revocation;
pub use service::{Credential, Sessions};
