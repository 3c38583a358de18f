//! The first verification of an email address makes the account its owner's.

use crate::account::{Accounts, Changes, SessionsToEnd, Updated};
use crate::device;
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::principal::Principal;
use crate::user::User;

/// Makes the changes to an account that a link brings which verifies its address and is opened with the session `current`, or
/// without one of the account. Every other session ends. Without one, somebody else may have chosen the password: it stays in
/// doubt until it is used in the browser that opened the link, which is known from now on.
pub(crate) async fn open_link(
    effect: &Effect,
    before: &User,
    changes: Changes,
    current: Option<&Principal>,
) -> Result<Updated> {
    let keep = current.filter(|current| current.user.id == before.id).map(|current| &current.session);
    let changes = Changes { password_is_confirmed: keep.is_none().then_some(false), ..changes };
    let (accounts, taken) = (Accounts::new(effect.kernel()), ErrorCode::UpdateUserEmailAlreadyExists);
    let mut updated = accounts.apply(effect, before, &changes, SessionsToEnd::all_but(keep), taken).await?;
    if keep.is_none() {
        updated.device = device::remember_reader(effect, before.id).await?;
    }
    Ok(updated)
}

/// Marks an account as verified: whatever was set up before goes, with every session and token (pre-hijacking, Sudhodanan
/// and Paverd 2022). `changes` is what the verification brings along.
pub(crate) async fn claim(effect: &Effect, before: &User, changes: Changes) -> Result<Updated> {
    let changes = Changes { is_verified: Some(true), ..changes };
    let taken = ErrorCode::UpdateUserEmailAlreadyExists;
    let accounts = Accounts::new(effect.kernel());
    let updated = accounts.apply(effect, before, &changes, SessionsToEnd::All, taken).await?;
    effect.emit(EventKind::Verified { user_id: before.id });
    if changes.password_hash.is_some() {
        effect.emit(EventKind::CredentialsWiped { user_id: before.id });
    }
    Ok(updated)
}
