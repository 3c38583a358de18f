//! Whose account it is after its email address was changed, and somebody else turns up.
//!
//! Whoever had verified the old address may revert a change, whatever happened to the account since: it may have been
//! stolen. Until then nobody can be sure that the new address, which may be a stranger's, is its owner's. So controlling
//! the new address alone gives no access to such an account: its owner gets an account of their own, and the contested one
//! goes back to the old address (docs/decisions/0013-an-account-with-a-new-address-is-contested.md).

use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;

use super::link::{LinkData, REVERT, RevertLink, RevertLinks, close_revert_links, revert_links};
use crate::account::{Accounts, Changes, SessionsToEnd, store};
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::identifier::{Email, LoginName};
use crate::one_time;
use crate::user::User;
use crate::{audit, password_reset};

/// Whether the address was never verified, and the owner of the one before may still want the account back.
async fn is_contested(effect: &Effect, user: &User) -> Result<bool> {
    if user.is_verified {
        return Ok(false);
    }
    Ok(revert_links(effect, user.id).await?.iter().any(|link| link.data.is_verified))
}

/// The account that control of an email address alone opens, by the address's [key](Email::key): none while it is
/// contested.
pub(crate) async fn owner_by_email(effect: &Effect, email_key: &str) -> Result<Option<User>> {
    let row = store::find_by_name(effect.tx(), &LoginName::Email(email_key.to_owned())).await?;
    match row.map(User::from) {
        Some(user) if is_contested(effect, &user).await? => Ok(None),
        found => Ok(found),
    }
}

/// The account that holds a just-verified email address, locked. A contested account gives the address up and returns to
/// its original one, unless that is taken.
pub(crate) async fn holder_of_verified(effect: &Effect, email: &Email) -> Result<Option<User>> {
    let Some(user) = holder(effect.tx(), email).await? else { return Ok(None) };
    let returned = is_contested(effect, &user).await? && return_to_first(effect, &user).await?;
    Ok((!returned).then_some(user))
}

async fn return_to_first(effect: &Effect, user: &User) -> Result<bool> {
    let first = revert_links(effect, user.id).await?.into_iter().next();
    let Some(RevertLink { data, issued_at, .. }) = first else { return Ok(false) };
    if holder(effect.tx(), &data.email()?).await?.is_some() {
        close_revert_links(effect, user.id, RevertLinks::All).await?;
        return Ok(false);
    }
    revert(effect, user, &data, issued_at).await?;
    Ok(true)
}

/// Removes an unverified account from the email address that another one goes back to.
pub(super) async fn make_room(effect: &Effect, user: &User, data: &LinkData, issued_at: OffsetDateTime) -> Result<()> {
    let Some(squatter) = holder(effect.tx(), &data.email()?).await?.filter(|holder| holder.id != user.id) else {
        return Ok(());
    };
    if squatter.is_verified || squatter.is_superuser || return_to_first(effect, &squatter).await? {
        return Ok(());
    }
    // It was created when the address became free.
    if squatter.created_at >= issued_at && store::delete(effect.tx(), squatter.id, squatter.security_epoch).await? {
        audit::store::forget_clients(effect.tx(), squatter.id).await?;
        effect.emit(EventKind::UserDeleted { user_id: squatter.id, actor_id: None });
    }
    Ok(())
}

/// Restores the old email address. Whoever knew the password may not be the owner, so it goes, and a link to a new one is
/// mailed to the old address.
pub(super) async fn revert(effect: &Effect, user: &User, data: &LinkData, issued_at: OffsetDateTime) -> Result<User> {
    let changes = Changes { password_hash: Some(None), ..data.changes()? };
    let (accounts, taken) = (Accounts::new(effect.kernel()), ErrorCode::UpdateUserEmailAlreadyExists);
    let updated = accounts.apply(effect, user, &changes, SessionsToEnd::All, taken).await?.user;
    one_time::delete_since(effect.tx(), REVERT, user.id, issued_at).await?;
    effect.emit(EventKind::EmailReverted { user_id: user.id });
    // Where somebody from before may still want it back, nobody gets a password yet.
    if !is_contested(effect, &updated).await? {
        effect.queue_mail(password_reset::mail(effect, &updated).await?);
    }
    Ok(updated)
}

/// The account that has an email address, locked.
async fn holder(tx: &DatabaseTransaction, email: &Email) -> Result<Option<User>> {
    let row = store::find_by_name(tx, &LoginName::Email(email.key().to_owned())).await?;
    match row {
        Some(row) => Ok(store::find_for_update(tx, row.id).await?.map(User::from)),
        None => Ok(None),
    }
}
