//! Issuing and redeeming.

use std::time::Duration;

use aws_lc_rs::hmac;
use sea_orm::DatabaseTransaction;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Purpose, store};
use crate::secret::{digest, random_token};
use crate::{Auth, Error, Result, User, account};

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
    /// Whether it outlives that: for what takes such a change back.
    pub outlives_changes: bool,
    /// What there may be one token for, such as an address: a newer one takes the place of the older.
    pub slot: Option<&'a str>,
    /// A short code that may be given instead of the token. Needs a slot, and counts the attempts on it.
    pub code: Option<&'a str>,
    /// What must accompany the token when it is redeemed, such as a flow cookie.
    pub binding: Option<&'a str>,
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
            data: None,
            lifetime,
        }
    }
}

/// What a redeemed token stood for.
#[derive(Clone, Debug, PartialEq)]
pub struct Consumed {
    /// When it was issued.
    pub(crate) created_at: OffsetDateTime,
    /// The account it acts on.
    pub user_id: Option<Uuid>,
    /// The epoch of the account that it was issued at.
    pub(crate) sev: Option<i64>,
    /// What the purpose remembered.
    pub data: Option<Value>,
}

/// How often the code of a slot may be tried (OWASP ASVS 6.6.3).
pub(crate) const CODE_ATTEMPTS: i32 = 5;

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
        let slot = issue.slot.map(|slot| slot_digest(issue.purpose, slot));
        let code = match (&slot, issue.code) {
            (_, None) => None,
            (Some(slot), Some(code)) => Some(self.code_digest(slot, code)),
            (None, Some(_)) => return Err(Error::internal("a code needs a slot that counts its attempts")),
        };
        let row = store::NewRow { id: self.auth.new_id(now)?, token: digest(token.expose_secret()), slot, code };
        store::insert(tx, row, &issue, now).await?;
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
        if !store::mark_used(tx, purpose, store::By::Token(hash), binding.map(digest), self.auth.now()).await? {
            return Ok(None);
        }
        store::find(tx, store::By::Token(hash)).await
    }

    /// The account that a redeemed token acts on, locked; `None` when it is gone, or its credentials have changed since
    /// the token was looked at: another transaction may have been about to.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn owner(&self, tx: &DatabaseTransaction, token: &Consumed) -> Result<Option<User>> {
        let Some(id) = token.user_id else { return Ok(None) };
        let row = account::store::find_for_update(tx, id).await?;
        Ok(row.map(User::from).filter(|user| token.sev.is_none_or(|sev| sev == user.sev)))
    }

    /// What a token stands for that could be redeemed now, without redeeming it: for a page that asks first, and for checks
    /// that must not cost the token.
    ///
    /// # Errors
    /// The database's.
    pub async fn peek(&self, purpose: Purpose, token: &str, binding: Option<&str>) -> Result<Option<Consumed>> {
        let now = self.auth.now();
        store::find_valid(&self.auth.inner().db, purpose, digest(token), binding.map(digest), now).await
    }

    /// The account that a token was redeemed for before.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn used_by(&self, purpose: Purpose, token: &str) -> Result<Option<Uuid>> {
        store::find_used(&self.auth.inner().db, purpose, digest(token)).await
    }

    /// Takes one of the attempts at the code of a slot; `false` when there is no code, or none is left. Counted at
    /// once and for good, before the code is looked at.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn take_attempt(&self, purpose: Purpose, slot: &str) -> Result<bool> {
        let slot = slot_digest(purpose, slot);
        store::count_attempt(&self.auth.inner().db, slot, CODE_ATTEMPTS, self.auth.now()).await
    }

    /// Redeems the token of a slot by its code, as [`consume`](Self::consume) does by itself. Every call needs an
    /// [attempt](Self::take_attempt) of its own.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn consume_code(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        slot: &str,
        code: &str,
    ) -> Result<Option<Consumed>> {
        let slot = slot_digest(purpose, slot);
        let by = store::By::Code { slot, code: self.code_digest(&slot, code) };
        if !store::mark_used(tx, purpose, by, None, self.auth.now()).await? {
            return Ok(None);
        }
        store::find(tx, by).await
    }

    /// Six digits are found in no time by whoever has their bare digest; without the key they are not.
    fn code_digest(&self, slot: &[u8; 32], code: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.auth.inner().code_key);
        context.update(slot);
        context.update(code.as_bytes());
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }
}

fn slot_digest(purpose: Purpose, slot: &str) -> [u8; 32] {
    digest(&format!("{}:{slot}", purpose.as_str()))
}
