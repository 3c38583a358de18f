//! To whom control of an email address opens an account: one place for every flow that verifies one.
//!
//! Proof beats possession. An account that has never verified its address keeps it until somebody else does. Anyone who had
//! verified a former address may go back to it for a while, whatever happened to the account since: it may have been stolen.
//! That address is reserved, so that nothing can be in the way.

use auth_entity::user::Model;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::link::{EMAIL_CHANGED, LinkData, close_revert_links, end_reservations, revert_links};
use crate::account::{Accounts, Changes, SessionsToEnd, address, store};
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::identifier::{Email, LoginName};
use crate::user::User;
use crate::{invitation, one_time, password_reset};

/// How often an address is looked up whose account moves away at that moment.
const LOOKS: usize = 4;

/// The way back of an account whose present address was never verified, to the oldest address that was; whether or not a
/// restored backup has ended its link. None where it has gone that way already.
pub(super) async fn way_back(effect: &Effect, user: &User) -> Result<Option<LinkData>> {
    if user.is_verified {
        return Ok(None);
    }
    let present = user.email.as_deref().and_then(Email::key_of);
    let oldest = revert_links(effect, user.id).await?.into_iter().map(|link| link.data).find(|link| link.is_verified);
    Ok(oldest.filter(|link| Email::key_of(&link.email) != present))
}

/// The account that control of an email address alone opens, by the address's [key](Email::key): none when it is only
/// passing through, because its owner may go back to a verified address.
pub(crate) async fn owner_by_email(effect: &Effect, email_key: &str) -> Result<Option<User>> {
    let row = store::find_by_name(effect.tx(), &LoginName::Email(email_key.to_owned())).await?;
    match row.map(User::from) {
        Some(user) if way_back(effect, &user).await?.is_some() => Ok(None),
        found => Ok(found),
    }
}

/// Whether an account may ask for an email address as its new one: it is not its present one, nobody else has verified it, and
/// it is not reserved for anybody else.
pub(crate) async fn can_be_claimed(effect: &Effect, email: &Email, user_id: Uuid) -> Result<bool> {
    let holder = store::find_by_name(effect.tx(), &LoginName::Email(email.key().to_owned())).await?;
    if let Some(holder) = holder
        && (holder.id == user_id || has_a_claim(effect, &holder).await?)
    {
        return Ok(false);
    }
    Ok(!address::is_reserved(effect.tx(), email.key(), Some(user_id), effect.kernel().now()).await?)
}

/// The account that holds a just-verified email address, locked. One that is only passing through gives the address up.
pub(crate) async fn holder_of_verified(effect: &Effect, email: &Email) -> Result<Option<User>> {
    let Some(user) = holder(effect.tx(), email).await?.map(User::from) else { return Ok(None) };
    match way_back(effect, &user).await? {
        Some(link) => go_back(effect, &user, &link).await.map(|()| None),
        None => Ok(Some(user)),
    }
}

/// Takes a just-verified email address away from an account that never verified it. The account keeps its user name, and goes
/// back to a verified address if it may; one without any name is deleted.
///
/// # Errors
/// Fails with `taken` when the address belongs to an account with a claim on it, when a hook refuses, and when the database
/// does.
pub(crate) async fn make_room(effect: &Effect, email: &Email, own: Option<&User>, taken: ErrorCode) -> Result<()> {
    let holder = holder(effect.tx(), email).await?;
    let Some(loser) = holder.filter(|holder| own.is_none_or(|own| own.id != holder.id)) else { return Ok(()) };
    if has_a_claim(effect, &loser).await? {
        return Err(taken.into());
    }
    let loser = User::from(loser);
    if let Some(link) = way_back(effect, &loser).await? {
        return go_back(effect, &loser, &link).await;
    }
    let accounts = Accounts::new(effect.kernel());
    if loser.username.is_none() {
        return accounts.delete_as(effect, &loser, None).await.map_err(|error| match error {
            Error::Refused { code: ErrorCode::AccountInUse, .. } => taken.into(),
            other => other,
        });
    }
    let changes = Changes { email: Some(None), ..Changes::default() };
    accounts.apply(effect, &loser, &changes, SessionsToEnd::All, taken).await?;
    close_revert_links(effect, loser.id).await?;
    effect.emit(EventKind::EmailLost { user_id: loser.id });
    Ok(())
}

/// Whether an account keeps its address against somebody who proves it. Superusers, and accounts whose users are invited, were
/// made by people who know whose address it is.
async fn has_a_claim(effect: &Effect, holder: &Model) -> Result<bool> {
    Ok(holder.is_verified || holder.is_superuser || invitation::is_invited(effect, holder).await?)
}

/// Does what the link does, which goes on working.
async fn go_back(effect: &Effect, user: &User, link: &LinkData) -> Result<()> {
    revert(effect, user, link, Closed::Stays).await?;
    close_later(effect, user.id, link).await
}

/// What becomes of an account that waits for its deletion when its address is restored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// Its owner is back.
    Reopened,
    /// Somebody else needs the address.
    Stays,
}

/// Restores the old email address. Whoever knew the password may not be the owner, so it goes, and a link to a new one is
/// mailed to the old address. The one that was verified meanwhile is told.
pub(super) async fn revert(effect: &Effect, user: &User, data: &LinkData, closed: Closed) -> Result<User> {
    let is_active = user.delete_at.filter(|_| closed == Closed::Reopened).map(|_| true);
    let changes =
        Changes { password_hash: Some(None), password_is_confirmed: Some(true), is_active, ..data.changes()? };
    let (accounts, taken) = (Accounts::new(effect.kernel()), ErrorCode::UpdateUserEmailAlreadyExists);
    let updated = accounts.apply(effect, user, &changes, SessionsToEnd::All, taken).await?.user;
    effect.emit(EventKind::EmailReverted { user_id: user.id });
    if user.is_verified {
        effect.queue_mail_to(user, EMAIL_CHANGED)?;
    }
    // Where somebody from before may still want it back, nobody gets a password yet.
    if updated.is_active && way_back(effect, &updated).await?.is_none() {
        effect.queue_mail(password_reset::mail(effect, &updated).await?);
    }
    Ok(updated)
}

/// Ends the ways back to addresses from after this one: their links are in the hands of the one who changed it.
pub(super) async fn close_later(effect: &Effect, user_id: Uuid, link: &LinkData) -> Result<()> {
    let later = revert_links(effect, user_id).await?.into_iter().filter(|other| other.data.epoch > link.epoch);
    let ids: Vec<Uuid> = later.map(|other| other.id).collect();
    if !ids.is_empty() {
        one_time::delete(effect.tx(), ids).await?;
    }
    end_reservations(effect, user_id).await
}

/// The account that has an email address, locked: the one way from an address to an account that is about to be changed. Another
/// transaction may move it between the look-up and the lock, which waits for that and returns the row as it is then.
async fn holder(tx: &DatabaseTransaction, email: &Email) -> Result<Option<Model>> {
    let name = LoginName::Email(email.key().to_owned());
    for _ in 0..LOOKS {
        let Some(found) = store::find_by_name(tx, &name).await? else { return Ok(None) };
        let locked = store::find_for_update(tx, found.id).await?;
        let key = locked.as_ref().and_then(|row| row.email.as_deref()).and_then(Email::key_of);
        if key.as_deref() == Some(email.key()) {
            return Ok(locked);
        }
    }
    Err(ErrorCode::Overloaded.into())
}
