//! Forgetting from where accounts that are gone were used, and where their users did something to others. What happened stays
//! in the log until its time is over.

use std::time::Duration;

use auth_entity::event::Column;
use time::OffsetDateTime;
use uuid::Uuid;

use super::store;
use crate::clock::before;
use crate::effect::Effect;
use crate::error::Result;
use crate::kernel::Kernel;

/// How many events one statement changes.
const BATCH: u64 = 1000;

/// How far the clocks of two servers may be apart.
const SKEW: Duration = Duration::from_secs(60 * 60);

/// How long after the deletion of an account an event about it may still be written: by a job of it that waits, which lives for
/// three days, on a server whose clock is behind.
const ON_ITS_WAY: Duration = Duration::from_secs(74 * 60 * 60);

/// As whom the log names an account.
const ROLES: [Column; 2] = [Column::SubjectId, Column::ActorId];

/// Forgets the clients of the newest events of an account, as a part of the effect that deletes it, and leaves a note so that
/// the [purge](purge) does the rest: nobody waits for a million events.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn forget_clients(effect: &Effect, user_id: Uuid) -> Result<()> {
    for role in ROLES {
        let newest = store::ids(effect.tx(), (role, user_id), None, None, BATCH).await?;
        store::forget_clients(effect.tx(), newest).await?;
    }
    store::leave_note(effect.tx(), user_id, effect.kernel().now()).await
}

/// Does what the notes say, a thousand events at a time: all of them at first, and then those that came later.
///
/// # Errors
/// Fails when the database does; the notes that are left are for the next time.
pub(super) async fn purge(kernel: &Kernel) -> Result<()> {
    let (db, mut after) = (kernel.db(), None);
    loop {
        let notes = store::notes(db, after, BATCH).await?;
        let Some(last) = notes.last() else { return Ok(()) };
        after = Some(last.user_id);
        for note in notes {
            let since = note.is_begun.then(|| first_id(before(note.at, SKEW)));
            for role in ROLES {
                forget_all(kernel, (role, note.user_id), since).await?;
            }
            if note.at <= before(kernel.now(), ON_ITS_WAY) {
                store::remove_note(db, note.user_id).await?;
            } else if !note.is_begun {
                store::begin_note(db, note.user_id).await?;
            }
        }
    }
}

async fn forget_all(kernel: &Kernel, named: (Column, Uuid), since: Option<Uuid>) -> Result<()> {
    let mut before = None;
    loop {
        let ids = store::ids(kernel.db(), named, before, since, BATCH).await?;
        let Some(last) = ids.last().copied() else { return Ok(()) };
        store::forget_clients(kernel.db(), ids).await?;
        before = Some(last);
    }
}

/// An id that is smaller than each that was made at a moment: a UUID of version 7 begins with its milliseconds.
fn first_id(at: OffsetDateTime) -> Uuid {
    let milliseconds = u128::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    Uuid::from_u128(milliseconds << 80)
}
