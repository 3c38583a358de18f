//! Issuing and redeeming.

use aws_lc_rs::hmac;
use sea_orm::DatabaseTransaction;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Consumed, Issue, Purpose, store};
use crate::kernel::Kernel;
use crate::secret::{digest, random_token};
use crate::{Error, Result};

/// The service of single-use tokens.
#[derive(Clone, Copy, Debug)]
pub struct OneTimeTokens<'a> {
    kernel: &'a Kernel,
}

/// How often the code of a slot may be tried (OWASP ASVS 6.6.3).
pub(crate) const CODE_ATTEMPTS: i32 = 5;

impl<'a> OneTimeTokens<'a> {
    /// The service on a kernel.
    #[must_use]
    pub fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Makes a token, stored as its digest only, within the transaction of whatever needs it.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn issue(&self, tx: &DatabaseTransaction, issue: Issue<'_>) -> Result<SecretString> {
        let token = random_token(self.kernel.random(), issue.purpose.prefix())?;
        let now = self.kernel.now();
        let slot = issue.slot.map(|slot| slot_digest(issue.purpose, slot));
        let code = match (&slot, issue.code) {
            (_, None) => None,
            (Some(slot), Some(code)) => Some(self.code_digest(slot, code)),
            (None, Some(_)) => return Err(Error::internal("a code needs a slot that counts its attempts")),
        };
        let row = store::NewRow { id: self.kernel.new_id(now)?, token: digest(token.expose_secret()), slot, code };
        store::insert(tx, row, &issue, now).await?;
        Ok(token)
    }

    /// Redeems a token: `Some` for exactly one caller, however many try at once and on however many servers; `None`
    /// when it is unknown, of another purpose, used, expired, accompanied by the wrong binding, or older than the last
    /// change of the account's credentials.
    ///
    /// The effect belongs in the same transaction: when that is rolled back, the token can be redeemed again.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn consume(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        token: &str,
        binding: Option<&str>,
    ) -> Result<Option<Consumed>> {
        self.redeem(tx, purpose, store::By::Token(digest(token)), binding.map(digest)).await
    }

    /// Reads what a token stands for, which is deleted when it is redeemed, and redeems it.
    async fn redeem(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        by: store::By,
        binding: Option<[u8; 32]>,
    ) -> Result<Option<Consumed>> {
        let now = self.kernel.now();
        let Some(found) = store::find_valid(tx, purpose, by, binding, now).await? else { return Ok(None) };
        Ok(store::mark_used(tx, purpose, by, binding, now).await?.then_some(found))
    }

    /// What a token stands for that could be redeemed now, without redeeming it: for a page that asks first, and for
    /// checks that must not cost the token.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn peek(&self, purpose: Purpose, token: &str, binding: Option<&str>) -> Result<Option<Consumed>> {
        let now = self.kernel.now();
        store::find_valid(self.kernel.db(), purpose, store::By::Token(digest(token)), binding.map(digest), now).await
    }

    /// The account that a token was redeemed for before.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn used_by(&self, purpose: Purpose, token: &str) -> Result<Option<Uuid>> {
        store::find_used(self.kernel.db(), purpose, digest(token)).await
    }

    /// Takes one of the attempts at the code of a slot; `false` when there is no code, or no attempt is left. Counted
    /// in a transaction of its own, before the code is looked at.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn take_attempt(&self, tx: &DatabaseTransaction, purpose: Purpose, slot: &str) -> Result<bool> {
        let slot = slot_digest(purpose, slot);
        store::count_attempt(tx, slot, CODE_ATTEMPTS, self.kernel.now()).await
    }

    /// Redeems the token of a slot by its code, as [`consume`](Self::consume) does by itself. Every call needs an
    /// [attempt](Self::take_attempt) of its own.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn consume_code(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        slot: &str,
        code: &str,
    ) -> Result<Option<Consumed>> {
        let slot = slot_digest(purpose, slot);
        let by = store::By::Code { slot, code: self.code_digest(&slot, code) };
        self.redeem(tx, purpose, by, None).await
    }

    /// Anyone who has the bare digest of six digits finds them in no time, but not without the key.
    fn code_digest(&self, slot: &[u8; 32], code: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.kernel.parts().code_key);
        context.update(slot);
        context.update(code.as_bytes());
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }
}

fn slot_digest(purpose: Purpose, slot: &str) -> [u8; 32] {
    digest(&format!("{}:{slot}", purpose.name()))
}
