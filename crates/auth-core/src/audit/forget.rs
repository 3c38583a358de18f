//! Forgetting from where accounts that are gone were used, and where their users did something to others. What happened stays
//! in the log until its time is over.

use std::time::Duration;

use auth_entity::event::Column;
use uuid::Uuid;

use super::store;
use crate::clock::before;
use crate::effect::Effect;
use crate::error::Result;
use crate::kernel::Kernel;

/// How many events one statement changes.
const BATCH: u64 = 1000;

/// How long after the deletion of an account an event about it may still be on its way into the log.
const ON_ITS_WAY: Duration = Duration::from_secs(5 * 60);

/// As whom the log names an account.
const ROLES: [Column; 2] = [Column::SubjectId, Column::ActorId];

/// Forgets the clients of the newest events of an account, as a part of the effect that deletes it, and leaves a note so that
/// the [purge](purge) does the rest: nobody waits for a million events.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn forget_clients(effect: &Effect, user_id: Uuid) -> Result<()> {
    for role in ROLES {
        let newest = store::ids(effect.tx(), role, user_id, None, BATCH).await?;
        store::forget_clients(effect.tx(), newest).await?;
    }
    store::leave_note(effect.tx(), user_id, effect.kernel().now()).await
}

/// Does what the notes say, a thousand events at a time.
///
/// # Errors
/// Fails when the database does; the notes that are left are for the next time.
pub(super) async fn purge(kernel: &Kernel) -> Result<()> {
    let db = kernel.db();
    loop {
        let notes = store::notes(db, before(kernel.now(), ON_ITS_WAY), BATCH).await?;
        if notes.is_empty() {
            return Ok(());
        }
        for user_id in notes {
            for role in ROLES {
                forget_all(kernel, role, user_id).await?;
            }
            store::remove_note(db, user_id).await?;
        }
    }
}

async fn forget_all(kernel: &Kernel, role: Column, user_id: Uuid) -> Result<()> {
    let mut before = None;
    loop {
        let ids = store::ids(kernel.db(), role, user_id, before, BATCH).await?;
        let Some(last) = ids.last().copied() else { return Ok(()) };
        store::forget_clients(kernel.db(), ids).await?;
        before = Some(last);
    }
}
