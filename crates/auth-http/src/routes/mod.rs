//! The handlers, one file per feature, each a thin wrapper over a typed method of the core.

mod account;
mod admin;
mod audit;
mod email_change;
mod health;
mod magic_link;
mod password_reset;
mod session;
mod token;
mod verification;

use auth_core::Auth;

use crate::endpoint::Endpoint;

/// Every route, in the order of the documentation.
pub(crate) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    let mut table = Vec::new();
    table.extend(account::endpoints());
    table.extend(session::endpoints(auth));
    table.extend(verification::endpoints());
    table.extend(password_reset::endpoints());
    table.extend(email_change::endpoints());
    table.extend(magic_link::endpoints(auth));
    table.extend(audit::endpoints());
    table.extend(token::endpoints());
    table.extend(admin::endpoints());
    table.extend(health::endpoints());
    table
}
