//! Deletion of accounts whose time has come, and of reservations that are over.

use futures_util::future::BoxFuture;

use super::{Accounts, address, store};
use crate::error::Result;
use crate::kernel::Kernel;

/// How many accounts are deleted before others have their turn.
const BATCH: u64 = 100;

/// Deletes accounts whose owners asked for it, and reservations of addresses that are over. An account that the app does not let
/// go stays closed, and is tried again.
pub(super) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let mut deleted = address::purge(kernel.db(), kernel.now()).await?;
        for id in store::due_for_deletion(kernel.db(), kernel.now(), BATCH).await? {
            match Accounts::new(kernel).delete_due(id).await {
                Ok(was_due) => deleted += u64::from(was_due),
                Err(cause) => tracing::warn!(user_id = %id, %cause, "an account could not be deleted"),
            }
        }
        Ok(deleted)
    })
}
