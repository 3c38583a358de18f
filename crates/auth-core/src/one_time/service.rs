//! Issuing and redeeming.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use super::{Purpose, store};
use crate::secret::{digest, random_token};
use crate::{Auth, Result, User};

/// The service of single-use tokens.
#[derive(Clone, Copy, Debug)]
pub struct OneTimeTokens<'a> {
    auth: &'a Auth,
}

/// What a token is issued for.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    /// What it may be redeemed for.
    pub purpose: Purpose,
    /// The account it acts on. The token dies when the account's epoch moves.
    pub user: Option<&'a User>,
    /// What must accompany the token when it is redeemed, such as a flow cookie.
    pub binding: Option<&'a str>,
    /// What the purpose has to remember.
    pub data: Option<Value>,
    /// How long it may be redeemed.
    pub lifetime: Duration,
}

/// What a redeemed token stood for.
#[derive(Clone, Debug, PartialEq)]
pub struct Consumed {
    /// The account it acts on.
    pub user_id: Option<Uuid>,
    /// What the purpose remembered.
    pub data: Option<Value>,
}

impl<'a> OneTimeTokens<'a> {
    pub(crate) fn new(auth: &'a Auth) -> Self {
        Self { auth }
    }

    /// Makes a token, stored as its digest only, within the transaction of whatever needs it.
    ///
    /// # Errors
    /// The database's.
    pub async fn issue(&self, tx: &DatabaseTransaction, issue: Issue<'_>) -> Result<SecretString> {
        let token = random_token(self.auth.inner().random.as_ref(), issue.purpose.prefix())?;
        let now = self.auth.now();
        let id = self.auth.new_id(now)?;
        store::insert(tx, id, digest(token.expose_secret()), &issue, now).await?;
        Ok(token)
    }

    /// Redeems a token: `Some` for exactly one caller, however many try at once and on however many servers; `None` when
    /// it is unknown, of another purpose, used, expired, accompanied by the wrong binding, or older than the last
    /// change of the account's credentials.
    ///
    /// The effect belongs into the same transaction: when that is rolled back, the token can be redeemed again.
    ///
    /// # Errors
    /// The database's.
    pub async fn consume(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        token: &str,
        binding: Option<&str>,
    ) -> Result<Option<Consumed>> {
        let hash = digest(token);
        if !store::mark_used(tx, purpose, hash, binding.map(digest), self.auth.now()).await? {
            return Ok(None);
        }
        store::find(tx, hash).await
    }
}
