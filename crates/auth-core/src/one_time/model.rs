//! What a single-use token is issued for, and what it stood for once it is redeemed.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Purpose;
use crate::hidden::hidden;
use crate::user::User;

/// What a token is issued for. `Debug` shows neither its code nor what goes with it.
#[derive(Clone)]
pub struct Issue<'a> {
    /// What it may be redeemed for.
    pub purpose: Purpose,
    /// The account it acts on. The token dies when the account's epoch moves.
    pub user: Option<&'a User>,
    /// Whether it outlives that: for what takes such a change back.
    pub outlives_changes: bool,
    /// A slot holds at most one live token, for example one per address; a newer token replaces the older one.
    pub slot: Option<&'a str>,
    /// A short code that may be given instead of the token. Needs a slot, and counts the attempts on it.
    pub code: Option<&'a str>,
    /// What must accompany the token when it is redeemed, such as a flow cookie.
    pub binding: Option<&'a str>,
    /// The [key](crate::identifier::Email::key) of the email address that it is mailed to, if the token may have no account yet.
    /// It goes when the account of that address is deleted.
    pub address: Option<&'a str>,
    /// What the purpose has to remember.
    pub data: Option<Value>,
    /// How long it may be redeemed.
    pub lifetime: Duration,
}

impl Issue<'_> {
    /// A token for a purpose and a time, bound to nothing else.
    #[must_use]
    pub fn new(purpose: Purpose, lifetime: Duration) -> Self {
        Self {
            purpose,
            user: None,
            outlives_changes: false,
            slot: None,
            code: None,
            binding: None,
            address: None,
            data: None,
            lifetime,
        }
    }
}

impl fmt::Debug for Issue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { purpose, user, outlives_changes, slot, code, binding, address, data, lifetime } = self;
        f.debug_struct("Issue")
            .field("purpose", purpose)
            .field("user_id", &user.map(|user| user.id))
            .field("outlives_changes", outlives_changes)
            .field("slot", &hidden(slot))
            .field("code", &hidden(code))
            .field("binding", &hidden(binding))
            .field("address", &hidden(address))
            .field("data", &hidden(data))
            .field("lifetime", lifetime)
            .finish()
    }
}

/// What a redeemed token stood for. `Debug` does not show what the purpose remembered: it may be a password hash.
#[derive(Clone, PartialEq)]
pub struct Consumed {
    /// When it was issued.
    pub(crate) created_at: OffsetDateTime,
    /// The account it acts on.
    pub user_id: Option<Uuid>,
    /// The epoch of the account that it was issued at.
    pub(crate) security_epoch: Option<i64>,
    /// What the purpose remembered.
    pub data: Option<Value>,
}

impl fmt::Debug for Consumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created_at, user_id, security_epoch, data } = self;
        f.debug_struct("Consumed")
            .field("created_at", created_at)
            .field("user_id", user_id)
            .field("security_epoch", security_epoch)
            .field("data", &hidden(data))
            .finish()
    }
}
