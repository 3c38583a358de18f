//! Whose account it is after its address was changed, and somebody else turns up.
//!
//! The user who had verified the old address may revert a change, whatever happened to the account since: it may have
//! been stolen. Until then the new address may belong to someone else. So controlling the new email address alone gives
//! no access to such an account: anyone who verifies it gets an account of their own, and this one goes back to the old
//! address (docs/decisions/0013-an-account-with-a-new-address-is-contested.md).

use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use uuid::Uuid;

use super::EmailChanges;
use super::service::{Memory, TAKEN};
use crate::account::{Changes, Ends, store};
use crate::effect::Effect;
use crate::identifier::{Email, LoginName};
use crate::one_time::{self, Purpose};
use crate::{Accounts, Error, EventKind, PasswordResets, Result, User, audit};

/// Which ways back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reverts {
    /// Those to unverified addresses.
    ToUnproved,
    /// All of them.
    All,
}

/// A way back that can still be taken.
struct WayBack {
    id: Uuid,
    issued_at: OffsetDateTime,
    memory: Memory,
}

impl EmailChanges<'_> {
    /// Whether the address is unverified, and the owner of the previous one may still want the account back.
    async fn is_contested(&self, tx: &DatabaseTransaction, user: &User) -> Result<bool> {
        if user.is_verified {
            return Ok(false);
        }
        Ok(self.ways_back(tx, user.id).await?.iter().any(|way| way.memory.is_verified))
    }

    /// The account that control of an email address gives access to, by its [key](Email::key): none while the account
    /// is contested.
    pub(crate) async fn owner_by_mailbox(&self, tx: &DatabaseTransaction, email_key: &str) -> Result<Option<User>> {
        let row = store::find_by_name(tx, &LoginName::Email(email_key.to_owned())).await?;
        match row.map(User::from) {
            Some(user) if self.is_contested(tx, &user).await? => Ok(None),
            found => Ok(found),
        }
    }

    /// The account that holds a just-verified address, locked. A contested account gives the address up and returns to
    /// its original one, unless that is taken.
    pub(crate) async fn holder_of_proved(&self, effect: &Effect, email: &Email) -> Result<Option<User>> {
        let Some(user) = holder(effect.tx(), email).await? else { return Ok(None) };
        let returned = self.is_contested(effect.tx(), &user).await? && self.return_to_first(effect, &user).await?;
        Ok((!returned).then_some(user))
    }

    async fn return_to_first(&self, effect: &Effect, user: &User) -> Result<bool> {
        let first = self.ways_back(effect.tx(), user.id).await?.into_iter().next();
        let Some(WayBack { memory, issued_at, .. }) = first else { return Ok(false) };
        if holder(effect.tx(), &memory.email()?).await?.is_some() {
            self.forget(effect, user.id, Reverts::All).await?;
            return Ok(false);
        }
        self.take_back(effect, user, &memory, issued_at).await?;
        Ok(true)
    }

    /// Removes an unverified account from the address that another account returns to.
    pub(super) async fn make_room(
        &self,
        effect: &Effect,
        user: &User,
        memory: &Memory,
        issued_at: OffsetDateTime,
    ) -> Result<()> {
        let Some(squatter) = holder(effect.tx(), &memory.email()?).await?.filter(|holder| holder.id != user.id) else {
            return Ok(());
        };
        if squatter.is_verified || squatter.is_superuser || self.return_to_first(effect, &squatter).await? {
            return Ok(());
        }
        // It was made when the address became free.
        if squatter.created_at >= issued_at && store::delete(effect.tx(), squatter.id, squatter.sev).await? {
            audit::store::forget_clients(effect.tx(), squatter.id).await?;
            effect.record(EventKind::UserDeleted { user_id: squatter.id, actor_id: None });
        }
        Ok(())
    }

    /// Restores the old address. The one who knew the password may not be the owner, so it is removed, and a link to a
    /// new one is mailed to the old address.
    pub(super) async fn take_back(
        &self,
        effect: &Effect,
        user: &User,
        memory: &Memory,
        issued_at: OffsetDateTime,
    ) -> Result<User> {
        let changes = Changes { password_hash: Some(None), ..memory.changes()? };
        let updated = Accounts::new(self.kernel).apply(effect, user, &changes, Ends::All, TAKEN).await?.user;
        one_time::delete_since(effect.tx(), Purpose::RevertEmail, user.id, issued_at).await?;
        effect.record(EventKind::EmailReverted { user_id: user.id });
        // Where somebody from before may still want it back, nobody gets a password yet.
        if !self.is_contested(effect.tx(), &updated).await? {
            effect.send(PasswordResets::new(self.kernel).mail(effect, &updated).await?);
        }
        Ok(updated)
    }

    /// Closes ways back.
    pub(crate) async fn forget(&self, tx: &DatabaseTransaction, user_id: Uuid, which: Reverts) -> Result<()> {
        let ways = self.ways_back(tx, user_id).await?.into_iter();
        let closed = ways.filter(|way| which == Reverts::All || !way.memory.is_verified);
        let ids: Vec<Uuid> = closed.map(|way| way.id).collect();
        if ids.is_empty() { Ok(()) } else { one_time::delete(tx, ids).await }
    }

    async fn ways_back(&self, tx: &DatabaseTransaction, user_id: Uuid) -> Result<Vec<WayBack>> {
        let rows = one_time::live(tx, Purpose::RevertEmail, user_id, self.kernel.now()).await?;
        rows.into_iter()
            .map(|row| {
                let memory = serde_json::from_value(row.data.unwrap_or_default()).map_err(Error::internal)?;
                Ok(WayBack { id: row.id, issued_at: row.created_at.0, memory })
            })
            .collect()
    }
}

/// Who has an address, locked.
async fn holder(tx: &DatabaseTransaction, email: &Email) -> Result<Option<User>> {
    let row = store::find_by_name(tx, &LoginName::Email(email.key().to_owned())).await?;
    match row {
        Some(row) => Ok(store::find_for_update(tx, row.id).await?.map(User::from)),
        None => Ok(None),
    }
}
