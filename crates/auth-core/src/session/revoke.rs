//! The one way in which live credentials end.

use uuid::Uuid;

use super::forget::{forget, forget_epochs};
use super::store;
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::token::Ended;

/// What is to end.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Revocation {
    /// One session.
    Session {
        /// The session.
        id: Uuid,
        /// Whose it is.
        user_id: Uuid,
    },
    /// Every session and token of a user but one session.
    Others {
        /// The user.
        user_id: Uuid,
        /// The epoch that the caller decided upon.
        seen: i64,
        /// The session that goes on.
        keep: Uuid,
    },
    /// Every session and token of a user.
    All {
        /// The user.
        user_id: Uuid,
        /// The epoch that the caller decided upon.
        seen: i64,
    },
}

/// Ends what `scope` names. Moving the epoch kills every session and token that was issued before, whatever its format
/// and wherever a copy of it lies; deleting the rows only tidies up.
///
/// Returns whether there was anything to end. A kept session needs the new epoch, `seen + 1`, before it is good again.
///
/// # Errors
/// `Unauthorized` when the epoch is not `seen` any more; fails when the database does.
pub async fn revoke(effect: &Effect, scope: Revocation) -> Result<bool> {
    let tx = effect.tx();
    let (user_id, seen, keep) = match scope {
        Revocation::Session { id, user_id } => {
            let ended = store::delete(tx, id, user_id).await?;
            forget(effect, ended.then_some(Ended::Session { id, user_id }))?;
            return Ok(ended);
        }
        Revocation::Others { user_id, seen, keep } => (user_id, seen, Some(keep)),
        Revocation::All { user_id, seen } => (user_id, seen, None),
    };
    if !store::bump_epoch(tx, user_id, seen).await? {
        // Somebody else changed the account's credentials first: the caller decided on stale data.
        return Err(ErrorCode::Unauthorized.into());
    }
    store::delete_all(tx, user_id, keep).await?;
    forget_epochs(effect, user_id, seen, keep)?;
    Ok(true)
}
