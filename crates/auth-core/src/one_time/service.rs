//! Issuing and redeeming.

use aws_lc_rs::hmac;
use sea_orm::DatabaseTransaction;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::seat::{Seat, is_live};
use super::{Consumed, Issue, Purpose, TOKEN_TRIES, TOKEN_USES, store};
use crate::client::Client;
use crate::kernel::Kernel;
use crate::limit::OneToken;
use crate::secret::{digest, random_token};
use crate::user::User;
use crate::{Error, Result};

/// The service of single-use tokens.
#[derive(Clone, Copy, Debug)]
pub struct OneTimeTokens<'a> {
    kernel: &'a Kernel,
}

/// How often the codes of a family may be tried (OWASP ASVS 6.6.3).
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
        let family = issue.family.map(|family| family_digest(issue.purpose, family.of));
        let code = match (family, issue.code) {
            (_, None) => None,
            (Some(family), Some(code)) => self.code_digests(&family, code).next(),
            (None, Some(_)) => return Err(Error::internal("a code needs a family that counts its attempts")),
        };
        let id = self.kernel.new_id(now)?;
        let seat = match (family, issue.family) {
            (Some(digest), Some(family)) => {
                let siblings = store::siblings(tx, &digest).await?;
                let origin = origin_digest(digest, family.client);
                Some(Seat::choose(&siblings, id, digest, origin, issue.epoch(), now))
            }
            _ => None,
        };
        if let Some(seat) = seat.as_ref().filter(|seat| !seat.occupants.is_empty()) {
            store::delete(tx, seat.occupants.clone()).await?;
        }
        let row = store::NewRow { id, token: digest(token.expose_secret()), seat, turn: None, code };
        store::insert(tx, &row, &issue, now).await?;
        Ok(token)
    }

    /// Makes a token of which a network has so many at once, with the id of its row; `None` when it has them. One that is
    /// [deleted](Self::delete), redeemed or expired makes room.
    pub(crate) async fn issue_in_turn(
        &self,
        tx: &DatabaseTransaction,
        issue: Issue<'_>,
        client: &Client,
        at_once: i32,
    ) -> Result<Option<(Uuid, SecretString)>> {
        let now = self.kernel.now();
        let origin = origin_digest(family_digest(issue.purpose, "turn"), client);
        let (live, dead): (Vec<_>, Vec<_>) =
            store::of_origin(tx, origin).await?.into_iter().partition(|row| is_live(row, now));
        let Some(turn) = (0..at_once).find(|turn| live.iter().all(|row| row.turn != Some(*turn))) else {
            return Ok(None);
        };
        if !dead.is_empty() {
            store::delete(tx, dead.into_iter().map(|row| row.id).collect()).await?;
        }
        let token = random_token(self.kernel.random(), issue.purpose.prefix())?;
        let id = self.kernel.new_id(now)?;
        let hash = digest(token.expose_secret());
        let row = store::NewRow { id, token: hash, seat: None, turn: Some((origin, turn)), code: None };
        store::insert(tx, &row, &issue, now).await?;
        Ok(Some((id, token)))
    }

    /// Gives a token without an account that of a user: once, and while it can be redeemed.
    pub(crate) async fn assign(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        id: Uuid,
        user: &User,
    ) -> Result<bool> {
        store::assign(tx, purpose, id, (user.id, user.security_epoch), self.kernel.now()).await
    }

    /// Whether that has happened.
    pub(crate) async fn is_assigned(&self, purpose: Purpose, id: Uuid) -> Result<bool> {
        store::is_assigned(self.kernel.db(), purpose, id).await
    }

    /// Deletes a token to which that has not happened; false where it has.
    pub(crate) async fn withdraw(&self, purpose: Purpose, id: Uuid) -> Result<bool> {
        store::withdraw(self.kernel.db(), purpose, id).await
    }

    /// Deletes a token.
    pub(crate) async fn delete(&self, id: Uuid) -> Result<()> {
        store::delete(self.kernel.db(), vec![id]).await
    }

    /// Counts an attempt of a client at a token, before anything else is done for it.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    pub async fn admit(&self, token: &str, client: &Client) -> Result<()> {
        let bucket = match store::find_id(self.kernel.db(), digest(token)).await? {
            Some(id) => TOKEN_USES.of(&OneToken(id)),
            None => TOKEN_TRIES.of(client),
        };
        self.kernel.limiter().take(&bucket, client).await
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

    /// Reads what a token stands for, which is deleted when it is redeemed, and redeems it. Its siblings end with it.
    async fn redeem(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        by: store::By,
        binding: Option<[u8; 32]>,
    ) -> Result<Option<Consumed>> {
        let now = self.kernel.now();
        let Some(mut row) = store::find_valid(tx, purpose, by, binding, now).await? else { return Ok(None) };
        let family = row.family.take();
        if let Some(family) = &family {
            store::siblings(tx, family).await?;
        }
        if !store::mark_used(tx, purpose, store::By::Id(row.id), binding, now).await? {
            return Ok(None);
        }
        if let Some(family) = family {
            store::end_siblings(tx, family, now).await?;
        }
        Ok(Some(row.into()))
    }

    /// What a token stands for that could be redeemed now, without redeeming it: for a page that asks first, and for
    /// checks that must not cost the token.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn peek(&self, purpose: Purpose, token: &str, binding: Option<&str>) -> Result<Option<Consumed>> {
        let now = self.kernel.now();
        let by = store::By::Token(digest(token));
        let found = store::find_valid(self.kernel.db(), purpose, by, binding.map(digest), now).await?;
        Ok(found.map(Consumed::from))
    }

    /// The account that a token was made for, whatever became of it.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn owner_of(&self, purpose: Purpose, token: &str) -> Result<Option<Uuid>> {
        store::find_owner(self.kernel.db(), purpose, digest(token)).await
    }

    /// Takes one of the attempts at the codes of a family; `false` when there is no code, or no attempt is left. Counted
    /// in a transaction of its own, before the code is looked at.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn take_attempt(&self, tx: &DatabaseTransaction, purpose: Purpose, of: &str) -> Result<bool> {
        let family = family_digest(purpose, of);
        store::count_attempt(tx, family, CODE_ATTEMPTS, self.kernel.now()).await
    }

    /// Whether a new code of a family could be tried: it shares the attempts of those that still live.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn has_attempt(&self, tx: &DatabaseTransaction, purpose: Purpose, of: &str) -> Result<bool> {
        let siblings = store::siblings(tx, &family_digest(purpose, of)).await?;
        let live = siblings.iter().filter(|row| is_live(row, self.kernel.now()));
        Ok(live.map(|row| row.attempts).max().unwrap_or_default() < CODE_ATTEMPTS)
    }

    /// Redeems a token of a family by its code, as [`consume`](Self::consume) does by itself. Every call needs an
    /// [attempt](Self::take_attempt) of its own.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn consume_code(
        &self,
        tx: &DatabaseTransaction,
        purpose: Purpose,
        of: &str,
        code: &str,
    ) -> Result<Option<Consumed>> {
        let family = family_digest(purpose, of);
        let by = store::By::Code { family, codes: self.code_digests(&family, code).collect() };
        self.redeem(tx, purpose, by, None).await
    }

    /// The digest of a code under the present key, then those under the keys of former secrets. Anyone who has the bare digest
    /// of six digits finds them in no time, but not without the key.
    fn code_digests(&self, family: &[u8; 32], code: &str) -> impl Iterator<Item = [u8; 32]> {
        self.kernel.parts().code_keys.iter().map(move |key| {
            let mut context = hmac::Context::with_key(key);
            context.update(family);
            context.update(code.as_bytes());
            let mut digest = [0; 32];
            digest.copy_from_slice(context.sign().as_ref());
            digest
        })
    }
}

fn family_digest(purpose: Purpose, of: &str) -> [u8; 32] {
    digest(&format!("{}:{of}", purpose.name()))
}

/// Of the network of a client within a family, so that nobody can tell which families a network asked for.
fn origin_digest(family: [u8; 32], client: &Client) -> [u8; 32] {
    let network = client.network().map(|network| network.to_string()).unwrap_or_default();
    let mut hash = Sha256::new_with_prefix(family);
    hash.update([u8::from(client.is_remote())]);
    hash.update(network);
    hash.finalize().into()
}
