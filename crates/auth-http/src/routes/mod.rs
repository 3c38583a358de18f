//! The handlers, one file per feature, each a thin wrapper over a typed method of the core.

pub(crate) mod account;
mod admin;
mod health;
mod session;
mod token;

use auth_core::Auth;

use crate::Endpoint;

/// Every route, in the order of the documentation.
pub(crate) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    let mut table = Vec::new();
    table.extend(account::endpoints());
    table.extend(session::endpoints(auth));
    table.extend(token::endpoints());
    table.extend(admin::endpoints());
    table.extend(health::endpoints());
    table
}
