//! The handlers, one file per feature, each a thin wrapper over a typed method of the core.

pub(crate) mod account;
mod admin;
mod audit;
mod email_change;
mod health;
mod magic_link;
mod password_reset;
mod session;
mod token;
mod verification;

use auth_core::account::Updated;
use auth_core::{Auth, Principal};

use self::account::PublicUser;
use crate::dispatch::Call;
use crate::reply::Reply;
use crate::{Endpoint, Problem};

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

/// The account after a change, with the new cookie of the session that goes on.
fn updated(call: &Call, current: Option<&Principal>, updated: &Updated) -> Result<Reply, Problem> {
    let cookie = match current {
        Some(current) => call.token_cookie(&current.session, updated.token.as_ref())?,
        None => None,
    };
    Ok(Reply::ok(&PublicUser::from(&updated.user))?.cookie(cookie))
}
