//! Deletion of accounts whose time has come, and of reservations that are over.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Accounts, address, store};
use crate::clock::before;
use crate::error::Result;
use crate::kernel::Kernel;

/// How many accounts are deleted before others have their turn.
const BATCH: u64 = 100;

/// Deletes accounts whose owners asked for it, those that nobody ever used if the app wants that, and reservations of addresses
/// that are over. An account that the app does not let go stays as it is, and is tried again.
pub(super) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let mut deleted = address::purge(kernel.db(), kernel.now()).await?;
        for id in store::due_for_deletion(kernel.db(), kernel.now(), BATCH).await? {
            deleted += count(id, Accounts::new(kernel).delete_due(id).await);
        }
        Ok(deleted + delete_unused(kernel).await?)
    })
}

async fn delete_unused(kernel: &Kernel) -> Result<u64> {
    let Some(time) = kernel.configs().accounts.delete_unused_after else { return Ok(0) };
    let (since, mut after, mut deleted) = (before(kernel.now(), time), Uuid::nil(), 0);
    loop {
        let ids = store::unused(kernel.db(), since, after, BATCH).await?;
        let Some(last) = ids.last() else { return Ok(deleted) };
        after = *last;
        for id in ids {
            deleted += count(id, Accounts::new(kernel).delete_unused(id, since).await);
        }
    }
}

/// One account, if it was deleted. What keeps it is for the log.
fn count(id: Uuid, deleted: Result<bool>) -> u64 {
    u64::from(deleted.unwrap_or_else(|cause| {
        tracing::warn!(user_id = %id, %cause, "an account could not be deleted");
        false
    }))
}
