//! The rule that somebody must remain who can manage accounts.

use sea_orm::ConnectionTrait;

use super::store;
use crate::{ErrorCode, Result, User};

/// Refuses when `user`, who is about to lose their rights or to go, is the last active superuser.
///
/// The superusers' rows stay locked until the transaction ends, so that two of them cannot remove each other at once.
pub(crate) async fn keep_a_superuser(tx: &impl ConnectionTrait, user: &User) -> Result<()> {
    if !(user.is_superuser && user.is_active) {
        return Ok(());
    }
    if store::lock_superusers(tx).await?.iter().any(|id| *id != user.id) {
        return Ok(());
    }
    Err(ErrorCode::LastSuperuser.into())
}
