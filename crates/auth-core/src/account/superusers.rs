//! The rules about superusers: who may act as one, and what must hold at the moment of a commit.

use sea_orm::ConnectionTrait;

use super::{Accounts, store};
use crate::error::{Error, ErrorCode, Result};
use crate::kernel::Kernel;
use crate::principal::Principal;
use crate::user::User;

/// Insists on a superuser in person, who has logged in recently (OWASP ASVS 8.4.2). Whether they are still a superuser at
/// the moment of the commit is for [`recheck_superuser`] to say.
///
/// # Errors
/// Fails with `SCOPE_UPGRADE_REQUIRED` for a session that is limited to scopes, `Forbidden`, and
/// `REAUTHENTICATION_REQUIRED`.
pub(crate) fn require_superuser_in_person(kernel: &Kernel, actor: &Principal) -> Result<()> {
    actor.session.require_unlimited()?;
    if !actor.user.is_superuser {
        return Err(ErrorCode::Forbidden.into());
    }
    Accounts::new(kernel).require_recent(actor)
}

/// Refuses when `user`, who is about to lose their rights or to go, is the last active superuser.
///
/// The superusers' rows stay locked until the transaction ends, so that two of them cannot remove each other at once.
pub(crate) async fn ensure_superuser_remains(tx: &impl ConnectionTrait, user: &User) -> Result<()> {
    if !(user.is_superuser && user.is_active) {
        return Ok(());
    }
    if store::lock_superusers(tx).await?.iter().any(|row| row.id != user.id) {
        return Ok(());
    }
    Err(ErrorCode::LastSuperuser.into())
}

/// Refuses when `actor` is not any more what they were when their request was checked: a slow body must not carry a
/// superuser's rights past the moment in which they end.
///
/// Locks as [`ensure_superuser_remains`] does. Whoever changes the account of somebody else calls this first, so that all of
/// them lock in one order and cannot deadlock.
pub(crate) async fn recheck_superuser(tx: &impl ConnectionTrait, actor: &User) -> Result<()> {
    let superusers = store::lock_superusers(tx).await?;
    if superusers.iter().any(|row| row.id == actor.id && row.sev == actor.security_epoch) {
        return Ok(());
    }
    Err(ErrorCode::Unauthorized.into())
}

/// The refusal to give rights, by this field, to an account of which somebody else may know the password.
pub(crate) fn password_in_doubt(field: &'static str) -> Error {
    let message = "somebody else may have chosen the password of this account: set a new one, or ask its user to log in by mail first";
    Error::Invalid { field, kind: "value_error", message: message.to_owned() }
}
