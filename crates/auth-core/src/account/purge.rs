//! Deletion of accounts whose time has come, and of reservations that are over.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Accounts, address, store};
use crate::clock::before;
use crate::error::Result;
use crate::kernel::Kernel;

/// How many accounts are looked up at once.
const BATCH: u64 = 100;

/// Deletes accounts whose owners asked for it, those that nobody ever used if the app wants that, and reservations of addresses
/// that are over. An account that the app does not let go stays as it is, and is tried again.
pub(super) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let reservations = address::purge(kernel.db(), kernel.now()).await?;
        Ok(reservations + delete_due(kernel).await? + delete_unused(kernel).await?)
    })
}

async fn delete_due(kernel: &Kernel) -> Result<u64> {
    let (accounts, now) = (Accounts::new(kernel), kernel.now());
    delete_each(|after| store::due_for_deletion(kernel.db(), now, after, BATCH), |id| accounts.delete_due(id)).await
}

async fn delete_unused(kernel: &Kernel) -> Result<u64> {
    let Some(time) = kernel.configs().accounts.delete_unused_after else { return Ok(0) };
    let (accounts, since) = (Accounts::new(kernel), before(kernel.now(), time));
    delete_each(|after| store::unused(kernel.db(), since, after, BATCH), |id| accounts.delete_unused(id, since)).await
}

/// Deletes accounts in the order of their ids, so that those that cannot be deleted keep no others from their turn.
async fn delete_each<P, D>(page: impl Fn(Uuid) -> P, delete: impl Fn(Uuid) -> D) -> Result<u64>
where
    P: Future<Output = Result<Vec<Uuid>>>,
    D: Future<Output = Result<bool>>,
{
    let (mut after, mut deleted) = (Uuid::nil(), 0);
    loop {
        let ids = page(after).await?;
        let Some(last) = ids.last() else { return Ok(deleted) };
        after = *last;
        for id in ids {
            deleted += count(id, delete(id).await);
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::error::ErrorCode;

    #[tokio::test]
    async fn accounts_that_stay_keep_no_others_from_their_turn() {
        let there = RefCell::new((1..=7).map(Uuid::from_u128).collect::<Vec<_>>());
        let page = |after| {
            let next = there.borrow().iter().copied().filter(|id| *id > after).take(2).collect();
            async move { Ok(next) }
        };
        let delete = |id: Uuid| {
            let result = match id.as_u128() {
                1 | 2 => Err(ErrorCode::AccountInUse.into()),
                3 => Ok(false),
                _ => Ok(true),
            };
            there.borrow_mut().retain(|other| *other != id || !matches!(result, Ok(true)));
            async move { result }
        };
        assert_eq!(delete_each(page, delete).await.unwrap(), 4);
        assert_eq!(there.into_inner(), [1, 2, 3].map(Uuid::from_u128));
    }
}
