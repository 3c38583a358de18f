//! What a single-use token is issued for, and what it stood for once it is redeemed.

use std::fmt;
use std::time::Duration;

use auth_entity::user;
use serde_json::Value;
use uuid::Uuid;

use super::Purpose;
use crate::client::Client;
use crate::hidden::{Hidden, hidden};
use crate::identifier::Email;
use crate::secret::digest;
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
    /// What is in doubt about the account. The token dies when that is settled or the [address](Self::address) changes, and
    /// not with the epoch: somebody else than the reader of the account's mail may move it.
    pub doubt: Option<Doubt>,
    /// Whose siblings it is one of, for tokens that strangers can have issued: those of one account or address.
    pub family: Option<Family<'a>>,
    /// A short code that may be given instead of the token. Needs a family, whose codes share five attempts.
    pub code: Option<&'a str>,
    /// What must accompany the token when it is redeemed, such as a flow cookie.
    pub binding: Option<&'a str>,
    /// The [key](crate::identifier::Email::key) of the email address that it is mailed to. It goes when the account of that
    /// address is deleted.
    pub address: Option<&'a str>,
    /// What the purpose has to remember.
    pub data: Option<Value>,
    /// How long it may be redeemed.
    pub lifetime: Duration,
}

/// What is in doubt about an account, so that somebody else may share it with the reader of its mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Whether the address is theirs who registered it.
    Address,
    /// Whether the one who reads the mail knows the password.
    Password,
}

impl Doubt {
    pub(crate) fn about(is_verified: bool, password_is_confirmed: bool) -> Option<Self> {
        match (is_verified, password_is_confirmed) {
            (false, _) => Some(Self::Address),
            (true, false) => Some(Self::Password),
            (true, true) => None,
        }
    }
}

/// The tokens of one purpose for one account or address. Three of them live for each network that asked, nine in all, so
/// that asking for a link does not end that of somebody else; the first that is redeemed ends the others.
#[derive(Clone, Copy)]
pub struct Family<'a> {
    /// For whom the tokens are.
    pub(super) of: &'a str,
    /// Who asked for this one.
    pub(super) client: &'a Client,
}

impl<'a> Family<'a> {
    /// The family of an account or address, for a token that a client asked for.
    #[must_use]
    pub fn new(of: &'a str, client: &'a Client) -> Self {
        Self { of, client }
    }
}

impl fmt::Debug for Family<'_> {
    /// Hides for whom it is, which may be an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("of", &Hidden).finish_non_exhaustive()
    }
}

impl Issue<'_> {
    /// The epoch of the account that the token dies with.
    pub(super) fn epoch(&self) -> Option<i64> {
        self.user.filter(|_| !self.outlives_changes && self.doubt.is_none()).map(|user| user.security_epoch)
    }

    /// A token for a purpose and a time, bound to nothing else.
    #[must_use]
    pub fn new(purpose: Purpose, lifetime: Duration) -> Self {
        Self {
            purpose,
            user: None,
            outlives_changes: false,
            doubt: None,
            family: None,
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
        let Self { purpose, user, outlives_changes, doubt, family, code, binding, address, data, lifetime } = self;
        f.debug_struct("Issue")
            .field("purpose", purpose)
            .field("user_id", &user.map(|user| user.id))
            .field("outlives_changes", outlives_changes)
            .field("doubt", doubt)
            .field("family", &hidden(family))
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
    /// The account it acts on.
    pub user_id: Option<Uuid>,
    /// The epoch of the account that it was issued at.
    pub(crate) security_epoch: Option<i64>,
    /// The digest of the email address that it was mailed to.
    pub(crate) address: Option<Vec<u8>>,
    /// What the purpose remembered.
    pub data: Option<Value>,
}

impl Consumed {
    /// Whether it acts on its account as that is.
    pub(crate) fn acts_on(&self, user: &user::Model) -> bool {
        match (self.security_epoch, &self.address) {
            (Some(epoch), _) => epoch == user.sev,
            (None, Some(address)) => {
                let key = user.email.as_deref().and_then(Email::key_of);
                let doubt = Doubt::about(user.is_verified, user.password_is_confirmed);
                key.zip(doubt).is_some_and(|(key, doubt)| address_digest(&key, Some(doubt)) == address.as_slice())
            }
            (None, None) => true,
        }
    }
}

/// An email address, by its key, as rows of tokens have it.
pub(super) fn address_digest(key: &str, doubt: Option<Doubt>) -> [u8; 32] {
    let kind = match doubt {
        Some(Doubt::Password) => "password",
        Some(Doubt::Address) | None => "address",
    };
    digest(&format!("{kind}:{key}"))
}

impl fmt::Debug for Consumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user_id, security_epoch, data, .. } = self;
        f.debug_struct("Consumed")
            .field("user_id", user_id)
            .field("security_epoch", security_epoch)
            .field("data", &hidden(data))
            .finish()
    }
}
