//! Deletion of dead letters.

use std::time::Duration;

use auth_entity::{Timestamp, mail};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait, Condition};

use crate::clock::before;
use crate::db::delete_in_batches;
use crate::error::Result;
use crate::installation::epoch;
use crate::kernel::Kernel;

/// How long they stay: for people who wonder what became of one.
const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Deletes dead letters.
pub(crate) fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
    Box::pin(async {
        let old = Condition::any()
            .add(mail::Column::FailedAt.lte(Timestamp(before(kernel.now(), GRACE))))
            .add(epoch::is_dead(mail::Column::CreatedAt));
        delete_in_batches::<mail::Entity>(kernel.db(), &old).await
    })
}
