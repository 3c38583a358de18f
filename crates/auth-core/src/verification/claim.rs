//! The first verification of an email address makes the account its owner's.

use crate::account::{Accounts, Changes, SessionsToEnd, Updated};
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::principal::Session;
use crate::user::User;

/// Marks an account as verified: whatever was set up before goes, with every session and token (pre-hijacking, Sudhodanan
/// and Paverd 2022). `changes` is what the verification brings along.
pub(crate) async fn claim(effect: &Effect, before: &User, changes: Changes, keep: Option<&Session>) -> Result<Updated> {
    let changes = Changes { is_verified: Some(true), ..changes };
    let taken = ErrorCode::UpdateUserEmailAlreadyExists;
    let accounts = Accounts::new(effect.kernel());
    let updated = accounts.apply(effect, before, &changes, SessionsToEnd::all_but(keep), taken).await?;
    effect.emit(EventKind::Verified { user_id: before.id });
    if changes.password_hash.is_some() {
        effect.emit(EventKind::CredentialsWiped { user_id: before.id });
    }
    Ok(updated)
}
