//! The one way in which live credentials end.

use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::store;
use crate::{ErrorCode, Result};

/// What is to end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Revocation {
    /// One session.
    Session { id: Uuid, user_id: Uuid },
    /// Every session and token of a user but one session. `seen` is the epoch that the caller decided upon.
    Others { user_id: Uuid, seen: i64, keep: Uuid },
    /// Every session and token of a user.
    All { user_id: Uuid, seen: i64 },
}

/// Ends what `scope` names. Moving the epoch kills every session and token that was issued before, whatever its format
/// and wherever a copy of it lies; deleting the rows only tidies up.
///
/// Returns whether there was anything to end. A kept session needs the new epoch, `seen + 1`, before it is good again.
pub(super) async fn revoke(tx: &DatabaseTransaction, scope: Revocation) -> Result<bool> {
    let (user_id, seen, keep) = match scope {
        Revocation::Session { id, user_id } => return store::delete(tx, id, user_id).await,
        Revocation::Others { user_id, seen, keep } => (user_id, seen, Some(keep)),
        Revocation::All { user_id, seen } => (user_id, seen, None),
    };
    if !store::bump_epoch(tx, user_id, seen).await? {
        // Somebody else changed the account's credentials first: the caller decided on stale data.
        return Err(ErrorCode::Unauthorized.into());
    }
    store::delete_all(tx, user_id, keep).await?;
    Ok(true)
}
